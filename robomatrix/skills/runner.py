"""The one place that owns a skill in flight on a robot, and the belief about what its gripper holds.

Policy: one skill at a time. A second goal while one runs is refused with BUSY; cancel the first to make room.
"""

from __future__ import annotations

from dataclasses import replace

from robomatrix.errors import ArgumentsError, PreconditionError, RobomatrixError, UnknownNameError
from robomatrix.hardware.driver import STOP, RobotCommand
from robomatrix.robots.spec import RobotSpec
from robomatrix.skills.base import ErrorCode, Failed, Observation, Outcome, Running, Skill, Succeeded
from robomatrix.skills.registry import SkillRegistry
from robomatrix.skills.spec import Arguments

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
        try:
            self._skill = self.registry[name](self.robot, arguments, timeout)
        except RobomatrixError as error:
            return failure(error)
        self.feedback, self.outcome, self._due, self._resting = None, None, float("-inf"), None
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
        if self.registry.idle is None or self._skill is not None:
            return None
        fresh = self._resting is None
        if fresh:
            self._resting = self.registry.idle(self.robot, {}, float("inf"))
        result = self._advance(self._resting, observation)
        if isinstance(result, Succeeded):
            self._resting = None
            return None if fresh else self.rest(observation)
        return result.command if isinstance(result, Running) else None

    def cancel(self) -> RobotCommand:
        """Ends the skill in flight with CANCELED; without one it does nothing. Returns the command to send at once."""
        return STOP if self._skill is None else self._finish(self._skill, self._skill.cancel())

    def fail(self, code: ErrorCode, message: str) -> RobotCommand:
        """Ends the skill in flight for a reason from outside, such as an emergency stop."""
        if self._skill is None:
            return STOP
        self._skill.cancel()
        return self._finish(self._skill, Failed(code, message))

    def _advance(self, skill: Skill, observation: Observation) -> Running | Outcome:
        world = observation.world.with_holding(self.holding)
        try:
            return skill.tick(replace(observation, world=world))
        except RobomatrixError as error:
            return failure(error)

    def _believe(self, result: Running | Outcome) -> None:
        if result.holding is None or isinstance(result.holding, str):
            self.holding = result.holding

    def _finish(self, skill: Skill, outcome: Outcome) -> RobotCommand:
        self._believe(outcome)
        self._elapsed = skill.elapsed
        self.outcome, self._skill, self._command = outcome, None, skill.stopping()
        return self._command


def failure(error: RobomatrixError) -> Failed:
    """Returns the outcome that stands for an error."""
    code = next((code for kind, code in CODES if isinstance(error, kind)), ErrorCode.INTERNAL)
    return Failed(code, str(error))
