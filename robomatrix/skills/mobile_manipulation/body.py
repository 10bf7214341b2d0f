"""What every mobile-manipulation skill shares: the newest observation, smooth commands, a clean way to give up."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Generator, Mapping
from typing import TypeVar

from robomatrix.errors import PreconditionError, RobomatrixError
from robomatrix.hardware.driver import Odometry, RobotCommand, RobotState, Twist
from robomatrix.robots.spec import BaseSpec, RobotSpec
from robomatrix.skills.base import ErrorCode, Failed, Observation, Running, Skill, Steps, Unchanged
from robomatrix.skills.mobile_manipulation.geometry import Pose2
from robomatrix.skills.mobile_manipulation.obedience import Obedience
from robomatrix.world import SceneObject, World

Result = TypeVar("Result")
Motion = Generator[Running, Observation, Result]
"""A part of a skill: yields what it wants, ends with a result, raises :class:`GiveUp`."""

ACCELERATION = 1.6
"""Of the base [m/s^2]; a held can stays put."""
BRAKING = 1.2
"""What speed profiles plan with, less than the limit so that tracking keeps up [m/s^2]."""
ANGULAR_ACCELERATION = 7.0
"""[rad/s^2]."""
LONGEST_TICK = 0.1
"""A late tick gets no more acceleration than this much time allows [s]."""
FALLING = 1.2
"""How long a skill that lost what it held watches where that comes to rest [s]."""
FRESH = 1.0
"""A thing seen no longer ago than this is in view [s]."""


class GiveUp(RobomatrixError):
    """Ends a skill from anywhere inside it; becomes the skill's Failed outcome."""

    def __init__(self, code: ErrorCode, message: str, holding: str | None | type[Unchanged] = Unchanged) -> None:
        super().__init__(message)
        self.code, self.holding = code, holding


class Body:
    """The robot as its skills see it: newest observation, and commands that respect accelerations."""

    def __init__(self, robot: RobotSpec, observation: Observation) -> None:
        self.robot = robot
        self.observation = observation
        self.guards: list[Callable[[], None]] = [self._heeds]
        """Called on every new observation; each raises GiveUp when something went wrong."""
        self.positions: dict[str, float] = {}
        """Joint targets sent with every command."""
        self.holding: str | None | type[Unchanged] = Unchanged
        """What the gripper is believed to hold while the skill makes sure; perception is told."""
        self.phase = ""
        self.progress = 0.0
        self._twist = Twist()
        self._commanded = observation.state.stamp
        self._obedience = Obedience()

    @property
    def now(self) -> float:
        """Stamp of the newest state [s]."""
        return self.observation.state.stamp

    @property
    def world(self) -> World:
        """The newest belief about the surroundings."""
        return self.observation.world

    @property
    def base(self) -> BaseSpec:
        """Limits of the mobile base."""
        if self.robot.base is None:
            raise PreconditionError(f"{self.robot.name} has no mobile base")
        return self.robot.base

    @property
    def odometry(self) -> Odometry:
        """The newest odometry; PreconditionError where the robot sends none."""
        if self.observation.state.odometry is None:
            raise PreconditionError(f"{self.robot.name} sends no odometry")
        return self.observation.state.odometry

    @property
    def pose(self) -> Pose2:
        """Where the base is, by odometry."""
        return Pose2.of(self.odometry)

    def thing(self, name: str) -> SceneObject:
        """Returns the newest belief about a thing; GiveUp(NOT_FOUND) where there is none."""
        found = self.world.objects.get(name)
        if found is None:
            known = ", ".join(sorted(self.world.objects)) or "nothing"
            raise GiveUp(ErrorCode.NOT_FOUND, f"'{name}' is not in sight; seen so far: {known}")
        return found

    def sees(self, name: str, age: float = FRESH) -> bool:
        """True if the thing was seen within the last ``age`` seconds."""
        found = self.world.objects.get(name)
        return found is not None and self.now - found.stamp <= age

    def step(self, twist: Twist | None = None, positions: Mapping[str, float] | None = None) -> Motion[None]:
        """Sends one command, with the twist brought within the accelerations, and takes in what comes back."""
        self.positions.update(positions or {})
        self._twist = self._smooth(twist or Twist())
        command = RobotCommand(positions=dict(self.positions), twist=self._twist if self.robot.base else None)
        before = self.observation.state
        self.observation = yield Running(command, self.phase, self.progress, self.holding)
        self._compare(before)
        for guard in self.guards:
            guard()

    def halt(self, limit: float = 1.0) -> Motion[None]:
        """Brings the base to rest."""
        end = self.now + limit
        while self._twist != Twist() and self.now < end:
            yield from self.step()

    def wait(self, duration: float) -> Motion[None]:
        """Stands still for a time [s]."""
        end = self.now + duration
        while self.now < end - 1e-9:
            yield from self.step()

    def watch_fall(self) -> Motion[None]:
        """Stands still with nothing held any more: a thing that is seen as it falls is believed where it never was."""
        self.guards.clear()
        self.holding = None
        yield from self.wait(FALLING)

    def enter(self, phase: str, progress: float) -> None:
        """Names the phase that follows, and how far the skill is."""
        self.phase, self.progress = phase, progress

    def _compare(self, before: RobotState) -> None:
        after = self.observation.state
        if before.odometry is not None and after.odometry is not None:
            poses = Pose2.of(before.odometry), Pose2.of(after.odometry)
            self._obedience.note(after.stamp, self._twist, *poses, after.stamp - before.stamp)

    def _heeds(self) -> None:
        if self._obedience.astray():
            raise GiveUp(ErrorCode.BLOCKED, "the base moves otherwise than it is told")

    def _smooth(self, wanted: Twist) -> Twist:
        base, last = self.base, self._twist
        dt = min(max(self.now - self._commanded, 0.0), LONGEST_TICK)
        self._commanded = self.now
        linear, angular = ACCELERATION * dt, ANGULAR_ACCELERATION * dt
        return Twist(
            _towards(last.vx, _clip(wanted.vx, base.max_vx), linear),
            _towards(last.vy, _clip(wanted.vy, base.max_vy), linear),
            _towards(last.wz, _clip(wanted.wz, base.max_wz), angular),
        )


class ManipulationSkill(Skill):
    """Base of the family: gives :meth:`perform` a :class:`Body` and turns GiveUp into the outcome."""

    def run(self, observation: Observation) -> Steps:
        """Performs the skill and brings the base to rest at its end."""
        body = Body(self.robot, observation)
        try:
            return (yield from self.perform(body))
        except GiveUp as reason:
            if reason.holding is None:
                yield from body.watch_fall()
            return Failed(reason.code, str(reason), holding=reason.holding)

    @abstractmethod
    def perform(self, body: Body) -> Steps:
        """The skill itself; raises GiveUp to fail."""

    def text(self, name: str) -> str:
        """Returns an argument that is a name."""
        return str(self.arguments[name])


def _clip(value: float, limit: float) -> float:
    return min(max(value, -limit), limit)


def _towards(value: float, wanted: float, step: float) -> float:
    return value + _clip(wanted - value, step)
