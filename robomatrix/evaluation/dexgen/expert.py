"""The operator that knows what it wants: motions that were tried out in the simulator first.

Each plan is a random motion that keeps the object when executed exactly, and its goal is where the object ends: far
from where it is now, reachable, and not steered by the controller under test.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robomatrix.training.dexgen.grasps import Grasps
from robomatrix.training.dexgen.primitives import Bounds, MotionPlanner
from robomatrix.training.dexgen.simulation import HandBatch

Array = NDArray[np.float64]

POSITION_UNIT = 0.006
"""A goal is reached within this distance [m] ..."""
ANGLE_UNIT = 0.125
"""... and this angle [rad]."""
FAR = 2.0
"""Goals are at least so many units away when they are set."""
DEADLINE = 50
"""Ticks after which a goal is given up (5 s)."""

_ATTEMPTS = 12
_SETTLE = 5
_CALM = 0.05


@dataclass(frozen=True, eq=False)
class Plan:
    """What the operator does next."""

    targets: Array
    """(T, 16) servo targets; the last one is held afterwards."""
    goal: Array | None
    """(7,) object pose; None if no safe motion was found and the operator waits."""


def goal_distance(pose: Array, goal: Array) -> float:
    """Returns the larger of the errors in position and orientation, in units of the tolerance."""
    shift = float(np.linalg.norm(pose[:3] - goal[:3])) / POSITION_UNIT
    turn = 2.0 * np.arccos(min(1.0, abs(float(pose[3:] @ goal[3:])))) / ANGLE_UNIT
    return max(shift, float(turn))


class Expert:
    """Plans for the hands of a batch."""

    def __init__(self, hands: HandBatch, grasps: list[Grasps], rng: np.random.Generator) -> None:
        """Takes for each hand the grasps of its object."""
        bounds = Bounds(hands.kinematics.lower, hands.kinematics.upper)
        self._hands, self._rng, self._bounds = hands, rng, bounds
        self._planners = [MotionPlanner(g, bounds, rng) for g in grasps]

    def plan(self, index: int, target: Array) -> Plan:
        """Returns a verified motion for one hand from its present servo target (16,)."""
        position, pose = self._hands.positions[index], self._hands.poses[index]
        for _ in range(_ATTEMPTS):
            motion = self._draw(index, position, target, pose)
            end = self._hands.imagine(index, np.concatenate([motion, np.tile(motion[-1], (_SETTLE, 1))]))
            if end.held and end.speed < _CALM and goal_distance(pose, end.pose) >= FAR:
                return Plan(motion, end.pose)
        return Plan(np.tile(target, (10, 1)), None)

    def _draw(self, index: int, position: Array, target: Array, pose: Array) -> Array:
        ticks = int(self._rng.integers(10, 20))
        if self._rng.random() < 0.7:
            return self._planners[index].towards_neighbour(position, target, pose, ticks)
        away = self._rng.normal(0.0, 0.2, 16)
        return self._bounds.clip(target + np.linspace(1.0 / ticks, 1.0, ticks)[:, None] * away)
