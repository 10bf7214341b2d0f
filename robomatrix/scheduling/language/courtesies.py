"""What is said around a command and means nothing to it, and the words that it may begin with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from robomatrix.scheduling.language.clause_words import OWN_PLANS, WISHES
from robomatrix.scheduling.language.entities import EntityIndex
from robomatrix.scheduling.language.lexicon import Lexicon, verb_base
from robomatrix.scheduling.language.text import Token

Tokens = tuple[Token, ...]
_BEFORE_DOORS = (("the",), ("my",), ("your",), ("a",), ("that",), ("this",), ("all",), ("both",), ("every",))
_BEFORE_NAMES = frozenset({"from", "of", "for", "with", "by"})
"""After these, "my friend" is somebody else."""


@dataclass(frozen=True)
class Courtesies:
    """Knows politeness from commands, for the words of a scene and of a robot's skills."""

    index: EntityIndex
    lexicon: Lexicon
    calls: frozenset[tuple[str, ...]] = frozenset()
    """Phrases that call for one of the robot's own skills."""

    def is_noun(self, token: Token) -> bool:
        """Returns whether a word may name something, or says how something is."""
        return token.text != "place" and (
            token.lemma in self.index.nouns
            or token.lemma in self.index.words
            or token.text
            in ("open", "closed", "close", "clear", "clean", "light", "empty", "dry", "cool", "warm", "left")
        )

    def is_call(self, tokens: Tokens, at: int, shortest: int = 1) -> bool:
        """Returns whether a phrase of so many words or more that calls a skill by name begins at a position."""
        if at >= len(tokens):
            return False
        rest, more = texts(tokens, at + 1, at + 6), range(shortest - 1, 6)
        return any((base, *rest[:length]) in self.calls for base in verb_base(tokens[at].text) for length in more)

    def _asked_for(self, tokens: Tokens, at: int) -> bool:
        return any(table.verb_at(tokens, at) is not None for table in (self.lexicon.verbs, self.lexicon.unable))

    def without_fillers(self, tokens: Tokens) -> Tokens:
        """Drops what is said before a command and means nothing to it."""
        at = 0
        while at < len(tokens):
            if tokens[at].text in (",", "-", "(", ")", "+", "and", "but"):
                at += 1
                continue
            if (at == 0 and tokens[0].text == "to" or tokens[at].text == "both") and self._asked_for(tokens, at + 1):
                at += 1
                continue
            if tokens[at].text in ("go", "come") and self._leads_to_verb(tokens, at):
                at += 1
                continue
            if texts(tokens, at, at + 2) == ("next", "to"):
                break
            match = self.lexicon.prefaces.at(tokens, at)
            wish = max((len(w) for w in WISHES if texts(tokens, at, at + len(w)) == w), default=0)
            if match is not None and tokens[at].text == "if" and self.sees(tokens, at + match.length):
                break
            if match is None or wish > match.length or self._is_wanted(tokens, at, match.length):
                break
            own = texts(tokens, at, at + match.length) in (*OWN_PLANS, ("proceed", "to")) and at + match.length < len(
                tokens
            )
            verb = self.lexicon.verbs.verb_at(tokens, at + match.length)
            if own and verb is None and not self.is_call(tokens, at + match.length):
                break
            at += match.length
        return tokens[at:]

    @staticmethod
    def sees(tokens: Tokens, at: int) -> bool:
        """True after "if you can" in "if you can see A": a condition, and no politeness."""
        return at < len(tokens) and tokens[at].text in ("not", "see", "find", "spot", "detect", "locate")

    def _leads_to_verb(self, tokens: Tokens, at: int) -> bool:
        """True for "go pick up A", where "go" says nothing."""
        whole, rest = self.lexicon.verbs.at(tokens, at), self.lexicon.verbs.at(tokens, at + 1)
        following = texts(tokens, at + 1, at + 3)
        door = following[:1] in (("open",), ("close",)) and following[1:] in _BEFORE_DOORS
        if whole is None or whole.length > 1 or rest is None or self.is_noun(tokens[at + 1]) and not door:
            return False
        return self.lexicon.relations.at(tokens, at + 1) is None and "go" not in rest.value.intents

    def _is_wanted(self, tokens: Tokens, at: int, length: int) -> bool:
        """A filler that begins what is meant is none: "man", "computer", "first ..." before nothing."""
        if length > 1:
            return False
        token = tokens[at]
        following = tokens[at + 1].text if at + 1 < len(tokens) else ""
        if token.lemma in self.index.words and following not in (",", "please"):
            return True
        return token.text in ("you", "just", "second", "last", "now") and not following

    def without_trailers(self, tokens: Tokens) -> Tokens:
        """Drops what is said after a command and means nothing to it."""
        end = len(tokens)
        while end > 0:
            if tokens[end - 1].text in (",", "-", "(", ")", "and", "then", "but", "+"):
                end -= 1
                continue
            match = self.lexicon.trailers.ending(tokens, end)
            if match is None or (match.length == 1 and end == 1) or self._keeps(tokens, end, match.length):
                break
            end -= match.length
        return tokens[:end]

    def _keeps(self, tokens: Tokens, end: int, length: int) -> bool:
        """Handles "there", "too" and the like belong to the command where a place is missing without them."""
        if end > length and tokens[end - length - 1].text in _BEFORE_NAMES:
            return True
        if tokens[end - 1].text == "first" and tokens[end - 2].text in ("it", "them", "that"):
            return False
        return length == 1 and tokens[end - 1].text in ("there", "first", "then") and end > 1


def texts(tokens: Sequence[Token], start: int, end: int) -> tuple[str, ...]:
    """Returns the words of some tokens."""
    return tuple(t.text for t in tokens[start:end])
