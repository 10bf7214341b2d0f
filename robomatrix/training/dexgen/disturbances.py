"""What happens to an intended motion on the way to the servos, so that a controller learns the way back.

The data tell for every tick what was intended, while the hand did something else: noise, fingers that open or drift, a
grip that fades. Learning the intention from where such errors lead is DART (Laskey et al., arXiv 1703.09327).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

DISTURBANCES: Mapping[str, float] = {
    "none": 0.52,
    "drift": 0.14,
    "weaken": 0.10,
    "open": 0.08,
    "lift": 0.08,
    "burst": 0.08,
}
"""Share of each kind; all but ``none`` are short."""


class Disturbances:
    """Draws errors of servo targets."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def draw(self, position: Array, target: Array, kind: str | None = None) -> Array:
        """Returns what is added to intended servo targets, tick by tick (ticks, 16) [rad].

        Args:
            position: (16,) joint positions [rad].
            target: (16,) intended servo targets [rad].
            kind: one of :data:`DISTURBANCES`; drawn by its shares if None.
        """
        chosen = kind or str(self._rng.choice(list(DISTURBANCES), p=list(DISTURBANCES.values())))
        return getattr(self, f"_{chosen}")(position, target)

    def _ticks(self, low: float, high: float) -> int:
        return max(2, round(10 * self._rng.uniform(low, high)))

    def _ramp(self, offset: Array, rise: int, stay: int) -> Array:
        share = np.minimum(np.arange(1, rise + stay + 1) / rise, 1.0)
        return share[:, None] * offset

    def _none(self, position: Array, target: Array) -> Array:
        return np.zeros((self._ticks(0.5, 2.0), 16))

    def _drift(self, position: Array, target: Array) -> Array:
        offset = self._rng.normal(0.0, self._rng.uniform(0.03, 0.25), 16)
        return self._ramp(offset, self._ticks(0.2, 1.5), self._ticks(0.0, 1.0))

    def _weaken(self, position: Array, target: Array) -> Array:
        ticks = self._ticks(0.2, 1.0)
        lost = self._rng.uniform(0.2, 1.0, (ticks, 1)) if self._rng.random() < 0.5 else self._rng.uniform(0.2, 0.9)
        return np.broadcast_to(lost * (position - target), (ticks, 16))

    def _open(self, position: Array, target: Array) -> Array:
        bends = np.arange(16) % 4 != 0
        return self._ramp(-self._rng.uniform(0.05, 0.45) * bends, self._ticks(0.2, 1.0), self._ticks(0.0, 0.4))

    def _lift(self, position: Array, target: Array) -> Array:
        offset = np.zeros(16)
        finger = 4 * self._rng.integers(4)
        offset[finger : finger + 4] = [self._rng.normal(0.0, 0.1), *np.repeat(-self._rng.uniform(0.1, 0.7), 3)]
        return self._ramp(offset, self._ticks(0.2, 1.0), self._ticks(0.0, 1.0))

    def _burst(self, position: Array, target: Array) -> Array:
        size = self._rng.uniform(0.08, 0.32)
        return self._rng.uniform(-size, size, (self._ticks(0.2, 1.0), 16))
