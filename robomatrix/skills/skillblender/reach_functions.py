"""Reaching as a function of (state, goal, clock): the arms' inverse kinematics over legs that stand or step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robomatrix.policies.spec import Term
from robomatrix.robots.humanoid import Humanoid
from robomatrix.skills.skillblender.arrays import like, module_of
from robomatrix.skills.skillblender.feedforward import rise
from robomatrix.skills.skillblender.functions import (
    Network,
    SquatFunction,
    StandingFunction,
    Tensor,
    WalkFunction,
    join,
)
from robomatrix.skills.skillblender.kinematics import Chain, turned
from robomatrix.skills.skillblender.observation import ACTION_SCALE

REACH = 0.26
"""Largest offset of a hand along an axis that the arms' inverse kinematics knows [m]."""
DEEPEST = 0.15
"""Furthest that reaching lowers the pelvis [m]."""
SINK = 0.04
"""Furthest the pelvis' height is sent from the present one [m]."""
TURN = 0.6
"""Furthest that reaching turns the waist [rad]."""
FOLLOW = 0.4
"""Share of what a hand lacks that it is sent further."""
LEAD = 0.15
"""Furthest ahead of a hand that it is sent, along an axis [m]."""
WIDER = 0.32
"""As :data:`REACH`, of the arms' inverse kinematics as it is trained now [m]."""
NEAR = (0.15, 0.25)
"""Mean offsets of the hands between which the legs begin to follow them [m]."""


class ReachFunction(StandingFunction):
    """Brings both hands to points given in the pelvis frame; a small network solves the arms' inverse kinematics.

    The goal is each point less the hand's place at rest, left before right.
    """

    name = "reach"
    goal_terms = (Term("hand_offsets", 6, "m"),)
    extra_terms = (Term("hand_errors", 6, "m", 5.0),)
    goal_limit = 0.35
    """Further off the arm's inverse kinematics knows nothing [m]."""

    def __init__(self, robot: Humanoid, chains: tuple[Chain, Chain], home: NDArray[np.float64], arm: Network) -> None:
        """Takes the chains to the hands, the home angles (d,) [rad] and the left arm's inverse kinematics.

        ``arm`` maps offsets of the left hand (n, 3) [m] to offsets of the left arm's joints (n, 4) [rad].
        """
        super().__init__(robot)
        self._chains, self._home, self._arm = chains, home, arm
        self.rest = np.concatenate([c.position(home[None])[0] for c in chains])
        """Hands at rest in the pelvis frame, left then right (6,) [m]."""
        arms = [i for i, j in enumerate(robot.joints) if "shoulder" in j or "elbow" in j]
        self._place = np.eye(len(robot.joints))[arms]
        self._flip = np.array([1.0, -1.0, 1.0])
        self._flip_joints = np.array([1.0, -1.0, -1.0, 1.0])

    def hands(self, body: Tensor) -> Tensor:
        """Returns where the hands are less where they rest (n, 6) [m], by the joint angles in the body's state."""
        angles = body[:, 6 : 6 + len(self._home)] + like(self._home, body)
        return join(*(c.position(angles) for c in self._chains)) - like(self.rest, body)

    def offsets(self, body: Tensor, goal: Tensor) -> Tensor:
        """Returns the arms' inverse kinematics over the balance reflex."""
        left = self._arm(goal[:, :3])
        right = self._arm(goal[:, 3:] * like(self._flip, goal)) * like(self._flip_joints, goal)
        return join(left, right) @ like(self._place, goal) + self.balance(body)

    def input(self, body: Tensor, goal: Tensor, phase: Tensor) -> Tensor:
        """Returns goal, body and what the hands lack, five times enlarged."""
        return join(goal, body, 5.0 * (goal - self.hands(body)))


class ReachFar(ReachFunction):
    """Reaching of robots whose tasks have goals far above the resting hands."""

    goal_limit = 0.82


class ReachOverWalk(ReachFunction):
    """Reaching on legs that a walk takes over where standing does not do, so that a shove is answered with steps."""

    def __init__(
        self,
        robot: Humanoid,
        chains: tuple[Chain, Chain],
        home: NDArray[np.float64],
        arm: Network,
        walk: tuple[WalkFunction, Network],
    ) -> None:
        """Takes what reaching takes, and a walk with its network."""
        super().__init__(robot, chains, home, arm)
        self._walk, self._walk_network = walk
        self._legs = np.isin(np.arange(len(robot.joints)), robot.legs).astype(float)

    def command(self, goal: Tensor) -> Tensor:
        """Returns (vx, vy, wz) [m/s, rad/s] that brings goals (n, 6) back within reach: 0 up to 15 cm on average."""
        xp = module_of(goal)
        away = 0.5 * (goal[:, :2] + goal[:, 3:5])
        size = xp.sqrt((away**2).sum(-1) + 1e-9)[:, None]
        return join(xp.clip(away * rise(size, NEAR), -0.4, 0.4), 0.0 * goal[:, :1])

    def whole(self, body: Tensor, goal: Tensor, phase: Tensor, residual: Tensor) -> Tensor:
        """Returns the whole action; the walk moves the legs as far as it is open, the balance reflex else."""
        walk = self.command(goal) * like(WalkFunction.scale, goal)
        walking, legs = self._walk.action(self._walk_network, body, walk, phase), like(self._legs, body)
        share = self._walk.sense(body, walk, phase).gate[:, None] * legs
        near = module_of(goal).clip(goal, -REACH, REACH)
        return walking * share + super().whole(body, near, phase, residual) * (1.0 - share)


class ReachOverSquat(ReachOverWalk):
    """Reaching that squats and turns the waist for what the arms alone do not reach, on the legs of a trained squat.

    The arms alone reach 61 % of the paper's goals on the H1, mean distance of the nearest pose 2.2 cm; 15 cm of squat
    leave 0.7 cm.
    """

    def __init__(
        self,
        robot: Humanoid,
        chains: tuple[Chain, Chain],
        home: NDArray[np.float64],
        arms: tuple[Network, Network],
        walk: tuple[WalkFunction, Network],
        squat: tuple[SquatFunction, Network],
    ) -> None:
        """Takes what reaching takes, a walk and a squat with their networks.

        ``arms`` holds the left arm's inverse kinematics, and the network that gives for both hands' goals (n, 6), of a
        robot that stands, by how much to squat and to turn: (n, 2), of :data:`DEEPEST` and :data:`TURN`.
        """
        super().__init__(robot, chains, home, arms[0], walk)
        self._stoop, (self._squat, self._squat_network) = arms[1], squat
        self._waist = next(i for i in range(len(robot.joints)) if i not in robot.legs)
        self._turn = np.eye(len(robot.joints))[[self._waist]]
        self._standing = float(self._sense_height(home))

    def _sense_height(self, home: NDArray[np.float64]) -> float:
        left, right = (foot.position(home[None])[0, 2] for foot in self._gait.odometry.feet)
        return 0.5 * (left + right)

    def sunk(self, body: Tensor) -> Tensor:
        """Returns how much lower than at home the pelvis is over the feet (n,) [m], by the joint angles."""
        odometry = self._gait.odometry
        angles = body[:, 6 : 6 + len(self._home)] + like(self._home, body)
        left, right = (foot.position(angles)[:, 2] for foot in odometry.feet)
        return 0.5 * (left + right) - self._standing

    def offsets(self, body: Tensor, goal: Tensor) -> Tensor:
        """Returns the arms' inverse kinematics in the turned waist's frame, over the squat's legs."""
        xp, sunk, waist = module_of(goal), self.sunk(body), body[:, 6 + self._waist]
        low = join(goal[:, :2], goal[:, 2:3] - sunk[:, None], goal[:, 3:5], goal[:, 5:] - sunk[:, None])
        stoop = xp.clip(self._stoop(low), -1.0, 1.0)
        deep = xp.clip(-DEEPEST * xp.clip(stoop[:, 0], 0.0, None), -sunk - SINK, -sunk + SINK)[:, None]
        legs = self._squat.action(self._squat_network, body, xp.clip(deep, -DEEPEST, 0.0), 0.0 * waist)
        hands = self.hands(body)
        points = hands + xp.clip((1.0 + FOLLOW) * (goal - hands), -LEAD, LEAD) + like(self.rest, goal)
        c, s = xp.cos(waist), -xp.sin(waist)
        sides = [xp.stack(turned([points[:, k + i] for i in range(3)], 2, c, s), -1) for k in (0, 3)]
        near = xp.clip(join(*sides) - like(self.rest, goal), -WIDER, WIDER)
        left = self._arm(near[:, :3])
        right = self._arm(near[:, 3:] * like(self._flip, goal)) * like(self._flip_joints, goal)
        arms = join(left, right) @ like(self._place, goal) + (TURN * stoop[:, 1:]) @ like(self._turn, goal)
        return arms + ACTION_SCALE * legs * like(self._legs, goal)
