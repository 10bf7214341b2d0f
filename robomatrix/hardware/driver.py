"""The hardware line: what a driver reads and writes, simulated or real.

Only what standard ROS messages can carry crosses it. Units and frames follow REP-103 and REP-105; time is the state's
stamp in seconds on the driver's own clock, so that everything above runs faster than real time and repeats exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from robomatrix.robots.spec import RobotSpec
from robomatrix.world import SceneObject

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class JointState:
    """Measured joints; all arrays have the length of ``names``."""

    names: tuple[str, ...]
    position: Array
    """[rad] or [m]."""
    velocity: Array
    """[rad/s] or [m/s]."""
    effort: Array
    """[N m] or [N]."""

    def __getitem__(self, name: str) -> float:
        """Returns the position of one joint; KeyError names what exists."""
        try:
            return float(self.position[self.names.index(name)])
        except ValueError:
            raise KeyError(f"no joint '{name}'; joints: {', '.join(self.names)}") from None


@dataclass(frozen=True, eq=False)
class Imu:
    """Inertial measurement in the body frame."""

    orientation: Array
    """Quaternion (x, y, z, w) as in ROS."""
    angular_velocity: Array
    """(3,) [rad/s]."""
    linear_acceleration: Array
    """(3,) [m/s^2], gravity included."""


@dataclass(frozen=True, eq=False)
class Odometry:
    """Base pose in ``odom`` and velocity in the base frame, as the robot itself estimates them."""

    position: Array
    """(3,) [m]."""
    orientation: Array
    """Quaternion (x, y, z, w)."""
    linear_velocity: Array
    """(3,) base frame [m/s]."""
    angular_velocity: Array
    """(3,) base frame [rad/s]."""

    @property
    def yaw(self) -> float:
        """Heading [rad], from -pi to pi."""
        x, y, z, w = self.orientation
        return float(np.arctan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z)))


@dataclass(frozen=True, eq=False)
class CameraFrame:
    """One image with the geometry needed to project it."""

    stamp: float
    camera: str
    image: NDArray[np.uint8]
    """(height, width, 3) RGB."""
    intrinsics: Array
    """(3, 3) pinhole matrix [px]."""
    position: Array
    """(3,) optical centre in the base frame at the time of the image [m]."""
    rotation: Array
    """(3, 3) optical frame (x right, y down, z forward) to base frame."""


@dataclass(frozen=True, eq=False)
class RobotState:
    """The newest measurements, all of one stamp."""

    stamp: float
    """[s] on the driver's clock."""
    joints: JointState
    imu: Imu | None = None
    odometry: Odometry | None = None
    ranges: Mapping[str, float] = field(default_factory=dict)
    """Distance by sensor name [m]; infinity where nothing is in reach."""


@dataclass(frozen=True)
class Twist:
    """Planar velocity of a mobile base, in the base frame."""

    vx: float = 0.0
    """[m/s], forward."""
    vy: float = 0.0
    """[m/s], left."""
    wz: float = 0.0
    """[rad/s], counter-clockwise."""


@dataclass(frozen=True)
class RobotCommand:
    """What a skill wants for the next tick. Joints that are not named keep their last target."""

    positions: Mapping[str, float] = field(default_factory=dict)
    """Target by joint [rad] or [m]. For a ``counter`` joint (a blaster) the total number of shots asked for so far."""
    velocities: Mapping[str, float] = field(default_factory=dict)
    """Target by joint [rad/s] or [m/s]."""
    efforts: Mapping[str, float] = field(default_factory=dict)
    """Target by joint [N m] or [N]."""
    twist: Twist | None = None
    """Base velocity; None leaves the base alone (it stops when the watchdog finds no command)."""


STOP = RobotCommand(twist=Twist())
"""Stands still: zero base velocity, joints hold."""


@runtime_checkable
class Driver(Protocol):
    """A robot, simulated or real; the layers above cannot tell which."""

    spec: RobotSpec

    def connect(self) -> None:
        """Opens the robot. Raises DriverError with what to check."""

    def read(self) -> RobotState:
        """Returns the newest state; never blocks on the robot."""

    def frame(self, camera: str) -> CameraFrame | None:
        """Returns the newest image of a camera, None before the first one."""

    def write(self, command: RobotCommand) -> RobotCommand:
        """Sends a command and returns what was applied after clamping."""

    def stop(self) -> None:
        """Brings the robot into its safe state; idempotent, never raises."""

    def close(self) -> None:
        """Stops and lets the robot go; idempotent."""


@runtime_checkable
class TrackingDriver(Driver, Protocol):
    """A driver whose place has a tracking system of its own, so that objects are known without the robot's cameras."""

    def tracked(self) -> tuple[SceneObject, ...]:
        """Returns what the tracking system reports now, in the odom frame."""


@runtime_checkable
class SimulatedDriver(Driver, Protocol):
    """A driver whose world can be reset, stepped and looked into."""

    timestep: float
    """Length of one :meth:`step` [s]; the control period."""

    def reset(self, seed: int) -> RobotState:
        """Puts scene and robot into the start state drawn from ``seed``."""

    def step(self) -> RobotState:
        """Advances the world by one control period with the last command."""

    def objects(self) -> tuple[SceneObject, ...]:
        """Returns the true objects, in the odom frame. For evaluation only: no skill may see them."""

    def render(self, camera: str, width: int, height: int) -> NDArray[np.uint8]:
        """Returns an RGB picture (height, width, 3) of a robot camera or a scene camera such as ``overview``."""
