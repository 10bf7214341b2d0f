"""Wheel odometry with the errors a real one has; the simulators share it."""

from __future__ import annotations

import math

import numpy as np

from robomatrix.hardware.driver import Array, Odometry, Twist
from robomatrix.hardware.mecanum import base_velocity
from robomatrix.robots.simulation import MecanumSpec, NoiseSpec


class WheelOdometry:
    """Integrates rim speeds for the way and the gyro for the heading, from the identity at the start."""

    def __init__(self, spec: MecanumSpec, noise: NoiseSpec, rng: np.random.Generator) -> None:
        """Draws this run's errors: each wheel's circumference and the gyro's bias."""
        self.spec = spec
        self._scale = 1.0 + noise.odometry_scale * rng.standard_normal(4)
        self._bias = noise.gyro_bias * rng.standard_normal()
        self.x = self.y = self.yaw = 0.0
        self.twist = Twist()

    def advance(self, rims: Array, yaw_rate: float, period: float) -> None:
        """Adds one ``period`` [s] at (4,) measured rim speeds [m/s] and a yaw rate [rad/s]."""
        moved = base_velocity(rims * self._scale, self.spec)
        self.twist = Twist(moved.vx, moved.vy, yaw_rate + self._bias)
        heading = self.yaw + self.twist.wz * period / 2.0
        self.x += (math.cos(heading) * moved.vx - math.sin(heading) * moved.vy) * period
        self.y += (math.sin(heading) * moved.vx + math.cos(heading) * moved.vy) * period
        self.yaw = math.remainder(self.yaw + self.twist.wz * period, math.tau)

    def odometry(self, roll: float = 0.0, pitch: float = 0.0) -> Odometry:
        """Returns the estimate; roll and pitch [rad] come from the IMU."""
        return Odometry(
            position=np.array([self.x, self.y, 0.0]),
            orientation=quaternion(roll, pitch, self.yaw),
            linear_velocity=np.array([self.twist.vx, self.twist.vy, 0.0]),
            angular_velocity=np.array([0.0, 0.0, self.twist.wz]),
        )


def quaternion(roll: float, pitch: float, yaw: float) -> Array:
    """Returns the quaternion (x, y, z, w) of fixed-axis roll, pitch, yaw [rad]."""
    cr, sr = math.cos(roll / 2), math.sin(roll / 2)
    cp, sp = math.cos(pitch / 2), math.sin(pitch / 2)
    cy, sy = math.cos(yaw / 2), math.sin(yaw / 2)
    return np.array(
        [
            sr * cp * cy - cr * sp * sy,
            cr * sp * cy + sr * cp * sy,
            cr * cp * sy - sr * sp * cy,
            cr * cp * cy + sr * sp * sy,
        ]
    )


def roll_pitch_yaw(rotation: Array) -> tuple[float, float, float]:
    """Returns fixed-axis roll, pitch, yaw [rad] of a (3, 3) rotation matrix."""
    pitch = math.asin(float(np.clip(-rotation[2, 0], -1.0, 1.0)))
    return (
        math.atan2(rotation[2, 1], rotation[2, 2]),
        pitch,
        math.atan2(rotation[1, 0], rotation[0, 0]),
    )
