"""Commands: which of the robot's skills a clause calls by name, or else what its verb asks for."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from robomatrix.errors import PlanningError
from robomatrix.scheduling.language.accounting import understood
from robomatrix.scheduling.language.calls import Call
from robomatrix.scheduling.language.chunks import Chunk
from robomatrix.scheduling.language.clauses import Clause, Tokens
from robomatrix.scheduling.language.commands import Command
from robomatrix.scheduling.language.discourse import Unresolved
from robomatrix.scheduling.language.intents import INTENTS
from robomatrix.scheduling.language.session import Session
from robomatrix.scheduling.safety import load_rules
from robomatrix.scheduling.symbolic import Literal

_NEEDS = {"shoot": "shot", "cross": "crossed", "go": "at", "look": "at", "open": "open", "close": "open"}
"""What a robot must be able to bring about to be asked for an intent; "holding" for all others."""


class Refusal(PlanningError):
    """The instruction asks for what the robot cannot or must not do."""


@dataclass(frozen=True)
class Commander:
    """Plans single commands into a session."""

    session: Session
    continued: bool = False
    """True if the next clause says where this one's things go."""

    def run(self, clause: Clause, chunks: tuple[Chunk, ...]) -> None:
        """Plans a command. Raises PlanningError if it makes no sense here or the robot cannot do it."""
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
        at = next((i for i in range(2, len(whole)) if whole[i].text in ("up", "down", "off", "out", "go")), None)
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
        chunks = _without_adverbs(chunks, self.session.lexicon.manners)
        for denied in (t for c in chunks if c.kind == "word" for t in c.things):
            self.session.resolver.consider(denied)
        if any(c.kind == "measure" and c.unit for c in chunks) and "wait" not in intents:
            raise fault or Unresolved(f"I cannot measure that out: '{clause}'.")
        command = Command(base, chunks, clause.benefit)
        before = tuple(self.session.goals)
        try:
            if any(self._try(intent, command) for intent in _ranked(intents, command)):
                self._handle_with_care(base, before)
                if not self.session.discourse.listed:
                    understood(self.session, chunks)
                return
        except PlanningError as error:
            raise fault or error from None
        if self.continued and "place" in intents and command.things and self._try("take", command):
            return
        raise fault or self._incomplete(command, intents)

    def _handle_with_care(self, verb: str, before: Sequence[Literal]) -> None:
        """Raises Refusal if the command drops or throws what could break."""
        rules, scene = load_rules(), self.session.request.scene
        for goal in (g for g in self.session.goals if g not in before):
            let_go = goal.predicate == "on" or (goal.predicate == "holding" and goal.negated)
            place = goal.arguments[1] if goal.predicate == "on" else None
            fault = rules.rough_fault(scene, verb, goal.arguments[0], place) if let_go else None
            if fault:
                raise Refusal(f"{fault}.")

    def _try(self, intent: str, command: Command) -> bool:
        handler = INTENTS.get(intent)
        return handler is not None and handler(self.session, command)

    def _incomplete(self, command: Command, intents: Sequence[str]) -> PlanningError:
        if command.things:
            names = " and ".join(t.text or " ".join(t.words) for t in command.things)
            try:
                for thing in command.things:
                    self.session.resolver.resolve(thing, "any")
            except PlanningError as error:
                return error
            return Unresolved(f"{command.verb.capitalize()} {names}: where to?")
        return Unresolved(f"{'Where' if 'go' in intents else 'What'} should I {command.verb}?")


def _without_adverbs(chunks: tuple[Chunk, ...], manners: Set[str]) -> tuple[Chunk, ...]:
    """Leaves out how something is to be done: "quickly", "with great care"."""
    said = (c for c in chunks if c.kind != "word" or not c.text.endswith("ly"))
    return tuple(c for c in said if c.kind != "relation" or not all(t.head in manners for t in c.things))


def _ranked(intents: Sequence[str], command: Command) -> list[str]:
    """Puts the intent first that the shape of the command speaks for."""
    things, relations = bool(command.things), [c for c in command.relations if c.relation != "from"]
    order = list(dict.fromkeys(intents))
    order.sort(key=lambda i: i != "cross")  # it declines what is no obstacle
    if any(c.phrase == "with" for c in relations):  # "switch A with B"
        order.sort(key=lambda i: i != "swap")
    if not things and relations:
        order.sort(key=lambda i: i not in ("go", "cross", "shoot", "look", "clear"))
    if things and relations:
        order.sort(key=lambda i: i in ("go",))
    if things and not relations:
        order.sort(key=lambda i: i in ("place",))
    return order
