"""How phrases and entities are called in questions and refusals."""

from __future__ import annotations

from collections.abc import Sequence

from robomatrix.scheduling.language.discourse import Discourse, Unresolved
from robomatrix.scheduling.language.entities import Described, Fit
from robomatrix.scheduling.language.phrases import NounPhrase
from robomatrix.scheduling.language.selectors import from_left

_SIDES = {2: ("left", "right"), 3: ("left", "middle", "right")}


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
    """Returns what one of several is called, with where it is if another is called the same."""
    called = name(discourse, id_)
    alike = [other for other in found if name(discourse, other) == called]
    if len(alike) == 1:
        return f"the {called}"
    place = discourse.state.resting.get(id_)
    where = f" at {name(discourse, place)}" if place else ""
    beside = [other for other in alike if discourse.state.resting.get(other) == place]
    return f"the {_side(discourse, id_, beside)}{called}{where} ({id_})"


def _side(discourse: Discourse, id_: str, alike: Sequence[str]) -> str:
    """Returns "left " and so on, as the user may say in reply; nothing if that does not tell."""
    sides = _SIDES.get(len(alike))
    ranked = from_left(discourse, alike)
    return f"{sides[ranked.index(id_)]} " if sides and ranked else ""
