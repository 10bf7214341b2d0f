"""One clause: what kind of thing is said, with which verb, and what is mere politeness."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from robomatrix.scheduling.language.clause_words import (
    ALONE,
    ASKING,
    BEING,
    DETERMINERS,
    DOORS,
    ENSURE,
    LIKES,
    LINKS,
    MODALS,
    NEGATIONS,
    OPENERS,
    PERSONS,
    QUESTIONS,
    REMARKS,
    STATE_WORDS,
    WHERE_IT_IS,
    WISHES,
    is_participle,
)
from robomatrix.scheduling.language.courtesies import Courtesies, Tokens, texts
from robomatrix.scheduling.language.lexicon import Match, Verb
from robomatrix.scheduling.language.text import Token

_NO_SUBJECTS = frozenset({"you", "i", "we", "can", "could", "if"})
_BEING = frozenset({"is", "are", "be", "should", "must", "was", "were", "needs", "to", "has", "have"})
_TELLING = frozenset(
    {
        *(("i", verb) for verb in ("am", "feel", "have", "was", "see", "left", "forgot", "lost")),
        *(("we", "are"), ("we", "left"), ("it", "is"), ("you", "see"), ("here", "is"), ("here", "are")),
    }
)
"""How a sentence begins that tells something."""
_WHERE = frozenset({"in", "on", "at", "to", "near", "under"})
_AGAIN = frozenset({"do", "same", "likewise", "ditto"})
_OF_ALL = frozenset({*DETERMINERS, "of", "these", "those"})
_DEFINITE = frozenset({"the", "my", "your", "his", "her", "our", "their", "its"})
Form = Literal["command", "wish", "state", "information", "fragment", "question"]


@dataclass(frozen=True)
class Guard:
    """A condition on a clause."""

    tokens: Tokens
    positive: bool = True
    trailing: bool = False
    """True for "..., if it is open": what the clause names may be meant by "it"."""


@dataclass(frozen=True)
class Clause:
    """One thing that is said."""

    form: Form
    tokens: Tokens
    """Without fillers; without the verb for a command."""
    verb: Match[Verb] | None = None
    benefit: bool = False
    """True if "for me" was said."""
    unable: str = ""
    """The verb phrase, if it asks for what no skill does."""
    whole: Tokens = ()
    """With the verb."""
    negated: bool = False
    guards: tuple[Guard, ...] = ()
    heading: bool = False
    """True before a colon: what follows says what is meant."""
    correction: bool = False
    """True if it replaces or amends what was said before."""
    opens: bool = False
    """True if a sentence begins with it."""

    @property
    def repeats(self) -> bool:
        """Whether it is "do the same" and the like."""
        return self.form == "fragment" and bool(self.whole) and self.whole[0].text in _AGAIN

    @property
    def objects(self) -> Tokens:
        """What stands after its verb, known or not."""
        known = self.verb is not None or bool(self.unable)
        return self.tokens[1:] if not known and self.tokens and self.tokens[0].is_word else self.tokens

    def __str__(self) -> str:
        return " ".join(t.text for t in self.whole)


@dataclass(frozen=True)
class ClauseReader(Courtesies):
    """Reads single clauses of an instruction about a scene."""

    def starts_command(self, tokens: Tokens, at: int, *, strict: bool) -> bool:
        """Returns whether a verb in the imperative stands at a position, fillers skipped.

        Args:
            tokens: the sentence.
            at: the position.
            strict: True where no connector stands before it: then the verb must be followed by an article or pronoun.
        """
        body = self.without_fillers(tokens[at:])
        if not body or (strict and (len(body) != len(tokens) - at or _is_determined(tokens, at))):
            return False
        verb = self.lexicon.verbs.verb_at(body, 0) or self.lexicon.unable.verb_at(body, 0)
        if verb is None:
            return not strict and self.is_call(body, 0)
        relation = self.lexicon.relations.at(body, 0)
        if strict and relation is not None and relation.length > verb.length:  # "(go) close to the desk"
            return False
        following = body[verb.length].text if len(body) > verb.length else ""
        if strict:
            imperative = self.lexicon.verbs.at(body, 0) is not None or self.lexicon.unable.at(body, 0) is not None
            return (
                imperative
                and (following in OPENERS or self._puts(body))
                and (not self.is_noun(body[0]) or body[0].text in ("open", "close"))
                and body[0].text not in ("set", "left")
            )
        if verb.length == 1 and self.is_noun(body[0]):
            states = body[0].text in ("open", "close", "clear", "empty") and len(body) > 1 and self.is_noun(body[1])
            steps = not strict and self.is_call(body, 0, 1 + (self.lexicon.directions.at(body, 1) is None))
            return following in OPENERS or states or steps or self._puts(body)
        return not body[0].text.endswith("ed") or self.lexicon.verbs.at(body, 0) is not None

    def _puts(self, body: Tokens) -> bool:
        return body[0].text in ("put", "place") and self.lexicon.relations.at(body, 1) is not None

    def clause(self, tokens: Tokens) -> Clause | None:
        """Returns what a piece of a sentence says; None if it says nothing."""
        body = self.without_trailers(self.without_fillers(tokens))
        if len(body) > 2 and texts(body, len(body) - 2, len(body)) in (("for", "me"), ("for", "us")):
            inner = self.clause(body[:-2])
            return replace(inner, benefit=True) if inner else None
        if not body:
            return None
        kept = self._left_alone(body)
        if kept:
            return Clause("command", kept, whole=body, negated=True)
        negation = next((n for n in NEGATIONS if texts(body, 0, len(n)) == n), None)
        if negation:
            inner = self.clause(body[len(negation) : -1 if body[-1].text in ALONE else None])
            return replace(inner, negated=not inner.negated, whole=body) if inner else None
        return self._wish(body) or self._ensured(body) or self._statement(body) or self._command(body)

    @staticmethod
    def _left_alone(body: Tokens) -> Tokens:
        """Returns the subject of "leave A alone" or "A should be left where it is"; nothing if it is none of these."""
        if body[-1].text not in ALONE and not WHERE_IT_IS & set(_pairs(body)):
            return ()
        end = next((i for i, t in enumerate(body) if t.text in (*ALONE, "where")), len(body))
        if body[0].text in ("leave", "keep", "leaving", "keeping"):
            return body[1:end]
        left = next((i for i, t in enumerate(body) if t.text in ("left", "stay", "remain")), 0)
        wish = max((len(w) for w in WISHES if texts(body, 0, len(w)) == w), default=0)
        return tuple(t for t in body[wish:left] if t.text not in BEING)

    def _wish(self, body: Tokens) -> Clause | None:
        for phrase in WISHES:
            if texts(body, 0, len(phrase)) == phrase and len(body) > len(phrase):
                rest = body[len(phrase) :]
                if rest[0].text == "to" and self.lexicon.verbs.verb_at(rest, 1):
                    return self._command(rest[1:])
                if rest[0].text == "to" and len(rest) > 1 and rest[1].text not in ("be", "have", "see"):
                    return Clause("information", rest[1:], whole=body)  # what the speaker will do
                return self._passive(rest, body) or Clause("wish", self._stated(rest), whole=body)
        return None

    def _ensured(self, body: Tokens) -> Clause | None:
        for phrase in ENSURE:
            if texts(body, 0, len(phrase)) != phrase:
                continue
            rest = body[len(phrase) :]
            verb_like = phrase in (("have",), ("get",), ("let",), ("leave",), ("keep",))
            if verb_like and (passive := self._passive(rest, body)):
                return passive
            placed = any(t.text in STATE_WORDS and is_participle(t.text) for t in rest[1:])
            if verb_like and not placed and not self._ends_in_state(rest):
                continue
            if (
                rest
                and self.lexicon.verbs.verb_at(rest, 0)
                and rest[0].text not in ("the", "all")
                and not self.is_noun(rest[0])
            ):
                return self._command(rest)
            if rest:
                state = Clause("state", self._stated(_unmodal(rest)), whole=body)
                return self._passive(rest, body) or state
        return None

    def _passive(self, tokens: Tokens, whole: Tokens) -> Clause | None:
        """Reads "(I want) A (to be) thrown away" as the command "throw away A"; None if no such verb stands there."""
        for at in range(1, len(tokens)):
            token = tokens[at]
            participle = is_participle(token.text)
            attribute = at + 1 < len(tokens) and self.is_noun(tokens[at + 1]) and tokens[at + 1].text not in DOORS
            attribute = attribute and self.lexicon.relations.at(tokens, at + 1) is None
            verb = self.lexicon.verbs.verb_at(tokens, at)
            if verb is not None and verb.value.intents == ("go",):  # "A is moved to B" sends nobody to A
                verb = self.lexicon.verbs.verb_at(tokens[: at + 1], at)
            if not participle or attribute or self.is_noun(token) or verb is None:
                continue
            bound = any(self.lexicon.relations.at(tokens, i) is not None for i in range(at + 1, len(tokens)))
            moved = {"place", "take", "bring"} & set(verb.value.intents)
            if token.text in STATE_WORDS and moved and (bound or "take" not in moved):
                continue
            subject = tuple(t for t in tokens[:at] if t.text not in BEING and t.text not in ("end", "ends", "up"))
            if not any(self.is_noun(t) for t in subject):
                return None
            return Clause("command", (*self._located(subject), *tokens[at + verb.length :]), verb, whole=whole)
        return None

    def participial(self, tokens: Tokens) -> Clause | None:
        """Returns what "(A must be opened and) the box shut" asks for in its second part; None for anything else."""
        body = self.without_trailers(self.without_fillers(tokens))
        if len(body) < 2 or body[0].text not in DETERMINERS or body[-1].text not in DOORS | {"opened", "emptied"}:
            return None
        if body[-1].text in ("opened", "emptied"):
            return self._passive(body, body)
        return Clause("state", body, whole=body) if all(t.is_word for t in body) else None

    def _ends_in_state(self, tokens: Tokens) -> bool:
        return bool(tokens) and tokens[-1].text in ("open", "closed", "shut", "opened")

    def _statement(self, body: Tokens) -> Clause | None:
        told = self._remark(body)
        if told is not None:
            return Clause("information", told, whole=body)
        if body[0].text == "there" and len(body) > 1:
            rest = tuple(t for t in body[1:] if t.text not in _BEING)
            return Clause("state" if body[1].text in MODALS else "information", rest, whole=body)
        if body[0].text in ASKING and len(body) > 2:
            return Clause("question", body, whole=body)
        if {("has", "been"), ("have", "been")} & set(zip(*(texts(body, i, len(body)) for i in (0, 1)), strict=False)):
            return Clause("information", body, whole=body)
        return self._modal(body) or self._linked(body)

    def _remark(self, body: Tokens) -> Tokens | None:
        """Returns what is left of "I left it there", "she likes the red one" without who says so."""
        told = len(body) > 2 and body[0].text in PERSONS and body[2].text != "to"
        if told and (body[1].text in REMARKS or body[1].text.endswith("ed")):
            return body[2:]
        liked = next((i for i in range(min(len(body) - 1, 5)) if body[i].text in LIKES), -1)
        if liked >= 0 and self.lexicon.verbs.verb_at(body, 0) is None:
            return body[liked + 1 :]
        unable = next((i for i in range(1, min(len(body), 4)) if texts(body, i, i + 2) == ("can", "not")), 0)
        if unable and len(body) > unable + 3 and body[0].text not in ("you", "robot"):
            needed = tuple(t for t in body[unable + 3 :] if t.text != "without")
            return (*(body[:unable] if body[0].text not in PERSONS else ()), Token(",", ","), *needed)
        return body[2:] if texts(body, 0, 2) in _TELLING else None

    def _modal(self, body: Tokens) -> Clause | None:
        """Reads "the can should be on the table"."""
        if body[0].text in ("can", "could", "may") and "be" in texts(body, 2, 12):
            rest = body[1:]
            return self._passive(rest, body) or Clause("state", _without_state_words(rest), whole=body)
        modal = self.modal_at(body)
        if modal <= 0:
            return None
        subject = self._located(body[:modal])
        passive = self._passive((*subject, *body[modal + 1 :]), body)
        if passive:
            return passive
        predicate = _without_state_words(body[modal + 1 :])
        if self.lexicon.relations.at(body, 0) is not None:  # "into the bin goes the can"
            subject, predicate = predicate, subject
        return Clause("state", (*subject, *predicate), whole=body)

    def _stated(self, tokens: Tokens) -> Tokens:
        """Returns what is to be where: "the can (that is) on the table (put) on the shelf"."""
        at = next((i for i, t in enumerate(tokens) if i and t.text in STATE_WORDS and is_participle(t.text)), 0)
        goes = at and self.lexicon.relations.at(tokens, at + 1) is not None
        return _without_state_words((*self._located(tokens[:at]), *tokens[at:]) if goes else tokens)

    def _located(self, subject: Tokens) -> Tokens:
        """Returns "the can that is on the table" for "the can on the table", of which something is said."""
        for at in range(1, len(subject)):
            match = self.lexicon.relations.at(subject, at)
            if subject[at].text in ("that", "which", "with"):
                return subject
            if match is not None:
                noun = match.value in _WHERE and self.is_noun(subject[at - 1]) and len(subject) > at + match.length
                place = noun and subject[at + match.length].text not in BEING
                inserted = (Token("that", "that"), Token("is", "is")) if place else ()
                return (*subject[:at], *inserted, *subject[at:])
        return subject

    def _linked(self, body: Tokens) -> Clause | None:
        """Reads "the pan is dirty" and questions."""
        linked = next((i for i, t in enumerate(body) if t.text in LINKS and i > 0), 0)
        starts_with_verb = self.lexicon.verbs.verb_at(body, 0) is not None and (
            not self.is_noun(body[0]) or self._verb_reading(body, 1)
        )
        whole = body[0].text in ("everything", "whatever", "what")
        whole = whole or texts(body, 0, 1) == ("all",) and not {*texts(body, 1, 2)} & _OF_ALL
        if linked and not starts_with_verb and not whole:
            to_be = texts(body, linked + 1, linked + 3) in (("to", "be"), ("to", "go"))
            rest = self._told(body[:linked], _without_state_words(body[linked + 1 :]))
            return Clause("state" if to_be else "information", rest, whole=body)
        if body[0].text in QUESTIONS and not (linked and body[0].text == "what"):
            return Clause("question", body, whole=body)
        return None

    def _told(self, subject: Tokens, predicate: Tokens) -> Tokens:
        """Returns what a statement names: "the pan (is dirty)", "the can (is) on it", "Emma (is) looking for a key"."""
        located = self.lexicon.relations.at(predicate, 0) is not None or subject[-1].text == "there"
        if not predicate or located:
            return (*subject, *predicate)
        names = any(t.text in _DEFINITE for t in predicate)
        return (*subject, Token(",", ","), *predicate) if names else subject

    def modal_at(self, body: Tokens) -> int:
        """Returns where a subject's "should", "must", "goes" stands; 0 if the clause is none of that kind."""
        if not body or self.lexicon.verbs.verb_at(body, 0) and not self.is_noun(body[0]):
            return 0
        for i in range(1, min(len(body), 14)):
            text = body[i].text
            if text == "where" or text in (",", "and") and i > 6:
                return 0
            if text in MODALS and not (i == 1 and body[0].text == "that") and body[0].text not in _NO_SUBJECTS:
                vague = text in ("can", "have", "need", "go", "will", "may", "want", "has", "gets")
                if not vague or _followed_by_be(body, i):
                    return i
        return 0

    def _command(self, body: Tokens) -> Clause:
        verb = self.lexicon.verbs.verb_at(body, 0)
        unable = self.lexicon.unable.verb_at(body, 0)
        noun = self.is_noun(body[0]) and not self._verb_reading(body, 1)
        looks = is_participle(body[0].text) and body[0].text in self.index.words  # "striped shirt to the washer"
        if verb is not None and verb.length == 1 and (noun or looks):
            verb = None
        if unable is not None and (verb is None or unable.length > verb.length):
            if self.is_noun(body[0]) and unable.length == 1 and not self._verb_reading(body, 1):
                unable = None
            else:
                return Clause("command", body[unable.length :], unable=unable.value, whole=body)
        if verb is not None:
            return Clause("command", body[verb.length :], verb, whole=body)
        if self.is_call(body, 0):
            return Clause("command", body[1:], whole=body)
        return Clause("fragment", body, whole=body)

    def _verb_reading(self, body: Tokens, length: int) -> bool:
        """A word that is noun and verb is a verb before an article, a particle or a thing, a noun before a relation."""
        if len(body) <= length:
            return False
        following = body[length]
        if following.text in OPENERS:
            return True
        if self.lexicon.relations.at(body, length) is not None:
            return False
        return following.is_word and following.text not in ("and", "or", ",", "is", "are")

    def is_complete(self, tokens: Tokens) -> bool:
        """A clause is complete when something stands after its verb."""
        body = self.without_fillers(tokens)
        verb = self.lexicon.verbs.verb_at(body, 0)
        if verb is None:
            unable = self.lexicon.unable.verb_at(body, 0)
            return unable is not None and len(body) > unable.length or self.is_call(body, 0)
        return len(body) > verb.length or any(i in ("look", "go", "turn", "stop", "wait") for i in verb.value.intents)


def _is_determined(tokens: Tokens, at: int) -> bool:
    """True for a noun that may also be a verb: "in your hand", "a quarter turn"."""
    return at > 0 and tokens[at - 1].text in DETERMINERS


def _unmodal(tokens: Tokens) -> Tokens:
    return tuple(t for t in tokens if t.text not in ("is", "are", "should", "must", "that", "it's"))


def _pairs(body: Tokens) -> list[tuple[str, str, str]]:
    return [texts(body, i, i + 3) for i in range(len(body) - 2)]


def _without_state_words(tokens: Tokens) -> Tokens:
    """Drops "to be", "go", "end up" and the like between a subject and its place."""
    following = [*(t.text for t in tokens[1:]), ""]
    pairs = zip(tokens, following, strict=False)
    return tuple(t for t, after in pairs if t.text not in STATE_WORDS and not (t.text == "to" and after in STATE_WORDS))


def _followed_by_be(body: Tokens, at: int) -> bool:
    return (
        texts(body, at + 1, at + 3) in (("to", "be"), ("to", "go"), ("to", "get"), ("to", "end"))
        or texts(body, at + 1, at + 2) in (("be",), ("go",))
        or (body[at].text in ("go", "need") and at > 0 and body[at - 1].plural and body[at].text == "go")
    )
