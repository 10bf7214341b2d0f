"""Where to stand for working on a thing: poses round it from which the robot faces it at the right distance."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from robomatrix.skills.base import ErrorCode
from robomatrix.skills.mobile_manipulation.body import GiveUp
from robomatrix.skills.mobile_manipulation.geometry import ROUND, Footprint, Point, Pose2, wrap
from robomatrix.skills.mobile_manipulation.hand import BUMPER, DEEPEST, EDGE_GAP, GRASP_DEPTH
from robomatrix.skills.mobile_manipulation.planning import FreeSpace
from robomatrix.world import SceneObject, World

DIRECTIONS = 24
"""Ways round a thing that may be approached from anywhere."""
SMALL = frozenset({"can", "bottle", "ball", "cup", "cube"})
"""What the gripper takes."""
SUPPORTS = frozenset({"table", "box", "bin", "drawer", "shelf"})
"""What a small thing can stand on or lie in."""
REACH_ERROR = 0.1
"""From afar a thing may look so much deeper behind an edge than it stands [m]."""
CORRIDOR = 0.08
"""Half the width that gripper and held object need between the base and the thing [m]."""
FINGERS = 0.07
"""So far before the thing the open fingers end, which pass beside it: what stands behind it is no obstacle [m]."""


@dataclass(frozen=True)
class Stance:
    """Distances that suit a robot [m]."""

    object: float
    """From the base's centre to the centre of a small thing."""
    side: float
    """From the base's centre to the near side of a table."""
    container: float
    """From the base's centre to the near side of a box or a bin: all of it stays in view."""
    drawer: float
    """From the base's centre to the front of a drawer."""
    target: tuple[float, ...]
    """From the base's centre to a shooting target, the best first."""
    bar: tuple[float, ...]
    """From the base's centre to the middle line of a bar before crossing it."""
    person: float
    """From the base's centre to a person."""
    deepest: float
    """How far behind the near side of what it stands on a small thing can be taken."""


STANCES = {
    "ep": Stance(
        object=0.46,
        side=0.30,
        container=0.42,
        drawer=0.6,
        target=(1.5,),
        bar=(0.45, 0.34),
        person=0.7,
        deepest=DEEPEST - BUMPER - EDGE_GAP - GRASP_DEPTH,
    ),
    "s1": Stance(
        object=0.45,
        side=0.35,
        container=0.40,
        drawer=0.6,
        target=(1.2, 1.5, 1.0, 1.8),
        bar=(0.45, 0.34),
        person=0.7,
        deepest=0.0,
    ),
}
Choose = Callable[[FreeSpace], Sequence[Pose2]]


def support_of(thing: SceneObject, world: World) -> SceneObject | None:
    """Returns what a small thing stands on or lies in, None for the floor."""
    if thing.category not in SMALL:
        return None
    point = (thing.position[0], thing.position[1])
    under = (o for o in world.of_category(*SUPPORTS) if Footprint.of(o).contains(point))
    return max(under, key=lambda o: o.position[2] + o.size[2] / 2.0, default=None)


def places(thing: SceneObject, world: World, stance: Stance) -> tuple[Pose2, ...]:
    """Returns the poses that suit a thing, free or not; GiveUp(UNREACHABLE) where there are none."""
    candidates = tuple(_candidates(thing, world, stance))
    if not candidates:
        raise GiveUp(ErrorCode.UNREACHABLE, f"{thing.name} stands too far from every edge to be reached")
    return candidates


def stations(thing: SceneObject, world: World, stance: Stance) -> Choose:
    """Returns the poses that suit a thing, as a function of the free space."""
    candidates = places(thing, world, stance)

    def choose(space: FreeSpace) -> Sequence[Pose2]:
        point = (thing.position[0], thing.position[1])
        small = thing.category in SMALL
        open_ways = [p for p in candidates if not small or _corridor_free(space, p.point, point)]
        return [p for p in open_ways if space.free(p.point)] or [p for p in open_ways if space.tight(p.point)]

    return choose


def _candidates(thing: SceneObject, world: World, stance: Stance) -> Iterator[Pose2]:
    centre = (thing.position[0], thing.position[1])
    support = support_of(thing, world)
    if support is not None and support.category not in ROUND:
        yield from _over_sides(Footprint.of(support), centre, stance)
    elif thing.category == "target":
        yield from _in_front(thing, stance.target)
    elif thing.category == "drawer":
        front = Footprint.of(thing).extent(thing.yaw)
        yield from (_facing(centre, thing.yaw, front + gap) for gap in (stance.drawer, stance.drawer - 0.1))
    elif thing.category == "bar":
        yield from _across(thing, stance.bar)
    elif thing.category in ROUND:
        distance = _distance_to_round(thing, stance)
        yield from (_facing(centre, angle, distance) for angle in _all_round())
    else:
        gap = stance.container if thing.category == "box" else stance.side
        yield from _before_sides(Footprint.of(thing), gap)


def _distance_to_round(thing: SceneObject, stance: Stance) -> float:
    if thing.category == "person":
        return stance.person
    return stance.object if thing.category in SMALL else Footprint.of(thing).radius + stance.container


def _all_round() -> Iterator[float]:
    return (2.0 * math.pi * k / DIRECTIONS for k in range(DIRECTIONS))


def _facing(point: Point, direction: float, distance: float) -> Pose2:
    """Returns the pose at ``distance`` from a point in a direction of the world, looking at the point."""
    x, y = point[0] + distance * math.cos(direction), point[1] + distance * math.sin(direction)
    return Pose2(x, y, wrap(direction + math.pi))


def _before_sides(footprint: Footprint, gap: float) -> Iterator[Pose2]:
    """Yields a pose before the middle of each side."""
    for quarter in range(4):
        direction = footprint.pose.yaw + quarter * math.pi / 2.0
        yield _facing(footprint.pose.point, direction, footprint.extent(direction) + gap)


def _over_sides(footprint: Footprint, point: Point, stance: Stance) -> Iterator[Pose2]:
    """Yields poses square to those sides over which a thing on (or in) the footprint can be reached, or best may be."""
    directions = [footprint.pose.yaw + quarter * math.pi / 2.0 for quarter in range(4)]
    centre = footprint.pose.point
    depths = [footprint.extent(d) - Pose2(*centre, d).local(point)[0] for d in directions]
    limit = max(stance.deepest, min(min(depths), stance.deepest + REACH_ERROR))
    for direction, depth in zip(directions, depths, strict=True):
        if depth <= limit:
            yield _facing(point, direction, depth + stance.side)


def _in_front(target: SceneObject, distances: Sequence[float]) -> Iterator[Pose2]:
    """Yields poses in a fan before the face of a target."""
    for distance in distances:
        for offset in (0.0, 0.2, -0.2, 0.4, -0.4):
            yield _facing((target.position[0], target.position[1]), target.yaw + offset, distance)


def _across(bar: SceneObject, distances: Sequence[float]) -> Iterator[Pose2]:
    """Yields the poses square to a bar's length, before its middle and beside it, on both sides."""
    length = max(bar.size[0], bar.size[1])
    along = bar.yaw + (0.0 if bar.size[0] >= bar.size[1] else math.pi / 2.0)
    for shift in (0.0, 0.25, -0.25):
        middle = Pose2(bar.position[0], bar.position[1], along).world((shift * length, 0.0))
        for side in (math.pi / 2.0, -math.pi / 2.0):
            yield from (_facing(middle, along + side, distance) for distance in distances)


def _corridor_free(space: FreeSpace, start: Point, thing: Point) -> bool:
    """True if nothing else stands in the strip that the gripper sweeps to reach a small thing, up to its fingers."""
    share = 1.0 - FINGERS / max(math.dist(start, thing), FINGERS)
    points = start + share * np.linspace(0.0, 1.0, 12)[:, None] * (np.array(thing) - start)
    others = [f for f in space.footprints if not f.contains(thing, 0.01)]
    return all(bool((f.distance(points) > CORRIDOR).all()) for f in others)
