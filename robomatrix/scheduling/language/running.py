"""From the clauses of an instruction to a plan: each in the state that the ones before it lead to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from robomatrix.errors import PlanningError
from robomatrix.scheduling.language import guards
from robomatrix.scheduling.language.accounting import account_for, unknown_words
from robomatrix.scheduling.language.chunks import Chunk
from robomatrix.scheduling.language.clauses import Clause, Tokens
from robomatrix.scheduling.language.commanding import Commander, Refusal
from robomatrix.scheduling.language.commands import Command, fits
from robomatrix.scheduling.language.discourse import Unresolved
from robomatrix.scheduling.language.forbidding import note_prohibitions, obey
from robomatrix.scheduling.language.intents import INTENTS
from robomatrix.scheduling.language.moves import is_strong, moves, readings
from robomatrix.scheduling.language.nouns import PERSONS
from robomatrix.scheduling.language.phrases import NounPhrase
from robomatrix.scheduling.language.placing import deliver, place
from robomatrix.scheduling.language.repairs import amended
from robomatrix.scheduling.language.saying import sentence
from robomatrix.scheduling.language.session import Said, Session, Snapshot
from robomatrix.scheduling.language.strolling import (
    handles_things,
    is_direction,
    lists_steps,
    only_walks,
    without_details,
)
from robomatrix.scheduling.language.text import Token, word_set
from robomatrix.scheduling.plan import PlanResult

_OPEN_WORDS = frozenset({"open", "opened"})
_CLOSED_WORDS = frozenset({"closed", "shut", "close"})
_REPEATED = frozenset({"place", "give", "bring", "open", "close", "discard", "store"})
_TELLING = frozenset({"i", "we", "where", "is", "are"})
_SUBJECTS = word_set("i we he she they you my our it this that the there nice")
_REFERRING = frozenset({"it", "them", "there", "these", "those", "both", "inside"})


@dataclass
class ClauseRun:
    """Plans clauses one after the other into a session, and remembers what was said."""

    session: Session
    said: Said | None = None
    opened: Snapshot | None = None
    """Before the last sentence that corrected nothing."""
    following: Clause | None = None
    """What is said next."""
    verbs: list[Token] = field(default_factory=list)
    """The first words of the clauses."""
    judged: dict[Tokens, bool] = field(default_factory=dict)
    """Conditions that were looked at."""
    wanted: str = ""
    """A wider class that somebody is in need of."""
    handling: bool = False
    """True if some clause says what to do with a thing, so that directions need not be understood."""
    listed: bool = False
    """True for a list of steps, whose directions are passed over where they say nothing here."""
    asked: str = ""
    """What was said that is no command, for the case that nothing else was."""

    # --- before anything is planned ------------------------------------------------------------------------------

    def restrict(self, clauses: Sequence[Clause]) -> None:
        """Notes what must not be touched or opened: "but not the red one", "don't move the can"."""
        self.handling, self.listed = handles_things(clauses), lists_steps(clauses)
        self.session.discourse.listed = self.listed
        note_prohibitions(self.session, clauses)

    # --- one clause ----------------------------------------------------------------------------------------------

    def clause(self, clause: Clause) -> None:
        """Plans a clause; what makes no sense is overlooked if the next one corrects it."""
        session = self.session
        if clause.opens and not clause.correction and not self._goes_on(clause):
            self.opened = session.snapshot()
        self.verbs += clause.whole[:1]
        self._consider(clause)
        if clause.heading:
            self._information(tuple(session.chunks(clause.tokens)))
            return
        if clause.negated:
            if clause.correction and self.said is not None:  # "put it there, no, leave it alone"
                session.restore(self.said.before)
            self._forbidden(clause)
            return
        if not all(self._holds(guard) for guard in self._guarded(clause)):
            if clause.unable and not session.acts:
                raise Refusal(f"I have no skill to {clause.unable}.")
            session.acts += 1
            return
        if clause.correction and self._correct(clause):
            return
        if clause.correction and clause.form == "fragment" and self.said is None:
            raise Unresolved(f"What should be '{clause}'?")
        before, chunks = session.snapshot(), tuple(session.chunks(clause.tokens))
        try:
            self._planned(clause, chunks)
        except PlanningError as error:
            session.restore(before)
            corrected = self.following is not None and self.following.correction
            if not corrected:
                self._step(clause, chunks, error)
        if clause.form != "information" and not clause.repeats:  # "the same" is what was said before it
            self.said = Said(clause, chunks, before, self._start(clause, before))

    def _start(self, clause: Clause, before: Snapshot) -> Snapshot:
        """Returns what a command goes back to if another is given instead: "take A and bring it to B" is one."""
        return self.said.start if self.said is not None and self._goes_on(clause) else before

    def _goes_on(self, clause: Clause) -> bool:
        """True for "bring it to B" after "take A"."""
        verb = self.said.clause.verb if self.said is not None else None
        taken = verb is not None and bool({"take", "bring"} & set(verb.value.intents))
        return taken and bool({"it", "them"} & {token.text for token in clause.tokens})

    def _consider(self, clause: Clause) -> None:
        """Notes what a clause names, whatever comes of it."""
        guarded = [self.session.chunks(guard.tokens) for guard in clause.guards]
        idle = (
            clause.negated
            or clause.heading
            or clause.guards
            or clause.form == "information"
            or (clause.verb and "wait" in clause.verb.value.intents)
        )
        for chunk in (c for chunks in (*guarded, self.session.chunks(clause.tokens) if idle else []) for c in chunks):
            for thing in chunk.things:
                self.session.resolver.consider(thing)

    def _holds(self, guard: guards.Guard) -> bool:
        """Judges a condition once: its "otherwise" comes after what it led to."""
        if guard.tokens not in self.judged:
            plain, discourse = replace(guard, positive=True), self.session.discourse
            spoken = list(discourse.objects) if guard.trailing else []
            self.judged[guard.tokens] = guards.holds(plain, discourse, self.session.lexicon)
            discourse.objects = spoken or discourse.objects  # "put it there, if the box is not empty"
        return self.judged[guard.tokens] == guard.positive

    def _guarded(self, clause: Clause) -> Sequence[guards.Guard]:
        self.session.discourse.state = self.session.state
        if any(guard.trailing for guard in clause.guards):
            self._information(tuple(self.session.chunks(clause.tokens)))
        return clause.guards

    def _forbidden(self, clause: Clause) -> None:
        """What must not be done is not done; the things it names may be referred to."""
        chunks = self.session.chunks(clause.objects)
        things = [t for c in chunks if c.kind == "things" for t in c.things if not t.pronoun]
        for thing in things[:1]:
            try:
                found = self.session.resolver.resolve(thing, "object")
            except PlanningError:
                continue
            self.session.discourse.objects.append(tuple(found))
            self.session.discourse.head = thing.head
        self.session.acts += 1

    def _correct(self, clause: Clause) -> bool:
        """Takes back what was said before and says it anew; False if there was nothing."""
        said = self.said
        if said is None:
            return False
        for thing in (t for c in said.chunks for t in c.things):
            self.session.resolver.consider(thing)
        if clause.form == "fragment":
            chunks = amended(self.session, said, self.session.chunks(clause.tokens))
            if chunks is None:
                return False
            self.session.restore(said.before)
            meant = replace(said.clause, benefit=said.clause.benefit or clause.benefit)
            self._planned(meant, chunks)
            self.said = Said(meant, chunks, said.before, said.start)
            return True
        self.session.restore(self.opened if clause.opens and self.opened is not None else said.start)
        chunks = tuple(self.session.chunks(clause.tokens))
        self._planned(clause, chunks)
        self.said = Said(clause, chunks, said.start, said.start)
        return True

    def _planned(self, clause: Clause, chunks: tuple[Chunk, ...]) -> None:
        match clause.form:
            case "command":
                self._command(clause, chunks)
            case "wish":
                self._wish(clause, chunks)
            case "state":
                self._state(clause, chunks)
            case "information":
                self._information(chunks)
            case "question":
                self.asked = str(clause)
                if clause.whole[:1] and clause.whole[0].text in _TELLING:  # "I left it there, can you ...?"
                    self._information(chunks)
            case _:
                self._fragment(clause, chunks)

    def _command(self, clause: Clause, chunks: tuple[Chunk, ...]) -> None:
        before = self.session.snapshot()
        try:
            Commander(self.session, self._goes_elsewhere()).run(clause, chunks)
        except PlanningError:
            if not (self.handling and only_walks(self.session, clause, chunks)):
                raise
            self.session.restore(before)
            self._pass_over(chunks)

    def _step(self, clause: Clause, chunks: tuple[Chunk, ...], fault: PlanningError) -> None:
        """Plans a step of a list that says too much: directions are passed over, where things stand is left out."""
        if not self.listed:
            raise fault
        if not is_direction(clause):
            try:
                self._planned(clause, without_details(clause, chunks))
            except PlanningError:
                raise fault from None
        self._pass_over(chunks)

    def _pass_over(self, chunks: Sequence[Chunk]) -> None:
        """Notes what a clause names that nothing is planned for."""
        for thing in (thing for chunk in chunks for thing in chunk.things):
            self.session.resolver.consider(thing)

    def _goes_elsewhere(self) -> bool:
        """True where the next clause says what becomes of this one's things: "move A and place it on B"."""
        following = self.following
        verb = following.verb if following is not None and not following.correction else None
        says_where = verb is not None and bool({"place", "bring", "give"} & set(verb.value.intents))
        return says_where and any(t.text in ("it", "them") for t in following.tokens)

    # --- forms ---------------------------------------------------------------------------------------------------

    def _wish(self, clause: Clause, chunks: tuple[Chunk, ...]) -> None:
        if self._opening(clause.tokens) or any(place(self.session, m) for m in moves(chunks) if m.relations):
            return
        things = tuple(t for c in chunks if c.kind == "things" for t in c.things)
        if not things:
            raise Unresolved(f"What do you mean by '{clause}'?")
        deliver(self.session, things)

    def _state(self, clause: Clause, chunks: tuple[Chunk, ...]) -> None:
        if self._opening(clause.tokens):
            return
        if any([place(self.session, move) for move in moves(chunks)]):
            return
        if self.following is None or not any(t.text in _REFERRING for t in self.following.whole):
            raise Unresolved(f"I do not understand '{clause}'.")
        self._information(chunks)

    def _opening(self, tokens: Tokens) -> bool:
        """Handles "(I want) the drawer open" and "(make sure) the drawer (is) closed"."""
        if not tokens or tokens[-1].text not in _OPEN_WORDS | _CLOSED_WORDS or len(tokens) < 2:
            return False
        command = Command("", tuple(self.session.chunks(tokens[:-1])))
        return INTENTS["open" if tokens[-1].text in _OPEN_WORDS else "close"](self.session, command)

    def _information(self, chunks: tuple[Chunk, ...]) -> None:
        """Remembers what a statement is about, for "it" in the next sentence."""
        steps = self.session.plan.steps
        if any(c.kind == "measure" and c.unit for c in chunks) and steps and self.session.calls.offers(steps[-1].skill):
            raise Unresolved("I do not know what to make of the measure. Could you say it in the command?")
        needs = [
            self.session.lexicon.needs[w]
            for c in chunks
            for t in c.things
            for w in t.words
            if w in self.session.lexicon.needs
        ]
        if needs and not self.session.acts:
            self.wanted = needs[0]
        subjects = moves(chunks)[:1]
        told = readings(subjects[0], weak_goal=False)[0].things if subjects else ()
        narrowed = tuple(t for t in told if t.pronoun not in PERSONS)
        others = tuple(t for c in chunks if c.kind == "relation" for t in c.things)
        heads = [t.head for t in narrowed or others if t.head not in ("", "one", "thing")]
        self.session.discourse.head = heads[-1] if heads else self.session.discourse.head
        if len(narrowed) > 1 and (together := self._all_objects(narrowed)):
            self.session.discourse.note_objects(together)
            return
        for thing in (*others, *narrowed):
            for role in ("object", "any"):
                try:
                    found = self.session.resolver.resolve(thing, role)
                except PlanningError:
                    continue
                if role == "object":
                    self.session.discourse.objects.append(tuple(found))
                else:
                    self.session.discourse.places += found
                self.session.discourse.mentioned += found
                break

    def _all_objects(self, things: Sequence[NounPhrase]) -> list[str]:
        """Returns what several phrases mean, if all of them mean things."""
        try:
            return self.session.resolver.all_of(tuple(things), "object")
        except PlanningError:
            return []

    def _fragment(self, clause: Clause, chunks: tuple[Chunk, ...]) -> None:
        things = [t for c in chunks for t in c.things]
        if self.said is not None and things and (clause.repeats or self._adds(chunks)):
            self._again(things)
            return
        topic = bool(things) and not any(c.kind == "relation" and is_strong(c) for c in chunks)
        topic = topic and all(t.pronoun or fits(self.session, t, "any") for t in things)
        if topic and self.following is not None and any(t.text in _REFERRING for t in self.following.whole):
            self._information(chunks)
            return
        known = any(fits(self.session, t, "any") for c in chunks for t in c.things)
        plain = [c for c in chunks if c.kind == "things"]
        if things and any(m.relations for m in moves(chunks)) and known:
            if not any([place(self.session, move) for move in moves(chunks)]):
                raise Unresolved(f"I do not understand '{clause}'.")
            return
        commanding = any(self.session.lexicon.verbs.at(clause.tokens, i) for i in range(len(clause.tokens)))
        if not plain and chunks and self.session.discourse.objects and any(c.kind == "relation" for c in chunks):
            for move in moves(chunks):  # "... and then in the bin"
                place(self.session, move)
            return
        remark = self._is_talk(clause) and self.following is not None
        if known or commanding or (things and not self.session.acts and not remark):
            self._unknown_command(clause, things)
        other = self.session.calls.of_others(clause.whole)
        if other:
            raise Refusal(f"I have no skill to {other}.")
        if not self._is_talk(clause):
            self._unknown_command(clause, things)
        self.asked = self.asked or str(clause)

    def _is_talk(self, clause: Clause) -> bool:
        """Returns whether a piece of a sentence begins like a remark, or is made of words that ask for nothing."""
        words = [token.text for token in clause.whole if token.is_word]
        return bool(words) and (words[0] in _SUBJECTS or self.session.lexicon.chatter.issuperset(words))

    def _adds(self, chunks: Sequence[Chunk]) -> bool:
        """Reads "The tape too": one more thing for the last command, not a place."""
        plain = all(c.kind == "things" for c in chunks) and bool(self.said and self.said.chunks)
        verb = self.said.clause.verb if self.said is not None else None
        said_where = plain and verb is not None and bool(_REPEATED & set(verb.value.intents))
        following = self.following is not None and any(t.text in _REFERRING for t in self.following.whole)
        return (
            bool(said_where)
            and not following
            and all(fits(self.session, t, "object") for c in chunks for t in c.things)
        )

    def _again(self, things: Sequence[NounPhrase]) -> None:
        """Handles "Do the same with B"."""
        said = self.said
        if said is None:
            return
        others = [t for t in things if t.words not in (("same",), ("thing",), ("do",)) and "same" not in t.selectors]
        chunks = amended(self.session, said, [Chunk("things", things=tuple(others[-1:]))])
        self._planned(said.clause, chunks or said.chunks)

    def _unknown_command(self, clause: Clause, things: Sequence[NounPhrase]) -> None:
        able = ", ".join(spec.name.replace("_", " ") for spec in self.session.request.skills)
        named = any(fits(self.session, thing, "any") for thing in things)
        asked = "What should I do with it?" if named or not able else f"What I can do: {able}."
        raise Unresolved(f"I do not understand '{clause}'. {asked}", unknown_words(self.session, clause.tokens))

    # --- the end -------------------------------------------------------------------------------------------------

    def result(self, tokens: Tokens) -> PlanResult:
        """Returns the plan for everything that was said."""
        session = self.session
        if self.wanted and not session.acts:
            deliver(session, (NounPhrase((self.wanted,), "any", text=self.wanted),))
        session.finish()
        if not session.acts:
            what = f"'{self.asked}'" if self.asked else "that"
            raise Unresolved(f"I do not understand what to do about {what}.")
        account_for(session, self.verbs, tokens)
        obey(session)
        kept = [g for g in session.goals if session.state.holds(g)]
        goals = tuple(dict.fromkeys(g for g in kept if g.predicate != "at" or session.state.place == g.arguments[0]))
        steps = tuple(session.plan.steps)
        said = sentence(session.request.scene, goals, steps)
        return PlanResult("ok", said, steps=steps, goal=tuple(map(str, goals)))
