"""Runs one cell of the comparison: a method under a corruption, on many hands at once, with resets after drops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robomatrix.evaluation.dexgen.expert import DEADLINE, Expert, Plan, goal_distance
from robomatrix.evaluation.dexgen.methods import method
from robomatrix.evaluation.dexgen.operators import corruption
from robomatrix.robots.spec import RobotSpec
from robomatrix.training.dexgen.grasps import Grasps
from robomatrix.training.dexgen.simulation import ATTITUDES, CONTROL_PERIOD, HandBatch

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Tally:
    """What one hand did in one cell."""

    method: str
    corruption: str
    object: str
    attitude: str
    seed: int
    seconds: float
    drops: int
    goals: int
    goals_set: int
    following: float
    """Cosine between commanded and executed keypoint motion, averaged over ticks weighted by the commanded length."""


class _Hand:
    """The operator's bookkeeping of one hand."""

    def __init__(self) -> None:
        self.plan = Plan(np.zeros((0, 16)), None)
        self.age = 0
        self.drops = self.goals = self.goals_set = 0
        self.dot = self.length = 0.0

    def begin(self, plan: Plan) -> None:
        self.plan, self.age = plan, 0
        self.goals_set += plan.goal is not None

    @property
    def intended(self) -> Array:
        return self.plan.targets[min(self.age, len(self.plan.targets) - 1)]

    @property
    def done(self) -> bool:
        return self.age >= (DEADLINE if self.plan.goal is not None else len(self.plan.targets))


class Cell:
    """One method under one corruption: a hand for every pair of object and wrist attitude."""

    def __init__(
        self,
        robot: RobotSpec,
        grasps: Sequence[Grasps],
        method_text: str,
        corruption_name: str,
        seed: int = 0,
        attitudes: Sequence[str] = tuple(ATTITUDES),
        folder: Path | None = None,
    ) -> None:
        """Takes the grasp sets of the objects; hands start in, and are reset to, their grasps."""
        self._pairs = [(g, a) for g in grasps for a in attitudes]
        self._labels = (method_text, corruption_name, seed)
        rng = np.random.default_rng(seed)
        self._rng = rng
        self._hands = HandBatch(robot, [g.held for g, _ in self._pairs])
        self._expert = Expert(self._hands, [g for g, _ in self._pairs], rng)
        self._method = method(method_text, robot, folder)
        self._corruption = corruption(corruption_name, len(self._pairs), rng)
        self._states = [_Hand() for _ in self._pairs]
        self._targets = np.zeros((len(self._pairs), 16))

    def run(self, seconds: float) -> list[Tally]:
        """Simulates so many seconds of every hand."""
        for index in range(len(self._pairs)):
            self._place(index)
        self._method.reset(self._targets)
        for index, state in enumerate(self._states):
            state.begin(self._expert.plan(index, self._targets[index]))
        for _ in range(round(seconds / CONTROL_PERIOD)):
            self._tick()
        return [self._tally(i, seconds) for i in range(len(self._pairs))]

    def _place(self, index: int) -> None:
        grasps, attitude = self._pairs[index]
        row = int(self._rng.integers(len(grasps)))
        self._hands.place(index, grasps.positions[row], grasps.targets[row], grasps.poses[row])
        self._hands.turn(index, ATTITUDES[attitude])
        self._targets[index] = grasps.targets[row]

    def _tick(self) -> None:
        positions = self._hands.positions
        command = self._corruption(positions, np.array([s.intended for s in self._states]))
        self._targets = self._method(positions, command)
        self._hands.step(self._targets)
        self._follow(positions, command)
        self._judge()

    def _follow(self, before: Array, command: Array) -> None:
        points = self._hands.kinematics.keypoints(np.stack([before, command, self._hands.positions]))
        wanted, made = (points[1] - points[0]).reshape(-1, 24), (points[2] - points[0]).reshape(-1, 24)
        length = np.linalg.norm(wanted, axis=1)
        cosine = (wanted * made).sum(axis=1) / np.maximum(length * np.linalg.norm(made, axis=1), 1e-9)
        for state, share, weight in zip(self._states, cosine, length, strict=True):
            state.dot, state.length = state.dot + share * weight, state.length + weight

    def _judge(self) -> None:
        poses, dropped = self._hands.poses, self._hands.dropped
        for index, state in enumerate(self._states):
            state.age += 1
            goal = state.plan.goal
            if dropped[index]:
                state.drops += 1
                self._place(index)
                self._method.reset_row(index, self._targets[index])
                self._corruption.reset(index)
            elif goal is not None and goal_distance(poses[index], goal) < 1.0:
                state.goals += 1
            elif not state.done:
                continue
            state.begin(self._expert.plan(index, self._targets[index]))

    def _tally(self, index: int, seconds: float) -> Tally:
        (grasps, attitude), state = self._pairs[index], self._states[index]
        name, corrupted, seed = self._labels
        return Tally(
            method=name,
            corruption=corrupted,
            object=grasps.held.shape,
            attitude=attitude,
            seed=seed,
            seconds=seconds,
            drops=state.drops,
            goals=state.goals,
            goals_set=state.goals_set,
            following=round(state.dot / max(state.length, 1e-9), 4),
        )
