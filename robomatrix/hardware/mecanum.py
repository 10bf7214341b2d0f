"""Four mecanum wheels: rim speeds, and the servos that a simulator gives them.

The rollers are not modelled one by one. Each wheel carries its load without friction and pulls along the line on which
its rollers do not roll: at the contact point, the velocity component along (1, -1) for front left and rear right and
along (1, 1) for the others is exactly the wheel's rim speed, so one velocity servo along that line is one driven wheel.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from robomatrix.hardware.driver import Array, Twist
from robomatrix.robots.simulation import MecanumSpec

GAIN = 60.0
"""Of a wheel's speed servo [N s/m]."""
HOLD = 500.0
"""Stiffness with which a wheel holds its place [N/m]."""
GRAVITY = 9.81

SIDES: Array = np.array([-1.0, 1.0, 1.0, -1.0])
"""Sideways part of the line each wheel pulls along; front left, front right, rear left, rear right."""
TURNS: Array = np.array([-1.0, 1.0, -1.0, 1.0])


def rim_speeds(twist: Twist, spec: MecanumSpec) -> Array:
    """Returns the (4,) rim speeds [m/s] that give a base velocity: front left, front right, rear left, rear right."""
    lever = spec.half_length + spec.half_width
    return twist.vx + SIDES * twist.vy + TURNS * lever * twist.wz


def base_velocity(rims: Array, spec: MecanumSpec) -> Twist:
    """Returns the base velocity that (4,) rim speeds [m/s] give; slip shows as a part that no twist explains."""
    lever = spec.half_length + spec.half_width
    return Twist(float(rims.mean()), float(SIDES @ rims) / 4.0, float(TURNS @ rims) / 4.0 / lever)


def ramped(twist: Twist, wanted: Twist, spec: MecanumSpec, period: float) -> Twist:
    """Returns the velocity one ``period`` [s] after ``twist`` on the way to ``wanted``, within the accelerations."""
    step = np.array([wanted.vx - twist.vx, wanted.vy - twist.vy])
    length = float(np.hypot(*step))
    limit = spec.acceleration * period
    if length > limit:
        step *= limit / length
    turn = np.clip(wanted.wz - twist.wz, -spec.turn_acceleration * period, spec.turn_acceleration * period)
    return Twist(float(twist.vx + step[0]), float(twist.vy + step[1]), float(twist.wz + turn))


@dataclass
class WheelServos:
    """Turns a wanted base velocity into targets for the four wheels' speed servos, with integral action.

    Without the integral a pushed robot would creep; with it a wheel holds its place until the push exceeds traction.
    """

    spec: MecanumSpec
    weight: float
    """Of the robot [kg]."""
    rims: Array = field(default_factory=lambda: np.zeros(4))
    """Rim speeds that the motors keep [m/s]."""
    twist: Twist = Twist()
    _stretch: Array = field(default_factory=lambda: np.zeros(4))

    @property
    def pull(self) -> float:
        """Largest force of one wheel [N]."""
        return self.spec.traction * self.weight * GRAVITY / 4.0

    def targets(self, wanted: Twist, ground: Array, period: float) -> Array:
        """Returns the (4,) servo targets [m/s] for the next ``period``.

        Args:
            wanted: Base velocity asked for.
            ground: (4,) measured speed of the base along each wheel's line [m/s].
            period: Time until the next call [s].
        """
        self.twist = ramped(self.twist, wanted, self.spec, period)
        self.rims = rim_speeds(self.twist, self.spec)
        limit = self.pull / HOLD
        self._stretch = np.clip(self._stretch + (self.rims - ground) * period, -limit, limit)
        return self.rims + self._stretch * (HOLD / GAIN)
