"""Random in-hand motions: short servo-target trajectories that mostly keep the object in the hand.

None of them is a goal-reaching policy; what a motion reached becomes its goal in hindsight (docs/dexgen.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robomatrix.training.dexgen.grasps import Grasps

Array = NDArray[np.float64]

MIXTURE: Mapping[str, float] = {
    "neighbour": 0.55,
    "wander": 0.16,
    "perturb": 0.08,
    "hold": 0.14,
    "lift": 0.07,
}
"""Share of each kind of motion in the data."""


@dataclass(frozen=True)
class Bounds:
    """Joint limits (16,) [rad]."""

    lower: Array
    upper: Array

    def clip(self, targets: Array) -> Array:
        """Returns the targets inside the limits."""
        return np.clip(targets, self.lower, self.upper)


def features(positions: Array, poses: Array) -> Array:
    """Returns (..., 28) numbers whose Euclidean distance says how far two grasps are from each other.

    One unit is 0.3 rad of a joint, 15 mm of the object's position, or about 0.35 rad of its orientation.
    """
    w, x, y, z = np.moveaxis(poses[..., 3:], -1, 0)
    rotation = np.stack(
        [
            *(1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
            *(2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
            *(2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
        ],
        axis=-1,
    )
    return np.concatenate([positions / 0.3, poses[..., :3] / 0.015, rotation / 0.5], axis=-1)


class Neighbours:
    """Nearest grasps of a set."""

    def __init__(self, grasps: Grasps) -> None:
        self.grasps = grasps
        self._features = features(grasps.positions, grasps.poses)

    def pick(self, position: Array, pose: Array, rng: np.random.Generator, count: int = 8) -> int:
        """Returns one of the ``count`` nearest grasps, out of a random half of the set so that routes differ."""
        distance = ((self._features - features(position, pose)) ** 2).sum(axis=1)
        distance[rng.random(len(distance)) < 0.5] = np.inf
        nearest = np.argsort(distance)[:count]
        return int(rng.choice(nearest[np.isfinite(distance[nearest])])) if np.isfinite(distance).any() else 0


def _smooth(ticks: int) -> Array:
    """Returns (ticks, 1) shares from just above 0 to 1 with zero speed at both ends (minimum jerk)."""
    share = np.arange(1, ticks + 1)[:, None] / ticks
    return share**3 * (10.0 - 15.0 * share + 6.0 * share**2)


def _there_and_back(start: Array, away: Array, ticks: int) -> Array:
    leave = _smooth(max(ticks // 2, 1))
    out = start + leave * (away - start)
    back = away + _smooth(max(ticks - len(out), 1)) * (start - away)
    return np.concatenate([out, back])


class MotionPlanner:
    """Draws motions for one object."""

    def __init__(self, grasps: Grasps, bounds: Bounds, rng: np.random.Generator) -> None:
        self._neighbours = Neighbours(grasps)
        self._bounds = bounds
        self._rng = rng

    def plan(self, position: Array, target: Array, pose: Array, kind: str | None = None) -> Array:
        """Returns servo targets (ticks, 16) [rad] that start from the present target.

        Args:
            position: (16,) joint positions [rad].
            target: (16,) present servo targets [rad].
            pose: (7,) object pose in the palm frame.
            kind: one of :data:`MIXTURE`; drawn by its shares if None.
        """
        chosen = kind or str(self._rng.choice(list(MIXTURE), p=list(MIXTURE.values())))
        motion = getattr(self, f"_{chosen}")(position, target, pose)
        return self._bounds.clip(motion)

    def towards_neighbour(self, position: Array, target: Array, pose: Array, ticks: int) -> Array:
        """Returns the motion to a neighbouring grasp in a given time."""
        goal = self._neighbours.grasps.targets[self._neighbours.pick(position, pose, self._rng)]
        return self._bounds.clip(target + _smooth(ticks) * (goal - target))

    def _ticks(self, low: float, high: float) -> int:
        return max(2, round(10 * self._rng.uniform(low, high)))

    def _neighbour(self, position: Array, target: Array, pose: Array) -> Array:
        return self.towards_neighbour(position, target, pose, self._ticks(0.6, 2.0))

    def _wander(self, position: Array, target: Array, pose: Array) -> Array:
        ticks = self._ticks(0.8, 2.0)
        away = self._rng.normal(0.0, self._rng.uniform(0.05, 0.25), 16)
        return target + _smooth(ticks) * away

    def _perturb(self, position: Array, target: Array, pose: Array) -> Array:
        away = target + self._rng.normal(0.0, self._rng.uniform(0.05, 0.25), 16)
        return _there_and_back(target, away, self._ticks(0.6, 2.0))

    def _hold(self, position: Array, target: Array, pose: Array) -> Array:
        return np.tile(target, (self._ticks(0.5, 1.5), 1))

    def _lift(self, position: Array, target: Array, pose: Array) -> Array:
        away = target.copy()
        finger = 4 * self._rng.integers(4)
        away[finger + 1 : finger + 4] -= self._rng.uniform(0.1, 0.6)
        away[finger] += self._rng.normal(0.0, 0.2)
        return _there_and_back(target, away, self._ticks(0.6, 1.6))
