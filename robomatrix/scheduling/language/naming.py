"""How phrases and entities are called in questions and refusals."""

from __future__ import annotations

from collections.abc import Sequence

from robomatrix.scheduling.language.discourse import Discourse, Unresolved
from robomatrix.scheduling.language.entities import Described, Fit
from robomatrix.scheduling.language.phrases import NounPhrase


def say(phrase: NounPhrase) -> str:
    """Returns a phrase in words."""
    words = [w for w in (*phrase.selectors, *phrase.words) if w != "rest"]
    return " ".join(words) or phrase.text or "such thing"


def name(discourse: Discourse, id_: str) -> str:
    """Returns what an entity is called."""
    by_id = discourse.index.by_id
    return by_id[id_].name if id_ in by_id else id_


def missing(phrase: NounPhrase, alike: Sequence[tuple[Described, Fit]]) -> Unresolved:
    """Returns the question about what is not here, with what is alike."""
    said, names = say(phrase), dict.fromkeys(entity.name for entity, _ in alike)
    hint = f"; there is {', '.join(names)}" if names else ""
    return Unresolved(f"There is no {said} here{hint}.", [said])


def ambiguous(discourse: Discourse, phrase: NounPhrase, found: Sequence[str]) -> Unresolved:
    """Returns the question which of several is meant."""
    options = " or ".join(_distinctly(discourse, id_, found) for id_ in found)
    return Unresolved(f"Which {say(phrase)}: {options}?", candidates=found)


def _distinctly(discourse: Discourse, id_: str, found: Sequence[str]) -> str:
    called = name(discourse, id_)
    if [name(discourse, other) for other in found].count(called) == 1:
        return f"the {called}"
    place = discourse.state.resting.get(id_)
    return f"the {called} at {name(discourse, place)} ({id_})" if place else f"the {called} ({id_})"
