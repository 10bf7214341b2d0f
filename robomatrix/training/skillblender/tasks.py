"""SkillBench's eight tasks in MuJoCo (arXiv 2506.09366, section IV) as a table: goals, rewards, errors, thresholds.

Ranges, rewards and thresholds are the paper's for the robot. Added to its rewards, alike for all tasks: a slope that is
felt far away, and small terms for calm, upright motion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import UnknownNameError
from robomatrix.hardware.mujoco.skillbench import OBJECT, bench_spec
from robomatrix.robots.humanoid import Humanoid
from robomatrix.scenes import skillbench as bench
from robomatrix.skills.skillblender.controller import ARM_RATE
from robomatrix.skills.skillblender.functions import WholeBody
from robomatrix.skills.skillblender.mirror import signs
from robomatrix.skills.skillblender.views import HANDS, Pair, Points, TaskView, blended_skills, difference, view_of
from robomatrix.training.skillblender import rewards as terms
from robomatrix.training.skillblender.env import EnvConfig, HumanoidEnv, Ids
from robomatrix.training.skillblender.standing import paper_goals, standing_privileged

Array = NDArray[np.float64]
SLOPE = 0.5
"""Of the reward per metre of a pull's mean distance and unit of its weight."""


@dataclass(frozen=True)
class Pull:
    """Rewards weight * exp(-rate * mean |second - first|) over the coordinates of all pairs."""

    pairs: tuple[Pair, ...]
    weight: float = 5.0
    rate: float = 4.0
    """[1/m]."""
    axes: tuple[int, ...] = (0, 1, 2)

    def difference(self, points: Points) -> Array:
        """Returns the coordinates (n, pairs * axes) [m]."""
        return difference(points, self.pairs, self.axes)


@dataclass(frozen=True)
class TaskRules:
    """Goals and reward of a task."""

    pulls: tuple[Pull, ...]
    goals: Callable[[BenchTask, np.random.Generator, Array], Points]
    """Draws goals (n, 3) by name, given where the object starts (n, 3)."""
    seconds: float = 8.0
    """Length of a training episode (paper); 10 s for far_reach, the time that one of its goals lasts."""
    load: bench.Range | None = None
    """Range of the object's mass [kg]."""
    quiet_arm: float = 0.0
    """Weight of keeping the right arm at home."""
    finished: float = 0.0
    """An episode is over once the object is this close to the goal [m]."""


@dataclass(frozen=True)
class Scatter:
    """Where robots begin that do not begin at the origin, as after a walk."""

    ahead: bench.Range
    """[m]."""
    aside: float
    """At most to either side [m]."""
    turned: float
    """At most to either side [rad]."""
    share: float = 0.5
    """Of the episodes."""


class BenchTask:
    """One task in a batch of worlds."""

    def __init__(self, name: str, robot: Humanoid, worlds: int, rest: Array) -> None:
        """Takes the hands' resting places in the pelvis frame (6,) [m]; UnknownNameError if there is no such task."""
        self.name, self.view, self.rules, self.robot = name, view_of(name), task_rules(name, robot.name), robot
        self.bench, self.rest = bench.bench_for(robot.name), rest.reshape(2, 3) + [0.0, 0.0, robot.height]
        self.function = WholeBody(robot, self.view.terms)
        self.lowest = (0.36 if "squat" in self.skills else 0.64) * robot.height
        """A pelvis below counts as fallen [m]."""
        self.fixed: dict[str, Array] = {}
        """Points that stay for an episode (worlds, 3)."""
        self.scatter: Scatter | None = None
        """Where episodes begin; at the origin if None."""
        self._worlds = worlds
        self.privileged_mirror = signs(*[1] * self._privileged_size())

    @property
    def skills(self) -> tuple[str, ...]:
        """Primitives that the blend uses."""
        return blended_skills(self.robot.name, self.name)

    def reset(self, env: HumanoidEnv, ids: Ids) -> None:
        """Puts the object to its start and draws goals."""
        start = bench.place(self.view.scene, self.bench, env.rng, ids.size)
        self._store(ids, {"start": start, **self.rules.goals(self, env.rng, start)})
        if self.view.doors:
            env.simulation.qpos[np.ix_(ids, _places(env, bench.DOORS))] = bench.DOOR_START
        elif _movable(self.view):
            place = _places(env, (OBJECT,))[0]
            env.simulation.qpos[ids, place : place + 3] = start
        if self.scatter is not None:
            self._place_robots(env, ids, self.scatter)

    @staticmethod
    def _place_robots(env: HumanoidEnv, ids: Ids, scatter: Scatter) -> None:
        moved = ids[env.rng.random(ids.size) < scatter.share]
        half = 0.5 * env.rng.uniform(-scatter.turned, scatter.turned, moved.size)
        env.simulation.qpos[moved, 0] = env.rng.uniform(*scatter.ahead, moved.size)
        env.simulation.qpos[moved, 1] = env.rng.uniform(-scatter.aside, scatter.aside, moved.size)
        env.simulation.qpos[moved, 3:7] = np.stack([np.cos(half), 0 * half, 0 * half, np.sin(half)], -1)

    def _store(self, ids: Ids, points: Points) -> None:
        for name, value in points.items():
            self.fixed.setdefault(name, np.zeros((self._worlds, 3)))[ids] = value

    def advance(self, env: HumanoidEnv) -> None:
        """Nothing changes within an episode."""

    def points(self, env: HumanoidEnv) -> Points:
        """Returns every named point (n, 3) [m]."""
        hands = {name: env.signals.hands[:, i] for i, name in enumerate(HANDS)}
        return {**self.fixed, **hands, "pelvis": env.signals.position, "object": self._object(env)}

    def _object(self, env: HumanoidEnv) -> Array:
        if not _movable(self.view):
            return self.fixed["start"]
        place = _places(env, (OBJECT,))[0]
        return env.simulation.qpos[:, place : place + 3]

    def doors(self, env: HumanoidEnv) -> Array:
        """Returns the doors' angles (n, 2) [rad]; (n, 0) where there are none."""
        return env.simulation.qpos[:, _places(env, bench.DOORS)] if self.view.doors else np.zeros((self._worlds, 0))

    def goal(self, env: HumanoidEnv) -> Array:
        """Returns what the policy sees of the task (n, goal)."""
        return self.view.goal(self.points(env), env.simulation.qpos[:, 3:7], env.signals.yaw, self.doors(env))

    def error(self, env: HumanoidEnv) -> Array:
        """Returns the paper's error (n,) [m, of doors rad]."""
        return self.view.error(self.points(env), self.doors(env))

    def finished(self, env: HumanoidEnv) -> NDArray[np.bool_]:
        """Returns where the episode is over because the object is in the goal (n,)."""
        if not self.rules.finished:
            return np.zeros(self._worlds, bool)
        points = self.points(env)
        return np.linalg.norm(points["object"] - points["goal"], axis=-1) < self.rules.finished

    def privileged(self, env: HumanoidEnv) -> Array:
        """Returns velocity, height, contacts, and the velocity of what moves (n, k)."""
        return np.concatenate([standing_privileged(env), env.simulation.qvel[:, _robot_size(self.robot) :]], -1)

    def _privileged_size(self) -> int:
        return 6 + (2 if self.view.doors else 6 if _movable(self.view) else 0)

    def rewards(self, env: HumanoidEnv) -> Mapping[str, Array]:
        """Returns the paper's terms, a slope for each, and those for calm motion."""
        points, change = self.points(env), env.action - env.previous_action
        found: dict[str, Array] = {}
        for i, pull in enumerate(self.rules.pulls):
            difference = pull.difference(points)
            found[f"pull_{i}"] = pull.weight * terms.kernel(difference, pull.rate)
            found[f"slope_{i}"] = -SLOPE * pull.weight * np.abs(difference).mean(-1)
        if self.view.doors:
            found["doors"] = 5.0 * terms.kernel(self.doors(env), 4.0)
            found["doors_slope"] = -SLOPE * 5.0 * self.doors(env).mean(-1)
        if self.rules.quiet_arm:
            arm = env.signals.body.position[:, -(len(self.robot.joints) - len(self.robot.legs) - 1) // 2 :]
            found["quiet_arm"] = self.rules.quiet_arm * terms.kernel(arm, 4.0)
        return {
            **found,
            "upright": -1.0 * terms.squared(env.signals.body.gravity[:, :2]),
            "smooth": -0.01 * terms.squared(change),
            "alive": np.full(env.num_envs, 1.0),
        }


def task_env(task: BenchTask, config: EnvConfig) -> HumanoidEnv:
    """Returns the batch of worlds of a task, with its scene and the masses that its object may have."""
    randomisation = replace(config.randomisation, load=task.rules.load)
    spec = bench_spec(task.robot, task.view.scene, freeze=True)
    return HumanoidEnv(task.robot, task, replace(config, randomisation=randomisation, arm_rate=ARM_RATE), spec)


def _movable(view: TaskView) -> bool:
    return view.scene not in ("empty", "button", "cabinet")


def _places(env: HumanoidEnv, joints: tuple[str, ...]) -> list[int]:
    return [int(env.simulation.model.joint(name).qposadr[0]) for name in joints]


def _robot_size(robot: Humanoid) -> int:
    return 6 + len(robot.joints)


# Goals of each task.


def _far(task: BenchTask, rng: np.random.Generator, start: Array) -> Points:
    n = len(start)
    centre = np.minimum(rng.uniform(0.0, 2.0, (n, 3)), task.bench.far)
    offsets = paper_goals(task.robot, rng, n).reshape(n, 2, 3)
    left, right = np.moveaxis(task.rest + centre[:, None] + offsets, 1, 0)
    return {"left_goal": left, "right_goal": right}


def _none(task: BenchTask, rng: np.random.Generator, start: Array) -> Points:
    return {}


def _shifted(x: bench.Range, y: bench.Range, z: bench.Range | None = None) -> Callable[..., Points]:
    """Goals relative to where the object starts; without ``z`` as far up as the robot's bench says."""

    def draw(task: BenchTask, rng: np.random.Generator, start: Array) -> Points:
        ranges = np.array([x, y, task.bench.lift if z is None else z])
        return {"goal": start + rng.uniform(ranges[:, 0], ranges[:, 1], start.shape)}

    return draw


def _in_goal(task: BenchTask, rng: np.random.Generator, start: Array) -> Points:
    n = len(start)
    aside, up = rng.uniform(-0.5, 0.5, n) * bench.GOAL_WIDTH, rng.uniform(0.0, 0.5, n)
    return {"goal": np.stack([np.full(n, bench.GOAL_DISTANCE), aside, up], -1)}


def _behind(task: BenchTask, rng: np.random.Generator, start: Array) -> Points:
    n = len(start)
    ahead, aside = bench.TABLE_DISTANCE + rng.uniform(*bench.BOX_AHEAD, n), rng.uniform(*bench.BOX_ASIDE, n)
    return {"goal": np.stack([-ahead, aside, start[:, 2]], -1)}


_DELIVERED = Pull((("object", "goal"),))
_LIFTED = Pull((("object", "goal"),), axes=(2,))
_NEAR = Pull(tuple((hand, "object") for hand in HANDS))
_FAR_REACH = TaskRules((Pull((("left_hand", "left_goal"), ("right_hand", "right_goal"))),), _far, seconds=10.0)
_BUTTON_PRESS = TaskRules((Pull((("left_hand", "object"),)),), _none, quiet_arm=0.5)
_FOOTBALL = TaskRules(
    (Pull((("pelvis", "start"),), 1.0, 4.0, (0, 1)), replace(_DELIVERED, rate=1.0)),
    _in_goal,
    load=bench.BALL_MASS,
    finished=0.5,
)
_UPWARD, _ONWARD = _shifted((0.0, 0.0), (0.0, 0.0)), _shifted((0.3, 1.0), (-0.3, 0.3))
RULES: Mapping[str, TaskRules] = MappingProxyType(
    {
        "far_reach": _FAR_REACH,
        "button_press": _BUTTON_PRESS,
        "cabinet_close": TaskRules((_NEAR,), _none),
        "football_shoot": _FOOTBALL,
        "box_push": TaskRules((_DELIVERED, _NEAR), _shifted((0.0, 0.1), (-0.5, 0.5), (0.0, 0.0))),
        "package_lift": TaskRules((_LIFTED, _NEAR), _UPWARD, load=bench.PACKAGE_MASS),
        "box_transfer": TaskRules((_DELIVERED, replace(_NEAR, weight=1.0)), _behind),
        "package_carry": TaskRules((_DELIVERED, _NEAR), _ONWARD, load=bench.PACKAGE_MASS),
    }
)
"""By task, for H1; :data:`HAND_WEIGHT` says what differs."""
HAND_WEIGHT: Mapping[tuple[str, str], float] = MappingProxyType(
    {
        ("g1", "package_lift"): 10.0,
        ("h1_2", "package_lift"): 10.0,
        ("g1", "box_transfer"): 5.0,
        ("g1", "package_carry"): 10.0,
    }
)
"""By robot and task: weight of the hands' pull (paper)."""


def task_rules(name: str, robot: str = "h1") -> TaskRules:
    """Returns a task's rules for a robot; UnknownNameError lists the tasks."""
    if name not in RULES:
        raise UnknownNameError("task", name, RULES)
    rules, weight = RULES[name], HAND_WEIGHT.get((robot, name))
    if weight is None:
        return rules
    return replace(rules, pulls=(rules.pulls[0], replace(rules.pulls[1], weight=weight)))
