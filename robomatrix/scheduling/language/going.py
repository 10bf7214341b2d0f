"""Commands that move the robot: where to go, and how near."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from robomatrix.errors import PlanningError
from robomatrix.scheduling.language.chunks import Chunk
from robomatrix.scheduling.language.commands import Command, fits
from robomatrix.scheduling.language.discourse import Unresolved
from robomatrix.scheduling.language.nouns import PERSONS
from robomatrix.scheduling.language.phrases import Modifier, NounPhrase
from robomatrix.scheduling.language.placing import deliver
from robomatrix.scheduling.language.session import Session
from robomatrix.scheduling.plan import PlanStep
from robomatrix.scheduling.scene import START, Location, Object
from robomatrix.scheduling.symbolic import Literal

_CARRIERS = frozenset(
    {
        "move",
        "bring",
        "return",
        "get",
        "position",
        "place",
        "turn",
        "step",
        "run",
        "roll",
        "park",
        "move over",
        "get over",
        "move up",
    }
)
"""Verbs that with a plain thing mean to move the thing."""
_STANDOFF = 0.6
"""How far from the middle of a thing a walker stops [m]."""
_BODY = 0.4
"""How far from the border of a large one, so that hands held ahead do not meet what stands on it [m]."""
_BACK = frozenset({"back", "home", "backward"})
_RETURNS = frozenset({"return", "go back", "come back", "head back", "drive back", "walk back"})


def go(session: Session, command: Command) -> bool:
    """Handles "go to A", "go back"."""
    places = [t for c in command.chunks if c.kind in ("relation", "things") for t in c.things]
    named = [c for c in command.chunks if c.things]
    if command.verb in ("wait", "stay") and all(c.phrase == "for" for c in named):
        return False
    if any(c.kind == "things" and not c.things[0].pronoun for c in command.chunks) and command.verb in _CARRIERS:
        return False
    if command.verb == "stop" and not command.relations and places:  # what runs, not where to
        return False
    if not places:
        if command.particles & _BACK or command.verb in _RETURNS:
            return visit(session, [START])
        return visit(session, [session.resolver.person()]) if command.verb in ("come", "come over") else False
    with_it = [c for c in named[1:] if c.phrase == "with" and all(t.pronoun in ("it", "them") for t in c.things)]
    named = _taking_along(session, [c for c in named if c not in with_it])
    if with_it and len(named) == 1 and fits(session, named[0].things[0], "person"):  # "come back to me with it"
        deliver(session, with_it[0].things, session.resolver.resolve(named[0].things[0], "person")[0])
        return True
    found: list[str] = []
    for phrase in _destinations(session, named, waiting=command.verb in ("wait", "stay", "stand")):
        found += _place_to_go(session, phrase)
    if len(session.pending) > 1 and len(found) == 1:  # "take A and B, go to C, put them there"
        session.discourse.note_place(found[0])
        return True
    if not session.in_hand and len(found) == 1 and session.index.by_id[found[0]].is_object:
        session.discourse.objects.append((found[0],))  # "go to the can and take it"
    return visit(session, found)


def _taking_along(session: Session, named: Sequence[Chunk]) -> list[Chunk]:
    """Takes what is to come along: "go to the kitchen with the jar"; returns the other pieces."""
    kept = list(named[:1])
    for chunk in named[1:]:
        if chunk.phrase != "with" or any(t.pronoun or not fits(session, t, "object") for t in chunk.things):
            kept.append(chunk)
            continue
        ids = session.resolver.all_of(chunk.things, "object")
        if any(_rests_where(session, id_, named[0].things[0]) for id_ in ids):  # "the desk with the red mug"
            session.discourse.considered.update(ids)
            continue
        session.discourse.note_objects(ids, chunk.things[-1])
        session.take([id_ for id_ in ids if id_ != session.state.holding])
    return kept


def _rests_where(session: Session, id_: str, place: NounPhrase) -> bool:
    bearer = session.index.by_id.get(session.state.container_of(id_) or "")
    return bearer is not None and session.index.fit(bearer, place.words) is not None


def _destinations(session: Session, named: Sequence[Chunk], *, waiting: bool) -> list[NounPhrase]:
    """Returns where to go: "the fridge in the kitchen" is one place, "the kitchen next to the fridge" the fridge."""
    found: list[NounPhrase] = []
    for chunk in named:
        if chunk.relation == "from" or (waiting and chunk.phrase == "for"):
            continue
        if chunk.phrase == "with" and all(thing.pronoun in PERSONS for thing in chunk.things):
            continue
        if found and (chunk.relation == "via" or chunk.phrase == "by" and chunk.things[0].head in session.lexicon.ways):
            # the robot finds its own way
            for thing in chunk.things:
                session.resolver.consider(thing)
            continue
        if not found or chunk.kind == "things" or chunk.relation == "to":
            found += chunk.things
        elif session.index.is_room(found[-1].words) and not session.index.is_room(chunk.things[0].words):
            session.resolver.consider(found[-1])
            found[-1:] = chunk.things
        else:
            narrowed = Modifier(chunk.relation, chunk.things)
            found[-1] = replace(found[-1], modifiers=(*found[-1].modifiers, narrowed))
    return found


def _place_to_go(session: Session, phrase: NounPhrase) -> list[str]:
    if phrase.pronoun in ("it", "them", "there", "that"):
        mentioned = session.discourse.mentioned
        if not mentioned:
            raise Unresolved(f"What do you mean by '{phrase.text}'?")
        return [mentioned[-1]]
    return session.resolver.resolve(phrase, "any")


def visit(session: Session, ids: Sequence[str]) -> bool:
    """Plans to go to places or things, one after the other."""
    session.flush()
    if not session.can("at"):
        return _walk_to_points(session, ids)
    session.reach(Literal("at", (id_,)) for id_ in ids)
    for id_ in ids:
        session.discourse.note_place(id_)
        session.discourse.focus = id_
    return True


def _walk_to_points(session: Session, ids: Sequence[str]) -> bool:
    """For robots that go to points and not to things: to a point in front of each, where the scene says where it is."""
    spec = next((s for s in session.request.skills if {"x", "y"} <= {p.name for p in s.parameters}), None)
    if spec is None:
        raise PlanningError("This robot cannot go anywhere.")
    for id_ in ids:
        x, y = _in_front_of(session, id_)
        session.step(PlanStep(spec.name, spec.bind({"x": x, "y": y})))
        session.discourse.note_place(id_)
        session.discourse.focus = id_
    return True


def _in_front_of(session: Session, id_: str) -> tuple[float, float]:
    if id_ == START:
        return 0.0, 0.0
    entity = session.index.by_id[id_].entity
    place = session.request.scene.location(session.state.resting.get(id_))
    position = (entity.position if entity else None) or (place.position if place else None)
    if position is None:
        raise Unresolved(f"I do not know where the {session.index.by_id[id_].name} is.")
    here = session.request.scene.robot.position or (0.0, 0.0)
    dx, dy = position[0] - here[0], position[1] - here[1]
    distance = math.hypot(dx, dy)
    share = max(distance - _standoff(entity, dx, dy), 0.0) / max(distance, 1e-6)
    return round(here[0] + share * dx, 3), round(here[1] + share * dy, 3)


def _standoff(entity: Location | Object | None, dx: float, dy: float) -> float:
    """How far from a thing's middle a walker stops that comes along (dx, dy) [m]: outside of it, if it is large."""
    size = entity.size if entity is not None and isinstance(entity.size, tuple) else ()
    if len(size) < 2:
        return _STANDOFF
    way = max(math.hypot(dx, dy), 1e-6)
    inside = min(0.5 * extent * way / max(abs(part), 1e-6) for extent, part in zip(size, (dx, dy), strict=False))
    return max(_STANDOFF, inside + _BODY)
