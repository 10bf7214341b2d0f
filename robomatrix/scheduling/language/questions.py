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


def with_report(instruction: str) -> tuple[str, str]:
    """Returns what is to be done and the question that follows it, such as "go there" and "tell me what you see".

    The question is empty where there is none.
    """
    deed, *rest = re.split(read_yaml("questions.yaml")["reports"], instruction, maxsplit=1, flags=re.IGNORECASE)
    if deed.strip() and rest and question(about(rest[0], "thing")):
        return deed, rest[0]
    return instruction, ""


def about(text: str, name: str) -> str:
    """Returns a question in which "it" and "there" are called by a name."""
    words = read_yaml("questions.yaml")
    inside = re.sub(words["inside"], f"in the {name}", text.rstrip(" ?.!"), flags=re.IGNORECASE)
    return re.sub(words["it"], f"the {name}", inside, flags=re.IGNORECASE)


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
