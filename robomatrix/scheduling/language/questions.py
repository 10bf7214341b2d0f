"""Which question an instruction is, if it is one; the sentences are data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from robomatrix.scheduling.data import read_yaml


@dataclass(frozen=True)
class Question:
    """A question by its kind, and the words in its gaps."""

    kind: str
    """A key of ``questions`` in config/questions.yaml."""
    gaps: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.gaps.get(name) or ""


def question(instruction: str) -> Question | None:
    """Returns the question that a whole instruction is, None if it is none that is known."""
    text = _bare(instruction)
    for kind, pattern in _patterns():
        found = pattern.fullmatch(text)
        if found:
            return Question(kind, found.groupdict())
    return None


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    questions = read_yaml("questions.yaml")["questions"]
    return tuple((kind, re.compile(text)) for kind, texts in questions.items() for text in texts)


def _bare(instruction: str) -> str:
    """Returns an instruction in small letters without courtesies; all of it where nothing else is left."""
    words = read_yaml("questions.yaml")
    text = " ".join(instruction.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split()).strip(" ?.!")
    for short, full in words["contractions"].items():
        text = re.sub(rf"\b{short}\b", full, text)
    before = None
    while text != before:
        before = text
        for courtesy in (*(f"^{c}" for c in words["courtesies"]), words["endings"]):
            text = re.sub(courtesy, "", text) or text
    return text
