"""The rule planner: deterministic, explains itself, and the reference beside the language models."""

from __future__ import annotations

from dataclasses import dataclass, field

from robomatrix.scheduling.language.answers import answered
from robomatrix.scheduling.language.interpreter import Interpreter
from robomatrix.scheduling.plan import PlanRequest, PlanResult
from robomatrix.scheduling.safety import SafetyRules, load_rules
from robomatrix.scheduling.validator import STOP, validate


@dataclass(frozen=True)
class RulePlanner:
    """Interprets instructions by grammar, lexicon and the skills' conditions. Milliseconds, no weights."""

    rules: SafetyRules = field(default_factory=load_rules)
    name = "rules"

    def plan(self, request: PlanRequest) -> PlanResult:
        """Returns an executable plan, an answer, a question or a refusal; the same for the same request."""
        if self.rules.is_stop(request.instruction):
            return PlanResult("ok", "Stopping.", steps=(STOP,))
        answer = answered(request, self.rules)
        if answer is not None:
            return answer
        return validate(request, Interpreter(request, self.rules, request.answers).run(), self.rules)
