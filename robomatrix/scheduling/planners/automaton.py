"""A finite grammar for plans without a grammar engine: derivatives of regular expressions over characters.

Every expression is an immutable value; its derivative by a character matches what may follow (Brzozowski 1964). From it
and a tree of the vocabulary follows which tokens a model may write next.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from typing import Any


@dataclass(frozen=True)
class Expression:
    """A set of texts."""


@dataclass(frozen=True)
class Nothing(Expression):
    """No text at all."""


@dataclass(frozen=True)
class Text(Expression):
    """One text; empty for the end."""

    text: str


@dataclass(frozen=True)
class OneOf(Expression):
    """One character of a set."""

    characters: frozenset[str]


@dataclass(frozen=True)
class Then(Expression):
    """One expression after another."""

    first: Expression
    second: Expression


@dataclass(frozen=True)
class Either(Expression):
    """Any of several expressions."""

    options: frozenset[Expression]


@dataclass(frozen=True)
class Many(Expression):
    """Any number of repetitions."""

    inner: Expression


NOTHING, END = Nothing(), Text("")


def then(*parts: Expression) -> Expression:
    """Returns the expressions one after the other."""
    return reduce(_pair, reversed(parts), END) if parts else END


def _pair(second: Expression, first: Expression) -> Expression:
    if NOTHING in (first, second):
        return NOTHING
    if first == END:
        return second
    return first if second == END else Then(first, second)


def either(options: Iterable[Expression]) -> Expression:
    """Returns the union of expressions."""
    flat: set[Expression] = set()
    for option in options:
        flat |= set(option.options) if isinstance(option, Either) else {option}
    flat.discard(NOTHING)
    if len(flat) < 2:
        return next(iter(flat), NOTHING)
    return Either(frozenset(flat))


@cache
def may_end(expression: Expression) -> bool:
    """Returns whether the empty text is among those an expression matches."""
    match expression:
        case Text(text):
            return not text
        case Then(first, second):
            return may_end(first) and may_end(second)
        case Either(options):
            return any(map(may_end, options))
        case Many():
            return True
        case _:
            return False


@cache
def derivative(expression: Expression, character: str) -> Expression:
    """Returns what may follow after a character; :data:`NOTHING` if the character may not stand there."""
    match expression:
        case Text(text):
            return Text(text[1:]) if text[:1] == character else NOTHING
        case OneOf(characters):
            return END if character in characters else NOTHING
        case Then(first, second):
            rest = _pair(second, derivative(first, character))
            return either([rest, derivative(second, character)]) if may_end(first) else rest
        case Either(options):
            return either(derivative(option, character) for option in options)
        case Many(inner):
            return _pair(expression, derivative(inner, character))
        case _:
            return NOTHING


_DIGITS = OneOf(frozenset("0123456789"))
_LETTERS = OneOf(frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,'?():;_-"))
_STRING = then(Text('"'), Many(_LETTERS), Text('"'))
_INTEGER = then(either([END, Text("-")]), _DIGITS, either([END, _DIGITS]), either([END, _DIGITS]))
_NUMBER = then(_INTEGER, either([END, then(Text("."), _DIGITS, either([END, _DIGITS]))]))


def schema_grammar(schema: Mapping[str, Any]) -> Expression:
    """Returns the grammar of the texts of a schema, keys in order, written in one fixed way.

    Covers what :func:`robomatrix.scheduling.schema.plan_schema` uses. Raises ValueError for anything else.
    """
    if "enum" in schema:
        return either(Text(json.dumps(value, ensure_ascii=False)) for value in schema["enum"])
    if "anyOf" in schema:
        return either(schema_grammar(option) for option in schema["anyOf"])
    match schema.get("type"):
        case "object":
            return _object(schema["properties"])
        case "array":
            item = schema_grammar(schema["items"])
            return then(Text("["), either([END, then(item, Many(then(Text(", "), item)))]), Text("]"))
        case "string":
            return _STRING
        case "number":
            return _NUMBER
        case "integer":
            return _INTEGER
        case "boolean":
            return either([Text("true"), Text("false")])
        case other:
            raise ValueError(f"no grammar for the type {other!r}")


def _object(properties: Mapping[str, Any]) -> Expression:
    parts: list[Expression] = [Text("{")]
    for index, (name, schema) in enumerate(properties.items()):
        parts += [Text(f"{', ' if index else ''}{json.dumps(name)}: "), schema_grammar(schema)]
    return then(*parts, Text("}"))


class VocabularyTree:
    """The tokens of a vocabulary as a tree of characters, to find all that an expression allows in one walk."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Takes the text of each token by id; tokens without text are never allowed."""
        self._root: dict = {}
        for token, text in enumerate(texts):
            node = self._root
            for character in text:
                node = node.setdefault(character, {})
            if text:
                node.setdefault("", []).append(token)
        self._texts = texts
        self._allowed: dict[Expression, list[int]] = {}

    def allowed(self, expression: Expression) -> list[int]:
        """Returns the tokens that may come next."""
        if expression not in self._allowed:
            found: list[int] = []
            self._walk(self._root, expression, found)
            self._allowed[expression] = found
        return self._allowed[expression]

    def _walk(self, node: dict, expression: Expression, found: list[int]) -> None:
        for character, child in node.items():
            if character == "":
                found.extend(child)
                continue
            rest = derivative(expression, character)
            if rest != NOTHING:
                self._walk(child, rest, found)

    def after(self, expression: Expression, token: int) -> Expression:
        """Returns what may follow after a token."""
        return reduce(derivative, self._texts[token], expression)
