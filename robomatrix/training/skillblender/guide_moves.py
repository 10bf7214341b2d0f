"""What the tasks' guides share: a robot's size, what its body is told, how it walks to a place and stands there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from robomatrix.training.skillblender.env import HumanoidEnv
from robomatrix.training.skillblender.tasks import BenchTask

Array = NDArray[np.float64]
SPEED = 0.48
"""[m/s]; the paper's limit of the walk's sub-goal on the G1 is 0.5."""
NEAR = 0.05
"""Closer than this the robot stands [m]."""
HAND = 0.04
"""Radius of a hand [m]."""
SQUATTING = 0.06
"""A pelvis this far below home does not walk [m]."""


@dataclass(frozen=True)
class Build:
    """What guides must know of a robot's size [m]."""

    far: float
    """Furthest a hand is sent from its rest."""
    shoulder: float
    """Height when it stands."""
    arm: float
    """Length."""
    closest: float
    """Nearest that it stands to what it presses."""
    low_button: float
    """A button below makes it squat."""
    planted: float
    """A button below is pressed on the squat's legs."""
    deepest: float
    """Furthest that it squats before a button."""
    stance: float
    """Its feet are at least this far apart when it begins to squat; the H1 has no ankle roll and topples else."""
    raising: tuple[float, float] = (0.2, 0.7)
    """Distances from its place at which a walking robot's hands are at their goals, and at which they leave their
    rest."""


_H1 = Build(far=0.8, shoulder=1.46, arm=0.60, closest=0.40, low_button=0.97, planted=0.97, deepest=0.30, stance=0.28)
_H1_2 = replace(_H1, planted=np.inf, deepest=0.35, stance=0.12, raising=(-0.1, 0.0))
_G1 = Build(far=0.33, shoulder=1.07, arm=0.45, closest=0.18, low_button=0.70, planted=0.70, deepest=0.30, stance=0.12)
BUILDS: Mapping[str, Build] = MappingProxyType({"g1": _G1, "h1": _H1, "h1_2": _H1_2})


@dataclass(frozen=True, eq=False)
class Intent:
    """What the body is told, in n worlds."""

    velocity: Array
    """(vx, vy, wz) in the body's heading (n, 3) [m/s, rad/s]."""
    hands: Array
    """Targets in the world (n, 2, 3) [m]."""
    height: Array
    """Wanted change of the pelvis' height (n,) [m]."""
    squats: Array | bool = False
    """Whether the squat moves the legs where the walk could, too (n,)."""


def towards(env: HumanoidEnv, place: Array, heading: Array | float = 0.0, near: float = NEAR) -> Array:
    """Returns the velocity (n, 3) that brings the pelvis to a place (n, 2) at a heading, and stands there."""
    way = place - env.signals.position[:, :2]
    distance = np.linalg.norm(way, axis=-1, keepdims=True)
    speed = np.where(distance > near, np.clip(1.5 * distance, 0.12, SPEED), 0.0)
    turn = np.remainder(heading - env.signals.yaw + np.pi, 2 * np.pi) - np.pi
    rate = np.where((np.abs(turn) > 0.1) | (speed[:, 0] > 0), np.clip(1.5 * turn, -0.8, 0.8), 0.0)
    return np.concatenate([turned(way / np.maximum(distance, 1e-6) * speed, -env.signals.yaw), rate[:, None]], -1)


def turned(vector: Array, angle: Array) -> Array:
    """Returns vectors (n, 2) turned by angles (n,) [rad]."""
    c, s = np.cos(angle), np.sin(angle)
    return np.stack([c * vector[:, 0] - s * vector[:, 1], s * vector[:, 0] + c * vector[:, 1]], -1)


def still(env: HumanoidEnv) -> Array:
    """Returns no change of the pelvis' height (n,) [m]."""
    return np.zeros(env.num_envs)


def feet_apart(env: HumanoidEnv) -> Array:
    """Returns the left foot from the right one in the body's heading (n, 2) [m]."""
    s = env.signals
    return turned((s.feet[:, 0] - s.feet[:, 1])[:, :2], -s.yaw)


def arrived(env: HumanoidEnv, place: Array) -> NDArray[np.bool_]:
    """Returns where the robot stands at rest at its place (n, 2), or squats near it and had better not walk."""
    s, way = env.signals, np.linalg.norm(env.signals.position[:, :2] - place, axis=-1)
    apart = feet_apart(env)
    beside = (np.abs(apart[:, 0]) < 0.08) & (apart[:, 1] > BUILDS[env.robot.name].stance)
    calm = (np.linalg.norm(s.velocity[:, :2], axis=-1) < 0.25) & (np.abs(s.body.gravity[:, :2]).max(-1) < 0.08)
    squatting = s.position[:, 2] < env.robot.height - SQUATTING
    return np.where(squatting, way < 0.35, (way < 0.12) & beside & calm)


def resting_hands(task: BenchTask, env: HumanoidEnv) -> Array:
    """Returns where the hands rest for the pelvis' present place and heading (n, 2, 3)."""
    base, yaw = env.signals.position, env.signals.yaw
    places = [
        np.concatenate([turned(np.tile(r[:2], (len(base), 1)), yaw), np.full((len(base), 1), r[2])], -1)
        for r in task.rest
    ]
    return np.stack(places, 1) + base[:, None] * [1.0, 1.0, 0.0]
