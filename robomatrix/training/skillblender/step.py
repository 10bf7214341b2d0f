"""Stepping: one foot to a point of the floor, the other stays (paper, section III; clearance and timing are ours)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robomatrix.robots.humanoid import Humanoid
from robomatrix.skills.skillblender.functions import StepFunction, lift_gates
from robomatrix.skills.skillblender.mirror import joined, signs, swapped
from robomatrix.training.skillblender import rewards as terms
from robomatrix.training.skillblender.env import HumanoidEnv, Ids

Array = NDArray[np.float64]
NARROW = 0.085
"""Least distance of the feet sideways that is asked for [m]."""
LIFT = 0.08
"""Height that a swinging foot shall reach [m]."""


@dataclass(frozen=True)
class StepRanges:
    """Goals that training draws."""

    far: float = 0.25
    """Largest way of the moving foot's goal from its place beside the standing foot [m]."""
    paper: float = 0.4
    """Share of goals on the paper's circle (0.15 m for the G1, 0.25 m for the others)."""
    home: float = 0.2
    """Share of goals right beside the standing foot."""
    hold: tuple[float, float] = (1.6, 3.5)
    """[s]."""


def in_heading(yaw: Array, vectors: Array) -> Array:
    """Returns vectors of the world (n, 2) in frames of headings (n,)."""
    c, s = np.cos(yaw), np.sin(yaw)
    x, y = vectors.T
    return np.stack([c * x + s * y, c * y - s * x], -1)


class Step:
    """Feet at points of the floor; each new goal moves one of them, relative to the one that stays."""

    def __init__(self, robot: Humanoid, worlds: int, ranges: StepRanges | None = None) -> None:
        self.robot, self.ranges, self.function = robot, ranges or StepRanges(), StepFunction(robot)
        self.privileged_mirror = joined(signs(1, -1, 1, 1), swapped(2), swapped(2), StepFunction.goal_mirror)
        self.target = np.zeros((worlds, 2, 2))
        """Of the middles of the soles in the world [m]."""
        self.moving = np.zeros(worlds, dtype=np.intp)
        """Foot that the newest goal moves: 0 left, 1 right."""
        self.heading = np.zeros(worlds)
        """When the newest goal was drawn [rad]."""
        self.due = np.zeros(worlds)
        """Time until the next goal [s]."""

    def reset(self, env: HumanoidEnv, ids: Ids) -> None:
        """Lets the feet stand where they are, for a moment."""
        sides = [env.simulation.sensor(f"{side}_foot_position")[ids, :2] for side in ("left", "right")]
        self.target[ids] = np.stack(sides, 1)
        w, x, y, z = env.simulation.qpos[ids, 3:7].T
        self.heading[ids] = np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
        self.due[ids] = env.rng.uniform(0.2, 1.0, ids.size)

    def advance(self, env: HumanoidEnv) -> None:
        """Renews goals that are due."""
        self.due -= env.dt
        self._draw(env, np.flatnonzero(self.due <= 0))

    def _draw(self, env: HumanoidEnv, ids: Ids) -> None:
        if ids.size == 0:
            return
        self.moving[ids] = moving = env.rng.integers(0, 2, ids.size)
        self.heading[ids] = heading = env.signals.yaw[ids]
        side = 1.0 - 2.0 * moving
        offset = self._offsets(env.rng, ids.size)
        offset[:, 1] += side * self.function.width
        narrow = side * offset[:, 1] < NARROW
        offset[:, 1] = np.where(narrow, side * NARROW, offset[:, 1])
        standing = env.signals.feet[ids, 1 - moving, :2]
        self.target[ids, 1 - moving] = standing
        self.target[ids, moving] = standing + in_heading(-heading, offset)
        self.due[ids] = env.rng.uniform(*self.ranges.hold, ids.size)

    def _offsets(self, rng: np.random.Generator, n: int) -> Array:
        """Draws from the place beside the standing foot (n, 2) [m]."""
        kind, angle = rng.random(n), rng.uniform(-np.pi, np.pi, n)
        radius = self.ranges.far * np.sqrt(rng.random(n))
        radius = np.where(kind < self.ranges.paper, self.robot.reach_radius, radius)
        radius = np.where(kind > 1.0 - self.ranges.home, 0.0, radius)
        return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], -1)

    def error(self, env: HumanoidEnv) -> Array:
        """Returns what the feet lack in the world (n, 2, 2) [m]."""
        return self.target - env.signals.feet[:, :, :2]

    def goal(self, env: HumanoidEnv) -> Array:
        """Returns what the feet lack in the pelvis' heading (n, 4) [m]."""
        error, yaw = self.error(env), env.signals.yaw
        return np.clip(np.concatenate([in_heading(yaw, error[:, k]) for k in (0, 1)], -1), -0.5, 0.5)

    def privileged(self, env: HumanoidEnv) -> Array:
        """Returns velocity, height, contacts, foot heights and errors (n, 12)."""
        s = env.signals
        heights = 10.0 * s.feet[:, :, 2]
        return np.concatenate([s.velocity, s.position[:, 2:], s.contact, heights, 5.0 * self.goal(env)], -1)

    def rewards(self, env: HumanoidEnv) -> Mapping[str, Array]:
        """Returns the weighted terms."""
        s, body, goal = env.signals, env.signals.body, self.goal(env)
        gates = np.stack(lift_gates(goal), -1)
        swing = np.sin(2 * np.pi * env.phase)
        lift = np.stack([swing, -swing], -1)
        miss = np.linalg.norm(goal.reshape(-1, 2, 2), axis=-1)
        change, legs = env.action - env.previous_action, list(self.robot.legs)
        second = (change - env.previous_action + env.older_action)[:, legs]
        turned = np.angle(np.exp(1j * (s.yaw - self.heading)))
        still = (1.0 - gates.max(-1)) * np.abs(body.velocity[:, legs]).mean(-1)
        return {
            "feet": 1.0 * terms.kernel(goal, 4.0) + 1.5 * np.exp(-miss / 0.04).mean(-1),
            "contact": 0.8 * step_contacts(s.contact, lift, gates),
            "slip": -0.3 * terms.slip(s.contact, s.feet_velocity),
            "clearance": -8.0 * np.clip(LIFT * gates * np.clip(lift, 0.0, None) - s.feet[:, :, 2], 0.0, None).sum(-1),
            "heading": -1.0 * turned**2,
            "upright": -2.0 * terms.squared(body.gravity[:, :2]),
            "height": -10.0 * np.clip(self.robot.height - 0.07 - s.position[:, 2], 0.0, None),
            "rates": -0.03 * terms.squared(body.gyro),
            "smooth": -0.01 * terms.squared(change[:, legs]) - 0.005 * terms.squared(second),
            "size": -0.003 * terms.squared(env.residual),
            "acceleration": -2e-7 * terms.squared(s.acceleration[:, legs]),
            "still": -0.15 * still,
            "alive": np.full(env.num_envs, 0.5),
        }


def step_contacts(contact: Array, lift: Array, gates: Array) -> Array:
    """Returns how well contacts follow the step, -1 to 1: a foot that lacks something is up in its swing, else down.

    Args:
        contact: (n, 2) 1 where a foot touches the floor.
        lift: (n, 2) sine of the foot's swing.
        gates: (n, 2) how far each foot shall lift, 0 to 1.
    """
    up = (lift > 0.3) & (gates > 0.5)
    settled = up | (lift < 0.0) | (gates < 0.1)
    return np.where(settled, np.where(up, -1.0, 1.0) * (2.0 * contact - 1.0), 0.0).mean(-1)
