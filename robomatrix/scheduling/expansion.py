"""From a goal to steps: backward chaining over the skills' preconditions and effects.

The planning language has few predicates and every scene few things, so goals are reached one literal after the other,
each by the first skill whose effects contain it, its preconditions reached before it in the order of the spec.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from robomatrix.errors import PlanningError
from robomatrix.scheduling.plan import PlanStep
from robomatrix.scheduling.symbolic import Literal, SymbolicState, argument_fault, requirements, take
from robomatrix.skills.spec import Condition, SkillSpec, Value

_DEPTH = 12
_ROUNDS = 4


@dataclass
class Expansion:
    """A plan under construction: the state it has reached, and the steps that reach it."""

    state: SymbolicState
    skills: Mapping[str, SkillSpec]
    steps: list[PlanStep] = field(default_factory=list)

    def reach(self, goal: Literal) -> None:
        """Appends the steps that make a literal true. Raises PlanningError, saying why, if none can."""
        self._achieve(goal, ())

    def add(self, step: PlanStep) -> None:
        """Appends a step and what it needs first. Raises PlanningError if its needs cannot be met."""
        spec = self.skills[step.skill]
        self._perform(spec, spec.bind(step.arguments), (), step)

    def _achieve(self, goal: Literal, pending: tuple[Literal, ...]) -> None:
        if self.state.holds(goal):
            return
        if goal in pending or len(pending) > _DEPTH:
            raise PlanningError(f"{goal} cannot be reached: it would need itself first")
        pending = (*pending, goal)
        if goal.predicate == "on" and not goal.negated:
            self._achieve(Literal("over", goal.arguments), pending)
            self._achieve(Literal("holding", goal.arguments[:1], negated=True), pending)
        elif goal.predicate == "hand_empty":
            self._put_down(pending)
        else:
            self._by_skill(goal, pending)
        if not self.state.holds(goal):
            raise PlanningError(f"{goal} does not hold after all that should bring it about")

    def _by_skill(self, goal: Literal, pending: tuple[Literal, ...]) -> None:
        faults: list[str] = []
        for spec, arguments in self._candidates(goal):
            step = PlanStep(spec.name, arguments)
            fault = argument_fault(self.state.scene, spec, step)
            if fault is None:
                self._perform(spec, spec.bind(arguments), pending, step)
                return
            faults.append(fault)
        raise PlanningError(faults[0] if faults else f"no skill of this robot brings about {goal}")

    def _candidates(self, goal: Literal) -> Iterator[tuple[SkillSpec, dict[str, Value]]]:
        for spec in self.skills.values():
            for effect in spec.effects:
                arguments = _unify(effect, goal)
                if arguments is not None and _complete(spec, arguments):
                    yield spec, arguments
                    break

    def _perform(
        self, spec: SkillSpec, bound: Mapping[str, Value], pending: tuple[Literal, ...], step: PlanStep
    ) -> None:
        for _ in range(_ROUNDS):  # reaching a later condition may undo an earlier one
            unmet = [need for need in requirements(self.state, spec, bound) if not self.state.holds(need)]
            if not unmet:
                self.steps.append(step)
                self.state = take(self.state, spec, bound)
                return
            for need in unmet:
                self._achieve(need, pending)
        raise PlanningError(f"the conditions of {step} exclude each other")

    def _put_down(self, pending: tuple[Literal, ...]) -> None:
        held = self.state.holding
        if held is None:
            return
        for place in self._put_down_places():
            goal = Literal("on", (held, place))
            if goal not in pending:
                self._achieve(goal, pending)
                return
        self._achieve(Literal("holding", (held,), negated=True), pending)

    def _put_down_places(self) -> Sequence[str]:
        scene, here = self.state.scene, self.state.place
        surfaces = [place.id for place in scene.locations if place.kind == "surface"]
        return sorted(surfaces, key=lambda id_: id_ != here)


def _unify(effect: Condition, goal: Literal) -> dict[str, Value] | None:
    if (effect.predicate, effect.negated) != (goal.predicate, goal.negated):
        return None
    return dict(zip(effect.arguments, goal.arguments, strict=True))


def _complete(spec: SkillSpec, arguments: Mapping[str, Value]) -> bool:
    names = {p.name for p in spec.parameters}
    required = {p.name for p in spec.parameters if p.default is None}
    return required <= set(arguments) <= names


def reached(state: SymbolicState, goals: Sequence[Literal]) -> bool:
    """Returns whether all goals hold."""
    return all(state.holds(goal) for goal in goals)
