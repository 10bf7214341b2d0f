"""Makes the teacher's catch robust: offsets of its servo targets, searched over many balls and start errors.

The controller that follows the clip loses half of the balls that come a little aside or early. The offsets, the same
for every ball, are those with which most are held among a new draw of start errors in each iteration.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from robomatrix.training.skillmimic.env import EnvConfig, TeacherEnv
from robomatrix.training.skillmimic.reference import Reference
from robomatrix.training.skillmimic.search import SearchConfig, cross_entropy, directions, splines, with_targets

Array = NDArray[np.float64]
KNOTS = (-14, -9, -5, -2, 1, 4, 8, 14, 22)
"""Frames of the knots from the touch."""
SINGLE = ("waist_pitch", "waist_yaw")
GRIP = 0.118
"""Distance of a palm from the centre of a held ball [m]."""


@dataclass(frozen=True)
class CatchConfig:
    """The search, and how each candidate is tried."""

    draws: int = 8
    """Start errors on which each candidate is tried."""
    noise: tuple[float, float] = (0.9, 1.0)
    """Their factors."""
    watched: int = 75
    """Frames after the touch for which the ball must be held."""
    search: SearchConfig = field(
        default_factory=lambda: SearchConfig(40, 32, 0.08, keep=0.17, pace=0.6, narrowest=0.015)
    )


def make_sure(
    catch: Reference, gains: NDArray[np.float32], config: CatchConfig, log: Callable[[str], None]
) -> Reference:
    """Returns the catch with the feed-forward found; postures stay the clip's."""
    search = _CatchSearch(catch, gains, config)
    shape = (search.splines.shape[1], len(search.basis))
    mean = cross_entropy(search.cost, shape, config.search, lambda text: log(f"catch {text}"))
    offsets = search.offsets(mean[None])[0]
    return with_targets(catch, search.env.open_loop + offsets, search.env)


class _CatchSearch:
    def __init__(self, catch: Reference, gains: NDArray[np.float32], config: CatchConfig) -> None:
        self.config, self.touch = config, int(catch.touch[0])
        self.end = min(self.touch + config.watched, len(catch) - 4)
        worlds = config.search.population * config.draws
        self.env = TeacherEnv(catch, EnvConfig(worlds=worlds, first_frame=1.0, noise_scale=config.noise), gains)
        self.basis = directions(self.env.model, SINGLE, opposed=True)
        self.splines = splines(len(catch), [self.touch + k for k in KNOTS], (8, 14))

    def offsets(self, tried: Array) -> Array:
        """Returns (n, T, J) offsets [rad]."""
        return np.einsum("fk,nkd,dj->nfj", self.splines, tried, self.basis)

    def cost(self, tried: Array) -> tuple[Array, str]:
        """Returns the cost (n,) of candidates, and how the first of them does."""
        env, config = self.env, self.config
        offsets, worlds = self.offsets(tried), np.arange(self.env.num_envs)
        self._draw()
        away = np.zeros(len(worlds))
        while env.frame[0] < self.end:
            added = np.repeat(offsets[:, env.frame[0] + 1], config.draws, axis=0)
            env.advance(np.clip(env.targets(np.zeros_like(added)) + added, *env.limits))
            if env.frame[0] >= self.touch + 12:
                away += self._away()
        errors = env.errors()
        lost = (errors["ball_distance"] > 0.25) | (errors["distance"] > 0.3)
        cost = away / (self.end - self.touch - 11) + lost + np.minimum(errors["distance"], 0.5)
        cost = cost.reshape(len(tried), config.draws).mean(axis=1) + 0.15 * np.mean(tried**2, axis=(1, 2))
        return cost, f"{1.0 - lost[: config.draws].mean():.2f} of {config.draws} held"

    def _draw(self) -> None:
        """The same new start errors for every candidate."""
        env = self.env
        env.reset(np.arange(env.num_envs))
        states = (
            env.sim.qpos.reshape(-1, self.config.draws, env.model.nq)[0],
            env.sim.qvel.reshape(-1, self.config.draws, env.model.nv)[0],
        )
        qpos, qvel = (np.tile(state, (env.num_envs // self.config.draws, 1)) for state in states)
        env.place(np.arange(env.num_envs), env.frame.copy(), qpos, qvel)

    def _away(self) -> Array:
        """(n,) how far the farther palm is from holding the ball, 0 to 1."""
        env = self.env
        sensors = env.sim.sensors
        palms = np.stack([sensors[:, env.sim.sensor_slice(f"{side}_palm_position")] for side in ("left", "right")], 1)
        ball = sensors[:, env.sim.sensor_slice("ball_position")]
        gap = np.abs(np.linalg.norm(palms - ball[:, None], axis=2) - GRIP).max(axis=1)
        return np.minimum(gap, 0.3) / 0.3
