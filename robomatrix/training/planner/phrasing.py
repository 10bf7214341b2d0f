"""Composes instructions out of frames: clauses, pronouns, conditions, corrections, politeness, slips of the fingers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from robomatrix.training.planner.frames import Form, Frame, Frames, Said, Split, split_of

_VARIABLE = re.compile(r"\b[A-Z]\w?\b")
_SLOT = re.compile(r"([{<])(\w+)([}>])")
_TAKEN = re.compile(r"\btake ([TUV]\w*)((?:[@-]\w+)*); (put|give|beside|discard|store|back) \1(?=[ ;]|$)")
_PLAIN = "X"
"""The mood of a bare command, which training sees with every action."""
_KINDS = {"active": 0.68, "passive": 0.2, "stative": 0.12}
_SENTENCES = 0.15
_ATTEMPTS = 4000


@dataclass(frozen=True)
class Draft:
    """An instruction whose phrases are still variables, and its program over the same variables."""

    words: tuple[str, ...]
    means: str
    tags: tuple[str, ...] = ()
    order: bool = True
    """Begins with a verb, so that something may be said before it."""


def renamed(said: Said, number: int) -> Draft:
    """Returns a frame with variables of its own."""
    words = tuple(_SLOT.sub(rf"\1\g<2>_{number}\3", word) for word in said.words)
    return Draft(words, merged(_VARIABLE.sub(lambda m: f"{m[0]}_{number}", said.means)))


def merged(means: str) -> str:
    """Returns a program that does not say separately that what is put somewhere is taken first."""
    return _TAKEN.sub(r"\3 \1\2", means)


@dataclass(frozen=True)
class Composer:
    """Draws drafts for robots of one sort."""

    frames: Frames
    rng: Random
    split: Split

    def draft(self, section: str, skills: Sequence[str]) -> Draft:
        """Returns an instruction of one to three clauses."""
        while True:
            draft = self._draft(section, skills)
            if self.split == "old" or not self.frames.is_reserved(draft.words):
                return draft

    def _draft(self, section: str, skills: Sequence[str]) -> Draft:
        roll = self.rng.random()
        if section == "manipulation":
            kinds = ((0.14, self._declined), (0.27, self._conditional), (0.35, self._corrected), (0.39, self._guarded))
            make = next((make for below, make in kinds if roll < below), None)
            if make is not None:
                return self._dressed(make())
            if roll < 0.48:
                return self._dressed(self._chained(skills))
        elif section in ("humanoid", "player", "hand") and roll < 0.12:  # what such a robot cannot do
            other = self._declined() if roll < 0.05 else self._clause("manipulation", (), 0)
            return self._dressed(replace(other, tags=(*other.tags, section)))
        count = self.rng.choices([1, 2, 3], [0.66, 0.26, 0.08])[0]
        return self._dressed(self._sequence([self._clause(section, skills, i) for i in range(count)]))

    # --- single clauses ------------------------------------------------------------------------------------------

    def _clause(self, section: str, skills: Sequence[str], number: int) -> Draft:
        if section == "manipulation" and "turn" in skills and self.rng.random() < 0.06:
            section = "mobile"
        if section == "shooter" and self.rng.random() < 0.25:
            section = "mobile"
        if section != "manipulation":
            return self._ordered(section, number)
        if self.split == "old":
            return self._fixed(self.rng.choice(["orders", "sentences"]), number)
        roll = self.rng.random()
        if roll < _SENTENCES:
            return self._sentence("sentences", number)
        return self._ordered("orders", number) if roll < 0.3 else self._composed(number)

    def _fixed(self, section: str, number: int) -> Draft:
        frame = self.frames.fixed(section, self.rng, self.split)
        said = self.frames.expand(frame, self.rng, self.split)
        return replace(renamed(said, number), tags=(section,), order=section != "sentences")

    def _sentence(self, section: str, number: int) -> Draft:
        """Returns a fixed sentence of this split's."""
        for frame in self._offers(section):
            if split_of(frame.say) == self.split:
                said = self.frames.expand(frame, self.rng, self.split)
                return replace(renamed(said, number), tags=(section,), order=False)
        return self._composed(number)

    def _offers(self, section: str) -> Iterator[Frame]:
        return (self.frames.fixed(section, self.rng, self.split) for _ in range(_ATTEMPTS))

    def _ordered(self, section: str, number: int) -> Draft:
        """Returns a fixed order, in a mood."""
        if self.split == "old":
            return self._fixed(section, number)
        for frame in self._offers(section):
            mood = self.frames.weighted("moods.base", self.rng)
            bare = frame.say.startswith(("after", "before"))
            mood = replace(mood, say=_PLAIN) if bare else mood
            if split_of(frame.say) == self.split if bare else self._mine(mood.say, frame.say):
                return replace(self._in_mood(mood, frame, "base", number), tags=(section,))
        raise RuntimeError(f"no frames of '{section}' for '{self.split}'")

    def _mine(self, mood: str, *parts: str) -> bool:
        """Returns whether a combination belongs to this split."""
        known = mood in self.frames.trained
        return ("train" if known else split_of("|".join((mood, *parts)))) == self.split

    def _composed(self, number: int) -> Draft:
        """Returns an action in a mood."""
        while True:
            kind = self.rng.choices(list(_KINDS), list(_KINDS.values()))[0]
            action = self.frames.weighted(f"actions.{kind}", self.rng)
            name, form = self._mood(kind, action)
            mood = self.frames.weighted(f"moods.{name}", self.rng)
            if self._mine(mood.say, action.say):
                return self._in_mood(mood, action, form, number)

    def _mood(self, kind: str, action: Frame) -> tuple[str, Form]:
        if kind == "active":
            return ("gerund", "gerund") if self.rng.random() < 0.15 else ("base", "base")
        if kind == "passive":
            return "passive", "participle"
        goes = action.means.startswith("put") and self.rng.random() < 0.5
        return ("placed" if goes else "stative"), "base"

    def _in_mood(self, mood: Frame, action: Frame, form: Form, number: int) -> Draft:
        subject, _, rest = action.say.rpartition(" // ")
        said = self.frames.expand(replace(action, say=rest), self.rng, self.split, form)
        parts = {"X": said.words}
        if subject:
            parts["S"] = self.frames.expand(plain(subject), self.rng, self.split).words
        words = tuple(w for word in mood.say.split() for w in parts.get(word, (word,)))
        draft = renamed(replace(said, words=words), number)
        return replace(draft, tags=("manipulation",), order=form == "base" and mood.say == _PLAIN)

    def _bare(self, skills: Sequence[str], number: int, form: Form = "base") -> tuple[Draft, Frame]:
        """Returns a single command without a mood, and the action that it was made of."""
        section = "orders" if form == "base" and self.rng.random() < 0.2 else "actions.active"
        while True:
            action = self.frames.weighted(section, self.rng)
            if not action.held_out and ";" not in action.means:
                break
        said = self.frames.expand(action, self.rng, self.split, form)
        return replace(renamed(said, number), tags=("manipulation",)), action

    # --- several clauses -----------------------------------------------------------------------------------------

    def _sequence(self, clauses: Sequence[Draft]) -> Draft:
        words, means, tags = list(clauses[0].words), [clauses[0].means], list(clauses[0].tags)
        before = clauses[0]
        for following in clauses[1:]:
            clause = self._referring(before, following) if self.rng.random() < 0.3 else following
            before = clause
            joint = self.frames.expand(plain("$then" if clause.order else _STOPS), self.rng, self.split).words
            words += [*joint, *clause.words]
            means.append(clause.means)
            tags += [*clause.tags, "several"]
        program = "no" if "no" in means else merged("; ".join(means))
        return Draft(tuple(words), program, tuple(dict.fromkeys(tags)), clauses[0].order)

    def _referring(self, before: Draft, clause: Draft) -> Draft:
        """Replaces the clause's thing by a pronoun for the thing of the clause before."""
        last = before.means.split("; ")[-1].split()
        if len(last) < 2 or any(mark in last[1] for mark in "+-") or last[0] in ("keep", "swap", "call", "sort"):
            return clause
        theirs = last[1].partition("@")[0]
        own = next((w[1:-1] for w in clause.words if w.startswith("{") and w[1] == theirs[0]), None)
        named = f"{{{theirs}}}" in before.words
        if own is None or theirs[0] not in "TO" or not named or f"<{own}>" in clause.words or f"{own}@" in clause.means:
            return clause
        words = tuple(f"<{theirs}>" if w == f"{{{own}}}" else w for w in clause.words)
        means = re.sub(rf"\b{own}\b(?![x_])", theirs, clause.means)
        return replace(clause, words=words, means=means, tags=(*clause.tags, "pronoun"))

    def _chained(self, skills: Sequence[str]) -> Draft:
        """Two commands in one sentence, the one that is said first not always the one that comes first."""
        while True:
            kind, form = self.rng.choice(_CHAINS)
            chain = self.frames.weighted(kind, self.rng)
            first, one = self._bare(skills, 0, form if kind == "gerund_chains" else "base")
            second, other = self._bare(skills, 1, form if kind == "before_chains" else "base")
            if self.split == "old" or self._mine(chain.say, one.say, other.say):
                break
        if not chain.back and self.rng.random() < 0.3 and kind == "chains":
            second = self._referring(first, second)
        parts = {"A": first.words, "B": second.words}
        words = tuple(w for word in chain.say.split() for w in parts.get(word, (word,)))
        order = chain.say[0] in "AB" and kind == "chains"
        return Draft(words, merged(f"{first.means}; {second.means}"), ("several", "order", *second.tags), order)

    # --- what is not to be done ----------------------------------------------------------------------------------

    def _declined(self) -> Draft:
        if self.rng.random() < 0.15:
            return replace(self._idle(), tags=("decline", "idle"))
        while True:
            frame = self.frames.fixed("decline", self.rng, self.split)
            mood = self.frames.weighted("moods.base", self.rng)
            question = frame.say.startswith(("(what", "(is", "how", "{"))
            plain_mood = question or self.split == "old" or (self.split == "train" and self.rng.random() < 0.5)
            mood = replace(mood, say=_PLAIN) if plain_mood else mood
            if question or self.split == "old" or self._mine(mood.say, frame.say):
                break
        draft = replace(self._in_mood(mood, frame, "base", 0), tags=("decline",), order=not question)
        if draft.means == "no" and self.rng.random() < 0.2:
            other = self._clause("manipulation", (), 1)
            return replace(self._sequence([other, draft]), means="no", tags=("decline", "several"))
        return draft

    def _idle(self) -> Draft:
        frame = self.frames.fixed("idle", self.rng, self.split)
        return replace(renamed(self.frames.expand(frame, self.rng, self.split), 7), order=False)

    def _guarded(self) -> Draft:
        """A command, and what must be left alone meanwhile."""
        draft = self._clause("manipulation", (), 0)
        verb = self.frames.expand(plain("%touch"), self.rng, self.split).words
        lead = self.frames.expand(plain(_FORBIDS), self.rng, self.split).words
        return replace(
            draft,
            words=(*draft.words, *lead, *verb, "{U_8}"),
            means=f"{draft.means}; keep U_8",
            tags=(*draft.tags, "negation"),
        )

    # --- conditions and corrections ------------------------------------------------------------------------------

    def _conditional(self) -> Draft:
        if self.split == "old" or (self.split == "train" and self.rng.random() < 0.2):
            frame = self.frames.fixed("conditions", self.rng, self.split)
            condition = renamed(self.frames.expand(frame, self.rng, self.split), 9)
            clause = self._about(condition)
            comma = self.rng.choice([(",",), (",",), ("then",), (",", "then"), ()])
            return self._otherwise(condition, clause, (*condition.words, *comma, *clause.words))
        while True:
            fact = self.frames.weighted("facts", self.rng)
            negative, unless = self.rng.random() < 0.4, self.rng.random() < 0.25
            name = "unless" if unless else "if"
            before = self.rng.random() < 0.65
            listed = (f"{name}es" if unless else "ifs") if before else "trailing_unless" if unless else "trailing"
            pattern = self.frames.listed(listed, self.rng, self.split)
            if self._mine(" ".join(pattern), fact.contrary if negative else fact.say):
                break
        said = self.frames.expand(replace(fact, say=fact.contrary if negative else fact.say), self.rng, self.split)
        means = f"if {'' if negative == unless else 'not '}{fact.means}"
        condition = renamed(replace(said, means=means), 9)
        clause = self._about(condition) if before else self._clause("manipulation", (), 0)
        condition = replace(
            condition, words=tuple(w for word in pattern for w in (condition.words if word == "F" else (word,)))
        )
        words = (*condition.words, *clause.words) if before else (*clause.words, *condition.words)
        if not before:
            return Draft(words, _under(condition.means, clause), ("condition",), clause.order)
        return self._otherwise(condition, clause, words)

    def _otherwise(self, condition: Draft, clause: Draft, words: tuple[str, ...]) -> Draft:
        means = _under(condition.means, clause)
        if self.rng.random() < 0.3:
            other = self._clause("manipulation", (), 1)
            words = (*words, *self.frames.listed("otherwise", self.rng, self.split), *other.words)
            means += f"; {_under(_contrary(condition.means), other)}"
        return Draft(words, means, ("condition",), order=False)

    def _about(self, condition: Draft) -> Draft:
        """A command, often about what the condition speaks of."""
        thing = next((w[1:-1] for w in condition.words if w.startswith("{T")), None)
        door = next((w[1:-1] for w in condition.words if w.startswith("{O")), None)
        if self.rng.random() < 0.5 or not (door or thing):
            return self._clause("manipulation", (), 0)
        say, means = self.rng.choice(_DOOR_COMMANDS if door else _THING_COMMANDS)
        said = self.frames.expand(plain(say), self.rng, self.split)
        swap = {"<O>": f"<{door}>", "<T>": f"<{thing}>", "{U}": "{U_0}", "{P}": "{P_0}"}
        program = re.sub(r"\b([OTUP])\b", lambda m: {"O": door or "", "T": thing or ""}.get(m[1], f"{m[1]}_0"), means)
        return Draft(tuple(swap.get(word, word) for word in said.words), program, ("pronoun",))

    def _corrected(self) -> Draft:
        lead = self.frames.listed("corrections", self.rng, self.split)
        roll = self.rng.random()
        if roll < 0.3:
            first, second = self._clause("manipulation", (), 0), self._clause("manipulation", (), 1)
            return Draft((*first.words, *lead, *second.words), second.means, ("correction",), first.order)
        wrong = "T" if roll < 0.62 else "P"
        say, means = self.rng.choice(_CORRECTED if wrong == "P" or self.rng.random() < 0.6 else _CORRECTED_THINGS)
        draft = renamed(self.frames.expand(Frame(say, means), self.rng, self.split), 0)
        slot, other = f"{{{wrong}_0}}", f"{{{'U' if wrong == 'T' else 'R'}_0}}"
        at = draft.words.index(slot)
        relation = [self.rng.choice(["in", "into", "on", "to"])] if wrong == "P" and self.rng.random() < 0.4 else []
        fixed = (*lead, *relation, other)
        late = wrong == "T" and self.rng.random() < 0.25
        end = len(draft.words) if late else at + 1
        words = (*draft.words[:end], *fixed, *draft.words[end:])
        return Draft(words, re.sub(rf"\b{wrong}_0\b", other[1:-1], draft.means), ("correction",))

    # --- dressing ------------------------------------------------------------------------------------------------

    def _dressed(self, draft: Draft) -> Draft:
        """Adds what is said around an instruction and means nothing for it."""
        roll, words = self.rng.random(), draft.words
        if self.split == "old" and draft.order and roll < 0.15:
            mood = self.frames.weighted("moods.base", self.rng).say
            words = tuple(w for word in mood.split() for w in (words if word == _PLAIN else (word,)))
        elif roll < 0.22:
            words = (*self.frames.listed("contexts", self.rng, self.split), *words)
        elif roll < 0.3 and "decline" not in draft.tags and "held" not in draft.means:  # "it" would be the remark's
            words = (*self._idle().words, *self.rng.choice(_AFTER_IDLE), *words)
            draft = replace(draft, tags=(*draft.tags, "idle"))
        if self.rng.random() < 0.2:
            words = (*self.frames.listed("calls", self.rng, self.split), *self.rng.choice(((",",), (",",), ())), *words)
        roll = self.rng.random()
        if roll < 0.08 and words[-1] not in ".!?":
            words = (*words, *self.rng.choice(((",",), ())), *self.frames.listed("reasons", self.rng, self.split))
        elif roll < 0.22 and words[-1] not in ".!?":
            words = (*words, *self.rng.choice(((",",), ())), *self.frames.listed("closes", self.rng, self.split))
        if self.rng.random() < 0.3 and words[-1] not in (".", "!", "?"):
            words = (*words, self.rng.choice([".", ".", ".", "!", "?"]))
        return replace(draft, words=words)


_STOPS = '("."|";"|". then"|". also ,"|". and"|", and"|". next ,"|". after that")'
_FORBIDS = (
    '((","|"."|";"|) (but|and|but please|) (dont|do not|never|you must not|you may not|do not ever|be careful not to))'
)
_CHAINS: tuple[tuple[str, Form], ...] = (
    ("chains", "base"),
    ("chains", "base"),
    ("gerund_chains", "gerund"),
    ("before_chains", "gerund"),
)
_AFTER_IDLE = ((".",), (",",), ("so",), (",", "so"), (".", "so"), ("and",))
_DOOR_COMMANDS = (
    ("%close <O>", "close O"),
    ("%open <O>", "open O"),
    ("%put {U} (in|inside|into) <O>", "put U O"),
    ("%open <O> and %put {U} inside", "open O; put U O"),
)
_THING_COMMANDS = (
    ("%put <T> $rel {P}", "put T P"),
    ("%carry <T> $toward {P}", "put T P"),
    ("%take <T>", "take T"),
    ("%give <T> to me", "give T me"),
    ("%discard <T>", "discard T"),
)
_CORRECTED = (
    ("%put {T} $rel {P}", "put T P"),
    ("%carry {T} $toward {P}", "put T P"),
    ("(take|carry) {T} to {P}", "put T P"),
    ("%put {T} $spot {Q} $rel {P}", "put T@Q P"),
)
_CORRECTED_THINGS = (
    ("%take {T}", "take T"),
    ("%give me {T}", "give T me"),
    ("%discard {T}", "discard T"),
    ("%fetch {T} for me", "give T me"),
)


def plain(say: str) -> Frame:
    """Returns a frame whose program does not matter."""
    return Frame(say, "")


def _under(condition: str, clause: Draft) -> str:
    if clause.means in ("ask", "no"):
        return clause.means
    return "; ".join(f"{condition}: {part}" for part in clause.means.split("; "))


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
