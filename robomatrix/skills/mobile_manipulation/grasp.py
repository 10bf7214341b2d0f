"""Take a small thing from the floor or from a table, and find out by feel and by sight whether it was taken."""

from __future__ import annotations

import math

from robomatrix.errors import PreconditionError
from robomatrix.hardware.driver import Twist
from robomatrix.skills.base import ErrorCode, Failed, Observation, Steps, Succeeded
from robomatrix.skills.mobile_manipulation import specs
from robomatrix.skills.mobile_manipulation.approach import SMALL, STANCES, support_of
from robomatrix.skills.mobile_manipulation.body import Body, GiveUp, ManipulationSkill, Motion
from robomatrix.skills.mobile_manipulation.geometry import Footprint, Pose2, wrap
from robomatrix.skills.mobile_manipulation.hand import (
    BUMPER,
    DEEPEST,
    EDGE_GAP,
    EMPTY,
    FLOOR_REACH,
    GRASP_DEPTH,
    HEIGHTS,
    OPEN,
    aperture,
    close_gripper,
    grip_height,
    has_arm,
    lower_to,
    open_gripper,
    palm_covered,
    tip,
)
from robomatrix.skills.mobile_manipulation.move_to import lower_for_view, sight
from robomatrix.skills.mobile_manipulation.navigation import StallWatch, approach_speed, back_off, settle, turn_to
from robomatrix.world import SceneObject

ATTEMPTS = 3
REACHABLE = 0.75
"""A thing further from the base than this needs move_to first [m]."""
BLIND = 0.36
"""A thing nearer than this is hidden by the gripper: its last good sighting counts [m]."""
LIFT = 0.06
"""[m]."""
IN_HAND = 0.06
"""A thing seen this near to the pads is between them [m]."""
CLOSED_BY = 0.01
"""By so much at least the pads must have closed to hold a thing [m]."""
SAME_PLACE = 0.05
"""A thing seen within this of where it stood was not taken [m]."""


class Grasp(ManipulationSkill):
    """Closes the gripper on a thing and lifts it."""

    spec = specs.GRASP

    def check(self, observation: Observation) -> None:
        """Needs an empty gripper and a known thing nearby."""
        world, name = observation.world, self.text("object")
        if world.holding is not None:
            raise PreconditionError(f"the gripper already holds '{world.holding}'; release it first")
        if name not in world.objects:
            raise PreconditionError(f"'{name}' was not seen yet; look_around or move_to it first")
        thing = world.objects[name]
        if thing.category not in SMALL:
            raise PreconditionError(f"a {thing.category} does not fit the gripper; it takes {', '.join(sorted(SMALL))}")
        body = Body(self.robot, observation)
        if not has_arm(body):
            raise PreconditionError(f"{self.robot.name} has no gripper")
        distance = body.pose.distance((thing.position[0], thing.position[1]))
        if distance > REACHABLE:
            raise PreconditionError(f"'{name}' is {distance:.2f} m away; move_to it first")

    def perform(self, body: Body) -> Steps:
        """Tries up to three times; fails with GRASP_FAILED, NOT_FOUND or UNREACHABLE, holding nothing."""
        name = self.text("object")
        for attempt in range(1, ATTEMPTS + 1):
            body.enter("look", 0.1)
            yield from open_gripper(body)
            yield from lower_for_view(body, name)
            thing = yield from sight(body, name)
            width = yield from take(body, thing)
            if width > EMPTY and (yield from _taken(body, thing)):
                return Succeeded({"attempts": attempt, "width_m": width}, holding=name)
            yield from _give_back(body, thing)
        return Failed(ErrorCode.GRASP_FAILED, f"'{name}' was not in the gripper after {ATTEMPTS} tries", holding=None)


def take(body: Body, thing: SceneObject) -> Motion[float]:
    """Brings the open gripper round a thing, closes and lifts.

    Returns:
        The width between the pads [m]; 0 where the arm did not rise.
    """
    heading, x = _grasp_pose(body, thing)
    foot = thing.position[2] - thing.size[2] / 2.0
    z = min(max(foot + grip_height(thing), HEIGHTS[0]), HEIGHTS[1])
    body.enter("align", 0.2)
    yield from open_gripper(body)
    start = facing(thing, heading, x - GRASP_DEPTH + 0.13)
    yield from settle(body, start, position=0.02, heading=0.03)
    yield from lower_to(body, x, z)
    body.enter("reach", 0.4)
    yield from _drive_up(body, thing, heading, tip(body).x - GRASP_DEPTH)
    body.enter("close", 0.6)
    width = yield from close_gripper(body)
    body.enter("lift", 0.7)
    low = tip(body).z
    if width > EMPTY:
        yield from lower_to(body, x, min(z + LIFT, HEIGHTS[1]))
    return aperture(body) if tip(body).z > low + LIFT / 3.0 else 0.0


def facing(thing: SceneObject, heading: float, distance: float) -> Pose2:
    """Returns the pose that looks at a thing along a heading from a distance [m]."""
    at = Pose2(thing.position[0], thing.position[1], heading)
    return at.ahead(-distance)


def _grasp_pose(body: Body, thing: SceneObject) -> tuple[float, float]:
    """Returns the heading to come from, and how far the finger tips must stretch to keep the base off the table."""
    support = support_of(thing, body.world)
    point = (thing.position[0], thing.position[1])
    if support is None:
        return wrap(body.pose.yaw + body.pose.bearing(point)), FLOOR_REACH
    footprint = Footprint.of(support)
    heading = _square_heading(body.pose, footprint)
    ahead, _ = Pose2(*footprint.pose.point, wrap(heading + math.pi)).local(point)
    depth = footprint.extent(heading) - ahead
    x = max(BUMPER + EDGE_GAP + depth + GRASP_DEPTH, 0.27)
    if x > DEEPEST:
        raise GiveUp(ErrorCode.UNREACHABLE, f"'{thing.id}' stands {depth:.2f} m behind the edge, too deep to reach")
    return heading, x


def _square_heading(pose: Pose2, footprint: Footprint) -> float:
    """Returns the heading, square to a side of a footprint, that is nearest to the robot's own."""
    quarters = (footprint.pose.yaw + k * math.pi / 2.0 for k in range(4))
    return min((wrap(q) for q in quarters), key=lambda q: abs(wrap(q - pose.yaw)))


def _drive_up(body: Body, thing: SceneObject, heading: float, distance: float) -> Motion[None]:
    """Drives ahead, steering by the newest sighting, until the thing is ``distance`` before the base's centre."""
    watch, seen = StallWatch(body), thing
    while not watch.stuck():
        newest = body.thing(thing.id)
        if newest.stamp > seen.stamp and body.pose.local((newest.position[0], newest.position[1]))[0] > BLIND:
            seen = newest
        ahead, left = body.pose.local((seen.position[0], seen.position[1]))
        gap = ahead - distance
        if gap < 0.005:
            break
        speed = max(approach_speed(gap, 0.3), 0.03)
        sideways = max(min(4.0 * left, 0.15), -0.15)
        if abs(left) > 0.012 and gap < 0.06:
            speed = 0.0  # the fingers are about to pass the thing: first get it between them
        yield from body.step(Twist(speed, sideways, turn_to(wrap(heading - body.pose.yaw), 1.0)))
    yield from body.halt()


def _taken(body: Body, before: SceneObject) -> Motion[bool]:
    """Moves back and looks: True if something is between the pads and nothing alike stands in the old place."""
    body.enter("verify", 0.8)
    body.holding = before.id
    yield from back_off(body, 0.15, 0.3)
    since = body.now
    yield from body.wait(0.45)
    if not EMPTY < aperture(body) < OPEN - CLOSED_BY or not palm_covered(body):
        return False
    return _in_hand(body, before.id, since) or not any(
        _stands_there(o, before, since) for o in body.world.objects.values() if o.id != before.id
    )


def _in_hand(body: Body, name: str, since: float) -> bool:
    """True if the thing was seen between the pads."""
    thing = body.world.objects.get(name)
    hand = body.pose.world((tip(body).x - GRASP_DEPTH, 0.0))
    return thing is not None and thing.stamp > since and math.dist(thing.position[:2], hand) < IN_HAND


def _stands_there(thing: SceneObject, before: SceneObject, since: float) -> bool:
    alike = thing.category == before.category and thing.colour == before.colour
    near = math.dist(thing.position[:2], before.position[:2]) < SAME_PLACE
    return alike and near and thing.stamp > since and abs(thing.position[2] - before.position[2]) < SAME_PLACE


def _give_back(body: Body, thing: SceneObject) -> Motion[None]:
    """Opens and retreats to where the thing can be seen again."""
    body.enter("retry", 0.3)
    body.holding = None
    yield from open_gripper(body, OPEN)
    stance = STANCES[body.robot.name].object
    gap = stance - body.pose.distance((thing.position[0], thing.position[1]))
    if gap > 0.02:
        yield from back_off(body, gap)
    yield from lower_to(body, 0.26, max(tip(body).z, 0.14))
    yield from body.wait(0.3)
