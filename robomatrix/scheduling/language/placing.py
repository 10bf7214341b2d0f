"""Commands that move things: what goes where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from robomatrix.errors import PlanningError
from robomatrix.scheduling.language.chunks import Chunk
from robomatrix.scheduling.language.discourse import Unresolved
from robomatrix.scheduling.language.nouns import Modifier, NounPhrase
from robomatrix.scheduling.language.session import Session
from robomatrix.scheduling.safety import classes_of
from robomatrix.scheduling.scene import START
from robomatrix.scheduling.symbolic import Literal

_STRONG = frozenset({"into", "onto", "to", "towards", "toward", "in to", "on to"})
_TAKERS = (
    "take",
    "pick",
    "pick up",
    "grab",
    "get",
    "grasp",
    "lift",
    "retrieve",
    "collect",
    "remove",
    "lift up",
    "pull",
    "hold",
    "seize",
    "choose",
    "find",
)
_MATCHING = frozenset({"matching", "corresponding", "respective", "appropriate", "same", "correct", "proper", "own"})
_BACK = frozenset({"back"})
_INSIDE = frozenset({"in", "on", "inside", "onto", "into", "therein", "within"})


@dataclass(frozen=True)
class Move:
    """Things, and the relations that were said with them."""

    things: tuple[NounPhrase, ...]
    relations: tuple[Chunk, ...] = ()
    particles: frozenset[str] = frozenset()


def moves(chunks: Sequence[Chunk]) -> list[Move]:
    """Returns what is moved: one for "A in B", two for "A in B and C on D"."""
    chunks = [_as_place(chunk) for chunk in chunks]
    again = _second_sentence(chunks)
    if again:
        return [*moves(chunks[:again]), *moves(chunks[again:])]
    particles = frozenset(c.text for c in chunks if c.kind in ("particle", "word", "direction"))
    things = tuple(t for c in chunks if c.kind == "things" for t in c.things)
    relations = [c for c in chunks if c.kind == "relation"]
    final_is_strong = bool(relations) and is_strong(relations[-1]) and not any(map(is_strong, relations[:-1]))
    found: list[Move] = []
    current: list[Chunk] = []
    alone = False
    for i, relation in enumerate(relations):
        again = relation.relation == "from" and i + 1 < len(relations) and relations[i + 1].relation == "from"
        if relation.relation == "from" and (alone or (again and len(relation.things) > 1)):
            # "A from B and C from D": each with its own place
            things, alone = (*_with_modifier(things, relation), *relation.things[1:]), True
            continue
        more = i + 1 < len(relations) and len(relation.things) > 1 and relation.relation != "from"
        gapped = more and not relation.restrictive and relations[i + 1].relation != "from"
        if gapped and not (final_is_strong and len(relations) > 2):
            current.append(replace(relation, things=relation.things[:1]))
            found.append(Move(things, tuple(current), particles))
            things, current = relation.things[1:], []
        elif gapped:
            things = _with_modifier(things, relation)
            things = (*things, *relation.things[1:])
        else:
            current.append(relation)
    return [*found, Move(things, tuple(current), particles)]


def _second_sentence(chunks: Sequence[Chunk]) -> int:
    """Returns where "... and C where D is" begins after "A where B is"; 0 if nowhere."""
    for i in range(2, len(chunks) - 1):
        before = {c.kind for c in chunks[:i] if c.kind != "relation" or c.relation != "from"}
        if chunks[i].kind == "things" and {"things", "relation"} <= before and chunks[i + 1].kind == "relation":
            return i
    return 0


def is_strong(chunk: Chunk) -> bool:
    """Returns whether a relation can only be where something is to go: into, onto, to."""
    return chunk.relation == "to" or any(word in _STRONG for word in chunk.phrase.split())


def _as_place(chunk: Chunk) -> Chunk:
    """Reads "(put it) there" and "(bring it) here" as relations."""
    if chunk.kind == "things" and len(chunk.things) == 1 and chunk.things[0].pronoun in ("there", "here", "home"):
        return replace(chunk, kind="relation", relation="to", phrase="to")
    return chunk


def _with_modifier(things: tuple[NounPhrase, ...], relation: Chunk) -> tuple[NounPhrase, ...]:
    if not things:
        return things
    modifier = Modifier(relation.relation, relation.things[:1])
    return (*things[:-1], replace(things[-1], modifiers=(*things[-1].modifiers, modifier)))


@dataclass(frozen=True)
class Reading:
    """One way to attach the relations: which narrow the things down, and which is where they go."""

    things: tuple[NounPhrase, ...]
    goal: Chunk | None


def readings(move: Move, *, weak_goal: bool) -> list[Reading]:
    """Returns the ways to read a move, the likeliest first.

    Args:
        move: the things and relations.
        weak_goal: False where only "to", "into" and "onto" say where things go ("take the can on the table").
    """
    narrowing, rest = [], []
    for chunk in move.relations:
        (narrowing if chunk.restrictive or chunk.relation == "from" else rest).append(chunk)
    things = _narrow(move.things, narrowing)
    strong = next((i for i, chunk in enumerate(rest) if is_strong(chunk)), None)
    if strong is not None:
        return [_attached(things, rest, strong)]
    if not weak_goal:
        return [Reading(_narrow(things, rest), None)]
    return [_attached(things, rest, i) for i in range(len(rest) - 1, -1, -1)] or [Reading(things, None)]


def _attached(things: tuple[NounPhrase, ...], relations: Sequence[Chunk], goal: int) -> Reading:
    place = relations[goal]
    later = [Modifier(c.relation, c.things) for c in relations[goal + 1 :]]
    last = replace(place.things[-1], modifiers=(*place.things[-1].modifiers, *later))
    return Reading(_narrow(things, relations[:goal]), replace(place, things=(*place.things[:-1], last)))


def _narrow(things: tuple[NounPhrase, ...], relations: Sequence[Chunk]) -> tuple[NounPhrase, ...]:
    modifiers = tuple(Modifier(c.relation, c.things) for c in relations)
    return tuple(replace(t, modifiers=(*t.modifiers, *modifiers)) for t in things) if modifiers else things


def place(session: Session, move: Move, *, weak_goal: bool = True) -> bool:
    """Plans a move; False if nothing says where to. Raises PlanningError if no reading makes sense."""
    if not move.things and move.relations and session.discourse.objects:  # "grab the can, put in the box"
        move = replace(
            move, things=(NounPhrase(pronoun="them", plural=len(session.discourse.objects[-1]) > 1, text="it"),)
        )
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
    raise fault


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
    targets = destinations(session, goal)
    things = session.resolver.all_of(
        reading.things, "object", lambda id_: session.state.resting.get(id_) not in targets
    )
    things = [id_ for id_ in things if id_ not in targets]
    if not things:
        raise Unresolved("There is nothing to move.")
    if len(targets) == 1:
        return [(id_, targets[0]) for id_ in things]
    if len(targets) == len(things):
        return list(zip(things, targets, strict=True))
    raise Unresolved(f"Which goes where: {_names(session, targets)}?", candidates=targets)


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
    if goal.relation == "under":
        raise PlanningError(f"I cannot put things under the {entity.name}; I can put them in or on something.")
    if entity.is_object:
        return _object_target(session, goal, id_)
    if goal.relation in ("near", "side") and entity.kind in ("surface", "container", "obstacle", "target"):
        raise Unresolved(f"I can put things in or on the {entity.name}, not beside it. Where should it go?")
    if entity.kind in ("obstacle", "target"):
        raise PlanningError(f"I cannot put things on the {entity.name}.")
    return id_


def _object_target(session: Session, goal: Chunk, id_: str) -> str:
    name = session.index.by_id[id_].name
    entity = session.request.scene.object(id_)
    holds = entity is not None and bool(classes_of(entity) & set(session.index.ontology.kinds))
    beside = goal.relation in ("near", "side", "at") or (goal.relation == "to" and not holds)
    if beside:
        state = session.discourse.initial if goal.phrase == "where" else session.state
        place_ = state.container_of(id_)
        if place_ is None:
            raise Unresolved(f"I do not know where the {name} is.")
        return place_
    if goal.relation == "in" and not holds:
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


TAKERS = frozenset(_TAKERS)
