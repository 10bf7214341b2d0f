"""Searches offsets of servo targets along a clip in the simulator: splines for limbs in pairs, cross-entropy method.

The cross-entropy method (Rubinstein 1999) draws offsets, keeps those that cost least and draws again about them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from robomatrix.training.skillmimic.env import TeacherEnv
from robomatrix.training.skillmimic.reference import Reference

Array = NDArray[np.float64]
MIRRORED = {
    "clavicle_roll": -1.0, "shoulder_pitch": 1.0, "shoulder_roll": -1.0, "shoulder_yaw": -1.0, "elbow": 1.0,
    "forearm_roll": -1.0, "wrist_flexion": -1.0, "wrist_deviation": 1.0,
}  # fmt: skip
"""Joints of an arm, with the sign that mirrors the left one on the right."""
LEGS = ("hip_pitch", "knee", "ankle_pitch")
LARGEST = 1.2
"""Of an offset [rad]."""


@dataclass(frozen=True)
class SearchConfig:
    """Figures of a search."""

    population: int
    iterations: int
    spread: float
    """Standard deviation of the offsets at the beginning [rad]."""
    keep: float = 0.125
    """Share of the population that is kept."""
    pace: float = 0.8
    """How far the mean moves to that of those kept."""
    narrowest: float = 0.02
    """Least standard deviation [rad]."""
    seed: int = 1


def clip_of(reference: Reference, index: int) -> Reference:
    """Returns one clip of several laid end to end."""
    start = int(reference.starts()[index])
    frames = slice(start, int(reference.last()[start]) + 1)
    cut = Reference(**{f.name: getattr(reference, f.name)[frames].copy() for f in fields(Reference)})
    return replace(cut, touch=cut.touch - start, clip=np.zeros(len(cut), int))


def directions(model: mujoco.MjModel, single: Sequence[str], opposed: bool = False) -> Array:
    """Returns (D, J) the joint offsets that are searched: arms mirrored, legs together, ``single`` joints alone.

    ``opposed`` adds the arms against each other.
    """
    names = [model.actuator(i).name for i in range(model.nu)]

    def pair(part: str, right: float) -> Array:
        row = np.zeros(len(names))
        row[names.index(f"left_{part}")], row[names.index(f"right_{part}")] = 1.0, right
        return row

    rows = [pair(part, sign) for part, sign in MIRRORED.items()]
    rows += [pair(part, -sign) for part, sign in MIRRORED.items() if opposed]
    rows += [pair(part, 1.0) for part in LEGS]
    return np.array(rows + [np.eye(len(names))[names.index(name)] for name in single])


def splines(frames: int, knots: Sequence[int], ends: tuple[int, int]) -> Array:
    """Returns (frames, K) the weight of each knot at each frame; nothing is left ``ends`` frames beyond them."""
    places = np.array([max(knots[0] - ends[0], 0), *knots, knots[-1] + ends[1], knots[-1] + 2 * ends[1]])
    track = np.arange(frames)
    inside = (track >= places[0]) & (track <= places[-1])
    unit = np.eye(len(places))[1 : len(knots) + 1]
    return np.stack([CubicSpline(places, row, bc_type="clamped")(track) * inside for row in unit], axis=1)


def cross_entropy(
    cost: Callable[[Array], tuple[Array, str]], shape: tuple[int, int], config: SearchConfig, log: Callable[[str], None]
) -> Array:
    """Returns the mean (K, D) of the last draw.

    Args:
        cost: takes (population, K, D), returns their costs and a text on the first of them, which is the mean.
        shape: knots and directions.
        config: figures of the search.
        log: gets the text now and then.
    """
    rng = np.random.default_rng(config.seed)
    mean, spread = np.zeros(shape), np.full(shape, config.spread)
    kept = max(6, int(config.keep * config.population))
    for iteration in range(config.iterations):
        tried = mean + spread * rng.standard_normal((config.population, *shape))
        tried[0] = mean
        tried = np.clip(tried, -LARGEST, LARGEST)
        costs, text = cost(tried)
        best = tried[np.argsort(costs)[:kept]]
        mean = (1.0 - config.pace) * mean + config.pace * best.mean(axis=0)
        spread = np.maximum(0.4 * spread + 0.6 * best.std(axis=0), config.narrowest)
        if iteration % 10 == 9:
            log(f"{iteration + 1}/{config.iterations}: {text}")
    return mean


def with_targets(reference: Reference, applied: Array, env: TeacherEnv) -> Reference:
    """Returns the reference with a feed-forward that gives exactly the targets ``applied`` (T, J) [rad]."""
    joints = slice(6, 6 + env.model.nu)
    leading = _leading(applied)
    torque = env.stiffness * (leading - reference.qpos[:, 7:-7] - env.config.lead * reference.qvel[:, joints])
    return replace(reference, torque=torque)


def _leading(applied: Array) -> Array:
    """(T, J) per-frame targets whose means of neighbours, as the environment takes them, are those applied."""
    count = len(applied)
    mean = 0.5 * (np.eye(count) + np.eye(count, k=-1))
    mean[0, 0] = 1.0
    guess = 0.5 * (applied + np.concatenate([applied[1:], applied[-1:]]))
    return guess + np.linalg.lstsq(mean, applied - mean @ guess, rcond=None)[0]
