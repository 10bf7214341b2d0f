"""Frozen description of a robot, read from ``urdf/`` and ``config/robots/``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

JointKind = Literal["revolute", "prismatic", "continuous", "counter"]


@dataclass(frozen=True)
class JointSpec:
    """One commanded or measured joint."""

    name: str
    kind: JointKind
    lower: float
    """[rad] or [m]."""
    upper: float
    velocity: float
    """Limit [rad/s] or [m/s]."""
    effort: float
    """Limit [N m] or [N]."""
    home: float = 0.0
    """Position after a reset."""
    stiffness: float = 0.0
    """Position gain [N m/rad] or [N/m] of the joint's servo."""
    damping: float = 0.0
    """Velocity gain [N m s/rad] or [N s/m] of the joint's servo."""
    commanded: bool = True
    """False for joints that are only measured (wheels, linkages)."""


@dataclass(frozen=True)
class BaseSpec:
    """A mobile base that takes a planar twist."""

    max_vx: float
    """[m/s]."""
    max_vy: float
    """[m/s]; 0 for a base that cannot go sideways."""
    max_wz: float
    """[rad/s]."""
    radius: float
    """Of the circle round the footprint, for obstacle clearance [m]."""


@dataclass(frozen=True)
class CameraSpec:
    """A pinhole camera fixed to a link."""

    name: str
    link: str
    width: int
    height: int
    focal: float
    """[px], square pixels, principal point in the middle."""
    rate: float
    """[Hz]."""

    @property
    def diagonal_fov(self) -> float:
        """Angle across the image's diagonal [rad]."""
        return 2.0 * math.atan(math.hypot(self.width, self.height) / 2.0 / self.focal)


@dataclass(frozen=True)
class RangeSpec:
    """A single-beam distance sensor on a link, looking along its x axis."""

    name: str
    link: str
    minimum: float
    """[m]."""
    maximum: float
    """[m]."""


@dataclass(frozen=True)
class RobotSpec:
    """What the layers above need to know of a robot."""

    name: str
    text: str
    """One line for people and planners."""
    urdf: Path
    base_link: str
    joints: tuple[JointSpec, ...]
    """In the order of every joint array."""
    rate: float
    """Control rate [Hz]."""
    drivers: tuple[str, ...]
    scenes: tuple[str, ...]
    """Scenes it fits, the default first."""
    base: BaseSpec | None = None
    cameras: tuple[CameraSpec, ...] = ()
    ranges: tuple[RangeSpec, ...] = ()
    imu: bool = True
    """Whether every state holds an inertial measurement."""
    odometry: bool = True
    """Whether every state holds a pose of the base."""
    mirror_of: str = ""
    """Robot whose mirror image it is, joint by joint, and whose policies it therefore shares; none if empty."""

    @property
    def joint_names(self) -> tuple[str, ...]:
        """Names in the order of every joint array."""
        return tuple(j.name for j in self.joints)

    def joint(self, name: str) -> JointSpec:
        """Returns a joint by name; KeyError lists what exists."""
        for joint in self.joints:
            if joint.name == name:
                return joint
        raise KeyError(f"{self.name} has no joint '{name}'; joints: {', '.join(self.joint_names)}")
