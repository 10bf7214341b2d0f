"""From an instruction to a plan: clause after clause, each in the state that the ones before it lead to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from robomatrix.errors import PlanningError
from robomatrix.scheduling.language import guards
from robomatrix.scheduling.language.calls import Call
from robomatrix.scheduling.language.chunks import Chunk
from robomatrix.scheduling.language.clauses import Clause, ClauseReader, Tokens
from robomatrix.scheduling.language.commands import Command, fits
from robomatrix.scheduling.language.entities import CLASS, EntityIndex
from robomatrix.scheduling.language.hazards import hazard
from robomatrix.scheduling.language.intents import INTENTS
from robomatrix.scheduling.language.nouns import NounPhrase
from robomatrix.scheduling.language.placing import deliver, moves, place, readings
from robomatrix.scheduling.language.reading import ENGLISH, read
from robomatrix.scheduling.language.reference import Unresolved
from robomatrix.scheduling.language.repairs import amended
from robomatrix.scheduling.language.saying import sentence
from robomatrix.scheduling.language.sentences import ClauseParser
from robomatrix.scheduling.language.session import Said, Session
from robomatrix.scheduling.language.text import Token
from robomatrix.scheduling.plan import PlanRequest, PlanResult
from robomatrix.scheduling.safety import SafetyRules
from robomatrix.scheduling.symbolic import Literal

_OPEN_WORDS = frozenset({"open", "opened"})
_CLOSED_WORDS = frozenset({"closed", "shut", "close"})
_NEEDS = {"shoot": "shot", "cross": "crossed", "go": "at", "look": "at", "open": "open", "close": "open"}
"""What a robot must be able to bring about to be asked for an intent; "holding" for all others."""
_AGAIN = frozenset({"do", "same", "likewise", "ditto"})
_REPEATED = frozenset({"place", "give", "bring", "open", "close", "discard", "store"})
_REFERRING = frozenset({"it", "them", "there", "these", "those", "both", "inside"})


class Refusal(PlanningError):
    """The instruction asks for what the robot cannot or must not do."""


@dataclass
class Interpreter:
    """Interprets one request."""

    request: PlanRequest
    rules: SafetyRules
    answers: tuple[str, ...] = ()

    def run(self) -> PlanResult:
        """Returns a plan, a question or a refusal."""
        try:
            return self._interpreted()
        except Unresolved as error:
            return PlanResult("refuse" if error.refuse else "clarify", str(error), error.missing)
        except PlanningError as error:
            return PlanResult("refuse", str(error))

    def _interpreted(self) -> PlanResult:
        index = EntityIndex(self.request.scene)
        session = Session.of(self.request, index, self.answers)
        tokens = self._tokens(session)
        if session.lexicon.nevermind & {tuple(t.text for t in tokens if t.is_word)}:
            return PlanResult("ok", "Nothing to do.")
        own = frozenset(phrase[0] for phrase in session.calls.phrases() if len(phrase) == 1)
        fault = hazard(tokens, index, self.rules, own)
        if fault:
            raise Refusal(fault)
        clauses = ClauseParser(ClauseReader(index, session.lexicon, session.calls.phrases())).parse(tokens)
        run = _Run(session)
        run.restrict(clauses)
        for at, clause in enumerate(clauses):
            run.following = clauses[at + 1] if at + 1 < len(clauses) else None
            run.clause(clause)
        return run.result(tokens)

    def _tokens(self, session: Session) -> Tokens:
        text, limit = self.request.instruction, self.rules.limits.instruction
        if len(text) > limit:
            raise Unresolved(f"The instruction has {len(text)} characters; I read at most {limit}. Say it shorter.")
        tokens = read(text, session.index, session.lexicon, self.rules)
        if not tokens:
            raise Unresolved("I see no words in the instruction. What should I do?")
        return tokens


@dataclass
class _Run:
    session: Session
    said: Said | None = None
    following: Clause | None = None
    """What is said next."""
    verbs: list[Token] = field(default_factory=list)
    """The first words of the clauses."""
    judged: dict[Tokens, bool] = field(default_factory=dict)
    """Conditions that were looked at."""
    wanted: str = ""
    """A wider class that somebody is in need of."""
    asked: str = ""
    """What was said that is no command, for the case that nothing else was."""

    # --- before anything is planned ------------------------------------------------------------------------------

    def restrict(self, clauses: Sequence[Clause]) -> None:
        """Notes what must not be touched: "but not the red one", "don't move the can"."""
        for clause in clauses:
            if not clause.negated:
                continue
            chunks = self.session.chunks(_after_unknown_verb(clause))
            things = [t for c in chunks if c.kind == "things" for t in c.things if not t.pronoun]
            for thing in things[:3]:
                try:
                    found = self.session.resolver.resolve(replace(thing, quantity="all"), "object")
                except PlanningError:
                    continue
                self.session.discourse.untouchable.update(found)

    # --- one clause ----------------------------------------------------------------------------------------------

    def clause(self, clause: Clause) -> None:
        """Plans a clause; what makes no sense is overlooked if the next one corrects it."""
        session = self.session
        self.verbs += clause.whole[:1]
        self._consider(clause)
        if clause.heading:
            self._information(tuple(session.chunks(clause.tokens)))
            return
        if clause.negated:
            self._forbidden(clause)
            return
        if not all(self._holds(guard) for guard in self._guarded(clause)):
            session.acts += 1
            return
        if clause.correction and self._correct(clause):
            return
        before, chunks = session.snapshot(), tuple(session.chunks(clause.tokens))
        try:
            self._planned(clause, chunks)
        except PlanningError:
            if self.following is None or not self.following.correction:
                raise
            session.restore(before)
        if clause.form != "information" and not _repeats(clause):  # "the same" is what was said before it
            self.said = Said(clause, chunks, before)

    def _consider(self, clause: Clause) -> None:
        """Notes what a clause names, whatever comes of it."""
        guarded = [self.session.chunks(guard.tokens) for guard in clause.guards]
        idle = (
            clause.negated or clause.heading or clause.guards or (clause.verb and "wait" in clause.verb.value.intents)
        )
        for chunk in (c for chunks in (*guarded, self.session.chunks(clause.tokens) if idle else []) for c in chunks):
            for thing in chunk.things:
                self.session.resolver.consider(thing)

    def _holds(self, guard: guards.Guard) -> bool:
        """Judges a condition once: its "otherwise" comes after what it led to."""
        if guard.tokens not in self.judged:
            plain = replace(guard, positive=True)
            self.judged[guard.tokens] = guards.holds(plain, self.session.discourse, self.session.lexicon)
        return self.judged[guard.tokens] == guard.positive

    def _guarded(self, clause: Clause) -> Sequence[guards.Guard]:
        self.session.discourse.state = self.session.state
        if any(guard.trailing for guard in clause.guards):
            self._information(tuple(self.session.chunks(clause.tokens)))
        return clause.guards

    def _forbidden(self, clause: Clause) -> None:
        """What must not be done is not done; the things it names may be referred to."""
        chunks = self.session.chunks(_after_unknown_verb(clause))
        things = [t for c in chunks if c.kind == "things" for t in c.things if not t.pronoun]
        for thing in things[:1]:
            try:
                found = self.session.resolver.resolve(thing, "object")
            except PlanningError:
                continue
            self.session.discourse.objects.append(tuple(found))
        self.session.acts += 1

    def _correct(self, clause: Clause) -> bool:
        """Takes back what was said before and says it anew; False if there was nothing."""
        said = self.said
        if said is None:
            return False
        if clause.form == "fragment":
            chunks = amended(self.session, said, self.session.chunks(clause.tokens))
            if chunks is None:
                return False
            self.session.restore(said.before)
            self._planned(said.clause, chunks)
            self.said = Said(said.clause, chunks, said.before)
            return True
        self.session.restore(said.before)
        chunks = tuple(self.session.chunks(clause.tokens))
        self._planned(clause, chunks)
        self.said = Said(clause, chunks, said.before)
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
            case _:
                self._fragment(clause, chunks)

    # --- forms ---------------------------------------------------------------------------------------------------

    def _command(self, clause: Clause, chunks: tuple[Chunk, ...]) -> None:
        session = self.session
        fault: PlanningError | None = None
        for tokens, call in self._possible_calls(clause):
            try:
                step = session.calls.step(call, tokens, session.discourse)
            except Unresolved as error:
                fault = fault or error
                continue
            if step is not None:
                session.step(step)
                return
        if clause.unable:
            raise fault or Refusal(f"I have no skill to {clause.unable}.")
        if clause.verb is None:
            raise fault or Refusal(f"I do not understand '{clause}'.")
        self._intended(clause, chunks, fault)

    def _possible_calls(self, clause: Clause) -> list[tuple[Tokens, Call]]:
        """Returns the skills that the clause may call; "pick it up" is also read as "pick up it"."""
        calls = self.session.calls
        whole = clause.whole
        found = [(whole, call) for call in calls.calls(whole) if not self._prefers_goal(clause, call.length)]
        at = next((i for i in range(2, len(whole)) if whole[i].text in ("up", "down", "off", "out")), None)
        if at is not None and not found:
            joined = (whole[0], whole[at], *whole[1:at], *whole[at + 1 :])
            found = [
                (joined, c) for c in calls.calls(joined) if c.length > 1 and not self._prefers_goal(clause, c.length)
            ]
        return found

    def _prefers_goal(self, clause: Clause, length: int) -> bool:
        """A longer verb phrase that means a goal is no call, unless a measure is said with it."""
        if clause.verb is None or not any(
            self.session.can(_NEEDS.get(i, "holding")) for i in clause.verb.value.intents
        ):
            return False
        measured = any(t.number is not None or t.text in self.session.lexicon.numbers for t in clause.tokens)
        return clause.verb.length > length and not measured

    def _intended(self, clause: Clause, chunks: tuple[Chunk, ...], fault: PlanningError | None) -> None:
        verb = clause.verb.value if clause.verb else None
        intents = list(verb.intents) if verb else []
        base = verb.base if verb else ""
        moved = self.session.lexicon.particles.get(base, {})
        particle = next(
            (c.text for c in chunks if c.kind in ("particle", "word", "direction") and c.text in moved), None
        )
        if particle:
            intents.insert(0, moved[particle])
        chunks = _without_adverbs(chunks)
        if any(c.kind == "measure" and c.unit for c in chunks) and "wait" not in intents:
            raise fault or Unresolved(f"I cannot measure that out: '{clause}'.")
        command = Command(base, chunks, clause.benefit)
        try:
            if any(self._try(intent, command) for intent in _ranked(intents, command)):
                return
        except PlanningError as error:
            raise fault or error from None
        raise fault or self._incomplete(command)

    def _try(self, intent: str, command: Command) -> bool:
        handler = INTENTS.get(intent)
        return handler is not None and handler(self.session, command)

    def _incomplete(self, command: Command) -> PlanningError:
        if command.things:
            names = " and ".join(t.text or " ".join(t.words) for t in command.things)
            try:
                for thing in command.things:
                    self.session.resolver.resolve(thing, "any")
            except PlanningError as error:
                return error
            return Unresolved(f"{command.verb.capitalize()} {names}: where to?")
        return Unresolved(f"What should I {command.verb}?")

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
        if not any([place(self.session, move) for move in moves(chunks)]):
            raise Unresolved(f"I do not understand '{clause}'.")

    def _opening(self, tokens: Tokens) -> bool:
        """Handles "(I want) the drawer open" and "(make sure) the drawer (is) closed"."""
        if not tokens or tokens[-1].text not in _OPEN_WORDS | _CLOSED_WORDS or len(tokens) < 2:
            return False
        command = Command("", tuple(self.session.chunks(tokens[:-1])))
        return INTENTS["open" if tokens[-1].text in _OPEN_WORDS else "close"](self.session, command)

    def _information(self, chunks: tuple[Chunk, ...]) -> None:
        """Remembers what a statement is about, for "it" in the next sentence."""
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
        narrowed = readings(subjects[0], weak_goal=False)[0].things if subjects else ()
        others = tuple(t for c in chunks if c.kind == "relation" for t in c.things)
        heads = [t.head for t in narrowed or others if t.head not in ("", "one", "thing")]
        self.session.discourse.head = heads[-1] if heads else self.session.discourse.head
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

    def _fragment(self, clause: Clause, chunks: tuple[Chunk, ...]) -> None:
        things = [t for c in chunks for t in c.things]
        if self.said is not None and things and (_repeats(clause) or self._adds(chunks)):
            self._again(things)
            return
        topic = bool(things) and all(t.pronoun or self._means_something(t) for t in things)
        if topic and self.following is not None and any(t.text in _REFERRING for t in self.following.whole):
            self._information(chunks)
            return
        known = any(self._means_something(t) for c in chunks for t in c.things)
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
        if known or commanding or (things and not self.session.acts):
            self._unknown_command(clause, things)
        self.asked = self.asked or str(clause)

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

    def _means_something(self, thing: object) -> bool:
        try:
            return bool(self.session.resolver.resolve(replace(thing, quantity="all"), "any"))  # type: ignore[type-var]
        except PlanningError:
            return False

    def _unknown_command(self, clause: Clause, things: Sequence[object]) -> None:
        raise Unresolved(
            f"I do not understand '{clause}'. What should I do with it?", _unknown(self.session, clause.tokens)
        )

    # --- the end -------------------------------------------------------------------------------------------------

    def _account_for(self, tokens: Tokens) -> None:
        """Asks where something in the scene was named and nothing came of it: then a part was not understood."""
        session = self.session
        used = {
            *session.discourse.mentioned,
            *session.discourse.places,
            *session.discourse.untouchable,
            session.discourse.focus,
        }
        used.update(str(v) for step in session.plan.steps for v in step.arguments.values())
        used.update(id_ for group in session.discourse.objects for id_ in group)
        used.update(session.discourse.initial.container_of(id_) or "" for id_ in tuple(used))
        used.update(session.discourse.considered)
        names = {word for e in session.index.entities if e.id in used for phrase in e.heads for word in phrase}
        for token, following in zip(tokens, [*tokens[1:], None], strict=True):
            after = following.text if following is not None else ""
            compound = following is not None and following.lemma in session.index.nouns
            compound = compound or (token.text == "can" and after in ("you", "we", "i", "u"))
            if token.lemma in names or compound or any(token is verb for verb in self.verbs):
                continue
            called = [e.id for e in session.index.entities if e.entity and e.heads.get((token.lemma,), 0.0) >= CLASS]
            if called:
                raise Unresolved(f"I did not understand what to do with '{token.text}'.", candidates=called)

    def result(self, tokens: Tokens) -> PlanResult:
        """Returns the plan for everything that was said."""
        session = self.session
        if self.wanted and not session.acts:
            deliver(session, (NounPhrase((self.wanted,), "any", text=self.wanted),))
        session.finish()
        if not session.acts:
            what = f"'{self.asked}'" if self.asked else "that"
            raise Unresolved(f"I do not understand what to do about {what}.")
        self._account_for(tokens)
        kept = [g for g in session.goals if session.state.holds(g)]
        goals = tuple(dict.fromkeys(_lasting(kept, session)))
        steps = tuple(session.plan.steps)
        message = sentence(session.request.scene, goals, steps)
        return PlanResult("ok", message, steps=steps, goal=tuple(str(g) for g in goals))


def _repeats(clause: Clause) -> bool:
    return clause.form == "fragment" and bool(clause.whole) and clause.whole[0].text in _AGAIN


def _lasting(goals: Sequence[Literal], session: Session) -> list[Literal]:
    return [g for g in goals if g.predicate != "at" or session.state.place == g.arguments[0]]


def _after_unknown_verb(clause: Clause) -> Tokens:
    if clause.verb is not None or clause.unable:
        return clause.tokens
    return clause.tokens[1:] if clause.tokens and clause.tokens[0].is_word else clause.tokens


def _unknown(session: Session, tokens: Sequence[Token]) -> list[str]:
    known = session.index.words | session.index.nouns | session.lexicon.words | ENGLISH
    return [t.text for t in tokens if t.is_word and len(t.text) > 2 and t.text not in known and t.lemma not in known][
        :3
    ]


def _without_adverbs(chunks: tuple[Chunk, ...]) -> tuple[Chunk, ...]:
    return tuple(c for c in chunks if c.kind != "word" or not c.text.endswith("ly"))


def _ranked(intents: Sequence[str], command: Command) -> list[str]:
    """Puts the intent first that the shape of the command speaks for."""
    things, relations = bool(command.things), [c for c in command.relations if c.relation != "from"]
    order = list(dict.fromkeys(intents))
    order.sort(key=lambda i: i != "cross")  # it declines what is no obstacle
    if not things and relations:
        order.sort(key=lambda i: i not in ("go", "cross", "shoot", "look", "clear"))
    if things and relations:
        order.sort(key=lambda i: i in ("go",))
    if things and not relations:
        order.sort(key=lambda i: i in ("place",))
    return order
