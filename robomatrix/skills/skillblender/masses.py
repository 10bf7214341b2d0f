"""Where the mass above the legs is by the joint angles: read from the URDF, on numpy arrays or torch tensors."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from robomatrix.robots.humanoid import Humanoid
from robomatrix.robots.loader import load_robot
from robomatrix.skills.skillblender.arrays import module_of
from robomatrix.skills.skillblender.kinematics import Point, joint_axis, turned, vector

Tensor = Any
"""A numpy array or a torch tensor."""


@dataclass(frozen=True)
class Limb:
    """A rigid part behind a joint, with all that hangs on it."""

    origin: Point
    """Of the joint in its parent's frame [m]."""
    axis: int
    """0, 1 or 2."""
    joint: int
    """Place of the joint in the policies' order."""
    own: Point
    """Mass times centre of mass of the rigid part, in its own frame [kg m]."""
    mass: float
    """Of all behind the joint [kg]."""
    limbs: tuple[Limb, ...]

    def moment(self, angles: Tensor) -> list[Tensor]:
        """Returns mass times centre of mass of all behind the joint, in the parent's frame, three of (n,) [kg m]."""
        xp = module_of(angles)
        behind = [limb.moment(angles) for limb in self.limbs]
        total = [sum((b[k] for b in behind), xp.zeros_like(angles[:, 0]) + self.own[k]) for k in range(3)]
        c, s = xp.cos(angles[:, self.joint]), xp.sin(angles[:, self.joint])
        return [t + self.mass * o for t, o in zip(turned(total, self.axis, c, s), self.origin, strict=True)]


@dataclass(frozen=True)
class UpperBody:
    """What the waist carries, as a share of the whole robot's mass."""

    limb: Limb
    mass: float
    """Of the whole robot [kg]."""

    def balance(self, angles: Tensor) -> Tensor:
        """Returns what the upper body adds to the robot's centre of mass in the pelvis frame (n, 3) [m].

        Args:
            angles: Of the policies' joints (n, d) [rad].
        """
        return module_of(angles).stack(self.limb.moment(angles), -1) / self.mass


@cache
def upper_body(robot: Humanoid) -> UpperBody:
    """Returns what hangs on the waist's joint; joints that no policy moves are taken as rigid at zero."""
    tree = _Tree(load_robot(robot.name).urdf, robot.joints)
    waist = next(name for i, name in enumerate(robot.joints) if i not in robot.legs)
    return UpperBody(tree.limb(waist), sum(mass for mass, _ in tree.masses.values()))


class _Tree:
    """Links and joints of a URDF."""

    def __init__(self, urdf: Path, moved: tuple[str, ...]) -> None:
        root = ElementTree.parse(urdf).getroot()
        self._moved = moved
        self._joints = {str(j.get("name")): j for j in root.iter("joint")}
        inertials = {str(link.get("name")): link.find("inertial") for link in root.iter("link")}
        self.masses = {name: _mass(inertial) for name, inertial in inertials.items() if inertial is not None}

    def limb(self, joint: str) -> Limb:
        element = self._joints[joint]
        mass, own, limbs = self._rigid(str(element.find("child").get("link")))
        mass += sum(limb.mass for limb in limbs)
        return Limb(vector(element), joint_axis(element), self._moved.index(joint), own, mass, limbs)

    def _rigid(self, link: str) -> tuple[float, Point, tuple[Limb, ...]]:
        """Mass, moment and moved limbs of a link with all that is rigid on it."""
        mass, centre = self.masses.get(link, (0.0, (0.0, 0.0, 0.0)))
        moment, limbs = [mass * c for c in centre], []
        for name, element in self._joints.items():
            if element.find("parent").get("link") != link:
                continue
            if name in self._moved:
                limbs.append(self.limb(name))
                continue
            more, its, behind = self._rigid(str(element.find("child").get("link")))
            moment = [m + i + more * o for m, i, o in zip(moment, its, vector(element), strict=True)]
            mass, limbs = mass + more, [*limbs, *(_moved(limb, vector(element)) for limb in behind)]
        return mass, (moment[0], moment[1], moment[2]), tuple(limbs)


def _moved(limb: Limb, by: Point) -> Limb:
    x, y, z = (a + b for a, b in zip(limb.origin, by, strict=True))
    return Limb((x, y, z), limb.axis, limb.joint, limb.own, limb.mass, limb.limbs)


def _mass(inertial: ElementTree.Element) -> tuple[float, Point]:
    return float(inertial.find("mass").get("value")), vector(inertial)
