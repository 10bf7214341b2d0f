"""A set shot that answers how the ball lies in the hands.

Where the shot comes down depends on how the palms hold the ball, above all on how high between them it lies: a
centimetre is 14 cm at the hoop. Once start errors have settled, the push is changed along a few figures of its design
by a law, linear in features of the grip, that is regressed on trials in which these figures are changed at random.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import mujoco
import numpy as np
from numpy.typing import NDArray

from robomatrix.motions.edit import GRAVITY
from robomatrix.scenes.court import RATE, build_model, court
from robomatrix.skills.skillmimic.observation import LOOK, heading, into_heading, into_world
from robomatrix.training.skillmimic.clocked import FIRST, Starts, released
from robomatrix.training.skillmimic.env import EnvConfig, TeacherEnv
from robomatrix.training.skillmimic.hands import SIDES
from robomatrix.training.skillmimic.reference import Reference
from robomatrix.training.skillmimic.shot import ShotDesign, make_shot

Array = NDArray[np.float64]
STEPS: tuple[tuple[str, int | None, float], ...] = (
    ("aim", 0, 0.3), ("aim", 1, 0.2), ("apex", None, 0.35), ("release", 0, 0.03), ("behind", None, 0.08),
    ("pitch", 1, 0.15),
)  # fmt: skip
"""Figures of the design that the law changes, which part of them, and a step of each."""
LOW = -0.028
"""A ball lower between the palms than this touches more than the palms [m]."""
LARGEST = 2.0
"""Of a change, in steps."""


@dataclass(frozen=True)
class AimConfig:
    """Figures of the regression."""

    frame: int = FIRST + round(LOOK * RATE)
    """Of the shot at which the grip is looked at: start errors have settled, the push is still to come."""
    trials: int = 300
    rounds: int = 5
    spread: tuple[float, float] = (0.5, 0.3)
    """Standard deviation of the random changes in the first round and in the others [steps]."""
    held_share: float = 0.6
    """Share of trials that start from states of a player who has picked the ball up."""
    noise: tuple[float, float] = (0.0, 1.2)
    apex: float = 3.42
    """To which the ball shall rise [m]."""
    ridge: float = 3.0
    reluctance: float = 0.05
    """Against large changes."""
    seed: int = 160


@dataclass(frozen=True, eq=False)
class AimLaw:
    """Changes the servo targets of a shot."""

    changes: Array
    """(K, T, J) of the targets, for a step of each figure [rad]."""
    matrix: Array
    """(D, K) from features to steps."""
    frame: int
    hoop: Array
    """(3,) its centre [m]."""

    def steps(self, features: Array) -> Array:
        """Returns (n, K) the changes for features (n, D), in steps."""
        return np.clip(features @ self.matrix, -LARGEST, LARGEST)

    def changed(self, frame: NDArray[np.int64], steps: Array) -> Array:
        """Returns (n, J) what is added to the targets at frames (n,) of the shot [rad]."""
        return np.einsum("knj,nk->nj", self.changes[:, frame], steps)


def hoop_of(empty: Array) -> Array:
    """Returns (3,) the hoop's centre where the court has it from a player at rest with empty hands (nq,) [m]."""
    place = np.array(court()["hoop"]["position"])
    return into_world(heading(empty[None, 3:7]), place)[0] + [*empty[:2], 0.0]


def design_changes(model: mujoco.MjModel, shot: Reference, design: ShotDesign) -> Array:
    """Returns (K, T, J) how the open-loop targets of a shot change with a step of each figure [rad].

    Raises:
        ValueError: the push would get another number of frames even by a quarter of a step.
    """

    def targets(changed: ShotDesign) -> Array:
        made = make_shot(model, shot.qpos[0], shot.qpos[-1], int(shot.label[0]), changed)
        return TeacherEnv(made, EnvConfig(worlds=1), np.zeros((len(made), 1, 1), np.float32)).open_loop

    return np.array([_slope(targets, design, step, len(shot)) for step in STEPS])


def _slope(
    targets: Callable[[ShotDesign], Array], design: ShotDesign, step: tuple[str, int | None, float], frames: int
) -> Array:
    for part in (1.0, 0.5, 0.25):
        more, less = (targets(_stepped(design, step, sign * part)) for sign in (1.0, -1.0))
        if len(more) == len(less) == frames:
            return (more - less) / (2.0 * part)
    raise ValueError(f"a step of '{step[0]}' changes how many frames the push has")


def _stepped(design: ShotDesign, step: tuple[str, int | None, float], times: float) -> ShotDesign:
    name, part, size = step
    value = getattr(design, name)
    if part is None:
        return replace(design, **{name: value + times * size})
    return replace(design, **{name: tuple(v + times * size * (i == part) for i, v in enumerate(value))})


class GripView:
    """Sees how the palms hold the ball."""

    def __init__(self, hoop: Array) -> None:
        self.model = build_model()
        self._data = mujoco.MjData(self.model)
        self._hoop = hoop

    def grips(self, qpos: Array) -> Array:
        """Returns (n, 2, 2) by palm: how far towards the fingers and upward of it the ball lies [m]."""
        return np.array([self._grip(state) for state in qpos])

    def _grip(self, qpos: Array) -> Array:
        self._data.qpos[:] = qpos
        mujoco.mj_kinematics(self.model, self._data)
        rows = []
        for side, up in zip(SIDES, (1.0, -1.0), strict=True):
            site = self._data.site(f"{side}_palm")
            normal = self._data.site(f"{side}_hold").xpos - site.xpos
            fingers, away = -site.xmat.reshape(3, 3)[:, 2], qpos[-7:-4] - site.xpos
            rows.append([away @ fingers, up * away @ np.cross(normal / np.linalg.norm(normal), fingers)])
        return np.array(rows)

    def features(self, qpos: Array) -> Array:
        """Returns (n, D) what the law looks at, of the order of one."""
        grip, frame = self.grips(qpos), heading(qpos[:, 3:7])
        fingers, up = grip[:, :, 0].T, grip[:, :, 1].T
        height = up.mean(axis=0)
        columns = [
            height / 0.03, np.maximum(LOW - height, 0.0) / 0.01, (height / 0.03) ** 2, fingers.mean(axis=0) / 0.01,
            (fingers[0] - fingers[1]) / 0.01, (up[0] - up[1]) / 0.01,
            *(into_heading(frame, self._hoop - qpos[:, :3])[:, :2] - [2.4, 0.0]).T / 0.1,
            *into_heading(frame, qpos[:, -7:-4] - qpos[:, :3]).T / 0.03, (qpos[:, 2] - 0.953) / 0.01,
            np.ones(len(qpos)),
        ]  # fmt: skip
        return np.stack(columns, axis=1)


def fit_aim(
    shot: Reference, gains: NDArray[np.float32], changes: Array, starts: Starts, config: AimConfig,
    log: Callable[[str], None],
) -> AimLaw:  # fmt: skip
    """Returns the law, found in rounds: each throws with the law so far and random changes, then all are regressed."""
    hoop, rng = hoop_of(shot.qpos[-1]), np.random.default_rng(config.seed)
    view = GripView(hoop)
    law = AimLaw(changes, np.zeros((view.features(shot.qpos[:1]).shape[1], len(changes))), config.frame, hoop)
    shown: list[tuple[Array, Array, Array]] = []
    for number in range(config.rounds):
        random = rng.standard_normal((config.trials, len(changes))) * config.spread[min(number, 1)]
        features, steps, outcome = throw_all(shot, gains, law, view, random, starts, config, config.seed + number)
        shown.append((features, steps, outcome))
        scored = np.linalg.norm(outcome[:, :2], axis=1) < 0.23
        log(f"aim {number + 1}/{config.rounds}: {np.mean(scored):.2f} of {config.trials} random shots score")
        law = replace(law, matrix=_regressed(*(np.concatenate(part) for part in zip(*shown, strict=True)), config))
    return law


def throw_all(
    shot: Reference, gains: NDArray[np.float32], law: AimLaw, view: GripView, random: Array, starts: Starts,
    config: AimConfig, seed: int,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Throws once per row of ``random`` (n, K), which is added to the law's steps.

    Returns:
        features (n, D), steps (n, K) and outcomes (n, 3): how far beyond the hoop's centre and to its left the ball
        comes down, and how high it rises [m].
    """
    n = len(random)
    env = TeacherEnv(shot, EnvConfig(worlds=n, seed=seed, noise_scale=config.noise, first_frame=1.0), gains)
    if len(starts[0]):
        held = np.arange(int(config.held_share * n))
        chosen = np.random.default_rng(seed).integers(len(starts[0]), size=len(held))
        env.place(held, np.full(len(held), FIRST), starts[0][chosen].copy(), starts[1][chosen].copy())
    features, steps = np.zeros((n, len(law.matrix))), np.zeros_like(random)
    for frame in range(FIRST, released(shot) + 8):
        if frame == config.frame:
            features = view.features(env.sim.qpos)
            steps = law.steps(features) + random
        targets = env.targets(np.zeros((n, env.num_actions))) + law.changed(env.frame + 1, steps)
        env.advance(np.clip(targets, *env.limits))
    return features, steps, came_down(env.sim.qpos[:, -7:-4], env.sim.qvel[:, -6:-3], law.hoop, shot.qpos[-1])


def came_down(ball: Array, velocity: Array, hoop: Array, empty: Array) -> Array:
    """Returns (n, 3): where flying balls (n, 3) pass the hoop's height, beyond and left of its centre, and their apex.

    Those that never get there are taken where they are highest.
    """
    rise = np.maximum(velocity[:, 2], 0.0)
    apex = ball[:, 2] + rise**2 / (2.0 * GRAVITY)
    time = (rise + np.sqrt(2.0 * GRAVITY * np.maximum(apex - hoop[2], 0.0))) / GRAVITY
    miss = ball + velocity * time[:, None] - hoop
    ahead = np.repeat(heading(empty[None, 3:7]), len(ball), axis=0)
    return np.concatenate([into_heading(ahead, miss)[:, :2], apex[:, None]], axis=1)


def _regressed(features: Array, steps: Array, outcome: Array, config: AimConfig) -> Array:
    """(D, K) the law that takes the expected miss away with small changes; throws gone quite astray do not count."""
    sound = (np.abs(outcome[:, :2]) < 0.9).all(axis=1) & (outcome[:, 2] > 3.06)
    inputs = np.concatenate([features, steps], axis=1)[sound]
    square = inputs.T @ inputs + config.ridge * np.eye(inputs.shape[1])
    weights = np.linalg.solve(square, inputs.T @ (outcome[sound] - [0.0, 0.0, config.apex]))
    count = features.shape[1]
    minded = np.array([1.0, 1.0, 0.5])
    jacobian = (weights[count:] * minded).T
    square = jacobian.T @ jacobian + config.reluctance**2 * np.eye(len(jacobian.T))
    return -(weights[:count] * minded) @ jacobian @ np.linalg.inv(square)
