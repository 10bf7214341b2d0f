"""A language model under supervision: model, reader, validator, bounded retries, rule planner, refusal.

What a model says is never trusted: it is read against the schema, repaired or rejected by the validator, and asked
again with the complaints. If that does not help, the rule planner answers; if it cannot either, the answer is a refusal
that says what went wrong.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from robomatrix.errors import PlanningError
from robomatrix.scheduling.language.screening import screened
from robomatrix.scheduling.plan import Planner, PlanRequest, PlanResult
from robomatrix.scheduling.planners.rules import RulePlanner
from robomatrix.scheduling.prompt import Message, messages
from robomatrix.scheduling.safety import SafetyRules, load_rules
from robomatrix.scheduling.schema import plan_schema, read_answer
from robomatrix.scheduling.symbolic import Literal, simulate
from robomatrix.scheduling.validator import STOP, validate


@dataclass(frozen=True)
class Completion:
    """What a model wrote."""

    text: str
    confidence: float | None = None
    """Mean log-probability of its tokens; None where the model does not tell."""


class Backend(Protocol):
    """A language model, near or far."""

    name: str

    def complete(self, told: Sequence[Message], schema: dict[str, Any], deadline: float) -> Completion:
        """Returns an answer of the schema's form.

        Args:
            told: the conversation.
            schema: JSON Schema; a backend that cannot enforce it answers freely.
            deadline: on :func:`time.monotonic` [s].

        Raises:
            PlanningError: there is no answer in time, or the model cannot be reached; the message says why.
        """


@dataclass
class ModelPlanner:
    """Plans with a language model that is checked at every turn."""

    backend: Backend
    fallback: Planner | None = field(default_factory=RulePlanner)
    rules: SafetyRules = field(default_factory=load_rules)
    retries: int = 2
    budget: float = 30.0
    """For all attempts together [s]."""
    min_confidence: float = -2.0
    """Mean log-probability below which an answer counts as a guess."""
    progress: Callable[[str], None] | None = None
    """Told of every attempt and complaint."""

    @property
    def name(self) -> str:
        """The model's name, for the audit log."""
        return self.backend.name

    def plan(self, request: PlanRequest) -> PlanResult:
        """Returns a valid plan, a question or a refusal within the budget; raises nothing for any instruction."""
        if self.rules.is_stop(request.instruction):
            return PlanResult("ok", "Stopping.", steps=(STOP,))
        refused = screened(request, self.rules)
        if refused is not None:
            return refused
        complaints: list[str] = []
        deadline = time.monotonic() + self.budget
        for _ in range(self.retries + 1):
            if time.monotonic() >= deadline:
                complaints.append("the time for planning is over")
                break
            result = self._attempt(request, complaints, deadline)
            if result is not None:
                return result
        return self._last_resort(request, complaints)

    def _attempt(self, request: PlanRequest, complaints: list[str], deadline: float) -> PlanResult | None:
        try:
            answer = self.backend.complete(messages(request, complaints[-3:]), plan_schema(request), deadline)
            result = read_answer(answer.text, request)
            if answer.confidence is not None and answer.confidence < self.min_confidence:
                raise PlanningError(f"the model is unsure (log-probability {answer.confidence:.2f})")
            return self._checked(request, result)
        except PlanningError as error:
            complaints.append(str(error))
            if self.progress is not None:
                self.progress(str(error))
            return None

    def _checked(self, request: PlanRequest, result: PlanResult) -> PlanResult:
        checked = validate(request, result, self.rules)
        if result.status == "ok" and checked.status != "ok":
            raise PlanningError(checked.message)
        goals = _sensible(result.goal)
        skills = {spec.name: spec for spec in request.skills}
        if checked.status == "ok" and goals:
            final = simulate(request.scene, skills, checked.steps).final
            unmet = [str(goal) for goal in goals if not final.holds(goal)]
            if unmet:
                raise PlanningError(f"the steps do not reach the goal: {', '.join(unmet)}")
        return replace(checked, goal=tuple(map(str, goals)))

    def _last_resort(self, request: PlanRequest, complaints: Sequence[str]) -> PlanResult:
        reason = complaints[-1] if complaints else "the model gave no answer"
        if self.fallback is None:
            return PlanResult("refuse", f"No executable plan: {reason}")
        result = self.fallback.plan(request)
        note = f"{result.message} (planned by rules: {reason})" if result.status == "ok" else result.message
        return replace(result, message=note)


def _sensible(texts: Sequence[str]) -> list[Literal]:
    literals = [Literal.parse(text) for text in texts]
    arity = {"on": 2, "holding": 1, "open": 1, "at": 1, "crossed": 1, "shot": 1}
    return [goal for goal in literals if arity.get(goal.predicate) == len(goal.arguments)]
