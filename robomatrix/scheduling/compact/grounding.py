"""From a goal program to a plan: each statement becomes the command that the rule planner would have read.

What a noun phrase means, what a command brings about and what must come first is decided by the same code for both
planners. The model decides what is asked for, of what, under which condition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from robomatrix.errors import PlanningError
from robomatrix.scheduling.compact.linking import Linked, Slot
from robomatrix.scheduling.compact.program import ASK, Condition, Program, Statement, Term
from robomatrix.scheduling.language.calls import Call
from robomatrix.scheduling.language.chunks import Chunk
from robomatrix.scheduling.language.commands import Command
from robomatrix.scheduling.language.discourse import Role, Unresolved
from robomatrix.scheduling.language.intents import INTENTS
from robomatrix.scheduling.language.phrases import Modifier, NounPhrase
from robomatrix.scheduling.language.placing import deliver
from robomatrix.scheduling.language.saying import sentence
from robomatrix.scheduling.language.session import Session
from robomatrix.scheduling.language.text import Token, singular
from robomatrix.scheduling.plan import PlanResult

_PRONOUNS = {"me": "me", "start": "home", "held": "held", "there": "there"}
_INSIDE = frozenset({"in", "into", "inside", "within"})


@dataclass
class Grounding:
    """Carries a program out on paper, in the scene of a session."""

    session: Session
    linked: Linked
    meant: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Letter -> the ids that it stood for when it was first used."""
    judged: dict[Condition, bool] = field(default_factory=dict)
    """Conditions that were looked at."""

    def run(self, program: Program) -> PlanResult:
        """Returns a plan, a question or a refusal."""
        if program.verdict:
            return self._declined(program.verdict)
        try:
            for statement in program.statements:
                self._keep(statement)
            for statement in program.statements:
                if statement.condition is None or self._holds(statement.condition):
                    self._carry_out(statement)
                else:
                    self.session.acts += 1
            return self._result()
        except Unresolved as error:
            return PlanResult("refuse" if error.refuse else "clarify", str(error), error.missing)
        except PlanningError as error:
            return PlanResult("refuse", str(error))

    def _declined(self, verdict: str) -> PlanResult:
        missing = tuple(" ".join(s.phrase.words) for s in self.linked.slots if s.kind == "nothing")
        if verdict == ASK:
            return PlanResult("clarify", "I am not sure what to do. Please say what should be where.", missing)
        return PlanResult("refuse", "I have no skill for that.", missing)

    def _result(self) -> PlanResult:
        session = self.session
        session.finish()
        if not session.acts:
            raise Unresolved("I do not understand what to do.")
        kept = [g for g in session.goals if session.state.holds(g)]
        steps = tuple(session.plan.steps)
        message = sentence(session.request.scene, kept, steps)
        return PlanResult("ok", message, steps=steps, goal=tuple(map(str, kept)))

    # --- phrases -------------------------------------------------------------------------------------------------

    def _phrases(self, terms: Sequence[Term], *, place: bool = False) -> tuple[NounPhrase, ...]:
        return tuple(phrase for term in terms for phrase in self._meaning(term, place))

    def _meaning(self, term: Term, place: bool) -> tuple[NounPhrase, ...]:
        """Returns the phrase of a term; a letter that was used before means what it meant then."""
        if term.name in _PRONOUNS:
            return (NounPhrase(pronoun=_PRONOUNS[term.name], text=term.name),)
        known = self.meant.get(term.name)
        if known and not term.at and not term.without:
            return tuple(self._named(id_) for id_ in known)
        return (self._described(term),)

    def _named(self, id_: str) -> NounPhrase:
        """Returns a phrase that can only mean one entity: its id is one of its names."""
        entity = self.session.index.by_id[id_]
        words = max(entity.heads, key=lambda phrase: (entity.heads[phrase], len(phrase)))
        self.session.discourse.mentioned.append(id_)
        return NounPhrase(words, text=entity.name)

    def _described(self, term: Term) -> NounPhrase:
        phrase = self._slot(term.name).phrase
        modifiers = tuple(self._modifier(self._slot(letter)) for letter in term.at)
        without = tuple(self._slot(letter).phrase for letter in term.without)
        return replace(phrase, modifiers=(*phrase.modifiers, *modifiers), without=(*phrase.without, *without))

    @staticmethod
    def _modifier(slot: Slot) -> Modifier:
        return Modifier("near" if slot.kind == "thing" else "in", (slot.phrase,))

    def _slot(self, letter: str) -> Slot:
        try:
            slot = self.linked.slot(letter)
        except KeyError:
            raise PlanningError(f"The program speaks of '{letter}', which is nothing.") from None
        if slot.kind == "measure":
            raise Unresolved(f"I cannot measure that out: '{' '.join(t.text for t in slot.tokens)}'.")
        return slot

    # --- conditions ----------------------------------------------------------------------------------------------

    def _holds(self, condition: Condition) -> bool:
        """Judges a condition once: what it led to, or its "otherwise", must not change the judgement."""
        fact = replace(condition, positive=True)
        if fact not in self.judged:
            self.judged[fact] = self._fact(condition)
        return self.judged[fact] == condition.positive

    def _fact(self, condition: Condition) -> bool:
        state, resolver = self.session.state, self.session.resolver
        phrases = self._phrases(condition.terms)
        match condition.predicate:
            case "open":
                return all(id_ not in state.closed for id_ in resolver.all_of(phrases, "openable"))
            case "empty":
                return not any(state.contents(id_) for id_ in resolver.all_of(phrases, "place"))
            case "held":
                return state.holding is not None and (
                    not phrases or state.holding in resolver.all_of(phrases, "object")
                )
            case _:
                return self._is_there(condition.terms[0], phrases)

    def _is_there(self, term: Term, phrases: Sequence[NounPhrase]) -> bool:
        try:
            found = [i for p in phrases for i in self.session.resolver.resolve(replace(p, quantity="all"), "any")]
        except Unresolved:
            return False
        if len(found) == 1:
            self.meant[term.name] = tuple(found)
        return bool(found)

    # --- statements ----------------------------------------------------------------------------------------------

    def _keep(self, statement: Statement) -> None:
        """Notes what must not be touched before anything is planned."""
        if statement.action != "keep":
            return
        self.session.acts += 1
        for phrase in self._phrases(statement.arguments[0]):
            try:
                found = self.session.resolver.resolve(replace(phrase, quantity="all"), "object")
            except Unresolved:
                continue
            self.session.discourse.untouchable.update(found)

    def _carry_out(self, statement: Statement) -> None:
        session, action = self.session, statement.action
        if action == "keep":
            return
        if action == "call":
            self._call(statement.words)
            return
        objects, places = len(session.discourse.objects), len(session.discourse.places)
        if action == "give" and statement.arguments[1:] in ((), ((Term("me"),),)):
            deliver(session, self._phrases(statement.arguments[0]))
        elif not _HANDLERS[action](self, statement):
            raise Unresolved(f"I do not understand what to {action}.")
        self._remember(statement, session.discourse.objects[objects:], session.discourse.places[places:])

    def _remember(self, statement: Statement, objects: Sequence[tuple[str, ...]], places: Sequence[str]) -> None:
        """Notes what the letters turned out to mean, for when they are used again."""
        letters = [group[0].name for group in statement.arguments if len(group) == 1]
        for letter in letters:
            slot = next((s for s in self.linked.slots if s.letter == letter), None)
            if slot is None or letter in self.meant:
                continue
            if slot.kind in ("thing", "one", "nothing") and objects and letter == letters[0]:
                self.meant[letter] = tuple(objects[-1])
            elif places and len(set(places)) == 1 and slot.kind not in ("thing", "measure"):
                self.meant[letter] = (places[-1],)

    def _call(self, words: Sequence[str]) -> None:
        session = self.session
        spec = next((s for s in session.request.skills if s.name == words[0]), None)
        if spec is None:
            raise PlanningError(f"This robot has no skill '{words[0]}'.")
        tokens = tuple(token for word in words[1:] for token in self._tokens(word))
        name = tuple(Token(word, word) for word in spec.name.split("_"))
        call, said = (Call(spec, 1), tokens) if tokens else (Call(spec, len(name)), name)
        step = session.calls.step(call, said, session.discourse)
        if step is None:
            raise Unresolved(f"I do not understand how to {spec.name.replace('_', ' ')}.")
        session.step(step)

    def _tokens(self, word: str) -> tuple[Token, ...]:
        slot = next((s for s in self.linked.slots if s.letter == word), None)
        return slot.tokens if slot is not None else (Token(word, singular(word)),)

    def _goal(self, terms: Sequence[Term]) -> Chunk:
        """Returns the relation that says where things go; "in" where that was said of a thing."""
        words = self.linked.words
        at = words.index(terms[0].name) if terms[0].name in words else 0
        relation, phrase = ("in", "into") if at and words[at - 1] in _INSIDE else ("on", "onto")
        return Chunk("relation", things=self._phrases(terms, place=True), relation=relation, phrase=phrase)


def _intended(intent: str, verb: str, *particles: str) -> Callable[[Grounding, Statement], bool]:
    """Returns a handler that hands things, and where they go if that was said, to an intent of the rule planner."""

    def handle(grounding: Grounding, statement: Statement) -> bool:
        chunks = [Chunk("particle", particle) for particle in particles]
        arguments = statement.arguments
        if arguments:
            chunks.insert(0, Chunk("things", things=grounding._phrases(arguments[0])))
        if len(arguments) > 1:
            chunks.insert(1, grounding._goal(arguments[1]))
        return INTENTS[intent](grounding.session, Command(verb, tuple(chunks)))

    return handle


def _beside(grounding: Grounding, statement: Statement) -> bool:
    things = Chunk("things", things=grounding._phrases(statement.arguments[0]))
    near = Chunk("relation", things=grounding._phrases(statement.arguments[1]), relation="near", phrase="next to")
    return INTENTS["place"](grounding.session, Command("put", (things, near)))


def _go(grounding: Grounding, statement: Statement) -> bool:
    to = Chunk("relation", things=grounding._phrases(statement.arguments[0]), relation="to", phrase="to")
    return INTENTS["go"](grounding.session, Command("go", (to,)))


def _swap(grounding: Grounding, statement: Statement) -> bool:
    things = tuple(phrase for terms in statement.arguments for phrase in grounding._phrases(terms))
    return INTENTS["swap"](grounding.session, Command("swap", (Chunk("things", things=things),)))


def _find(grounding: Grounding, statement: Statement) -> bool:
    role: Role = "any"
    ids = grounding.session.resolver.all_of(grounding._phrases(statement.arguments[0]), role)
    grounding.session.discourse.note_objects([i for i in ids if i in grounding.session.state.resting])
    return _go(grounding, statement)


_HANDLERS: dict[str, Callable[[Grounding, Statement], bool]] = {
    "put": _intended("place", "put"),
    "beside": _beside,
    "take": _intended("take", "take"),
    "give": _intended("place", "put"),
    "drop": _intended("release", "drop"),
    "open": _intended("open", "open"),
    "close": _intended("close", "close"),
    "go": _go,
    "shoot": _intended("shoot", "shoot"),
    "cross": _intended("cross", "cross"),
    "find": _find,
    "swap": _swap,
    "sort": _intended("sort", "sort"),
    "group": _intended("group", "group"),
    "clear": _intended("clear", "clear"),
    "discard": _intended("discard", "discard"),
    "store": _intended("store", "store"),
    "back": _intended("place", "put", "back"),
    "wait": _intended("wait", "wait"),
}
