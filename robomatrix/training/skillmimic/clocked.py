"""Lessons from which experts learn: one clip, followed by its teacher, seen with the time since it began."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robomatrix.robots.loader import load_robot
from robomatrix.scenes.court import RATE, SUBSTEPS, build_model
from robomatrix.skills.skillmimic.ball_in_hand import CREEPING, HIGH, SETTLING
from robomatrix.skills.skillmimic.observation import CLOCK_KNOTS, LOOK, body_and_ball, posture, with_cue
from robomatrix.training.simulation import BatchSimulation
from robomatrix.training.skillmimic.distill import DistillConfig
from robomatrix.training.skillmimic.env import EnvConfig, TeacherEnv
from robomatrix.training.skillmimic.reference import Reference

Array = NDArray[np.float64]
Starts = tuple[Array, Array]
"""States (k, nq), (k, nv) in which a player stands with the ball."""
Act = Callable[[Array, Array, str], Array]
"""A policy: states (n, nq), (n, nv) and a label to servo targets (n, J)."""
FIRST, OVER = 2, 2
"""Frame of a clip at which its clock starts, and how many frames before its last one a repeated clip is over."""
PICKING = 180
"""Frames of picking up."""


@dataclass(frozen=True)
class ClockedConfig:
    """Figures of an expert's learning."""

    worlds: int = 128
    noise: tuple[float, float] = (0.0, 1.3)
    held_share: float = 0.5
    """Share of episodes that start from states of a player who has picked the ball up."""
    pushes: float = 0.15
    """Half width of the pushes of the pelvis [m/s]."""
    linger: float = 25.0
    repeated: float = 0.0
    """Share of finished clips that begin again, everything as it is."""
    emphasis: float = 4.0
    """How much a state near a release of the ball counts."""
    around: tuple[int, int] = (14, 3)
    """Frames before and after the release that are near."""
    distill: DistillConfig = DistillConfig(
        iterations=300, teacher_iterations=6, buffer=120, updates=40, batch=640, hidden=(384, 192), arms=3.0
    )
    seed: int = 3


class ClockedLesson:
    """Implements :class:`robomatrix.training.skillmimic.distill.Lesson` on one clip."""

    plain = CLOCK_KNOTS
    hoop: Array | None = None
    """(3,) what the expert sees of the hoop [m]."""

    def __init__(self, clip: Reference, gains: NDArray[np.float32], starts: Starts, config: ClockedConfig) -> None:
        """``starts`` are states in which a player who has picked the ball up stands; without any, none begins so."""
        env = EnvConfig(
            worlds=config.worlds, seed=config.seed, noise_scale=config.noise, first_frame=1.0, linger=config.linger,
            pushes=config.pushes,
        )  # fmt: skip
        self.env, self.starts, self.config = TeacherEnv(clip, env, gains), starts, config
        self.sim = self.env.sim
        self._rng = np.random.default_rng(config.seed)
        self._idle = np.zeros((config.worlds, self.env.num_actions))
        release, frames = released(clip), np.arange(len(clip))
        before, after = config.around
        self._emphasis = np.where((frames >= release - before) & (frames < release + after), config.emphasis, 1.0)
        self._begin(np.arange(config.worlds))
        self._remembered = posture(self._own())

    def draw(self) -> None:
        """Nothing is drawn anew for a round."""

    def seen(self) -> Array:
        """Returns (n, d) what the expert sees."""
        own, elapsed = self._own(), (self.env.frame - FIRST) / RATE
        looking = elapsed < LOOK + 0.5 / RATE
        self._remembered[looking] = posture(own[looking])
        return with_cue(own, self.sim.qpos, self._remembered, self.hoop, elapsed)

    def _own(self) -> Array:
        return body_and_ball(self.sim.qpos, self.sim.qvel)

    def emphasis(self) -> Array:
        """Returns (n,) how much the present states count: more in a push, which lasts eight frames."""
        return self._emphasis[self.env.frame]

    def wanted(self) -> Array:
        """Returns (n, J) the servo targets of the teacher [rad]."""
        return self.env.targets(self._idle)

    def advance(self, targets: Array) -> int:
        """One control step; restarts episodes that failed or ended."""
        env, before = self.env, self.env.frame
        env.advance(targets)
        failed = env.failed(env.errors())
        again = (env.frame >= len(env.reference) - 1 - OVER) & ~failed
        again &= self._rng.random(self.sim.worlds) < self.config.repeated
        env.frame[again] = FIRST
        self._begin(env.restart(before, failed, env.ended(before) & ~failed & ~again))
        return int(failed.sum())

    def _begin(self, ids: NDArray[np.intp]) -> None:
        """Lets some of the episodes that just began start from a ball that was picked up."""
        share = self.config.held_share if len(self.starts[0]) else 0.0
        held = ids[self._rng.random(len(ids)) < share]
        if not len(held):
            return
        chosen = self._rng.integers(len(self.starts[0]), size=len(held))
        self.env.place(held, np.full(len(held), FIRST), self.starts[0][chosen].copy(), self.starts[1][chosen].copy())


def released(clip: Reference) -> int:
    """Returns the last frame before the ball first leaves the hands."""
    return int(np.argmin(clip.contact.any(axis=1))) - 1


def period(clip: Reference) -> float:
    """Returns after how long a repeated clip begins again [s]."""
    return (len(clip) - 1 - OVER - FIRST) / RATE


def held_starts(act: Act, qpos: Array, qvel: Array, worlds: int, joints: float, seed: int) -> Starts:
    """Returns states in which a player is ready to play the ball that a policy has picked up, as its skills have it.

    It has stood for a while, and the ball lies high enough between the palms; who does not get there is left out.

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
    waiting = np.ones(worlds, bool)
    for frame in range(PICKING + round(CREEPING * RATE)):
        sim.step(act(sim.qpos, sim.qvel, "pick_up" if frame < PICKING else "stand"))
        if frame + 1 >= PICKING + SETTLING * RATE:
            ready = waiting & (sim.qpos[:, -5] >= HIGH)
            waiting &= ~ready
            kept.append((sim.qpos[ready].copy(), sim.qvel[ready].copy()))
    return np.concatenate([q for q, _ in kept]), np.concatenate([v for _, v in kept])
