"""What the robot has reported so far, turned into the conventions of REP-103: y left, counter-clockwise, metres."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, replace
from typing import Any

from robomatrix.hardware.robomaster.protocol import Push

GRAVITY = 9.81


@dataclass(frozen=True)
class Reading:
    """Newest reports; ``stamp`` is that of the newest pose on the monotonic clock, 0 before the first."""

    stamp: float = 0.0
    x: float = 0.0
    y: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    vx: float = 0.0
    vy: float = 0.0
    wz: float = 0.0
    wheels: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """w1 to w4 as the robot numbers them [rad/s], forward positive."""
    arm: tuple[float, float] | None = None
    """Tip, forward and up [m]."""
    gripper: int | None = None
    """0 closed, 1 between, 2 open."""
    gimbal: tuple[float, float] = (0.0, 0.0)
    """Pitch (up) and yaw (counter-clockwise) [rad]."""
    battery: float = math.nan
    """[%]."""
    ranges: tuple[float, ...] = (math.inf, math.inf, math.inf, math.inf)
    """[m]."""
    static: bool | None = None
    """Whether the robot says that it stands."""


class Telemetry:
    """Collects reports from several threads; readers get one consistent picture."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reading = Reading()
        self._posed = 0.0

    @property
    def reading(self) -> Reading:
        """Newest picture."""
        return self._reading

    def update(self, **values: Any) -> None:
        """Replaces some fields."""
        with self._lock:
            self._reading = replace(self._reading, **values)

    def take_push(self, push: Push, stamp: float) -> None:
        """Takes one push datagram."""
        values: dict[str, Any] = {}
        for subject, numbers in push.values.items():
            values |= _readers[subject](numbers)
        # Attitude alone says nothing of the position: only a datagram with both, or the position, makes the pose new.
        if "position" in push.values:
            values["stamp"] = stamp
        self.update(**values)

    def take_speed(self, numbers: tuple[float, ...]) -> None:
        """Takes the answer to ``chassis speed ?``."""
        x, y, z, *wheels = numbers
        self.update(
            vx=x, vy=-y, wz=-math.radians(z), wheels=tuple(w * math.tau / 60.0 for w in wheels)
        )  # fmt: skip

    def take_range(self, index: int, millimetres: float, maximum: float) -> None:
        """Takes the answer to ``ir_distance_sensor distance <index + 1> ?``."""
        distance = millimetres / 1e3
        ranges = list(self._reading.ranges)
        ranges[index] = math.inf if distance >= maximum else distance
        self.update(ranges=tuple(ranges))


def _position(numbers: tuple[float, ...]) -> dict[str, object]:
    return {"x": numbers[0], "y": -numbers[1], "yaw": -math.radians(numbers[2])}


def _attitude(numbers: tuple[float, ...]) -> dict[str, object]:
    return {"pitch": -math.radians(numbers[0]), "roll": math.radians(numbers[1])}


def _status(numbers: tuple[float, ...]) -> dict[str, object]:
    return {"static": bool(numbers[0])}


def _gimbal(numbers: tuple[float, ...]) -> dict[str, object]:
    return {"gimbal": (math.radians(numbers[0]), -math.radians(numbers[1]))}


_readers = {"position": _position, "attitude": _attitude, "status": _status, "gimbal": _gimbal}
