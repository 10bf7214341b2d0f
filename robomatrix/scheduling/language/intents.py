"""What each kind of command asks for, in goals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from robomatrix.errors import PlanningError
from robomatrix.scheduling.language.chunks import Chunk
from robomatrix.scheduling.language.commands import Command, Intent, fits, held_above, put, split_person
from robomatrix.scheduling.language.discourse import Role, Unresolved
from robomatrix.scheduling.language.going import go, visit
from robomatrix.scheduling.language.moves import THERE, Move, moves, readings
from robomatrix.scheduling.language.nouns import PERSONS
from robomatrix.scheduling.language.phrases import NounPhrase
from robomatrix.scheduling.language.placing import deliver, place
from robomatrix.scheduling.language.session import Session
from robomatrix.scheduling.language.tidying import clear, discard, fill, group, sort, store
from robomatrix.scheduling.symbolic import Literal

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
        "track down",
        "scout",
    ]
)
_GETTERS = frozenset({"get", "gather", "gather up", "collect", "round up", "scoop up"})
_PARTNERS = frozenset({"with", "for", "between", "of"})
_DOORS = (("door",), ("lid",), ("front",))


def take(session: Session, command: Command) -> bool:
    """Handles "take A", "take A from B", "take A to B"."""
    for move in moves(command.chunks):
        person, things = split_person(session, move.things)
        if not things:
            return False
        move = replace(move, things=things)
        if not person and (held_above(session, move) or (command.verb in _GETTERS and _implied_place(session, move))):
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
        if command.benefit or person:  # "bring me the can over on the desk"
            there = (replace(c, restrictive=True) if c.phrase in THERE else c for c in move.relations)
            move = replace(move, relations=tuple(there))
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
    things = [t for move in moves(command.chunks) for t in _swapped(move)]
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


def _swapped(move: Move) -> tuple[NounPhrase, ...]:
    """Returns both of "A (on the table) with B"."""
    two = [c for c in move.relations if c.phrase in _PARTNERS]
    where = tuple(c for c in move.relations if c not in two)
    return (*_narrowed(replace(move, relations=where)), *(t for c in two for t in c.things))


def look(session: Session, command: Command) -> bool:
    """Handles "find A"."""
    things = [t for move in moves(command.chunks) for t in _narrowed(move)]
    if not things or command.verb not in _FINDING:
        return False
    for_whom = [t for c in command.relations if c.phrase == "for" for t in c.things if fits(session, t, "person")]
    wanted = command.verb == "find" and all(fits(session, thing, "object") for thing in things)
    if wanted and (command.benefit or for_whom):
        deliver(session, things, session.resolver.one(for_whom[0], "person") if for_whom else None)
        return True
    spoken = all(t.pronoun in ("it", "them") for t in things) and session.discourse.objects
    ids = session.resolver.all_of(things, "object" if spoken else "any")
    session.discourse.note_objects([i for i in ids if i in session.state.resting], things[-1])
    return visit(session, ids[:1]) if session.can("at") else False


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
