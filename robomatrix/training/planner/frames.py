"""Sentence frames: how something is said, and the goal program that is meant.

Fixed frames stand in ``config/planner_frames.yaml``; ``config/planner_grammar.yaml`` builds others out of actions and
moods. What is kept from training is decided here, by checksums of the texts and by marks in the data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any, Literal
from zlib import crc32

from robomatrix.errors import ConfigurationError
from robomatrix.scheduling.data import read_yaml

Split = Literal["train", "tune", "test", "old"]
"""Whose sentences: training's, those for choosing thresholds, the test's; "old" are the fixed frames marked test."""
Form = Literal["base", "gerund", "participle"]

_SECTIONS = (
    "orders",
    "sentences",
    "conditions",
    "decline",
    "idle",
    "shooter",
    "mobile",
    "humanoid",
    "player",
    "hand",
)
_ACTIONS = ("active", "passive", "stative")
_MOODS = ("base", "gerund", "passive", "stative", "placed")
_LISTS = ("calls", "closes", "reasons", "contexts", "otherwise", "corrections", "ifs", "unlesses", "trailing", "beyond")
_PATTERNS = ("chains", "gerund_chains", "before_chains")
_TOKEN = re.compile(r'\$\w+|%\w+|"[^"]*"|[()\[\]|]|\{\w+\}|<\w+>|[^\s()\[\]|{}<>"]+')
_PIECE = r"(\([^()]*\)|[\w']+)"
_FORMS = re.compile(rf"{_PIECE}/{_PIECE}/{_PIECE}")
_FORM_NUMBERS: dict[Form, int] = {"base": 1, "gerund": 2, "participle": 3}
_NOTED = frozenset(["left", "right", "forward", "backward", "up", "down", "both"])
"""Alternatives that a program may refer to as $1, $2, ..., in the order in which they were chosen."""
_TESTED, _TUNED, _RARE = 10, 15, 16
"""Per cent of frames below which they are the test's, or below which they are for tuning; one in so many words."""
_FEWEST = 4
"""Alternatives from which on some are kept from training."""
_SLOT_PATTERNS = {"T": "[TUV]", "U": "[TUV]", "V": "[TUV]", "H": "[H]"}


def split_of(text: str) -> Split:
    """Returns to which part of the data a frame belongs, for ever the same."""
    number = crc32(text.encode()) % 100
    return "test" if number < _TESTED else "tune" if number < _TUNED else "train"


@dataclass(frozen=True)
class Frame:
    """One way to say something."""

    say: str
    means: str
    held_out: bool = False
    """Marked as test."""
    weight: float = 1.0
    contrary: str = ""
    """Of a fact: how its negation is said."""
    back: bool = False
    """Of a chain: what is said last comes first."""


@dataclass(frozen=True)
class Said:
    """A frame with its alternatives chosen; ``{T}`` and ``<T>`` still stand for phrases."""

    words: tuple[str, ...]
    means: str


@dataclass(frozen=True)
class Frames:
    """All frames and lists of the data files."""

    sections: Mapping[str, tuple[Frame, ...]]
    macros: Mapping[str, str]
    verbs: Mapping[str, tuple[str, ...]]
    lists: Mapping[str, tuple[str, ...]]
    common: frozenset[str]
    trained: frozenset[str]
    """Moods, chains and conditions that always belong to training."""
    reserved: tuple[re.Pattern[str], ...] = ()
    """Fixed frames marked as test."""

    def fixed(self, section: str, rng: Random, split: Split) -> Frame:
        """Returns a fixed frame that a split may use."""
        return rng.choice([f for f in self.sections[section] if f.held_out == (split == "old")])

    def weighted(self, section: str, rng: Random) -> Frame:
        """Returns a frame of the grammar."""
        frames = self.sections[section]
        return rng.choices(frames, [frame.weight for frame in frames])[0]

    def expand(self, frame: Frame, rng: Random, split: Split = "train", form: Form = "base") -> Said:
        """Returns the frame with every alternative chosen; what training never sees only outside of it."""
        noted: list[str] = []
        words = _Expander(self, rng, noted, split in ("test", "old"), form).run(frame.say)
        means = frame.means
        for number, word in enumerate(noted, 1):
            means = means.replace(f"${number}", word)
        return Said(tuple(words), means)

    def listed(self, name: str, rng: Random, split: Split = "train") -> list[str]:
        """Returns the words of one of a list's phrases."""
        options = self.lists[name]
        if split in ("train", "tune"):
            options = tuple(option for option in options if not self.unseen(option))
        return rng.choice(options).split()

    def unseen(self, alternative: str) -> bool:
        """Returns whether a word or phrase is kept from training wherever it is one of several."""
        plain = alternative not in self.common and not _NOTED & set(alternative.split())
        return plain and "{" not in alternative and crc32(f"word {alternative}".encode()) % _RARE == 0

    def is_reserved(self, words: Sequence[str]) -> bool:
        """Returns whether words contain a fixed frame that is marked as test."""
        text = re.sub(r"([{<]\w)\w*([}>])", r"\1\2", " ".join(words) + " ")
        return any(pattern.search(text) for pattern in self.reserved)


@dataclass
class _Expander:
    frames: Frames
    rng: Random
    noted: list[str]
    unseen: bool
    form: Form

    def run(self, text: str) -> list[str]:
        tokens = _TOKEN.findall(_FORMS.sub(lambda m: m[_FORM_NUMBERS[self.form]], text))
        words, end = self._sequence(tokens, 0)
        if end != len(tokens):
            raise ConfigurationError(f"planner frames: '{text}' has a bracket too many")
        return words

    def _sequence(self, tokens: Sequence[str], at: int) -> tuple[list[str], int]:
        words: list[str] = []
        while at < len(tokens) and tokens[at] not in ("|", ")", "]"):
            if tokens[at] in ("(", "["):
                chosen, at = self._bracket(tokens, at)
                words += chosen
                continue
            words += self._word(tokens[at])
            at += 1
        return words, at

    def _word(self, token: str) -> list[str]:
        if token.startswith("$"):
            return self.run(self.frames.macros[token[1:]])
        if token.startswith("%"):
            return self._verb(self.frames.verbs[token[1:]])
        return token.strip('"').split()

    def _verb(self, verbs: Sequence[str]) -> list[str]:
        options = verbs if self.unseen else [v for v in verbs if not self.frames.unseen(v.split("/")[0])]
        return self.rng.choice(options).split("/")[_FORM_NUMBERS[self.form] - 1].split()

    def _bracket(self, tokens: Sequence[str], at: int) -> tuple[list[str], int]:
        optional = tokens[at] == "["
        marks, options = len(self.noted), []
        while True:
            words, at = self._sequence(tokens, at + 1)
            options.append((words, self.noted[marks:]))
            del self.noted[marks:]
            if at >= len(tokens):
                raise ConfigurationError("planner frames: a bracket is not closed")
            if tokens[at] != "|":
                break
        if optional and self.rng.random() < 0.5:
            return [], at + 1
        chosen, noted = self.rng.choice(self._offered(options))
        self.noted += noted
        word = next((w for w in chosen if w in _NOTED), None)
        if word is not None and all(any(w in _NOTED for w in option) for option, _ in options):
            self.noted.append(word)
        return chosen, at + 1

    def _offered(self, options: list[tuple[list[str], list[str]]]) -> list[tuple[list[str], list[str]]]:
        if self.unseen or len(options) < _FEWEST:
            return options
        return [option for option in options if not self.frames.unseen(" ".join(option[0]))] or options


@cache
def load_frames() -> Frames:
    """Returns the shipped frames. Raises ConfigurationError if a file is missing or malformed."""
    fixed, grammar = read_yaml("planner_frames.yaml"), read_yaml("planner_grammar.yaml")
    try:
        sections = {name: tuple(map(_frame, fixed[name])) for name in _SECTIONS}
        for group, names in (("actions", _ACTIONS), ("moods", _MOODS)):
            sections |= {f"{group}.{name}": tuple(map(_frame, grammar[group][name])) for name in names}
        sections |= {name: tuple(map(_frame, grammar[name])) for name in (*_PATTERNS, "facts")}
        lists = {name: tuple(grammar[name]) for name in (*_LISTS, "trailing_unless")}
        macros = {**fixed["macros"], **grammar["macros"]}
        reserved = [f for frames in sections.values() for f in frames if f.held_out]
        patterns = tuple(re.compile(rf"(?<!\S){_pattern(f.say, macros)}") for f in reserved)
        verbs = {name: tuple(forms) for name, forms in grammar["verbs"].items()}
        common, trained = frozenset(grammar["common"]), frozenset(grammar["trained"])
        return Frames(sections, macros, verbs, lists, common, trained, patterns)
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"planner frames: {type(error).__name__} {error}") from None


def _frame(entry: Mapping[str, Any]) -> Frame:
    return Frame(
        entry["say"],
        entry.get("means", ""),
        bool(entry.get("test")),
        float(entry.get("w", 1.0)),
        entry.get("contrary", ""),
        bool(entry.get("back")),
    )


def _pattern(say: str, macros: Mapping[str, str]) -> str:
    """Returns a regular expression of all that a frame may say, whatever its phrases; single spaces between words."""
    parts: list[str] = []
    for token in _TOKEN.findall(say):
        if token.startswith("$"):
            parts.append(_pattern(macros[token[1:]], macros) + " ")
        elif token in "()[]|":
            parts.append({"(": "(?:", ")": ")", "[": "(?:", "]": ")?", "|": "|"}[token])
        elif token[0] in "{<":
            kind = _SLOT_PATTERNS.get(token[1], "[PQROK]" if token[1] in "PQROK" else f"[{token[1]}]")
            parts.append(rf"{re.escape(token[0])}{kind}{re.escape(token[-1])} ")
        else:
            parts.append("".join(re.escape(word) + " " for word in token.strip('"').split()))
    return "(?:" + "".join(parts) + ")"
