"""From an instruction to a plan, a question or a refusal."""

from __future__ import annotations

from dataclasses import dataclass

from robomatrix.errors import PlanningError
from robomatrix.scheduling.language.clauses import ClauseReader, Tokens
from robomatrix.scheduling.language.commanding import Refusal
from robomatrix.scheduling.language.discourse import Unresolved
from robomatrix.scheduling.language.entities import EntityIndex
from robomatrix.scheduling.language.hazards import hazard
from robomatrix.scheduling.language.reading import read
from robomatrix.scheduling.language.running import ClauseRun
from robomatrix.scheduling.language.sentences import ClauseParser
from robomatrix.scheduling.language.session import Session
from robomatrix.scheduling.plan import PlanRequest, PlanResult
from robomatrix.scheduling.safety import SafetyRules


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
        run = ClauseRun(session)
        run.restrict(clauses)
        for at, clause in enumerate(clauses):
            run.following = clauses[at + 1] if at + 1 < len(clauses) else None
            run.clause(clause)
        return run.result(tokens)

    def _tokens(self, session: Session) -> Tokens:
        unreadable = self.rules.unreadable(self.request.instruction)
        if unreadable is not None:
            raise Unresolved(unreadable)
        tokens = read(self.request.instruction, session.index, session.lexicon, self.rules)
        if not tokens:  # letters, but none that the reader keeps
            raise Unresolved("I see no words in the instruction. What should I do?")
        return tokens
