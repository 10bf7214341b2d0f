"""SkillBench tasks in MuJoCo (arXiv 2506.09366, section IV): FarReach and ButtonPress.

Ranges, rewards and thresholds are the paper's for the robot; the goal is seen in the pelvis frame.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import UnknownNameError
from robomatrix.policies.spec import Term
from robomatrix.robots.humanoid import Humanoid
from robomatrix.skills.skillblender.functions import WholeBody
from robomatrix.skills.skillblender.mirror import signs
from robomatrix.skills.skillblender.observation import rotate_back
from robomatrix.training.skillblender import rewards as terms
from robomatrix.training.skillblender.env import HumanoidEnv, Ids
from robomatrix.training.skillblender.standing import paper_goals, standing_privileged

Array = NDArray[np.float64]


class HandTask(ABC):
    """Base: hands to points of the world, walking as needed."""

    skills = ("walk", "reach")
    """Primitives that its blend uses."""
    hands: tuple[int, ...]
    """0 left, 1 right: those that have a goal."""
    threshold: float
    """Of the error at the end for a success [m] (paper, table I)."""
    hold = 10.0
    """Time for a goal [s]."""

    def __init__(self, robot: Humanoid, worlds: int, rest: Array) -> None:
        """Takes the hands' resting places in the pelvis frame (6,) [m]."""
        self.robot, self.rest = robot, rest.reshape(2, 3) + [0.0, 0.0, robot.height]
        count = len(self.hands)
        self.function = WholeBody(robot, (Term("hand_errors", 3 * count, "m"),))
        self.privileged_mirror = signs(*[1] * (6 + 3 * count))
        self.target = np.zeros((worlds, count, 3))
        """In the world [m]."""
        self._due = np.zeros(worlds)

    def reset(self, env: HumanoidEnv, ids: Ids) -> None:
        """Draws goals."""
        self.target[ids] = self.draw(env.rng, ids.size)
        self._due[ids] = self.hold

    def advance(self, env: HumanoidEnv) -> None:
        """Renews goals that are due."""
        self._due -= env.dt
        due = np.flatnonzero(self._due <= 0)
        if due.size:
            self.reset(env, due)

    @abstractmethod
    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """Returns fresh goals (n, hands, 3) in the world [m]."""

    def lack(self, env: HumanoidEnv) -> Array:
        """Returns target less hand in the world (n, hands, 3) [m]."""
        return self.target - env.signals.hands[:, list(self.hands)]

    def error(self, env: HumanoidEnv) -> Array:
        """Returns the mean over coordinates of the absolute difference, as the paper's code measures (n,) [m]."""
        return np.abs(self.lack(env)).reshape(env.num_envs, -1).mean(-1)

    def goal(self, env: HumanoidEnv) -> Array:
        """Returns what the hands lack, in the pelvis frame (n, 3 hands) [m]."""
        quaternion, lack = env.simulation.qpos[:, 3:7], self.lack(env)
        return np.concatenate([rotate_back(quaternion, lack[:, k]) for k in range(lack.shape[1])], -1)

    def privileged(self, env: HumanoidEnv) -> Array:
        """Returns velocity, height, contacts and what the hands lack (n, 6 + 3 hands)."""
        return np.concatenate([standing_privileged(env), self.lack(env).reshape(env.num_envs, -1)], -1)

    def rewards(self, env: HumanoidEnv) -> Mapping[str, Array]:
        """Returns the paper's reward, and small terms for calm motion."""
        lack = self.lack(env).reshape(env.num_envs, -1)
        away = np.linalg.norm(self.lack(env)[..., :2].mean(1), axis=-1)
        change = env.action - env.previous_action
        return {
            "task": 5.0 * terms.kernel(lack, 4.0),
            "near": -0.5 * away,
            "upright": -1.0 * terms.squared(env.signals.body.gravity[:, :2]),
            "smooth": -0.01 * terms.squared(change),
            "alive": np.full(env.num_envs, 1.0),
        }


class FarReach(HandTask):
    """Both hands to points up to 1.25 m ahead and aside, 0.25 m up or down."""

    hands = (0, 1)
    threshold = 0.05
    far = np.array([1.25, 1.25, 0.25])
    """Of the centre [m]."""

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """Returns goals round one centre for both hands."""
        centre = np.minimum(rng.uniform(0.0, 2.0, (n, 1, 3)), self.far)
        return self.rest + centre + paper_goals(self.robot, rng, n).reshape(n, 2, 3)


class ButtonPress(HandTask):
    """The left hand to a button on a wall 1.5 m ahead."""

    hands = (0,)
    threshold = 0.05
    wall = 1.5 - 0.025
    """Front of the wall [m]."""

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """Returns buttons within half a metre aside and 0.3 m of a height of 0.7 m."""
        y, z = rng.uniform(-0.5, 0.5, n), 0.7 + rng.uniform(-0.3, 0.3, n)
        return np.stack([np.full(n, self.wall), y, z], -1)[:, None]


TASKS: Mapping[str, type[HandTask]] = MappingProxyType({"far_reach": FarReach, "button_press": ButtonPress})


def task_class(name: str) -> type[HandTask]:
    """Returns a task by name; UnknownNameError lists those that exist."""
    if name not in TASKS:
        raise UnknownNameError("task", name, TASKS)
    return TASKS[name]
