"""Walls of the room: straight lower edges of wall-coloured regions above bare floor, followed in odom.

A wall is not a thing that anyone asks for, but the base must not drive against it: where wheels slip, odometry and with
it the whole belief goes astray.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from robomatrix.hardware.driver import Array
from robomatrix.perception.categories import WallModel
from robomatrix.perception.drift import Shift
from robomatrix.perception.projection import View
from robomatrix.world import SceneObject

Image = NDArray[np.uint8]
Mask = NDArray[np.bool_]

CATEGORY = "wall"
THICKNESS = 0.02
"""Of a wall as others see it [m]."""
STRIDE = 8
"""Every so many columns of the image are looked at [px]."""
GAP = 4
"""Below its edge a wall's colour may run into the floor's for so many rows [px]."""
DEEP = 4
"""Rows above the edge that must be wall, and below it that must be floor [px]."""
STRAIGHT = 1.2
"""How far an edge point may be off its line [px]."""
LEAST = 8
"""Edge points of a line."""
FARTHEST = 3.0
"""Edges further away tell too little [m]."""
PAIRS = (6, 12, 24, 48)
"""How many columns the two points stand apart through which a line is tried."""
PARALLEL = 0.3
"""Edges that differ by more in direction are of different walls [rad]."""
NEAR = (0.15, 0.12)
"""How far an edge may be off the wall that it is of: constant [m] and share of the distance."""
ERROR = (0.01, 0.012)
"""Deviation of an edge's place: constant [m] and by the square of the distance [1/m]."""
LASTING = 1e4
"""No wall is known better than this: the inverse variance of its place [1/m^2]."""
CONFIRMED = 3
"""Sightings of a wall."""
DOUBTED = 3
"""Times that floor was seen where a wall should stand, after which it is given up."""
CONTRADICTED = 0.6
"""Share of a wall's points in view that show floor."""
HEIGHT = 0.4
"""Of a wall, as far as it matters to the robot [m]."""


@dataclass(frozen=True, eq=False)
class Edge:
    """Where a wall meets the floor, as one image shows it: from one end to the other, odom [m]."""

    start: Array
    end: Array
    distance: float
    """From the camera to its nearer end [m]."""

    @property
    def middle(self) -> Array:
        """Half way (2,)."""
        return (self.start + self.end) / 2.0

    @property
    def direction(self) -> Array:
        """Unit vector (2,) along it."""
        along = self.end - self.start
        return along / max(float(np.hypot(*along)), 1e-9)

    @property
    def information(self) -> float:
        """Inverse variance of its place [1/m^2]."""
        return 1.0 / (ERROR[0] + ERROR[1] * self.distance**2) ** 2


@dataclass(eq=False)
class Wall:
    """One wall that is followed."""

    start: Array
    end: Array
    information: float
    stamp: float
    number: int
    sightings: int = 1
    doubts: int = 0

    @property
    def direction(self) -> Array:
        """Unit vector (2,) along it."""
        along = self.end - self.start
        return along / max(float(np.hypot(*along)), 1e-9)

    def offset(self, point: Array) -> Array:
        """Returns the way (2,) from the nearest point of its line to a point [m]."""
        return point - self._nearest(point)

    def take(self, edge: Edge, stamp: float) -> None:
        """Moves towards a sighting by their weights, and reaches as far as either."""
        share = edge.information / (edge.information + self.information)
        along = self.direction if float(self.direction @ edge.direction) > 0.0 else -self.direction
        blended = (1.0 - share) * along * _length(self.start, self.end) + share * edge.direction * _length(
            edge.start, edge.end
        )
        direction = blended / max(float(np.hypot(*blended)), 1e-9)
        normal = np.array([-direction[1], direction[0]])
        ends = np.array([self.start, self.end, edge.start, edge.end])
        place = float(normal @ ((1.0 - share) * self._nearest(edge.middle) + share * edge.middle))
        reach = ends @ direction
        self.start, self.end = (direction * r + normal * place for r in (reach.min(), reach.max()))
        self.information = min(self.information + edge.information, LASTING)
        self.stamp, self.doubts = stamp, 0
        self.sightings += 1

    def scene_object(self) -> SceneObject:
        """Returns the wall as others see it: what lies behind its edge."""
        x, y = (self.start + self.end) / 2.0
        along = self.direction
        return SceneObject(
            id=f"{CATEGORY}_{self.number}",
            name=CATEGORY,
            category=CATEGORY,
            colour="",
            position=(float(x), float(y), HEIGHT / 2.0),
            yaw=float(np.arctan2(along[1], along[0])),
            size=(_length(self.start, self.end), THICKNESS, HEIGHT),
            confidence=float(self.sightings / (self.sightings + 1.0)),
            stamp=self.stamp,
        )

    def _nearest(self, point: Array) -> Array:
        along = self.direction
        return self.start + along * float((point - self.start) @ along)


class Walls:
    """All walls; deterministic."""

    def __init__(self, model: WallModel) -> None:
        """Takes what walls and floor look like."""
        self._model = model
        self._walls: list[Wall] = []
        self._number = 0

    def update(self, image: Image, view: View, stamp: float, own_body: Image, shift: Shift) -> None:
        """Takes in one image.

        Args:
            image: (height, width, 3) RGB.
            view: of the camera in odom.
            stamp: of the image [s].
            own_body: (height, width) non-zero where the robot sees itself.
            shift: by which everything was seen to have drifted since the last image.
        """
        for wall in self._walls:
            wall.start, wall.end = shift.applied(wall.start), shift.applied(wall.end)
        wall_mask, floor_mask = self._masks(image, own_body)
        for edge in edges(wall_mask, floor_mask, view):
            known = self._same(edge)
            if known is None:
                self._number += 1
                self._walls.append(Wall(edge.start, edge.end, edge.information, stamp, self._number))
            else:
                known.take(edge, stamp)
        for wall in self._walls:
            wall.doubts += wall.stamp < stamp and _contradicted(wall, floor_mask, view)
        self._walls = [w for w in self._walls if w.doubts < DOUBTED]

    def confirmed(self) -> list[Wall]:
        """Returns the walls that were seen often enough."""
        return [w for w in self._walls if w.sightings >= CONFIRMED]

    def _masks(self, image: Image, own_body: Image) -> tuple[Mask, Mask]:
        """Returns which pixels (height, columns / STRIDE) look like wall, and which like floor."""
        columns = np.ascontiguousarray(image[:, ::STRIDE])
        hue, saturation, value = (c.astype(float) for c in cv2.split(cv2.cvtColor(columns, cv2.COLOR_RGB2HSV_FULL)))
        free = own_body[:, ::STRIDE] == 0
        hsv = (hue * (360.0 / 256.0), saturation / 255.0, value / 255.0)
        return self._model.wall.covers(*hsv) & free, self._model.floor.covers(*hsv) & free

    def _same(self, edge: Edge) -> Wall | None:
        """Returns the wall that an edge is of."""
        slack = NEAR[0] + NEAR[1] * edge.distance
        rated = []
        for wall in self._walls:
            turned = abs(float(wall.direction[0] * edge.direction[1] - wall.direction[1] * edge.direction[0]))
            off = float(np.hypot(*wall.offset(edge.middle)))
            if turned < np.sin(PARALLEL) and off < slack:
                rated.append((off, wall.number, wall))
        return min(rated)[2] if rated else None


def edges(wall: Mask, floor: Mask, view: View) -> list[Edge]:
    """Returns the straight lower edges of walls in an image, given every STRIDE-th column of its masks."""
    columns, rows = _lowest_edges(wall, floor)
    found = []
    while len(columns) >= LEAST:
        on_line = _longest_line(columns, rows)
        if np.count_nonzero(on_line) < LEAST:
            break
        edge = _on_floor(columns[on_line], rows[on_line], view)
        if edge is not None:
            found.append(edge)
        columns, rows = columns[~on_line], rows[~on_line]
    return found


def _lowest_edges(wall: Mask, floor: Mask) -> tuple[Array, Array]:
    """Returns column and row [px] of the lowest point in each column where wall ends above floor."""
    height = wall.shape[0]
    inside = np.lib.stride_tricks.sliding_window_view(wall, DEEP, axis=0).all(axis=-1)
    below = np.lib.stride_tricks.sliding_window_view(floor, DEEP, axis=0).all(axis=-1)
    last = height - 2 * DEEP - GAP
    if last <= 0:
        return np.zeros(0), np.zeros(0)
    ends = inside[:last] & ~wall[DEEP : DEEP + last] & below[DEEP + GAP : DEEP + GAP + last]
    has = ends.any(axis=0)
    lowest = last - 1 - ends[::-1].argmax(axis=0)
    columns = np.flatnonzero(has)
    return columns * float(STRIDE) + 0.5, lowest[columns] + float(DEEP)


def _longest_line(columns: Array, rows: Array) -> Mask:
    """Returns which points lie on the line that most lie on; tries lines through pairs, then fits the best."""
    best = np.zeros(len(columns), bool)
    for apart in PAIRS:
        for first in range(0, len(columns) - apart, 2):
            second = first + apart
            slope = (rows[second] - rows[first]) / (columns[second] - columns[first])
            near = np.abs(rows - rows[first] - slope * (columns - columns[first])) < STRAIGHT
            if np.count_nonzero(near) > np.count_nonzero(best):
                best = near
    if np.count_nonzero(best) < LEAST:
        return best
    slope, offset = np.polyfit(columns[best], rows[best], 1)
    return best | (np.abs(rows - slope * columns - offset) < STRAIGHT)


def _on_floor(columns: Array, rows: Array, view: View) -> Edge | None:
    """Returns the part of an edge that is near enough, on the floor."""
    slope, offset = np.polyfit(columns, rows, 1)
    points = view.on_plane(np.stack([columns, slope * columns + offset], axis=-1), 0.0)[:, :2]
    distances = np.hypot(*(points - view.position[:2]).T)
    kept = points[np.nan_to_num(distances, nan=np.inf) < FARTHEST]
    if len(kept) < LEAST:
        return None
    return Edge(kept[0], kept[-1], float(np.nanmin(distances)))


def _contradicted(wall: Wall, floor: Mask, view: View) -> bool:
    """Tells whether floor shows where the lower part of a wall should be in view."""
    count = max(int(_length(wall.start, wall.end) / 0.1), 2)
    points = np.column_stack([np.linspace(wall.start, wall.end, count), np.full(count, 0.05)])
    near = np.hypot(*(points[:, :2] - view.position[:2]).T) < 0.7 * FARTHEST
    pixels = view.project(points)
    shown = near & (view.depth(points) > 0.2) & view.contains(pixels, 8.0)
    if np.count_nonzero(shown) < LEAST:
        return False
    columns, rows = pixels[shown].astype(int).T
    return bool(floor[rows, columns // STRIDE].mean() > CONTRADICTED)


def _length(start: Array, end: Array) -> float:
    return float(np.hypot(*(end - start)))
