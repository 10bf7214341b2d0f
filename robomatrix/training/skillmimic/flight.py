"""Where a thrown ball will be."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robomatrix.motions.edit import GRAVITY

Array = NDArray[np.float64]
RADIUS = 0.12
"""Of the ball [m]."""
RESTITUTION = 0.77
"""Of the simulated ball on the floor, at 5 m/s."""
GRIP_OF_FLOOR = 0.87
"""Share of its speed across the floor that a ball without spin keeps as it bounces."""


def flown(ball: Array, velocity: Array, time: Array) -> Array:
    """Returns (n, 3) where balls (n, 3) of a velocity (n, 3) will be after a time (n, 1), one bounce included [m]."""
    up, height = velocity[:, 2:], np.maximum(ball[:, 2:] - RADIUS, 0.0)
    impact = np.sqrt(up**2 + 2.0 * GRAVITY * height)
    down = (up + impact) / GRAVITY
    after = np.maximum(time - down, 0.0)
    bounced = RESTITUTION * impact * after - 0.5 * GRAVITY * after**2
    falling = height + up * time - 0.5 * GRAVITY * time**2
    across = ball[:, :2] + velocity[:, :2] * (np.minimum(time, down) + GRIP_OF_FLOOR * after)
    return np.concatenate([across, RADIUS + np.where(time > down, bounced, falling)], axis=1)
