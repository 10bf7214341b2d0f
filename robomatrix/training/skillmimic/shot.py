"""A set shot made from a chest pass: bent, by search in the simulator, until the ball drops through the hoop.

The clips' own shots are finished by the fingers of one hand; flat palms lose the ball there. Here the servo targets of
the pass get offsets with which the ball comes down at the hoop's height where the hoop is, and the player stands
afterwards. What the simulated player then does is the new reference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from robomatrix.motions.edit import GRAVITY
from robomatrix.skills.skillmimic.observation import heading
from robomatrix.training.skillmimic.env import EnvConfig, TeacherEnv
from robomatrix.training.skillmimic.reference import Reference, points_and_shifts
from robomatrix.training.skillmimic.search import SearchConfig, cross_entropy, directions, splines, with_targets

Array = NDArray[np.float64]
SINGLE = ("waist_pitch", "waist_yaw", "right_shoulder_pitch", "right_shoulder_yaw")
"""Joints that move alone: the pass is not quite symmetrical."""


@dataclass(frozen=True)
class ShotConfig:
    """What is asked of the shot, and the search for it."""

    distance: float = 2.4
    """From the pelvis to the hoop's centre, along the heading [m]."""
    height: float = 3.05
    """Of the hoop [m]."""
    apex: float = 3.5
    """Least height that the ball shall reach, to come down steeply enough [m]."""
    before: int = 36
    """Frames before the release in which offsets begin."""
    after: int = 12
    """Frames after the release in which they end."""
    spacing: int = 6
    """Frames between knots."""
    watched: int = 50
    """Frames after the release for which the player must stand."""
    search: SearchConfig = field(default_factory=lambda: SearchConfig(160, 60, 0.25))


def make_shot(
    throw: Reference, gains: NDArray[np.float32], label: int, config: ShotConfig, log: Callable[[str], None]
) -> Reference:
    """Returns the reference of a shot made from that of a pass, with its feedback gains (T, J, 2 V)."""
    search = _ShotSearch(throw, gains, config)
    return replace(search.retraced(search.run(log)), label=np.full(len(throw), label))


class _ShotSearch:
    def __init__(self, throw: Reference, gains: NDArray[np.float32], config: ShotConfig) -> None:
        self.throw, self.gains, self.config = throw, gains, config
        self.release = int(np.flatnonzero(throw.contact.any(axis=1))[-1])
        self.first = max(self.release - config.before - config.spacing, 2)
        self.end = min(self.release + config.watched, len(throw) - 4)
        knots = range(self.release - config.before, self.release + config.after + 1, config.spacing)
        self.splines = splines(len(throw), list(knots), (config.spacing, config.spacing))
        quiet = EnvConfig(worlds=config.search.population, noise_scale=(0.0, 0.0), seed=config.search.seed)
        self.env = TeacherEnv(throw, quiet, gains)
        self.basis = directions(self.env.model, SINGLE)
        self.goal = throw.qpos[self.release, :2] + config.distance * heading(throw.qpos[:1, 3:7])[0]

    def run(self, log: Callable[[str], None]) -> Array:
        """Returns (T, J) the offsets found [rad]."""
        shape = (self.splines.shape[1], len(self.basis))
        mean = cross_entropy(self._cost, shape, self.config.search, lambda text: log(f"shot {text}"))
        return self._offsets(mean[None])[0]

    def _offsets(self, tried: Array) -> Array:
        return np.einsum("fk,nkd,dj->nfj", self.splines, tried, self.basis)

    def _cost(self, tried: Array) -> tuple[Array, str]:
        """(n,) how far each misses, and how the mean of the search does."""
        env, offsets = self.env, self._offsets(tried)
        left = np.zeros(env.num_envs, int)
        position, velocity = np.zeros((2, env.num_envs, 3))
        self._begin(env)
        for frame in range(self.first, self.end):
            env.advance(_targets(env, offsets[:, frame + 1]))
            left[env.hands.any(axis=1)] = frame
            flying = frame == left + 2
            position[flying], velocity[flying] = env.sim.qpos[flying, -7:-4], env.sim.qvel[flying, -6:-3]
        miss, apex = self._landing(position, velocity)
        cost = np.minimum(miss, 1.5) + 1.2 * np.maximum(self.config.apex - apex, 0.0) + 3.0 * (left > self.end - 20)
        cost += 2.0 * np.clip(env.errors()["distance"] - 0.05, 0.0, 1.0) + 3.0 * (env.sim.qpos[:, 2] < 0.8)
        cost += 0.3 * np.mean(tried**2, axis=(1, 2))
        return cost, f"misses by {miss[0]:.2f} m, rises to {apex[0]:.2f} m"

    def _begin(self, env: TeacherEnv) -> None:
        frames = np.full(env.num_envs, self.first)
        env.place(np.arange(env.num_envs), frames, self.throw.qpos[frames].copy(), self.throw.qvel[frames].copy())

    def _landing(self, position: Array, velocity: Array) -> tuple[Array, Array]:
        """(n,) distance from the hoop's centre at its height, coming down, and highest point [m]."""
        rise = np.maximum(velocity[:, 2], 0.0)
        apex = position[:, 2] + rise**2 / (2.0 * GRAVITY)
        left = np.maximum(rise**2 - 2.0 * GRAVITY * (self.config.height - position[:, 2]), 0.0)
        time = (rise + np.sqrt(left)) / GRAVITY
        landing = position[:, :2] + velocity[:, :2] * time[:, None]
        return np.linalg.norm(landing - self.goal, axis=1), apex

    def retraced(self, offsets: Array) -> Reference:
        """Returns what the player does under the offsets as a reference whose feed-forward leads along it."""
        env = TeacherEnv(self.throw, EnvConfig(worlds=1, noise_scale=(0.0, 0.0)), self.gains)
        self._begin(env)
        qpos, qvel, contact = self.throw.qpos.copy(), self.throw.qvel.copy(), self.throw.contact.copy()
        applied = env.open_loop.copy()
        for frame in range(self.first, len(self.throw) - 1):
            applied[frame + 1] = _targets(env, offsets[frame + 1 : frame + 2])[0]
            env.advance(applied[frame + 1 : frame + 2])
            qpos[frame + 1], qvel[frame + 1], contact[frame + 1] = env.sim.qpos[0], env.sim.qvel[0], env.hands[0]
        last = int(np.flatnonzero(contact.any(axis=1))[-1])
        contact[: last + 1], contact[last + 1 :] = True, False
        points, joints, moved = points_and_shifts(env.model, qpos)
        traced = replace(
            self.throw, qpos=qpos, qvel=qvel, contact=contact, points=points, shift_joints=joints, shift_points=moved
        )
        return with_targets(traced, applied, env)


def _targets(env: TeacherEnv, offsets: Array) -> Array:
    return np.clip(env.targets(np.zeros_like(offsets)) + offsets, *env.limits)
