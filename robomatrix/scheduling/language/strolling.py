"""Words about the way in a list of steps: "turn left, walk across the room, face the counter"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from robomatrix.scheduling.language.chunks import Chunk
from robomatrix.scheduling.language.clauses import Clause
from robomatrix.scheduling.language.commands import fits
from robomatrix.scheduling.language.phrases import NounPhrase
from robomatrix.scheduling.language.session import Session
from robomatrix.scheduling.language.text import word_set

_WALKING = frozenset({"go", "turn", "look", "wait", "cross"})
_HANDLING = frozenset({"take", "place", "bring", "give", "release", "discard", "store"})
_DOING = frozenset({"clear", "open", "close", "discard", "store", "sort", "group", "fill", "swap", "shoot"})
_SWITCHING = frozenset({"on", "off", "it", "them", "knob", "handle", "switch"})
_WAYFARING = word_set(
    "approach back begin come continue cross drive enter exit face facing go hang head look make move proceed "
    "stand start step stop straight to travel turn veer walk"
)
_HANDS = word_set(
    "bring carry close deliver drop fetch get give grab grasp hold insert leave lift open pick place pull push "
    "put remove return set shoot shut slide stack store take"
)
_LISTED = 4
"""Clauses from which on an instruction is a list of steps."""


def lists_steps(clauses: Sequence[Clause]) -> bool:
    """Returns whether an instruction is a list of steps, most likely written down by somebody who watched them."""
    return len(clauses) >= _LISTED and handles_things(clauses) and any(map(is_direction, clauses))


def is_direction(clause: Clause) -> bool:
    """Returns whether a clause begins like a direction and handles nothing: "face the black stand", "take a step"."""
    words = [token.lemma for token in clause.whole]
    if words[:1] == ["take"] and "step" in words:
        return True
    switching = words[:1] == ["turn"] and bool({"on", "off", "knob", "switch"} & set(words[1:4]))
    return bool(words) and words[0] in _WAYFARING and not _HANDS & set(words) and not switching


def without_details(clause: Clause, chunks: Sequence[Chunk]) -> tuple[Chunk, ...]:
    """Returns what a clause handles and where to, without where it stands and what it stands beside.

    Who writes steps down for others says more of a place than a scene has words for.
    """
    plain = [replace(chunk, things=tuple(replace(t, modifiers=()) for t in chunk.things)) for chunk in chunks]
    takes = clause.verb is not None and "take" in clause.verb.value.intents
    goal = next((i for i, c in enumerate(plain) if c.kind == "relation" and c.relation != "from"), len(plain))
    kept = [chunk for chunk in plain[:goal] if chunk.kind != "relation"]
    return tuple(kept if takes else kept + plain[goal : goal + 1])


def handles_things(clauses: Sequence[Clause]) -> bool:
    """Returns whether some clause says what to do with a thing: then the way there needs no words."""
    verbs = (clause.verb.value for clause in clauses if clause.verb is not None and clause.tokens)
    return any(_HANDLING & set(verb.intents) and not _WALKING & set(verb.intents) for verb in verbs)


def only_walks(session: Session, clause: Clause, chunks: Sequence[Chunk]) -> bool:
    """Returns whether a command says no more than how to walk and where to look, by directions and what is there."""
    verb = clause.verb.value if clause.verb is not None else None
    if verb is None or not _WALKING & set(verb.intents) or _DOING & set(verb.intents):
        return False
    if (_HANDLING | {"look"}) & set(verb.intents) and any(chunk.kind == "things" for chunk in chunks):
        return False
    if _SWITCHING & {token.text for token in clause.tokens}:  # "turn it on"
        return False
    return all(_on_the_way(session, thing) for chunk in chunks for thing in chunk.things)


def _on_the_way(session: Session, thing: NounPhrase) -> bool:
    """True for walls, doors and steps, for rooms, and for what the scene has."""
    if thing.pronoun or thing.head in session.lexicon.surroundings or thing.head in session.lexicon.parts:
        return True
    region = session.index.ontology.kind(thing.head) == "region"
    return region or fits(session, thing, "any")
