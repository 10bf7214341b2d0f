"""A stage without a simulator: solids painted as their projected outlines, seen by a camera like the EP's."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from robomatrix.hardware.driver import CameraFrame, JointState, Odometry, RobotState
from robomatrix.hardware.odometry import quaternion
from robomatrix.perception.categories import PerceptionModel
from robomatrix.perception.projection import View

PAINT = {
    "red": (200, 15, 15),
    "orange": (235, 100, 0),
    "yellow": (220, 200, 15),
    "green": (15, 140, 30),
    "blue": (15, 50, 200),
    "purple": (105, 25, 150),
    "white": (220, 220, 220),
    "brown": (85, 52, 28),
    "beige": (190, 160, 105),
    "black": (10, 10, 10),
    "cyan": (0, 175, 180),
    "magenta": (235, 0, 175),
    "grey": (110, 110, 112),
}
FLOOR = (65, 65, 67)
WALL = (55, 68, 82)
HEIGHT, FOCAL, PITCH = 0.345, 212.0, 0.436
FINE = 8


@dataclass
class Stage:
    """What stands where; the camera looks along x from above the base."""

    model: PerceptionModel
    things: list[tuple[str, str, tuple[float, ...]]] = field(default_factory=list)
    """Category, colour and all parameters of its solid."""
    room: float | None = None
    """Half the side of a square room about the origin [m]; None for a plain without walls."""

    def add(self, category: str, colour: str, *parameters: float) -> Stage:
        self.things.append((category, colour, parameters))
        return self

    def table(self, colour: str, x: float, y: float, yaw: float) -> Stage:
        """Adds a table 0.11 m high: a slab on a black plinth."""
        self.add("cabinet", "black", x, y, 0.0, yaw, 0.34, 0.99, 0.09)
        return self.add("table", colour, x, y, 0.09, yaw, 0.4, 1.05, 0.02)

    def state(
        self,
        x: float = 0.0,
        y: float = 0.0,
        yaw: float = 0.0,
        stamp: float = 0.0,
        pitch: float = 0.0,
        turning: float = 0.0,
    ) -> RobotState:
        turn = quaternion(0.0, pitch, yaw)
        odometry = Odometry(np.array([x, y, 0.0]), turn, np.zeros(3), np.array([0.0, 0.0, turning]))
        return RobotState(stamp, JointState((), np.zeros(0), np.zeros(0), np.zeros(0)), odometry=odometry)

    def look(self, x: float = 0.0, y: float = 0.0, yaw: float = 0.0, stamp: float = 0.0) -> CameraFrame:
        """Returns what the camera shows from a pose of the base, the nearest thing painted last."""
        forward = np.array([np.cos(PITCH), 0.0, -np.sin(PITCH)])
        right = np.array([0.0, -1.0, 0.0])
        rotation = np.stack([right, np.cross(forward, right), forward], axis=1)
        intrinsics = np.array([[FOCAL, 0.0, 320.0], [0.0, FOCAL, 180.0], [0.0, 0.0, 1.0]])
        image = np.full((360, 640, 3), FLOOR, np.uint8)
        frame = CameraFrame(stamp, "front", image, intrinsics, np.array([0.0, 0.0, HEIGHT]), rotation)
        view = View.of(frame, self.state(x, y, yaw).odometry)
        if self.room is not None:
            _paint_walls(image, view, self.room)
        self._paint(image, view)
        return frame

    def _paint(self, image: np.ndarray, view: View) -> None:
        far_first = sorted(self.things, key=lambda thing: -np.hypot(*(thing[2][:2] - view.position[:2])))
        for category, colour, parameters in far_first:
            solid, values = self.model.categories[category].solid, np.array(parameters, float)
            if view.depth(values[:3]) >= 0.05:
                _fill(image, view.project(solid.points(values, view.position)), PAINT[colour])


def _paint_walls(image: np.ndarray, view: View, half: float) -> None:
    """Paints all pixels whose ray meets a wall before the floor."""
    rows, columns = np.mgrid[0 : image.shape[0], 0 : image.shape[1]]
    rays = view.rays(np.stack([columns + 0.5, rows + 0.5], axis=-1))
    with np.errstate(divide="ignore"):
        to_walls = ((np.sign(rays[..., :2]) * half - view.position[:2]) / rays[..., :2]).min(axis=-1)
    image[view.position[2] + to_walls * rays[..., 2] > 0.0] = WALL


def _fill(image: np.ndarray, pixels: np.ndarray, colour: tuple[int, int, int]) -> None:
    """Fills the pixels whose centres lie in the convex hull of points, as a renderer without anti-aliasing does."""
    size = np.array([image.shape[1], image.shape[0]])
    low = np.clip(np.floor(pixels.min(axis=0)).astype(int) - 1, 0, size)
    high = np.clip(np.ceil(pixels.max(axis=0)).astype(int) + 1, 0, size)
    if np.any(high <= low):
        return
    width, height = high - low
    fine = np.zeros((height * FINE, width * FINE), np.uint8)
    hull = cv2.convexHull(((pixels - low) * FINE - 0.5).round().astype(np.int32))
    cv2.fillConvexPoly(fine, hull, 1)
    inside = fine[FINE // 2 :: FINE, FINE // 2 :: FINE] > 0
    image[low[1] : high[1], low[0] : high[0]][inside] = colour
