"""A hand-made start for each SkillBench task: sub-goals and weights that a blend first imitates, then improves by PPO.

The paper spends 10^9 samples and more on a task; ours begin with what a person would tell the skills to do. A guide
sees the true state, has no memory and knows nothing of balance; it is used in training and as a baseline only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from robomatrix.scenes import skillbench as bench
from robomatrix.skills.skillblender.blend import Blend
from robomatrix.skills.skillblender.feedforward import rise
from robomatrix.skills.skillblender.observation import rotate_back
from robomatrix.skills.skillblender.views import Points
from robomatrix.training.skillblender.carrying_guide import box_transfer, package, package_carry
from robomatrix.training.skillblender.env import HumanoidEnv
from robomatrix.training.skillblender.guide_moves import (
    BUILDS,
    HAND,
    NEAR,
    SPEED,
    Intent,
    arrived,
    feet_apart,
    resting_hands,
    still,
    towards,
    turned,
)
from robomatrix.training.skillblender.tasks import BenchTask

Array = NDArray[np.float64]
LOGIT = 2.5
"""Of the weights' preference: softmax of plus and minus this gives 0.993 to one of two skills."""
DROP = 0.05
"""Furthest the pelvis' height is sent from the present one [m]."""
BRAKE = 0.15
"""How far it is sent back for each m/s at which it moves [s]."""
SWAY = (0.1, 0.25)
"""Speeds of the pelvis over the ground up to which it sinks as it likes, and from which it does not [m/s]."""
LEAN = (0.08, 0.2)
"""The same of its sine sideways."""
SIDESTEP = 0.3
"""Speed aside of a robot that would squat with its feet too close together [m/s]."""
FOLLOW = 0.3
"""Share of what a hand lacks that it is sent further."""
LEAD = 0.1
"""How far a robot that pushes sideways stands ahead of its box [m]."""
ASTRIDE = 0.16
"""How far the resting hands of a robot that shuts doors stay before the hinges [m]."""
CLEAR = 0.06
"""Distance from a door's edge at which the middle of a hand passes it [m]."""
WAITING = 0.2
"""How much further back it stands until both hands are outside the doors [m]."""
SIDES = ((0, 1.0), (1, -1.0))
"""Index and sign along y of the left and the right."""
LOWERED = (0.06, 0.15)
"""How far above its height a squatting robot reaches for a button, and holds its hand back: a hand that meets the wall
on the way pushes the robot over [m]."""


def guided_output(task: BenchTask, env: HumanoidEnv, blend: Blend) -> Array:
    """Returns the blend's high-level output that a task's guide asks for (n, size)."""
    intent = GUIDES[task.name](task, env, task.points(env))
    squats = np.broadcast_to(intent.squats, env.num_envs)
    return _output(task, env, intent, _preference(task, squats, blend.joints))


def sequenced_output(task: BenchTask, env: HumanoidEnv, blend: Blend) -> Array:
    """Returns the same with one skill at a time for the whole body: the paper's baseline "skills in sequence".

    Walks until it stands where the guide wants it, squats to the guide's height, then reaches.
    """
    intent = GUIDES[task.name](task, env, task.points(env))
    low = env.signals.position[:, 2] - env.robot.height - _lowered(env, intent.height)
    choices = {
        "walk": np.linalg.norm(intent.velocity[:, :2], axis=-1) > 0,
        "squat": np.abs(low) > 0.5 * DROP,
        "reach": np.ones(env.num_envs, bool),
    }
    logits = np.full((env.num_envs, len(task.skills), blend.joints), -LOGIT)
    free = np.ones(env.num_envs, bool)
    for name in (n for n in choices if n in task.skills):
        logits[free & choices[name], task.skills.index(name)] = LOGIT
        free &= ~choices[name]
    logits[free, 0] = LOGIT
    return _output(task, env, intent, logits)


def _output(task: BenchTask, env: HumanoidEnv, intent: Intent, logits: Array) -> Array:
    goals = {
        "walk": intent.velocity * [2.0, 2.0, 1.0],
        "reach": _offsets(task, env, intent.hands),
        "squat": _lowered(env, intent.height)[:, None],
    }
    return np.concatenate([*(goals[name] for name in task.skills), logits.reshape(env.num_envs, -1)], -1)


def _preference(task: BenchTask, squats: Array, joints: int) -> Array:
    """The weights' logits (n, skills, joints): arms to the reach, legs and waist to the walk or to the squat."""
    legs = len(task.robot.legs) + 1
    logits = np.full((len(squats), len(task.skills), joints), -LOGIT)
    moving = {"walk": ~squats, "squat": squats}
    for i, name in enumerate(task.skills):
        logits[moving.get(name, False), i, :legs] = LOGIT
        logits[:, i, legs:] = LOGIT if name == "reach" else -LOGIT
    return logits


def _lowered(env: HumanoidEnv, wanted: Array) -> Array:
    """The wanted change of height, never far from the present one and back against a fast one, so that none drops.

    A robot that sways or leans sideways sinks no further until it is calm.
    """
    present = np.minimum(0.0, env.signals.position[:, 2] - env.robot.height)
    sway = rise(np.linalg.norm(env.signals.velocity[:, :2], axis=-1), SWAY)
    drop = DROP * (1.0 - sway) * (1.0 - rise(np.abs(env.signals.body.gravity[:, 1]), LEAN))
    braked = np.clip(wanted, present - drop, present + DROP) - BRAKE * env.signals.velocity[:, 2]
    return np.where(wanted < 0.0, braked, np.minimum(0.0, braked))


def _offsets(task: BenchTask, env: HumanoidEnv, targets: Array) -> Array:
    """Hand targets in the world as offsets from rest in the pelvis frame (n, 6), no further than the arm goes."""
    quaternion, base = env.simulation.qpos[:, 3:7], env.signals.position
    rest = task.rest - [0.0, 0.0, task.robot.height]
    hands = np.stack([rotate_back(quaternion, targets[:, i] - base) - rest[i] for i in (0, 1)], 1)
    length = np.linalg.norm(hands, axis=-1, keepdims=True)
    return (hands * np.minimum(1.0, BUILDS[env.robot.name].far / np.maximum(length, 1e-6))).reshape(len(hands), 6)


def _far_reach(task: BenchTask, env: HumanoidEnv, points: Points) -> Intent:
    goals = np.stack([points["left_goal"], points["right_goal"]], 1)
    place = goals[..., :2].mean(1) - task.rest[:, :2].mean(0)
    away = np.linalg.norm(place - env.signals.position[:, :2], axis=-1)
    planted, resting = _planted(task, env, place, away), resting_hands(task, env)
    share = np.maximum(planted, 1.0 - rise(away, BUILDS[env.robot.name].raising))[:, None, None]
    near = 0.08 if "squat" in task.skills else NEAR
    return Intent(towards(env, place, near=near), resting + share * (goals - resting), still(env), planted)


def _planted(task: BenchTask, env: HumanoidEnv, place: Array, away: Array) -> NDArray[np.bool_]:
    """Where the squat's legs carry a robot whose hands work; nowhere in a task that does not blend the squat."""
    if "squat" not in task.skills:
        return np.zeros(env.num_envs, bool)
    working = (env.signals.hands[..., 2] - task.rest[:, 2]).max(-1) > 0.15
    return arrived(env, place) | (working & (away < 0.35) & (np.linalg.norm(env.signals.velocity, axis=-1) < 0.35))


def _button_press(task: BenchTask, env: HumanoidEnv, points: Points) -> Intent:
    """Stands the closer to the wall the lower the button is, and squats before one that is too low for the arm."""
    build, button = BUILDS[env.robot.name], points["object"] - [HAND + 0.01, 0.0, 0.0]
    too_low = button[:, 2] < build.low_button
    low = np.where(too_low, np.clip(button[:, 2] - build.low_button - 0.06, -build.deepest, -0.09), 0.0)
    drop = build.shoulder + low - button[:, 2]
    ahead = np.sqrt(np.clip(build.arm**2 - drop**2, build.closest**2, max(build.closest, task.rest[0, 0] + 0.06) ** 2))
    place = np.stack([button[:, 0] - ahead, button[:, 1] - task.rest[0, 1]], -1)
    resting, sunk = resting_hands(task, env), env.signals.position[:, 2] - env.robot.height
    squats = arrived(env, place) & (button[:, 2] < build.planted)
    press = button + FOLLOW * (button - env.signals.hands[:, 0])
    withheld = resting[:, 0] + np.minimum(sunk, 0.0)[:, None] * [0.0, 0.0, 1.0]
    share = np.where(too_low, squats * (1.0 - rise(sunk - low, LOWERED)), 1.0)[:, None]
    left = withheld + share * (press - withheld)
    velocity = towards(env, place, near=0.08)
    narrow = (velocity[:, :2] == 0.0).all(-1) & ~squats & (feet_apart(env)[:, 1] < build.stance)
    velocity[:, 1] = np.where(narrow & too_low, SIDESTEP, velocity[:, 1])
    return Intent(velocity, np.stack([left, resting[:, 1]], 1), low, squats)


def _cabinet_close(task: BenchTask, env: HumanoidEnv, points: Points) -> Intent:
    """Walks up with the hands wide apart, past the doors' edges on the outside, and pushes both doors from there."""
    front, doors = bench.CABINET_DISTANCE - bench.HINGE_LEAD, task.doors(env)
    found = [_closing_hand(task, env, front, doors[:, i], i, side) for i, side in SIDES]
    back = np.where(found[0][1] & found[1][1], 0.0, WAITING)
    place = np.stack([front - task.rest[0, 0] - ASTRIDE - back, 0.0 * back], -1)
    return Intent(towards(env, place), np.stack([target for target, _ in found], 1), still(env))


def _closing_hand(
    task: BenchTask, env: HumanoidEnv, front: float, door: Array, i: int, side: float
) -> tuple[Array, NDArray[np.bool_]]:
    """Where the i-th hand, on the side with that sign, goes (n, 3), and whether it is on the door's outside (n,)."""
    hinge, hand = np.array([front, side * bench.HINGE_ASIDE]), env.signals.hands[:, i]
    along = np.stack([-np.sin(door), -side * np.cos(door)], -1)
    tip, outward = hinge + bench.DOOR_WIDTH * along, np.stack([-np.cos(door), side * np.sin(door)], -1)
    offset = hand[:, :2] - hinge
    past = (offset * along).sum(-1) < bench.DOOR_WIDTH - 0.01
    wide = np.where(past, (offset * outward).sum(-1) > 0.03, side * (hand[:, 1] - tip[:, 1]) > CLEAR)
    ahead = door - 0.45
    push = hinge + 0.2 * np.stack([-np.sin(ahead), -side * np.cos(ahead)], -1)
    before = np.minimum(hinge[0] - 0.2, env.signals.position[:, 0] + task.rest[0, 0])
    around = np.stack([before, np.full_like(before, hinge[1] + side * 0.1)], -1)
    out = np.stack([tip[:, 0] - 0.1, tip[:, 1] - side * CLEAR], -1)
    target = np.where((past & wide)[:, None], push, np.where((past & ~wide)[:, None], out, around))
    return np.concatenate([target, np.full((len(target), 1), task.bench.cabinet + 0.12)], -1), wide


def _football_shoot(task: BenchTask, env: HumanoidEnv, points: Points) -> Intent:
    """Walks through the ball along the line to the goal; goes behind it first where it is not on that line."""
    ball, way = points["object"][:, :2], (points["goal"] - points["object"])[:, :2]
    ahead = way / np.linalg.norm(way, axis=-1, keepdims=True)
    offset = env.signals.position[:, :2] - ball
    along = (offset * ahead).sum(-1, keepdims=True)
    aside = offset - along * ahead
    lined = np.linalg.norm(aside, axis=-1, keepdims=True) < np.clip(-0.4 * along, 0.05, 0.2)
    behind = ball - (bench.BALL_RADIUS + 0.22) * ahead
    wanted = np.where(lined, SPEED * ahead - 1.5 * aside, 2.0 * (behind - env.signals.position[:, :2]))
    wanted *= np.minimum(1.0, SPEED / np.maximum(np.linalg.norm(wanted, axis=-1, keepdims=True), 1e-6))
    turn = np.clip(1.5 * (np.arctan2(ahead[:, 1], ahead[:, 0]) - env.signals.yaw), -0.8, 0.8)
    velocity = np.concatenate([turned(wanted, -env.signals.yaw), turn[:, None]], -1)
    return Intent(velocity, resting_hands(task, env), still(env))


def _box_push(task: BenchTask, env: HumanoidEnv, points: Points) -> Intent:
    """The hand on the side that the box must leave pushes it towards its goal.

    A hand comes down only beside the box, so that it does not sweep the box off its table. It pushes only while the
    body is ahead: an arm that reaches across swings back towards the body, and the box with it. Everything is a smooth
    function of where box, goal, hands and pelvis are, so that a network can follow it.
    """
    box, lack = points["object"], points["goal"] - points["object"]
    stance = box[:, 0] - task.rest[0, 0] - 0.04 + np.clip(-0.5 * lack[:, 0], 0.0, 0.03)
    place = np.stack([stance, box[:, 1] + np.clip(lack[:, 1], -LEAD, LEAD)], -1)
    near = 1.0 - rise(place[:, 0] - env.signals.position[:, 0], (0.06, 0.12))
    steady = 1.0 - rise(-env.signals.velocity[:, 0], (0.0, 0.06))
    late = env.signals.position[:, 1] - place[:, 1]
    hands = [_pushing_hand(env.signals.hands[:, i], box, lack, near, steady, late, side) for i, side in SIDES]
    return Intent(towards(env, place), np.stack(hands, 1), still(env))


def _pushing_hand(hand: Array, box: Array, lack: Array, near: Array, steady: Array, late: Array, side: float) -> Array:
    """Where the hand of a side (+1 left, -1 right) goes (n, 3), for what the box lacks (n, 3)."""
    beyond, off = 0.5 * bench.BOX_EDGE + HAND, hand - box
    gap, across = side * off[:, 1], np.clip(-side * lack[:, 1], 0.0, None)
    along = np.clip(6.0 * lack[:, 0] + 0.2, -0.2, 1.0)
    wanted = near * rise(across, (0.005, 0.04)) * rise(gap, (0.6 * beyond, 0.9 * beyond))
    level = (1.0 - rise(np.abs(off[:, 0]), (0.05, 0.1))) * (1.0 - rise(off[:, 2], (0.06, 0.11)))
    push = wanted * level * steady * (1.0 - rise(side * late, (0.05, 0.12))) * (0.05 + np.minimum(across, 0.06))
    touch = push * along + np.clip(-0.4 * lack[:, 0], 0.0, 0.03)
    target = box + np.stack([touch, side * (beyond + 0.05 - push), 0.16 - 0.17 * wanted], -1)
    return target + FOLLOW * (target - hand)


Guide = Callable[[BenchTask, HumanoidEnv, Points], Intent]
GUIDES: Mapping[str, Guide] = MappingProxyType(
    {
        "far_reach": _far_reach,
        "button_press": _button_press,
        "cabinet_close": _cabinet_close,
        "football_shoot": _football_shoot,
        "box_push": _box_push,
        "package_lift": package,
        "box_transfer": box_transfer,
        "package_carry": package_carry,
    }
)
"""By task."""
