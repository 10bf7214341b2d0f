"""The Skill base: one bounded step a tick; time-out, cancel, stop and timing live here, once.

A skill is written as a generator (:meth:`Skill.run`) that yields what it wants next and receives the newest
observation, so that a sequence of phases reads from top to bottom. It never sleeps and never looks at the wall clock.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import ClassVar

from robomatrix.errors import PreconditionError
from robomatrix.hardware.driver import STOP, CameraFrame, RobotCommand, RobotState
from robomatrix.robots.spec import RobotSpec
from robomatrix.skills.spec import Arguments, SkillSpec, Value
from robomatrix.world import World


class ErrorCode(IntEnum):
    """Why a skill ended without success; the same numbers stand in ``ExecuteSkill.action``."""

    NONE = 0
    UNKNOWN_SKILL = 100
    INVALID_ARGUMENTS = 101
    PRECONDITION = 102
    BUSY = 103
    TIMEOUT = 110
    CANCELED = 111
    EMERGENCY_STOP = 112
    DRIVER = 113
    INTERNAL = 114
    NOT_FOUND = 120
    UNREACHABLE = 121
    BLOCKED = 122
    GRASP_FAILED = 123
    OBJECT_LOST = 124
    RELEASE_FAILED = 125
    MECHANISM_FAILED = 126
    TARGET_MISSED = 127
    FELL = 128
    GOAL_NOT_REACHED = 129


class Unchanged:
    """Marker: the belief about the gripper stays as it was."""


@dataclass(frozen=True)
class OperatorCommand:
    """What a person or another program asks of single joints, for skills that follow one."""

    stamp: float
    """When it came, on the robot's clock [s]."""
    positions: Mapping[str, float]
    """Target by joint [rad]; as received, not checked."""
    assisted: bool = True
    """False asks for it to be executed as it is."""


@dataclass(frozen=True)
class Observation:
    """All that a skill may look at in a tick."""

    state: RobotState
    world: World
    frames: Mapping[str, CameraFrame] = field(default_factory=dict)
    """Newest image by camera, for skills that servo on pixels."""
    operator: OperatorCommand | None = None
    """Newest command of an operator, None while there is none."""


@dataclass(frozen=True)
class Running:
    """Go on: the command to send, and where the skill is."""

    command: RobotCommand
    phase: str = ""
    progress: float = 0.0
    """0 to 1."""
    holding: str | None | type[Unchanged] = Unchanged
    """What the gripper is believed to hold from now on, before the skill has made sure; perception needs to know."""


@dataclass(frozen=True)
class Succeeded:
    """Done, and checked by the skill itself."""

    metrics: Mapping[str, float] = field(default_factory=dict)
    holding: str | None | type[Unchanged] = Unchanged
    """What the gripper holds from now on; Unchanged leaves the belief alone."""


@dataclass(frozen=True)
class Failed:
    """Ended without reaching its effect."""

    code: ErrorCode
    message: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    holding: str | None | type[Unchanged] = Unchanged


Outcome = Succeeded | Failed
Steps = Generator[Running, Observation, Outcome]
"""What :meth:`Skill.run` returns: yields Running, is sent the next Observation, returns the Outcome."""


class Skill(ABC):
    """One execution of a skill on one robot. Make a new instance for every goal."""

    spec: ClassVar[SkillSpec]
    idle: ClassVar[bool] = False
    """True for the skill that runs while no other is asked for: a humanoid's balance."""

    def __init__(self, robot: RobotSpec, arguments: Arguments, timeout: float | None = None) -> None:
        """Binds the arguments (ArgumentsError if they do not fit) and sets the time limit [s]."""
        self.robot = robot
        self.arguments: dict[str, Value] = self.spec.bind(arguments)
        self.timeout = timeout if timeout else self.spec.timeout
        self._steps: Steps | None = None
        self._started = 0.0
        self.elapsed = 0.0
        """[s] since the first tick, on the robot's clock."""

    @classmethod
    def offered(cls, robot: RobotSpec) -> bool:
        """Returns whether planners may count on the skill: not where what ships with it cannot do it yet."""
        return True

    def check(self, observation: Observation) -> None:  # noqa: B027  # a skill that can always start has nothing to add
        """Raises PreconditionError, saying what is missing, if the skill cannot start now."""

    @abstractmethod
    def run(self, observation: Observation) -> Steps:
        """The skill itself, from the first observation to the outcome."""

    def stopping(self) -> RobotCommand:
        """The command that brings the robot to rest when the skill ends or is cut short."""
        return STOP

    def tick(self, observation: Observation) -> Running | Outcome:
        """Advances by one bounded step. Call at ``spec.rate`` until an Outcome comes."""
        if self._steps is None:
            return self._begin(observation)
        self.elapsed = observation.state.stamp - self._started
        if self.elapsed > self.timeout:
            return self._ended(Failed(ErrorCode.TIMEOUT, f"{self.spec.name} took longer than {self.timeout:g} s"))
        try:
            return self._steps.send(observation)
        except StopIteration as stop:
            return self._ended(stop.value)

    def cancel(self) -> Failed:
        """Ends the skill now; the caller sends :meth:`stopping`."""
        return self._ended(Failed(ErrorCode.CANCELED, f"{self.spec.name} was cancelled"))

    def _begin(self, observation: Observation) -> Running | Outcome:
        self._started = observation.state.stamp
        try:
            self.check(observation)
        except PreconditionError as error:
            return Failed(ErrorCode.PRECONDITION, str(error))
        self._steps = self.run(observation)
        try:
            return next(self._steps)
        except StopIteration as stop:
            return self._ended(stop.value)

    def _ended(self, outcome: Outcome) -> Outcome:
        if self._steps is not None:
            self._steps.close()
        return outcome
