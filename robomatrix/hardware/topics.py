"""The ``topics`` driver without ROS: any robot that takes standard messages, moved only while both sides agree."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from robomatrix.errors import DriverError
from robomatrix.hardware.driver import CameraFrame, Imu, JointState, Odometry, RobotCommand, RobotState, Twist
from robomatrix.hardware.mapping import ForeignCommand, ForeignState, TopicsSettings, Translator
from robomatrix.hardware.targets import clamp
from robomatrix.robots.spec import JointSpec, RobotSpec


@dataclass
class AgreementGate:
    """Opens once the robot's names, limits and rate were seen to agree with ours, and closes when they no longer do."""

    robot: RobotSpec
    settings: TopicsSettings
    reason: str = "no joint state has come yet"
    """Why it is closed; empty while it is open."""
    _seen: int = 0
    _stamps: list[float] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """True while the robot may be moved."""
        return not self.reason

    def observe(self, state: JointState, stamp: float) -> None:
        """Takes one translated state and when it came [s]."""
        if self._stamps and stamp <= self._stamps[-1]:
            self._restart(f"time went back by {self._stamps[-1] - stamp:.3f} s")
            self._stamps = [stamp]
            return
        self._stamps = [*self._stamps[-self.settings.checks :], stamp]
        wrong = self._disagreement(state)
        if wrong is not None:
            self._restart(wrong)
            return
        self._seen += 1
        self.reason = self._still_missing()

    def disagree(self, reason: str) -> None:
        """Closes it because a message could not be understood."""
        self._restart(reason)

    def check_age(self, now: float) -> None:
        """Closes it when the newest state is too old at ``now`` [s]."""
        if self._stamps and now - self._stamps[-1] > self.settings.max_age:
            self._restart(f"no joint state for {now - self._stamps[-1]:.2f} s")

    def _restart(self, reason: str) -> None:
        self._seen, self.reason = 0, reason

    def _disagreement(self, state: JointState) -> str | None:
        for joint in self.settings.joints:
            position, spec = state[joint.name], self.robot.joint(joint.name)
            if not math.isfinite(position):
                return f"joint '{joint.theirs}' reports {position}"
            if not self._within(spec, position):
                return (
                    f"joint '{joint.theirs}' is at {position:.3f}, outside of our '{joint.name}' "
                    f"[{spec.lower:.3f}, {spec.upper:.3f}]: sign, unit or offset is wrong, or it is another robot"
                )
        return None

    def _within(self, joint: JointSpec, position: float) -> bool:
        slack = self.settings.slack
        return joint.kind == "continuous" or joint.lower - slack <= position <= joint.upper + slack

    def _still_missing(self) -> str:
        if self._seen < self.settings.checks:
            return f"{self._seen} of {self.settings.checks} states have agreed"
        period = (self._stamps[-1] - self._stamps[0]) / max(len(self._stamps) - 1, 1)
        if period > 1.0 / self.settings.rate:
            return f"states come at {1.0 / period:.1f} Hz, {self.settings.rate:g} Hz are needed"
        return ""


class Transport(Protocol):
    """The ROS side of the driver: publishes, and calls back with what comes. See the bridge node."""

    def open(self, take: Callable[[ForeignState], None]) -> None:
        """Subscribes to the states."""

    def send(self, command: ForeignCommand) -> None:
        """Publishes a joint command."""

    def drive(self, twist: Twist) -> None:
        """Publishes a base velocity."""

    def sense(self) -> tuple[Imu | None, Odometry | None]:
        """Returns the newest measurements of the base."""

    def frame(self, camera: str) -> CameraFrame | None:
        """Returns the newest image."""

    def close(self) -> None:
        """Takes subscriptions and publishers down."""


class TopicsDriver:
    """Implements :class:`robomatrix.hardware.driver.Driver` over a :class:`Transport`.

    Nothing is sent before the :class:`AgreementGate` is open; a command that is too far from where the robot is when it
    opens is refused.
    """

    def __init__(
        self,
        robot: RobotSpec,
        settings: TopicsSettings,
        transport: Transport,
        clock: Callable[[], float] = time.time,
        timeout: float = 5.0,
    ) -> None:
        """Takes its parts.

        Args:
            robot: What the layers above know.
            settings: How it maps to the foreign robot.
            transport: The ROS side.
            clock: Of the stamps [s].
            timeout: How long :meth:`connect` waits until the robot agrees [s].
        """
        self.spec, self.settings = robot, settings
        self.gate = AgreementGate(robot, settings)
        self._translator, self._transport, self._clock, self._timeout = (
            Translator(robot, settings),
            transport,
            clock,
            timeout,
        )
        self._lock, self._opened = threading.Lock(), threading.Event()
        self._state: RobotState | None = None
        self._held: dict[str, float] = {}
        self._started = self._moved = False

    def connect(self) -> None:
        """Waits until the robot agrees; raises DriverError with the last disagreement."""
        self._transport.open(self._take)
        if not self._opened.wait(self._timeout):
            self._transport.close()
            where = f"{self.spec.name} and the robot on '{self.settings.state_topic}'"
            raise DriverError(
                f"{where} do not agree after {self._timeout:g} s: {self.gate.reason}; check that its driver runs, the "
                "remapping, and the joints in the topics settings"
            )

    def read(self) -> RobotState:
        """Returns the newest state."""
        with self._lock:
            if self._state is None:
                raise DriverError(f"no joint state has come on '{self.settings.state_topic}' yet")
            imu, odometry = self._transport.sense()
            return RobotState(self._state.stamp, self._state.joints, imu, odometry)

    def frame(self, camera: str) -> CameraFrame | None:
        """Returns the newest image of a camera."""
        return self._transport.frame(camera)

    def write(self, command: RobotCommand) -> RobotCommand:
        """Sends a command.

        Raises:
            DriverError: the robot does not agree at the moment, or the first command is too far from where it is.
        """
        applied = clamp(self.spec, command)
        with self._lock:
            self.gate.check_age(self._clock())
            foreign = self._translated(applied, self._state) if self.gate.open and self._state else None
        if foreign is None:
            self._stand()
            raise DriverError(f"the robot may not move: {self.gate.reason}")
        self._transport.send(foreign)
        if applied.twist is not None:
            self._transport.drive(applied.twist)
        self._moved = True
        return applied

    def _translated(self, command: RobotCommand, state: RobotState) -> ForeignCommand:
        self._begin(command, state.joints)
        self._held.update(command.positions if self.settings.interface == "position" else {})
        return self._translator.command(command, self._held)

    def _stand(self) -> None:
        """Stops what goes on moving by the last command, whether or not the robot agrees: a stop passes every gate.

        Positions are left to the robot, which holds its last target; where nothing was commanded yet nothing is sent.
        """
        if not self._moved:
            return
        if self.settings.interface != "position":
            self._transport.send(self._translator.command(RobotCommand(), self._held))
        if self.spec.base is not None:
            self._transport.drive(Twist())

    def stop(self) -> None:
        """Holds positions, or sends zero velocity and effort; stops the base. Idempotent, never raises."""
        with self._lock:
            if self._started:
                foreign = self._translator.command(RobotCommand(), self._held)
                self._started = False
            else:
                foreign = None
        if foreign is not None:
            self._transport.send(foreign)
        if self.spec.base is not None:
            self._transport.drive(Twist())

    def close(self) -> None:
        """Stops and unsubscribes; idempotent."""
        self.stop()
        self._transport.close()

    def _begin(self, command: RobotCommand, joints: JointState) -> None:
        """Checks the first command after the gate opened against the measured positions, from which it starts."""
        if self._started:
            return
        if self.settings.interface == "position":
            names = [joint.name for joint in self.settings.joints]
            for name, target in command.positions.items():
                if name in names and abs(target - joints[name]) > self.settings.max_step:
                    raise DriverError(
                        f"the first command for '{name}' is {target:.3f}, but it is at {joints[name]:.3f}; "
                        f"begin within {self.settings.max_step:g} of it"
                    )
            self._held = {name: joints[name] for name in names}
        self._started = True

    def _take(self, foreign: ForeignState) -> None:
        with self._lock:
            try:
                joints = self._translator.state(foreign)
            except DriverError as error:
                self.gate.disagree(str(error))
                self._started = False
                return
            self.gate.observe(joints, foreign.received)
            if not self.gate.open:
                self._started = False
            if np.isfinite(joints.position).all():
                self._state = RobotState(foreign.received, joints)
            if self.gate.open:
                self._opened.set()
