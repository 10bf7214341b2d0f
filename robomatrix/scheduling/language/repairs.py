"""Corrections: "no, the blue one", "sorry, in the bin"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from robomatrix.errors import PlanningError
from robomatrix.scheduling.language.chunks import Chunk
from robomatrix.scheduling.language.discourse import Role, Unresolved
from robomatrix.scheduling.language.nouns import PERSONS
from robomatrix.scheduling.language.phrases import Modifier, NounPhrase
from robomatrix.scheduling.language.session import Said, Session


def amended(session: Session, said: Said, correction: Sequence[Chunk]) -> tuple[Chunk, ...] | None:
    """Returns the chunks of what was said with the correction put in; None if it corrects nothing.

    Raises:
        Unresolved: it could correct the thing as well as the place.
    """
    things = [c for c in correction if c.kind == "things" and c.things]
    relations = [c for c in correction if c.kind == "relation" and not (c.restrictive and things)][-1:]
    if not things and not relations:
        return None
    chunks = list(said.chunks)
    if relations:
        chunks = _with_relation(chunks, relations[0])
    if things:
        narrowing = (c for c in correction if c.kind == "relation" and c not in relations)
        where = tuple(Modifier(c.relation, c.things) for c in narrowing)
        thing = things[0].things[-1]
        thing = replace(thing, modifiers=(*thing.modifiers, *where))
        chunks = _with_thing(session, chunks, thing, only=not relations)
    return tuple(chunks)


def _with_relation(chunks: list[Chunk], relation: Chunk) -> list[Chunk]:
    kept = [c for c in chunks if c.kind != "relation" or c.relation == "from" or c.restrictive]
    return [*kept, relation]


def _with_thing(session: Session, chunks: list[Chunk], thing: NounPhrase, *, only: bool) -> list[Chunk]:
    slots = [i for i, c in enumerate(chunks) if c.things and c.things[-1].pronoun not in PERSONS]
    if not slots:
        return [*chunks, Chunk("things", things=(thing,))]
    fitting = [i for i in slots if _fits(session, chunks[i], thing)] if only else []
    if not fitting:
        first = next((i for i in slots if chunks[i].kind == "things"), slots[0])
        fitting = [first]
    if len(fitting) > 1 and all(chunks[i].kind == "relation" for i in fitting):
        fitting = fitting[-1:]  # where things go is said last
    if len(fitting) > 1:
        raise Unresolved(f"Do you mean the thing or the place with '{thing.text}'?")
    chosen = fitting[0]
    chunks[chosen] = replace(chunks[chosen], things=(_inheriting(chunks[chosen], thing),))
    return chunks


def _inheriting(chunk: Chunk, thing: NounPhrase) -> NounPhrase:
    head = chunk.things[-1].head
    if thing.head == "one" and head:
        return replace(thing, words=(*thing.words[:-1], head))
    return thing


def _fits(session: Session, chunk: Chunk, thing: NounPhrase) -> bool:
    role: Role = "object" if chunk.kind == "things" else "place"
    try:
        found = session.resolver.resolve(replace(_inheriting(chunk, thing), quantity="all"), role)
    except PlanningError:
        return False
    return role == "object" or any(not session.index.by_id[id_].is_object for id_ in found)
