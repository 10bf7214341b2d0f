"""The emulated chassis: its wheels, the controller behind ``chassis move``, and what it says of its state."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from robomatrix.emulators.ep.body import Sense

Velocity = tuple[float, float, float]
"""Forward, left [m/s] and counter-clockwise [rad/s]."""
WHEEL_SPEED = 0.05 * math.tau / 60.0
"""[m/s] of the rim per revolution a minute."""
TRACK = 0.2
"""Half the wheel base plus half the track [m]."""


@dataclass(frozen=True)
class Goal:
    """Where ``chassis move`` goes, in the frame since power-on."""

    x: float
    y: float
    yaw: float
    speed: float
    turn: float

    @classmethod
    def ahead(cls, sense: Sense, x: float, y: float, turn: float, speed: float, rate: float) -> Goal:
        """Returns the place so far forward and left of the robot [m], turned so far [rad]; limits of the speeds."""
        cos, sin = math.cos(sense.yaw), math.sin(sense.yaw)
        return cls(sense.x + cos * x - sin * y, sense.y + sin * x + cos * y, sense.yaw + turn, speed, rate)

    def velocity(self, sense: Sense, gain: float = 4.0) -> Velocity | None:
        """Returns the body velocity towards the goal, None once it is reached."""
        dx, dy, turn = self.x - sense.x, self.y - sense.y, self.yaw - sense.yaw
        distance = math.hypot(dx, dy)
        if distance < 0.005 and abs(turn) < math.radians(0.5):
            return None
        scale = min(self.speed, gain * distance) / distance if distance > 1e-9 else 0.0
        cos, sin = math.cos(sense.yaw), math.sin(sense.yaw)
        wz = math.copysign(min(self.turn, gain * abs(turn)), turn)
        return scale * (cos * dx + sin * dy), scale * (-sin * dx + cos * dy), wz


def velocity_of(revolutions: Mapping[str, float]) -> Velocity:
    """Returns the body velocity that wheels fl, fr, rl, rr make at so many revolutions a minute."""
    fl, fr, rl, rr = (revolutions[name] * WHEEL_SPEED for name in ("fl", "fr", "rl", "rr"))
    return (fl + fr + rl + rr) / 4, (-fl + fr + rl - rr) / 4, (-fl + fr - rl + rr) / 4 / TRACK


def revolutions(sense: Sense, wheels: Sequence[str]) -> list[float]:
    """Returns what the named wheels turn [1/min] at the velocity of the body."""
    turn = sense.wz * TRACK
    along = {"fl": sense.vx - sense.vy - turn, "fr": sense.vx + sense.vy + turn}
    along |= {"rl": sense.vx + sense.vy - turn, "rr": sense.vx - sense.vy + turn}
    return [along[name] / WHEEL_SPEED for name in wheels]


def status_flags(sense: Sense) -> tuple[bool, ...]:
    """Returns ``chassis status``: static, up, down, slope, picked up, slip, impact x y z, rolled over, slope held."""
    static = math.hypot(sense.vx, sense.vy) < 0.01 and abs(sense.wz) < 0.02
    slope = abs(sense.pitch) > 0.12 or abs(sense.roll) > 0.12
    flags = (static, sense.pitch > 0.12, sense.pitch < -0.12, slope, False, False, False, False, False)
    return (*flags, abs(sense.roll) > 1.2, static and slope)
