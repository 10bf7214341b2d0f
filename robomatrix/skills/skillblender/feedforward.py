"""Known motion that a learnt skill only has to correct: gait, squat table, arm kinematics.

Each gives joint offsets from the home pose in the policies' joint order. All of them work on
numpy arrays and on torch tensors alike, so that training, blending (where gradients pass through) and the running skill
share one implementation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import UnknownNameError
from robomatrix.robots.humanoid import Humanoid
from robomatrix.robots.loader import load_robot
from robomatrix.skills.skillblender.arrays import like, module_of
from robomatrix.skills.skillblender.kinematics import Chain, foot_chains
from robomatrix.skills.skillblender.observation import VELOCITY_SCALE

T = TypeVar("T")
Tensor = Any
"""A numpy array or a torch tensor."""
GAIT_FREQUENCY = 1.4
"""Of a whole cycle of two steps [Hz]."""
STANDING_SPEED = 0.2
"""Commands below this fade the gait out [m/s or rad/s]."""


APART = (0.07, 0.08)
"""Distances of a foot from its place beside the other between which a standing robot begins to step [m]."""
ACROSS = np.array([1.0, 0.6])
"""Weights of these distances along x and y: feet may stand closer or wider than at home."""
TILT = (0.10, 0.16)
"""The same for the pelvis' tilt [rad]."""
SPEED = (0.35, 0.45)
"""The same for the body's speed over the standing foot [m/s]."""


def rise(value: Tensor, between: tuple[float, float]) -> Tensor:
    """Returns 0 up to the first bound, 1 from the second on, smooth between."""
    share = module_of(value).clip((value - between[0]) / (between[1] - between[0]), 0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)


def walking_gate(command: Tensor) -> Tensor:
    """Returns 0 for a command to stand, 1 from :data:`STANDING_SPEED` on, smooth between; (n, 3) -> (n,)."""
    return rise((command**2).sum(-1) / STANDING_SPEED**2, (0.0, 1.0))


@dataclass(frozen=True)
class Reflex:
    """Gains of a linear balance reflex and shape of the gait, found by the cross-entropy method for each robot.

    Gains are per unit of the gravity vector's x or y in the pelvis frame (about the tilt [rad]), per rad/s of the gyro,
    or per m/s that the body is too fast.
    """

    lift: float = 0.8
    """Scale of the swinging leg's bending (0.35 rad at hip and ankle, 0.70 rad at the knee)."""
    sway: float = 0.0
    """Amplitude of the sideways sway at the hips [rad]."""
    sway_lead: float = 0.0
    """Of the sway before the gait's clock [rad]."""
    lean: float = 0.0
    """Constant at the ankles [rad]."""
    lean_speed: float = 0.0
    """Of the ankles, per m/s forwards too fast."""
    ankle_pitch: tuple[float, float] = (0.0, 0.0)
    """(per gravity x, per pitch rate)."""
    swing_pitch: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Of the swinging hip (per gravity x, per pitch rate, per m/s forwards too fast)."""
    stance_pitch: float = 0.0
    """Of the standing hip, per gravity x."""
    stance_roll: tuple[float, float] = (0.0, 0.0)
    """Of the standing hip (per gravity y, per roll rate)."""
    swing_roll: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Of the swinging hip (per gravity y, per roll rate, per m/s to the left too fast)."""
    ankle_roll: tuple[float, float] = (0.0, 0.0)
    """(per gravity y, per roll rate)."""
    turn: float = 0.0
    """Of the standing hip's yaw, per rad/s of turning too fast."""
    stance_pitch_rate: float = 0.0
    """Of the standing hip, per pitch rate."""


@dataclass(frozen=True, eq=False)
class LegOdometry:
    """The body's velocity as the standing foot sees it."""

    feet: tuple[Chain, Chain]
    home: NDArray[np.float64]
    """(d,) [rad]."""

    def sense(self, body: Tensor, left_stands: Tensor) -> LegSense:
        """Returns where the feet are and how fast the body moves, from joint angles, joint rates and the gyro.

        Args:
            body: State of the body (n, 6 + 3 d).
            left_stands: (n,) true where the left foot is the standing one.
        """
        xp, d, n, step = module_of(body), len(self.home), len(body), 1e-3
        angles = body[:, 6 : 6 + d] + like(self.home, body)
        rates = body[:, 6 + d : 6 + 2 * d] / VELOCITY_SCALE
        both = xp.concatenate((angles, angles + step * rates))
        left, right = (foot.position(both) for foot in self.feet)
        place = xp.where(left_stands[:, None], left[:n], right[:n])
        speed = (xp.where(left_stands[:, None], left[n:], right[n:]) - place) / step
        wx, wy, wz = body[:, 0], body[:, 1], body[:, 2]
        vx = -(speed[:, 0] + wy * place[:, 2] - wz * place[:, 1])
        vy = -(speed[:, 1] + wz * place[:, 0] - wx * place[:, 2])
        return LegSense(left[:n], right[:n], xp.stack((vx, vy), -1))

    @cached_property
    def apart(self) -> NDArray[np.float64]:
        """The left foot's place less the right one's at home (2,) [m]."""
        left, right = (foot.position(self.home[None]) for foot in self.feet)
        return (left - right)[0, :2]


@dataclass(frozen=True, eq=False)
class LegSense:
    """What the legs tell about where the body stands and how it moves, in the pelvis frame."""

    left: Tensor
    """Ankle (n, 3) [m]."""
    right: Tensor
    """Ankle (n, 3) [m]."""
    velocity: Tensor
    """Of the body over the standing foot (n, 2) [m/s]."""

    @property
    def apart(self) -> Tensor:
        """The left foot's place less the right one's (n, 2) [m]."""
        return (self.left - self.right)[:, :2]


FEATURES = 26
"""Length of :meth:`Gait.basis`."""
STANCE = slice(6, 11)
"""The features that act while no leg swings: 1, and what is felt."""


@dataclass(frozen=True, eq=False)
class Gait:
    """Alternating steps along the commanded velocity over a linear balance reflex."""

    matrix: NDArray[np.float64]
    """(FEATURES, joints): offsets for each entry of :meth:`basis` [rad]."""
    odometry: LegOdometry
    sway_lead: float = 0.0
    """[rad]."""

    def unrest(self, body: Tensor, legs: LegSense) -> Tensor:
        """Returns 0 for a body (n, 6 + 3 d) upright over feet side by side, to 1 for one that must step (n,)."""
        xp = module_of(body)
        apart = (legs.apart - like(self.odometry.apart, body)) * like(ACROSS, body)
        return xp.maximum(rise(xp.sqrt((apart**2).sum(-1) + 1e-9), APART), self.imbalance(body, legs))

    def imbalance(self, body: Tensor, legs: LegSense) -> Tensor:
        """Returns 0 for a body (n, 6 + 3 d) upright and at rest, to 1 for one that falls unless it steps (n,)."""
        xp = module_of(body)
        tilt = xp.sqrt((body[:, 3:5] ** 2).sum(-1) + 1e-9)
        speed = xp.sqrt((legs.velocity**2).sum(-1) + 1e-9)
        return xp.maximum(rise(tilt, TILT), rise(speed, SPEED))

    def basis(
        self, body: Tensor, phase: Tensor, command: Tensor, gates: tuple[Tensor, Tensor], legs: LegSense
    ) -> Tensor:
        """Returns (n, FEATURES) where each leg lifts as far as its gate (n,) is open, 0 to 1.

        The features: each swinging leg, the sweeps along vx, vy and wz, the sway, 1, what is felt (gravity x, pitch
        rate, gravity y, roll rate), the same for each swinging leg, speed errors for each swinging leg, the turning
        error while left, right swings, and the forward error.
        """
        xp = module_of(command)
        gate, angle = xp.maximum(*gates), 2.0 * math.pi * phase
        swing, sweep = xp.sin(angle), xp.cos(angle) * gate
        left, right = gates[0] * xp.clip(swing, 0.0, None), gates[1] * xp.clip(-swing, 0.0, None)
        felt = (body[:, 3], body[:, 1], body[:, 4], body[:, 0])
        excess = xp.clip(legs.velocity - command[:, :2], -1.0, 1.0)
        turning = body[:, 2] - command[:, 2]
        steps = (left, right, sweep * command[:, 0], sweep * command[:, 1], sweep * command[:, 2])
        sway = gate * xp.sin(angle + self.sway_lead)
        swinging = (leg * value for leg in (left, right) for value in felt)
        fast = (leg * excess[:, axis] for leg in (left, right) for axis in (0, 1))
        turns = (left * turning, right * turning, gate * excess[:, 0])
        return xp.stack((*steps, sway, xp.ones_like(gate), *felt, *swinging, *fast, *turns), -1)

    def stance(self, body: Tensor) -> Tensor:
        """Returns joint offsets (n, joints) [rad] of a robot that stands, for states of the body (n, 6 + 3 joints)."""
        xp = module_of(body)
        felt = (body[:, 3], body[:, 1], body[:, 4], body[:, 0])
        return xp.stack((xp.ones_like(body[:, 0]), *felt), -1) @ like(self.matrix[STANCE], body)


def gait_matrix(robot: Humanoid, reflex: Reflex) -> NDArray[np.float64]:
    """Returns (FEATURES, joints); sweeps follow from the leg's length and the time a foot stands."""
    rows = np.zeros((FEATURES, len(robot.joints)))
    for leg, (side, sign) in enumerate((("left", 1.0), ("right", -1.0))):
        _steps(rows, robot, side, leg, sign, reflex.lift)
        _reflexes(rows, robot, side, leg, reflex)
    return rows


def _steps(rows: NDArray[np.float64], robot: Humanoid, side: str, leg: int, sign: float, lift: float) -> None:
    quarter = 0.25 / GAIT_FREQUENCY
    sweep = sign * quarter / robot.leg
    ankle, roll = robot.ankle(side), robot.ankle_roll(side)
    for joint, offset in (("hip_pitch", -0.35), ("knee", 0.70)):
        rows[leg, robot.index(f"{side}_{joint}_joint")] = lift * offset
    rows[leg, ankle] = -0.35 * lift
    rows[2, robot.index(f"{side}_hip_pitch_joint")] = sweep
    rows[2, ankle] = -sweep
    rows[3, robot.index(f"{side}_hip_roll_joint")] = -0.5 * sweep
    rows[4, robot.index(f"{side}_hip_yaw_joint")] = -sign * quarter
    if roll is not None:
        rows[3, roll] = 0.5 * sweep


def _reflexes(rows: NDArray[np.float64], robot: Humanoid, side: str, leg: int, reflex: Reflex) -> None:
    pitch, roll = robot.index(f"{side}_hip_pitch_joint"), robot.index(f"{side}_hip_roll_joint")
    ankle, ankle_roll = robot.ankle(side), robot.ankle_roll(side)
    swing, fast = 11 + 4 * leg, 19 + 2 * leg
    rows[5, roll] = reflex.sway
    rows[6, ankle] = reflex.lean
    rows[7:9, ankle] = reflex.ankle_pitch
    rows[7:9, pitch] = stance = (reflex.stance_pitch, reflex.stance_pitch_rate)
    rows[9:11, roll] = reflex.stance_roll
    rows[swing : swing + 2, pitch] = np.subtract(reflex.swing_pitch[:2], stance)
    rows[swing + 2 : swing + 4, roll] = np.subtract(reflex.swing_roll[:2], reflex.stance_roll)
    rows[fast, pitch], rows[fast + 1, roll] = reflex.swing_pitch[2], reflex.swing_roll[2]
    rows[24 - leg, robot.index(f"{side}_hip_yaw_joint")] = reflex.turn
    rows[25, ankle] = reflex.lean_speed
    if ankle_roll is not None:
        rows[5, ankle_roll] = -reflex.sway
        rows[9:11, ankle_roll] = reflex.ankle_roll


REFLEXES: Mapping[str, Reflex] = MappingProxyType(
    {
        "g1": Reflex(
            lift=0.8,
            sway=0.012,
            sway_lead=-0.714,
            lean=-0.048,
            lean_speed=0.238,
            ankle_pitch=(0.716, 0.039),
            swing_pitch=(-1.331, -0.032, -0.058),
            stance_pitch=0.433,
            stance_roll=(0.95, 0.05),
            swing_roll=(0.689, -0.051, 0.213),
            ankle_roll=(-0.474, 0.05),
            turn=0.011,
        ),
        "h1": Reflex(
            lift=0.8,
            sway=-0.014,
            sway_lead=0.278,
            lean=-0.071,
            lean_speed=0.233,
            ankle_pitch=(1.152, 0.066),
            swing_pitch=(-1.114, -0.023, -0.421),
            stance_pitch=0.55,
            stance_roll=(0.136, 0.024),
            swing_roll=(1.261, -0.089, 0.466),
            ankle_roll=(-0.331, 0.047),
            turn=-0.005,
        ),
        "h1_2": Reflex(
            lift=0.8,
            sway=0.028,
            sway_lead=-0.977,
            lean=-0.027,
            lean_speed=0.229,
            ankle_pitch=(0.68, 0.042),
            swing_pitch=(-1.259, -0.039, -0.062),
            stance_pitch=0.489,
            stance_roll=(0.934, 0.066),
            swing_roll=(0.655, -0.056, 0.245),
            ankle_roll=(-0.447, 0.066),
            turn=0.063,
        ),
    }
)
"""By robot."""


STANCES: Mapping[str, Reflex] = MappingProxyType(
    {
        "g1": Reflex(
            lean=-0.01,
            ankle_pitch=(0.791, 0.068),
            stance_pitch=0.073,
            stance_roll=(0.588, 0.033),
            ankle_roll=(-0.399, 0.062),
        ),
        "h1": Reflex(
            lean=0.002,
            ankle_pitch=(0.548, 0.073),
            stance_pitch=0.562,
            stance_roll=(-0.035, 0.034),
            stance_pitch_rate=0.091,
        ),
        "h1_2": Reflex(
            lean=-0.003,
            ankle_pitch=(0.649, 0.069),
            stance_pitch=0.389,
            stance_roll=(0.723, 0.0),
            ankle_roll=(-0.859, 0.06),
            stance_pitch_rate=0.08,
        ),
    }
)
"""By robot: softer gains for the skills that keep both feet on the floor, where those of walking oscillate."""


def known(table: Mapping[str, T], robot: Humanoid) -> T:
    """Returns a robot's entry of a table; UnknownNameError lists the robots that have one."""
    if robot.name not in table:
        raise UnknownNameError("trained humanoid", robot.name, table)
    return table[robot.name]


def gait(robot: Humanoid, reflex: Reflex | None = None) -> Gait:
    """Returns the gait of a humanoid, with its own reflex unless another is given."""
    description = load_robot(robot.name)
    home = np.array([description.joint(name).home for name in robot.joints])
    reflex = reflex or known(REFLEXES, robot)
    odometry = LegOdometry(foot_chains(robot, description.urdf), home)
    return Gait(gait_matrix(robot, reflex), odometry, reflex.sway_lead)
