"""Conditions: "if the drawer is open", "if there is no can on the table", "unless you are holding something"."""

from __future__ import annotations

from robomatrix.errors import PlanningError
from robomatrix.scheduling.language.chunks import Chunk, Chunker
from robomatrix.scheduling.language.clauses import Guard
from robomatrix.scheduling.language.discourse import Discourse, Unresolved
from robomatrix.scheduling.language.lexicon import Lexicon
from robomatrix.scheduling.language.phrases import Modifier, NounPhrase
from robomatrix.scheduling.language.reference import Resolver
from robomatrix.scheduling.language.text import Token, word_set

_OPEN = frozenset({"open", "opened", "ajar"})
_CLOSED = frozenset({"closed", "shut", "close"})
_NOT = frozenset({"not", "no", "never", "nothing"})
_HOLD = frozenset({"holding", "carrying", "hold", "carry", "have", "got", "held", "gripping"})
_PRESENT = frozenset({"see", "find", "exists", "exist", "here", "available", "present", "visible", "there"})
_SOMETHING = frozenset({"nothing", "anything", "something"})
_ALREADY = frozenset({"it", "they", "is", "are", "there", "already", "not", "that", "the", "case"})
_DROPPED = word_set(
    "is are was were be there you do does it's already still currently any the robot have has that i we"
)


def holds(guard: Guard, discourse: Discourse, lexicon: Lexicon) -> bool:
    """Returns whether a condition is true in the present state.

    Raises:
        PlanningError: the condition is about something the scene cannot tell.
    """
    return _fact(guard.tokens, discourse, lexicon) == guard.positive


def _fact(tokens: tuple[Token, ...], discourse: Discourse, lexicon: Lexicon) -> bool:
    tokens = tuple(
        t for i, t in enumerate(tokens) if t.text != "can" or i == 0 or tokens[i - 1].text not in ("you", "i", "we")
    )
    texts = {t.text for t in tokens}
    positive = not texts & _NOT
    if texts <= _ALREADY:  # "unless it is there already": then there will be nothing to do
        return not positive
    rest = tuple(t for t in tokens if t.text not in _NOT)
    resolver = Resolver(discourse)
    if texts & (_OPEN | _CLOSED) and not _attributive(rest):
        return _openness(rest, discourse, lexicon, resolver) == (bool(texts & _OPEN) == positive)
    if texts & _HOLD:
        return _held(rest, discourse, lexicon, resolver) == positive
    if texts & _SOMETHING and any(t.text in ("on", "in", "inside", "has") for t in tokens):
        return _emptiness(tuple(t for t in rest if t.text not in _SOMETHING), discourse, lexicon, resolver) != positive
    if texts & {"empty", "full"}:
        return _emptiness(rest, discourse, lexicon, resolver) == (("empty" in texts) == positive)
    return _exists(rest, discourse, lexicon, resolver) == positive


def _attributive(tokens: tuple[Token, ...]) -> bool:
    """True where "open" stands before its noun: "there is an open drawer"."""
    at = next(i for i, t in enumerate(tokens) if t.text in _OPEN | _CLOSED)
    return (
        at + 1 < len(tokens) and tokens[at + 1].is_word and tokens[at + 1].text not in ("and", "then", "already", "now")
    )


def _chunks(tokens: tuple[Token, ...], discourse: Discourse, lexicon: Lexicon, dropped: frozenset[str]) -> list[Chunk]:
    kept = tuple(t for t in tokens if t.text not in dropped)
    return Chunker(kept, discourse.index, lexicon).run()


def _subject(chunks: list[Chunk]) -> NounPhrase:
    for chunk in chunks:
        if chunk.kind == "things":
            return chunk.things[0]
    raise PlanningError("I do not understand the condition.")


def _openness(tokens: tuple[Token, ...], discourse: Discourse, lexicon: Lexicon, resolver: Resolver) -> bool:
    chunks = _chunks(tokens, discourse, lexicon, _DROPPED - {"the", "it's", "that"} | _OPEN | _CLOSED)
    places = resolver.resolve(_subject(chunks), "openable")
    discourse.places += places
    return all(place not in discourse.state.closed for place in places)


def _held(tokens: tuple[Token, ...], discourse: Discourse, lexicon: Lexicon, resolver: Resolver) -> bool:
    chunks = _chunks(tokens, discourse, lexicon, _DROPPED - {"the"} | _HOLD)
    holding = discourse.state.holding
    things = [c for c in chunks if c.kind == "things"]
    if not things or things[0].things[0].words[-1:] == ("thing",):
        return holding is not None
    return holding in resolver.resolve(things[0].things[0], "object")


def _emptiness(tokens: tuple[Token, ...], discourse: Discourse, lexicon: Lexicon, resolver: Resolver) -> bool:
    chunks = _chunks(tokens, discourse, lexicon, _DROPPED - {"the"} | {"empty", "full"})
    places = (c.things[0] for c in chunks if c.kind == "relation" and c.things)
    related = next((place for place in places if not place.pronoun), None)
    place = resolver.one(related or _subject(chunks), "place")
    contents = discourse.state.contents(place)
    if contents:
        discourse.objects.append(tuple(contents))
    return not contents


def _exists(tokens: tuple[Token, ...], discourse: Discourse, lexicon: Lexicon, resolver: Resolver) -> bool:
    chunks = _chunks(tokens, discourse, lexicon, _DROPPED - {"the"} | _PRESENT)
    subject = _subject(chunks)
    modifiers = tuple(Modifier(c.relation, c.things) for c in chunks if c.kind == "relation")
    for modifier in modifiers:
        for place in modifier.places:
            discourse.places += resolver.resolve(place, "any")
    phrase = NounPhrase(subject.words, "all", selectors=subject.selectors, modifiers=modifiers, plural=True)
    if subject.pronoun:
        ids = resolver.resolve(subject, "object")
        places = {p for m in modifiers for place in m.places for p in resolver.resolve(place, "any")}
        return all(discourse.state.container_of(id_) in places for id_ in ids)
    try:
        found = resolver.resolve(phrase, "any")
    except Unresolved:
        return False
    discourse.mentioned += found
    things = tuple(id_ for id_ in found if id_ in discourse.state.resting)
    if things:
        discourse.objects.append(things)
    return True
