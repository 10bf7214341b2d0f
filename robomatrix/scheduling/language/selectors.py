"""Choosing by where things are and what was said: left, nearest, second, other, same, matching."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from robomatrix.errors import PlanningError
from robomatrix.scheduling.scene import START

if TYPE_CHECKING:
    from robomatrix.scheduling.language.discourse import Discourse
    from robomatrix.scheduling.language.phrases import NounPhrase

_NEAR = frozenset({"nearest", "closest", "near", "nearer", "closer"})
_FAR = frozenset({"farthest", "furthest", "far", "farther", "further"})
_DEPTH = {"frontmost": False, "backmost": True, "rearmost": True}
_LEFT = frozenset({"left", "leftmost", "lefthand"})
_RIGHT = frozenset({"right", "rightmost", "righthand"})
_MIDDLE = frozenset({"middle", "central", "center", "centre"})
_CLEARLY = 0.75
"""Share of the second's distance within which the first is clearly nearer."""
_BESIDE = 1.5
"""Between the middles of things that are called near each other [m]."""
_OTHER = frozenset({"other", "others", "remaining", "rest", "different", "opposite", "separate"})
_ORDER = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1}


def select(discourse: Discourse, phrase: NounPhrase, found: list[str]) -> list[str]:
    """Returns the candidates that a phrase's selectors leave. Raises PlanningError if the scene cannot tell."""
    for selector in phrase.selectors:
        found = _selected(discourse, selector, phrase, found)
    return found


def _selected(discourse: Discourse, selector: str, phrase: NounPhrase, found: list[str]) -> list[str]:
    if selector in _OTHER:
        return [id_ for id_ in found if id_ not in _said(discourse)]
    if selector in ("same", "previous", "original"):
        said = [id_ for id_ in reversed(discourse.mentioned) if id_ in found]
        return said[:1] or found
    if len(found) < 2:
        return [] if _ORDER.get(selector, 0) > 0 else found
    if selector in _NEAR | _FAR:
        return _by_distance(discourse, found, selector in _FAR)
    if selector in _DEPTH:
        return _by_distance(discourse, found, _DEPTH[selector])
    if selector in _LEFT | _RIGHT | _MIDDLE or selector in _ORDER:
        return _by_side(discourse, selector, phrase, found)
    return found


def _said(discourse: Discourse) -> set[str]:
    return {*discourse.mentioned, *discourse.handled}


def _by_distance(discourse: Discourse, found: Sequence[str], farthest: bool) -> list[str]:
    robot = discourse.state.scene.robot
    places = {id_: _position(discourse, id_) for id_ in found}
    here = robot.position or (0.0, 0.0)
    if None not in places.values():
        ranked = sorted(found, key=lambda id_: math.dist(places[id_][:2], here[:2]), reverse=farthest)
        return ranked[:1]
    beside = [id_ for id_ in found if discourse.state.resting.get(id_) == robot.at and robot.at != START]
    if len(beside) == 1 and not farthest:
        return beside
    raise _unknown("how far away each of them is", discourse, found)


def nearest(discourse: Discourse, found: list[str], places: Sequence[str]) -> list[str]:
    """Returns the one that is clearly nearest to a single thing; all of them where the scene does not tell."""
    points = {id_: _position(discourse, id_) for id_ in (*found, *places)}
    if len(places) != 1 or len(found) < 2 or None in points.values():
        return found
    away = {id_: math.dist(points[id_][:2], points[places[0]][:2]) for id_ in found}
    first, second = sorted(found, key=away.__getitem__)[:2]
    return [first] if away[first] < _CLEARLY * away[second] else found


def alike(discourse: Discourse, found: Sequence[str]) -> bool:
    """Returns whether the scene tells several things apart by nothing: neither by looks nor by where they are."""
    entities = [discourse.state.scene.object(id_) for id_ in found]
    told = {(e.name, e.category, e.colour, e.size, e.material, e.position) if e else None for e in entities}
    resting = {discourse.state.resting.get(id_) for id_ in found}
    return len(found) > 1 and len(told) == len(resting) == 1 and None not in told


def within_reach(discourse: Discourse, id_: str, other: str) -> bool:
    """Returns whether one thing is near another, as far as the scene tells where they are."""
    here, there = _position(discourse, id_), _position(discourse, other)
    resting = discourse.state.resting
    if None in (here, there) and id_ in resting and other in resting:
        return False  # on furniture apart, as far as is known
    return here is None or there is None or math.dist(here[:2], there[:2]) <= _BESIDE


def _by_side(discourse: Discourse, selector: str, phrase: NounPhrase, found: list[str]) -> list[str]:
    ranked = from_left(discourse, found)
    if not ranked:
        raise _unknown("which of them is where", discourse, found)
    if selector in _LEFT:
        return ranked[:1] if phrase.quantity != "all" else ranked[: len(ranked) // 2]
    if selector in _RIGHT:
        return ranked[-1:] if phrase.quantity != "all" else ranked[(len(ranked) + 1) // 2 :]
    if selector in _MIDDLE:
        return [ranked[len(ranked) // 2]]
    order = _ORDER[selector]
    return [ranked[order]] if order < len(ranked) else []


def from_left(discourse: Discourse, found: Sequence[str]) -> list[str]:
    """Returns things in the order of their bearings, the leftmost first; nothing if it is not known where they are."""
    places = {id_: _position(discourse, id_) for id_ in found}
    bearings = {id_: _bearing(discourse, place) for id_, place in places.items() if place is not None}
    return sorted(found, key=lambda id_: -bearings[id_]) if len(bearings) == len(found) else []


def _bearing(discourse: Discourse, position: Sequence[float]) -> float:
    """Returns the angle at which the robot, looking along x, sees a point; left is positive [rad]."""
    here = discourse.state.scene.robot.position or (0.0, 0.0)
    return math.atan2(position[1] - here[1], position[0] - here[0])


def _position(discourse: Discourse, id_: str) -> Sequence[float] | None:
    entity = discourse.index.by_id[id_].entity
    if entity is None:
        return (0.0, 0.0)
    if entity.position is not None:
        return entity.position
    place = discourse.state.resting.get(id_)
    carrier = discourse.state.scene.entity(place) if place else None
    return carrier.position if carrier else None


def _unknown(what: str, discourse: Discourse, found: Sequence[str]) -> PlanningError:
    names = " or ".join(f"the {discourse.index.by_id[id_].name} ({id_})" for id_ in found)
    return PlanningError(f"I do not know {what}: {names}?")
