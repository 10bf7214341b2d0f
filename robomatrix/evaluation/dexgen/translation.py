"""How well the ``translate`` skill shifts objects: through runner and driver, judged by the simulator's truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from robomatrix.evaluation.dexgen.rotation import CATEGORIES, HOLD, Rig, counts
from robomatrix.robots.spec import RobotSpec
from robomatrix.skills.base import ErrorCode, Failed, Succeeded

WAYS = {
    "forward": ("forward", 1.0),
    "backward": ("forward", -1.0),
    "left": ("left", 1.0),
    "right": ("left", -1.0),
    "up": ("up", 1.0),
    "down": ("up", -1.0),
}
"""Parameter and sign of each way."""
TOLERANCE = 0.004
"""The object must in truth be this close to where it was wanted [m]."""


@dataclass(frozen=True)
class ShiftTrial:
    """One shift and the holding after it."""

    category: str
    way: str
    seed: int
    claimed: bool
    """Whether the skill says that it succeeded."""
    held: bool
    """Whether the object is in the hand at the end, by the truth."""
    error: float
    """By the truth, when the skill ended [m]."""
    turned: float
    """By how much it had turned about any axis by then [deg]."""
    seconds: float
    """Of the shift."""
    started: bool = True
    """False where the skill found no grip to start from."""

    @property
    def succeeded(self) -> bool:
        """Claimed, true, and still in the hand."""
        return self.claimed and self.held and self.error <= TOLERANCE


def shift_trial(robot: RobotSpec, category: str, way: str, distance: float, seed: int, attitude: str) -> ShiftTrial:
    """Shifts by ``distance`` [m] from the start of a seed, then holds."""
    rig = Rig(robot, category, seed, attitude)
    rig.settle()
    parameter, sign = WAYS[way]
    axis = np.eye(3)[("forward", "left", "up").index(parameter)]
    goal = np.array(rig.driver.objects()[0].position) + sign * distance * axis
    began = rig.state.stamp
    outcome = rig.perform("translate", **{parameter: sign * distance})
    seconds = rig.state.stamp - began
    error = float(np.linalg.norm(np.array(rig.driver.objects()[0].position) - goal))
    turned = float(np.degrees(np.hypot(rig.heading, rig.driver.tilt)))
    rig.perform("hold", duration=HOLD)
    held = rig.driver.holds
    rig.driver.close()
    refused = isinstance(outcome, Failed) and outcome.code is ErrorCode.PRECONDITION
    claimed = isinstance(outcome, Succeeded)
    return ShiftTrial(category, way, seed, claimed, held, error, turned, seconds, not refused)


def shift_trials(
    robot: RobotSpec,
    count: int,
    seed: int,
    distance: float = 0.01,
    attitude: str = "up",
    categories: Sequence[str] = CATEGORIES,
) -> Iterator[ShiftTrial]:
    """Yields ``count`` trials for every category and way, on successive seeds."""
    for category in categories:
        for way in WAYS:
            for offset in range(count):
                yield shift_trial(robot, category, way, distance, seed + offset, attitude)


def summary(trials: Iterable[ShiftTrial]) -> dict[str, Any]:
    """Returns successes, drops, errors and times, for all, every category and every way."""
    pool = list(trials)
    groups: dict[str, list[ShiftTrial]] = {"all": pool}
    for trial in pool:
        groups.setdefault(trial.category, []).append(trial)
        groups.setdefault(trial.way, []).append(trial)
    return {name: _figures(group) for name, group in groups.items()}


def _figures(trials: Sequence[ShiftTrial]) -> dict[str, Any]:
    good = [t for t in trials if t.succeeded]
    return {
        **counts(trials),
        "refused": sum(not t.started for t in trials),
        "mean_error_mm": round(1e3 * float(np.mean([t.error for t in good])), 1) if good else None,
        "median_turn_deg": round(float(np.median([t.turned for t in good])), 1) if good else None,
    }
