"""From the perceived world to the planning scene: geometry becomes ``at``, classes become kinds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from robomatrix.scheduling.ontology import Ontology, load_ontology
from robomatrix.scheduling.plan import PlanStep
from robomatrix.scheduling.scene import START, PlanningScene
from robomatrix.world import SceneObject, Vector3, World

REACH = 0.75
"""The robot counts as standing at what is nearer than this to its centre, footprint deducted [m]."""
_MARGIN = {"container": 0.01}
"""How far an object's centre may be perceived outside of what carries it [m]; what stands beside a box is not in it."""
_USUAL_MARGIN = 0.06
"""The same for kinds of places without walls [m]."""
_INERTIA = 0.05
"""What was believed to be at a place may be seen so much further outside of it and still be there [m]."""
_LIFT = 0.10
"""How far an object's underside may be perceived from the surface that carries it [m]."""
_OPEN, _AJAR = 0.5, 0.15
"""Openness from which something counts as open: seen for the first time or believed shut, and believed open."""
_LATEST = 1.0
"""What was seen so shortly before a step ended was seen as the step has left it [s]."""
_STRUCTURE = frozenset({"wall"})
"""Classes of what the room is made of, which nobody asks for."""


@dataclass(frozen=True)
class Believed:
    """What is known from before, and not overturned by a sighting that differs a little."""

    resting: Mapping[str, str | None] = field(default_factory=dict)
    """By object the place that it is at."""
    opened: frozenset[str] = frozenset()
    """Places that stand open."""


NOTHING_BELIEVED = Believed()


def planning_scene(
    world: World,
    robot: str,
    position: Vector3 | tuple[float, float],
    believed: Believed = NOTHING_BELIEVED,
) -> PlanningScene:
    """Returns what the robot believes as a planning scene.

    Args:
        world: perceived objects in the ``odom`` frame, and what the gripper holds.
        robot: the robot's name.
        position: of its base in ``odom`` [m].
        believed: what is known from before.
    """
    ontology = load_ontology()
    seen = sorted((o for o in world.objects.values() if o.category not in _STRUCTURE), key=lambda o: o.id)
    places = [o for o in seen if ontology.kind(o.category)]
    things = [o for o in seen if not ontology.kind(o.category)]
    holding = world.holding if world.holding in {o.id for o in things} else None
    carriers = {o.id: None if o.id == holding else _carrier(o, places, believed.resting.get(o.id)) for o in things}
    data = {
        "robot": {
            "name": robot,
            "at": _standing(position, places),
            "holding": holding,
            "position": tuple(position),
        },
        "locations": [_location(ontology, place, place.id in believed.opened) for place in places],
        "objects": [{**_entity(thing), "at": carriers[thing.id]} for thing in things],
    }
    return PlanningScene.parse(data, "perceived world")


def seen_since(world: World, began: float, step: PlanStep) -> frozenset[str]:
    """Returns the ids of what was seen since a step began [s]; what the step is about only if seen at its end."""
    named = set(step.arguments.values())
    fresh = (o for o in world.objects.values() if o.stamp > began)
    return frozenset(o.id for o in fresh if o.id not in named or o.stamp > world.stamp - _LATEST)


def _entity(seen: SceneObject) -> dict[str, Any]:
    data = {"id": seen.id, "name": seen.name or seen.id, "class": seen.category, "position": seen.position}
    if seen.colour:
        data["colour"] = seen.colour
    if any(seen.size):
        data["size"] = seen.size
    return data


def _location(ontology: Ontology, seen: SceneObject, opened: bool) -> dict[str, Any]:
    data = {**_entity(seen), "kind": ontology.kind(seen.category)}
    if seen.openness is not None:
        data |= {"openable": True, "open": seen.openness >= (_AJAR if opened else _OPEN)}
    return data


def _standing(position: Iterable[float], places: Iterable[SceneObject]) -> str | None:
    x, y = tuple(position)[:2]
    near = [(_gap(place, x, y), place.id) for place in places]
    distance, nearest = min(near, default=(math.inf, None))
    if distance <= REACH:
        return nearest
    return START if math.hypot(x, y) <= REACH else None


def _carrier(thing: SceneObject, places: Iterable[SceneObject], believed: str | None) -> str | None:
    """Returns the smallest surface or container whose footprint and height fit."""
    fitting = [place for place in places if _carries(place, thing, _INERTIA if place.id == believed else 0.0)]
    smallest = min(fitting, key=lambda place: place.size[0] * place.size[1], default=None)
    return smallest.id if smallest else None


def _carries(place: SceneObject, thing: SceneObject, slack: float) -> bool:
    kind = load_ontology().kind(place.category)
    if kind not in ("surface", "container", "region"):
        return False
    if _gap(place, *thing.position[:2]) > _MARGIN.get(kind, _USUAL_MARGIN) + slack:
        return False
    underside = thing.position[2] - thing.size[2] / 2.0
    top = place.position[2] + place.size[2] / 2.0
    bottom = place.position[2] - place.size[2] / 2.0
    if kind == "container":
        return bottom - _LIFT <= underside <= top + _LIFT
    return abs(underside - top) <= _LIFT


def _gap(place: SceneObject, x: float, y: float) -> float:
    """Returns how far a point is outside the footprint of a place [m]; 0 inside."""
    dx, dy = x - place.position[0], y - place.position[1]
    cos, sin = math.cos(place.yaw), math.sin(place.yaw)
    along, across = cos * dx + sin * dy, -sin * dx + cos * dy
    return math.hypot(max(abs(along) - place.size[0] / 2.0, 0.0), max(abs(across) - place.size[1] / 2.0, 0.0))
