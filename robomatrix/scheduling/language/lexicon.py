"""The words of commands: verbs, relations, fillers, numbers, units. Read from ``config/commands.yaml``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Generic, TypeVar

from robomatrix.scheduling.data import read_yaml
from robomatrix.scheduling.language.text import Token, tokenise, word_pairs

T = TypeVar("T")
_SHORT = 3

_IRREGULAR_FORMS = word_pairs(
    "putting:put got:get gotten:get took:take taken:take gave:give given:give brought:bring went:go gone:go "
    "held:hold left:leave threw:throw thrown:throw shot:shoot let:let set:set laid:lay drove:drive driven:drive "
    "stuck:stick kept:keep found:find swept:sweep hung:hang sent:send lying:lie fetched:fetch chose:choose "
    "stopped:stop came:come hid:hide swam:swim ran:run made:make built:build cut:cut caught:catch spun:spin "
    "swapped:swap slid:slide flung:fling slept:sleep dug:dig"
)


def verb_base(word: str) -> tuple[str, ...]:
    """Returns the forms that an inflected verb may come from, the word itself first."""
    found = [word]
    if word in _IRREGULAR_FORMS:
        found.append(_IRREGULAR_FORMS[word])
    if word.endswith("ing") and len(word) > 4:
        found += _stems(word[:-3])
    elif word.endswith("ed") and len(word) > 3:
        found += [*_stems(word[:-2]), word[:-1]]
        found += [f"{word[:-3]}y"] if word.endswith("ied") else []
    elif word.endswith("es") and len(word) > 3:
        found += [word[:-1], word[:-2]]
    elif word.endswith("s") and len(word) > 3:
        found.append(word[:-1])
    return tuple(found)


def _stems(stem: str) -> list[str]:
    doubled = [stem[:-1]] if len(stem) > 2 and stem[-1] == stem[-2] else []
    return [stem, stem + "e", *doubled]


@dataclass(frozen=True)
class Match(Generic[T]):
    """A phrase found in a text."""

    value: T
    length: int
    """Tokens."""


class PhraseTable(Generic[T]):
    """Phrases of several words, found by the longest match."""

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        self._values: dict[tuple[str, ...], T] = {}
        for phrase, value in entries:
            self._values.setdefault(_words(phrase), value)
        self._longest = max(map(len, self._values), default=0)
        self.words = frozenset(word for phrase in self._values for word in phrase)
        self.firsts = frozenset(phrase[0] for phrase in self._values)

    def at(self, tokens: Sequence[Token], start: int) -> Match[T] | None:
        """Returns the longest phrase that begins at a token."""
        for length in range(min(self._longest, len(tokens) - start), 0, -1):
            value = self._values.get(tuple(t.text for t in tokens[start : start + length]))
            if value is not None:
                return Match(value, length)
        return None

    def ending(self, tokens: Sequence[Token], end: int) -> Match[T] | None:
        """Returns the longest phrase that ends before a token."""
        for length in range(min(self._longest, end), 0, -1):
            value = self._values.get(tuple(t.text for t in tokens[end - length : end]))
            if value is not None:
                return Match(value, length)
        return None

    def verb_at(self, tokens: Sequence[Token], start: int) -> Match[T] | None:
        """Like :meth:`at`, with the first word in any inflection."""
        if start >= len(tokens):
            return None
        for base in verb_base(tokens[start].text):
            for length in range(min(self._longest, len(tokens) - start), 0, -1):
                rest = tuple(t.text for t in tokens[start + 1 : start + length])
                value = self._values.get((base, *rest))
                if value is not None:
                    return Match(value, length)
        return None


@dataclass(frozen=True)
class Verb:
    """A verb phrase as written, and what it may ask for, the likeliest first."""

    base: str
    intents: tuple[str, ...]


@dataclass(frozen=True)
class Lexicon:
    """The closed vocabulary of commands."""

    verbs: PhraseTable[Verb]
    unable: PhraseTable[str]
    particles: Mapping[str, Mapping[str, str]]
    prefaces: PhraseTable[bool]
    trailers: PhraseTable[bool]
    relations: PhraseTable[str]
    surroundings: frozenset[str]
    """What a way leads past that no scene lists: walls, doors, steps."""
    parts: frozenset[str]
    tails: frozenset[str]
    """Parts that may be named after what they belong to: "the cabinet door", "the toilet tank"."""
    features: frozenset[str]
    """What tells one thing from another of its kind: "the mug with the blue handle"."""
    corrections: PhraseTable[bool]
    nevermind: frozenset[tuple[str, ...]]
    exceptions: PhraseTable[bool]
    numbers: Mapping[str, float]
    ordinals: Mapping[str, int]
    units: PhraseTable[str]
    directions: PhraseTable[str]
    clear_to: tuple[str, ...]
    times: Mapping[str, float]
    fillers: PhraseTable[bool]
    mass: frozenset[str]
    bulk: frozenset[str]
    """Substances, of which a place may have several kinds."""
    liquids: frozenset[str]
    laid: Mapping[str, tuple[str, ...]]
    """Tables that are laid for a meal, what is put on them, and other tables."""
    ways: frozenset[str]
    """What one comes by."""
    needs: Mapping[str, str]
    misspellings: Mapping[str, str]
    discard_to: frozenset[str]
    skills: Mapping[str, tuple[tuple[str, ...], ...]]
    times_of_day: frozenset[str]
    """Words for other times than now."""
    manners: frozenset[str]
    """What a command may be done with: care, ease."""
    chatter: frozenset[str]
    """Words that mean nothing to a command, where nothing else is said beside them."""
    talk: frozenset[str]
    """Nouns of talk: "your next task is", "do me a favour"; they name something only where the scene has it."""
    words: frozenset[str]
    """Every word that has a meaning here; for telling misspellings from words."""

    @cached_property
    def inflected(self) -> frozenset[str]:
        """Gerunds and participles of the verbs, for telling misspellings from words."""
        stems = {word[:-1] if word.endswith("e") else word for word in self.verbs.firsts if len(word) > _SHORT}
        return frozenset(stem + ending for stem in stems for ending in ("ing", "ed"))


@cache
def load_lexicon() -> Lexicon:
    """Returns the shipped lexicon. Raises ConfigurationError if the file is missing or malformed."""
    return _build(read_yaml("commands.yaml"))


def _build(data: Mapping[str, Any]) -> Lexicon:
    verbs = _verbs(data["verbs"])
    tables = {
        "unable": PhraseTable((p, p) for p in data["unable"]),
        "prefaces": _flags(p for group in data["prefaces"] for p in group),
        "trailers": _flags(data["trailers"]),
        "fillers": _flags(data["fillers"]),
        "relations": _inverted(data["relations"]),
        "corrections": _flags(data["corrections"]),
        "exceptions": _flags(data["except"]),
        "units": _inverted(data["units"]),
        "directions": _inverted(data["directions"]),
    }
    words = frozenset().union(verbs.words, *(table.words for table in tables.values()))
    return Lexicon(
        verbs=verbs,
        particles=data["particles"],
        parts=frozenset(data["parts"]),
        tails=frozenset(data["tails"]),
        features=frozenset(data["features"]),
        surroundings=frozenset(data["surroundings"]),
        nevermind=frozenset(_words(p) for p in data["nevermind"]),
        numbers=data["numbers"],
        ordinals=data["ordinals"],
        clear_to=tuple(data["clear_to"]),
        times=data["times"],
        mass=frozenset(data["mass"]),
        bulk=frozenset(data["bulk"]),
        liquids=frozenset(data["liquids"]),
        laid={name: tuple(words) for name, words in data["laid"].items()},
        ways=frozenset(data["ways"]),
        needs=data["needs"],
        misspellings=data["misspellings"],
        discard_to=frozenset(data["discard_to"]),
        times_of_day=frozenset(data["times_of_day"]),
        manners=frozenset(data["manners"]),
        chatter=frozenset(data["chatter"]),
        talk=frozenset(data["talk"]),
        skills={name: tuple(map(_words, phrases)) for name, phrases in data["skills"].items()},
        words=words
        | _call_words(data["skills"])
        | frozenset(data["numbers"])
        | frozenset(data["times"])
        | frozenset(data["ordinals"])
        | frozenset(data["parts"])
        | frozenset(data["tails"])
        | frozenset(data["features"])
        | frozenset(data["mass"])
        | frozenset(data["needs"]),
        **tables,
    )


def _verbs(groups: Mapping[str, Sequence[str]]) -> PhraseTable[Verb]:
    intents: dict[str, list[str]] = {}
    for intent, phrases in groups.items():
        for phrase in phrases:
            known = intents.setdefault(" ".join(_words(phrase)), [])
            if intent not in known:
                known.append(intent)
    return PhraseTable((phrase, Verb(phrase, tuple(found))) for phrase, found in intents.items())


def _call_words(skills: Mapping[str, Sequence[str]]) -> frozenset[str]:
    return frozenset(word for phrases in skills.values() for phrase in phrases for word in _words(phrase))


def _flags(phrases: Iterable[str]) -> PhraseTable[bool]:
    return PhraseTable((phrase, True) for phrase in phrases)


def _inverted(groups: Mapping[str, Sequence[str]]) -> PhraseTable[str]:
    return PhraseTable((phrase, name) for name, phrases in groups.items() for phrase in phrases)


def _words(phrase: str) -> tuple[str, ...]:
    return tuple(token.text for token in tokenise(phrase)) or (phrase,)
