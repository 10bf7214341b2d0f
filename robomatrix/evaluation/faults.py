"""Faults that happen to a robot, put between a driver and the stack: for the fault matrix and for sabotage."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robomatrix.hardware.driver import CameraFrame, RobotCommand, RobotState, SimulatedDriver, Twist
from robomatrix.robots.spec import RobotSpec
from robomatrix.world import SceneObject

PARTING = 0.001
"""Pads that have moved so far apart are being opened [m]."""


class Fault:
    """One thing that goes wrong from the moment it is armed; the base class changes nothing."""

    name: str = "none"

    def arm(self, driver: SimulatedDriver, rng: np.random.Generator) -> None:
        """Prepares the fault; called once, when it begins."""

    def command(self, command: RobotCommand) -> RobotCommand:
        """Returns what really reaches the robot."""
        return command

    def state(self, state: RobotState) -> RobotState:
        """Returns what the stack reads instead of the state."""
        return state

    def frame(self, frame: CameraFrame | None) -> CameraFrame | None:
        """Returns what the stack sees instead of an image."""
        return frame

    def world(self, driver: SimulatedDriver) -> None:
        """Changes the world; called after every step."""


@dataclass
class DeadActuators(Fault):
    """Some joints, or the base (``twist``), take commands and do nothing."""

    joints: tuple[str, ...]
    name: str = "dead actuators"

    def command(self, command: RobotCommand) -> RobotCommand:
        """Drops the commands of the dead ones."""
        return RobotCommand(
            {n: v for n, v in command.positions.items() if n not in self.joints},
            {n: v for n, v in command.velocities.items() if n not in self.joints},
            {n: v for n, v in command.efforts.items() if n not in self.joints},
            None if "twist" in self.joints else command.twist,
        )

    def arm(self, driver: SimulatedDriver, rng: np.random.Generator) -> None:
        """Stops what moved before it died."""
        if "twist" in self.joints and driver.spec.base is not None:
            driver.write(RobotCommand(twist=Twist()))


@dataclass
class InertRobot(Fault):
    """Everything answers ok and nothing moves."""

    name: str = "inert robot"

    def arm(self, driver: SimulatedDriver, rng: np.random.Generator) -> None:
        """Stops what moved before."""
        driver.stop()

    def command(self, command: RobotCommand) -> RobotCommand:
        """Passes nothing on."""
        return RobotCommand()


@dataclass
class NoisyCommands(Fault):
    """A policy's commands are replaced by noise within the limits."""

    name: str = "commands replaced by noise"
    _rng: np.random.Generator = field(default_factory=np.random.default_rng)
    _spec: RobotSpec | None = None

    def arm(self, driver: SimulatedDriver, rng: np.random.Generator) -> None:
        """Remembers the limits."""
        self._rng, self._spec = rng, driver.spec

    def command(self, command: RobotCommand) -> RobotCommand:
        """Returns random values for everything that was commanded."""
        positions = {}
        for name in command.positions:
            joint = self._spec.joint(name)
            positions[name] = (
                command.positions[name] if joint.kind == "counter" else self._draw(joint.lower, joint.upper)
            )
        base = self._spec.base
        twist = command.twist
        if twist is not None and base is not None:
            twist = Twist(*(self._draw(-top, top) for top in (base.max_vx, base.max_vy, base.max_wz)))
        return replace(command, positions=positions, twist=twist)

    def _draw(self, low: float, high: float) -> float:
        return float(self._rng.uniform(low, high))


@dataclass
class LostCommands(Fault):
    """A share of the commands never arrives."""

    share: float = 0.5
    name: str = "lost commands"
    _rng: np.random.Generator = field(default_factory=np.random.default_rng)

    def arm(self, driver: SimulatedDriver, rng: np.random.Generator) -> None:
        """Takes the generator."""
        self._rng = rng

    def command(self, command: RobotCommand) -> RobotCommand:
        """Drops some."""
        return RobotCommand() if self._rng.random() < self.share else command


@dataclass
class DelayedCommands(Fault):
    """Commands arrive late."""

    ticks: int = 10
    name: str = "delayed commands"
    _queue: deque[RobotCommand] = field(default_factory=deque)

    def command(self, command: RobotCommand) -> RobotCommand:
        """Returns the command of some ticks ago."""
        self._queue.append(command)
        return self._queue.popleft() if len(self._queue) > self.ticks else RobotCommand()


@dataclass
class FrozenCamera(Fault):
    """The camera repeats its last image with new stamps."""

    name: str = "frozen camera"
    _first: dict[str, CameraFrame] = field(default_factory=dict)

    def frame(self, frame: CameraFrame | None) -> CameraFrame | None:
        """Returns the first image that was seen."""
        if frame is None:
            return None
        return replace(self._first.setdefault(frame.camera, frame), stamp=frame.stamp)


@dataclass
class BlackCamera(Fault):
    """The camera shows nothing."""

    name: str = "black camera"

    def frame(self, frame: CameraFrame | None) -> CameraFrame | None:
        """Returns a black image."""
        return None if frame is None else replace(frame, image=np.zeros_like(frame.image))


@dataclass
class SilentCamera(Fault):
    """No new image comes."""

    name: str = "silent camera"
    _last: dict[str, CameraFrame] = field(default_factory=dict)

    def frame(self, frame: CameraFrame | None) -> CameraFrame | None:
        """Returns the last image, with its old stamp."""
        return None if frame is None else self._last.setdefault(frame.camera, frame)


@dataclass
class FrozenJoints(Fault):
    """Measured joints stand still whatever the joints do."""

    name: str = "frozen joint sensors"
    _first: RobotState | None = None

    def state(self, state: RobotState) -> RobotState:
        """Returns the first joints with the new stamp."""
        self._first = self._first or state
        return replace(state, joints=self._first.joints)


@dataclass
class FrozenOdometry(Fault):
    """The odometry stands still."""

    name: str = "frozen odometry"
    _first: RobotState | None = None

    def state(self, state: RobotState) -> RobotState:
        """Returns the first pose with the new stamp."""
        self._first = self._first or state
        return replace(state, odometry=self._first.odometry)


@dataclass
class NanState(Fault):
    """The measured joints are not numbers."""

    name: str = "NaN in the state"

    def state(self, state: RobotState) -> RobotState:
        """Returns joints full of NaN."""
        return replace(state, joints=replace(state.joints, position=np.full_like(state.joints.position, np.nan)))


@dataclass
class LyingRanges(Fault):
    """Every distance sensor reports one value."""

    value: float = 0.1
    name: str = "lying distance sensors"

    def state(self, state: RobotState) -> RobotState:
        """Replaces the distances."""
        return replace(state, ranges=dict.fromkeys(state.ranges, self.value))


@dataclass
class LyingJoint(Fault):
    """One joint always reports the same position."""

    joint: str
    value: float
    name: str = "lying joint sensor"

    def state(self, state: RobotState) -> RobotState:
        """Replaces the position."""
        position = state.joints.position.copy()
        position[state.joints.names.index(self.joint)] = self.value
        return replace(state, joints=replace(state.joints, position=position))


@dataclass
class ObjectTaken(Fault):
    """The thing that the robot is after is taken away at some moment."""

    object_id: str
    after: int = 0
    """Steps until it happens."""
    carried: bool = False
    """It happens at the latest when the pads begin to part: what was let go is not carried any more."""
    name: str = "object taken away"
    _steps: int = 0
    _closed: float = 0.0
    _taken: bool = False

    def arm(self, driver: SimulatedDriver, rng: np.random.Generator) -> None:
        """Remembers how far the pads are apart."""
        self._closed = _aperture(driver)

    def world(self, driver: SimulatedDriver) -> None:
        """Puts it out of the room once."""
        parting = self.carried and _aperture(driver) > self._closed + PARTING
        if not self._taken and (self._steps >= self.after or parting):
            driver.place(self.object_id, (30.0, 30.0, 0.2))
            self._taken = True
        self._steps += 1


def _aperture(driver: SimulatedDriver) -> float:
    joints = driver.read().joints
    return float(joints["gripper"]) if "gripper" in joints.names else 0.0


@dataclass
class ObjectMoved(Fault):
    """The thing that the robot is after is pushed aside at some moment."""

    object_id: str
    offset: tuple[float, float] = (0.25, 0.25)
    """[m]."""
    after: int = 0
    name: str = "object moved"
    _steps: int = 0

    def world(self, driver: SimulatedDriver) -> None:
        """Moves it once."""
        if self._steps == self.after:
            x, y, z = next(o.position for o in driver.objects() if o.id == self.object_id)
            driver.place(self.object_id, (x + self.offset[0], y + self.offset[1], z))
        self._steps += 1


@dataclass
class HeldDrawer(Fault):
    """A drawer does not move, or is pushed back at every step."""

    drawer_id: str
    name: str = "blocked drawer"
    _openness: float | None = None

    def world(self, driver: SimulatedDriver) -> None:
        """Puts it back where it was."""
        if self._openness is None:
            self._openness = next(o.openness for o in driver.objects() if o.id == self.drawer_id)
        driver.slide(self.drawer_id, self._openness)


class FaultyDriver:
    """A simulated driver with one fault, which begins when it is armed."""

    def __init__(self, driver: SimulatedDriver, seed: int = 0) -> None:
        """Wraps a driver that works."""
        self.inner, self.spec, self.timestep = driver, driver.spec, driver.timestep
        self._rng = np.random.default_rng([seed, 13])
        self._fault: Fault = Fault()

    def arm(self, fault: Fault) -> None:
        """From now on the fault is there."""
        fault.arm(self.inner, self._rng)
        self._fault = fault

    def disarm(self) -> None:
        """Everything works again."""
        self._fault = Fault()

    def connect(self) -> None:
        """Connects the wrapped driver."""
        self.inner.connect()

    def reset(self, seed: int) -> RobotState:
        """Resets the wrapped driver; the fault is gone."""
        self._fault = Fault()
        return self.inner.reset(seed)

    def read(self) -> RobotState:
        """Returns the state as the fault shows it."""
        return self._fault.state(self.inner.read())

    def frame(self, camera: str) -> CameraFrame | None:
        """Returns the image as the fault shows it."""
        return self._fault.frame(self.inner.frame(camera))

    def write(self, command: RobotCommand) -> RobotCommand:
        """Passes on what the fault leaves of a command, and claims that all of it was applied."""
        self.inner.write(self._fault.command(command))
        return command

    def step(self) -> RobotState:
        """Steps the world and lets the fault change it."""
        state = self.inner.step()
        self._fault.world(self.inner)
        return self._fault.state(state)

    def stop(self) -> None:
        """Stops the wrapped driver."""
        self.inner.stop()

    def close(self) -> None:
        """Closes the wrapped driver."""
        self.inner.close()

    def objects(self) -> tuple[SceneObject, ...]:
        """Returns the truth."""
        return self.inner.objects()

    def render(self, camera: str, width: int, height: int) -> NDArray[np.uint8]:
        """Returns a picture of the truth."""
        return self.inner.render(camera, width, height)

    def __getattr__(self, name: str) -> Any:
        """Gives evaluation the wrapped simulator's own methods, such as ``base_pose``."""
        if name.startswith("__") or "inner" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self.inner, name)
