"""What a skill is to a planner, an operator and a checker: typed parameters, conditions, effects.

Conditions are literals of a small planning language (STRIPS): a predicate over the skill's parameters or constants.
The predicates are listed in :data:`PREDICATES`; the scheduling layer simulates them, the skill layer checks them for
real.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from robomatrix.errors import ArgumentsError, ConfigurationError

ParameterType = Literal["object", "location", "number", "integer", "text", "boolean", "choice"]
Value = str | float | int | bool
Arguments = Mapping[str, Value]

PREDICATES: Mapping[str, int] = MappingProxyType(
    {
        "at": 1,  # the robot stands where it can reach the argument
        "holding": 1,  # the argument is in the gripper
        "hand_empty": 0,
        "over": 2,  # the held object is above the place
        "on": 2,  # the object rests on, in or at the place
        "open": 1,
        "crossed": 1,
        "shot": 1,
        "upright": 0,  # a humanoid stands on its feet
        "has_ball": 0,
    }
)
"""Predicate name to number of arguments."""


@dataclass(frozen=True)
class Parameter:
    """One typed argument of a skill."""

    name: str
    type: ParameterType
    text: str
    """For planners and people."""
    unit: str = ""
    default: Value | None = None
    """None makes the parameter required."""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    """For type ``choice``."""
    kinds: tuple[str, ...] = ()
    """For type ``location``: the kinds of DESIGN section 8 that fit (surface, container, ...); empty for any."""


@dataclass(frozen=True)
class Condition:
    """A literal: ``predicate(arguments)`` or its negation. Arguments name parameters, or constants of the scene."""

    predicate: str
    arguments: tuple[str, ...] = ()
    negated: bool = False

    def __post_init__(self) -> None:
        if PREDICATES.get(self.predicate) != len(self.arguments):
            raise ConfigurationError(
                f"condition {self}: predicates are {', '.join(f'{p}/{n}' for p, n in PREDICATES.items())}"
            )

    def __str__(self) -> str:
        text = f"{self.predicate}({', '.join(self.arguments)})" if self.arguments else self.predicate
        return f"not {text}" if self.negated else text


def parse_condition(text: str) -> Condition:
    """Reads a condition back from ``str(condition)``; ConfigurationError if it is malformed."""
    match = re.fullmatch(r"(not )?(\w+)(?:\(([^()]*)\))?", text.strip())
    if match is None:
        raise ConfigurationError(f"'{text}' is not a condition such as 'at(target)' or 'not open(target)'")
    negation, predicate, inside = match.groups()
    arguments = tuple(a.strip() for a in inside.split(",")) if inside else ()
    return Condition(predicate, arguments, negation is not None)


@dataclass(frozen=True)
class SkillSpec:
    """The public face of a skill."""

    name: str
    text: str
    """One sentence for planners and people."""
    robots: tuple[str, ...]
    parameters: tuple[Parameter, ...] = ()
    preconditions: tuple[Condition, ...] = ()
    effects: tuple[Condition, ...] = ()
    rate: float = 20.0
    """Ticks a second [Hz]."""
    timeout: float = 60.0
    """Default limit [s]; a goal may give its own."""

    def bind(self, arguments: Arguments) -> dict[str, Value]:
        """Returns complete, type-checked arguments, with defaults filled in.

        Raises:
            ArgumentsError: an argument is unknown, missing, of the wrong type or out of range; says what is right.
        """
        known = {p.name: p for p in self.parameters}
        for name in arguments:
            if name not in known:
                raise ArgumentsError(f"{self.name} has no parameter '{name}'; parameters: {', '.join(known) or 'none'}")
        return {name: _checked(self.name, p, arguments.get(name, p.default)) for name, p in known.items()}


def _checked(skill: str, parameter: Parameter, value: Value | None) -> Value:
    where = f"{skill}.{parameter.name}"
    if value is None:
        raise ArgumentsError(f"{where} is required: {parameter.text}")
    if parameter.type in ("number", "integer"):
        return _checked_number(where, parameter, value)
    expected = bool if parameter.type == "boolean" else str
    if not isinstance(value, expected):
        raise ArgumentsError(f"{where} must be a {expected.__name__}, not {value!r}")
    if parameter.type == "choice" and value not in parameter.choices:
        raise ArgumentsError(f"{where} must be one of {', '.join(parameter.choices)}, not '{value}'")
    return value


def _checked_number(where: str, parameter: Parameter, value: Value) -> float | int:
    kinds: tuple[type, ...] = (int,) if parameter.type == "integer" else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds):
        raise ArgumentsError(f"{where} must be a {parameter.type}, not {value!r}")
    low = parameter.minimum if parameter.minimum is not None else float("-inf")
    high = parameter.maximum if parameter.maximum is not None else float("inf")
    if not low <= value <= high:  # also refuses NaN
        raise ArgumentsError(f"{where} must be from {low:g} to {high:g} {parameter.unit}".rstrip() + f", not {value}")
    return value
