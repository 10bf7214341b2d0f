"""The primitive skills as functions of (state, goal, clock): feed-forward plus a network's correction.

A skill's goal is given in the units its network sees. Everything runs on numpy arrays in the robot and on torch tensors
in the blending policy, whose gradients pass through goals and feed-forward (paper, equations 1 and 2).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from robomatrix.policies.spec import Term
from robomatrix.robots.humanoid import Humanoid
from robomatrix.skills.skillblender.arrays import like, module_of
from robomatrix.skills.skillblender.feedforward import STANCES, Gait, gait, known, walking_gate
from robomatrix.skills.skillblender.kinematics import Chain
from robomatrix.skills.skillblender.mirror import Mirror, joined, joint_mirror, observation_mirror, second_half, signs
from robomatrix.skills.skillblender.observation import ACTION_SCALE, body_terms
from robomatrix.skills.skillblender.squats import SQUATS

Tensor = Any
"""A numpy array or a torch tensor."""
Network = Callable[[Tensor], Tensor]


def join(*parts: Tensor) -> Tensor:
    """Concatenates along the last axis, numpy or torch."""
    return module_of(parts[0]).concatenate(parts, -1)


def scatter(outputs: tuple[int, ...], joints: int) -> NDArray[np.float64]:
    """Returns the matrix (len(outputs), joints) that puts a network's outputs at their joints."""
    return np.eye(joints)[list(outputs)]


class SkillFunction(ABC):
    """What a primitive does with its network; holds no state."""

    name: ClassVar[str]
    goal_terms: ClassVar[tuple[Term, ...]]
    """Of the goal as the network sees it."""
    goal_limit: ClassVar[float] = 1.0
    """A blending policy clamps its sub-goals to plus and minus this (paper: 1 on the G1)."""

    def __init__(self, robot: Humanoid, outputs: tuple[int, ...]) -> None:
        """Takes the indices of the joints that the network moves."""
        self.robot, self.outputs = robot, outputs
        self._scatter = scatter(outputs, len(robot.joints))

    @property
    def goal_size(self) -> int:
        """Length of the goal."""
        return sum(term.size for term in self.goal_terms)

    @property
    def terms(self) -> tuple[Term, ...]:
        """The network's whole input."""
        return (*self.goal_terms, *body_terms(len(self.robot.joints)), *self.extra_terms)

    extra_terms: ClassVar[tuple[Term, ...]] = ()

    @abstractmethod
    def offsets(self, body: Tensor, goal: Tensor, phase: Tensor) -> Tensor:
        """Returns the feed-forward joint offsets from home (n, d) [rad]; arguments as :meth:`input`."""

    @abstractmethod
    def input(self, body: Tensor, goal: Tensor, phase: Tensor) -> Tensor:
        """Returns the network's input (n, observed) from the body's state (n, b), goals (n, k) and phases (n,)."""

    def faces_away(self, body: Tensor, goal: Tensor, phase: Tensor) -> Tensor:
        """Returns where the network is shown the mirrored robot (n,); nowhere unless a skill says so."""
        return phase < 0.0

    def whole(self, body: Tensor, goal: Tensor, phase: Tensor, residual: Tensor) -> Tensor:
        """Returns the action (n, d) in units of ACTION_SCALE, of a network's output (n, outputs)."""
        return self.offsets(body, goal, phase) / ACTION_SCALE + residual @ like(self._scatter, residual)

    def action(self, network: Network, body: Tensor, goal: Tensor, phase: Tensor) -> Tensor:
        """Returns the whole action (n, d) in units of ACTION_SCALE."""
        return self.whole(body, goal, phase, network(self.input(body, goal, phase)))


class WalkFunction(SkillFunction):
    """Follows a velocity; symmetric by construction (see :mod:`robomatrix.skills.skillblender.mirror`)."""

    name = "walk"
    goal_terms = (Term("velocity", 2, "m/s", 2.0), Term("turning_rate", 1, "rad/s"))
    extra_terms = (Term("clock", 2, "1"), Term("leg_odometry", 2, "m/s"))
    scale = np.array([2.0, 2.0, 1.0])

    def __init__(self, robot: Humanoid) -> None:
        super().__init__(robot, robot.legs)
        self._gait: Gait = gait(robot)
        self.mirror: Mirror = joined(observation_mirror(robot, signs(1, -1, -1)), signs(1, -1))
        self.mirror_output: Mirror = joint_mirror(robot, self.outputs)

    def command(self, goal: Tensor) -> Tensor:
        """Returns (vx, vy, wz) [m/s, rad/s] of goals (n, 3)."""
        return goal / like(self.scale, goal)

    def gate(self, body: Tensor, goal: Tensor) -> Tensor:
        """Returns 0 for a robot that shall stand and does, up to 1 for one that steps (n,).

        It steps when it is commanded to, and also when its feet are apart or it tilts: a walk ends side by side, and a
        shove is answered with steps.
        """
        return module_of(body).maximum(walking_gate(self.command(goal)), self._gait.unrest(body))

    def offsets(self, body: Tensor, goal: Tensor, phase: Tensor) -> Tensor:
        """Returns the gait's offsets."""
        gate = self.gate(body, goal)
        basis = self._gait.stepping_basis(body, phase, self.command(goal), (gate, gate))
        return basis @ like(self._gait.matrix, goal)

    def faces_away(self, body: Tensor, goal: Tensor, phase: Tensor) -> Tensor:
        """Returns where the network is shown the mirrored robot (n,)."""
        return second_half(phase, self.gate(body, goal))

    def input(self, body: Tensor, goal: Tensor, phase: Tensor) -> Tensor:
        """Returns goal, body, clock (hidden when standing) and leg odometry, mirrored while the right foot swings."""
        xp, gate, angle = module_of(body), self.gate(body, goal), 2.0 * np.pi * phase
        clock = xp.stack((gate * xp.sin(angle), gate * xp.cos(angle)), -1)
        plain = join(goal, body, clock, self._gait.odometry.velocity(body, phase >= 0.5))
        return xp.where(self.faces_away(body, goal, phase)[:, None], self.mirror(plain), plain)

    def whole(self, body: Tensor, goal: Tensor, phase: Tensor, residual: Tensor) -> Tensor:
        """Returns the whole action, mirrored back where the input was mirrored."""
        away = self.faces_away(body, goal, phase)[:, None]
        residual = module_of(residual).where(away, self.mirror_output(residual), residual)
        return super().whole(body, goal, phase, residual)


class StandingFunction(SkillFunction):
    """Base of the skills that keep both feet on the floor: the balance reflex alone, and no clock."""

    def __init__(self, robot: Humanoid) -> None:
        """Moves all joints."""
        super().__init__(robot, tuple(range(len(robot.joints))))
        self._gait = gait(robot, known(STANCES, robot))

    def balance(self, body: Tensor, phase: Tensor) -> Tensor:
        """Returns the reflex's offsets (n, d) [rad] for a robot that stands."""
        return self._gait(body, phase, module_of(body).zeros_like(body[:, :3]))

    def input(self, body: Tensor, goal: Tensor, phase: Tensor) -> Tensor:
        """Returns goal and body."""
        return join(goal, body)


class SquatFunction(StandingFunction):
    """Lowers the pelvis along a table of balanced poses."""

    name = "squat"
    goal_terms = (Term("height_change", 1, "m"),)

    def __init__(self, robot: Humanoid) -> None:
        super().__init__(robot)
        self._table = known(SQUATS, robot)
        self._spread = np.zeros((3, len(robot.joints)))
        for side in ("left", "right"):
            places = (robot.index(f"{side}_hip_pitch_joint"), robot.index(f"{side}_knee_joint"), robot.ankle(side))
            self._spread[range(3), places] = 1.0

    def offsets(self, body: Tensor, goal: Tensor, phase: Tensor) -> Tensor:
        """Returns the table's pose for the goal; the reflex holds the table's tilt instead of upright."""
        pose = self._table(goal[:, 0])
        tilt = module_of(body).sin(pose[:, 3:])
        leaning = join(body[:, :3], body[:, 3:4] - tilt, body[:, 4:])
        return pose[:, :3] @ like(self._spread, goal) + self.balance(leaning, phase)


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

    def offsets(self, body: Tensor, goal: Tensor, phase: Tensor) -> Tensor:
        """Returns the arms' inverse kinematics over the balance reflex."""
        left = self._arm(goal[:, :3])
        right = self._arm(goal[:, 3:] * like(self._flip, goal)) * like(self._flip_joints, goal)
        return join(left, right) @ like(self._place, goal) + self.balance(body, phase)

    def input(self, body: Tensor, goal: Tensor, phase: Tensor) -> Tensor:
        """Returns goal, body and what the hands lack, five times enlarged."""
        return join(goal, body, 5.0 * (goal - self.hands(body)))


def lift_gates(goal: Tensor) -> tuple[Tensor, Tensor]:
    """Returns for foot errors (n, 4) [m] how far each foot shall lift (n,): 0 up to 1.2 cm, 1 from 4 cm on."""
    xp = module_of(goal)
    size = xp.sqrt(xp.stack(((goal[:, :2] ** 2).sum(-1), (goal[:, 2:] ** 2).sum(-1))) + 1e-12)
    share = xp.clip((size - 0.012) / 0.028, 0.0, 1.0)
    return tuple(share * share * (3.0 - 2.0 * share))


class StepFunction(SkillFunction):
    """Puts one foot where it shall stand, the other stays; symmetric by construction as walking is.

    The goal is what each foot lacks, left before right, in the pelvis' heading. A foot lifts in its half of the gait's
    clock and only while it lacks something.
    """

    name = "step"
    goal_terms = (Term("foot_errors", 4, "m"),)
    extra_terms = (Term("clock", 2, "1"), Term("leg_odometry", 2, "m/s"), Term("feet_apart", 2, "m"))
    goal_mirror = Mirror(np.array([2, 3, 0, 1]), np.array([1.0, -1.0, 1.0, -1.0]))

    def __init__(self, robot: Humanoid) -> None:
        super().__init__(robot, robot.legs)
        self._gait, self._stance = gait(robot), gait(robot, known(STANCES, robot))
        self.mirror: Mirror = joined(observation_mirror(robot, self.goal_mirror), signs(1, -1), signs(-1, 1))
        self.mirror_output: Mirror = joint_mirror(robot, self.outputs)
        self._home_apart = self.apart(np.zeros((1, 6 + 3 * len(robot.joints))))[0]
        self.width = float(self._home_apart[1])
        """Of the feet at home, ankle to ankle [m]."""
        self._spread = _leg_spread(robot)

    def feet(self, body: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the left and the right ankle in the pelvis frame, each (n, 3) [m]."""
        return self._gait.odometry.places(body)

    def apart(self, body: Tensor) -> Tensor:
        """Returns the left foot's place less the right one's in the pelvis frame (n, 2) [m]."""
        left, right = self.feet(body)
        return (left - right)[:, :2]

    def offsets(self, body: Tensor, goal: Tensor, phase: Tensor) -> Tensor:
        """Returns lifts, balance, and legs as far apart as the feet are and, in its swing, the goal wants."""
        xp, gates = module_of(body), lift_gates(goal)
        basis = self._gait.stepping_basis(body, phase, xp.zeros_like(body[:, :3]), gates)
        stepping = xp.maximum(*gates)[:, None]
        balance = basis @ like(self._gait.matrix, body) * stepping
        balance = balance + basis @ like(self._stance.matrix, body) * (1.0 - stepping)
        time = xp.clip(1.3 * (2.0 * phase % 1.0) - 0.2, 0.0, 1.0)
        first = phase < 0.5
        left = (xp.where(first, time, 0.0 * time) * gates[0])[:, None] * goal[:, :2]
        right = (xp.where(first, 0.0 * time, time) * gates[1])[:, None] * goal[:, 2:]
        apart = self.apart(body) + left - right - like(self._home_apart, body)
        return balance + apart @ like(self._spread, body)

    def faces_away(self, body: Tensor, goal: Tensor, phase: Tensor) -> Tensor:
        """Returns where the network is shown the mirrored robot (n,)."""
        return second_half(phase, module_of(goal).maximum(*lift_gates(goal)))

    def input(self, body: Tensor, goal: Tensor, phase: Tensor) -> Tensor:
        """Returns goal, body, clock (hidden when standing), leg odometry and the feet's distance, mirrored or not."""
        xp, angle = module_of(body), 2.0 * np.pi * phase
        gate = xp.maximum(*lift_gates(goal))
        clock = xp.stack((gate * xp.sin(angle), gate * xp.cos(angle)), -1)
        plain = join(goal, body, clock, self._gait.odometry.velocity(body, phase >= 0.5), self.apart(body))
        return xp.where(self.faces_away(body, goal, phase)[:, None], self.mirror(plain), plain)

    def whole(self, body: Tensor, goal: Tensor, phase: Tensor, residual: Tensor) -> Tensor:
        """Returns the whole action, mirrored back where the input was mirrored."""
        away = self.faces_away(body, goal, phase)[:, None]
        residual = module_of(residual).where(away, self.mirror_output(residual), residual)
        return super().whole(body, goal, phase, residual)


def _leg_spread(robot: Humanoid) -> NDArray[np.float64]:
    """Returns (2, d): joint offsets per metre that the left foot stands ahead of and to the left of the right one."""
    rows = np.zeros((2, len(robot.joints)))
    for side, sign in (("left", 0.5), ("right", -0.5)):
        angle, roll = sign / robot.leg, robot.ankle_roll(side)
        rows[0, [robot.index(f"{side}_hip_pitch_joint"), robot.ankle(side)]] = -angle, angle
        rows[1, robot.index(f"{side}_hip_roll_joint")] = angle
        if roll is not None:
            rows[1, roll] = -angle
    return rows


FUNCTIONS: Mapping[str, type[SkillFunction]] = {
    f.name: f for f in (WalkFunction, ReachFunction, SquatFunction, StepFunction)
}


class WholeBody(SkillFunction):
    """A task's policy: its output is the whole action, with no feed-forward of its own (paper, section III-C)."""

    name = "whole_body"
    extra_terms = (Term("clock", 2, "1"),)

    def __init__(self, robot: Humanoid, goal_terms: tuple[Term, ...]) -> None:
        """Moves all joints towards a task's goal."""
        super().__init__(robot, tuple(range(len(robot.joints))))
        self.goal_terms = goal_terms

    def offsets(self, body: Tensor, goal: Tensor, phase: Tensor) -> Tensor:
        """Returns zeros (n, d)."""
        d = len(self.robot.joints)
        return module_of(body).zeros_like(body[:, 6 : 6 + d])

    def input(self, body: Tensor, goal: Tensor, phase: Tensor) -> Tensor:
        """Returns goal, body and clock."""
        xp, angle = module_of(body), 2.0 * np.pi * phase
        return join(goal, body, xp.stack((xp.sin(angle), xp.cos(angle)), -1))
