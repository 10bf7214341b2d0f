"""From the perceived world to the planning scene: geometry becomes ``at``, classes become kinds."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from robomatrix.scheduling.ontology import Ontology, load_ontology
from robomatrix.scheduling.scene import START, PlanningScene
from robomatrix.world import SceneObject, Vector3, World

REACH = 0.75
"""The robot counts as standing at what is nearer than this to its centre, footprint deducted [m]."""
_MARGIN = 0.06
"""How far an object's centre may be perceived outside of what carries it [m]."""
_LIFT = 0.10
"""How far an object's underside may be perceived from the surface that carries it [m]."""
_OPEN = 0.5
"""Openness from which something counts as open."""


def planning_scene(world: World, robot: str, position: Vector3 | tuple[float, float]) -> PlanningScene:
    """Returns what the robot believes as a planning scene.

    Args:
        world: perceived objects in the ``odom`` frame, and what the gripper holds.
        robot: the robot's name.
        position: of its base in ``odom`` [m].
    """
    ontology = load_ontology()
    seen = sorted(world.objects.values(), key=lambda o: o.id)
    places = [o for o in seen if ontology.kind(o.category)]
    things = [o for o in seen if not ontology.kind(o.category)]
    holding = world.holding if world.holding in {o.id for o in things} else None
    data = {
        "robot": {
            "name": robot,
            "at": _standing(position, places),
            "holding": holding,
            "position": tuple(position),
        },
        "locations": [_location(ontology, place) for place in places],
        "objects": [_object(thing, None if thing.id == holding else _carrier(thing, places)) for thing in things],
    }
    return PlanningScene.parse(data, "perceived world")


def _entity(seen: SceneObject) -> dict[str, Any]:
    data = {"id": seen.id, "name": seen.name or seen.id, "class": seen.category, "position": seen.position}
    if seen.colour:
        data["colour"] = seen.colour
    if any(seen.size):
        data["size"] = seen.size
    return data


def _location(ontology: Ontology, seen: SceneObject) -> dict[str, Any]:
    data = {**_entity(seen), "kind": ontology.kind(seen.category)}
    if seen.openness is not None:
        data |= {"openable": True, "open": seen.openness >= _OPEN}
    return data


def _object(seen: SceneObject, at: str | None) -> dict[str, Any]:
    return {**_entity(seen), "at": at}


def _standing(position: Iterable[float], places: Iterable[SceneObject]) -> str | None:
    x, y = tuple(position)[:2]
    near = [(_gap(place, x, y), place.id) for place in places]
    distance, nearest = min(near, default=(math.inf, None))
    if distance <= REACH:
        return nearest
    return START if math.hypot(x, y) <= REACH else None


def _carrier(thing: SceneObject, places: Iterable[SceneObject]) -> str | None:
    """Returns the smallest surface or container whose footprint and height fit."""
    fitting = [place for place in places if _carries(place, thing)]
    smallest = min(fitting, key=lambda place: place.size[0] * place.size[1], default=None)
    return smallest.id if smallest else None


def _carries(place: SceneObject, thing: SceneObject) -> bool:
    if load_ontology().kind(place.category) not in ("surface", "container", "region"):
        return False
    if _gap(place, *thing.position[:2]) > _MARGIN:
        return False
    underside = thing.position[2] - thing.size[2] / 2.0
    top = place.position[2] + place.size[2] / 2.0
    bottom = place.position[2] - place.size[2] / 2.0
    if load_ontology().kind(place.category) == "container":
        return bottom - _LIFT <= underside <= top + _LIFT
    return abs(underside - top) <= _LIFT


def _gap(place: SceneObject, x: float, y: float) -> float:
    """Returns how far a point is outside the footprint of a place [m]; 0 inside."""
    dx, dy = x - place.position[0], y - place.position[1]
    cos, sin = math.cos(place.yaw), math.sin(place.yaw)
    along, across = cos * dx + sin * dy, -sin * dx + cos * dy
    return math.hypot(max(abs(along) - place.size[0] / 2.0, 0.0), max(abs(across) - place.size[1] / 2.0, 0.0))
