"""Commands that move things: what goes where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from robomatrix.errors import PlanningError
from robomatrix.scheduling.language.bearing import load, nested_moves, rides, with_cargo
from robomatrix.scheduling.language.chunks import Chunk
from robomatrix.scheduling.language.discourse import Unresolved
from robomatrix.scheduling.language.entities import CLASS
from robomatrix.scheduling.language.moves import Move, Reading, readings
from robomatrix.scheduling.language.phrases import NounPhrase
from robomatrix.scheduling.language.session import Session
from robomatrix.scheduling.language.text import phrase_list
from robomatrix.scheduling.safety import classes_of, load_rules
from robomatrix.scheduling.scene import START
from robomatrix.scheduling.symbolic import Literal

_MATCHING = frozenset({"matching", "corresponding", "respective", "appropriate", "same", "correct", "proper", "own"})
_ON_ONE_SIDE = phrase_list(
    "on the left side of|on the right side of|in the middle of|on the side of|at the side of|at the front of|"
    "to the left side of|to the right side of"
)
"""Where a piece of furniture is meant, a part of its top."""
_BACK = frozenset({"back"})
_INSIDE = frozenset({"in", "on", "inside", "onto", "into", "therein", "within"})


def place(session: Session, move: Move, *, weak_goal: bool = True) -> bool:
    """Plans a move; False if nothing says where to. Raises PlanningError if no reading makes sense."""
    move = with_cargo(session, _into_there(session, move))
    if not move.things and move.relations and session.discourse.objects:  # "grab the can, put in the box"
        move = replace(
            move, things=(NounPhrase(pronoun="them", plural=len(session.discourse.objects[-1]) > 1, text="it"),)
        )
    move = replace(move, things=load(session, move.things))
    move = _what_is_held(session, move)
    options = readings(move, weak_goal=weak_goal)
    if not move.things or all(option.goal is None for option in options) and not _implied(move):
        return False
    fault: PlanningError | None = None
    for option in options:
        try:
            pairs = _pairs(session, option, move)
        except PlanningError as error:
            fault = fault or error
            continue
        _carry_out(session, pairs, option)
        return True
    if fault is None:
        return False
    nested = nested_moves(session, move)
    if not nested:
        raise fault
    return all(place(session, each) for each in nested)


def told_apart(session: Session, found: Sequence[Move]) -> list[Move]:
    """Leaves to the narrower of several phrases what two of them name: "clothes on A and shoes on B"."""
    found = [replace(move, things=tuple(map(partial(_whole, session), move.things))) for move in found]
    if len(found) < 2:
        return found
    named = [_set(session, move) for move in found]
    apart = []
    for move, own in zip(found, named, strict=True):
        narrower = [
            thing
            for other, ids in zip(found, named, strict=True)
            if ids & own and len(ids) < len(own) and other is not move
            for thing in other.things
        ]
        things = tuple(replace(t, without=(*t.without, *narrower)) for t in move.things) if narrower else move.things
        apart.append(replace(move, things=things))
    return apart


def _whole(session: Session, thing: NounPhrase) -> NounPhrase:
    """Reads "(put) flour (on the shelf)" as all the flour."""
    bare = thing.head in session.lexicon.bulk and thing.quantity == "one" and not thing.definite
    return replace(thing, quantity="all") if bare else thing


def _set(session: Session, move: Move) -> frozenset[str]:
    """Returns what a move's phrases for all of a kind name; nothing where they name single things."""
    if not move.things or any(t.quantity not in ("all", "each") or t.pronoun for t in move.things):
        return frozenset()
    try:
        return frozenset(session.resolver.all_of(move.things, "object"))
    except PlanningError:
        return frozenset()


def _what_is_held(session: Session, move: Move) -> Move:
    """Reads "(take the book and) put the book beside the pen on the desk" as the book in hand, not one by the pen."""
    held = session.pending[0] if len(session.pending) == 1 else session.state.holding
    if held is None or len(move.things) != 1 or len(move.relations) < 2:
        return move
    thing = move.things[0]
    named = (
        not thing.pronoun
        and (thing.definite or session.discourse.listed)
        and thing.quantity == "one"
        and not thing.selectors
    )
    if not named or session.index.fit(session.index.by_id[held], thing.words) is None:
        return move
    return replace(move, things=(NounPhrase(pronoun="it", text=thing.text),))


def _into_there(session: Session, move: Move) -> Move:
    """Reads "(open the box and) put in A" as A that goes into the box."""
    relations = move.relations
    inside = len(relations) == 1 and relations[0].phrase in ("in", "inside")
    if move.things or not inside or not session.discourse.places:
        return move
    try:
        found = session.resolver.all_of(relations[0].things, "place")
    except PlanningError:
        return move
    if any(not session.index.by_id[id_].is_object or session.index.by_id[id_].holds for id_ in found):
        return move
    there = (NounPhrase(pronoun="there", text="there"),)
    return replace(move, things=relations[0].things, relations=(replace(relations[0], things=there),))


def _implied(move: Move) -> bool:
    return bool(move.particles & (_BACK | _INSIDE))


def _carry_out(session: Session, pairs: Sequence[tuple[str, str]], reading: Reading) -> None:
    session.flush([thing for thing, _ in pairs])
    session.reach(Literal("on", pair) for pair in pairs)
    session.discourse.note_objects([thing for thing, _ in pairs], reading.things[-1] if reading.things else None)
    for target in dict.fromkeys(target for _, target in pairs):
        session.discourse.note_place(target)


def _pairs(session: Session, reading: Reading, move: Move) -> list[tuple[str, str]]:
    """Returns which thing goes to which place."""
    if reading.goal is None:
        return _implied_pairs(session, reading, move)
    goal = reading.goal
    phrase = goal.things[0]
    if phrase.quantity == "each":
        return _one_each(session, reading)
    if _MATCHING & set(phrase.selectors) or "colour" in _said_words(goal) or "color" in _said_words(goal):
        return matching_pairs(session, reading.things, phrase)
    if any("other" in p.selectors for p in goal.things):  # "A with the other B": A first
        session.discourse.mentioned += session.resolver.all_of(reading.things, "object")
    try:
        targets = destinations(session, goal)
    except Unresolved as fault:
        targets = _laid(session, reading.things, fault)
    things = session.resolver.all_of(
        reading.things, "object", lambda id_: session.state.resting.get(id_) not in targets
    )
    things = [id_ for id_ in things if id_ not in targets]
    things = [id_ for id_ in things if not rides(session, id_, things)]
    if not things:
        raise Unresolved("There is nothing to move.")
    if all(t.pronoun == "it" for t in reading.things):
        things = _with_what_bears(session, things, targets)
    if len(targets) == 1:
        return [(id_, targets[0]) for id_ in things]
    if len(targets) == len(things):
        return list(zip(things, targets, strict=True))
    raise Unresolved(f"Which goes where: {_names(session, targets)}?", candidates=targets)


def _with_what_bears(session: Session, things: Sequence[str], targets: Sequence[str]) -> list[str]:
    """Returns the bowl for "put the watch in the bowl and put it on the table": what was done is not undone."""
    wanted = {goal.arguments[0]: goal.arguments[1] for goal in session.goals if goal.predicate == "on"}
    bearers = [wanted.get(id_, id_) for id_ in things]
    carried = all(id_ in session.index.by_id and session.index.by_id[id_].is_object for id_ in bearers)
    return bearers if carried and not {*bearers} & {*targets} else list(things)


def _laid(session: Session, things: Sequence[NounPhrase], fault: Unresolved) -> list[str]:
    """Returns the table that people eat at, where a fork is to go there or on a coffee table; else raises the fault."""
    laid, scene = session.lexicon.laid, session.request.scene

    def called(id_: str, names: str) -> bool:
        heads = session.index.by_id[id_].heads
        return any(heads.get(tuple(name.split()), 0.0) >= CLASS for name in laid[names])

    tables = [id_ for id_ in fault.candidates if called(id_, "tables")]
    others = [id_ for id_ in fault.candidates if id_ not in tables]
    if len(tables) != 1 or not others or not all(called(id_, "others") for id_ in others):
        raise fault
    moved = [scene.object(id_) for id_ in session.resolver.all_of(things, "object")]
    if not all(entity is not None and classes_of(entity) & {*laid["things"]} for entity in moved):
        raise fault
    return tables


def _said_words(chunk: Chunk) -> set[str]:
    own = {word for thing in chunk.things for word in thing.words}
    return own | {w for t in chunk.things for m in t.modifiers for p in m.places for w in p.words}


def _implied_pairs(session: Session, reading: Reading, move: Move) -> list[tuple[str, str]]:
    things = session.resolver.all_of(reading.things, "object")
    if move.particles & _BACK:
        return [(id_, _origin(session, id_)) for id_ in things]
    place_ = session.resolver.one(NounPhrase(pronoun="there", text="there"), "place")
    return [(id_, place_) for id_ in things if id_ != place_]


def _origin(session: Session, id_: str) -> str:
    place_ = session.discourse.initial.resting.get(id_)
    if place_ is None:
        raise Unresolved(f"I do not know where the {session.index.by_id[id_].name} came from.")
    return place_


def _one_each(session: Session, reading: Reading) -> list[tuple[str, str]]:
    targets = destinations(session, reading.goal)
    pairs: list[tuple[str, str]] = []
    things = reading.things[0]
    if things.quantity in ("any", "one", "count"):
        wanted = replace(things, quantity="all", plural=True)
        found = session.resolver.resolve(wanted, "object")
        number = things.count if things.quantity == "count" else 1
        if len(found) < number * len(targets):
            raise Unresolved(f"I find only {len(found)} for {len(targets)} places.", candidates=found)
        for i, target in enumerate(targets):
            pairs += [(id_, target) for id_ in found[i * number : (i + 1) * number]]
        return pairs
    found = session.resolver.all_of(reading.things, "object")
    if len(found) != len(targets):
        raise Unresolved(f"There are {len(found)} things for {len(targets)} places; which goes where?")
    return list(zip(found, targets, strict=True))


def matching_pairs(session: Session, things: Sequence[NounPhrase], place_: NounPhrase | None) -> list[tuple[str, str]]:
    """Returns each thing with the container of its own colour. Raises Unresolved for a thing that has none."""
    wanted = [replace(t, quantity="all" if t.quantity == "each" else t.quantity) for t in things]
    pairs = []
    for id_ in session.resolver.all_of(wanted, "object"):
        colours = session.index.by_id[id_].colours
        head = (
            place_.words[-1:]
            if place_ is not None and place_.words[-1:] not in (("colour",), ("color",), ("one",))
            else ()
        )
        fitting = [
            e.id
            for e in session.index.entities
            if e.kind in ("container", "surface", "region")
            and e.colours & colours
            and (not head or session.index.fit(e, head))
        ]
        if len(fitting) != 1:
            name = session.index.by_id[id_].name
            raise Unresolved(f"Where should the {name} go?", candidates=fitting)
        pairs.append((id_, fitting[0]))
    return pairs


def destinations(session: Session, goal: Chunk) -> list[str]:
    """Returns the ids of the places that a relation means. Raises PlanningError if nothing can be put there."""
    found: list[str] = []
    for phrase in goal.things:
        if phrase.alternative and found:
            continue
        if session.index.is_bare_floor(phrase.words):  # there is nothing to stop at: it goes where the robot started
            found.append(START)
            continue
        beside = goal.relation in ("near", "side")
        if beside and phrase.pronoun == "it" and session.discourse.objects:  # "A on B and C next to it"
            phrase = replace(phrase, pronoun="them")
        for id_ in session.resolver.resolve(phrase, "any" if goal.relation in ("near", "side") else "place"):
            target = _target(session, goal, id_)
            if target not in found:
                found.append(target)
    return found


def _target(session: Session, goal: Chunk, id_: str) -> str:
    entity = session.index.by_id[id_]
    if goal.relation == "in" and entity.entity is not None:
        why = next((why for kind, why in load_rules().not_inside.items() if kind in classes_of(entity.entity)), None)
        if why:
            raise PlanningError(f"Nothing goes into the {entity.name}: {why}.")
    if goal.relation in ("under", "via"):
        raise PlanningError(f"I cannot put things {goal.phrase} the {entity.name}; I can put them in or on something.")
    if entity.is_object:
        return _object_target(session, goal, id_)
    if entity.kind == "container" and ("drawer",) in entity.heads and "top" in goal.phrase.split():
        raise Unresolved(f"I put things into the {entity.name}, not on top of it. Where should it go?")
    if tuple(goal.phrase.split()) in _ON_ONE_SIDE and entity.kind == "surface":
        return id_
    if goal.relation in ("near", "side") and entity.kind in ("surface", "container", "obstacle", "target"):
        raise Unresolved(f"I can put things in or on the {entity.name}, not beside it. Where should it go?")
    if entity.kind in ("obstacle", "target"):
        raise PlanningError(f"I cannot put things on the {entity.name}.")
    return id_


def _object_target(session: Session, goal: Chunk, id_: str) -> str:
    name = session.index.by_id[id_].name
    entity = session.request.scene.object(id_)
    receives = entity is not None and bool(classes_of(entity) & set(session.index.ontology.kinds))
    beside = goal.relation in ("near", "side", "at") or (goal.relation == "to" and not receives)
    if beside:
        state = session.discourse.initial if goal.phrase == "where" else session.state
        place_ = state.container_of(id_)
        if place_ is None:
            raise Unresolved(f"I do not know where the {name} is.")
        return place_
    if goal.relation == "in" and not session.index.by_id[id_].holds:
        raise PlanningError(f"Nothing can be put into the {name}.")
    return id_


def deliver(session: Session, things: Sequence[NounPhrase], person: str | None = None) -> None:
    """Plans to bring things to a person, or to the start where there is nobody."""
    target = person or session.resolver.person()
    ids = session.resolver.all_of(things, "object", lambda id_: session.state.resting.get(id_) != target)
    session.flush(ids)
    session.reach(Literal("on", (id_, target)) for id_ in ids)
    session.discourse.note_objects(ids, things[-1])
    session.discourse.note_place(target)


def fallback_place(session: Session, classes: Sequence[str], avoid: Sequence[str] = ()) -> str | None:
    """Returns the first place of the first class that the scene has, apart from some."""
    for wanted in classes:
        for location in session.request.scene.locations:
            fits = location.kind in ("container", "surface") and wanted in classes_of(location)
            if fits and location.id not in avoid and location.id != START:
                return location.id
    others = [p.id for p in session.request.scene.locations if p.kind in ("container", "surface") and p.id not in avoid]
    return others[0] if len(others) == 1 else None


def _names(session: Session, ids: Sequence[str]) -> str:
    return " or ".join(session.index.by_id[id_].name for id_ in ids)
