"""Stand, walk, walk_to, reach and squat as skills of the skill server; they see joints, IMU and odometry only."""

from __future__ import annotations

import math
from collections.abc import Generator
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import PreconditionError
from robomatrix.hardware.driver import Odometry, RobotCommand, RobotState
from robomatrix.skills.base import ErrorCode, Failed, Observation, Running, Skill, Steps, Succeeded
from robomatrix.skills.skillblender import specs
from robomatrix.skills.skillblender.controller import Controller
from robomatrix.skills.skillblender.functions import WalkFunction
from robomatrix.skills.skillblender.library import Policy, load_policy
from robomatrix.skills.skillblender.observation import rotate_back
from robomatrix.skills.skillblender.reach_functions import ReachFunction

Array = NDArray[np.float64]
Fallen = Failed | None
"""What a phase ends with: how it failed, or None."""
STANDING = np.zeros(3)
RAMP = 0.6
"""In which a walking robot is brought to rest [s]."""
MOVING = 0.15
"""Faster than this a robot counts as walking [m/s]."""
SETTLE = 1.2
"""After walking, standing before the skill ends [s]."""
ARRIVED = 0.12
"""From the goal [m]."""
SPEED = 0.6
"""Of walk_to [m/s]."""
TURN = 0.8
"""Of walk_to, at most [rad/s]."""
SPEED_TOLERANCE = 0.15
"""Of walk's own check: mean velocity against the command [m/s]."""
TURN_TOLERANCE = 0.25
"""The same for turning [rad/s]."""
HALFWAY = 0.5
"""Share of a small command that walk may be off, so that standing still is never walking."""
HAND_TOLERANCE = 0.04
"""[m]."""
HEIGHT_TOLERANCE = 0.04
"""[m]."""
DESCENT = 0.2
"""At which the squatting command moves [m/s]."""
QUIET = 25
"""Ticks without a need to step after which the feet count as side by side."""
PATIENCE = 5.0
"""For that [s]; a robot that is still stepping then goes on as it is."""
LOW = 0.08
"""A pelvis this far below home belongs to a robot that squats [m]."""
ARM_SPEED = 0.3
"""At which the reaching command moves [m/s]."""


class HumanoidSkill(Skill):
    """Base: refuses to start a robot that lies, watches for falls, keeps the joints where they are at the end."""

    policy_name: ClassVar[str] = "walk"

    def check(self, observation: Observation) -> None:
        """Raises PreconditionError if the robot lies or the state lacks something."""
        controller = Controller(self.robot, observation.state)
        controller.feel(observation.state)
        if controller.fallen(observation.state):
            raise PreconditionError(f"{self.robot.name} lies on the ground; set it on its feet")

    @cached_property
    def policy(self) -> Policy:
        """The trained primitive."""
        return load_policy(self.robot.name, self.policy_name)

    @property
    def walking(self) -> Policy:
        """The trained walk, which also stands."""
        return load_policy(self.robot.name, "walk")

    def stopping(self) -> RobotCommand:
        """Leaves the joints to whatever comes next; a humanoid that is frozen in mid-stride falls."""
        return RobotCommand()

    def follow(
        self, controller: Controller, policy: Policy, goal: Array, state: RobotState, phase: str, progress: float = 0.0
    ) -> Generator[Running, Observation, RobotState | Failed]:
        """One control step: yields the command and returns the next state, or why the skill is over."""
        observation = yield from self.advance(controller, policy, goal, state, phase, progress)
        return observation if isinstance(observation, Failed) else observation.state

    def advance(
        self, controller: Controller, policy: Policy, goal: Array, state: RobotState, phase: str, progress: float = 0.0
    ) -> Generator[Running, Observation, Observation | Failed]:
        """As :meth:`follow`, for skills that look at more than the robot's own state."""
        if controller.fallen(state):
            return Failed(ErrorCode.FELL, f"{self.robot.name} fell in {self.spec.name}")
        command = controller.step(policy.function, policy.network, goal, state)
        return (yield Running(command, phase, progress))

    def rise(self, controller: Controller, state: RobotState) -> Generator[Running, Observation, RobotState | Failed]:
        """Stands up out of a squat first, if the robot is in one; returns the next state, or why the skill is over."""
        home = controller.humanoid.height
        change = float(odometry_of(state).position[2]) - home
        if change > -LOW or self.robot.name not in specs.SQUATTERS:
            return state
        squat, step = load_policy(self.robot.name, "squat"), DESCENT / self.robot.rate
        while change < 0.0:
            change = min(0.0, change + step)
            state = yield from self.follow(controller, squat, np.array([change]), state, "rising")
            if isinstance(state, Failed):
                return state
        return state

    def square(self, controller: Controller, state: RobotState) -> Generator[Running, Observation, RobotState | Failed]:
        """Stands until the feet are side by side and the body is at rest; returns as :meth:`rise` does."""
        state = yield from self.rise(controller, state)
        if isinstance(state, Failed):
            return state
        function = self.walking.function
        assert isinstance(function, WalkFunction)
        started, quiet = state.stamp, 0
        while quiet < QUIET and state.stamp - started < PATIENCE:
            sense = function.sense(controller.feel(state), STANDING[None], np.array([controller.phase]))
            quiet = 0 if sense.gate[0] > 0.0 else quiet + 1
            state = yield from self.follow(controller, self.walking, STANDING, state, "squaring up")
            if isinstance(state, Failed):
                return state
        return state


class Stand(HumanoidSkill):
    """Balances; also what a humanoid does while no skill is asked for."""

    spec = specs.STAND
    idle = True

    def run(self, observation: Observation) -> Steps:
        """Stands for the duration."""
        controller = Controller(self.robot, observation.state)
        state = yield from self.rise(controller, observation.state)
        if isinstance(state, Failed):
            return state
        started, duration = state.stamp, float(self.arguments["duration"])
        slowing = self._present_goal(state)
        while state.stamp - started < duration:
            share = (state.stamp - started) / duration
            goal = slowing * max(0.0, 1.0 - (state.stamp - started) / RAMP)
            state = yield from self.follow(controller, self.walking, goal, state, "standing", share)
            if isinstance(state, Failed):
                return state
        return Succeeded()

    def _present_goal(self, state: RobotState) -> Array:
        """What the robot does now, as the walk's goal: a robot that walks is brought to rest, not frozen."""
        if state.odometry is None:
            return STANDING
        moving = planar_velocity(state.odometry) * [1.0, 1.0, 0.0]
        return moving * self.walking.function.scale if np.linalg.norm(moving) > MOVING else STANDING


class Walk(HumanoidSkill):
    """Follows a velocity, then stands."""

    spec = specs.WALK

    def run(self, observation: Observation) -> Steps:
        """Walks, measures itself by its odometry after the first second, and stands."""
        controller = Controller(self.robot, observation.state)
        state = yield from self.rise(controller, observation.state)
        if isinstance(state, Failed):
            return state
        started = state.stamp
        duration, wanted = float(self.arguments["duration"]), self._command()
        measured: list[Array] = []
        while (elapsed := state.stamp - started) < duration + SETTLE:
            walking = elapsed < duration
            share = float(np.clip(1.0 - (elapsed - duration) / RAMP, 0.0, 1.0))
            goal = share * wanted * self.walking.function.scale
            phase = "walking" if walking else "standing"
            state = yield from self.follow(controller, self.walking, goal, state, phase, elapsed / (duration + SETTLE))
            if isinstance(state, Failed):
                return state
            if walking and elapsed > min(1.0, 0.5 * duration):
                measured.append(planar_velocity(odometry_of(state)))
        return self._judge(np.mean(measured, 0), wanted)

    def _command(self) -> Array:
        return np.array([float(self.arguments[name]) for name in ("vx", "vy", "wz")])

    def _judge(self, mean: Array, wanted: Array) -> Succeeded | Failed:
        speed_error, turn_error = _planar(mean - wanted)
        metrics = {"speed_error": speed_error, "turn_error": turn_error}
        asked, missed = _in_tolerances(wanted), _in_tolerances(mean - wanted)
        if missed > (min(1.0, HALFWAY * asked) if asked > 0.0 else 1.0):
            text = f"walked {speed_error:.2f} m/s and {turn_error:.2f} rad/s off the command"
            return Failed(ErrorCode.GOAL_NOT_REACHED, text, metrics)
        return Succeeded(metrics)


class WalkTo(HumanoidSkill):
    """Walks to a point, given from where the robot was switched on or from where it stands."""

    spec = specs.WALK_TO

    def run(self, observation: Observation) -> Steps:
        """Turns towards the point, walks, and stands there."""
        controller = Controller(self.robot, observation.state)
        state = yield from self.rise(controller, observation.state)
        if isinstance(state, Failed):
            return state
        goal = self._goal(odometry_of(state))
        first = max(1e-3, distance_to(goal, odometry_of(state)))
        stood = 0.0
        while stood < SETTLE:
            way = distance_to(goal, odometry_of(state))
            near = way < ARRIVED or (stood > 0.0 and way < 1.5 * ARRIVED)
            command = STANDING if near else approach(goal, odometry_of(state)) * self.walking.function.scale
            before, phase = state.stamp, "standing" if near else "walking"
            state = yield from self.follow(controller, self.walking, command, state, phase, 1.0 - min(1.0, way / first))
            if isinstance(state, Failed):
                return state
            stood = stood + state.stamp - before if near else 0.0
        return Succeeded({"distance": distance_to(goal, odometry_of(state))})

    def _goal(self, odometry: Odometry) -> Array:
        """Returns the point (2,) in the odom frame [m]."""
        point = np.array([float(self.arguments["x"]), float(self.arguments["y"])])
        if self.arguments["frame"] == "start":
            return point
        return odometry.position[:2] + heading_rotation(odometry.yaw)[:2, :2] @ point


class Reach(HumanoidSkill):
    """Brings the hands to points near the body."""

    spec = specs.REACH
    policy_name = "reach"

    def run(self, observation: Observation) -> Steps:
        """Moves the goal out from where the hands rest, holds it, and measures by the joint angles."""
        controller = Controller(self.robot, observation.state)
        state = yield from self.square(controller, observation.state)
        if isinstance(state, Failed):
            return state
        function = self.policy.function
        wanted = self._offsets()
        rest = np.asarray(function.rest).reshape(2, 3)
        target = to_world(rest, odometry_of(state))
        heading = heading_rotation(odometry_of(state).yaw)
        rising = float(np.abs(wanted).max()) / ARM_SPEED
        total, started = rising + 1.0 + float(self.arguments["hold"]), state.stamp
        errors: list[float] = []
        while (elapsed := state.stamp - started) < total:
            share = min(1.0, elapsed / max(rising, 1e-6))
            points = target + share * wanted @ heading.T
            goal = (to_body(points, odometry_of(state)) - rest).ravel()
            phase = "reaching" if share < 1.0 else "holding"
            state = yield from self.follow(controller, self.policy, goal, state, phase, elapsed / total)
            if isinstance(state, Failed):
                return state
            if elapsed > rising + 0.8:
                errors.append(self._miss(function, controller, goal, state))
        return _judge("hand", float(np.mean(errors)), HAND_TOLERANCE)

    def _offsets(self) -> Array:
        outward, hand = float(self.arguments["outward"]), self.arguments["hand"]
        forward, up = float(self.arguments["forward"]), float(self.arguments["up"])
        left, right = np.array([forward, outward, up]), np.array([forward, -outward, up])
        still = np.zeros(3)
        return np.stack([still if hand == "right" else left, still if hand == "left" else right])

    def _miss(self, function: ReachFunction, controller: Controller, goal: Array, state: RobotState) -> float:
        lack = (goal - function.hands(controller.feel(state))[0]).reshape(2, 3)
        used = [i for i, name in enumerate(("left", "right")) if self.arguments["hand"] in (name, "both")]
        return float(np.linalg.norm(lack[used], axis=-1).max())


class Squat(HumanoidSkill):
    """Lowers or raises the pelvis."""

    spec = specs.SQUAT
    policy_name = "squat"

    def run(self, observation: Observation) -> Steps:
        """Moves the commanded height evenly, holds it, and measures by the odometry."""
        state = observation.state
        controller, home = Controller(self.robot, state), self.policy.function.robot.height
        final = float(self.arguments["height"]) - home
        present = min(0.0, float(odometry_of(state).position[2]) - home)
        if present > -LOW:
            state = yield from self.square(controller, state)
            if isinstance(state, Failed):
                return state
            present = 0.0
        moving = abs(final - present) / DESCENT
        total, started = moving + 1.0 + float(self.arguments["hold"]), state.stamp
        errors: list[float] = []
        while (elapsed := state.stamp - started) < total:
            share = min(1.0, elapsed / max(moving, 1e-6))
            goal = np.array([present + share * (final - present)])
            phase = "moving" if share < 1.0 else "holding"
            state = yield from self.follow(controller, self.policy, goal, state, phase, elapsed / total)
            if isinstance(state, Failed):
                return state
            if elapsed > moving + 0.8:
                errors.append(abs(float(odometry_of(state).position[2]) - home - final))
        return _judge("height", float(np.mean(errors)), HEIGHT_TOLERANCE)


class SquatH1(Squat):
    """The same between the H1's heights."""

    spec = specs.SQUAT_H1


class SquatH12(Squat):
    """The same between the H1-2's heights."""

    spec = specs.SQUAT_H1_2


def _judge(what: str, error: float, tolerance: float) -> Succeeded | Failed:
    metrics = {f"{what}_error": error}
    if error > tolerance:
        text = f"{what} is {100 * error:.1f} cm off, more than {100 * tolerance:.0f} cm"
        return Failed(ErrorCode.GOAL_NOT_REACHED, text, metrics)
    return Succeeded(metrics)


def _planar(velocity: Array) -> tuple[float, float]:
    """Returns speed [m/s] and turning rate [rad/s] of (vx, vy, wz)."""
    return float(np.linalg.norm(velocity[:2])), abs(float(velocity[2]))


def _in_tolerances(velocity: Array) -> float:
    """Returns how large (vx, vy, wz) is in units of what walk may be off."""
    speed, turn = _planar(velocity)
    return max(speed / SPEED_TOLERANCE, turn / TURN_TOLERANCE)


def odometry_of(state: RobotState) -> Odometry:
    """Returns the odometry; PreconditionError if the state has none."""
    if state.odometry is None:
        raise PreconditionError("the robot gives no odometry")
    return state.odometry


def planar_velocity(odometry: Odometry) -> Array:
    """Returns (vx, vy, wz) in the base frame [m/s, rad/s]."""
    return np.array([*odometry.linear_velocity[:2], odometry.angular_velocity[2]])


def distance_to(goal: Array, odometry: Odometry) -> float:
    """Returns the way to a point (2,) of the odom frame [m]."""
    return float(np.linalg.norm(goal - odometry.position[:2]))


def approach(goal: Array, odometry: Odometry) -> Array:
    """Returns (vx, vy, wz) towards a point (2,) of the odom frame, slower when near or facing elsewhere."""
    dx, dy = goal - odometry.position[:2]
    way = math.hypot(dx, dy)
    bearing = math.remainder(math.atan2(dy, dx) - odometry.yaw, math.tau)
    speed = min(SPEED, 0.25 + 0.6 * way)
    if way < 0.5:  # close by, sidesteps are quicker than turns
        return np.array([0.6 * speed * math.cos(bearing), 0.6 * speed * math.sin(bearing), 0.0])
    turn = float(np.clip(1.5 * bearing, -TURN, TURN))
    return np.array([speed * max(0.0, math.cos(bearing)) ** 2, 0.0, turn])


def heading_rotation(yaw: float) -> Array:
    """Returns the (3, 3) rotation about the vertical by a heading [rad]."""
    c, s = math.cos(yaw), math.sin(yaw)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def rotation(orientation: Array) -> Array:
    """Returns the (3, 3) rotation of a quaternion (x, y, z, w)."""
    x, y, z, w = orientation
    return rotate_back(np.tile([w, x, y, z], (3, 1)), np.eye(3))


def to_world(points: Array, odometry: Odometry) -> Array:
    """Returns points of an upright pelvis' frame (n, 3) in the odom frame."""
    return odometry.position + points @ heading_rotation(odometry.yaw).T


def to_body(points: Array, odometry: Odometry) -> Array:
    """Returns points of the odom frame (n, 3) in the pelvis frame."""
    x, y, z, w = odometry.orientation
    return rotate_back(np.tile([w, x, y, z], (len(points), 1)), points - odometry.position)
