"""The one place that owns a skill in flight on a robot, and the belief about what its gripper holds.

Policy: one skill at a time. A second goal while one runs is refused with BUSY; cancel the first to make room.
Skills may be somebody else's: whatever one raises ends that skill with INTERNAL and nothing more, for its process may
hold the bridge and the emergency stop.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from robomatrix.errors import ArgumentsError, PreconditionError, RobomatrixError, UnknownNameError
from robomatrix.hardware.driver import STOP, RobotCommand
from robomatrix.robots.spec import RobotSpec
from robomatrix.skills.base import ErrorCode, Failed, Observation, Outcome, Running, Skill, Succeeded
from robomatrix.skills.registry import SkillRegistry
from robomatrix.skills.spec import Arguments

logger = logging.getLogger(__name__)
T = TypeVar("T")

CODES: tuple[tuple[type[RobomatrixError], ErrorCode], ...] = (
    (UnknownNameError, ErrorCode.UNKNOWN_SKILL),
    (ArgumentsError, ErrorCode.INVALID_ARGUMENTS),
    (PreconditionError, ErrorCode.PRECONDITION),
)
EARLY = 1e-6
"""A stamp this close before a tick is due counts as due [s]."""


class SkillRunner:
    """Runs skills of one robot, one after the other. Time is the stamp of the states, so it needs no clock."""

    def __init__(self, robot: RobotSpec, registry: SkillRegistry) -> None:
        self.robot = robot
        self.registry = registry
        self.holding: str | None = None
        """Id of the object believed to be in the gripper; skills change it with their outcome."""
        self.feedback: Running | None = None
        """What the skill in flight said last."""
        self.outcome: Outcome | None = None
        """How the newest skill ended; None while it runs."""
        self._skill: Skill | None = None
        self._resting: Skill | None = None
        self._restless = False
        self._elapsed = 0.0
        self._due = float("-inf")
        self._command = STOP

    @property
    def busy(self) -> bool:
        """True while a skill is in flight."""
        return self._skill is not None

    @property
    def elapsed(self) -> float:
        """Time since the first tick of the skill in flight, or of the newest one up to its end [s]."""
        return self._skill.elapsed if self._skill else self._elapsed

    def start(self, name: str, arguments: Arguments, timeout: float | None = None) -> Failed | None:
        """Accepts a goal; the skill begins with the next tick.

        Returns:
            None when accepted, else why not: BUSY, UNKNOWN_SKILL or INVALID_ARGUMENTS. A refusal leaves a skill in
            flight untouched.
        """
        if self._skill is not None:
            return Failed(ErrorCode.BUSY, f"{self._skill.spec.name} is running; cancel it first")
        made = _guarded(lambda: self.registry[name](self.robot, arguments, timeout), name)
        if isinstance(made, Failed):
            return made
        self._skill, self.feedback, self.outcome, self._due = made, None, None, float("-inf")
        self._resting, self._restless = None, False
        return None

    def tick(self, observation: Observation) -> RobotCommand:
        """Advances the skill in flight if its tick is due.

        Returns:
            The command to send now: what the skill wants, what it wanted last between two ticks, or STOP.
        """
        skill, stamp = self._skill, observation.state.stamp
        if skill is None:
            return STOP
        if stamp < self._due - EARLY:
            return self._command
        late = stamp - self._due > 1.0 / skill.spec.rate
        self._due = (stamp if late else self._due) + 1.0 / skill.spec.rate
        result = self._advance(skill, observation)
        self._believe(result)
        if isinstance(result, Running):
            self.feedback, self._command = result, result.command
            return result.command
        return self._finish(skill, result)

    def rest(self, observation: Observation) -> RobotCommand | None:
        """Advances the robot's idle skill while no other runs; None for a robot without one, or if it gave up."""
        idle = self.registry.idle
        if idle is None or self._skill is not None or self._restless:
            return None
        fresh = self._resting is None
        made = self._resting or _guarded(lambda: idle(self.robot, {}, float("inf")), idle.spec.name)
        result = made if isinstance(made, Failed) else self._advance(made, observation)
        self._believe(result)
        self._resting = made if isinstance(made, Skill) and not isinstance(result, Succeeded) else None
        if isinstance(result, Succeeded):
            return None if fresh else self.rest(observation)
        self._restless = isinstance(result, Failed) and result.code == ErrorCode.INTERNAL
        return result.command if isinstance(result, Running) else None

    def cancel(self) -> RobotCommand:
        """Ends the skill in flight with CANCELED; without one it does nothing. Returns the command to send at once."""
        if self._skill is None:
            return STOP
        return self._finish(self._skill, _guarded(self._skill.cancel, self._skill.spec.name))

    def fail(self, code: ErrorCode, message: str) -> RobotCommand:
        """Ends the skill in flight for a reason from outside, such as an emergency stop."""
        if self._skill is None:
            return STOP
        _guarded(self._skill.cancel, self._skill.spec.name)
        return self._finish(self._skill, Failed(code, message))

    def _advance(self, skill: Skill, observation: Observation) -> Running | Outcome:
        world = observation.world.with_holding(self.holding)
        result = _guarded(lambda: skill.tick(replace(observation, world=world)), skill.spec.name)
        if isinstance(result, Outcome) or (isinstance(result, Running) and isinstance(result.command, RobotCommand)):
            return result
        return Failed(
            ErrorCode.INTERNAL,
            f"{skill.spec.name} is broken: it gave {result!r:.80} instead of a Succeeded, a Failed or a Running with a"
            " RobotCommand",
        )

    def _believe(self, result: Running | Outcome) -> None:
        if result.holding is None or isinstance(result.holding, str):
            self.holding = result.holding

    def _finish(self, skill: Skill, outcome: Outcome) -> RobotCommand:
        self._believe(outcome)
        self._elapsed = skill.elapsed
        stopping = _guarded(skill.stopping, skill.spec.name)
        self._command = stopping if isinstance(stopping, RobotCommand) else STOP
        self.outcome, self._skill = outcome, None
        return self._command


def _guarded(step: Callable[[], T], skill: str) -> T | Failed:
    """Returns what a step of a skill gives, or the outcome that stands for what it raises."""
    try:
        return step()
    except RobomatrixError as error:
        return failure(error)
    except Exception as error:
        logger.exception("skill %s is broken", skill)
        return Failed(ErrorCode.INTERNAL, f"{skill} is broken: {type(error).__name__}: {error}")


def failure(error: RobomatrixError) -> Failed:
    """Returns the outcome that stands for an error of the library."""
    code = next((code for kind, code in CODES if isinstance(error, kind)), ErrorCode.INTERNAL)
    return Failed(code, str(error))
