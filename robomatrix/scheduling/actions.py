"""What the execution of a task asks of those who carry it out, and what it is told in return."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from robomatrix.scheduling.plan import PlanStep


class TaskError(Enum):
    """Why a task ended without success."""

    NONE = "none"
    REFUSED = "refused"
    UNCLEAR = "unclear"
    FAILED = "failed"
    CANCELED = "canceled"
    TIMEOUT = "timeout"


@dataclass(frozen=True)
class Options:
    """What the asker wants of an execution."""

    dry_run: bool = False
    """Plan only."""
    ask_before_run: bool = False
    """Wait for :meth:`TaskExecution.approve` before the first step."""
    explore: bool = True
    """Look around, if the robot can, when something that was named is not in the scene; then once from elsewhere."""
    clarify: bool = True
    """Turn a planner's question into :class:`Ask`; otherwise it ends the task."""


@dataclass(frozen=True)
class StepOutcome:
    """What became of a step."""

    success: bool
    message: str = ""
    code: int = 0
    """Of ``ExecuteSkill.action``; 0 for success."""


@dataclass(frozen=True)
class RunStep:
    """Execute this step and report with :meth:`TaskExecution.on_result`."""

    index: int
    """In :attr:`TaskExecution.plan`; -1 for looking for what was named before there is a plan."""
    step: PlanStep


@dataclass(frozen=True)
class Ask:
    """Put this question; reply with :meth:`TaskExecution.answer`."""

    question: str


@dataclass(frozen=True)
class Approve:
    """Show this plan; reply with :meth:`TaskExecution.approve`."""

    plan: tuple[PlanStep, ...]


@dataclass(frozen=True)
class Finished:
    """The end of the task."""

    success: bool
    message: str
    error: TaskError = TaskError.NONE
    plan: tuple[PlanStep, ...] = ()


Action = RunStep | Ask | Approve | Finished
