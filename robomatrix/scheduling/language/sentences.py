"""Cuts an instruction into sentences and clauses, in the order they are to be done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from robomatrix.scheduling.language.clause_words import ENSURING, NEGATIONS, OPENERS, WISHES
from robomatrix.scheduling.language.clauses import (
    Clause,
    ClauseReader,
    Guard,
    Tokens,
    texts,
)
from robomatrix.scheduling.language.cues import (
    auxiliary_before,
    gives_reason,
    is_remark,
    polite,
    subjectless,
    wishes,
)
from robomatrix.scheduling.language.cutting import CONNECTORS, phrase_end, sentences, split_at
from robomatrix.scheduling.language.reading import ENGLISH
from robomatrix.scheduling.language.text import Token

_FIRST = frozenset({"after", "once", "when", "whenever", "while"})
_LATER = frozenset({"before"})
_REMARKS = (("it", "is"), ("i", "am"), ("we", "are"), ("there", "is"), ("there", "are"), ("he", "is"), ("she", "is"))
_NECESSITY = frozenset({"has", "have", "needs", "need", "should", "must", "ought", "shall", "want", "like", "to"})
_ASKABLE = ("information", "fragment")
_MAX_CLAUSES = 60


@dataclass(frozen=True)
class ClauseParser:
    """Finds the clauses of an instruction about a scene."""

    reader: ClauseReader

    def parse(self, tokens: Tokens) -> list[Clause]:
        """Returns the clauses in the order in which they are to be done."""
        found: list[Clause] = []
        guards: tuple[Guard, ...] = ()
        for sentence, mark in sentences(tokens):
            clauses, guards = self._sentence(sentence, guards)
            clauses = [replace(c, opens=c is clauses[0]) for c in clauses]
            if mark == "?" and all(c.form in _ASKABLE for c in clauses):
                clauses = [replace(c, form="question") if not c.verb and not c.correction else c for c in clauses]
            found += [replace(c, heading=True) for c in clauses] if mark == ":" else clauses
        return found[:_MAX_CLAUSES]

    # --- sentences -----------------------------------------------------------------------------------------------

    def _sentence(self, tokens: Tokens, before: tuple[Guard, ...]) -> tuple[list[Clause], tuple[Guard, ...]]:
        """Returns the clauses of a sentence and the condition that an "otherwise" in the next one would turn round."""
        tokens = self.reader.without_fillers(tokens)
        if not tokens:
            return [], before
        if tokens[0].text in ("otherwise", "else") and before:
            opposite = tuple(replace(guard, positive=not guard.positive) for guard in before)
            return [replace(c, guards=opposite) for c in self._ordered(tokens[1:])], ()
        if tokens[0].text == "not" and any(t.text == "but" for t in tokens):  # "not A but B"
            tokens = split_at(tokens, ("but",))[1]
        elif tokens[0].text == "not" and any(t.text == "," for t in tokens[:8]):  # "not A, B"
            tokens = split_at(tokens, (",",))[1]
        if not tokens:
            return [], before
        tokens = tokens[self._calls_by_name(tokens) :]
        condition = self._leading_condition(tokens) or self._trailing_condition(tokens)
        if condition is None:
            return self._unconditional(tokens, before), before
        guard, consequence = condition
        then, other = split_at(consequence, ("otherwise", "else"))
        clauses = self._ordered(then)
        timed = any(t.text in _FIRST | _LATER for t in consequence)
        whole = timed or any(t.text in ("it", "them") for c in clauses[-1:] for t in c.tokens)
        guarded = clauses if whole or not guard.trailing else clauses[-1:]
        clauses = [replace(c, guards=(guard,)) if c in guarded else c for c in clauses]
        opposite = replace(guard, positive=not guard.positive)
        clauses += [replace(c, guards=(opposite,)) for c in self._ordered(other)]
        return clauses, (guard,)

    def _unconditional(self, tokens: Tokens, before: tuple[Guard, ...]) -> list[Clause]:
        """Returns the clauses of a sentence, of which an "otherwise" may speak of an earlier condition."""
        then, other = split_at(tokens, ("otherwise",)) if before else (tokens, ())
        opposite = tuple(replace(guard, positive=not guard.positive) for guard in before)
        return [*self._ordered(then), *(replace(c, guards=opposite) for c in self._ordered(other))]

    def _calls_by_name(self, tokens: Tokens) -> int:
        """Returns how many tokens a name takes that the robot is called by ("Michael, bring me ..."), 0 without one."""
        reader, first = self.reader, tokens[0]
        known = {first.text, first.lemma} & (reader.lexicon.words | ENGLISH | reader.index.words)
        if known or not first.is_word:
            return 0
        after = 1 + (texts(tokens, 1, 2) == (",",))
        told = reader.starts_command(tokens, after, strict=True) and not reader.is_noun(first)
        return after if told or self._asks_politely(tokens, after) else 0

    def _leading_condition(self, tokens: Tokens) -> tuple[Guard, Tokens] | None:
        if tokens[0].text not in ("if", "unless", "in") or (
            tokens[0].text == "in" and texts(tokens, 1, 2) != ("case",)
        ):
            return None
        start = 2 if tokens[0].text == "in" else 1
        ends = (
            i
            for i in range(start + 1, len(tokens))
            if tokens[i].text in (",", "then")
            or (
                i > start + 1
                and (self.reader.starts_command(tokens, i, strict=True) or wishes(tokens, i))
                and not auxiliary_before(tokens, i)
            )
        )
        end = next(ends, 0)
        if not end:
            return None
        return Guard(tokens[start:end], tokens[0].text != "unless"), tokens[end:]

    def _trailing_condition(self, tokens: Tokens) -> tuple[Guard, Tokens] | None:
        for i in range(1, len(tokens)):
            if (
                tokens[i].text in ("if", "unless")
                and (self.reader.lexicon.trailers.at(tokens, i) is None or self.reader.sees(tokens, i + 3))
                and (not polite(tokens, i) or self.reader.sees(tokens, i + 3))
            ):
                end = next(
                    (j for j in range(i, len(tokens)) if tokens[j].text in ("otherwise", "else", ",")), len(tokens)
                )
                rest = (*tokens[:i], *tokens[end:])
                said = self.reader.without_trailers(tokens[i + 1 : end])
                return Guard(said, tokens[i].text != "unless", trailing=True), rest
        return None

    def _ordered(self, tokens: Tokens) -> list[Clause]:
        """Puts "before", "after" and "by ...ing" clauses in the order of doing."""
        tokens = self.reader.without_fillers(tokens)
        if texts(tokens, 0, 2) in (("instead", "of"), ("rather", "than")):
            ends = (
                i
                for i in range(2, len(tokens))
                if tokens[i].text == "," or self.reader.starts_command(tokens, i, strict=True)
            )
            tokens = self.reader.without_fillers(tokens[next(ends, 0) :])
        if not tokens:
            return []
        marked = self._correction_at(tokens, 0, 0)
        if marked and tokens[marked].text in _FIRST | _LATER:
            first, *others = self._leading_time(tokens[marked:])
            return [replace(first, correction=True), *others]
        if tokens[0].text in _FIRST | _LATER or texts(tokens, 0, 3) == ("as", "soon", "as"):
            return self._leading_time(tokens)
        for i in range(1, len(tokens) - 1):
            marker = tokens[i].text
            if (
                marker in ("after", "once", "by", "when")
                and self._is_timed(tokens, i)
                and texts(tokens, i, i + 2) != ("after", "that")
            ):
                done, then = self._clauses(subjectless(tokens[i + 1 :])), self._clauses(tokens[:i])
                if marker == "by" and not any(c.verb and "go" in c.verb.value.intents for c in then):
                    # "tidy up by ...ing": what is done says it all
                    then = [replace(c, form="information") for c in then]
                meant = any(t.text in ("it", "them") for c in done for t in c.tokens)
                named = [replace(c, form="information", heading=False) for c in then] if meant else []
                return [*named, *done, *then]
            if marker in _LATER and texts(tokens, i + 1, i + 2) == ("that",) and tokens[i - 1].text in CONNECTORS:
                return [*self._clauses(tokens[i + 2 :]), *self._clauses(tokens[: i - 1])]
            if marker in _LATER and self._is_timed(tokens, i) and self._forbids(tokens):  # "do not A before you B"
                allowed = tuple(t for t in tokens[:i] if t.text not in ("do", "not", "dont", "never"))
                return [*self._clauses(subjectless(tokens[i + 1 :])), *self._clauses(allowed)]
            if marker in _LATER and self._is_timed(tokens, i):
                return [*self._clauses(tokens[:i]), *self._clauses(subjectless(tokens[i + 1 :]))]
        return self._clauses(tokens)

    def _leading_time(self, tokens: Tokens) -> list[Clause]:
        start = 3 if tokens[0].text == "as" else 1
        end = next((i for i in range(start, len(tokens)) if tokens[i].text == ","), 0)
        end = end or next(
            (i for i in range(start + 2, len(tokens)) if self.reader.starts_command(tokens, i, strict=True)),
            len(tokens),
        )
        first, second = self._clauses(subjectless(tokens[start:end])), self._clauses(tokens[end:])
        first = [replace(c, form="state") if c.form == "information" else c for c in first]
        if tokens[0].text in _LATER:  # what is done before may speak of what comes after
            named = [replace(c, form="information", heading=False) for c in first]
            return [*named, *second, *([] if any(c.correction for c in second) else first)]
        return [*first, *second]

    @staticmethod
    def _forbids(tokens: Tokens) -> bool:
        return texts(tokens, 0, 2) == ("do", "not") or texts(tokens, 0, 1) in (("dont",), ("never",))

    def _is_timed(self, tokens: Tokens, at: int) -> bool:
        rest = subjectless(tokens[at + 1 :])
        if not rest or self.reader.lexicon.verbs.verb_at(rest, 0) is None:
            return False
        gerund = rest[0].text.endswith("ing") or rest[0].text.endswith("ed")
        return gerund or (tokens[at].text != "by" and len(rest) < len(tokens) - at - 1)

    # --- clauses -------------------------------------------------------------------------------------------------

    def _clauses(self, tokens: Tokens) -> list[Clause]:
        found: list[Clause] = []
        place: Tokens = ()
        later: list[Clause] = []
        corrected = False
        for piece, correction in self._pieces(tokens):
            timed = self.reader.without_fillers(piece)[:1]
            if timed and timed[0].text in _FIRST | _LATER and len(piece) < len(tokens):
                ordered = self._ordered(piece)
                waits = timed[0].text in _LATER and all(t.text != "," for t in piece)
                later = [c for c in ordered if waits and c.form != "information"]
                now = [c for c in ordered if c not in later]
                found += [replace(c, correction=correction and c is ordered[0]) for c in now]
                corrected = correction and waits
                continue
            if self._only_says_where(piece):
                place = piece
                continue
            if len(piece) > 1 and gives_reason(piece, 0):
                found.append(Clause("information", piece[1:], whole=piece))
                continue
            clause = self.reader.clause((*self._where_last(piece), *place))
            if clause is not None and clause.form == "fragment" and found and self._is_passive(found[-1].whole):
                clause = self.reader.participial(piece) or clause
            place = ()
            if clause is not None:
                found += [replace(clause, correction=correction or corrected), *later]
                later, corrected = [], False
        found += later
        alone = self.reader.clause(place) if place else None
        return [*found, alone] if alone is not None else found

    def _only_says_where(self, piece: Tokens) -> bool:
        """Handles "In the kitchen, ..." before a command."""
        body = self.reader.without_fillers(piece)
        if not body or self.reader.lexicon.relations.at(body, 0) is None or body[0].text in ("by", "with"):
            return False
        return (
            not any(self.reader.starts_command(body, i, strict=True) for i in range(1, len(body)))
            and self.reader.modal_at(body) == 0
        )

    def _where_last(self, piece: Tokens) -> Tokens:
        """Turns "from the bed take A" into "take A from the bed"."""
        body = self.reader.without_fillers(piece)
        if not body or self.reader.lexicon.relations.at(body, 0) is None:
            return piece
        starts = (i for i in range(2, len(body)) if self.reader.starts_command(body, i, strict=True) or wishes(body, i))
        at = next(starts, 0)
        return (*body[at:], *body[:at]) if at else piece

    def _pieces(self, tokens: Tokens) -> Iterator[tuple[Tokens, bool]]:
        """Cuts at connectors before commands, at corrections, and where a new command begins without a connector."""
        start, correction, i = 0, False, 0
        while i < len(tokens):
            marked = self._correction_at(tokens, i, start)
            if marked:
                yield tokens[start:i], correction
                i += marked
                start, correction = i, True
                continue
            skipped = self._boundary(tokens, i, start)
            if skipped is not None and i > start:
                yield tokens[start:i], correction
                i = start = max(skipped, i)
                correction = False
            i += 1
        yield tokens[start:], correction

    def _correction_at(self, tokens: Tokens, at: int, start: int) -> int:
        """Returns how many tokens a correction mark takes at a position; 0 if there is none."""
        match = self.reader.lexicon.corrections.at(tokens, at)
        if match is None or texts(tokens, at, at + 3) == ("hold", "on", "to"):
            return 0
        single = match.length == 1
        if single and tokens[at].text == "wait" and at + 1 < len(tokens) and self._is_time(tokens[at + 1]):
            return 0
        if single and tokens[at].text == "no" and self.reader.lexicon.relations.at(tokens, at + 1) is not None:
            single = False  # "to the shelf no to the box"
        single = single and not self._renames(tokens, at)
        separated = at == 0 or tokens[at - 1].text == "," or at == start
        followed = at + match.length < len(tokens)
        if not followed or (single and not separated):
            return 0
        if (
            tokens[at].text == "no"
            and single
            and tokens[at + 1].text not in (",", *OPENERS)
            and not self._renames(tokens, at)
            and at > 0
            and not self.reader.starts_command(tokens, at + 1, strict=False)
        ):
            return 0
        length = match.length
        return length + (tokens[at + length].text == ",")

    def _renames(self, tokens: Tokens, at: int) -> bool:
        """True for "the can no the red can", "the can no red can": said without a pause."""
        if at < 2 or tokens[at].text != "no" or at + 2 >= len(tokens):
            return False
        return tokens[at - 1].lemma in {t.lemma for t in tokens[at + 1 : at + 4]} and self.reader.is_noun(
            tokens[at - 1]
        )

    def _is_time(self, token: Token) -> bool:
        return token.text == "for" or token.number is not None or token.text in self.reader.lexicon.numbers

    def _boundary(self, tokens: Tokens, at: int, start: int) -> int | None:
        """Returns where the next clause begins if one ends at a position."""
        if at > start and gives_reason(tokens, at):
            return at
        if tokens[at].text in CONNECTORS:
            after = at
            while after < len(tokens) and tokens[after].text in CONNECTORS:
                after += 1
                corrected = self.reader.lexicon.corrections.at(tokens, after)
                if corrected is not None and corrected.length > 1:
                    return None
            if after >= len(tokens):
                return None
            if self.reader.starts_command(tokens, after, strict=False) or self._starts_other(
                tokens, after, tokens[start:at]
            ):
                return after
            always = any(t.text == "then" for t in tokens[at:after])
            return after if always and self.reader.is_complete(tokens[start:at]) else None
        strong = self.reader.starts_command(tokens, at, strict=True) and not auxiliary_before(tokens, at)
        if strong and self.reader.is_complete(tokens[start:at]) and not self._chained(tokens, at, start):
            return at
        if (strong or self._asks_politely(tokens, at)) and self._tells(tokens[start:at]):
            return at
        purpose = (
            tokens[at].text in ("to",) and at > start + 1 and self.reader.starts_command(tokens, at + 1, strict=True)
        )
        purpose = purpose and self.reader.lexicon.prefaces.ending(tokens, at + 1) is None
        if purpose and self.reader.is_complete(tokens[start:at]):
            return at + 1
        if tokens[at].text in ("without", "avoiding") and at + 1 < len(tokens) and tokens[at + 1].text.endswith("ing"):
            return at
        return at + 1 if texts(tokens, at, at + 2) in (("so", "that"), ("such", "that")) else None

    def _asks_politely(self, tokens: Tokens, at: int) -> bool:
        """Returns whether "can you bring me" or the like begins at a position."""
        asked = any(texts(tokens, at, at + 2) == (verb, "you") for verb in ("can", "could", "would", "will"))
        return asked and self.reader.starts_command(tokens, at + 2, strict=True)

    def _tells(self, piece: Tokens) -> bool:
        """Returns whether a piece says what is wanted or where something is: spoken words have no full stops."""
        body = self.reader.without_fillers(piece)
        wish = max((len(w) for w in WISHES if texts(body, 0, len(w)) == w), default=0)
        if is_remark(body):
            return True
        said = texts(body, 0, 2) in (("there", "is"), ("there", "are")) or wish > 0
        return said and any(self.reader.is_noun(token) for token in body[max(wish, 2) :])

    @staticmethod
    def _is_passive(piece: Tokens) -> bool:
        """Returns whether a piece says what has to be, or is wanted to be, done or so: "A must be opened"."""
        said = {t.text for t in piece}
        return "be" in said and bool(said & _NECESSITY)

    def _chained(self, tokens: Tokens, at: int, start: int) -> bool:
        """True inside one verb phrase, such as "go | get" or "help me | move"."""
        verb = self.reader.lexicon.verbs.verb_at(tokens, start)
        if verb is not None and start + verb.length > at:
            return True
        lead = self.reader.without_fillers(tokens[start : at + 1])
        return len(lead) <= 1 or self.reader.lexicon.prefaces.ending(tokens, at) is not None and len(lead) <= 2

    def _starts_other(self, tokens: Tokens, at: int, before: Tokens) -> bool:
        """Negative commands, wishes and statements after a connector."""
        rest = tokens[at:]
        told = (rest, self.reader.without_fillers(rest))
        forbidding = [n for n in NEGATIONS if len(n) > 1 or n[0] in ("dont", "never")]
        if any(texts(said, 0, len(n)) == n for n in forbidding for said in told):
            return True
        if any(texts(rest, 0, len(w)) == w for w in (*WISHES, *ENSURING)):
            return True
        if texts(rest, 0, 3) == ("do", "the", "same"):
            return True
        if rest[0].text in ("can", "could", "may") and "be" in texts(rest, 2, 10):
            return True
        if texts(rest, 0, 2) in _REMARKS and self.reader.is_complete(before):
            return True
        if self._is_passive(before) and self.reader.participial(rest[: phrase_end(rest)]) is not None:
            return True  # "A has to be opened and B closed"
        if rest[0].text in ("otherwise", "else", "after", "before", "once"):
            return True
        marks = (i for i in range(1, len(rest)) if self.reader.lexicon.corrections.at(rest, i) is not None)
        return self.reader.modal_at(rest[: next(marks, len(rest))]) > 0 and (
            is_remark(self.reader.without_fillers(before))
            or self.reader.is_complete(before)
            or self.reader.modal_at(self.reader.without_fillers(before)) > 0
        )
