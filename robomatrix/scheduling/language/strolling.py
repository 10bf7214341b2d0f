"""Words about the way in a list of steps: "turn left, walk across the room, face the counter"."""

from __future__ import annotations

from collections.abc import Sequence

from robomatrix.scheduling.language.chunks import Chunk
from robomatrix.scheduling.language.clauses import Clause
from robomatrix.scheduling.language.commands import fits
from robomatrix.scheduling.language.nouns import NounPhrase
from robomatrix.scheduling.language.session import Session

_WALKING = frozenset({"go", "turn", "look", "wait", "cross"})
_HANDLING = frozenset({"take", "place", "bring", "give", "release", "discard", "store"})
_DOING = frozenset({"clear", "open", "close", "discard", "store", "sort", "group", "fill", "swap", "shoot"})
_SWITCHING = frozenset({"on", "off", "it", "them", "knob", "handle", "switch"})


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
