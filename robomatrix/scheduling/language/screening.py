"""What is answered before any model is asked."""

from __future__ import annotations

from robomatrix.scheduling.language.answers import answered
from robomatrix.scheduling.language.hazards import instruction_hazard
from robomatrix.scheduling.plan import PlanRequest, PlanResult
from robomatrix.scheduling.safety import SafetyRules


def screened(request: PlanRequest, rules: SafetyRules) -> PlanResult | None:
    """Returns the answer to what is unreadable, asks for harm or only asks, None where a model may plan."""
    unreadable = rules.unreadable(request.instruction)
    if unreadable is not None:
        return PlanResult("clarify", unreadable)
    fault = instruction_hazard(request.instruction, request.scene, rules)
    return PlanResult("refuse", fault) if fault else answered(request, rules)
