"""A simulated robot behind the ``topics`` driver: its states and commands pass as foreign messages, without ROS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from robomatrix.hardware.driver import (
    CameraFrame,
    Imu,
    Odometry,
    RobotCommand,
    RobotState,
    SimulatedDriver,
    Twist,
)
from robomatrix.hardware.mapping import ForeignCommand, ForeignState, TopicsSettings
from robomatrix.hardware.topics import TopicsDriver
from robomatrix.robots.spec import RobotSpec


class ForeignRobot:
    """Implements :class:`robomatrix.hardware.topics.Transport` over a simulator; one state for every control period."""

    def __init__(self, inner: SimulatedDriver, settings: TopicsSettings) -> None:
        self._inner, self._settings = inner, settings
        self._take: Callable[[ForeignState], None] | None = None
        self._command = RobotCommand(twist=Twist())
        self.silent = self.broken = False
        """Whether it sends nothing, and whether it reports positions that are no numbers."""

    def open(self, take: Callable[[ForeignState], None]) -> None:
        """Begins to send, as often as the driver needs to see that both sides agree."""
        self._take = take
        for _ in range(self._settings.checks + 1):
            self.advance()

    def advance(self) -> None:
        """Carries the newest command out for one control period and sends the state."""
        self._inner.write(self._command)
        state = self._inner.step()
        if self._take is not None and not self.silent:
            joints = state.joints
            position = np.full_like(joints.position, np.nan) if self.broken else joints.position
            self._take(ForeignState(joints.names, position, joints.velocity, joints.effort, state.stamp))

    def send(self, command: ForeignCommand) -> None:
        """Takes targets of the joints."""
        positions = dict(zip(command.names, map(float, command.values), strict=True))
        self._command = replace(self._command, positions=positions)

    def drive(self, twist: Twist) -> None:
        """Takes a velocity of the base."""
        self._command = replace(self._command, twist=twist)

    def sense(self) -> tuple[Imu | None, Odometry | None]:
        """Returns what the base measures."""
        state = self._inner.read()
        return state.imu, state.odometry

    def frame(self, camera: str) -> CameraFrame | None:
        """Returns the newest image."""
        return self._inner.frame(camera)

    def close(self) -> None:
        """Sends nothing any more."""
        self._take = None


class ForeignDriver:
    """Implements :class:`robomatrix.hardware.driver.SimulatedDriver`: a simulator that is driven through topics."""

    def __init__(self, inner: SimulatedDriver) -> None:
        """Takes the simulator that plays the robot."""
        self.spec: RobotSpec = inner.spec
        self._inner = inner
        settings = TopicsSettings.parse(inner.spec, {})
        self.robot = ForeignRobot(inner, settings)
        self._topics = TopicsDriver(inner.spec, settings, self.robot, clock=lambda: self.now)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    @property
    def now(self) -> float:
        """Time that passes also while no state comes [s]."""
        return self._inner.read().stamp

    def reset(self, seed: int) -> RobotState:
        """Begins anew and waits until both sides agree."""
        self._inner.reset(seed)
        self._topics.connect()
        return self.read()

    def read(self) -> RobotState:
        """Returns the newest state that came."""
        return self._topics.read()

    def write(self, command: RobotCommand) -> RobotCommand:
        """Sends a command; raises DriverError while the robot does not agree."""
        return self._topics.write(command)

    def step(self) -> RobotState:
        """Lets one control period pass."""
        self.robot.advance()
        return self.read()

    def stop(self) -> None:
        """Stops through the topics driver."""
        self._topics.stop()

    def close(self) -> None:
        """Lets both go."""
        self._topics.close()
        self._inner.close()
