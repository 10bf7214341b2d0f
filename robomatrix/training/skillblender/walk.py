"""Walking on command: velocities of the body and a turning rate (paper, section III; reward after cpu recipe)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robomatrix.robots.humanoid import Humanoid
from robomatrix.skills.skillblender.feedforward import walking_gate
from robomatrix.skills.skillblender.functions import WalkFunction
from robomatrix.skills.skillblender.mirror import joined, signs, swapped
from robomatrix.training.skillblender import rewards as terms
from robomatrix.training.skillblender.env import HumanoidEnv, Ids
from robomatrix.training.skillblender.moving_arms import MovingArms

Array = NDArray[np.float64]
NARROW = 0.5
"""Share of the feet's distance at home under which they are too close (paper: 0.2 m for the H1). Nothing else keeps
legs from crossing, as the robot's own parts do not collide."""


@dataclass(frozen=True)
class WalkRanges:
    """Commands that training draws; the paper's for the G1."""

    vx: tuple[float, float] = (-0.5, 1.0)
    vy: tuple[float, float] = (-0.5, 0.5)
    wz: tuple[float, float] = (-1.0, 1.0)
    hold: tuple[float, float] = (3.0, 8.0)
    """Time until a new command [s]."""
    standing: float = 0.25
    """Share of commands to stand."""
    ramped: float = 0.5
    """Share of commands that come in little by little."""
    single: float = 0.25
    """Share of commands along one axis only."""
    moving_arms: float = 0.35
    """Share of episodes whose arms move on their own, as a reaching skill's would."""


class Walk:
    """Follow (vx, vy, wz) [m/s, rad/s]; the legs are the policy's, the arms may be anyone's."""

    def __init__(self, robot: Humanoid, worlds: int, ranges: WalkRanges | None = None) -> None:
        self.robot, self.ranges = robot, ranges or WalkRanges()
        self.function = WalkFunction(robot)
        self.privileged_mirror = joined(signs(1, -1, 1, 1), swapped(2), swapped(2))
        self.command = np.zeros((worlds, 3))
        """(vx, vy, wz) of this moment [m/s, rad/s]."""
        self._final, self._rate = np.zeros((worlds, 3)), np.full(worlds, np.inf)
        self._due = np.zeros(worlds)
        self._arms = MovingArms(robot, worlds, self.ranges.moving_arms, 0.0)
        self._narrow = NARROW * float(self.function.gait.odometry.apart[1])
        self._deviation = np.array([i for i in robot.legs if "hip_roll" in robot.joints[i]])
        self._twist = np.array([i for i in robot.legs if "hip_yaw" in robot.joints[i]])

    def reset(self, env: HumanoidEnv, ids: Ids) -> None:
        """Draws commands, and whether the arms move on their own."""
        self.command[ids] = 0.0
        self._draw(env, ids)
        self.command[ids] = np.where(np.isinf(self._rate[ids])[:, None], self._final[ids], 0.0)
        self._arms.reset(env, ids)

    def advance(self, env: HumanoidEnv) -> None:
        """Renews commands that are due, moves them towards the final ones, and the arms a step."""
        self._due -= env.dt
        self._draw(env, np.flatnonzero(self._due <= 0))
        step = (self._rate * env.dt)[:, None]
        self.command += np.clip(self._final - self.command, -step, step)
        self._arms.advance(env)

    def _draw(self, env: HumanoidEnv, ids: Ids) -> None:
        n, ranges, rng = ids.size, self.ranges, env.rng
        low, high = np.array([ranges.vx, ranges.vy, ranges.wz]).T
        command = rng.uniform(low, high, (n, 3))
        kind = rng.random(n)
        only = rng.integers(0, 3, n)
        mask = np.eye(3)[only]
        command = np.where((kind < ranges.single)[:, None], command * mask, command)
        command[np.abs(command).max(-1) < 0.15] = 0.0
        command[kind > 1.0 - ranges.standing] = 0.0
        self._final[ids] = command
        self._rate[ids] = np.where(rng.random(n) < ranges.ramped, rng.uniform(0.4, 2.5, n), np.inf)
        self._due[ids] = rng.uniform(*ranges.hold, n)

    def order(self, command: Array) -> None:
        """Commands all worlds (n, 3) at once."""
        self._final[:], self.command[:] = command, command

    def goal(self, env: HumanoidEnv) -> Array:
        """Returns (2 vx, 2 vy, wz) as in the paper."""
        return self.command * self.function.scale

    def privileged(self, env: HumanoidEnv) -> Array:
        """Returns velocity, height, contacts and foot heights (n, 8)."""
        s = env.signals
        return np.concatenate([s.velocity, s.position[:, 2:], s.contact, 10.0 * s.feet[:, :, 2]], -1)

    def rewards(self, env: HumanoidEnv) -> Mapping[str, Array]:
        """Returns the weighted terms; tracking first."""
        s, body = env.signals, env.signals.body
        gate = self.function.sense(body.vector(), self.goal(env), env.phase).gate
        swing = np.sin(2 * np.pi * env.phase)
        lift = np.stack([swing, -swing], -1)
        change = env.action - env.previous_action
        legs = list(self.robot.legs)
        still = (1.0 - gate) * (np.abs(body.velocity[:, legs]).mean(-1) + 4.0 * np.abs(body.position[:, legs]).mean(-1))
        return {
            "velocity": 1.5 * terms.tracking(s.velocity[:, :2] - self.command[:, :2], 0.15)
            + 0.5 * terms.tracking(s.velocity[:, :2] - self.command[:, :2], 0.02),
            "turning": 1.2 * terms.tracking(body.gyro[:, 2:] - self.command[:, 2:], 0.3)
            + 0.4 * terms.tracking(body.gyro[:, 2:] - self.command[:, 2:], 0.03),
            "progress": 1.5 * terms.progress(s.velocity[:, :2], self.command[:, :2])
            + 0.8 * terms.progress(body.gyro[:, 2:], self.command[:, 2:]),
            "contact": 0.8 * terms.contact_match(s.contact, lift, gate),
            "slip": -0.15 * terms.slip(s.contact, s.feet_velocity),
            "upright": -2.0 * terms.squared(body.gravity[:, :2]),
            "bounce": -0.5 * s.velocity[:, 2] ** 2,
            "roll_rate": -0.03 * terms.squared(body.gyro[:, :2]),
            "height": -10.0 * np.clip(self.robot.height - 0.058 - s.position[:, 2], 0.0, None),
            "smooth": -0.01 * terms.squared(change[:, legs])
            - 0.005 * terms.squared((change - env.previous_action + env.older_action)[:, legs]),
            "size": -0.003 * terms.squared(env.residual),
            "acceleration": -2e-7 * terms.squared(s.acceleration[:, legs]),
            "hips": -0.3 * np.abs(body.position[:, self._deviation]).sum(-1)
            - 0.1 * np.abs(body.position[:, self._twist]).sum(-1),
            "clearance": -6.0 * terms.clearance_lack(s.feet[:, :, 2], lift, gate, 0.08),
            "crossing": -10.0 * np.clip(self._narrow - terms.aside(s.feet, s.yaw), 0.0, None),
            "still": -0.15 * still,
            "settled": -1.0 * gate * (1.0 - walking_gate(self.command)),
            "alive": np.full(env.num_envs, 0.5),
        }
