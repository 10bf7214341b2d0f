"""What is behind the protocol: the body that the emulated firmware drives."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Sense:
    """What the body measures; metres, radians, seconds, x forward, y left, counter-clockwise."""

    time: float
    x: float = 0.0
    y: float = 0.0
    yaw: float = 0.0
    """Not wrapped; pose since power-on."""
    pitch: float = 0.0
    roll: float = 0.0
    vx: float = 0.0
    """Body frame."""
    vy: float = 0.0
    wz: float = 0.0
    arm: tuple[float, float] = (0.0, 0.0)
    """Tip of the arm in the arm's frame, forward and up."""
    opening: float = 0.0
    """Gripper, 0 closed to 1 open."""
    gimbal: tuple[float, float] = (0.0, 0.0)
    """Pitch (up) and yaw (counter-clockwise)."""
    ranges: tuple[float, ...] = ()
    """Infinite where nothing is in reach."""


class Body(Protocol):
    """A simulated EP. All calls come from one thread."""

    def drive(self, vx: float, vy: float, wz: float) -> None:
        """Sets the chassis' velocity [m/s, rad/s], body frame, y left, counter-clockwise."""

    def arm_to(self, x: float, z: float) -> None:
        """Sets the target of the arm's tip [m]."""

    def grip(self, closing: float) -> None:
        """Drives the gripper: -1 opens at full force, 1 closes at full force, 0 holds."""

    def aim(self, pitch: float, yaw: float) -> None:
        """Sets the gimbal's target [rad]."""

    def fire(self, beads: int) -> None:
        """Shoots."""

    def advance(self, seconds: float) -> None:
        """Lets time pass."""

    def sense(self) -> Sense:
        """Returns what the body measures now."""

    def image(self) -> Image | None:
        """Returns what the camera sees, (height, width, 3) RGB; None for a body without a camera."""

    def close(self) -> None:
        """Frees what it holds."""


ARM_REACH = ((0.071, 0.220), (-0.100, 0.150))
"""Box round what the tip reaches, forward and up [m]."""


@dataclass
class KinematicBody:
    """An EP without physics in an empty square room, for fast tests of the protocol."""

    width: int = 320
    height: int = 180
    room: float = 3.0
    """Half the side of the room [m]."""
    acceleration: float = 4.0
    """[m/s^2], and [rad/s^2] times four."""
    arm_speed: float = 0.15
    """[m/s]."""
    gripper_time: float = 0.8
    """From closed to open at full force [s]."""
    shots: int = 0
    _time: float = 0.0
    _pose: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    _velocity: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    _wanted: tuple[float, float, float] = (0.0, 0.0, 0.0)
    _arm: list[float] = field(default_factory=lambda: [0.100, 0.057])
    _arm_target: tuple[float, float] = (0.100, 0.057)
    _opening: float = 1.0
    _closing: float = 0.0
    _gimbal: tuple[float, float] = (0.0, 0.0)

    def drive(self, vx: float, vy: float, wz: float) -> None:
        """Sets the chassis' velocity."""
        self._wanted = (vx, vy, wz)

    def arm_to(self, x: float, z: float) -> None:
        """Sets the arm's target, kept within its reach."""
        (near, far), (low, high) = ARM_REACH
        self._arm_target = (min(max(x, near), far), min(max(z, low), high))

    def grip(self, closing: float) -> None:
        """Drives the gripper."""
        self._closing = closing

    def aim(self, pitch: float, yaw: float) -> None:
        """Points the gimbal at once."""
        self._gimbal = (pitch, yaw)

    def fire(self, beads: int) -> None:
        """Counts the beads."""
        self.shots += beads

    def advance(self, seconds: float) -> None:
        """Integrates the pose."""
        self._time += seconds
        for axis, (wanted, gain) in enumerate(zip(self._wanted, (1.0, 1.0, 4.0), strict=True)):
            self._velocity[axis] = _towards(self._velocity[axis], wanted, gain * self.acceleration * seconds)
        vx, vy, wz = self._velocity
        heading = self._pose[2] + 0.5 * wz * seconds
        self._pose[0] += (math.cos(heading) * vx - math.sin(heading) * vy) * seconds
        self._pose[1] += (math.sin(heading) * vx + math.cos(heading) * vy) * seconds
        self._pose[2] += wz * seconds
        self._pose[:2] = (min(max(p, -self.room), self.room) for p in self._pose[:2])
        for axis, target in enumerate(self._arm_target):
            self._arm[axis] = _towards(self._arm[axis], target, self.arm_speed * seconds)
        self._opening = min(max(self._opening - self._closing * seconds / self.gripper_time, 0.0), 1.0)

    def sense(self) -> Sense:
        """Returns the pose and the distance to the wall ahead."""
        x, y, yaw = self._pose
        vx, vy, wz = self._velocity
        return Sense(
            self._time, x, y, yaw, vx=vx, vy=vy, wz=wz, arm=(self._arm[0], self._arm[1]), opening=self._opening,
            gimbal=self._gimbal, ranges=(self._wall_ahead(),),
        )  # fmt: skip

    def close(self) -> None:
        """Holds nothing."""

    def _wall_ahead(self) -> float:
        x, y, yaw = self._pose
        walls = []
        for position, direction in ((x, math.cos(yaw)), (y, math.sin(yaw))):
            if abs(direction) > 1e-9:
                walls.append((math.copysign(self.room, direction) - position) / direction)
        return min(walls)

    def image(self) -> Image:
        """Returns a panorama that turns with the robot, with the machine's clock as a bar code along its upper edge."""
        columns = np.arange(self.width) / self.width * 1.4 - self._pose[2]
        stripes = (128 + 90 * np.sin(6.0 * columns)).astype(np.uint8)
        picture = np.empty((self.height, self.width, 3), np.uint8)
        picture[:] = stripes[None, :, None]
        picture[self.height // 2 :, :, 2] = 60
        draw_time(picture, time.monotonic())
        return picture


CODE_BITS = 32


def draw_time(picture: Image, seconds: float) -> None:
    """Writes a time in whole milliseconds as black and white blocks along the upper edge, to survive compression."""
    width, height = picture.shape[1] // CODE_BITS, picture.shape[0] // 6
    value = int(seconds * 1e3) & 0xFFFFFFFF
    for bit in range(CODE_BITS):
        picture[:height, bit * width : (bit + 1) * width] = 255 * (value >> bit & 1)


def read_time(picture: Image) -> float:
    """Returns the time that :func:`draw_time` wrote [s]."""
    width, height = picture.shape[1] // CODE_BITS, picture.shape[0] // 6
    row = picture[height // 4 : height // 2].mean(axis=(0, 2))
    bits = (row[(bit * width + width // 2)] > 127 for bit in range(CODE_BITS))
    return sum(int(on) << bit for bit, on in enumerate(bits)) / 1e3


def _towards(value: float, target: float, step: float) -> float:
    return min(max(target, value - step), value + step)
