"""Which pixels show the robot itself: the visible shapes of its URDF, posed by the measured joints."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from robomatrix.hardware.driver import Array, CameraFrame, RobotState
from robomatrix.robots.kinematics import link_pose
from robomatrix.robots.spec import RobotSpec

Image = NDArray[np.uint8]

TOOL_LINKS = ("gripper_tip",)
"""Names by which the point between the fingertips goes."""
NEAR = 0.02
"""Corners nearer to the camera plane are moved to it [m]."""
SLACK = 2
"""By which the mask is widened for errors of the model [px]."""
_UNIT = np.array([[i, j, k] for i in (-0.5, 0.5) for j in (-0.5, 0.5) for k in (-0.5, 0.5)])


@dataclass(frozen=True, eq=False)
class _Shape:
    """Corner points (n, 3) of a visible primitive in its link's frame."""

    link: str
    corners: Array


class SelfView:
    """Knows the robot's own shape."""

    def __init__(self, robot: RobotSpec) -> None:
        """Reads the visible primitives; a robot without a URDF sees nothing of itself."""
        self._robot = robot
        self._shapes = _shapes(robot.urdf) if robot.urdf.suffix == ".urdf" else ()
        self._links = tuple(sorted({shape.link for shape in self._shapes}))
        links = _link_names(robot.urdf) if robot.urdf.suffix == ".urdf" else ()
        self._wheels = {joint.name for joint in robot.joints if joint.kind == "continuous"}
        self._key, self._mask = b"", np.zeros((0, 0), np.uint8)
        self._tool = next((link for link in TOOL_LINKS if link in links), None)

    def tool_point(self, state: RobotState) -> Array | None:
        """Returns the point between the fingertips in the base frame (3,) [m]; None without a gripper."""
        if self._tool is None:
            return None
        return link_pose(self._robot, self._tool, _joints(state))[0]

    def mask(self, frame: CameraFrame, state: RobotState) -> Image:
        """Returns (height, width), 255 where the image shows the robot."""
        joints = {name: value for name, value in _joints(state).items() if name not in self._wheels}
        camera = [frame.image.shape[:2], frame.intrinsics.ravel(), frame.position, frame.rotation.ravel()]
        key = np.round(np.concatenate([list(joints.values()), *camera]), 3).tobytes()
        if key != self._key:
            self._key, self._mask = key, self._drawn(frame, joints)
        return self._mask

    def _drawn(self, frame: CameraFrame, joints: dict[str, float]) -> Image:
        mask = np.zeros(frame.image.shape[:2], np.uint8)
        poses = {link: link_pose(self._robot, link, joints) for link in self._links}
        for shape in self._shapes:
            position, rotation = poses[shape.link]
            optical = (shape.corners @ rotation.T + position - frame.position) @ frame.rotation
            if optical[:, 2].max() > NEAR:
                _fill(mask, frame.intrinsics, optical)
        return cv2.dilate(mask, np.ones((2 * SLACK + 1, 2 * SLACK + 1), np.uint8)) if mask.any() else mask


def _fill(mask: Image, intrinsics: Array, optical: Array) -> None:
    depth = np.maximum(optical[:, 2:], NEAR)
    pixels = optical[:, :2] / depth * np.diag(intrinsics)[:2] + intrinsics[:2, 2]
    height, width = mask.shape
    if np.any(pixels.max(axis=0) < 0) or np.any(pixels.min(axis=0) > (width, height)):
        return
    pixels = np.clip(pixels, -4 * width, 4 * width)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.floor(pixels).astype(np.int32)), 255)


def _joints(state: RobotState) -> dict[str, float]:
    return dict(zip(state.joints.names, state.joints.position.tolist(), strict=True))


def _link_names(urdf: Path) -> tuple[str, ...]:
    return tuple(link.get("name", "") for link in ElementTree.parse(urdf).getroot().findall("link"))


def _shapes(urdf: Path) -> tuple[_Shape, ...]:
    shapes = []
    for link in ElementTree.parse(urdf).getroot().findall("link"):
        for visual in link.findall("visual"):
            corners = _corners(visual.find("geometry"))
            if corners is not None:
                shapes.append(_Shape(link.get("name", ""), _placed(corners, visual.find("origin"))))
    return tuple(shapes)


def _placed(corners: Array, origin: ElementTree.Element | None) -> Array:
    values = dict(origin.attrib) if origin is not None else {}
    angles = [float(v) for v in values.get("rpy", "0 0 0").split()]
    shift = np.array(values.get("xyz", "0 0 0").split(), dtype=float)
    return corners @ Rotation.from_euler("xyz", angles).as_matrix().T + shift


def _corners(geometry: ElementTree.Element | None) -> Array | None:
    """Returns points that enclose a box, cylinder or sphere; None for anything else."""
    shape = geometry[0] if geometry is not None and len(geometry) else None
    if shape is None or shape.tag not in ("box", "cylinder", "sphere"):
        return None
    if shape.tag == "box":
        return _UNIT * np.array(shape.get("size", "0 0 0").split(), dtype=float)
    radius = float(shape.get("radius", 0.0))
    if shape.tag == "cylinder":
        half = float(shape.get("length", 0.0)) / 2.0
        return np.concatenate([_circle(radius, -half), _circle(radius, half)])
    return radius * np.concatenate([_circle(np.cos(a), np.sin(a)) for a in (-1.2, -0.6, 0.0, 0.6, 1.2)])


def _circle(radius: float, height: float) -> Array:
    angle = np.arange(12) * (np.pi / 6)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), np.full(12, height)], axis=-1)
