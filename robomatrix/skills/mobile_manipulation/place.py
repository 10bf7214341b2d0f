"""Hold a thing over a place, and let it go there; both are judged by measured joints and by sight."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from robomatrix.errors import PreconditionError
from robomatrix.robots.ep_kinematics import nearest
from robomatrix.skills.base import ErrorCode, Failed, Observation, Outcome, Steps, Succeeded
from robomatrix.skills.mobile_manipulation import specs
from robomatrix.skills.mobile_manipulation.approach import SMALL
from robomatrix.skills.mobile_manipulation.basic import rest
from robomatrix.skills.mobile_manipulation.body import Body, GiveUp, ManipulationSkill, Motion
from robomatrix.skills.mobile_manipulation.geometry import ROUND, Footprint, Point, Pose2, wrap
from robomatrix.skills.mobile_manipulation.hand import (
    BUMPER,
    CARRY_X,
    EDGE_GAP,
    EMPTY,
    FLOOR_REACH,
    HEIGHTS,
    HELD_DEPTH,
    OPEN,
    aperture,
    await_pads,
    grip_height,
    guard_grip,
    guard_release,
    lower_to,
    open_gripper,
    palm_covered,
    palm_near,
    tip,
)
from robomatrix.skills.mobile_manipulation.move_to import SIGHTING, START, sight
from robomatrix.skills.mobile_manipulation.navigation import back_off, settle
from robomatrix.world import SceneObject, World

REACHABLE = 0.9
"""A place further from the base than this needs move_to first [m]."""
CONTAINERS = frozenset({"box", "bin", "drawer"})
PORTABLE = frozenset({"box", "bin"})
"""Places that somebody may carry off: a thing is in one only if that is still seen there."""
PLACES = CONTAINERS | {"table", "shelf", "person"}
"""What a thing can be let go over, besides the floor."""
NEAR_MISS, FAR_MISS = 0.06, 0.25
"""How far beside a place its outline may be seen: the latter while the gripper is raised, as only for a place [m]."""
RAISED = 0.13
"""Finger tips higher than this are over a place, not over the floor [m]."""
HANDLE = 0.05
"""How far a drawer's knob stands off its front [m]."""
ABOVE = 0.025
"""Free height between the held thing's foot and what it is held over [m]."""
INSET = 0.09
"""So far behind its edge a thing is put on a table [m]."""
SPACING = 0.14
"""Between the middles of things on a table [m]."""
STRETCH = 0.31
"""Furthest that the finger tips reach over a place [m]."""
WALL_GAP = 0.055
"""From a container's outline to the middle of what is dropped into it [m]."""
DEEPER = 0.025
"""The first thing goes so far behind the middle of a container, which leaves room before it for a second [m]."""
ROOMY = 0.12
"""Things this far apart do not touch [m]."""
TIGHT = 0.07
"""Things nearer to each other than this do [m]."""
BOTTOM = 0.008
"""Thickness of a container's bottom [m]."""
RETREAT = 0.22
"""How far the base moves back after it let go [m]."""
FREED = 0.015
"""By so much the pads must part at least to let a thing go [m]."""
GENTLE = 0.15
"""Speed of the finger tips while they put something down [m/s]."""
UNLOADED = 0.02
"""Where lowering meets something, the finger tips go up by this before they open [m]."""
TOO_HIGH = 0.04
"""Let go so far above where it should be, a thing may jump out of its place [m]."""
OVER_RIM = {"drawer": 0.055}
"""How far over a container's rim the finger tips stay when they open; 0.02 where it is not said [m]."""
SECOND_LOOK = 0.4
"""[s]."""
OVER_OTHERS = 0.04
"""By so much the fingers rise where something keeps them from opening [m]."""
FURTHER = 0.25
"""So far back a second look is taken, from where the gripper no longer hides a box [m]."""
ASIDE = 0.14
"""So far to either side a third look is taken [m]."""
INSIDE = 0.01
"""The middle of a released thing may be seen this far outside the outline of its place, by the error of sight; one that
stands beside a box and touches it is 0.03 outside [m]."""


class PositionOver(ManipulationSkill):
    """Holds the grasped thing above a place."""

    spec = specs.POSITION_OVER

    def check(self, observation: Observation) -> None:
        """Needs the thing in the gripper and the place nearby."""
        world, name, target = observation.world, self.text("object"), self.text("target")
        if world.holding != name:
            raise PreconditionError(f"'{name}' is not in the gripper, which holds {world.holding or 'nothing'}")
        body = Body(self.robot, observation)
        if target == START:
            distance = body.pose.distance((0.0, 0.0))
            if distance > REACHABLE:
                raise PreconditionError(f"the start is {distance:.2f} m away; move_to it first")
            return
        if target not in world.objects:
            raise PreconditionError(f"'{target}' was not seen yet; look_around or move_to it first")
        place = world.objects[target]
        gap = float(Footprint.of(place).distance(np.array([body.pose.point]))[0])
        if gap > REACHABLE:
            raise PreconditionError(f"'{target}' is {gap:.2f} m away; move_to it first")
        if place.category == "drawer" and (place.openness or 0.0) < 0.5:
            raise PreconditionError(f"'{target}' is closed; open it first")

    def perform(self, body: Body) -> Steps:
        """Raises the thing and drives up; fails with UNREACHABLE, GOAL_NOT_REACHED, NOT_FOUND or OBJECT_LOST."""
        guard_grip(body)
        name, target = self.text("object"), self.text("target")
        if target == START:
            return (yield from _over_floor(body, name))
        body.enter("look", 0.1)
        place = yield from sight(body, target)
        body.enter("raise", 0.3)
        z = carrying_height(place, body.world.objects.get(name))
        yield from lower_to(body, CARRY_X, z)
        yield from body.wait(SECOND_LOOK)  # with the gripper out of the way more of the place shows
        body.enter("reach", 0.6)
        stretch = nearest(STRETCH, z)[0] - HELD_DEPTH
        for position in (0.03, 0.012):  # what is seen on the way corrects the second approach
            place = body.world.objects.get(target, place)
            pose, point, distance = _standing_place(body, place, stretch)
            yield from settle(body, pose, speed=0.35, position=position, heading=0.03)
        yield from lower_to(body, distance + HELD_DEPTH, z)
        yield from rest(body)
        held = held_point(body)
        error = math.dist(held, point)
        if not _inside(place, held) or error > 0.06:
            raise GiveUp(ErrorCode.GOAL_NOT_REACHED, f"'{name}' is {error:.2f} m beside the middle of '{target}'")
        if tip(body).z < z - ABOVE / 2.0:
            raise GiveUp(ErrorCode.GOAL_NOT_REACHED, f"the arm does not lift '{name}' clear over '{target}'")
        yield from await_pads(body)
        return Succeeded({"offset_m": error})


class Release(ManipulationSkill):
    """Lets the held thing go onto or into what is beneath it."""

    spec = specs.RELEASE

    def check(self, observation: Observation) -> None:
        """Needs the thing in the gripper."""
        if observation.world.holding != self.text("object"):
            held = observation.world.holding or "nothing"
            raise PreconditionError(f"'{self.text('object')}' is not in the gripper, which holds {held}")

    def perform(self, body: Body) -> Steps:
        """Lowers, opens, moves away and looks; fails with RELEASE_FAILED where the thing is not where it should be."""
        name = self.text("object")
        thing, point = body.world.objects.get(name), held_point(body)
        place = beneath(body.world, point, name, NEAR_MISS if tip(body).z < RAISED else FAR_MISS)
        body.enter("lower", 0.2)
        known = frozenset(body.world.objects)
        low = release_height(body, place, point, thing)
        if not (yield from lower_to(body, tip(body).x, low, GENTLE)):
            yield from lower_to(body, tip(body).x, tip(body).z + UNLOADED)
        dropped = tip(body).z > low + TOO_HIGH
        body.enter("open", 0.5)
        yield from await_pads(body)
        closed = aperture(body)
        if closed < EMPTY or (closed > OPEN - 0.02 and not palm_covered(body)):
            return Failed(ErrorCode.OBJECT_LOST, f"'{name}' is not in the gripper any more", holding=None)
        if not palm_covered(body):
            doubt = f"the palm sees nothing, the pads are {closed:.3f} m apart: one of the sensors is wrong"
            return Failed(ErrorCode.RELEASE_FAILED, doubt)
        guard_release(body)
        yield from open_gripper(body, OPEN)
        if aperture(body) < min(OPEN - 0.02, closed + FREED):
            yield from _open_higher(body)
        if aperture(body) < min(OPEN - 0.02, closed + FREED):
            return Failed(ErrorCode.RELEASE_FAILED, f"the gripper opened only to {aperture(body):.3f} m")
        body.holding = None
        yield from body.wait(0.25)  # perception has to see it let go before the gripper moves away
        body.enter("leave", 0.7)
        if place is not None and place.category in CONTAINERS:
            yield from lower_to(body, tip(body).x, leaving_height(body, place))
        stood = body.pose
        yield from back_off(body, RETREAT)
        if stood.distance(body.pose.point) < RETREAT / 2.0:
            return Failed(ErrorCode.BLOCKED, f"the base does not move away from '{name}'", holding=None)
        if aperture(body) < min(OPEN - 0.02, closed + FREED) or palm_near(body):
            return Failed(ErrorCode.RELEASE_FAILED, f"'{name}' is caught in the gripper", holding=name)
        since = body.now
        yield from lower_to(body, CARRY_X, 0.155)
        yield from body.wait(0.4)
        return (yield from _judge(body, name, place, since, known, dropped))


def _open_higher(body: Body) -> Motion[None]:
    """Lifts the fingers over what keeps them from opening, a wall or another thing, and opens them there."""
    yield from lower_to(body, tip(body).x, min(tip(body).z + OVER_OTHERS, HEIGHTS[1]))
    yield from open_gripper(body, OPEN)


def _over_floor(body: Body, name: str) -> Steps:
    """Holds the thing low over the floor ahead."""
    body.enter("reach", 0.6)
    thing = body.world.objects.get(name)
    z = ABOVE + (grip_height(thing) if thing else 0.03)
    yield from lower_to(body, FLOOR_REACH, z)
    under = beneath(body.world, held_point(body), name, NEAR_MISS)
    if under is not None:
        raise GiveUp(ErrorCode.UNREACHABLE, f"'{under.id}' is in the way")
    return Succeeded({"offset_m": 0.0})


def beneath(world: World, point: Point, held: str, miss: float) -> SceneObject | None:
    """Returns the place under a point of the plan, or at most ``miss`` [m] beside it; None for the floor."""
    at = np.array([point])
    places = (o for o in world.objects.values() if o.id != held and o.category in PLACES)
    near = [(max(float(Footprint.of(o).distance(at)[0]), 0.0), o) for o in places]
    under = [(gap, o) for gap, o in near if gap <= miss]
    return min(under, key=lambda g: (g[0], g[1].category != "drawer"), default=(0.0, None))[1]


def carrying_height(place: SceneObject, thing: SceneObject | None) -> float:
    """Returns the height of the finger tips that holds a thing clear over a place [m]."""
    top = place.position[2] + place.size[2] / 2.0
    return min(top + ABOVE + (grip_height(thing) if thing else 0.01), HEIGHTS[1])


def release_height(body: Body, place: SceneObject | None, point: Point, thing: SceneObject | None) -> float:
    """Returns the height of the finger tips at which a thing is let go over a point of a place [m].

    On a surface its foot all but touches; in a container the fingers stay over the rim, the thing over what lies there.
    """
    grip = grip_height(thing) if thing else 0.03
    if place is None or place.category not in CONTAINERS:
        top = place.position[2] + place.size[2] / 2.0 if place else 0.0
        return max(top + grip + 0.005, HEIGHTS[0])
    rim, floor = place.position[2] + place.size[2] / 2.0, place.position[2] - place.size[2] / 2.0 + BOTTOM
    below = [o for o in contents(body, place) if math.dist(o.position[:2], point) < TIGHT]
    foot = max([floor + 0.01, *(o.position[2] + o.size[2] / 2.0 + 0.005 for o in below)])
    return min(max(rim + OVER_RIM.get(place.category, 0.02), foot + grip), HEIGHTS[1])


def leaving_height(body: Body, place: SceneObject) -> float:
    """Returns the height of the finger tips that clears a container's rim and what stands in it [m].

    Lower, the fingers would drag out with them what leans on them.
    """
    tops = (o.position[2] + o.size[2] / 2.0 + ABOVE for o in contents(body, place))
    return min(max(tip(body).z, carrying_height(place, None), *tops), HEIGHTS[1])


def contents(body: Body, place: SceneObject) -> list[SceneObject]:
    """Returns the small things on or in a place, without what is held."""
    footprint, small = Footprint.of(place), body.world.of_category(*SMALL)
    return [o for o in small if o.id != body.world.holding and footprint.contains((o.position[0], o.position[1]))]


def held_point(body: Body) -> Point:
    """Returns where the held thing is in the floor plan, by the measured joints."""
    return body.pose.world((tip(body).x - HELD_DEPTH, 0.0))


def _standing_place(body: Body, place: SceneObject, stretch: float) -> tuple[Pose2, Point, float]:
    """Returns where the base has to stand, the point over which the thing comes, and its distance from the base."""
    footprint = Footprint.of(place)
    heading = _heading_for(body, place, footprint)
    half = footprint.extent(heading)
    edge = Pose2(*footprint.pose.point, heading).ahead(-half)
    front = BUMPER + EDGE_GAP + (HANDLE if place.category == "drawer" else 0.0)
    if place.category in CONTAINERS:
        inset, side = _drop_slot(body, place, edge, stretch - front)
    elif place.category == "table":
        inset = min(INSET, stretch - front)
        side = _free_slot(body, place, heading, inset)
    else:
        inset, side, front = 0.0, 0.0, 0.2
    point = edge.world((inset, side))
    distance = min(stretch, front + inset)
    return Pose2(*point, heading).ahead(-distance), point, distance


def _drop_slot(body: Body, place: SceneObject, edge: Pose2, reach: float) -> tuple[float, float]:
    """Returns how far behind the near edge of a container, and how far left, there is most room within reach [m]."""
    footprint = Footprint.of(place)
    depth = 2.0 * footprint.extent(edge.yaw)
    half = footprint.extent(edge.yaw + math.pi / 2.0)
    middle = (min(depth / 2.0 + DEEPER, max(depth - WALL_GAP, depth / 2.0), reach), 0.0)
    others = [edge.local((o.position[0], o.position[1])) for o in contents(body, place)]
    insets = np.linspace(min(WALL_GAP, reach), max(min(depth - WALL_GAP, reach), min(WALL_GAP, reach)), 7)
    slots = [(float(u), float(v)) for u in insets for v in np.linspace(-1.0, 1.0, 13) * max(half - WALL_GAP, 0.0)]
    inside = [s for s in slots if footprint.contains(edge.world(s), -WALL_GAP + 1e-6)] or [middle]

    def merit(slot: Point) -> float:
        room = min((math.dist(slot, other) for other in others), default=ROOMY)
        return min(room, ROOMY) - 0.15 * math.dist(slot, middle)

    return max([middle, *inside], key=merit)


def _heading_for(body: Body, place: SceneObject, footprint: Footprint) -> float:
    if place.category == "drawer":
        return wrap(place.yaw + math.pi)
    if place.category in ROUND:
        return wrap(body.pose.yaw + body.pose.bearing(footprint.pose.point))
    quarters = (wrap(footprint.pose.yaw + k * math.pi / 2.0) for k in range(4))
    return min(quarters, key=lambda q: abs(wrap(q - body.pose.yaw)))


def _free_slot(body: Body, place: SceneObject, heading: float, inset: float) -> float:
    """Returns how far left along the near edge of a table there is room, nearest to where the robot is [m]."""
    footprint = Footprint.of(place)
    edge = Pose2(*footprint.pose.point, heading).ahead(-footprint.extent(heading) + inset)
    half = footprint.extent(heading + math.pi / 2.0) - 0.1
    here = min(max(edge.local(body.pose.point)[1], -half), half)
    taken = [edge.local((o.position[0], o.position[1]))[1] for o in contents(body, place)]
    slots = sorted(np.linspace(-half, half, 41), key=lambda s: abs(s - here))
    free = (float(s) for s in slots if all(abs(s - t) > SPACING for t in taken))
    slot = next(free, None)
    if slot is None:
        raise GiveUp(ErrorCode.UNREACHABLE, f"there is no free place on '{place.id}'")
    return slot


def _inside(place: SceneObject, point: Point) -> bool:
    return place.category in SMALL or place.category == "person" or Footprint.of(place).contains(point, -0.02)


def _judge(
    body: Body, name: str, place: SceneObject | None, since: float, known: frozenset[str], dropped: bool
) -> Motion[Outcome]:
    """Looks for the thing, and for a place that may itself be carried off; says whether all is where it should be.

    What a container hides is believed to be in it, unless it was dropped from so high that it may have jumped out.
    """
    sought = (name, place.id) if place is not None and place.category in PORTABLE else (name,)
    while body.now < since + SIGHTING and not _seen_since(body, sought, since):
        yield from body.step()
    if not _seen_since(body, sought, since):
        yield from _look_past_gripper(body, sought, since)
    if place is not None and not _seen_since(body, sought[1:], since):
        return Failed(ErrorCode.RELEASE_FAILED, f"'{place.id}' is not in sight any more", holding=None)
    place = body.world.objects.get(place.id) if place is not None else None
    thing = body.world.objects.get(name)
    if thing is None or thing.stamp < since:
        hidden = place is not None and place.category in CONTAINERS and not _would_show(place, thing)
        if hidden and not dropped and not _stray(body, place, thing, since, known):
            return Succeeded({"seen": 0.0}, holding=None)
        return Failed(ErrorCode.RELEASE_FAILED, f"'{name}' is out of the gripper, and out of sight", holding=None)
    if place is not None and not Footprint.of(place).contains((thing.position[0], thing.position[1]), INSIDE):
        return Failed(ErrorCode.RELEASE_FAILED, f"'{name}' lies beside '{place.id}'", holding=None)
    return Succeeded({"seen": 1.0}, holding=None)


def _look_past_gripper(body: Body, sought: Sequence[str], since: float) -> Motion[None]:
    """Looks from further back, a little left, then right: gripper and what stands in front hide the image's middle."""
    yield from back_off(body, FURTHER)
    yield from body.wait(0.3)
    if _seen_since(body, sought, since):
        return
    middle = body.pose
    for left in (ASIDE, -ASIDE, 0.0):
        yield from settle(body, middle.ahead(0.0, left), position=0.03, heading=0.05)
        yield from body.wait(0.3)
        if _seen_since(body, sought, since):
            return


def _would_show(place: SceneObject, thing: SceneObject | None) -> bool:
    """Tells whether a thing in a container can be made out: it is higher than the rim, and of another colour."""
    return thing is not None and thing.colour != place.colour and thing.size[2] > place.size[2]


def _stray(body: Body, place: SceneObject, thing: SceneObject | None, since: float, known: frozenset[str]) -> bool:
    """True if something like the thing, and new, is seen outside of the place: it fell beside it."""
    new = (o for o in body.world.of_category(*SMALL) if o.id not in known and o.stamp > since)
    alike = (o for o in new if thing is None or o.colour == thing.colour)
    return any(not Footprint.of(place).contains((o.position[0], o.position[1]), INSIDE) for o in alike)


def _seen_since(body: Body, names: Sequence[str], since: float) -> bool:
    things = [body.world.objects.get(name) for name in names]
    return all(thing is not None and thing.stamp > since for thing in things)
