"""Drive to a thing and stop in front of it, within reach; the end is judged by sight, not by odometry alone."""

from __future__ import annotations

from collections.abc import Sequence

from robomatrix.errors import PreconditionError
from robomatrix.skills.base import ErrorCode, Observation, Steps, Succeeded
from robomatrix.skills.mobile_manipulation import specs
from robomatrix.skills.mobile_manipulation.approach import SMALL, STANCES, Stance, places, stations
from robomatrix.skills.mobile_manipulation.basic import LOOK_RATE, drive_to_point, rest
from robomatrix.skills.mobile_manipulation.body import Body, GiveUp, ManipulationSkill, Motion
from robomatrix.skills.mobile_manipulation.geometry import Pose2, wrap
from robomatrix.skills.mobile_manipulation.hand import FLOOR_REACH, grip_height, guard_grip, has_arm, lower_to, tuck
from robomatrix.skills.mobile_manipulation.navigation import FreeSpace, back_off, face, go, on_floor, settle
from robomatrix.world import SceneObject

START = "start"
"""The place where the robot was switched on."""
POSITION_TOLERANCE = 0.06
"""How far from the wanted place before the thing the base may end [m]."""
HEADING_TOLERANCE = 0.12
"""[rad]."""
SIGHTING = 1.5
"""How long to wait for a sighting on arrival [s]."""
LASTING = 8.0
"""A sighting of furniture counts for so long [s]."""
ATTEMPTS = 3
LEVER = 0.3
"""How far a place counts as off that asks for another heading [m/rad]."""


class MoveTo(ManipulationSkill):
    """Drives to a thing, or to the start."""

    spec = specs.MOVE_TO

    def check(self, observation: Observation) -> None:
        """Needs odometry."""
        if observation.state.odometry is None:
            raise PreconditionError(f"{self.robot.name} sends no odometry; is its driver connected?")

    def perform(self, body: Body) -> Steps:
        """Drives; fails with NOT_FOUND, UNREACHABLE, BLOCKED, GOAL_NOT_REACHED, or OBJECT_LOST on the way."""
        guard_grip(body)
        yield from tuck(body)
        target = self.text("target")
        if target == START:
            body.enter("drive", 0.2)
            return Succeeded({"distance_m": (yield from drive_to_point(body, Pose2(0.0, 0.0), keep_heading=True))})
        yield from find(body, target)
        for _ in range(ATTEMPTS):
            error = yield from _approach(body, target, STANCES[self.robot.name])
            if error is not None:
                return Succeeded({"position_error_m": error})
        raise GiveUp(ErrorCode.GOAL_NOT_REACHED, f"{target} is in sight, but the place before it was not reached")


def find(body: Body, target: str) -> Motion[None]:
    """Looks round for a thing that was never seen; GiveUp(NOT_FOUND) if it does not show up."""
    if target in body.world.objects:
        return
    body.enter("search", 0.05)
    start = body.pose.yaw
    for quarter in range(1, 5):
        yield from face(body, start + quarter * 1.5708, rate=LOOK_RATE)
        if target in body.world.objects:
            return
    body.thing(target)


def sight(body: Body, target: str) -> Motion[SceneObject]:
    """Waits for a fresh sighting of a thing, and searches near where it should be.

    Furniture that was in view on the way counts as seen: close by, the gripper hides much of it, and it does not walk.

    Raises:
        GiveUp: NOT_FOUND without a sighting.
    """
    lasting = 0.6 if body.thing(target).category in SMALL else LASTING
    for search in (_wait_for, _look_from_further, _look_beside):
        yield from search(body, target)
        if body.sees(target, lasting):
            return body.thing(target)
    unseen = body.now - body.thing(target).stamp
    raise GiveUp(ErrorCode.NOT_FOUND, f"'{target}' is not where it was seen {unseen:.1f} s ago")


def lower_for_view(body: Body, target: str) -> Motion[None]:
    """Brings the empty gripper down before a thing on the floor: tucked, it hides what lies before the base."""
    thing = body.thing(target)
    if has_arm(body) and body.world.holding is None and thing.category in SMALL and on_floor(thing):
        yield from lower_to(body, FLOOR_REACH, grip_height(thing))


def _wait_for(body: Body, target: str) -> Motion[None]:
    small = body.thing(target).category in SMALL
    end = body.now + (SIGHTING if small else SIGHTING / 3.0)
    while body.now < end and not body.sees(target, 0.3):
        yield from body.step()


def _look_from_further(body: Body, target: str) -> Motion[None]:
    yield from back_off(body, 0.15)
    yield from _wait_for(body, target)


def _look_beside(body: Body, target: str) -> Motion[None]:
    ahead = body.pose.yaw
    for offset in (0.7, -0.7, 0.0):
        yield from face(body, ahead + offset, rate=LOOK_RATE)
        yield from body.wait(0.3)
        if body.sees(target, 0.5):
            return


def _approach(body: Body, target: str, stance: Stance) -> Motion[float | None]:
    """Goes to a place before the target; returns the remaining error as seen [m], None when it has to try again."""

    def choose(space: FreeSpace) -> Sequence[Pose2]:
        return stations(body.thing(target), body.world, stance)(space)

    body.enter("drive", 0.2)
    place = yield from go(body, choose)
    body.enter("align", 0.8)
    yield from settle(body, place, position=0.02, heading=0.03)
    yield from lower_for_view(body, target)
    yield from sight(body, target)
    yield from settle(body, _nearest_place(body, target, stance), position=0.015, heading=0.03)
    yield from rest(body)
    place = _nearest_place(body, target, stance)
    error = body.pose.distance(place.point)
    near = error < POSITION_TOLERANCE and abs(wrap(place.yaw - body.pose.yaw)) < HEADING_TOLERANCE
    return error if near else None


def _nearest_place(body: Body, target: str, stance: Stance) -> Pose2:
    """Returns where the base should stand by the newest belief: what it drove by may have been wrong by then."""

    def unlike(place: Pose2) -> float:
        return body.pose.distance(place.point) + LEVER * abs(wrap(place.yaw - body.pose.yaw))

    return min(places(body.thing(target), body.world, stance), key=unlike)
