"""Checks a plan step by step on the symbolic state, mends what can be mended, and applies the safety rules.

Whatever a planner says, what leaves :func:`validate` is executable and allowed, or is a refusal with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from robomatrix.errors import PlanningError
from robomatrix.scheduling.expansion import Expansion
from robomatrix.scheduling.language.questions import with_report
from robomatrix.scheduling.plan import Planner, PlanRequest, PlanResult, PlanStep
from robomatrix.scheduling.safety import SafetyRules, load_rules
from robomatrix.scheduling.scene import PlanningScene
from robomatrix.scheduling.symbolic import SymbolicState, argument_fault, effects, simulate
from robomatrix.skills.spec import SkillSpec

STOP = PlanStep("stop")
_DROPPABLE = ("holding", "hand_empty", "over", "on", "open")


@dataclass(frozen=True)
class Repaired:
    """An executable plan, and what was changed to make it so."""

    steps: tuple[PlanStep, ...]
    notes: tuple[str, ...] = ()
    """Such as "inserted open(target=drawer_1)"."""


def repair(state: SymbolicState, skills: Mapping[str, SkillSpec], steps: Sequence[PlanStep]) -> Repaired:
    """Inserts what steps need first and drops what already holds.

    Raises:
        PlanningError: a step cannot be taken whatever is inserted; the message says which and why.
    """
    plan = Expansion(state, skills)
    notes: list[str] = []
    for index, step in enumerate(steps):
        _check_call(plan.state.scene, skills, index, step)
        if _superfluous(plan, skills[step.skill], step):
            notes.append(f"dropped {step}: already so")
            continue
        before = len(plan.steps)
        try:
            plan.add(step)
        except PlanningError as error:
            raise PlanningError(f"step {index + 1} {step}: {error}") from None
        notes.extend(f"inserted {extra}" for extra in plan.steps[before:-1])
    return Repaired(tuple(plan.steps), tuple(notes))


def _check_call(scene: PlanningScene, skills: Mapping[str, SkillSpec], index: int, step: PlanStep) -> None:
    spec = skills.get(step.skill)
    fault = f"there is no skill '{step.skill}'; skills: {', '.join(sorted(skills))}" if spec is None else None
    fault = fault or argument_fault(scene, skills[step.skill], step)
    if fault:
        raise PlanningError(f"step {index + 1} {step}: {fault}")


def _superfluous(plan: Expansion, spec: SkillSpec, step: PlanStep) -> bool:
    if plan.steps and plan.steps[-1] == step:
        return bool(spec.effects)
    literals = effects(spec, spec.bind(step.arguments))
    if not any(e.arguments for e in literals):
        return False
    return all(e.predicate in _DROPPABLE and plan.state.holds(e) for e in literals)


def safety_fault(
    rules: SafetyRules, scene: PlanningScene, skills: Mapping[str, SkillSpec], steps: Sequence[PlanStep]
) -> str | None:
    """Returns why a plan that can be executed must not be; None if it may."""
    if len(steps) > rules.limits.steps:
        return f"the plan has {len(steps)} steps; at most {rules.limits.steps} are allowed"
    states = simulate(scene, skills, tuple(steps)).states
    for state, step in zip(states, steps, strict=False):
        spec = skills[step.skill]
        fault = rules.step_fault(state, step, effects(spec, spec.bind(step.arguments)))
        if fault:
            return fault
    return None


def planned(planner: Planner, request: PlanRequest, rules: SafetyRules | None = None) -> PlanResult:
    """Returns what a planner makes of a request, with an executable and allowed plan or without any.

    A question that follows a command is for the end of the task, and not for the planner.
    """
    asked = replace(request, instruction=with_report(request.instruction)[0])
    return validate(asked, planner.plan(asked), rules)


def validate(request: PlanRequest, result: PlanResult, rules: SafetyRules | None = None) -> PlanResult:
    """Returns the result with an executable and allowed plan, or a refusal that says why there is none."""
    if result.status != "ok":
        return replace(result, steps=())
    if result.steps == (STOP,):  # no robot needs a skill to stop, and nothing may hold it up
        return result
    skills = {spec.name: spec for spec in request.skills}
    try:
        mended = repair(SymbolicState.of(request.scene), skills, result.steps)
    except PlanningError as error:
        return PlanResult("refuse", f"no executable plan: {error}")
    fault = safety_fault(rules or load_rules(), request.scene, skills, mended.steps)
    return PlanResult("refuse", fault) if fault else replace(result, steps=mended.steps)
