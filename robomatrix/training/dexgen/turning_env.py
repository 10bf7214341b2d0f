"""Turning an object by wanted angles, palm up, as an environment for PPO: a finger gait plus learnt corrections.

A world keeps still for a while, draws an angle, turns until it is reached, and so on; an object that leaves the
fingers ends the episode.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tensordict import TensorDict

from robomatrix.policies.dexgen.turning import PERIOD, FingerGait, Turner, relative, twist_and_tilt
from robomatrix.training.dexgen.simulation import HAND_CENTRE
from robomatrix.training.dexgen.turning_worlds import TurningWorlds

Array = NDArray[np.float64]
Ids = NDArray[np.intp]

CRADLE, CRADLE_SIZE = np.array([0.05, 0.0, 0.01]), np.array([0.025, 0.025, 0.035])
"""Box (centre, half sizes) in the palm frame that objects should stay in [m]."""


@dataclass(frozen=True)
class TurningTask:
    """What is asked and what it is worth."""

    angle: tuple[float, float] = (0.4, 2.5)
    """Drawn angles [rad]."""
    early: float = 0.06
    """Turning ends this much before the angle [rad]."""
    still: tuple[float, float] = (1.0, 2.0)
    """Time to keep still [s]."""
    reach: float = 0.035
    """An object that far from the cradle ends the episode: it falls, or the fingers do not reach it any more [m]."""
    first: float = 1.0
    """Time for a new grip before the first angle [s]."""
    resting: float = 0.15
    """Chance to be asked to keep still instead of an angle."""
    episode: float = 14.0
    """[s]"""
    place_noise: float = 0.001
    """Of the tracking system [m] ..."""
    heading_noise: float = 0.01
    """... and [rad]."""
    fastest: float = 0.35
    """Turning faster than this is worth no more [rad/s]."""
    grip: float = 1.2
    """A rest with this much effort of all servos together is firm [N m]."""


class TurningEnv:
    """See :class:`robomatrix.training.ppo.VectorEnv`."""

    num_actions = 16

    def __init__(
        self, worlds: TurningWorlds, gaits: Sequence[FingerGait], task: TurningTask, rng: np.random.Generator
    ) -> None:
        """Puts all worlds into random grasps at random ages, so that episodes do not end together."""
        self.worlds, self.task, self._rng = worlds, task, rng
        self.num_envs = count = len(worlds)
        kinematics = worlds.kinematics
        self.turner = Turner(*gaits, kinematics.lower, kinematics.upper, count)
        self.age = np.zeros(count, dtype=np.int64)
        self.direction = np.zeros(count)
        self._goal, self._still = np.zeros(count), np.zeros(count)
        self._heading, self._tilt = np.zeros(count), np.zeros(count)
        self._reference = worlds.poses.copy()
        self._begin(np.arange(count))
        self.age[:] = rng.integers(0, round(task.episode / PERIOD), count)
        self._observation = self._observe()

    def observations(self) -> TensorDict:
        """Returns what actor and critic see now."""
        return self._observation

    def _observe(self) -> TensorDict:
        seen = self._measure()
        worlds = self.worlds
        actor = self.turner.observe(worlds.positions, seen[:, :3], seen[:, 3], self.direction, worlds.sizes)
        truth = [
            actor,
            self.worlds.velocities,
            relative(self.worlds.poses, self._reference),
            self.worlds.poses[:, :3] - HAND_CENTRE,
            self.worlds.poses[:, 3:],
            self._tilt[:, None],
            self.direction[:, None] * (self._goal - self._heading)[:, None],
        ]
        return TensorDict({"actor": _tensor(actor), "critic": _tensor(np.concatenate(truth, -1))}, [self.num_envs])

    def step(self, action: torch.Tensor) -> tuple[TensorDict, torch.Tensor, torch.Tensor, dict]:
        """Advances every world; returns observations, rewards (n,), dones (n,) and extras."""
        last = self.turner.action
        before = self.worlds.poses.copy()
        self.worlds.step(self.turner.act(action.numpy().astype(np.float64)))
        turned, tilted = twist_and_tilt(self.worlds.poses, before)
        self._heading += turned
        self._tilt = twist_and_tilt(self.worlds.poses, self._reference)[1]
        self.age += 1
        dropped = (_outside(self.worlds.poses) > self.task.reach) | ~np.isfinite(self.worlds.velocities).all(-1)
        terms = self._rewards(turned, tilted, last, dropped)
        reward = np.sum(list(terms.values()), axis=0)
        expired = (self.age * PERIOD >= self.task.episode) & ~dropped
        done = dropped | expired
        log = {name: float(np.nanmean(value)) for name, value in terms.items()}
        moving = self.direction != 0.0
        log["speed"] = float((self.direction * turned)[moving].mean() / PERIOD) if moving.any() else float("nan")
        log["episode"] = float(self.age[done].mean()) if done.any() else float("nan")
        log["drops"] = float(dropped.mean() / PERIOD * 60.0)
        self._follow_goals()
        self._begin(np.flatnonzero(done))
        extras = {"time_outs": _tensor(expired), "log": log}
        self._observation = self._observe()
        return self._observation, _tensor(reward), torch.from_numpy(done.astype(np.int64)), extras

    def _rewards(self, turned: Array, tilted: Array, last: Array, dropped: NDArray[np.bool_]) -> dict[str, Array]:
        limit = self.task.fastest * PERIOD
        still = self.direction == 0.0
        change = self.turner.action - last
        return {
            "turning": np.where(still, 0.0, 16.0 * np.clip(self.direction * turned, -limit, limit)),
            "rest": np.where(still, -4.0 * np.abs(turned), 0.0),
            "grip": np.where(still, 0.3 * np.minimum(self.worlds.grip / self.task.grip, 1.0), 0.0),
            "tilting": -0.3 * np.minimum(tilted, 0.3),
            "place": -5.0 * _outside(self.worlds.poses),
            "effort": -0.002 * np.square(self.turner.action).mean(-1) - 0.001 * np.square(change).mean(-1),
            "drop": -8.0 * dropped,
        }

    def _begin(self, ids: Ids) -> None:
        if not ids.size:
            return
        self.age[ids] = 0
        self.worlds.reset(ids)
        self._reference[ids] = self.worlds.poses[ids]
        self._heading[ids] = self._tilt[ids] = 0.0
        self.direction[ids], self._still[ids] = 0.0, self.task.first
        start = self._measure()
        self.turner.reset(ids, self.worlds.targets[ids], self.worlds.positions[ids], start[ids, :3], start[ids, 3])

    def _draw(self, ids: Ids) -> None:
        chances = [(1.0 - self.task.resting) / 2.0, self.task.resting, (1.0 - self.task.resting) / 2.0]
        self.direction[ids] = self._rng.choice([-1.0, 0.0, 1.0], len(ids), p=chances)
        self._goal[ids] = self._heading[ids] + self.direction[ids] * self._rng.uniform(*self.task.angle, len(ids))
        self._still[ids] = self._rng.uniform(*self.task.still, len(ids))

    def _follow_goals(self) -> None:
        reached = (self.direction != 0.0) & (self.direction * (self._goal - self._heading) < self.task.early)
        self.direction[reached] = 0.0
        resting = self.direction == 0.0
        self._still[resting] -= PERIOD
        self._draw(np.flatnonzero(resting & (self._still <= 0.0)))

    def _measure(self) -> Array:
        noise = self._rng.normal(size=(self.num_envs, 4)) * ([self.task.place_noise] * 3 + [self.task.heading_noise])
        return np.concatenate([self.worlds.poses[:, :3], self._heading[:, None]], axis=1) + noise


def _outside(poses: Array) -> Array:
    """Returns how far objects are from the cradle (n,) [m]."""
    return np.maximum(np.abs(poses[:, :3] - CRADLE) - CRADLE_SIZE, 0.0).sum(axis=1)


def _tensor(values: NDArray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
