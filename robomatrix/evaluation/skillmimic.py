"""``robomatrix bench skillmimic``: the player's policy by the papers' rules, with noise, transitions and pushes.

A trial starts from one of the states that ship with the policy (the start of a training clip, retargeted), with uniform
noise on joints, velocities and ball; a ball in the hands is displaced with the palms round it, since a palm cannot be
inside the ball. The policy alone acts, told only the label. Every share comes with its 95 % Wilson interval. Nothing
here needs a clip.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import ConfigurationError, UnknownNameError
from robomatrix.evaluation.statistics import wilson
from robomatrix.robots.loader import load_robot
from robomatrix.scenes.court import RATE, SUBSTEPS, build_model, court
from robomatrix.skills.skillmimic.observation import heading, into_heading, into_world
from robomatrix.skills.skillmimic.policy import PlayerPolicy, Watch
from robomatrix.training.simulation import BatchSimulation
from robomatrix.training.skillmimic.reference import palm_shift

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
SECONDS = {"pick_up": 4.0, "catch": 2.5, "pass": 2.0, "set_shot": 2.5, "stand": 10.0, "dribble": 10.0, "bounce": 10.0}
"""Length of a trial by skill [s]."""
UPRIGHT = 0.6
"""Pelvis height of a player that stands at the end [m]."""
LIFTED, HELD, KEPT = 1.0, 0.55, 0.5
"""Picked up: ball height [m] (SkillMimic); in the hands: distance from the pelvis's axis [m].

For how long at the end [s].
"""
THROWN, COURSE = 2.0, 0.45
"""A pass: speed over the floor [m/s] and largest angle off the heading at the start [rad]."""
GRIPPED = 0.135
"""Palms no further from the ball's centre than this hold it [m]."""
APEX = 2.3
"""A set shot rises at least this high [m]."""
IN_HOOP = 0.23
"""How far from the hoop's centre a ball that scores comes down at most [m]: the rim's radius."""
BOUNCE, LULL, NEAR = 0.5, 1.2, 1.0
"""A dribbled ball rises over the first [m] at least once in the second [s], within the third of the pelvis [m]."""


FLOOR, BEAT = 0.25, 2.2
"""A ball bounced with both hands is lower than the first [m] at least once in the second [s]."""


@dataclass(frozen=True)
class TrialNoise:
    """Half widths of the uniform errors of a start (issue: joints .05, velocities .1, ball .05 and .2)."""

    joints: float = 0.05
    velocities: float = 0.1
    ball: float = 0.05
    ball_velocity: float = 0.2

    def scaled(self, factor: float) -> TrialNoise:
        """Returns the noise times ``factor``."""
        return TrialNoise(**{name: factor * value for name, value in asdict(self).items()})


@dataclass(frozen=True, eq=False)
class Track:
    """What happened in n trials over T control steps."""

    ball: Array
    """(T, n, 3) [m]."""
    ball_velocity: Array
    """(T, n, 3) [m/s]."""
    pelvis: Array
    """(T, n, 3) [m]."""
    forward: Array
    """(n, 2) heading at the start, as cosine and sine."""
    hoop: Array
    """(3,) centre of the hoop [m]."""

    def away(self) -> Array:
        """Returns (T, n) the ball's distance from the pelvis's axis [m]."""
        return np.linalg.norm(self.ball[..., :2] - self.pelvis[..., :2], axis=-1)

    def upright(self) -> Flags:
        """Returns (n,) who stands at the end and never fell."""
        return (self.pelvis[-1, :, 2] > UPRIGHT) & (self.pelvis[:, :, 2].min(axis=0) > 0.3)


def held_at_end(track: Track) -> Flags:
    """Returns (n,) whose ball was in the hands for the last half second, with the player upright."""
    last = slice(-int(KEPT * RATE), None)
    near = (track.away()[last] < HELD) & (track.ball[last, :, 2] > 0.7)
    return near.all(axis=0) & track.upright()


def picked_up(track: Track) -> Flags:
    """Ball above 1 m (SkillMimic's rule), still in the hands at the end, player upright."""
    return (track.ball[..., 2].max(axis=0) > LIFTED) & held_at_end(track)


def passed(track: Track) -> Flags:
    """The ball leaves fast enough and near enough to the heading at the start; the player stays upright."""
    gone = track.away() > 0.75
    first = np.argmax(gone, axis=0)
    velocity = track.ball_velocity[first, np.arange(gone.shape[1])]
    ahead = into_heading(track.forward, velocity)
    course = np.abs(np.arctan2(ahead[:, 1], ahead[:, 0]))
    fast = np.linalg.norm(velocity[:, :2], axis=1) > THROWN
    return gone.any(axis=0) & fast & (course < COURSE) & track.upright()


def rises(track: Track) -> Flags:
    """The ball rises to the set shot's height and the player stays upright."""
    return (track.ball[..., 2].max(axis=0) > APEX) & (track.away()[-1] > HELD) & track.upright()


def shot(track: Track) -> Flags:
    """The ball rises to the set shot's height and comes down in the hoop; the player stays upright."""
    return rises(track) & (landing(track) < IN_HOOP)


def dribbled(track: Track) -> Flags:
    """The ball keeps bouncing up near the player, who stays upright, to the end."""
    high = track.ball[..., 2] > BOUNCE
    window = int(LULL * RATE)
    kept = np.all([high[start : start + window].any(axis=0) for start in range(len(high) - window + 1)], axis=0)
    return kept & (track.away() < NEAR).all(axis=0) & track.upright()


def bounced(track: Track) -> Flags:
    """The ball meets the floor again and again, to the end, and stays near the player, who stays upright."""
    low = track.ball[..., 2] < FLOOR
    window = int(BEAT * RATE)
    kept = np.all([low[start : start + window].any(axis=0) for start in range(len(low) - window + 1)], axis=0)
    return kept & (track.away() < NEAR).all(axis=0) & (track.ball[-window:, :, 2].max(axis=0) > 0.9) & track.upright()


def landing(track: Track) -> Array:
    """Returns (n,) how far from the hoop's centre the ball comes down through its height [m], or infinity."""
    height = track.ball[..., 2]
    through = (height[:-1] > track.hoop[2]) & (height[1:] <= track.hoop[2])
    frame, trial = np.argmax(through, axis=0), np.arange(height.shape[1])
    gap = np.linalg.norm(track.ball[frame, trial, :2] - track.hoop[:2], axis=1)
    return np.where(through.any(axis=0), gap, np.inf)


RULES: Mapping[str, Callable[[Track], Flags]] = {
    "pick_up": picked_up,
    "catch": held_at_end,
    "pass": passed,
    "set_shot": shot,
    "stand": Track.upright,
    "dribble": dribbled,
    "bounce": bounced,
}


class Arena:
    """n copies of the court with the policy in charge."""

    def __init__(self, policy: PlayerPolicy, trials: int, threads: int = 1) -> None:
        self.policy, self.trials = policy, trials
        self.model = build_model()
        self.sim = BatchSimulation([self.model], trials, SUBSTEPS, threads=threads)
        self.hoop = _hoop(policy)
        self._watch = Watch(self.policy.periods)

    def start(self, label: str, noise: TrialNoise, seed: int) -> None:
        """Puts all trials into noisy starts of a skill."""
        qpos, qvel = self.policy.starts(label)
        rows = np.arange(self.trials) % len(qpos)
        self.place(qpos[rows].copy(), qvel[rows].copy(), noise, seed)

    def place(self, qpos: Array, qvel: Array, noise: TrialNoise, seed: int) -> None:
        """Puts all trials into given states with noise; a lying ball stays on the floor."""
        rng = np.random.default_rng(seed)
        lying = (qpos[:, -5] < 0.2) & (np.linalg.norm(qvel[:, -6:-3], axis=1) < 0.5)

        def spread(half: float, size: int) -> Array:
            return rng.uniform(-half, half, (self.trials, size))

        moved = spread(noise.ball, 3)
        qpos[:, 7:-7] += self._carrying(qpos, moved) + spread(noise.joints, qpos.shape[1] - 14)
        qvel[:, :-6] += spread(noise.velocities, qvel.shape[1] - 6)
        qpos[:, -7:-4] += moved
        qvel[:, -6:-3] += spread(noise.ball_velocity, 3)
        radius = self.model.geom("ball").size[0]
        qpos[:, -5] = np.where(lying, radius, np.maximum(qpos[:, -5], radius))
        qvel[lying, -6:] = 0.0
        self.sim.reset(np.arange(self.trials), qpos, qvel)

    def new_ball(self, label: str) -> None:
        """Puts the ball where the last of a skill's starts has it: the one from rest, where there are several."""
        qpos, qvel = self.policy.starts(label)
        self.sim.qpos[:, -7:], self.sim.qvel[:, -6:] = qpos[-1, -7:], qvel[-1, -6:]

    def _carrying(self, qpos: Array, moved: Array) -> Array:
        """(n, J) joint offsets that carry the palms of those who hold the ball along with its displacement (n, 3)."""
        offsets, data = np.zeros_like(qpos[:, 7:-7]), mujoco.MjData(self.model)
        for row, state in enumerate(qpos):
            data.qpos[:] = state
            mujoco.mj_kinematics(self.model, data)
            mujoco.mj_comPos(self.model, data)
            palms = np.stack([data.site("left_palm").xpos, data.site("right_palm").xpos])
            if np.linalg.norm(palms - state[-7:-4], axis=1).max() < GRIPPED:
                offsets[row] = palm_shift(self.model, data)[0] @ moved[row]
        return offsets

    def step(self, label: str, since: int) -> None:
        """Lets the policy act once; ``since`` is the number of steps under the label before."""
        if since == 0:
            self._watch = Watch(self.policy.periods)
        state = self.sim.qpos, self.sim.qvel
        self.sim.step(self.policy.targets(*state, label, self._watch.cue(label, since / RATE, state, self.hoop)))

    def run(self, label: str, seconds: float, push: tuple[float, Array] | None = None) -> Track:
        """Lets the policy act under one label; ``push`` is a time [s] and velocities (n, nv) added then."""
        ball, velocity, pelvis = [], [], []
        forward = heading(self.sim.qpos[:, 3:7])
        for step in range(int(seconds * RATE)):
            if push is not None and step == int(push[0] * RATE):
                self.sim.qvel[:] += push[1]
            self.step(label, step)
            ball.append(self.sim.qpos[:, -7:-4].copy())
            velocity.append(self.sim.qvel[:, -6:-3].copy())
            pelvis.append(self.sim.qpos[:, :3].copy())
        return Track(np.array(ball), np.array(velocity), np.array(pelvis), forward, self.hoop)


def _hoop(policy: PlayerPolicy) -> Array:
    """(3,) centre of the hoop [m]: where the court has it from the player at rest before it picks the ball up."""
    stance = policy.starts("pick_up")[0][-1]
    place = np.array(court()["hoop"]["position"])
    return into_world(heading(stance[None, 3:7]), place)[0] + [*stance[:2], 0.0]


def share(successes: Flags) -> dict[str, Any]:
    """Returns successes, trials, rate and its 95 % interval."""
    count, trials = int(successes.sum()), len(successes)
    low, high = wilson(count, trials)
    return {"successes": count, "trials": trials, "rate": count / trials, "interval": [round(low, 3), round(high, 3)]}


def skill_rates(
    policy: PlayerPolicy, trials: int, seed: int, factors: tuple[float, ...] = (0.0, 0.5, 1.0)
) -> dict[str, Any]:
    """Returns the success of each trained skill by noise factor."""
    arena, results = Arena(policy, trials), {}
    for label in policy.trained:
        results[label] = {}
        for factor in factors:
            arena.start(label, TrialNoise().scaled(factor), seed)
            track = arena.run(label, SECONDS[label])
            results[label][f"noise {factor:g}"] = share(RULES[label](track))
            if label == "set_shot":
                results[label][f"noise {factor:g}, rises"] = share(rises(track))
    return results


def transition_matrix(policy: PlayerPolicy, trials: int, seed: int) -> dict[str, Any]:
    """Returns success of a second skill begun right after a first one succeeded, for the pairs that make sense.

    Taking the ball (pick_up, catch) leads on to giving it away (pass, set_shot) or bouncing it, giving it away to
    taking a new ball, which lies or flies as in the second skill's start; all lead on to standing. Start noise is half
    of the trials'. Trials whose first skill failed count neither way.
    """
    arena, results = Arena(policy, trials), {}
    taking = [label for label in ("pick_up", "catch") if label in policy.trained]
    giving = [label for label in ("pass", "set_shot") if label in policy.trained]
    using = [*giving, *(label for label in ("bounce",) if label in policy.trained), "stand"]
    pairs = [(f, s) for f in taking for s in using] + [(f, s) for f in giving for s in (*taking, "stand")]
    for first, second in pairs:
        arena.start(first, TrialNoise().scaled(0.5), seed)
        ready = RULES[first](arena.run(first, SECONDS[first]))
        if second in taking:
            arena.new_ball(second)
        done = RULES[second](arena.run(second, min(SECONDS[second], 4.0)))
        results[f"{first} -> {second}"] = share(done[ready]) if ready.any() else None
    return results


def push_recovery(policy: PlayerPolicy, trials: int, seed: int, speed: float = 0.3) -> dict[str, Any]:
    """Returns the success of each skill when the pelvis gets a sideways velocity [m/s] after 0.3 s."""
    arena, results, rng = Arena(policy, trials), {}, np.random.default_rng([seed, 2])
    for label in policy.trained:
        arena.start(label, TrialNoise().scaled(0.5), seed)
        push = np.zeros_like(arena.sim.qvel)
        angle = rng.uniform(-np.pi, np.pi, trials)
        push[:, :2] = speed * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        results[label] = share(RULES[label](arena.run(label, SECONDS[label], (0.3, push))))
    return results


def speed(policy: PlayerPolicy) -> dict[str, float]:
    """Returns inference time of one state [ms] and physics over real time, on the present machine."""
    qpos, qvel = policy.starts(policy.trained[0])
    times = []
    for _ in range(600):
        began = time.perf_counter()
        policy.targets(qpos[:1], qvel[:1], policy.trained[0])
        times.append(time.perf_counter() - began)
    model = build_model()
    data = mujoco.MjData(model)
    data.qpos[:], data.qvel[:] = qpos[0], qvel[0]
    began, steps = time.perf_counter(), 960
    for _ in range(steps // SUBSTEPS):
        data.ctrl[:] = policy.targets(data.qpos[None], data.qvel[None], policy.trained[0])[0]
        mujoco.mj_step(model, data, SUBSTEPS)
    simulated = steps * model.opt.timestep
    return {
        "inference_median_ms": 1e3 * float(np.median(times)),
        "inference_p99_ms": 1e3 * float(np.percentile(times, 99)),
        "times_real_time": simulated / (time.perf_counter() - began),
    }


PARTS = {"skills": skill_rates, "transitions": transition_matrix, "pushes": push_recovery}


def evaluate(
    folder: Path | None = None, trials: int = 100, seed: int = 1000, only: str | None = None
) -> dict[str, Any]:
    """Returns the whole report, or one part of it.

    Raises:
        PolicyError: there is no policy, or not for this robot.
        UnknownNameError: ``only`` is no part; lists those there are.
    """
    if trials < 1:
        raise ConfigurationError(f"{trials} trials; at least 1 is needed")
    if only is not None and only not in PARTS:
        raise UnknownNameError("part of the benchmark", only, PARTS)
    policy = PlayerPolicy(load_robot("player"), folder)
    parts = {only: PARTS[only]} if only else PARTS
    report: dict[str, Any] = {name: part(policy, trials, seed) for name, part in parts.items()}
    return {"trials": trials, "seed": seed, **report, "speed": speed(policy)}
