"""Composes instructions out of frames: clauses, pronouns, conditions, corrections, politeness, slips of the fingers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from robomatrix.training.planner.frames import Frame, Frames, Said

_VARIABLE = re.compile(r"\b[A-Z]\w?\b")
_SLOT = re.compile(r"([{<])(\w+)([}>])")
_PLACES = "PQR"
_NO_VERBS = frozenset(
    ["i", "we", "first", "before", "after", "once", "when", "could", "there", "not", "you", "do", "dont", "what"]
)
"""Begin frames that are no commands."""
_TIGHT = frozenset(["put", "take", "give", "discard"])
_AT = [
    "on",
    "in",
    "from",
    "off",
    "inside",
    "lying_on",
    "standing_on",
    "that_is_on",
    "that_are_in",
    "which_is_in",
    "at",
    "out_of",
]


@dataclass(frozen=True)
class Draft:
    """An instruction whose phrases are still variables, and its program over the same variables."""

    words: tuple[str, ...]
    means: str
    tags: tuple[str, ...] = ()


def renamed(said: Said, number: int) -> Draft:
    """Returns a frame with variables of its own."""
    words = tuple(_SLOT.sub(rf"\1\g<2>_{number}\3", word) for word in said.words)
    return Draft(words, _VARIABLE.sub(lambda m: f"{m[0]}_{number}", said.means))


@dataclass(frozen=True)
class Composer:
    """Draws drafts for robots of one sort."""

    frames: Frames
    rng: Random
    held_out: bool

    def draft(self, section: str, skills: Sequence[str]) -> Draft:
        """Returns an instruction of one to three clauses."""
        roll = self.rng.random()
        if section == "manipulation" and roll < 0.17:
            return self._polite(self._declined())
        if section == "manipulation" and roll < 0.30:
            return self._polite(self._conditional())
        if section == "manipulation" and roll < 0.38:
            return self._polite(self._corrected())
        if section == "manipulation" and roll < 0.43:
            return self._polite(self._guarded())
        if section == "manipulation" and roll < 0.48:
            return self._polite(self._ordered(skills))
        if section in ("humanoid", "player", "hand") and roll < 0.12:  # what such a robot cannot do
            other = self._declined() if roll < 0.05 else self._clause("manipulation", (), 0)
            return self._polite(replace(other, tags=(*other.tags, section)))
        count = self.rng.choices([1, 2, 3], [0.62, 0.28, 0.10])[0]
        draft = self._sequence([self._clause(section, skills, i) for i in range(count)])
        if self.rng.random() < 0.05:
            draft = self._after_idle(draft)
        return self._polite(draft)

    # --- single clauses ------------------------------------------------------------------------------------------

    def _clause(self, section: str, skills: Sequence[str], number: int) -> Draft:
        if section == "manipulation" and "turn" in skills and self.rng.random() < 0.07:
            section = "mobile"
        if section == "shooter" and self.rng.random() < 0.25:
            section = "mobile"
        said = self.frames.expand(self.frames.choose(section, self.rng, held_out=self.held_out), self.rng)
        draft = replace(renamed(said, number), tags=(section,))
        return self._widened(draft) if section == "manipulation" and self.rng.random() < 0.3 else draft

    def _widened(self, draft: Draft) -> Draft:
        """Adds to a thing where it is, another thing, or an exception."""
        action, *rest = draft.means.split()
        variable = rest[0] if rest else ""
        slot = "{" + variable + "}"
        if action not in _TIGHT or ";" in draft.means or not variable.startswith("T") or slot not in draft.words:
            return draft
        if any(mark in variable for mark in "@+-"):
            return draft
        extra, kind = f"{variable}x", self.rng.choice(["at", "at", "and", "except"])
        if kind == "at":
            added, term = [*self.rng.choice(_AT).split("_"), f"{{Q{extra}}}"], f"{variable}@Q{extra}"
        elif kind == "and":
            added, term = [self.rng.choice(["and", "and", ", and", "as well as", "plus"]), f"{{U{extra}}}"], ""
            added, term = [w for a in added for w in a.split()], f"{variable}+U{extra}"
        else:
            lead = self.frames.expand(plain("$except"), self.rng).words
            added, term = [*lead, f"{{U{extra}}}"], f"{variable}-U{extra}"
        at = draft.words.index(slot)
        words = (*draft.words[: at + 1], *added, *draft.words[at + 1 :])
        return replace(draft, words=words, means=" ".join([action, term, *rest[1:]]), tags=(*draft.tags, kind))

    # --- several clauses -----------------------------------------------------------------------------------------

    def _sequence(self, clauses: Sequence[Draft]) -> Draft:
        words, means, tags = list(clauses[0].words), [clauses[0].means], list(clauses[0].tags)
        for before, clause in zip(clauses, clauses[1:], strict=False):
            clause = self._referring(before, clause) if self.rng.random() < 0.3 else clause
            words += [*self.frames.expand(plain("$so"), self.rng).words, *clause.words]
            means.append(clause.means)
            tags += [*clause.tags, "several"]
        program = "no" if "no" in means else "; ".join(means)
        return Draft(tuple(words), program, tuple(dict.fromkeys(tags)))

    def _referring(self, before: Draft, clause: Draft) -> Draft:
        """Replaces the clause's thing by a pronoun for the thing of the clause before."""
        last = before.means.split("; ")[-1].split()
        if len(last) < 2 or any(mark in last[1] for mark in "@+-") or last[0] in ("keep", "swap", "call", "sort"):
            return clause
        theirs = last[1]
        own = next((w[1:-1] for w in clause.words if w.startswith("{") and w[1] == theirs[0]), None)
        named = f"{{{theirs}}}" in before.words
        if own is None or theirs[0] not in "TO" or not named or f"<{own}>" in clause.words:
            return clause
        words = tuple(f"<{theirs}>" if w == f"{{{own}}}" else w for w in clause.words)
        means = re.sub(rf"\b{own}\b(?![x_])", theirs, clause.means)
        return replace(clause, words=words, means=means, tags=(*clause.tags, "pronoun"))

    def _after_idle(self, draft: Draft) -> Draft:
        said = self.frames.expand(self.frames.choose("idle", self.rng, held_out=self.held_out), self.rng)
        idle = renamed(said, 7)
        stop = self.rng.choice(
            [
                [
                    ".",
                ],
                [","],
                ["."],
                ["so"],
                [", so"],
                [". then"],
            ]
        )
        return replace(draft, words=(*idle.words, *" ".join(stop).split(), *draft.words), tags=(*draft.tags, "idle"))

    # --- what is not to be done ----------------------------------------------------------------------------------

    def _declined(self) -> Draft:
        section = "idle" if self.rng.random() < 0.15 else "decline"
        said = self.frames.expand(self.frames.choose(section, self.rng, held_out=self.held_out), self.rng)
        draft = replace(renamed(said, 0), tags=("decline",))
        if draft.means == "no" and self.rng.random() < 0.2:
            other = self._clause("manipulation", (), 1)
            return replace(self._sequence([other, draft]), means="no", tags=("decline", "several"))
        return draft

    def _guarded(self) -> Draft:
        """A command, and what must be left alone meanwhile."""
        draft = self._clause("manipulation", (), 0)
        verb = self.rng.choice(["touch", "move", "take", "disturb", "move", "pick up"])
        no = self.rng.choice([["dont"], ["do", "not"], ["never"]])
        joint = self.rng.choice([[",", "but"], ["but"], ["."], [",", "and"], ["and"]])
        words = (*draft.words, *joint, *no, *verb.split(), "{U_8}")
        return Draft(words, f"{draft.means}; keep U_8", (*draft.tags, "negation"))

    def _ordered(self, skills: Sequence[str]) -> Draft:
        """Two commands, the one that is said first not always the one that comes first."""
        first, second = self._imperative(skills, 0), self._imperative(skills, 1)
        comma = self.rng.choice([[","], [","], []])
        means = f"{first.means}; {second.means}"
        words = self.rng.choice(
            [
                ("before", "you", *second.words, ",", *first.words),
                ("after", "you", "have", *first.words, ",", *second.words),
                ("once", "you", "have", *first.words, ",", *second.words),
                (*first.words, *comma, "before", "you", *second.words),
                (*second.words, *comma, "after", "you", *first.words),
                (*second.words, ",", "but", "first", *first.words),
                (*second.words, ",", "but", "before", "that", *first.words),
            ]
        )
        return Draft(words, means, ("several", "order"))

    def _imperative(self, skills: Sequence[str], number: int) -> Draft:
        """A clause that begins with a verb."""
        while True:
            draft = self._clause("manipulation", skills, number)
            plain = draft.words[0].isalpha() and draft.words[0] not in _NO_VERBS and ";" not in draft.means
            if plain and "ing" not in draft.words[0]:
                return draft

    # --- conditions and corrections ------------------------------------------------------------------------------

    def _conditional(self) -> Draft:
        said = self.frames.expand(self.frames.choose("conditions", self.rng, held_out=self.held_out), self.rng)
        condition = renamed(said, 9)
        clause = self._about(condition) if self.rng.random() < 0.5 else self._clause("manipulation", (), 0)
        means = "; ".join(f"{condition.means}: {part}" for part in clause.means.split("; "))
        if self.rng.random() < 0.3:
            words = (*clause.words, *self.rng.choice([[","], []]), *condition.words)
            if any(w.startswith("<") and w.endswith("_9>") for w in clause.words):
                words = (*condition.words, ",", *clause.words)
            return Draft(words, means, ("condition",))
        words = (*condition.words, *self.rng.choice([[","], [","], ["then"], [",", "then"], []]), *clause.words)
        if self.rng.random() < 0.3:
            other = self._clause("manipulation", (), 1)
            contrary = _contrary(condition.means)
            words = (*words, *self.frames.listed("otherwise", self.rng), *other.words)
            means += "".join(f"; {contrary}: {part}" for part in other.means.split("; "))
        return Draft(words, means, ("condition",))

    def _about(self, condition: Draft) -> Draft:
        """A command about what the condition speaks of."""
        thing = next((w[1:-1] for w in condition.words if w.startswith("{T")), None)
        door = next((w[1:-1] for w in condition.words if w.startswith("{O")), None)
        if door:
            options = [
                (f"$close <{door}>", f"close {door}"),
                (f"$open <{door}>", f"open {door}"),
                (f"$put {{T_0}} (in|inside|into) <{door}>", f"put T_0 {door}"),
                (f"$open <{door}> and $put {{T_0}} inside", f"open {door}; put T_0 {door}"),
            ]
        elif thing:
            options = [
                (f"$put <{thing}> $in {{P_0}}", f"put {thing} P_0"),
                (f"$grab <{thing}>", f"take {thing}"),
                (f"(bring|give|hand) <{thing}> to me", f"give {thing} me"),
                (f"(throw|toss) <{thing}> away", f"discard {thing}"),
            ]
        else:
            return self._clause("manipulation", (), 0)
        say, means = self.rng.choice(options)
        said = self.frames.expand(plain(say), self.rng)
        return Draft(said.words, means, ("pronoun",))

    def _corrected(self) -> Draft:
        lead = self.frames.listed("corrections", self.rng)
        roll = self.rng.random()
        if roll < 0.35:
            first, second = self._clause("manipulation", (), 0), self._clause("manipulation", (), 1)
            return Draft((*first.words, *lead, *second.words), second.means, ("correction",))
        wrong = "T" if roll < 0.6 else "P"
        say, means = self.rng.choice(
            [("$put {T} $in {P}", "put T P"), ("$carry {T} $to {P}", "put T P"), ("(take|carry) {T} to {P}", "put T P")]
            if wrong == "P" or self.rng.random() < 0.6
            else [("$grab {T}", "take T"), ("(bring|give|hand|fetch) me {T}", "give T me"), ("$away {T}", "discard T")]
        )
        draft = renamed(self.frames.expand(Frame(say, means), self.rng), 0)
        slot, other = f"{{{wrong}_0}}", f"{{{'U' if wrong == 'T' else 'Q'}_0}}"
        at = draft.words.index(slot)
        relation = [self.rng.choice(["in", "into", "on", "to"])] if wrong == "P" and self.rng.random() < 0.4 else []
        fixed = (*lead, *relation, other)
        words = (*draft.words[: at + 1], *fixed, *draft.words[at + 1 :])
        return Draft(words, re.sub(rf"\b{wrong}_0\b", other[1:-1], draft.means), ("correction",))

    # --- dressing ------------------------------------------------------------------------------------------------

    def _polite(self, draft: Draft) -> Draft:
        words = draft.words
        if self.rng.random() < 0.35 and "idle" not in draft.tags:
            words = (*self.frames.listed("prefixes", self.rng), *words)
        if self.rng.random() < 0.22:
            words = (*words, *self.frames.listed("suffixes", self.rng))
        if self.rng.random() < 0.25 and words[-1] not in (".", "!", "?"):
            words = (*words, self.rng.choice([".", ".", "!", "?"]))
        return replace(draft, words=words)


def plain(say: str) -> Frame:
    """Returns a frame whose program does not matter."""
    return Frame(say, "")


def _contrary(condition: str) -> str:
    if condition.startswith("if not "):
        return "if " + condition.removeprefix("if not ")
    return "if not " + condition.removeprefix("if ")


def misspelt(words: Sequence[str], rng: Random) -> list[str]:
    """Returns the words with one slip of the fingers in one of the longer plain ones."""
    long = [i for i, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    if not long:
        return list(words)
    chosen = rng.choice(long)
    word = words[chosen]
    at = rng.randint(1, len(word) - 2)
    slips = [word[:at] + word[at + 1 :], word[:at] + word[at + 1] + word[at] + word[at + 2 :], word[:at] + word[at:]]
    slip = rng.choice(slips)
    return [*words[:chosen], slip, *words[chosen + 1 :]]
