"""Guides of the tasks whose thing is gripped with both hands: PackageLift, PackageCarry and BoxTransfer.

None of them succeeds yet.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robomatrix.scenes import skillbench as bench
from robomatrix.skills.skillblender.views import Points
from robomatrix.training.skillblender.env import HumanoidEnv
from robomatrix.training.skillblender.guide_moves import HAND, Intent, arrived, resting_hands, still, towards
from robomatrix.training.skillblender.tasks import BenchTask

Array = NDArray[np.float64]
SQUEEZE = 0.05
"""How far inside a package the hands that hold it are sent [m]."""


def _grip(task: BenchTask, env: HumanoidEnv, points: Points, half: float, grip: Array, lift: Array) -> Intent:
    """Both hands at the sides of a thing ``2 half`` thick, ``grip`` (n, 3) from its middle; then up by ``lift``."""
    middle, sides = points["object"] + grip, np.array([1.0, -1.0])
    hands = env.signals.hands
    off = hands - middle[:, None]
    level = np.abs(off[..., 2]).max(-1) < 0.06
    ready = level & (np.abs(off[..., 0]).max(-1) < 0.09)
    held = ready & (np.abs(off[..., 1]).max(-1) < half + HAND + 0.02)
    apart = np.where(ready, half + HAND - 0.07, half + HAND + 0.06)
    up = np.where(held, np.clip(lift + 0.02, -0.08, 0.12), 0.0)
    targets = np.repeat(middle[:, None], 2, 1)
    targets[..., 1] += apart[:, None] * sides
    targets[..., 2] += up[:, None]
    return Intent(np.zeros((env.num_envs, 3)), targets, still(env))


def package(task: BenchTask, env: HumanoidEnv, points: Points) -> Intent:
    """Steps up to the package's edge, squats with the hands apart, closes both at once, and rises with it.

    The package is ten centimetres thick and falls over where one hand meets it before the other.
    """
    package, hands = points["object"], env.signals.hands
    grip = package + [0.11 - 0.5 * task.bench.package[0], 0.0, 0.5 * task.bench.package[2] - 0.08]
    place = grip[:, :2] - [task.rest[0, 0] + 0.02, 0.0]
    squats, rest = arrived(env, place), task.rest[0, 2]
    off = hands - grip[:, None]
    gap = off[..., 1] * [1.0, -1.0] - 0.5 * task.bench.package[1] - HAND
    closed = gap.max(-1) < 0.03
    level = (np.abs(off[..., [0, 2]]).max((1, 2)) < np.where(closed, 0.2, 0.07)) & squats
    closing = np.where(level, np.clip(gap.mean(-1) - 0.04, -SQUEEZE, 0.06), 0.08)
    lack = (points["goal"] - package)[:, 2]
    held = level & closed
    targets = np.repeat(grip[:, None], 2, 1)
    targets[..., 1] += (0.5 * task.bench.package[1] + HAND + closing)[:, None] * [1.0, -1.0]
    targets[..., 2] += np.where(held, np.clip(2.0 * lack, -0.1, 0.15), 0.0)[:, None]
    low = np.clip(grip[:, 2] + np.where(held, np.clip(2.0 * lack, 0.0, 0.2), 0.0) - rest + 0.1, -0.2, 0.0)
    lowered = env.signals.position[:, 2] < env.robot.height - 0.07
    ready = squats & (lowered | held | (low > -0.08))
    hands = np.where(ready[:, None, None], targets, _spread(task, env))
    return Intent(towards(env, place, near=0.05), hands, low, squats)


def _spread(task: BenchTask, env: HumanoidEnv) -> Array:
    """Resting hands, a little wider apart (n, 2, 3)."""
    rest = resting_hands(task, env)
    return rest + 0.2 * (rest - rest.mean(1, keepdims=True))


def package_carry(task: BenchTask, env: HumanoidEnv, points: Points) -> Intent:
    """Lifts the package, then walks with it."""
    intent = package(task, env, points)
    lack, lifted = points["goal"] - points["object"], points["object"][:, 2] - points["start"][:, 2]
    raised = (lifted > 0.1) & (intent.height > -0.03)
    place = env.signals.position[:, :2] + lack[:, :2]
    velocity = np.where(raised[:, None], towards(env, place), intent.velocity)
    return Intent(velocity, intent.hands, intent.height, intent.squats & ~raised)


def box_transfer(task: BenchTask, env: HumanoidEnv, points: Points) -> Intent:
    """Grips the box, turns round with it and puts it onto the other table."""
    box, goal = points["object"], points["goal"]
    raised = (box[:, 2] - points["start"][:, 2]) > 0.05
    over = np.linalg.norm((goal - box)[:, :2], axis=-1) < 0.08
    lift = np.where(over, goal[:, 2] - box[:, 2] - 0.03, points["start"][:, 2] + 0.12 - box[:, 2])
    intent = _grip(task, env, points, 0.5 * bench.BOX_EDGE, np.zeros_like(box), lift)
    reach = task.rest[0, 0] + 0.06
    heading = np.where(raised, np.pi, 0.0)
    place = np.where(raised[:, None], goal[:, :2] + [reach, 0.0], box[:, :2] - [reach, 0.0])
    carried = resting_hands(task, env)
    carried[..., :2] = (
        carried[..., :2].mean(1, keepdims=True) + (carried - carried.mean(1, keepdims=True))[..., :2] * 0.13
    )
    carried[..., 2] = points["start"][:, None, 2] + np.clip(lift, -0.1, 0.12)[:, None]
    hands = np.where((raised & ~over)[:, None, None], carried, intent.hands)
    return Intent(towards(env, place, heading), hands, still(env))
