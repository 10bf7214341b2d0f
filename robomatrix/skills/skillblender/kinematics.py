"""Where hands and feet are by the joint angles: chains read from the URDF, on numpy arrays or torch tensors."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from robomatrix.errors import ConfigurationError
from robomatrix.robots.humanoid import Humanoid
from robomatrix.skills.skillblender.arrays import module_of

Tensor = Any
"""A numpy array or a torch tensor."""
Point = tuple[float, float, float]


@dataclass(frozen=True)
class Chain:
    """Joints from the pelvis to a point of a link, base first; axes are x, y or z and frames are not rotated."""

    origins: tuple[Point, ...]
    """Of each joint in its parent's frame [m]."""
    axes: tuple[int, ...]
    """0, 1 or 2."""
    joints: tuple[int | None, ...]
    """Place of each joint in the policies' order; None for a joint that holds still at zero."""
    tip: Point
    """In the last link's frame [m]."""

    def position(self, angles: Tensor) -> Tensor:
        """Returns the point in the pelvis frame (n, 3) [m] for the policies' joint angles (n, d) [rad]."""
        xp = module_of(angles)
        point = [xp.zeros_like(angles[:, 0]) + value for value in self.tip]
        for origin, axis, joint in reversed(list(zip(self.origins, self.axes, self.joints, strict=True))):
            if joint is not None:
                point = turned(point, axis, xp.cos(angles[:, joint]), xp.sin(angles[:, joint]))
            point = [p + o for p, o in zip(point, origin, strict=True)]
        return xp.stack(point, -1)


def turned(point: list[Tensor], axis: int, c: Tensor, s: Tensor) -> list[Tensor]:
    """Returns the coordinates (n,) of points turned about an axis (0, 1, 2) by angles of cosine and sine (n,)."""
    a, b = (axis + 1) % 3, (axis + 2) % 3
    turned = list(point)
    turned[a], turned[b] = c * point[a] - s * point[b], s * point[a] + c * point[b]
    return turned


@cache
def chain(urdf: Path, base: str, link: str, joints: tuple[str, ...], tip: Point) -> Chain:
    """Reads the chain from ``base`` to a point of ``link``; ConfigurationError if there is none."""
    parents = {str(j.find("child").get("link")): j for j in ElementTree.parse(urdf).getroot().iter("joint")}
    origins, axes, places = [], [], []
    while link != base:
        if link not in parents:
            raise ConfigurationError(f"{urdf}: no chain of joints from '{base}' to '{link}'")
        joint = parents[link]
        name = str(joint.get("name"))
        origins.append(vector(joint))
        axes.append(joint_axis(joint))
        places.append(joints.index(name) if name in joints else None)
        link = str(joint.find("parent").get("link"))
    return Chain(tuple(origins[::-1]), tuple(axes[::-1]), tuple(places[::-1]), tip)


def vector(element: ElementTree.Element) -> Point:
    """Returns where a URDF's joint or inertia lies in its parent's frame [m]."""
    x, y, z = (float(v) for v in element.find("origin").get("xyz").split())
    return x, y, z


def joint_axis(joint: ElementTree.Element) -> int:
    """Returns the axis of a URDF's joint: 0, 1 or 2."""
    return int(np.argmax([float(v) for v in joint.find("axis").get("xyz").split()]))


def hand_chains(robot: Humanoid, urdf: Path) -> tuple[Chain, Chain]:
    """Returns the chains to the left and the right hand's reaching point."""
    left, right = (chain(urdf, "pelvis", hand, robot.joints, robot.hand_point) for hand in robot.hands)
    return left, right


def foot_chains(robot: Humanoid, urdf: Path) -> tuple[Chain, Chain]:
    """Returns the chains to the left and the right ankle, raised by nothing: the feet's own frames."""
    left, right = (chain(urdf, "pelvis", foot, robot.joints, (0.0, 0.0, 0.0)) for foot in robot.feet)
    return left, right
