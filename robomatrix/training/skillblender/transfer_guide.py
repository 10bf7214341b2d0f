"""The guide of BoxTransfer: both hands grip a light box, carry it round and put it onto the table behind the robot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robomatrix.scenes import skillbench as bench
from robomatrix.skills.skillblender.feedforward import rise
from robomatrix.skills.skillblender.views import Points
from robomatrix.training.skillblender.env import HumanoidEnv
from robomatrix.training.skillblender.guide_moves import HAND, Intent, resting_hands, still, towards, turned
from robomatrix.training.skillblender.tasks import BenchTask

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
CLEARANCE = 0.13
"""Over its board, at which a box is carried and hands wait [m]."""
AHEAD = 0.05
"""Of the resting hands, where a box is gripped and carried [m]."""
OPEN, SQUEEZE, CLOSING = 0.07, 0.05, 0.04
"""How far from a box's side open hands are, how far inside it hands that hold it are sent, and the furthest that they
are sent at once [m]."""
SIDE = 0.5 * bench.BOX_EDGE + HAND
"""Of a hand that touches from the box's middle [m]."""
DEEP = 0.05
"""A box is put at least this far inside the near edge of its table [m]."""
FOLLOW = 0.3
"""Share of what a hand lacks that it is sent further."""
CARRYING, TURNING = 0.7, 0.5
"""Share of the usual velocities of a robot that carries, and their limit [m/s, rad/s]."""
RETREAT = 0.12
"""How far it steps back from a box that it has put down [m]."""


@dataclass(frozen=True, eq=False)
class _Grasp:
    """How the hands are to the box, in n worlds."""

    aside: Array
    """How far to its own side each hand is (n, 2) [m]."""
    level: Mask
    """Where both are beside its middle."""
    held: Mask
    """Where both are and touch it."""


def _grasp(env: HumanoidEnv, box: Array) -> _Grasp:
    off, yaw = env.signals.hands - box[:, None], env.signals.yaw
    flat = np.stack([turned(off[:, i, :2], -yaw) for i in (0, 1)], 1)
    aside = flat[..., 1] * [1.0, -1.0]
    closed = (aside.max(-1) < SIDE + 0.02) & (aside.min(-1) > 0.0)
    slack = np.where(closed, 0.06, 0.035)
    level = (np.abs(off[..., 2]).max(-1) < slack) & (np.abs(flat[..., 0]).max(-1) < slack)
    return _Grasp(aside, level, level & closed)


def box_transfer(task: BenchTask, env: HumanoidEnv, points: Points) -> Intent:
    """Walks up with the hands high, lowers them beside the box, closes them, lifts, turns, puts it down, steps back."""
    box, goal = points["object"], points["goal"]
    grasp, above = _grasp(env, box), box[:, 2] - points["start"][:, 2]
    aim = np.stack([np.minimum(goal[:, 0], 0.5 * bench.TABLE_SIZE[0] - bench.TABLE_DISTANCE - DEEP), goal[:, 1]], -1)
    away = np.linalg.norm(aim - box[:, :2], axis=-1)
    carried, placed = grasp.held & (above > 0.04), (away < 0.12) & (above < 0.02)
    behind, reach = carried | (away < 0.15), np.full(len(box), task.rest[0, 0] + AHEAD)
    place = np.where(behind[:, None], aim + _ahead(reach + RETREAT * placed), box[:, :2] - _ahead(reach))
    velocity = towards(env, place, np.pi * behind, near=0.06)
    velocity = np.where(carried[:, None], np.clip(CARRYING * velocity, -TURNING, TURNING), velocity)
    near = np.linalg.norm(place - env.signals.position[:, :2], axis=-1) < 0.1
    there = away < 0.04 + 0.05 * (1.0 - rise(above, (0.06, 0.11)))
    lift = np.clip(np.where(there, -0.01 - above, CLEARANCE - above), -0.1, 0.1) * (grasp.held & ~placed)
    hands = _fetching(env, box, grasp, near, placed, lift)
    hands = np.where(((~carried & ~near) | placed)[:, None, None], _waiting(task, env, points), hands)
    hands += FOLLOW * (hands - env.signals.hands)
    return Intent(velocity, np.where(carried[:, None, None], _carrying(env, box, aim, reach, lift), hands), still(env))


def _ahead(distance: Array) -> Array:
    return np.stack([distance, 0.0 * distance], -1)


def _apart(env: HumanoidEnv, middle: Array, half: Array) -> Array:
    """Targets of both hands (n, 2, 3), ``half`` to the sides of points (n, 3)."""
    targets, aside = np.repeat(middle[:, None], 2, 1), turned(np.stack([0.0 * half, half], -1), env.signals.yaw)
    targets[:, 0, :2] += aside
    targets[:, 1, :2] -= aside
    return targets


def _fetching(env: HumanoidEnv, box: Array, grasp: _Grasp, near: Mask, placed: Mask, lift: Array) -> Array:
    """Hands that come down beside the box once they are apart, and close step by step, both at once."""
    closing = np.maximum(grasp.aside.mean(-1) - CLOSING, SIDE - SQUEEZE)
    half = np.where(grasp.level & near & ~placed, closing, SIDE + OPEN)
    beside = np.abs(grasp.aside - SIDE - 0.05).max(-1) < 0.06
    height = np.where(near & (beside | grasp.level), 0.0, CLEARANCE) + lift
    return _apart(env, box + height[:, None] * [0.0, 0.0, 1.0], half)


def _carrying(env: HumanoidEnv, box: Array, aim: Array, reach: Array, lift: Array) -> Array:
    """Closed hands ahead of the pelvis, or over the aim where that is near."""
    middle = env.signals.position[:, :2] + turned(_ahead(reach), env.signals.yaw)
    share = 1.0 - rise(np.linalg.norm(aim - middle, axis=-1), (0.12, 0.3))
    middle = middle + share[:, None] * (aim - middle)
    return _apart(env, np.column_stack([middle, box[:, 2] + lift]), np.full(len(box), SIDE - SQUEEZE))


def _waiting(task: BenchTask, env: HumanoidEnv, points: Points) -> Array:
    """Resting hands, a little wider apart and over the board."""
    rest = resting_hands(task, env)
    rest[..., 2] = np.maximum(rest[..., 2], points["start"][:, None, 2] + CLEARANCE)
    return rest + 0.1 * (rest - rest.mean(1, keepdims=True))
