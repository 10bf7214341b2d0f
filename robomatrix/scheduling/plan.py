"""The contract between the scheduler and every planner, and between the scheduler and the skills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from robomatrix.scheduling.scene import PlanningScene
from robomatrix.skills.spec import SkillSpec, Value

Status = Literal["ok", "clarify", "refuse"]
ANSWERED = "answered: "
"""Begins a line of the history that is a reply to a question."""


@dataclass(frozen=True)
class PlanStep:
    """One skill with its arguments; entities are ids of the scene."""

    skill: str
    arguments: Mapping[str, Value] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.skill}({', '.join(f'{k}={v}' for k, v in self.arguments.items())})"


@dataclass(frozen=True)
class PlanRequest:
    """All that a planner is told."""

    instruction: str
    scene: PlanningScene
    skills: tuple[SkillSpec, ...]
    history: tuple[str, ...] = ()
    """What happened before: earlier instructions, or why the last plan failed."""

    @property
    def answers(self) -> tuple[str, ...]:
        """The replies to earlier questions."""
        return tuple(line.removeprefix(ANSWERED) for line in self.history if line.startswith(ANSWERED))


@dataclass(frozen=True)
class PlanResult:
    """A plan, a question or a refusal; never anything else."""

    status: Status
    message: str = ""
    """The question or the reason; for ``ok`` a sentence on what will be done."""
    missing: tuple[str, ...] = ()
    """What was named in the instruction and is not in the scene."""
    steps: tuple[PlanStep, ...] = ()
    goal: tuple[str, ...] = ()
    """The literals that hold when the plan is done, such as ``on(can_1, box_1)``."""


@runtime_checkable
class Planner(Protocol):
    """Turns a request into a plan, a question or a refusal. Raises nothing for any instruction."""

    def plan(self, request: PlanRequest) -> PlanResult:
        """Returns a schema-valid result; bounded in time."""
