"""Observation and action of the humanoid policies; the same code in training, in blending and in the running skill."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robomatrix.policies.spec import Term

Array = NDArray[np.float64]
Tensor = Any
"""A numpy array or a torch tensor."""
ACTION_SCALE = 0.25
"""Joint offset from home per unit of action [rad] (paper, section III)."""
VELOCITY_SCALE = 0.05
"""Of joint velocities in the observation."""
NOISE = {"gyro": 0.06, "gravity": 0.018, "position": 0.03, "velocity": 0.3}
"""Standard deviations of the paper's observation noise, in the signals' own units, before its level of 0.6."""


def rotate_back(quaternion: Array, vector: Array) -> Array:
    """Returns vectors of the world frame in the body's frame: (n, 4) as (w, x, y, z), (n, 3) or (3,) -> (n, 3)."""
    w, axis = quaternion[:, :1], -quaternion[:, 1:]
    vector = np.broadcast_to(vector, axis.shape)
    once = np.cross(axis, vector)
    return vector + 2.0 * (w * once + np.cross(axis, once))


@dataclass(frozen=True, eq=False)
class Proprioception:
    """What a humanoid feels; n robots, d policy joints; numpy arrays or torch tensors."""

    gyro: Tensor
    """Angular velocity of the pelvis in its own frame (n, 3) [rad/s]."""
    gravity: Tensor
    """Direction of gravity in the pelvis frame (n, 3), unit length."""
    position: Tensor
    """Joint angles less the home pose (n, d) [rad]."""
    velocity: Tensor
    """Joint velocities (n, d) [rad/s]."""
    action: Tensor
    """Last whole action (n, d), in units of :data:`ACTION_SCALE`."""

    def vector(self) -> Array:
        """Returns gyro, gravity, joints, scaled velocities and action in one numpy array (n, 6 + 3 d)."""
        body = [self.gyro, self.gravity, self.position, VELOCITY_SCALE * self.velocity, self.action]
        return np.concatenate(body, -1)

    def disturbed(self, rng: np.random.Generator, level: float) -> Proprioception:
        """Returns the same with Gaussian sensor noise; level 0.6 is the paper's."""
        return replace(self, **{name: _noisy(getattr(self, name), rng, level * s) for name, s in NOISE.items()})


def _noisy(value: Array, rng: np.random.Generator, deviation: float) -> Array:
    return value + deviation * rng.standard_normal(value.shape)


def body_terms(joints: int) -> tuple[Term, ...]:
    """Returns the terms of :meth:`Proprioception.vector`, for a policy's spec."""
    return (
        Term("angular_velocity", 3, "rad/s"),
        Term("gravity", 3, "1"),
        Term("joint_position", joints, "rad"),
        Term("joint_velocity", joints, "rad/s", VELOCITY_SCALE),
        Term("last_action", joints, "rad", 1.0 / ACTION_SCALE),
    )
