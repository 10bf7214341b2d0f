"""Cuts tokens at marks and at single words."""

from __future__ import annotations

from collections.abc import Iterator

from robomatrix.scheduling.language.courtesies import Tokens

CONNECTORS = frozenset(
    {"and", ",", "then", "but", "plus", "also", "next", "afterwards", "finally", "lastly", "or", "&", "so"}
)
_ENDS = frozenset({".", "!", "?", ";", ":"})
_IFS = frozenset({"if", "unless"})
_ANDS = frozenset({"and", ",", "but"})


def sentences(tokens: Tokens) -> Iterator[tuple[Tokens, str]]:
    """Yields the sentences, and the marks that end them."""
    start = 0
    for i, token in enumerate(tokens):
        another = token.text in _IFS and tokens[start].text in _IFS and i > start + 1 and tokens[i - 1].text in _ANDS
        if token.text in _ENDS:
            if i > start:
                yield tokens[start:i], token.text
            start = i + 1
        elif another:  # "if ..., and if ..."
            yield tokens[start : i - 1], "."
            start = i
    if start < len(tokens):
        yield tokens[start:], "."


def split_at(tokens: Tokens, marks: tuple[str, ...]) -> tuple[Tokens, Tokens]:
    """Returns what stands before and after the first of some words; all and nothing where there is none."""
    at = next((i for i, t in enumerate(tokens) if t.text in marks), None)
    if at is None:
        return tokens, ()
    return tokens[:at], tokens[at + 1 :]


def phrase_end(tokens: Tokens) -> int:
    """Returns where the first connector or mark stands."""
    return next((i for i, t in enumerate(tokens) if t.text in CONNECTORS or not t.is_word), len(tokens))
