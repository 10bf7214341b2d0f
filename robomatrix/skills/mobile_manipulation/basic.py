"""Skills of any mobile base: turn, go to a point, look around, stand still."""

from __future__ import annotations

import math
from collections.abc import Sequence

from robomatrix.hardware.driver import STOP, Twist
from robomatrix.skills.base import ErrorCode, Failed, Running, Steps, Succeeded
from robomatrix.skills.mobile_manipulation import specs
from robomatrix.skills.mobile_manipulation.body import Body, GiveUp, ManipulationSkill, Motion
from robomatrix.skills.mobile_manipulation.geometry import Pose2, wrap
from robomatrix.skills.mobile_manipulation.navigation import FreeSpace, StallWatch, go, settle, turn_to

LOOK_RATE = 1.4
"""Turning rate while looking around; the camera's images overlap well [rad/s]."""
AT_POINT = 0.08
"""How close :class:`GoTo` must end [m]."""
AT_HEADING = 0.05
"""How close :class:`Turn` must end [rad]."""


class Turn(ManipulationSkill):
    """Turns on the spot by an angle, more than once round if asked to."""

    spec = specs.TURN

    def perform(self, body: Body) -> Steps:
        """Turns; fails with BLOCKED when something holds the base, GOAL_NOT_REACHED when it ends elsewhere."""
        angle = math.radians(float(self.arguments["angle_deg"]))
        goal = body.pose.yaw + angle
        if not (yield from turn_by(body, angle)):
            return Failed(ErrorCode.BLOCKED, "the base does not turn")
        yield from rest(body)
        error = abs(wrap(goal - body.pose.yaw))
        if error > AT_HEADING:
            return Failed(ErrorCode.GOAL_NOT_REACHED, f"ended {math.degrees(error):.1f} deg beside the goal")
        return Succeeded({"heading_error_rad": error})


class GoTo(ManipulationSkill):
    """Drives to a point round everything that is perceived."""

    spec = specs.GO_TO

    def perform(self, body: Body) -> Steps:
        """Drives; fails with UNREACHABLE, BLOCKED or GOAL_NOT_REACHED."""
        frame = body.pose if self.arguments["frame"] == "robot" else Pose2(0.0, 0.0)
        point = frame.world((float(self.arguments["x"]), float(self.arguments["y"])))
        body.enter("drive", 0.1)
        error = yield from drive_to_point(body, Pose2(*point, body.pose.yaw), keep_heading=False)
        return Succeeded({"distance_m": error})


class LookAround(ManipulationSkill):
    """Turns once round, so that perception sees everything there is to see from here."""

    spec = specs.LOOK_AROUND

    def perform(self, body: Body) -> Steps:
        """Turns by 360 degrees; fails with BLOCKED when something holds the base."""
        if not (yield from turn_by(body, 2.0 * math.pi, LOOK_RATE)):
            return Failed(ErrorCode.BLOCKED, "the base does not turn")
        return Succeeded({"things_known": float(len(body.world.objects))})


class Stop(ManipulationSkill):
    """Stands still and says so once the odometry agrees."""

    spec = specs.STOP

    def perform(self, body: Body) -> Steps:
        """Commands zero velocity until the base rests; the time-out is the failure."""
        while not at_rest(body):
            body.observation = yield Running(STOP, "stop", 0.5)
        return Succeeded()


def at_rest(body: Body) -> bool:
    """True if the odometry shows less than 2 cm/s and 3 deg/s."""
    odometry = body.odometry
    speed = math.hypot(odometry.linear_velocity[0], odometry.linear_velocity[1])
    return speed < 0.02 and abs(odometry.angular_velocity[2]) < 0.05


def rest(body: Body, duration: float = 0.4, limit: float = 2.0) -> Motion[None]:
    """Stands until the base has rested for a time [s], as commands that come late move it on after the last one."""
    end = body.now + limit
    still = body.now
    while body.now < min(still + duration, end):
        yield from body.step()
        still = still if at_rest(body) else body.now


def turn_by(body: Body, angle: float, rate: float = 2.5) -> Motion[bool]:
    """Turns by any angle [rad], counting full turns; False when stuck."""
    left, yaw, watch = angle, body.pose.yaw, StallWatch(body)
    while abs(left) > 0.02:
        if watch.stuck():
            return False
        body.progress = min(max(1.0 - abs(left / angle), 0.0), 1.0)
        yield from body.step(Twist(wz=turn_to(left, rate)))
        left -= wrap(body.pose.yaw - yaw)
        yaw = body.pose.yaw
    yield from body.halt()
    return True


def drive_to_point(body: Body, goal: Pose2, keep_heading: bool) -> Motion[float]:
    """Drives to a point; returns how far from it the base came to rest [m].

    Args:
        body: The robot.
        goal: Where to; its heading counts only with ``keep_heading``.
        keep_heading: Ends with the goal's heading, else with the heading of the way there.

    Raises:
        GiveUp: UNREACHABLE, BLOCKED, or GOAL_NOT_REACHED where the odometry disagrees in the end.
    """

    def choose(space: FreeSpace) -> Sequence[Pose2]:
        heading = goal.yaw if keep_heading else body.pose.yaw + body.pose.bearing(goal.point)
        near = body.pose.distance(goal.point) < 0.3
        return [Pose2(goal.x, goal.y, body.pose.yaw if near and not keep_heading else heading)]

    reached = yield from go(body, choose)
    yield from settle(body, reached, position=0.02, heading=0.05)
    yield from rest(body)
    error = body.pose.distance(goal.point)
    if error > AT_POINT:
        raise GiveUp(ErrorCode.GOAL_NOT_REACHED, f"stopped {error:.2f} m from the point")
    return error
