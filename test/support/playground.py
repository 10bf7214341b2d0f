"""A robot among things, without a physics engine: kinematic, perfectly perceived, as stubborn as a test asks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from robomatrix.hardware.driver import JointState, Odometry, RobotCommand, RobotState, Twist
from robomatrix.robots.ep_kinematics import tip_position
from robomatrix.robots.loader import load_robot
from robomatrix.skills.base import Observation, Outcome
from robomatrix.skills.mobile_manipulation import skills
from robomatrix.skills.mobile_manipulation.geometry import Footprint, Pose2
from robomatrix.skills.registry import SkillRegistry
from robomatrix.skills.runner import SkillRunner
from robomatrix.world import SceneObject, World

PERIOD = 0.05
GRASPED = {"can", "bottle", "ball"}


def thing(
    name: str, x: float, y: float, size: tuple[float, float, float], z: float | None = None, **more: object
) -> SceneObject:
    """Returns a thing of the category that its name begins with, on the floor unless ``z`` is its centre's height."""
    category = name.split("_")[0]
    height = size[2] / 2.0 if z is None else z
    return SceneObject(name, f"red {category}", category, "red", (x, y, height), size=size, **more)


def can(name: str = "can_1", x: float = 1.0, y: float = 0.0, z: float | None = None) -> SceneObject:
    """Returns a can."""
    return thing(name, x, y, (0.066, 0.066, 0.11), z)


@dataclass
class Playground:
    """Integrates commands; the gripper takes what is between its pads, a drawer follows its knob."""

    robot: str = "ep"
    things: dict[str, SceneObject] = field(default_factory=dict)
    pose: Pose2 = Pose2(0.0, 0.0)
    free: Callable[[Pose2], bool] = lambda pose: True
    """Where the base can be; elsewhere it does not go."""
    slippery: bool = False
    """What is lifted falls out."""
    stuck_drawer: bool = False
    misses: int = 0
    """So many beads go past the target."""
    hidden: set[str] = field(default_factory=set)
    """What the camera does not see any more."""
    ranges: dict[str, float] = field(default_factory=dict)
    time: float = 0.0
    held: str | None = None
    twists: list[Twist] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.spec = load_robot(self.robot)
        self.joints = {j.name: j.home for j in self.spec.joints}
        self.runner = SkillRunner(self.spec, SkillRegistry(s for s in skills() if self.robot in s.spec.robots))
        self._lifted_from = 0.0
        self._seen: dict[str, SceneObject] = {}

    def add(self, *things: SceneObject) -> Playground:
        """Puts things into the world."""
        self.things.update({t.id: t for t in things})
        return self

    def observe(self) -> Observation:
        """Returns what the robot measures and sees."""
        self._seen.update({t.id: replace(t, stamp=self.time) for t in self.things.values() if t.id not in self.hidden})
        names = tuple(self.joints)
        zero = np.zeros(len(names))
        half = self.pose.yaw / 2.0
        odometry = Odometry(
            np.array([self.pose.x, self.pose.y, 0.0]),
            np.array([0.0, 0.0, math.sin(half), math.cos(half)]),
            np.zeros(3),
            np.zeros(3),
        )
        joints = JointState(names, np.array(list(self.joints.values())), zero, zero)
        state = RobotState(self.time, joints, odometry=odometry, ranges=self.ranges)
        return Observation(state, World(self.time, dict(self._seen)))

    def run(self, skill: str, limit: float = 120.0, **arguments: object) -> Outcome:
        """Runs a skill to its end; fails the test when it never ends."""
        refused = self.runner.start(skill, arguments)
        assert refused is None, refused
        end = self.time + limit
        while self.runner.busy:
            assert self.time < end, f"{skill} does not end"
            self.step(self.runner.tick(self.observe()))
        assert self.runner.outcome is not None
        return self.runner.outcome

    def step(self, command: RobotCommand) -> None:
        """Lets one period pass."""
        self.time += PERIOD
        self._drive(command.twist or Twist())
        for name, target in command.positions.items():
            self._move(name, target)
        self._carry()

    def tip(self) -> tuple[float, float]:
        """Returns where the finger tips are, in the base frame [m]."""
        return tip_position(self.joints["arm_right"], self.joints["arm_left"])

    def _drive(self, twist: Twist) -> None:
        self.twists.append(twist)
        x, y = self.pose.world((twist.vx * PERIOD, twist.vy * PERIOD))
        pose = Pose2(x, y, self.pose.yaw + twist.wz * PERIOD)
        if self.free(pose):
            self.pose = pose

    def _move(self, name: str, target: float) -> None:
        speed = self.spec.joint(name).velocity
        step = min(max(target - self.joints[name], -speed * PERIOD), speed * PERIOD)
        if name == "blaster":
            self._fire(int(target))
        elif name == "gripper":
            self._grip(self.joints[name] + step)
        else:
            self.joints[name] += step

    def _grip(self, width: float) -> None:
        inside = self._between()
        if inside is not None and width < self._width(inside) <= self.joints["gripper"] + 1e-9:
            width = self._width(inside)
            if self.held is None:
                self.held, self._lifted_from = inside, self.tip()[1]
        elif self.held is not None and width > self._width(self.held) + 0.004:
            self._drop(self.held)
        self.joints["gripper"] = width

    def _width(self, name: str) -> float:
        return 0.02 if self.things[name].category == "drawer" else self.things[name].size[0]

    def _between(self) -> str | None:
        x, z = self.tip()
        for t in self.things.values():
            ahead, left = self.pose.local(self._handle(t))
            high = abs(t.position[2] - z) < t.size[2] / 2.0
            if t.category in GRASPED | {"drawer"} and abs(ahead - x + 0.012) < 0.035 and abs(left) < 0.03 and high:
                return t.id
        return None

    def _handle(self, t: SceneObject) -> tuple[float, float]:
        pose = Pose2(t.position[0], t.position[1], t.yaw)
        return pose.ahead(t.size[0] / 2.0 + 0.04).point if t.category == "drawer" else pose.point

    def _carry(self) -> None:
        if "gripper" not in self.joints:
            return
        for t in list(self.things.values()):
            if t.category == "drawer":
                self._slide(t)
        if self.held is None or self.things[self.held].category == "drawer":
            return
        x, z = self.tip()
        if self.slippery and z > self._lifted_from + 0.03:
            self.joints["gripper"] = 0.0
            self._drop(self.held)
            return
        at = self.pose.world((x - 0.012, 0.0))
        t = self.things[self.held]
        height = t.size[2] / 2.0 + max(0.0, z - self._lifted_from) + self._foot(t)
        self.things[t.id] = replace(t, position=(*at, height))

    def _foot(self, t: SceneObject) -> float:
        return max(0.0, self._lifted_from - min(t.size[2] / 2.0, 0.075))

    def _drop(self, name: str) -> None:
        self.held = None
        t = self.things[name]
        if t.category == "drawer":
            return
        places = [o for o in self.things.values() if o.category in ("box", "table")]
        under = [o for o in places if Footprint.of(o).contains(t.position[:2])]
        floor = max((0.01 if o.category == "box" else o.size[2] for o in under), default=0.0)
        self.things[name] = replace(t, position=(*t.position[:2], floor + t.size[2] / 2.0))

    def _slide(self, t: SceneObject) -> None:
        """The drawer follows its knob when held, and the pads when they press on its front."""
        back = Pose2(t.position[0], t.position[1], t.yaw)
        shut = back.ahead(-0.2 * (t.openness or 0.0))
        knob = back.local(self.pose.world((self.tip()[0] - 0.012, 0.0)))[0]
        pads = back.local(self.pose.world((self.tip()[0] + 0.017, 0.0)))[0]
        moved = knob - t.size[0] / 2.0 - 0.04 if self.held == t.id else min(0.0, pads - t.size[0] / 2.0)
        if self.stuck_drawer:
            moved = 0.0
        openness = min(max((t.openness or 0.0) + moved / 0.2, 0.0), 1.0)
        at = shut.ahead(0.2 * openness)
        self.things[t.id] = replace(t, position=(at.x, at.y, t.position[2]), openness=openness)

    def _fire(self, wanted: int) -> None:
        while self.joints["blaster"] < wanted:
            self.joints["blaster"] += 1
            if self.misses:
                self.misses -= 1
                continue
            for t in self.things.values():
                ahead, left = self.pose.local((t.position[0], t.position[1]))
                if t.category == "target" and abs(math.atan2(left, ahead) - self.joints["gimbal_yaw"]) < 0.05:
                    self.things[t.id] = replace(t, hits=t.hits + 1)
                    return
