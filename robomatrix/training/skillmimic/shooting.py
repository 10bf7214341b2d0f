"""The lesson from which the set shot's expert learns: the made shot, aimed by how the ball lies in the hands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robomatrix.robots.loader import load_robot
from robomatrix.scenes.court import RATE, SUBSTEPS, build_model
from robomatrix.skills.skillmimic.observation import CLOCK_KNOTS, body_and_ball, with_cue
from robomatrix.training.simulation import BatchSimulation
from robomatrix.training.skillmimic.aiming import AimLaw, GripView, Starts
from robomatrix.training.skillmimic.distill import DistillConfig
from robomatrix.training.skillmimic.env import EnvConfig, TeacherEnv
from robomatrix.training.skillmimic.reference import Reference

Array = NDArray[np.float64]
Act = Callable[[Array, Array, str], Array]
"""A policy: states (n, nq), (n, nv) and a label to servo targets (n, J)."""
FIRST = 2
"""Frame of the shot at which its clock starts."""
PICKING, HOLDING = 192, (5, 30, 60, 89)
"""Frames of picking up, and of standing with the ball after it in which states are kept."""
CALM = 0.3
"""A held ball is slower [m/s]."""
BEFORE, AFTER = 14, 3
"""Frames before and after the release in which a state counts more."""


@dataclass(frozen=True)
class ShotConfig:
    """Figures of the expert's learning."""

    worlds: int = 128
    noise: tuple[float, float] = (0.0, 1.3)
    held_share: float = 0.5
    """Share of episodes that start from states of a player who has picked the ball up."""
    pushes: float = 0.15
    """Half width of the pushes of the pelvis [m/s]."""
    linger: float = 25.0
    emphasis: float = 4.0
    """How much a state in the push counts."""
    distill: DistillConfig = DistillConfig(
        iterations=300, teacher_iterations=6, buffer=120, updates=40, batch=640, hidden=(384, 192), arms=3.0,
    )  # fmt: skip
    seed: int = 3


class ShotLesson:
    """Implements :class:`robomatrix.training.skillmimic.distill.Lesson`."""

    plain = CLOCK_KNOTS

    def __init__(
        self, shot: Reference, gains: NDArray[np.float32], law: AimLaw, starts: Starts, config: ShotConfig
    ) -> None:
        """``starts`` are states in which a player who has picked the ball up stands."""
        env = EnvConfig(
            worlds=config.worlds, seed=config.seed, noise_scale=config.noise, first_frame=1.0, linger=config.linger,
            pushes=config.pushes,
        )  # fmt: skip
        self.env, self.law, self.starts, self.config = TeacherEnv(shot, env, gains), law, starts, config
        self.sim, self._view = self.env.sim, GripView(law.hoop)
        self._rng = np.random.default_rng(config.seed)
        self._idle = np.zeros((config.worlds, self.env.num_actions))
        self._steps = np.zeros((config.worlds, len(law.changes)))
        release = int(np.flatnonzero(shot.contact.any(axis=1))[-1])
        frames = np.arange(len(shot))
        self._emphasis = np.where((frames >= release - BEFORE) & (frames < release + AFTER), config.emphasis, 1.0)
        self._begin(np.arange(config.worlds))

    def draw(self) -> None:
        """Nothing is drawn anew for a round."""

    def seen(self) -> Array:
        """Returns (n, d) what the expert sees."""
        qpos, elapsed = self.sim.qpos, (self.env.frame - FIRST) / RATE
        return with_cue(body_and_ball(qpos, self.sim.qvel), qpos, self.law.hoop, elapsed)

    def emphasis(self) -> Array:
        """Returns (n,) how much the present states count: more in the push, which lasts eight frames."""
        return self._emphasis[self.env.frame]

    def wanted(self) -> Array:
        """Returns (n, J) the servo targets of the teacher [rad]."""
        env = self.env
        looking = np.flatnonzero(env.frame == self.law.frame)
        if len(looking):
            self._steps[looking] = self.law.steps(self._view.features(env.sim.qpos[looking]))
        following = np.minimum(env.frame + 1, env.last[env.frame])
        return np.clip(env.targets(self._idle) + self.law.changed(following, self._steps), *env.limits)

    def advance(self, targets: Array) -> int:
        """One control step; restarts episodes that failed or ended."""
        env, before = self.env, self.env.frame
        env.advance(targets)
        failed = env.failed(env.errors())
        env.restart(before, failed, env.ended(before) & ~failed)
        self._begin(np.flatnonzero(env.age == 0))
        return int(failed.sum())

    def _begin(self, ids: NDArray[np.intp]) -> None:
        """Lets some of the episodes that just began start from a ball that was picked up."""
        self._steps[ids] = 0.0
        held = ids[self._rng.random(len(ids)) < self.config.held_share]
        chosen = self._rng.integers(len(self.starts[0]), size=len(held))
        self.env.place(held, np.full(len(held), FIRST), self.starts[0][chosen].copy(), self.starts[1][chosen].copy())


def held_starts(act: Act, qpos: Array, qvel: Array, worlds: int, joints: float, seed: int) -> Starts:
    """Returns states in which a player stands with the ball after a policy has picked it up.

    Args:
        act: the policy.
        qpos: (nq,) where picking up begins; the ball is displaced by up to 5 cm.
        qvel: (nv,).
        worlds: how many pick it up.
        joints: half width of the errors of the joints at the beginning [rad].
        seed: of the errors.
    """
    model, rng = build_model(), np.random.default_rng(seed)
    sim = BatchSimulation([model], worlds, SUBSTEPS)
    places, speeds = np.repeat(qpos[None], worlds, axis=0), np.repeat(qvel[None], worlds, axis=0)
    places[:, -7:-5] += rng.uniform(-0.05, 0.05, (worlds, 2))
    places[:, 7:-7] += rng.uniform(-joints, joints, (worlds, len(load_robot("player").joints)))
    sim.reset(np.arange(worlds), places, speeds)
    kept: list[Starts] = []
    for frame in range(PICKING + HOLDING[-1] + 1):
        sim.step(act(sim.qpos, sim.qvel, "pick_up" if frame < PICKING else "stand"))
        if frame - PICKING in HOLDING:
            sound = (sim.qpos[:, 2] > 0.85) & (sim.qpos[:, -5] > 0.9)
            sound &= np.linalg.norm(sim.qvel[:, -6:-3], axis=1) < CALM
            kept.append((sim.qpos[sound].copy(), sim.qvel[sound].copy()))
    return np.concatenate([q for q, _ in kept]), np.concatenate([v for _, v in kept])
