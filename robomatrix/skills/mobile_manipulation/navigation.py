"""Driving a holonomic base among perceived things: planning, tracking, replanning, and noticing that it is stuck."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence

import numpy as np

from robomatrix.hardware.driver import Twist
from robomatrix.skills.base import ErrorCode
from robomatrix.skills.mobile_manipulation.body import BRAKING, Body, GiveUp, Motion
from robomatrix.skills.mobile_manipulation.geometry import Footprint, Point, Pose2, wrap
from robomatrix.skills.mobile_manipulation.planning import KNOWN_MARGIN, FreeSpace, outside
from robomatrix.world import SceneObject, World

LOOKAHEAD = 0.25
"""The point of the path that the base steers for lies so far ahead [m]."""
CRUISE = 0.75
"""[m/s]."""
TURN_RATE = 2.5
"""[rad/s]."""
HEADING_GAIN = 3.5
"""[1/s]."""
FACE_GOAL = 0.5
"""Within this distance the base turns to its final heading [m]."""
REPLAN = 0.5
"""[s]."""
STALL_TIME = 2.0
"""So long without headway counts as stuck [s]."""
STALL_DISTANCE = 0.03
"""[m]."""
CLEARANCE = 0.03
"""Kept between the robot's rim and things, for errors of sight and of tracking [m]."""
RANGE = "front"
"""Name of the range sensor that looks ahead."""
RANGE_OFFSET = 0.155
"""Of that sensor before the base's centre [m]."""
RANGE_TRUST = 0.8
"""Readings beyond this do not count: the beam is wide [m]."""
LOW = 0.03
"""What is no higher than this can be driven over [m]."""
TOUCH = 0.125
"""A range reading below this means that the base all but touches what is ahead [m]."""
ON_SOMETHING = 0.05
"""A thing whose underside is higher than this stands on something [m]."""


class StallWatch:
    """Tells when the base is told to move and does not."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._since, self._pose, self._free = body.now, body.pose, body.now

    def pushing(self, forward: float) -> bool:
        """True if the base has driven ``forward`` [m/s] against something for a while: wheels may slip unnoticed."""
        near = self._body.observation.state.ranges.get(RANGE, math.inf) < TOUCH
        if not near or forward < 0.1:
            self._free = self._body.now
        return self._body.now - self._free > STALL_TIME / 4.0

    def stuck(self) -> bool:
        """True if the base made no headway for STALL_TIME."""
        pose = self._body.pose
        moved = pose.distance(self._pose.point) + 0.2 * abs(wrap(pose.yaw - self._pose.yaw))
        if moved > STALL_DISTANCE:
            self._since, self._pose = self._body.now, pose
        return self._body.now - self._since > STALL_TIME


def approach_speed(distance: float, limit: float) -> float:
    """Returns the speed that still allows to stop within a distance [m/s]."""
    return min(limit, math.sqrt(2.0 * BRAKING * max(distance, 0.0)), 4.0 * distance)


def toward(pose: Pose2, goal: Pose2, speed: float, turn_rate: float = TURN_RATE) -> Twist:
    """Returns the twist that closes in on a goal in a straight line, stopping there."""
    forward, left = pose.local(goal.point)
    distance = math.hypot(forward, left)
    scale = approach_speed(distance, speed) / distance if distance > 1e-6 else 0.0
    return Twist(scale * forward, scale * left, turn_to(wrap(goal.yaw - pose.yaw), turn_rate))


def turn_to(error: float, limit: float = TURN_RATE) -> float:
    """Returns the turning rate that removes a heading error and stops [rad/s]."""
    rate = min(limit, math.sqrt(2.0 * 4.0 * abs(error)), HEADING_GAIN * abs(error))
    return math.copysign(rate, error)


def settle(body: Body, goal: Pose2, speed: float = 0.3, position: float = 0.01, heading: float = 0.02) -> Motion[bool]:
    """Drives straight to a pose; True when within both tolerances [m], [rad], False when stuck on the way."""
    watch = StallWatch(body)
    while True:
        pose = body.pose
        if pose.distance(goal.point) <= position and abs(wrap(goal.yaw - pose.yaw)) <= heading:
            yield from body.halt()
            return True
        if watch.stuck():
            return False
        yield from body.step(toward(pose, goal, speed))


def face(body: Body, heading: float, tolerance: float = 0.03, rate: float = TURN_RATE) -> Motion[bool]:
    """Turns on the spot to a heading of the world [rad]; False when stuck."""
    watch = StallWatch(body)
    while abs(wrap(heading - body.pose.yaw)) > tolerance:
        if watch.stuck():
            return False
        yield from body.step(Twist(wz=turn_to(wrap(heading - body.pose.yaw), rate)))
    yield from body.halt()
    return True


def obstacles(world: World, ignore: Collection[str] = ()) -> tuple[SceneObject, ...]:
    """Returns all that stands on the floor, except what is held and what is to be ignored."""
    return tuple(o for o in world.objects.values() if o.id not in ignore and o.id != world.holding and on_floor(o))


def on_floor(thing: SceneObject) -> bool:
    """True if the thing reaches down to where the robot drives."""
    return thing.position[2] - thing.size[2] / 2.0 < ON_SOMETHING


def free_space(body: Body, ignore: Collection[str] = (), more: Sequence[Footprint] = ()) -> FreeSpace:
    """Returns where the base may go in the newest belief, and round ``more`` that it does not hold."""
    things = obstacles(body.world, ignore)
    high = tuple(Footprint.of(o) for o in things if o.size[2] > LOW)
    low = tuple(Footprint.of(o) for o in things if o.size[2] <= LOW)
    return FreeSpace((*high, *more), body.base.radius + CLEARANCE, low)


class Unseen:
    """What the camera did not show and the range sensor or the bumper found, while one drive lasts."""

    def __init__(self) -> None:
        self.footprints: list[Footprint] = []

    def feel(self, body: Body) -> None:
        """Adds what the range sensor sees before the base where nothing is known to be."""
        distance = body.observation.state.ranges.get(RANGE, math.inf)
        if distance > RANGE_TRUST:
            return
        known = [Footprint.of(thing) for thing in body.world.objects.values()]
        self._add(body.pose.world((RANGE_OFFSET + distance, 0.0)), known)

    def bump(self, body: Body, goal: Point) -> None:
        """Adds something on the way to where the base was going when it got stuck."""
        ahead = Pose2(*body.pose.point, body.pose.yaw + body.pose.bearing(goal))
        self._add(ahead.world((body.base.radius + 0.03, 0.0)), [])

    def _add(self, point: Point, known: Collection[Footprint]) -> None:
        told = any(f.contains(point, 0.12) for f in known) or any(f.contains(point, 0.03) for f in self.footprints)
        if not told:
            self.footprints.append(Footprint(Pose2(*point), 0.0, 0.0, 0.04))


def go(body: Body, choose: Callable[[FreeSpace], Sequence[Pose2]], ignore: Collection[str] = ()) -> Motion[Pose2]:
    """Drives to the best reachable of the poses that ``choose`` offers, and replans as the belief changes.

    Returns the pose it reached; the base still rolls slowly.

    Raises:
        GiveUp: UNREACHABLE where no pose has a free way, BLOCKED when stuck four times, or where the base twice does
            not move back either.
    """
    unseen, held = Unseen(), 0
    for _ in range(4):
        arrived = yield from _follow_plans(body, choose, ignore, unseen)
        if arrived is not None:
            return arrived
        stuck_at = body.pose.point
        yield from back_off(body, 0.2)
        held += body.pose.distance(stuck_at) < STALL_DISTANCE
        if held == 2:
            raise GiveUp(ErrorCode.BLOCKED, "the base moves neither ahead nor back")
    raise GiveUp(ErrorCode.BLOCKED, "the base is stuck: something unseen is in the way")


def back_off(body: Body, distance: float, speed: float = 0.4) -> Motion[None]:
    """Drives straight back, as far as it goes."""
    yield from settle(body, body.pose.ahead(-distance), speed, position=0.03, heading=0.2)


def _follow_plans(
    body: Body, choose: Callable[[FreeSpace], Sequence[Pose2]], ignore: Collection[str], unseen: Unseen
) -> Motion[Pose2 | None]:
    watch, planned, goal, path = StallWatch(body), -math.inf, body.pose, [body.pose.point]
    while True:
        unseen.feel(body)
        if body.now - planned >= REPLAN:
            space = free_space(body, ignore, unseen.footprints)
            goals = choose(space)
            kept = _still_good(body.pose, path, goal, goals, space)
            goal, path = kept or plan_to(body.pose, space, goals)
            planned = body.now
        if body.pose.distance(goal.point) < 0.03 and abs(wrap(goal.yaw - body.pose.yaw)) < 0.06:
            return goal
        twist = track(body.pose, path, goal)
        if watch.stuck() or watch.pushing(twist.vx):
            unseen.bump(body, path[min(1, len(path) - 1)])
            return None
        yield from body.step(twist)


def _still_good(
    pose: Pose2, path: Sequence[Point], goal: Pose2, goals: Sequence[Pose2], space: FreeSpace
) -> tuple[Pose2, list[Point]] | None:
    """Returns goal and way points brought up to date where what was planned still holds, else None."""
    near = min(goals, key=lambda g: g.distance(goal.point), default=None)
    if len(path) < 2 or near is None or near.distance(goal.point) > 0.1:
        return None
    updated = [*path[:-1], near.point]
    ahead = [p for p in _sampled(updated) if math.dist(p, near.point) < pose.distance(near.point)]
    if ahead and float(space.clearance(np.array(ahead)).min()) < 0.0:
        return None
    return near, updated


def _sampled(path: Sequence[Point]) -> list[Point]:
    points: list[Point] = []
    for start, end in zip(path, path[1:], strict=False):
        count = max(2, int(math.dist(start, end) / 0.05))
        points += [(float(x), float(y)) for x, y in np.linspace(start, end, count)]
    return points


def plan_to(pose: Pose2, space: FreeSpace, choices: Sequence[Pose2]) -> tuple[Pose2, list[Point]]:
    """Returns the first pose that can be reached, in the order of rising cost, and the way points to it.

    Raises:
        GiveUp: UNREACHABLE where there is none.
    """
    known = space.known(pose.point)

    def cost(goal: Pose2) -> float:
        unknown = outside(known, np.array([goal.point]))[0] > KNOWN_MARGIN
        return pose.distance(goal.point) + 0.15 * abs(wrap(goal.yaw - pose.yaw)) + (2.0 if unknown else 0.0)

    goals = sorted(choices, key=cost)
    for goal in goals:
        near = pose.distance(goal.point) < 0.1
        path = [pose.point, goal.point] if near else space.path(pose.point, goal.point)
        if path is not None:
            return goal, path
    what = "every way there is blocked" if goals else "no free place to stand there"
    raise GiveUp(ErrorCode.UNREACHABLE, what)


def track(pose: Pose2, path: Sequence[Point], goal: Pose2) -> Twist:
    """Returns the twist that follows the way points to the goal; it looks where it goes until close."""
    carrot, remaining = _carrot(pose.point, np.array(path))
    forward, left = pose.local(carrot)
    distance = math.hypot(forward, left)
    far = remaining > FACE_GOAL
    heading = pose.bearing(carrot) if far else wrap(goal.yaw - pose.yaw)
    speed = approach_speed(remaining, CRUISE)
    if far:
        speed *= max(0.15, math.cos(min(abs(heading), math.pi / 2.0)))
    scale = speed / distance if distance > 1e-6 else 0.0
    return Twist(scale * forward, scale * left, turn_to(heading))


def _carrot(point: Point, path: np.ndarray) -> tuple[Point, float]:
    """Returns the point LOOKAHEAD beyond the nearest of the path, and the length left from there [m]."""
    starts, spans = path[:-1], np.diff(path, axis=0)
    lengths = np.maximum(np.hypot(spans[:, 0], spans[:, 1]), 1e-9)
    along = np.clip(((np.array(point) - starts) * spans).sum(axis=1) / lengths**2, 0.0, 1.0)
    feet = starts + along[:, None] * spans
    nearest = int(np.argmin(np.hypot(*(feet - np.array(point)).T)))
    reached = np.concatenate([[0.0], np.cumsum(lengths)])
    position = reached[nearest] + along[nearest] * lengths[nearest]
    at = min(position + LOOKAHEAD, reached[-1])
    carrot = (float(np.interp(at, reached, path[:, 0])), float(np.interp(at, reached, path[:, 1])))
    offset = math.dist(point, (feet[nearest][0], feet[nearest][1]))
    return carrot, float(reached[-1] - position) + offset
