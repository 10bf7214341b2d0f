"""What a command does to the grip, which is the difference between servo targets and where the fingers are held up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_NO_GRIP = 0.01
"""Of all joints together: fingers that are so close to their targets press on nothing [rad]."""


def keep_grip(positions: Array, targets: Array, command: Array, tolerance: float) -> Array:
    """Returns commands without most of their loosening of the whole grip.

    A command that is shrunk, or that comes from where fingers are seen, lies between the fingers and their servo
    targets: executed, it gives the grip away and moves nothing. So the part of the command along the grip, as a share
    ``f`` of it, is believed by ``1 / (1 + (f / tolerance)^2)^2``. All else in the command stays: tightening, motion,
    and loosening by more than the whole grip, which takes the fingers off.

    Args:
        positions: (B, 16) measured joint positions [rad].
        targets: (B, 16) servo targets in force [rad].
        command: (B, 16) commanded servo targets [rad].
        tolerance: share of the grip that a command may give away in a step and still be believed for a quarter.

    Returns:
        (B, 16) [rad].
    """
    open_way = positions - targets
    square = (open_way**2).sum(axis=1, keepdims=True) + _NO_GRIP**2
    lost = np.clip(((command - targets) * open_way).sum(axis=1, keepdims=True) / square, 0.0, 1.0)
    believed = (1.0 + (lost / tolerance) ** 2) ** -2.0
    return command - lost * (1.0 - believed) * open_way
