"""Noun phrases: descriptions of things and places, their quantity, what narrows them down."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Quantity = Literal["one", "any", "all", "each", "count"]


@dataclass(frozen=True)
class Modifier:
    """A place that narrows a noun phrase down: "(the can) on the table"."""

    relation: str
    places: tuple[NounPhrase, ...]


@dataclass(frozen=True)
class NounPhrase:
    """A description of one or several entities."""

    words: tuple[str, ...] = ()
    """Attributes, then the head noun, in the singular."""
    quantity: Quantity = "one"
    count: int = 1
    definite: bool = False
    plural: bool = False
    selectors: tuple[str, ...] = ()
    pronoun: str = ""
    modifiers: tuple[Modifier, ...] = ()
    without: tuple[NounPhrase, ...] = ()
    fallback: tuple[str, ...] = ()
    """Other words for it, where the first mean nothing: "tape" for "roll of tape"."""
    alternative: bool = False
    """True after "or"."""
    bears: tuple[NounPhrase, ...] = ()
    """What is to be in or on it: "a cup with a spoon in it"."""
    shared: tuple[str, ...] = ()
    """Attributes of the noun phrase before that may go for this one too: "the red can and ball"."""
    text: str = ""

    @property
    def head(self) -> str:
        """The head noun."""
        return self.words[-1] if self.words else ""


def with_article(phrase: NounPhrase, article: str) -> NounPhrase:
    """Returns a phrase as an article or a quantifier before it makes it."""
    if article == "one" and phrase.quantity == "one":
        return replace(phrase, quantity="count", count=1)
    if article in ("a", "an", "any", "some", "another", "either"):
        kept = phrase.quantity in ("all", "each", "count")
        selectors = ("other",) if article == "another" else ()
        return replace(phrase, quantity=phrase.quantity if kept else "any", selectors=(*phrase.selectors, *selectors))
    if article in ("all", "every", "both"):
        count = 2 if article == "both" else phrase.count
        return replace(phrase, quantity="all", plural=True, count=count)
    if article == "each":
        return replace(phrase, quantity="each", plural=True)
    if article == "same":
        return replace(phrase, selectors=(*phrase.selectors, "same"), definite=True)
    if article in ("few", "several", "many"):
        return replace(phrase, quantity="count", count=2 if article == "few" else 3, plural=True)
    return replace(phrase, definite=phrase.definite or article not in ("of", "only", "just", "more"))


def rivals(phrase: NounPhrase, other: NounPhrase) -> bool:
    """Returns whether two phrases speak of two things of a kind: "the red apple and the green apple"."""
    told = bool(phrase.words[:-1] and other.words[:-1])
    return told and phrase.head == other.head and phrase.words != other.words


def settled(phrase: NounPhrase) -> NounPhrase:
    """Returns a phrase as it stands by itself: a bare or definite plural means all of them."""
    if phrase.plural and phrase.quantity == "one":
        return replace(phrase, quantity="all")
    if phrase.plural and phrase.quantity == "any" and phrase.words:
        return replace(phrase, quantity="all")
    if not phrase.words and phrase.selectors:
        others = "others" in phrase.selectors or "rest" in phrase.selectors
        return replace(phrase, words=("one",), quantity="all" if others else phrase.quantity, plural=others)
    return phrase
