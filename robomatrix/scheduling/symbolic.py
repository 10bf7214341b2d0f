"""The symbolic state that plans are checked on: what holds, what a step needs, what it changes.

Preconditions and effects come from the skills' specs. Three rules of the world are added to them, because no single
skill owns them: what is in or goes into a closed container needs it open; what is let go rests at the place it
was held over, else where the robot stands; what is gripped is no longer where it lay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from robomatrix.errors import ArgumentsError
from robomatrix.scheduling.plan import PlanStep
from robomatrix.scheduling.scene import START, PlanningScene
from robomatrix.skills.spec import Condition, SkillSpec, Value

_ENTITY_TYPES = ("object", "location")
BALL = "ball"
"""Class of a thing that, once held, is the ball of a player."""


@dataclass(frozen=True)
class Literal:
    """A ground condition, such as ``on(can_1, box_1)`` or ``not open(drawer_1)``."""

    predicate: str
    arguments: tuple[str, ...] = ()
    negated: bool = False

    def __str__(self) -> str:
        text = f"{self.predicate}({', '.join(self.arguments)})" if self.arguments else self.predicate
        return f"not {text}" if self.negated else text

    @classmethod
    def parse(cls, text: str) -> Literal:
        """Returns the literal written as :meth:`__str__` writes it."""
        body = text.removeprefix("not ").strip()
        predicate, _, rest = body.partition("(")
        arguments = tuple(a.strip() for a in rest.rstrip(")").split(",") if a.strip())
        return cls(predicate.strip(), arguments, text.startswith("not "))


HAS_BALL = Literal("has_ball")


@dataclass(frozen=True)
class SymbolicState:
    """Everything the planning language can say of a moment."""

    scene: PlanningScene
    place: str | None
    """Where the robot stands: id of a location or object."""
    holding: str | None
    resting: Mapping[str, str | None]
    """Where each object rests; None if that is unknown or it is held."""
    closed: frozenset[str]
    """Locations that must be opened before anything goes in or out."""
    over: tuple[str, str] | None = None
    """(object, place) it is held over."""
    facts: frozenset[Literal] = frozenset()
    """What else became true: crossed, shot, upright, has_ball."""

    @classmethod
    def of(cls, scene: PlanningScene) -> SymbolicState:
        """Returns the state that a scene describes."""
        holding = scene.robot.holding
        resting = {o.id: (None if o.id == holding else o.at) for o in scene.objects}
        closed = frozenset(place.id for place in scene.locations if place.closed)
        held = scene.object(holding) if holding is not None else None
        ball = {HAS_BALL} if held is not None and held.category == BALL else set()
        facts = frozenset({Literal("upright"), *ball})
        return cls(scene, scene.robot.at, holding, MappingProxyType(resting), closed, facts=facts)

    def holds(self, literal: Literal) -> bool:
        """Returns whether a literal is true now."""
        return self._true(literal) != literal.negated

    def _true(self, literal: Literal) -> bool:
        arguments = literal.arguments
        match literal.predicate:
            case "at":
                return self.place == arguments[0]
            case "holding":
                return self.holding == arguments[0]
            case "hand_empty":
                return self.holding is None
            case "over":
                return self.over == arguments
            case "on":
                return self.resting.get(arguments[0]) == arguments[1]
            case "open":
                return arguments[0] not in self.closed
            case _:
                return replace(literal, negated=False) in self.facts

    def contents(self, place: str) -> tuple[str, ...]:
        """Returns the objects that rest on or in a place, in the scene's order."""
        return tuple(o.id for o in self.scene.objects if self.resting.get(o.id) == place)

    def container_of(self, object_id: str) -> str | None:
        """Returns the location that an object is in or on, through objects it may stand on."""
        seen = {object_id}
        place = self.resting.get(object_id)
        while place in self.resting and place not in seen:
            seen.add(place)
            place = self.resting[place]
        return place

    def apply(self, literal: Literal) -> SymbolicState:
        """Returns the state after a literal has been made true."""
        arguments = literal.arguments
        match literal.predicate, literal.negated:
            case "at", False:
                return replace(self, place=arguments[0], over=None)
            case "at", True:
                return replace(self, place=None if self.place == arguments[0] else self.place, over=None)
            case "holding", False:
                resting = MappingProxyType({**self.resting, arguments[0]: None})
                return replace(self, holding=arguments[0], resting=resting, over=None)
            case "holding", True:
                return self._let_go(arguments[0])
            case "over", False:
                return replace(self, over=arguments)
            case "on", False:
                return replace(self, resting=MappingProxyType({**self.resting, arguments[0]: arguments[1]}))
            case "open", negated:
                return replace(self, closed=self.closed | set(arguments) if negated else self.closed - set(arguments))
            case "hand_empty", _:
                return self
            case _, negated:
                fact = {replace(literal, negated=False)}
                return replace(self, facts=self.facts - fact if negated else self.facts | fact)

    def _let_go(self, object_id: str) -> SymbolicState:
        if self.holding != object_id:
            return self
        place = self.over[1] if self.over and self.over[0] == object_id else self._floor()
        resting = MappingProxyType({**self.resting, object_id: place})
        return replace(self, holding=None, over=None, resting=resting)

    def _floor(self) -> str | None:
        return self.container_of(self.place) if self.place in self.resting else self.place


@dataclass(frozen=True)
class Diagnostic:
    """Why a step of a plan cannot be executed."""

    index: int
    """Of the step, from 0."""
    step: PlanStep
    reason: str
    unmet: tuple[Literal, ...] = ()

    def __str__(self) -> str:
        return f"step {self.index + 1} {self.step}: {self.reason}"


@dataclass(frozen=True)
class Simulation:
    """The outcome of going through a plan without a robot."""

    states: tuple[SymbolicState, ...]
    """Before the first step and after each step that could be taken."""
    diagnostics: tuple[Diagnostic, ...] = field(default=())

    @property
    def final(self) -> SymbolicState:
        """The last state that was reached."""
        return self.states[-1]


def ground(condition: Condition, arguments: Mapping[str, Value]) -> Literal:
    """Returns a skill's condition with its parameters replaced by a step's arguments."""
    values = tuple(str(arguments.get(name, name)) for name in condition.arguments)
    return Literal(condition.predicate, values, condition.negated)


def requirements(state: SymbolicState, spec: SkillSpec, arguments: Mapping[str, Value]) -> Iterator[Literal]:
    """Yields what must hold before a step, what makes things accessible first (opening needs an empty hand)."""
    for effect in spec.effects:
        literal = ground(effect, arguments)
        place = _entered(state, literal)
        if place is not None and (place in state.closed or _openable(state.scene, place)):
            yield Literal("open", (place,))
    for condition in spec.preconditions:
        yield ground(condition, arguments)


def _entered(state: SymbolicState, effect: Literal) -> str | None:
    if effect.negated:
        return None
    if effect.predicate == "holding":
        return state.container_of(effect.arguments[0])
    if effect.predicate in ("over", "on"):
        target = effect.arguments[1]
        return state.container_of(target) if target in state.resting else target
    return None


def _openable(scene: PlanningScene, place: str) -> bool:
    location = scene.location(place)
    return location is not None and location.openable


def effects(spec: SkillSpec, arguments: Mapping[str, Value]) -> tuple[Literal, ...]:
    """Returns what a step makes true."""
    return tuple(ground(effect, arguments) for effect in spec.effects)


def argument_fault(scene: PlanningScene, spec: SkillSpec, step: PlanStep) -> str | None:
    """Returns what is wrong with a step's arguments in a scene, None if nothing is."""
    try:
        bound = spec.bind(step.arguments)
    except ArgumentsError as error:
        return str(error)
    for parameter in spec.parameters:
        if parameter.type in _ENTITY_TYPES and (fault := _entity_fault(scene, spec, parameter.name, bound)):
            return fault
    entities = [bound[p.name] for p in spec.parameters if p.type in _ENTITY_TYPES]
    if len(set(entities)) < len(entities):
        return f"{spec.name} takes different things, not '{entities[0]}' twice"
    return None


def _entity_fault(scene: PlanningScene, spec: SkillSpec, name: str, bound: Mapping[str, Value]) -> str | None:
    parameter = next(p for p in spec.parameters if p.name == name)
    id_ = str(bound[name])
    if scene.object(id_):
        fits = parameter.type == "object" or not parameter.kinds or "object" in parameter.kinds
        return None if fits else f"{id_} is an object; {spec.name} takes a {' or '.join(parameter.kinds)}"
    location = scene.location(id_)
    if location is None and id_ != START:
        return f"there is no '{id_}' in the scene"
    if parameter.type == "object":
        return f"{id_} is a place; {spec.name} takes an object"
    if location and parameter.kinds and location.kind not in parameter.kinds:
        return f"{id_} is a {location.kind}; {spec.name} takes a {' or '.join(parameter.kinds)}"
    if spec.name in ("open", "close") and location and not location.openable:
        return f"{id_} does not open"
    return None


def take(state: SymbolicState, spec: SkillSpec, arguments: Mapping[str, Value]) -> SymbolicState:
    """Returns the state after a step, its conditions taken for granted."""
    for literal in effects(spec, arguments):
        state = state.apply(literal)
    return state


def simulate(scene: PlanningScene, skills: Mapping[str, SkillSpec], steps: tuple[PlanStep, ...]) -> Simulation:
    """Returns the states that a plan goes through, up to the first step that cannot be taken, and why it cannot."""
    state = SymbolicState.of(scene)
    states = [state]
    for index, step in enumerate(steps):
        fault = diagnose(state, skills, index, step)
        if fault:
            return Simulation(tuple(states), (fault,))
        spec = skills[step.skill]
        state = take(state, spec, spec.bind(step.arguments))
        states.append(state)
    return Simulation(tuple(states))


def diagnose(state: SymbolicState, skills: Mapping[str, SkillSpec], index: int, step: PlanStep) -> Diagnostic | None:
    """Returns why a step cannot be taken in a state, None if it can."""
    spec = skills.get(step.skill)
    if spec is None:
        return Diagnostic(index, step, f"there is no skill '{step.skill}'; skills: {', '.join(sorted(skills))}")
    fault = argument_fault(state.scene, spec, step)
    if fault:
        return Diagnostic(index, step, fault)
    needed = requirements(state, spec, spec.bind(step.arguments))
    unmet = tuple(literal for literal in needed if not state.holds(literal))
    if unmet:
        return Diagnostic(index, step, f"needs {', '.join(map(str, unmet))}", unmet)
    return None
