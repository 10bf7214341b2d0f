"""Where a robot's links are: forward kinematics of a URDF chain in plain numpy, for nodes that have no simulator."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from robomatrix.errors import ConfigurationError
from robomatrix.robots.spec import RobotSpec

Array = NDArray[np.float64]
FIXED = ("fixed",)
ROTATING = ("revolute", "continuous")


@dataclass(frozen=True, eq=False)
class _Link:
    """The joint that carries a link."""

    parent: str
    joint: str
    kind: str
    position: Array
    rotation: Array
    axis: Array


def link_pose(robot: RobotSpec, link: str, joints: Mapping[str, float]) -> tuple[Array, Array]:
    """Returns position (3,) [m] and rotation (3, 3) of a link in the robot's base frame.

    Args:
        robot: The robot; its ``urdf`` holds the chain.
        link: Name of the link.
        joints: Position by URDF joint [rad] or [m]; joints that are not named stand at zero.

    Raises:
        ConfigurationError: the URDF has no chain from the base to the link.
    """
    position, rotation = np.zeros(3), np.eye(3)
    for step in _chain(robot.urdf, robot.base_link, link):
        position = position + rotation @ step.position
        rotation = rotation @ step.rotation
        value = joints.get(step.joint, 0.0)
        if step.kind in ROTATING:
            rotation = rotation @ Rotation.from_rotvec(value * step.axis).as_matrix()
        elif step.kind not in FIXED:
            position = position + rotation @ (value * step.axis)
    return position, rotation


@cache
def _chain(urdf: Path, base: str, link: str) -> tuple[_Link, ...]:
    carried = _links(urdf)
    chain: list[_Link] = []
    name = link
    while name != base:
        if name not in carried:
            raise ConfigurationError(f"{urdf}: there is no chain of joints from '{base}' to '{link}'")
        chain.append(carried[name])
        name = carried[name].parent
    return tuple(reversed(chain))


@cache
def _links(urdf: Path) -> dict[str, _Link]:
    root = ElementTree.parse(urdf).getroot()
    return {j.find("child").get("link"): _link(j) for j in root.findall("joint")}


def _link(joint: ElementTree.Element) -> _Link:
    origin, axis = joint.find("origin"), joint.find("axis")
    values = dict(origin.attrib) if origin is not None else {}
    return _Link(
        parent=joint.find("parent").get("link"),
        joint=joint.get("name"),
        kind=joint.get("type"),
        position=np.array(values.get("xyz", "0 0 0").split(), dtype=float),
        # URDF angles are fixed-axis roll, pitch, yaw.
        rotation=Rotation.from_euler("xyz", [float(v) for v in values.get("rpy", "0 0 0").split()]).as_matrix(),
        axis=np.array((axis.get("xyz") if axis is not None else "1 0 0").split(), dtype=float),
    )
