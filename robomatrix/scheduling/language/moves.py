"""How the pieces of a command hang together: what is moved, what narrows it down, and where it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from robomatrix.scheduling.language.chunks import Chunk
from robomatrix.scheduling.language.phrases import Modifier, NounPhrase
from robomatrix.scheduling.language.text import word_set

_STRONG = word_set("into onto to towards toward")
THERE = frozenset({"over on", "over in", "over at", "over by", "down on", "down in", "up on", "up in", "down at"})
"""Where something is or where it goes."""
_ASIDE = frozenset({"side", "near", "under"})
"""Relations that tell where something is and are where it goes only if nothing else is."""


@dataclass(frozen=True)
class Move:
    """Things, and the relations that were said with them."""

    things: tuple[NounPhrase, ...]
    relations: tuple[Chunk, ...] = ()
    particles: frozenset[str] = frozenset()


def moves(chunks: Sequence[Chunk]) -> list[Move]:
    """Returns what is moved: one for "A in B", two for "A in B and C on D"."""
    chunks = _told_last([_as_place(chunk) for chunk in chunks])
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
        goes = any(later.relation != "from" for later in relations[i + 1 : i + 3])  # "A to B and C from D to E"
        gapped = more and not relation.restrictive and goes
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


def _told_last(chunks: list[Chunk]) -> list[Chunk]:
    """Marks where things are, where it is said after where they go: "put in the box A from B", "A on B"."""
    kinds = [c.kind for c in chunks]
    first = next((i for i, kind in enumerate(kinds) if kind in ("things", "relation")), len(kinds))
    if kinds[first : first + 2] != ["relation", "things"] or not is_strong(chunks[first]):
        return chunks
    return [replace(c, restrictive=c.restrictive or c.kind == "relation" and i > first) for i, c in enumerate(chunks)]


def _second_sentence(chunks: Sequence[Chunk]) -> int:
    """Returns where "... and C where D is" begins after "A where B is"; 0 if nowhere."""
    for i in range(2, len(chunks) - 1):
        before = {c.kind for c in chunks[:i] if c.kind != "relation" or c.relation != "from"}
        if chunks[i].kind == "things" and {"things", "relation"} <= before and chunks[i + 1].kind == "relation":
            return i
    return 0


def is_strong(chunk: Chunk) -> bool:
    """Returns whether a relation can only be where something is to go: into, onto, to."""
    return chunk.relation == "to" or (chunk.relation not in _ASIDE and bool(_STRONG & set(chunk.phrase.split())))


def _as_place(chunk: Chunk) -> Chunk:
    """Reads "(put it) there" and "(bring it) over here" as relations."""
    plain = chunk.kind == "things" or chunk.phrase == "over"
    if plain and len(chunk.things) == 1 and chunk.things[0].pronoun in ("there", "here", "home"):
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
    if strong is not None and rest[strong].phrase in THERE:  # "the can over on the table into the box"
        strong = next((i for i, chunk in enumerate(rest) if is_strong(chunk) and i > strong), strong)
    if strong is not None:
        return [_attached(things, rest, strong)]
    if not weak_goal:
        return [Reading(_narrow(things, rest), None)]
    order = range(len(rest)) if all(t.pronoun for t in things) else range(len(rest) - 1, -1, -1)
    return [_attached(things, rest, i) for i in order] or [Reading(things, None)]


def _attached(things: tuple[NounPhrase, ...], relations: Sequence[Chunk], goal: int) -> Reading:
    place = relations[goal]
    later = [Modifier(c.relation, c.things) for c in relations[goal + 1 :]]
    last = replace(place.things[-1], modifiers=(*place.things[-1].modifiers, *later))
    return Reading(_narrow(things, relations[:goal]), replace(place, things=(*place.things[:-1], last)))


def _narrow(things: tuple[NounPhrase, ...], relations: Sequence[Chunk]) -> tuple[NounPhrase, ...]:
    modifiers = tuple(Modifier(c.relation, c.things) for c in relations)
    return tuple(replace(t, modifiers=(*t.modifiers, *modifiers)) for t in things) if modifiers else things
