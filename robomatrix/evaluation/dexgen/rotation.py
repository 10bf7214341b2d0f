"""How well the ``rotate`` skill turns objects: through runner and driver, judged by the simulator's truth."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from robomatrix.evaluation.statistics import wilson
from robomatrix.hardware.mujoco.hand_driver import MujocoHandDriver
from robomatrix.robots.spec import RobotSpec
from robomatrix.skills.base import Observation, OperatorCommand, Outcome, Succeeded
from robomatrix.skills.dexgen import skills
from robomatrix.skills.registry import SkillRegistry
from robomatrix.skills.runner import SkillRunner
from robomatrix.world import World

CATEGORIES = ("block", "can", "ball")
TOLERANCE = 15.0
"""The object must in truth have turned as asked within this [deg] ..."""
HOLD = 3.0
"""... and stay in the hand for so long afterwards [s]."""


@dataclass(frozen=True)
class TurnTrial:
    """One rotation and the holding after it."""

    category: str
    seed: int
    angle: float
    """Asked [deg]."""
    claimed: bool
    """Whether the skill says that it succeeded."""
    held: bool
    """Whether the object is in the hand at the end, by the truth."""
    turned: float
    """By the truth, when the skill ended [deg]."""
    after: float
    """By the truth, after the holding [deg]."""
    tilt: float
    """By how much the object had tipped over by then [deg]."""
    seconds: float
    """Of the rotation."""
    message: str = ""

    @property
    def succeeded(self) -> bool:
        """Claimed, true, and still in the hand."""
        return self.claimed and self.held and abs(self.turned - self.angle) <= TOLERANCE


class Rig:
    """A hand with its object, the runner, and the true heading without jumps."""

    def __init__(self, robot: RobotSpec, category: str, seed: int, attitude: str = "up") -> None:
        scene = {"objects": [{"category": category, "colours": ["blue"]}]}
        self.driver = MujocoHandDriver(robot, overrides=scene, attitude=attitude)
        self.state = self.driver.reset(seed)
        self._runner = SkillRunner(robot, SkillRegistry(skills()))
        self._yaw = self.heading = 0.0

    def settle(self, periods: int = 10) -> None:
        """Simulates some control periods in which nothing is commanded."""
        for _ in range(periods):
            self.step()

    def step(self) -> None:
        """Simulates one control period."""
        self.state = self.driver.step()
        yaw = self.driver.objects()[0].yaw
        self.heading += math.remainder(yaw - self._yaw, math.tau)
        self._yaw = yaw

    def perform(
        self, name: str, operator: Callable[[float], OperatorCommand | None] = lambda stamp: None, **arguments: float
    ) -> Outcome:
        """Runs a skill to its end."""
        self._runner.start(name, arguments)
        while self._runner.busy:
            world = World(self.state.stamp, {thing.id: thing for thing in self.driver.tracked()})
            self.driver.write(self._runner.tick(Observation(self.state, world, operator=operator(self.state.stamp))))
            self.step()
        outcome = self._runner.outcome
        assert outcome is not None
        return outcome


def turn_trial(robot: RobotSpec, category: str, angle: float, seed: int) -> TurnTrial:
    """Rotates by ``angle`` [deg] from the start of a seed, then holds."""
    rig = Rig(robot, category, seed)
    rig.settle()
    before, began = rig.heading, rig.state.stamp
    outcome = rig.perform("rotate", angle_deg=angle)
    turned, seconds = math.degrees(rig.heading - before), rig.state.stamp - began
    claimed, tilt = isinstance(outcome, Succeeded), math.degrees(rig.driver.tilt)
    after = rig.perform("hold", duration=HOLD)
    message = "" if claimed else outcome.message  # type: ignore[union-attr]
    if claimed and not isinstance(after, Succeeded):
        message = after.message
    held, end = rig.driver.holds, math.degrees(rig.heading - before)
    rig.driver.close()
    return TurnTrial(category, seed, angle, claimed, held, turned, end, tilt, seconds, message)


def turn_trials(
    robot: RobotSpec,
    count: int,
    seed: int,
    angles: Sequence[float] = (90.0, -90.0),
    categories: Sequence[str] = CATEGORIES,
) -> Iterator[TurnTrial]:
    """Yields ``count`` trials for every category and angle, on successive seeds."""
    for category in categories:
        for angle in angles:
            for offset in range(count):
                yield turn_trial(robot, category, angle, seed + offset)


def summary(trials: Iterable[TurnTrial]) -> dict[str, Any]:
    """Returns successes, drops, errors and times, for all and for every category and angle."""
    pool = list(trials)
    groups: dict[str, list[TurnTrial]] = {"all": pool}
    for trial in pool:
        groups.setdefault(f"{trial.category} {trial.angle:+g}", []).append(trial)
    return {name: _figures(group) for name, group in groups.items()}


def _figures(trials: Sequence[TurnTrial]) -> dict[str, Any]:
    good = [t for t in trials if t.succeeded]
    return {
        **counts(trials),
        "mean_error_deg": round(float(np.mean([abs(t.turned - t.angle) for t in good])), 1) if good else None,
        "median_tilt_deg": round(float(np.median([t.tilt for t in good])), 1) if good else None,
        "mean_shift_while_holding_deg": round(float(np.mean([abs(t.after - t.turned) for t in good])), 1)
        if good
        else None,
    }


class InHandTrial(Protocol):
    """What every trial of a skill in the hand tells."""

    @property
    def succeeded(self) -> bool: ...  # noqa: D102
    @property
    def claimed(self) -> bool: ...  # noqa: D102
    @property
    def held(self) -> bool: ...  # noqa: D102
    @property
    def seconds(self) -> float: ...  # noqa: D102


def counts(trials: Sequence[InHandTrial]) -> dict[str, Any]:
    """Returns successes with their 95 % interval, drops, wrong claims, and the median time of the good [s]."""
    good = [t for t in trials if t.succeeded]
    return {
        "trials": len(trials),
        "succeeded": len(good),
        "interval": [round(bound, 3) for bound in wilson(len(good), len(trials))],
        "drops": sum(not t.held for t in trials),
        "claimed_wrongly": sum(t.claimed and not t.succeeded for t in trials),
        "median_seconds": round(float(np.median([t.seconds for t in good])), 1) if good else None,
    }
