"""Mends misspelt words: one edit away from a word that is known here, the scene's words first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from robomatrix.scheduling.language.lexicon import verb_base
from robomatrix.scheduling.language.text import Token, singular

_MIN_LENGTH = 4
_MIN_SUBSTITUTED = 5
_MAX_LENGTH = 24


class Speller:
    """Corrects the words of an instruction against vocabularies in order of preference."""

    def __init__(self, preferred: Iterable[str], known: frozenset[str]) -> None:
        """Takes the scene's words, which win, and all other words that mean something."""
        self._preferred = frozenset(preferred)
        self._known = known | self._preferred
        self._tables = (_deletions(self._preferred), _deletions(self._known))

    def correct(self, tokens: Sequence[Token]) -> tuple[Token, ...]:
        """Returns the tokens with misspelt words replaced."""
        return tuple(self._corrected(token) for token in tokens)

    def _corrected(self, token: Token) -> Token:
        if not token.is_word or token.text in self._known or token.lemma in self._known:
            return token
        if any(base in self._known for base in verb_base(token.text)):
            return token
        if not _MIN_LENGTH <= len(token.text) <= _MAX_LENGTH:
            return token
        for table in self._tables:
            found = self._closest(token.text, table)
            if found is not None:
                return Token(found, singular(found))
        return token

    def _closest(self, word: str, table: dict[str, tuple[str, ...]]) -> str | None:
        near = {w for key in (word, *_shortened(word)) for w in table.get(key, ())}
        good = sorted(
            (w for w in near if _one_edit(word, w)),
            key=lambda w: (w[0] != word[0], sorted(w) != sorted(word), -len(w), w),
        )
        return good[0] if good and good[0][0] == word[0] or len(good) == 1 and len(word) > _MIN_SUBSTITUTED else None


@lru_cache(maxsize=64)
def _deletions(words: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """Returns the words by themselves and by each form with one letter missing."""
    table: dict[str, list[str]] = {}
    for word in words:
        if _MIN_LENGTH - 1 <= len(word) <= _MAX_LENGTH:
            for key in (word, *_shortened(word)):
                table.setdefault(key, []).append(word)
    return {key: tuple(found) for key, found in table.items()}


def _shortened(word: str) -> set[str]:
    return {word[:i] + word[i + 1 :] for i in range(len(word))}


def _one_edit(written: str, meant: str) -> bool:
    """Returns whether one letter was dropped, added, swapped with its neighbour or (in longer words) replaced."""
    if len(meant) < _MIN_LENGTH:
        return len(meant) == _MIN_LENGTH - 1 and any(
            written == meant[:i] + meant[i] + meant[i:] for i in range(len(meant))
        )
    if len(written) == len(meant):
        wrong = [i for i, (a, b) in enumerate(zip(written, meant, strict=True)) if a != b]
        if len(wrong) == 1:
            return len(meant) >= _MIN_SUBSTITUTED and wrong[0] > 0
        swapped = len(wrong) == 2 and wrong[1] == wrong[0] + 1
        return swapped and written[wrong[0]] == meant[wrong[1]] and written[wrong[1]] == meant[wrong[0]]
    shorter, longer = sorted((written, meant), key=len)
    return len(longer) - len(shorter) == 1 and shorter in _shortened(longer)
