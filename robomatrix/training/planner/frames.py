"""Sentence frames of ``config/planner_frames.yaml``: how something is said, and the goal program that is meant."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from robomatrix.errors import ConfigurationError
from robomatrix.scheduling.data import read_yaml

_SECTIONS = ("manipulation", "conditions", "decline", "idle", "shooter", "mobile", "humanoid", "player", "hand")
_TOKEN = re.compile(r'\$\w+|"[^"]*"|[()\[\]|]|\{\w+\}|<\w+>|[^\s()\[\]|{}<>"]+')
_NOTED = frozenset(["left", "right", "forward", "backward", "up", "down", "both"])
"""Alternatives that a program may refer to as $1, $2, ..., in the order in which they were chosen."""


@dataclass(frozen=True)
class Frame:
    """One way to say something."""

    say: str
    means: str
    held_out: bool = False
    """Kept from training, for the test."""


@dataclass(frozen=True)
class Said:
    """A frame with its alternatives chosen; ``{T}`` and ``<T>`` still stand for phrases."""

    words: tuple[str, ...]
    means: str


@dataclass(frozen=True)
class Frames:
    """All frames and lists of the data file."""

    sections: Mapping[str, tuple[Frame, ...]]
    macros: Mapping[str, str]
    lists: Mapping[str, tuple[str, ...]]

    def choose(self, section: str, rng: Random, *, held_out: bool) -> Frame:
        """Returns a frame for training, or one that training never sees."""
        return rng.choice([frame for frame in self.sections[section] if frame.held_out == held_out])

    def expand(self, frame: Frame, rng: Random) -> Said:
        """Returns the frame with every alternative chosen."""
        noted: list[str] = []
        words = _Expander(self.macros, rng, noted).run(frame.say)
        means = frame.means
        for number, word in enumerate(noted, 1):
            means = means.replace(f"${number}", word)
        return Said(tuple(words), means)

    def listed(self, name: str, rng: Random) -> list[str]:
        """Returns the words of one of a list's phrases."""
        return rng.choice(self.lists[name]).split()


@dataclass
class _Expander:
    macros: Mapping[str, str]
    rng: Random
    noted: list[str]

    def run(self, text: str) -> list[str]:
        tokens = _TOKEN.findall(text)
        words, end = self._sequence(tokens, 0)
        if end != len(tokens):
            raise ConfigurationError(f"planner_frames.yaml: '{text}' has a bracket too many")
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
            return self.run(self.macros[token[1:]])
        return token.strip('"').split()

    def _bracket(self, tokens: Sequence[str], at: int) -> tuple[list[str], int]:
        optional = tokens[at] == "["
        marks, options = len(self.noted), []
        while True:
            words, at = self._sequence(tokens, at + 1)
            options.append((words, self.noted[marks:]))
            del self.noted[marks:]
            if at >= len(tokens):
                raise ConfigurationError("planner_frames.yaml: a bracket is not closed")
            if tokens[at] != "|":
                break
        if optional and self.rng.random() < 0.5:
            return [], at + 1
        chosen, noted = self.rng.choice(options)
        self.noted += noted
        word = next((w for w in chosen if w in _NOTED), None)
        if word is not None and all(any(w in _NOTED for w in option) for option, _ in options):
            self.noted.append(word)
        return chosen, at + 1


@cache
def load_frames() -> Frames:
    """Returns the shipped frames. Raises ConfigurationError if the file is missing or malformed."""
    data = read_yaml("planner_frames.yaml")
    try:
        sections = {name: tuple(map(_frame, data[name])) for name in _SECTIONS}
        lists = {name: tuple(data[name]) for name in ("otherwise", "corrections", "prefixes", "suffixes")}
        return Frames(sections, data["macros"], lists)
    except (KeyError, TypeError) as error:
        raise ConfigurationError(f"planner_frames.yaml: {type(error).__name__} {error}") from None


def _frame(entry: Mapping[str, Any]) -> Frame:
    return Frame(entry["say"], entry["means"], bool(entry.get("test")))
