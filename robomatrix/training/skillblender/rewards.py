"""Reward terms as pure functions: arrays of a batch in, (n,) out. Weights and their sum belong to the task."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def tracking(error: Array, scale: float) -> Array:
    """Returns exp(-|error|^2 / scale), 1 at no error; error (n, k), scale in the error's unit squared."""
    return np.exp(-np.square(error).sum(-1) / scale)


def kernel(error: Array, rate: float) -> Array:
    """Returns exp(-rate mean|error|) (SkillBlender's form); error (n, k), rate in 1/unit."""
    return np.exp(-rate * np.abs(error).mean(-1))


def progress(value: Array, command: Array) -> Array:
    """Returns the share of the command that is achieved along its direction, -0.5 to 1; 0 where nothing is asked.

    Unlike :func:`tracking` it has a slope far from the command, where a cautious policy would stay.
    """
    size = np.square(command).sum(-1)
    share = np.clip((value * command).sum(-1) / np.maximum(size, 1e-6), -0.5, 1.0)
    return np.where(size > 0.01, share, 0.0)


def squared(value: Array) -> Array:
    """Returns the sum of squares over the last axis."""
    return np.square(value).sum(-1)


def contact_match(contact: Array, lift: Array, gate: Array) -> Array:
    """Returns how well two feet's contacts follow the gait, -1 to 1.

    Args:
        contact: (n, 2) true where a foot touches the floor.
        lift: (n, 2) sine of the foot's swing, positive while it should be in the air.
        gate: (n,) 0 standing (both feet down) to 1 walking.
    """
    wanted = np.where(lift * gate[:, None] > 0.2, -1.0, 1.0)
    settled = np.abs(lift) > 0.2
    agree = wanted * (2.0 * contact - 1.0)
    return np.where(settled | (gate[:, None] < 0.5), agree, 1.0).mean(-1)


def slip(contact: Array, velocity: Array) -> Array:
    """Returns the speed of feet that touch the floor, summed [m/s]; contact (n, 2), velocity (n, 2, 3)."""
    return (contact * np.linalg.norm(velocity[..., :2], axis=-1)).sum(-1)


def clearance_lack(height: Array, lift: Array, gate: Array, wanted: float) -> Array:
    """Returns how much swinging feet lack of the wanted height, summed [m]; height and lift (n, 2), gate (n,)."""
    target = wanted * np.clip(lift, 0.0, None) * gate[:, None]
    return np.clip(target - height, 0.0, None).sum(-1)


def aside(feet: Array, yaw: Array) -> Array:
    """Returns how far the left foot is to the left of the right one [m]; feet (n, 2, 3) in the world, heading (n,)."""
    apart = feet[:, 0] - feet[:, 1]
    return np.cos(yaw) * apart[:, 1] - np.sin(yaw) * apart[:, 0]
