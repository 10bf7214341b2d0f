"""What words mean: classes, wider classes, synonyms, colours, sizes, materials. Read from ``config/ontology.yaml``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from robomatrix.scheduling.data import read_yaml
from robomatrix.scheduling.scene import Kind

Words = Mapping[str, frozenset[str]]
"""Word or phrase -> the canonical names it can stand for."""


@dataclass(frozen=True)
class Ontology:
    """The lexicon of things, places and their attributes; all keys are lower case and singular."""

    colours: Words
    sizes: Words
    materials: Words
    classes: Words
    """Word -> classes of things and places."""
    categories: Words
    """Word -> wider classes."""
    nested: Words
    """Wider class -> the wider classes that it lies in, itself among them."""
    is_a: Words
    """Class -> all wider classes, transitively."""
    kinds: Mapping[str, Kind]
    """Class of a place -> what kind of place."""
    opens: frozenset[str]
    """Classes of places with a door, lid or front."""
    anything: frozenset[str]
    """Words for anything at all."""
    synonyms: Words
    """Class -> the words for it."""
    prefixes: Mapping[str, str]
    """First word of a name -> what wider class such a thing is of."""
    contrasts: tuple[Words, ...]
    """Qualities that exclude each other: each word for one of them -> its name."""
    apart: Mapping[str, str]
    """Words of two parts, written together -> apart."""

    @property
    def wider_classes(self) -> frozenset[str]:
        """All wider classes that there are."""
        return frozenset().union(*self.is_a.values())

    def wider(self, category: str) -> frozenset[str]:
        """Returns every wider class of a class or of any class that a word for it may mean."""
        name = category.lower().replace("_", " ")
        direct = self.is_a.get(name)
        if direct is not None:
            return direct
        return frozenset().union(*(self.is_a.get(c, frozenset()) for c in self.classes.get(name, ())))

    def within(self, category: str) -> frozenset[str]:
        """Returns the wider classes that a wider class lies in."""
        return self.nested.get(category, frozenset())

    def kind(self, category: str) -> Kind | None:
        """Returns what kind of place a class is, None for things that are carried."""
        name = category.lower().replace("_", " ")
        if name in self.kinds:
            return self.kinds[name]
        return next((self.kinds[c] for c in sorted(self.classes.get(name, ())) if c in self.kinds), None)


@cache
def load_ontology() -> Ontology:
    """Returns the shipped ontology. Raises ConfigurationError if the file is missing or malformed."""
    return _build(read_yaml("ontology.yaml"))


def _build(data: Mapping[str, Any]) -> Ontology:
    places, things, categories = data["places"], data["things"], data["categories"]
    within = {name: entry.get("within", ()) for name, entry in categories.items()}
    entries = [*places.items(), *things.items()]
    is_a: dict[str, set[str]] = defaultdict(set)
    synonyms: dict[str, set[str]] = defaultdict(set)
    for name, entry in entries:
        is_a[name] |= _closure(entry.get("is", ()), within)
        synonyms[name] |= {name, *entry.get("also", ())}
    known = frozenset().union(*synonyms.values())
    for category, names in data["members"].items():
        for name in names:
            is_a[name] |= _closure((category,), within)
            if name not in known:
                synonyms[name].add(name)
    return Ontology(
        colours=_invert(data["colours"].items()),
        sizes=_invert(data["sizes"].items()),
        materials=_invert(data["materials"].items()),
        classes=_invert(synonyms.items()),
        categories=_invert((name, entry["also"]) for name, entry in categories.items()),
        is_a={name: frozenset(wider) for name, wider in is_a.items()},
        kinds={name: entry["kind"] for name, entry in places.items()},
        opens=frozenset(name for name, entry in places.items() if entry.get("opens")),
        anything=frozenset(data["anything"]),
        synonyms={name: frozenset(words) for name, words in synonyms.items()},
        prefixes=data["prefixes"],
        contrasts=tuple(_invert(qualities.items()) for qualities in data["contrasts"]),
        nested={name: frozenset(_closure((name,), within)) for name in categories},
        apart={word.replace(" ", ""): word for words in synonyms.values() for word in words if word.count(" ") == 1},
    )


def _invert(entries: Iterable[tuple[str, Iterable[str]]]) -> Words:
    found: dict[str, set[str]] = defaultdict(set)
    for name, words in entries:
        for word in (name, *words):
            found[word].add(name)
    return {word: frozenset(names) for word, names in found.items()}


def _closure(names: Iterable[str], within: Mapping[str, Iterable[str]]) -> set[str]:
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending.extend(within.get(name, ()))
    return found
