"""Commands for many things at once: sort, group, clear, empty, throw away, put away."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from robomatrix.errors import PlanningError
from robomatrix.scheduling.language.chunks import Chunk
from robomatrix.scheduling.language.commands import Command, fits, put
from robomatrix.scheduling.language.discourse import Unresolved
from robomatrix.scheduling.language.moves import THERE, Move, is_strong, readings
from robomatrix.scheduling.language.phrases import Modifier, NounPhrase
from robomatrix.scheduling.language.placing import fallback_place, matching_pairs, place
from robomatrix.scheduling.language.session import Session
from robomatrix.scheduling.symbolic import Literal

_HURLING = frozenset({"throw", "toss", "chuck", "fling"})
_AWAY = frozenset({"away", "out"})


def sort(session: Session, command: Command) -> bool:
    """Handles "sort A by colour": each thing to the place of its colour."""
    things = [t for t in command.things if t.words[-1:] not in (("colour",), ("color",))]
    goal = next((c for c in command.relations if is_strong(c) or c.relation == "in"), None)
    if not things:
        things = [NounPhrase(("thing",), "all", plural=True)]
    phrase = goal.things[0] if goal is not None and goal.things else None
    pairs = matching_pairs(session, [replace(t, quantity="all") for t in things], phrase)
    ids = [id_ for id_, _ in pairs]
    session.flush(ids)
    session.reach(Literal("on", pair) for pair in pairs)
    session.discourse.note_objects(ids, things[-1])
    return True


def group(session: Session, command: Command) -> bool:
    """Handles "put A together": to where most of them are."""
    if any(c.relation != "from" for c in command.relations) and put(session, command.without("together")):
        return True
    ids = session.resolver.all_of(
        [replace(t, quantity="all") for t in command.things if not t.pronoun] or command.things, "object"
    )
    places = [p for id_ in ids if (p := session.state.container_of(id_))]
    if not places:
        raise Unresolved("Where should they go?")
    common = max(dict.fromkeys(places), key=places.count)
    session.flush(ids)
    session.reach(Literal("on", (id_, common)) for id_ in ids)
    session.discourse.note_objects(ids)
    return True


def clear(session: Session, command: Command) -> bool:
    """Handles "clear the table", "empty the box into B", "clear the cans off the table"."""
    chunks = list(command.without("off", "up", "out", "away").chunks)
    things = [t for c in chunks if c.kind == "things" for t in c.things]
    sources = [
        t for c in chunks if c.kind == "relation" and (c.relation == "from" or not is_strong(c)) for t in c.things
    ]
    goal = next((c for c in chunks if c.kind == "relation" and is_strong(c)), None)
    if things and not sources and not fits(session, things[0], "object") or not things:
        emptied = things or sources
        modifiers = tuple(Modifier("in", (thing,)) for thing in emptied)
        kept = tuple(other for thing in emptied for other in thing.without)  # "clear the table except the can"
        what = NounPhrase(("thing",), "all", plural=True, modifiers=modifiers, without=kept)
        return _empty(session, emptied, what, goal)
    if not sources and goal is None:
        return store(session, command)
    narrowed = tuple(replace(t, modifiers=(Modifier("on", tuple(sources)),)) if sources else t for t in things)
    return _empty(session, sources, narrowed[0], goal) if len(narrowed) == 1 else False


def _empty(session: Session, sources: Sequence[NounPhrase], what: NounPhrase, goal: Chunk | None) -> bool:
    places = session.resolver.all_of(sources, "place") if sources else []
    if sources and not any(session.state.contents(p) for p in places):
        if goal is not None:
            session.resolver.all_of(goal.things, "place")  # what is named and not needed is understood all the same
        session.acts += 1
        return _look_back(session, places)
    if goal is not None:
        return place(session, Move((what,), (goal,))) and _look_back(session, places)
    ids = session.resolver.resolve(replace(what, quantity="all"), "object")
    session.discourse.scope = tuple(ids)
    avoid = [*places, *(p for id_ in ids if (p := session.state.container_of(id_)))]
    target = fallback_place(session, session.lexicon.clear_to, avoid)
    if target is None:
        raise Unresolved("Where should everything go?")
    session.flush(ids)
    session.reach(Literal("on", (id_, target)) for id_ in ids)
    session.discourse.note_objects(ids, what)
    session.discourse.note_place(target)
    return _look_back(session, places)


def _look_back(session: Session, places: Sequence[str]) -> bool:
    """Goes to the tables in the end: what was overlooked, or stood behind something else, shows only there."""
    for name in places:
        location = session.request.scene.location(name)
        with suppress(PlanningError):
            if location is not None and location.kind == "surface":
                session.plan.reach(Literal("at", (name,)))
    return True


def discard(session: Session, command: Command) -> bool:
    """Handles "throw A away"."""
    if command.particles & _AWAY or " " in command.verb:  # "throw away the can over on the desk"
        there = (replace(c, restrictive=True) if c.phrase in THERE else c for c in command.chunks)
        command = replace(command, chunks=tuple(there))
    narrowed = readings(Move(command.things, command.relations), weak_goal=False)[0].things
    weak = [c for c in command.relations if c.relation in ("in", "on") and not c.restrictive]
    inside = any(c.text in ("inside", "in") or c.phrase in ("inside", "in") and not c.things for c in command.chunks)
    elsewhere = (
        inside
        or any(is_strong(c) and not c.restrictive for c in command.relations)
        or (weak and (any(t.pronoun for t in narrowed) or not all(fits(session, t, "object") for t in narrowed)))
    )
    if elsewhere and put(session, command.without("away", "out")):
        return True
    if command.verb in _HURLING and not command.particles & _AWAY and narrowed:
        return _hurled(session, narrowed)
    bins = [
        p.id
        for p in session.request.scene.locations
        if session.lexicon.discard_to & {p.category.lower()} or _is_bin(session, p.id)
    ]
    if not bins:
        raise Unresolved("There is no bin here. Where should it go?", ["bin"])
    things = narrowed
    if not things:
        return False
    ids = [
        id_ for id_ in session.resolver.all_of(things, "object", lambda id_: session.state.resting.get(id_) not in bins)
    ]
    session.flush(ids)
    session.reach(Literal("on", (id_, bins[0])) for id_ in ids)
    session.discourse.note_objects(ids, things[-1])
    session.discourse.note_place(bins[0])
    return True


def _hurled(session: Session, things: Sequence[NounPhrase]) -> bool:
    """Refuses "throw A": only what is waste is surely to be thrown away."""
    ids = session.resolver.all_of(things, "object")
    waste = all({("trash",), ("waste",)} & session.index.by_id[id_].heads.keys() for id_ in ids)
    if waste and ids:
        return discard(session, Command("throw away", (Chunk("things", things=tuple(things)),)))
    names = " and ".join(session.index.by_id[id_].name for id_ in ids)
    raise PlanningError(f"I do not throw things. Should the {names} go to the bin, say: throw it away.")


def _is_bin(session: Session, id_: str) -> bool:
    entity = session.index.by_id[id_]
    return entity.kind == "container" and any(
        (name,) in entity.heads and entity.heads[(name,)] >= 4.0 for name in ("trash", "garbage", "dustbin", "rubbish")
    )


def store(session: Session, command: Command) -> bool:
    """Handles "put A away", with or without saying where."""
    plain = command.without("away", "up")
    if any(c.relation != "from" for c in plain.relations) and put(session, plain):
        return True
    things = readings(Move(plain.things, plain.relations), weak_goal=False)[0].things
    if not any(fits(session, t, "object") for t in things):
        return clear(session, command)
    ids = session.resolver.all_of(things, "object")
    targets = {_affine(session, id_) for id_ in ids} - {None}
    here = {session.state.container_of(id_) for id_ in ids}
    target = next(iter(targets)) if len(targets) == 1 else None
    focus = session.discourse.focus
    if session.state.place == focus and any(
        p.id == focus and p.kind == "container" for p in session.request.scene.locations
    ):
        target = focus  # "go to the drawer and store it"
    if target is None:
        target = fallback_place(
            session, ("basket", "toy box", "cabinet", "drawer", "shelf", "box"), [p for p in here if p]
        )
    if target is None:
        raise Unresolved("Where should it go?")
    session.flush(ids)
    session.reach(Literal("on", (id_, target)) for id_ in ids)
    session.discourse.note_objects(ids, things[-1])
    return True


def _affine(session: Session, id_: str) -> str | None:
    """Returns the place whose name speaks of the thing: the toy box for a toy."""
    classes = {word for phrase in session.index.by_id[id_].heads for word in phrase}
    for location in session.request.scene.locations:
        words = session.index.by_id[location.id].attributes - {"box", "bin", "container"}
        if location.kind in ("container", "surface") and words & classes:
            return location.id
    return None


def fill(session: Session, command: Command) -> bool:
    """Handles "fill A with B"."""
    filling = next((c for c in command.relations if c.phrase == "with"), None)
    if filling is None or not command.things:
        return False
    vessel = any(fits(session, thing, "object") for thing in command.things)
    liquids = {"liquid", "fluid", *(session.lexicon.liquids if vessel else ())}
    poured = next((t for t in filling.things if t.head in liquids), None)
    if poured is not None:
        raise PlanningError(f"I cannot pour {poured.text}.")
    goal = Chunk("relation", things=command.things, relation="in", phrase="into")
    return place(session, Move(filling.things, (goal,)))
