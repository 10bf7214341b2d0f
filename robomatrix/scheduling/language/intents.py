"""What each kind of command asks for, in goals."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from robomatrix.errors import PlanningError
from robomatrix.scheduling.language.chunks import Chunk
from robomatrix.scheduling.language.commands import Command, Intent, fits, held_above, put, split_person
from robomatrix.scheduling.language.discourse import Role, Unresolved
from robomatrix.scheduling.language.moves import Move, moves, readings
from robomatrix.scheduling.language.nouns import PERSONS, NounPhrase
from robomatrix.scheduling.language.placing import deliver, place
from robomatrix.scheduling.language.session import Session
from robomatrix.scheduling.language.tidying import clear, discard, fill, group, sort, store
from robomatrix.scheduling.plan import PlanStep
from robomatrix.scheduling.scene import START, Location, Object
from robomatrix.scheduling.symbolic import Literal

_CARRIERS = frozenset(
    {
        "move",
        "bring",
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
_FINDING = frozenset(
    [
        "find",
        "locate",
        "search",
        "search for",
        "look for",
        "spot",
        "detect",
        "identify",
        "seek",
        "see",
        "look",
        "point out",
    ]
)
_STANDOFF = 0.6
"""How far from the middle of a thing a walker stops [m]."""
_BODY = 0.4
"""How far from the border of a large one, so that hands held ahead do not meet what stands on it [m]."""
_DOORS = (("door",), ("lid",), ("front",))
_BACK = frozenset({"back", "home", "backward"})
_RETURNS = frozenset({"return", "go back", "come back", "head back", "drive back", "walk back"})


def take(session: Session, command: Command) -> bool:
    """Handles "take A", "take A from B", "take A to B"."""
    for move in moves(command.chunks):
        person, things = split_person(session, move.things)
        if not things:
            return False
        move = replace(move, things=things)
        if not person and (held_above(session, move) or (command.verb == "get" and _implied_place(session, move))):
            continue
        if person:
            deliver(session, _narrowed(move), person)
        elif command.benefit and readings(move, weak_goal=False)[0].goal is None:
            deliver(session, _narrowed(move))
        elif not place(session, replace(move, particles=move.particles - {"in", "on", "back"}), weak_goal=False):
            _grip(session, _narrowed(move))
    return True


def _narrowed(move: Move) -> tuple[NounPhrase, ...]:
    return readings(move, weak_goal=False)[0].things


def _grip(session: Session, things: Sequence[NounPhrase]) -> None:
    ids = session.resolver.all_of(things, "object", lambda id_: id_ not in session.discourse.handled)
    session.discourse.note_objects(ids, things[-1])
    if session.state.holding not in ids:
        session.take(ids)
    else:
        session.acts += 1


def bring(session: Session, command: Command) -> bool:
    """Handles "bring me A", "bring A to B", "fetch A"."""
    for move in moves(command.chunks):
        person, things = split_person(session, move.things)
        move = replace(move, things=things)
        goal = readings(move, weak_goal=False)[0].goal
        if not things:
            return False
        if goal is not None and (not person or _elsewhere(session, goal, person)):
            place(session, move, weak_goal=False)
        elif person or not _implied_place(session, move):
            deliver(session, _narrowed(move), person)
    return True


def _elsewhere(session: Session, goal: Chunk, person: str) -> bool:
    """Returns whether "bring me A to B" names a B that is not me."""
    return goal.relation != "from" and not all(t.pronoun in PERSONS or t.pronoun == "here" for t in goal.things)


def _implied_place(session: Session, move: Move) -> bool:
    """Handles "bring A on the table": a weak relation that A is not at is where it goes."""
    weak = [c for c in move.relations if not c.restrictive and c.relation not in ("from", "near", "at")]
    if not weak:
        return False
    if all(thing.pronoun for thing in move.things):  # "bring them on the table"
        return place(session, move)
    try:
        session.resolver.all_of(_narrowed(move), "object")
    except PlanningError:
        return place(session, move)
    return False


def give(session: Session, command: Command) -> bool:
    """Handles "give me A", "hand A to B"."""
    return bring(session, command)


def release(session: Session, command: Command) -> bool:
    """Handles "drop it", "let go", "put it down on B"."""
    if any(c.kind == "relation" and c.relation != "from" for c in command.chunks):
        return put(session, command.without("down", "go"))
    held = session.pending[0] if len(session.pending) == 1 else session.state.holding
    if command.things and command.things[0].words[-1:] not in (("hand",), ("gripper",)):
        ids = session.resolver.all_of(command.things, "object", lambda id_: id_ == held)
    else:
        ids = [held] if held else []
    if not ids:
        raise Unresolved("I am not holding anything.")
    if held not in ids:
        if set(ids) <= {goal.arguments[0] for goal in session.goals if goal.predicate == "on" and not goal.negated}:
            return True  # "take A to B and put it down"
        if command.verb not in ("drop", "put", "set", "lay", "put down", "set down", "let", "place"):
            raise Unresolved(f"I am not holding the {session.index.by_id[ids[0]].name}.")
        raise Unresolved(f"Where should the {session.index.by_id[ids[0]].name} go?")
    session.flush()
    _let_go(session, ids[0])
    return True


def _let_go(session: Session, id_: str) -> None:
    here = session.state.place
    location = session.request.scene.location(here) if here else None
    session.held = None
    session.goals = [g for g in session.goals if g.predicate != "over"]
    if session.state.over is not None:
        target = session.state.over[1]
        session.reach([Literal("holding", (id_,), negated=True)])
        session.goals[-1] = Literal("on", (id_, target))
    elif location is not None and location.kind in ("surface", "container"):
        session.reach([Literal("on", (id_, location.id))])
    else:
        session.goals = [g for g in session.goals if g != Literal("holding", (id_,))]
        session.reach([Literal("holding", (id_,), negated=True)])
    session.discourse.note_objects([id_])


def open_(session: Session, command: Command) -> bool:
    """Handles "open A"."""
    return _openness(session, command, wanted_open=True)


def close(session: Session, command: Command) -> bool:
    """Handles "close A"."""
    return _openness(session, command, wanted_open=False)


def _openness(session: Session, command: Command, wanted_open: bool) -> bool:
    things = command.things or (NounPhrase(pronoun="it", text="it"),)
    state = session.state
    places = _openables(session, things, lambda id_: (id_ in state.closed) == wanted_open)
    if not wanted_open and any(session.state.container_of(p) in places for p in session.pending):
        session.flush()
    session.reach(Literal("open", (place_,), negated=not wanted_open) for place_ in places)
    for place_ in places:
        session.discourse.note_place(place_)
        session.discourse.focus = place_
    return True


def _opens(session: Session, id_: str) -> bool:
    location = session.request.scene.location(id_)
    return location is not None and location.openable


def _openables(session: Session, things: Sequence[NounPhrase], wanted: Callable[[str], bool]) -> list[str]:
    if any(t.head == "thing" for t in things):
        return [p.id for p in session.request.scene.locations if p.openable and wanted(p.id)]
    mentioned = [id_ for id_ in dict.fromkeys(session.discourse.places) if _opens(session, id_) and wanted(id_)]
    if len(mentioned) > 1 and all(t.words in _DOORS and t.plural for t in things):
        return mentioned
    if all(t.words in _DOORS for t in things) and session.discourse.places:
        things = [NounPhrase(pronoun="it", text="it")]
    try:
        return session.resolver.all_of(things, "openable", wanted)
    except Unresolved as error:
        if error.missing and all(fits(session, t, "any") for t in things):
            name = session.index.by_id[session.resolver.all_of(things, "any")[0]].name
            raise PlanningError(f"The {name} does not open.") from None
        raise


def go(session: Session, command: Command) -> bool:
    """Handles "go to A", "go back"."""
    places = [t for c in command.chunks if c.kind in ("relation", "things") for t in c.things]
    named = [c for c in command.chunks if c.things]
    if command.verb in ("wait", "stay") and all(c.phrase == "for" for c in named):
        return False
    if any(c.kind == "things" and not c.things[0].pronoun for c in command.chunks) and command.verb in _CARRIERS:
        return False
    if not places:
        if command.particles & _BACK or command.verb in _RETURNS:
            return _visit(session, [START])
        return _visit(session, [session.resolver.person()]) if command.verb in ("come", "come over") else False
    found: list[str] = []
    waiting = command.verb in ("wait", "stay", "stand")
    for chunk in (c for c in command.relations if c.relation == "from" or (waiting and c.phrase == "for")):
        places = [p for p in places if p not in chunk.things]
    for phrase in places:
        found += _place_to_go(session, phrase)
    if len(session.pending) > 1 and len(found) == 1:  # "take A and B, go to C, put them there"
        session.discourse.note_place(found[0])
        return True
    return _visit(session, found)


def _place_to_go(session: Session, phrase: NounPhrase) -> list[str]:
    if phrase.pronoun in ("it", "them", "there", "that"):
        mentioned = session.discourse.mentioned
        if not mentioned:
            raise Unresolved(f"What do you mean by '{phrase.text}'?")
        return [mentioned[-1]]
    return session.resolver.resolve(phrase, "any")


def _visit(session: Session, ids: Sequence[str]) -> bool:
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


def shoot(session: Session, command: Command) -> bool:
    """Handles "shoot A"."""
    return _act_on(session, command, "shot", "target")


def cross(session: Session, command: Command) -> bool:
    """Handles "cross A"."""
    if not command.things and not command.relations:
        return False
    things = [t for c in command.chunks if c.kind in ("relation", "things") for t in c.things]
    if any(fits(session, t, "person") and not t.pronoun for t in command.things):
        raise PlanningError("I do not drive over anybody.")
    if not any(fits(session, t, "obstacle") for t in things) and command.verb != "cross":
        return False
    return _act_on(session, command, "crossed", "obstacle")


def _act_on(session: Session, command: Command, predicate: str, role: Role) -> bool:
    things = [t for c in command.chunks if c.kind in ("relation", "things") for t in c.things]
    if not things:
        things = [NounPhrase((role,), "one", text=f"the {role}")]
    if not session.can(predicate):
        raise PlanningError(f"This robot has no skill for '{command.verb}'.")
    ids = _of_role(session, things, role, predicate)
    session.flush()
    session.reach(Literal(predicate, (id_,)) for id_ in ids)
    for id_ in ids:
        session.discourse.note_place(id_)
    return True


def _of_role(session: Session, things: Sequence[NounPhrase], role: Role, predicate: str) -> list[str]:
    try:
        return session.resolver.all_of(things, role, lambda id_: not session.state.holds(Literal(predicate, (id_,))))
    except Unresolved as error:
        if error.missing:
            others = [t for t in things if fits(session, t, "any")]
            if others:
                raise PlanningError(f"The {' '.join(others[0].words)} is no {role}.") from None
        raise


def swap(session: Session, command: Command) -> bool:
    """Handles "swap A and B"."""
    things = [t for c in command.chunks if c.kind in ("relation", "things") for t in c.things]
    things = [t for t in things if t.head not in ("place", "position", "spot", "location")]
    ids = session.resolver.all_of(things, "object")
    if len(ids) != 2:
        raise Unresolved("Which two things should change places?", candidates=ids)
    places = [session.state.resting.get(id_) for id_ in ids]
    if None in places:
        raise Unresolved("I do not know where both of them are.")
    session.flush(ids)
    session.reach([Literal("on", (ids[0], str(places[1]))), Literal("on", (ids[1], str(places[0])))])
    session.discourse.note_objects(ids)
    return True


def look(session: Session, command: Command) -> bool:
    """Handles "find A"."""
    things = [t for move in moves(command.chunks) for t in _narrowed(move)]
    if not things or command.verb not in _FINDING:
        return False
    if command.benefit and command.verb == "find" and all(fits(session, thing, "object") for thing in things):
        deliver(session, things)
        return True
    ids = session.resolver.all_of(things, "any")
    session.discourse.note_objects([i for i in ids if i in session.state.resting], things[-1])
    return _visit(session, ids[:1]) if session.can("at") else False


def wait(session: Session, command: Command) -> bool:
    """Handles "wait": nothing to do."""
    if command.things:
        return False
    session.acts += 1
    return True


INTENTS: Mapping[str, Intent] = {
    "place": put,
    "take": take,
    "bring": bring,
    "give": give,
    "release": release,
    "open": open_,
    "close": close,
    "go": go,
    "shoot": shoot,
    "cross": cross,
    "look": look,
    "swap": swap,
    "sort": sort,
    "group": group,
    "clear": clear,
    "discard": discard,
    "store": store,
    "fill": fill,
    "wait": wait,
}
