"""Reaching with both hands and squatting: skills that keep their feet where they are (paper, section III)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robomatrix.robots.humanoid import Humanoid
from robomatrix.skills.skillblender.functions import SquatFunction
from robomatrix.skills.skillblender.mirror import joined, signs, swapped
from robomatrix.skills.skillblender.observation import rotate_back
from robomatrix.skills.skillblender.reach_functions import ReachFunction
from robomatrix.training.skillblender import rewards as terms
from robomatrix.training.skillblender.env import HumanoidEnv, Ids
from robomatrix.training.skillblender.moving_arms import MovingArms

Array = NDArray[np.float64]
LEVEL = 1.5
"""Of the reward per sine by which a squatting pelvis leans sideways: it buckles over one knee from there."""


def standing_rewards(env: HumanoidEnv) -> dict[str, Array]:
    """Returns the terms that all standing skills share: still feet, smooth and small corrections."""
    s, body = env.signals, env.signals.body
    change = env.action - env.previous_action
    return {
        "slip": -0.5 * terms.slip(np.ones_like(s.contact), s.feet_velocity),
        "contact": 0.3 * s.contact.mean(-1),
        "rates": -0.05 * terms.squared(body.gyro),
        "smooth": -0.01 * terms.squared(change)
        - 0.005 * terms.squared(change - env.previous_action + env.older_action),
        "size": -0.004 * terms.squared(env.residual),
        "acceleration": -1e-7 * terms.squared(s.acceleration),
        "alive": np.full(env.num_envs, 0.5),
    }


def standing_privileged(env: HumanoidEnv) -> Array:
    """Returns velocity, height and contacts (n, 6)."""
    s = env.signals
    return np.concatenate([s.velocity, s.position[:, 2:], s.contact], -1)


@dataclass(frozen=True)
class ReachRanges:
    """Goals that training draws."""

    far: float = 0.25
    """Largest distance of a goal from the resting hand [m]."""
    paper: float = 0.6
    """Share of goals on the paper's part of its sphere; the others anywhere in the ball of :attr:`far`."""
    hold: tuple[float, float] = (1.0, 3.0)
    """[s]."""
    rest: float = 0.15
    """Share of goals at rest."""


def paper_goals(robot: Humanoid, rng: np.random.Generator, n: int) -> Array:
    """Returns goals for both hands on the paper's part of its sphere, as offsets from rest (n, 6) [m]."""
    radius = robot.reach_radius
    inward = {"g1": 0.05}.get(robot.name, 0.10)
    hands = []
    for side in (1.0, -1.0):
        point = np.zeros((0, 3))
        while len(point) < n:
            draw = rng.standard_normal((4 * n + 16, 3))
            draw *= radius / np.linalg.norm(draw, axis=-1, keepdims=True)
            inside = (draw[:, 0] >= -inward) & (side * draw[:, 1] >= -inward)
            point = np.concatenate([point, draw[inside]])
        hands.append(point[:n])
    return np.concatenate(hands, -1)


def turned(yaw: Array, points: Array) -> Array:
    """Returns points (n, k, 3) turned about the vertical by angles (n,) [rad]."""
    c, s = np.cos(yaw)[:, None], np.sin(yaw)[:, None]
    x, y, z = np.moveaxis(points, -1, 0)
    return np.stack([c * x - s * y, s * x + c * y, z], -1)


class Reach:
    """Both hands at points of the world, feet still."""

    privileged_mirror = joined(signs(1, -1, 1, 1), swapped(2), signs(*[1] * 6))

    def __init__(self, function: ReachFunction, worlds: int, ranges: ReachRanges | None = None) -> None:
        self.function, self.ranges = function, ranges or ReachRanges()
        self.target = np.zeros((worlds, 2, 3))
        """In the world [m]."""
        self._origin, self._heading = np.zeros((worlds, 3)), np.zeros(worlds)
        self._due = np.zeros(worlds)

    def reset(self, env: HumanoidEnv, ids: Ids) -> None:
        """Draws goals round the hands of a robot that rests where it stands now."""
        qpos = env.simulation.qpos[ids]
        w, x, y, z = qpos[:, 3:7].T
        self._origin[ids] = qpos[:, :3]
        self._heading[ids] = np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
        self._draw(env, ids)

    def advance(self, env: HumanoidEnv) -> None:
        """Renews goals that are due."""
        self._due -= env.dt
        self._draw(env, np.flatnonzero(self._due <= 0))

    def _draw(self, env: HumanoidEnv, ids: Ids) -> None:
        n, rng, ranges = ids.size, env.rng, self.ranges
        goal = paper_goals(self.function.robot, rng, n) if n else np.zeros((0, 6))
        wide = rng.standard_normal((n, 2, 3))
        wide *= ranges.far * rng.random((n, 2, 1)) ** (1 / 3) / np.linalg.norm(wide, axis=-1, keepdims=True)
        kind = rng.random(n)
        goal = np.where((kind < ranges.paper)[:, None], goal, wide.reshape(n, 6))
        goal[kind > 1.0 - ranges.rest] = 0.0
        points = self.function.rest.reshape(2, 3) + goal.reshape(n, 2, 3)
        self.target[ids] = self._origin[ids, None] + turned(self._heading[ids], points)
        self._due[ids] = rng.uniform(*ranges.hold, n)

    def goal(self, env: HumanoidEnv) -> Array:
        """Returns the targets in the pelvis frame less the resting hands (n, 6)."""
        qpos = env.simulation.qpos
        relative = [rotate_back(qpos[:, 3:7], self.target[:, k] - qpos[:, :3]) for k in (0, 1)]
        return np.clip(np.concatenate(relative, -1) - self.function.rest, -1.0, 1.0)

    def error(self, env: HumanoidEnv) -> Array:
        """Returns what the hands lack (n, 2, 3) [m]."""
        return self.target - env.signals.hands

    def privileged(self, env: HumanoidEnv) -> Array:
        """Returns velocity, height, contacts and errors (n, 12)."""
        return np.concatenate([standing_privileged(env), 5.0 * self.error(env).reshape(env.num_envs, 6)], -1)

    def rewards(self, env: HumanoidEnv) -> Mapping[str, Array]:
        """Returns the weighted terms."""
        error = self.error(env)
        distance = np.linalg.norm(error, axis=-1)
        return {
            "reach": 1.0 * terms.kernel(error.reshape(-1, 6), 4.0) + 1.5 * np.exp(-distance / 0.04).mean(-1),
            "upright": -0.5 * terms.squared(env.signals.body.gravity[:, :2]),
            **standing_rewards(env),
        }


@dataclass(frozen=True)
class SquatRanges:
    """Heights that training draws."""

    lowest: float
    """Of the pelvis [m]."""
    hold: tuple[float, float] = (2.0, 5.0)
    """[s]."""
    speed: float = 0.4
    """At which the command moves [m/s]."""
    standing: float = 0.15
    """Share of commands to stand up."""
    moving_arms: float = 0.0
    """Share of episodes whose arms move on their own, as a reaching skill's would."""


class Squat:
    """Pelvis at a height, feet still."""

    privileged_mirror = joined(signs(1, -1, 1, 1), swapped(2), signs(1))

    def __init__(self, function: SquatFunction, worlds: int, ranges: SquatRanges | None = None) -> None:
        self.function, self.ranges = function, ranges or SquatRanges(function.lowest - 0.02)
        self.lowest = 0.7 * function.lowest
        """A pelvis below counts as fallen [m]."""
        self.final = np.zeros(worlds)
        """Wanted pelvis height less the home height [m]."""
        self.change = np.zeros(worlds)
        """The same on its way there."""
        self._due = np.zeros(worlds)
        self._arms = MovingArms(function.robot, worlds, self.ranges.moving_arms, np.nan)

    def reset(self, env: HumanoidEnv, ids: Ids) -> None:
        """Stands, and draws the first height."""
        self.change[ids] = 0.0
        self._draw(env, ids)
        self._arms.reset(env, ids)

    def advance(self, env: HumanoidEnv) -> None:
        """Moves the command and renews heights that are due."""
        step = self.ranges.speed * env.dt
        self.change += np.clip(self.final - self.change, -step, step)
        self._due -= env.dt
        self._draw(env, np.flatnonzero(self._due <= 0))
        self._arms.advance(env)

    def _draw(self, env: HumanoidEnv, ids: Ids) -> None:
        low = self.ranges.lowest - self.function.robot.height
        draw = env.rng.uniform(low, 0.0, ids.size)
        self.final[ids] = np.where(env.rng.random(ids.size) < self.ranges.standing, 0.0, draw)
        self._due[ids] = env.rng.uniform(*self.ranges.hold, ids.size)

    def goal(self, env: HumanoidEnv) -> Array:
        """Returns the wanted change of height (n, 1)."""
        return self.change[:, None]

    def error(self, env: HumanoidEnv) -> Array:
        """Returns what the height lacks (n,) [m]."""
        return self.function.robot.height + self.change - env.signals.position[:, 2]

    def privileged(self, env: HumanoidEnv) -> Array:
        """Returns velocity, height, contacts and the error (n, 7)."""
        return np.concatenate([standing_privileged(env), 10.0 * self.error(env)[:, None]], -1)

    def rewards(self, env: HumanoidEnv) -> Mapping[str, Array]:
        """Returns the weighted terms."""
        error = self.error(env)
        arms = np.where(self._arms.moving, 0.0, np.abs(env.signals.body.position[:, self._arms.joints]).sum(-1))
        return {
            "squat": 1.0 * np.exp(-4.0 * np.abs(error)) + 1.5 * np.exp(-np.abs(error) / 0.03),
            "arms": -0.05 * arms,
            "level": -LEVEL * np.abs(env.signals.body.gravity[:, 1]),
            **standing_rewards(env),
        }
