"""SkillBench's tasks as skills of the skill server: blended policies that see joints, IMU, odometry and a tracker."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator, Mapping
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import PreconditionError
from robomatrix.hardware.driver import RobotState
from robomatrix.scenes import skillbench as bench
from robomatrix.skills.base import ErrorCode, Failed, Observation, Running, Steps, Succeeded
from robomatrix.skills.skillblender import bench_specs as specs
from robomatrix.skills.skillblender.blend import BlendNetwork
from robomatrix.skills.skillblender.commanded import commanded
from robomatrix.skills.skillblender.controller import Controller
from robomatrix.skills.skillblender.functions import WholeBody
from robomatrix.skills.skillblender.library import Policy, blended_primitive, load_task
from robomatrix.skills.skillblender.primitives import RAMP, SETTLE, HumanoidSkill, odometry_of, rotation
from robomatrix.skills.skillblender.views import HANDS, Points, TaskView, view_of
from robomatrix.world import SceneObject, World

Array = NDArray[np.float64]
Work = Generator[Running, Observation, Observation | Failed]
"""A part of a task: ends with what is seen then, or with why the skill is over."""
HELD = 0.5
"""How long a task must stay done [s]."""
PATIENCE = 20.0
"""After which a task that is not done has failed [s]."""
NEAR_GOAL = 0.35
"""Mean error over the coordinates of a ball that counts as at the goal [m]."""
PRESS = 0.02
"""How far behind its place a button is shown to the policy [m]."""
TOUCHING = 0.07
"""Distance of a hand's middle from a button's that counts as pressed: 4 cm of hand, 1 cm of button, and a slant [m]."""
OVERHANG = 0.02
"""Further than this beyond a table's edge the middle of a box is not tracked by error [m]."""
EDGE = 0.08
"""A box whose middle is this far from a table's edge lies at the edge [m]."""
RAISED, BACK, RETREAT = 0.4, 1.2, -0.3
"""Time for the hands to rise, time to walk backwards [s], at which velocity [m/s]."""
ASIDE, ABOVE = 0.05, 0.1
"""Where the hands are held on the way, from where they rest [m]."""
INWARD = 0.14
"""A box is pushed at least this far from the table's near edge, over which an arm could draw it [m]."""
INSIDE = 0.05
"""How far inside a table's near edge a box is put down [m]."""
RELEASED = 0.12
"""Distance of a hand's middle from a box's at which it has let go [m]."""
LEAD = 0.45
"""Furthest the policy is asked to push at once: training went up to 0.5 [m]."""


class BenchSkill(HumanoidSkill):
    """Base: runs a task's policy until its error has stayed under the paper's threshold."""

    about: ClassVar[str | None] = None
    """Parameter that names the tracked thing which the task is about."""

    patience: ClassVar[float] = PATIENCE

    @property
    def tolerance(self) -> float:
        """Error under which the task is done: the paper's threshold."""
        return self.view.threshold

    @cached_property
    def policy(self) -> Policy:
        """The task's blended policy."""
        return load_task(self.robot.name, self.spec.name)

    @property
    def view(self) -> TaskView:
        """What the policy sees."""
        return view_of(self.spec.name)

    def check(self, observation: Observation) -> None:
        """Raises PreconditionError if the robot lies, or the thing that the task is about is not tracked."""
        super().check(observation)
        odometry_of(observation.state)
        if self.about is not None:
            self.thing(observation.world)

    def thing(self, world: World) -> SceneObject:
        """Returns the thing that the task is about; PreconditionError if it is not tracked."""
        name = str(self.arguments[str(self.about)])
        if name not in world.objects:
            raise PreconditionError(f"'{name}' is not tracked; there are: {', '.join(world.objects) or 'none'}")
        return world.objects[name]

    def other(self, world: World, category: str) -> SceneObject:
        """Returns the first tracked thing of a category; PreconditionError if there is none."""
        found = world.of_category(category)
        if not found:
            raise PreconditionError(f"{self.spec.name} needs a {category}, and none is tracked")
        return found[0]

    @abstractmethod
    def fixed(self, observation: Observation) -> Points:
        """Returns the goals (1, 3) by name, as they are at the start."""

    def shown(self, fixed: Points, points: Points) -> Points:
        """Returns the goals that the policy is shown now; those of the start unless a task says otherwise."""
        return fixed

    def hopeless(self, fixed: Points, points: Points) -> str:
        """Returns why the task cannot be done any more; empty while it can."""
        return ""

    def leave(self, controller: Controller, observation: Observation) -> Work:
        """Ends a task that is done, before it is measured for good; does nothing unless a task says otherwise."""
        return observation
        yield

    def run(self, observation: Observation) -> Steps:
        """Follows the policy until the task is done, leaves, and measures with the same estimates that it sees."""
        controller, fixed = Controller(self.robot, observation.state), self.fixed(observation)
        worked = yield from self._work(controller, fixed, observation)
        if isinstance(worked, Failed):
            return worked
        left = yield from self.leave(controller, worked)
        if isinstance(left, Failed):
            return left
        error = self._error({**fixed, **self.points(controller, left)}, left.world)
        if error > self.tolerance:
            text = f"the error was below {self.tolerance:g} and is {error:.3f} after letting go"
            return Failed(ErrorCode.GOAL_NOT_REACHED, text, {"error": error})
        return Succeeded({"error": error})

    def _work(self, controller: Controller, fixed: Points, observation: Observation) -> Work:
        """Follows the policy until the error has stayed small; returns what is seen then, or why it has not."""
        started, done_since, error = observation.state.stamp, None, float("inf")
        while (now := observation.state.stamp) - started < self.patience:
            points, doors = {**fixed, **self.points(controller, observation)}, self.doors(observation.world)
            error, lost = self._error(points, observation.world), self.hopeless(fixed, points)
            if lost:
                return Failed(ErrorCode.GOAL_NOT_REACHED, lost, {"error": error})
            done_since = (done_since if done_since is not None else now) if error <= self.tolerance else None
            if done_since is not None and now - done_since >= HELD:
                return observation
            goal = self._goal({**points, **self.shown(fixed, points)}, doors, observation.state)
            share = (now - started) / self.patience
            seen = yield from self.advance(controller, self.policy, goal, observation.state, self.spec.name, share)
            if isinstance(seen, Failed):
                return seen
            observation = seen
        text = f"error {error:.3f} is above {self.tolerance:g} after {self.patience:g} s"
        return Failed(ErrorCode.GOAL_NOT_REACHED, text, {"error": error})

    def _error(self, points: Points, world: World) -> float:
        return float(self.view.error(points, self.doors(world))[0])

    def _goal(self, points: Points, doors: Array, state: RobotState) -> Array:
        odometry = odometry_of(state)
        x, y, z, w = odometry.orientation
        return self.view.goal(points, np.array([[w, x, y, z]]), np.array([odometry.yaw]), doors)[0]

    def points(self, controller: Controller, observation: Observation) -> dict[str, Array]:
        """Returns pelvis, hands and the tracked thing (1, 3) each, by odometry, joint angles and tracker."""
        odometry = odometry_of(observation.state)
        reach = blended_primitive(self.robot.name, "reach").function
        hands = (reach.hands(controller.feel(observation.state)) + reach.rest).reshape(2, 3)
        left, right = odometry.position + hands @ rotation(odometry.orientation).T
        found = {"pelvis": odometry.position[None], "left_hand": left[None], "right_hand": right[None]}
        if self.about is not None:
            found["object"] = np.array([self.thing(observation.world).position])
        return found

    def doors(self, world: World) -> Array:
        """Returns the doors' angles (1, 2) [rad] for tasks that see them."""
        if not self.view.doors:
            return np.zeros((1, 0))
        doors = [world.objects[name].openness or 0.0 for name in ("left_door", "right_door")]
        return bench.DOOR_RANGE[1] * np.array([doors])

    def number(self, name: str) -> float:
        """Returns a numeric argument."""
        return float(self.arguments[name])


class FarReach(BenchSkill):
    """Both hands to places beyond the arms' reach."""

    spec = specs.FAR_REACH

    def fixed(self, observation: Observation) -> Points:
        """Returns both hands' goals, from where they rest."""
        odometry = odometry_of(observation.state)
        rest = blended_primitive(self.robot.name, "reach").function.rest.reshape(2, 3)
        moved = rest + [self.number(name) for name in ("forward", "left", "up")]
        ground = odometry.position * [1.0, 1.0, 0.0] + [0.0, 0.0, self._height]
        c, s = np.cos(odometry.yaw), np.sin(odometry.yaw)
        left, right = ground + moved @ np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
        return {"left_goal": left[None], "right_goal": right[None]}

    @property
    def _height(self) -> float:
        return self.policy.function.robot.height


class FarReachTall(FarReach):
    """The same of the taller robots, whose goals lie further away."""

    spec = specs.FAR_REACH_TALL


class ButtonPress(BenchSkill):
    """The left hand to a button on a wall."""

    spec = specs.BUTTON_PRESS
    about = "button"

    def fixed(self, observation: Observation) -> Points:
        """Returns nothing: the button is the goal."""
        return {}

    def shown(self, fixed: Points, points: Points) -> Points:
        """Returns the button a little behind its place, so that the hand presses and does not hover."""
        way = (points["object"] - points["pelvis"]) * [1.0, 1.0, 0.0]
        return {"object": points["object"] + PRESS * way / np.linalg.norm(way)}

    def _error(self, points: Points, world: World) -> float:
        """The paper's error, which does not look at the depth, and more than the threshold while the hand is away."""
        away = float(np.linalg.norm(points["object"] - points["left_hand"])) - TOUCHING
        return max(super()._error(points, world), self.tolerance + away)


class CabinetClose(BenchSkill):
    """Two doors pushed shut."""

    spec = specs.CABINET_CLOSE
    about = "cabinet"

    def fixed(self, observation: Observation) -> Points:
        """Returns nothing: the doors' angles are the goal."""
        return {}


class FootballShoot(BenchSkill):
    """The ball towards the goal."""

    spec = specs.FOOTBALL_SHOOT
    about = "ball"
    patience = 35.0

    @property
    def tolerance(self) -> float:
        """Much stricter than the paper's 1.5 m, under which a ball before the goal's middle lies from the start."""
        return NEAR_GOAL

    def fixed(self, observation: Observation) -> Points:
        """Returns the place in the goal."""
        goal = self.other(observation.world, "goal").position
        depth = 0.5 * bench.GOAL_DEPTH
        return {"goal": np.array([[goal[0] + depth, goal[1] + self.number("left"), bench.BALL_RADIUS]])}


class TableSkill(BenchSkill):
    """Base: a box that lies on a table when the task begins and when it is done."""

    about = "box"
    patience = 40.0

    @staticmethod
    def require_on(box: SceneObject, table: SceneObject) -> None:
        """Raises PreconditionError if a box does not lie on a table."""
        lift = box.position[2] - 0.5 * box.size[2] - table.position[2] - 0.5 * table.size[2]
        aside = np.abs(np.subtract(box.position, table.position)[:2]) - 0.5 * np.asarray(table.size[:2])
        if abs(lift) > 0.5 * bench.BOX_EDGE or aside.max() > OVERHANG:
            raise PreconditionError(f"{box.name} is not on {table.name}")

    def hopeless(self, fixed: Points, points: Points) -> str:
        """Returns that the box has fallen off its table."""
        fallen = points["object"][0, 2] < fixed["goal"][0, 2] - bench.BOX_EDGE
        return "the box has fallen off the table" if fallen else ""

    def leave(self, controller: Controller, observation: Observation) -> Work:
        """Raises the hands and walks backwards, so that arms that come to rest do not meet the box."""
        network = self.policy.network
        assert isinstance(network, BlendNetwork)
        hands = np.array([0.0, ASIDE, ABOVE, 0.0, -ASIDE, ABOVE])
        body = WholeBody(self.policy.function.robot, ())
        started, whole = observation.state.stamp, RAISED + BACK + RAMP
        while (elapsed := observation.state.stamp - started) < whole + SETTLE:
            back = np.clip((elapsed - RAISED) / RAMP, 0.0, 1.0) * np.clip((whole - elapsed) / RAMP, 0.0, 1.0)
            goals = {"walk": np.array([2.0 * RETREAT * back, 0.0, 0.0]), "reach": hands}
            told = Policy(self.policy.spec, body, commanded(network.blend, goals, "walk", "reach"))
            seen = yield from self.advance(controller, told, np.zeros(0), observation.state, "letting go", 1.0)
            if isinstance(seen, Failed):
                return seen
            observation = seen
        return observation


class BoxPush(TableSkill):
    """The box over its table, sideways."""

    spec = specs.BOX_PUSH

    def fixed(self, observation: Observation) -> Points:
        """Returns where the box shall be; PreconditionError if it is not on its table or would fall off it."""
        world = observation.world
        box, table, goal = self.thing(world), self.other(world, "table"), self.goal_in(world)
        self.require_on(box, table)
        edge = self._edge(table)
        if self._sign * (goal[0, 1] - edge) > EDGE:
            raise PreconditionError(f"the box would fall: the {self.arguments['side']} edge is {abs(edge):.2f} m away")
        return {"goal": goal}

    @property
    def _sign(self) -> float:
        return 1.0 if self.arguments["side"] == "left" else -1.0

    def _edge(self, table: SceneObject) -> float:
        return table.position[1] + self._sign * (0.5 * table.size[1] - EDGE)

    def goal_in(self, world: World) -> Array:
        """Returns a place for the box (1, 3): by the distance or at the edge, and away from the table's near edge."""
        box, table = self.thing(world), self.other(world, "table")
        distance = self.number("distance")
        aside = box.position[1] + self._sign * distance if distance > 0 else self._edge(table)
        ahead = max(box.position[0], table.position[0] - 0.5 * table.size[0] + INWARD)
        return np.array([[ahead, aside, box.position[2]]])

    def shown(self, fixed: Points, points: Points) -> Mapping[str, Array]:
        """Returns the goal, no further away than the policy has learnt to push at once."""
        way = fixed["goal"] - points["object"]
        return {"goal": points["object"] + way * min(1.0, LEAD / max(float(np.linalg.norm(way)), 1e-6))}


class BoxTransfer(TableSkill):
    """The box from one table to the other."""

    spec = specs.BOX_TRANSFER

    def fixed(self, observation: Observation) -> Points:
        """Returns where the box shall be; PreconditionError if it is not on a table or there is no other one."""
        world = observation.world
        box, tables = self.thing(world), world.of_category("table")
        if len(tables) < 2:
            raise PreconditionError(f"box_transfer needs a second table; there are: {', '.join(world.objects)}")
        apart = [abs(table.position[0] - box.position[0]) for table in tables]
        first, other = tables[int(np.argmin(apart))], tables[int(np.argmax(apart))]
        self.require_on(box, first)
        inside = np.sign(other.position[0] - first.position[0]) * (INSIDE - 0.5 * other.size[0])
        ahead, aside = other.position[0] + inside, other.position[1] + self.number("left")
        return {"goal": np.array([[ahead, aside, box.position[2]]])}

    def _error(self, points: Points, world: World) -> float:
        """The paper's error, and more than the threshold while a hand is still at the box."""
        hands = [float(np.linalg.norm(points["object"] - points[hand])) for hand in HANDS]
        return max(super()._error(points, world), self.tolerance + RELEASED - min(hands))


class PackageLift(BenchSkill):
    """A package gripped with both hands and lifted."""

    spec = specs.PACKAGE_LIFT
    about = "package"

    def fixed(self, observation: Observation) -> Points:
        """Returns the place above."""
        return {"goal": np.array([self.thing(observation.world).position]) + [0.0, 0.0, self.number("height")]}


BENCH_SKILLS: tuple[type[BenchSkill], ...] = (
    FarReach,
    FarReachTall,
    ButtonPress,
    CabinetClose,
    FootballShoot,
    BoxPush,
    BoxTransfer,
)
"""Those whose weights ship."""
