"""Drive over a low bar: square on, fast enough not to stick, and far enough to be clear of it."""

from __future__ import annotations

import math

from robomatrix.errors import PreconditionError
from robomatrix.hardware.driver import Twist
from robomatrix.skills.base import ErrorCode, Failed, Observation, Steps, Succeeded
from robomatrix.skills.mobile_manipulation import specs
from robomatrix.skills.mobile_manipulation.basic import rest
from robomatrix.skills.mobile_manipulation.body import Body, ManipulationSkill, Motion
from robomatrix.skills.mobile_manipulation.geometry import Pose2, wrap
from robomatrix.skills.mobile_manipulation.hand import guard_grip, tuck
from robomatrix.skills.mobile_manipulation.move_to import sight
from robomatrix.skills.mobile_manipulation.navigation import StallWatch, back_off, settle, turn_to
from robomatrix.world import SceneObject

REACHABLE = 1.2
"""A bar further away needs move_to first [m]."""
RUN_UP = 0.34
"""From the base's centre to the bar's middle line before the run [m]."""
CLEAR = 0.32
"""The base's centre is so far beyond the bar's middle line at the end [m]."""
SLACK = 0.05
"""By how much less it may be after the base came to rest [m]."""
SPEEDS = (0.5, 0.7, 0.8)
"""Of the attempts [m/s]."""
CROSSABLE = 0.03
"""Bars higher than this are not driven over [m]."""
FLOATING = 0.15
"""So far from a bar's ends the middle of the base must stay [m]."""


class Cross(ManipulationSkill):
    """Drives over a bar."""

    spec = specs.CROSS

    def check(self, observation: Observation) -> None:
        """Needs a known low obstacle nearby."""
        world, name = observation.world, self.text("obstacle")
        if name not in world.objects:
            raise PreconditionError(f"'{name}' was not seen yet; look_around or move_to it first")
        bar = world.objects[name]
        if bar.size[2] > CROSSABLE:
            raise PreconditionError(f"'{name}' is {bar.size[2]:.2f} m high; this robot crosses up to {CROSSABLE:g} m")
        pose = Body(self.robot, observation).pose
        distance = abs(line(bar, pose).local(pose.point)[0])
        if distance > REACHABLE:
            raise PreconditionError(f"'{name}' is {distance:.2f} m away; move_to it first")

    def perform(self, body: Body) -> Steps:
        """Tries three times, faster each time; fails with BLOCKED, NOT_FOUND or GOAL_NOT_REACHED."""
        guard_grip(body)
        yield from tuck(body)
        name = self.text("obstacle")
        body.enter("look", 0.1)
        bar = yield from sight(body, name)
        across = line(bar, body.pose)
        for attempt, speed in enumerate(SPEEDS, start=1):
            yield from _line_up(body, across)
            if (yield from _run(body, across, speed)):
                return (yield from _judge(body, name, across, attempt))
            yield from back_off(body, 0.15)
        return Failed(ErrorCode.BLOCKED, f"the wheels do not climb '{name}'")


def line(bar: SceneObject, pose: Pose2) -> Pose2:
    """Returns the middle of a bar with the heading in which a robot at ``pose`` has to cross it."""
    thin = bar.yaw + (0.0 if bar.size[0] <= bar.size[1] else math.pi / 2.0)
    middle = Pose2(bar.position[0], bar.position[1], thin)
    ahead = middle.local(pose.point)[0]
    heading = thin if ahead < 0.0 else thin + math.pi
    half = max(max(bar.size[0], bar.size[1]) / 2.0 - FLOATING, 0.0)
    left = Pose2(middle.x, middle.y, heading).local(pose.point)[1]
    return Pose2(middle.x, middle.y, wrap(heading)).ahead(0.0, min(max(left, -half), half))


def _line_up(body: Body, across: Pose2) -> Motion[None]:
    body.enter("align", 0.3)
    yield from settle(body, across.ahead(-RUN_UP), speed=0.4, position=0.03, heading=0.03)


def _run(body: Body, across: Pose2, speed: float) -> Motion[bool]:
    """Drives straight over the line; False when stuck on it."""
    body.enter("cross", 0.5)
    watch = StallWatch(body)
    while across.local(body.pose.point)[0] < CLEAR:
        if watch.stuck():
            return False
        left = across.local(body.pose.point)[1]
        yield from body.step(Twist(speed, -1.5 * left, turn_to(wrap(across.yaw - body.pose.yaw), 1.0)))
    yield from body.halt()
    return True


def _judge(body: Body, name: str, across: Pose2, attempt: int) -> Steps:
    """Compares odometry with sight: the bar must lie behind, and must not be seen ahead any more."""
    since = body.now
    yield from rest(body)
    bar = body.world.objects.get(name)
    if bar is not None:
        behind = -body.pose.local((bar.position[0], bar.position[1]))[0]
        seen_ahead = bar.stamp > since and behind < 0.0
        if seen_ahead:
            return Failed(ErrorCode.GOAL_NOT_REACHED, f"'{name}' is still ahead")
    beyond, left = across.local(body.pose.point)
    if beyond < CLEAR - SLACK or abs(left) > FLOATING:
        return Failed(ErrorCode.GOAL_NOT_REACHED, f"ended {beyond:.2f} m beyond '{name}', {left:.2f} m to the left")
    return Succeeded({"beyond_m": beyond, "attempts": attempt})
