"""What the policy of a SkillBench task sees beside its own body, in training and on the robot alike.

Each task names differences between points (hands, object, goal, ...); they are given in the pelvis frame, with the
heading, as the paper's policies see world-frame differences and the orientation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import UnknownNameError
from robomatrix.policies.spec import Term
from robomatrix.skills.skillblender.observation import rotate_back

Array = NDArray[np.float64]
Points = Mapping[str, Array]
"""Name to places in the world (n, 3) [m]."""
Pair = tuple[str, str]
"""From the first point to the second."""
HANDS = ("left_hand", "right_hand")


@dataclass(frozen=True)
class TaskView:
    """The scene of a task, the primitives that its blend uses, and what it sees."""

    scene: str
    skills: tuple[str, ...]
    """The paper's but for three: package_lift may walk, as our package stands beyond the reach of feet that stay,
    button_press may squat, and football_shoot has the reach for the arms where the paper has the step."""
    seen: tuple[Pair, ...]
    threshold: float
    """Of the error for a success (paper, table I) [m], of doors [rad]."""
    measured: tuple[Pair, ...] = ()
    """Pairs of points whose difference is the error; without any it is the doors' angle."""
    axes: tuple[int, ...] = (0, 1, 2)
    """Coordinates that count for the error."""
    doors: bool = False
    """Whether the two doors' angles are seen."""

    @property
    def terms(self) -> tuple[Term, ...]:
        """The goal part of the policy's observation."""
        doors = (Term("doors", 2, "rad"),) if self.doors else ()
        return (*(Term(f"{a}_to_{b}", 3, "m") for a, b in self.seen), *doors, Term("heading", 2, "1"))

    def goal(self, points: Points, orientation: Array, yaw: Array, doors: Array) -> Array:
        """Returns the goal part of the observation (n, k).

        Args:
            points: At least those that :attr:`seen` names.
            orientation: Of the pelvis as (w, x, y, z), (n, 4).
            yaw: Its heading (n,) [rad].
            doors: Angles (n, 2) [rad]; empty (n, 0) for tasks without doors.
        """
        parts = [rotate_back(orientation, points[b] - points[a]) for a, b in self.seen]
        return np.concatenate([*parts, doors, np.sin(yaw)[:, None], np.cos(yaw)[:, None]], -1)

    def error(self, points: Points, doors: Array) -> Array:
        """Returns the paper's error (n,): mean over coordinates of the absolute difference [m], of doors [rad]."""
        if not self.measured:
            return np.abs(doors).mean(-1)
        return np.abs(difference(points, self.measured, self.axes)).mean(-1)


def difference(points: Points, pairs: tuple[Pair, ...], axes: tuple[int, ...]) -> Array:
    """Returns second less first of each pair, the given coordinates of all pairs (n, pairs * axes) [m]."""
    return np.concatenate([(points[b] - points[a])[:, list(axes)] for a, b in pairs], -1)


def _to(target: str) -> tuple[Pair, ...]:
    return tuple((hand, target) for hand in HANDS)


_WALK_REACH, _ALL = ("walk", "reach"), ("walk", "reach", "squat")
_DELIVERED = (("object", "goal"),)
_MOVED = (*_DELIVERED, *_to("object"))
_FAR = (("left_hand", "left_goal"), ("right_hand", "right_goal"))
_BUTTON = (("left_hand", "object"),)
_THERE = ("pelvis", "object")
_SHOT = (*_DELIVERED, _THERE)
VIEWS: Mapping[str, TaskView] = MappingProxyType(
    {
        "far_reach": TaskView("empty", _WALK_REACH, _FAR, 0.05, _FAR),
        "button_press": TaskView("button", _ALL, (*_BUTTON, _THERE), 0.05, _BUTTON, (1, 2)),
        "cabinet_close": TaskView("cabinet", _WALK_REACH, _to("object"), 0.01, doors=True),
        "football_shoot": TaskView("football", _WALK_REACH, _SHOT, 1.5, _DELIVERED),
        "box_push": TaskView("table", _WALK_REACH, (*_MOVED, _THERE), 0.05, _DELIVERED),
        "package_lift": TaskView("package", _ALL, _MOVED, 0.1, _DELIVERED, (2,)),
        "box_transfer": TaskView("two_tables", _WALK_REACH, _MOVED, 0.05, _DELIVERED),
        "package_carry": TaskView("package", _ALL, _MOVED, 0.1, _DELIVERED),
    }
)
"""By task."""
OTHER_SKILLS: Mapping[tuple[str, str], tuple[str, ...]] = MappingProxyType({("h1_2", "far_reach"): _ALL})
"""By robot and task: the primitives of a blend where the view's do not do. The H1-2's walk steps about under raised
arms, its squat stands."""


def blended_skills(robot: str, task: str) -> tuple[str, ...]:
    """Returns the primitives that a robot's policy of a task blends; UnknownNameError lists the tasks."""
    return OTHER_SKILLS.get((robot, task), view_of(task).skills)


def view_of(task: str) -> TaskView:
    """Returns a task's view; UnknownNameError lists the tasks."""
    if task not in VIEWS:
        raise UnknownNameError("task", task, VIEWS)
    return VIEWS[task]
