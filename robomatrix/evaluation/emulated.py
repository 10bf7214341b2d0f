"""The whole stack through the real driver, in real time: TCP, UDP and H.264 to the emulated EP, MuJoCo behind it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from robomatrix.emulators.ep.ports import Ports
from robomatrix.emulators.ep.server import EpEmulator, Settings
from robomatrix.emulators.ep.simulated import SimulatedBody
from robomatrix.errors import DriverError, RobomatrixError
from robomatrix.hardware.driver import CameraFrame, RobotCommand, RobotState
from robomatrix.hardware.robomaster import RobomasterDriver, RobomasterSettings, protocol
from robomatrix.robots.loader import load_robot
from robomatrix.robots.spec import RobotSpec
from robomatrix.world import SceneObject, Vector3

VIDEO_LATENCY = 0.01
"""Rendering, encoding, sending and decoding of an image on this machine [s]."""
FIRST_IMAGE = 15.0
"""[s] that a reset waits for the first image."""

Result = TypeVar("Result")


class EmulatedDriver:
    """A :class:`~robomatrix.hardware.driver.SimulatedDriver` whose commands and images cross the network.

    A step waits until the next control period. The truth, and changes of the scene, go straight to
    the simulation behind the emulator; everything that the robot knows comes through its protocol.
    """

    def __init__(
        self,
        robot: RobotSpec,
        scene: str | None = None,
        overrides: Mapping[str, Any] | None = None,
        settings: RobomasterSettings | None = None,
        speed: float = 1.0,
    ) -> None:
        """Chooses the room; nothing is opened before :meth:`reset`.

        Args:
            robot: The robot to emulate.
            scene: Name of the scene; the robot's first one when missing.
            overrides: Top-level keys of the scene to replace.
            settings: Of the driver; where the emulator is, is filled in.
            speed: Simulated seconds per second. A busy machine that cannot keep up with 1 shows the robot in slow
                motion instead: stamps are in simulated time, so that skills notice nothing.
        """
        self.spec, self.timestep = robot, 1.0 / robot.rate
        self._scene, self._overrides = scene, overrides
        self._settings = settings or RobomasterSettings(
            video_latency=VIDEO_LATENCY, gripper_time=RobomasterSettings.gripper_time / speed
        )
        self._speed = speed
        self._emulator: _Emulator | None = None
        self._driver: RobomasterDriver | None = None
        self._due = 0.0

    def connect(self) -> None:
        """Starts the emulator with seed 0 unless :meth:`reset` has started one."""
        if self._emulator is None:
            self.reset(0)

    def reset(self, seed: int) -> RobotState:
        """Starts a new emulator whose room is drawn from ``seed``, connects, and waits for the first image."""
        self.close()
        ports = Ports.free()
        emulation = Settings(ports=ports, timestep=self.timestep, speed=self._speed, rate=round(30 * self._speed))
        self._emulator = _Emulator(self.spec.name, self._scene, self._overrides, seed, emulation)
        local = {"connection": "address", "host": "127.0.0.1", "listen": "127.0.0.1"}
        settings = replace(self._settings, ports=protocol.Ports(**asdict(ports)), **local)
        self._driver = RobomasterDriver(self.spec, settings)
        self._driver.connect()
        self._await_image()
        self._due = time.monotonic()
        return self.read()

    def _await_image(self) -> None:
        end = time.monotonic() + FIRST_IMAGE
        while self.spec.cameras and self._driver.frame(self.spec.cameras[0].name) is None:
            if time.monotonic() > end:
                raise DriverError(f"no image came through the emulator within {FIRST_IMAGE:g} s")
            time.sleep(0.01)

    @property
    def driver(self) -> RobomasterDriver:
        """The driver under test."""
        if self._driver is None:
            raise DriverError("the emulated robot is not connected; call connect() or reset(seed) first")
        return self._driver

    def read(self) -> RobotState:
        """Returns what the robot reported last."""
        state = self.driver.read()
        return replace(state, stamp=self._speed * state.stamp)

    def frame(self, camera: str) -> CameraFrame | None:
        """Returns the newest decoded image."""
        frame = self.driver.frame(camera)
        return None if frame is None else replace(frame, stamp=self._speed * frame.stamp)

    def write(self, command: RobotCommand) -> RobotCommand:
        """Sends a command through the driver."""
        return self.driver.write(command)

    def step(self) -> RobotState:
        """Waits for the next control period; a caller that is late does not catch up."""
        self._due = max(self._due + self.timestep / self._speed, time.monotonic())
        time.sleep(max(0.0, self._due - time.monotonic()))
        return self.read()

    def stop(self) -> None:
        """Stops the robot."""
        if self._driver is not None:
            self._driver.stop()

    def close(self) -> None:
        """Disconnects and ends the emulator; idempotent."""
        driver, self._driver = self._driver, None
        if driver is not None:
            driver.close()
        emulator, self._emulator = self._emulator, None
        if emulator is not None:
            emulator.close()

    def objects(self) -> tuple[SceneObject, ...]:
        """Returns the truth, for evaluation only."""
        return self.inside(_ask_simulation, "objects")

    def base_pose(self) -> Any:
        """Returns where the base truly is, for evaluation only."""
        return self.inside(_ask_simulation, "base_pose")

    def render(self, camera: str, width: int, height: int) -> NDArray[np.uint8]:
        """Returns a picture that does not cross the network."""
        return self.inside(_ask_simulation, "render", camera, width, height)

    def place(self, item_id: str, position: Vector3, yaw: float = 0.0) -> None:
        """Puts a movable object somewhere."""
        self.inside(_ask_simulation, "place", item_id, position, yaw)

    def slide(self, drawer_id: str, openness: float) -> None:
        """Sets how far a drawer is open, 0 to 1."""
        self.inside(_ask_simulation, "slide", drawer_id, openness)

    def inside(self, action: Callable[..., Result], *arguments: Any) -> Result:
        """Calls a function of a module with the emulator, in its process, and the arguments; returns its result."""
        if self._emulator is None:
            raise DriverError("the emulated robot is not connected; call connect() or reset(seed) first")
        return self._emulator.call(action, *arguments)


def _ask_simulation(emulator: EpEmulator, name: str, *arguments: Any) -> Any:
    """Calls a method of the simulation between two of its steps."""
    method = getattr(emulator.firmware.body.driver, name)
    return emulator.runner.call(lambda: method(*arguments))


class _Emulator:
    """The emulator in a process of its own, as a robot is a machine of its own."""

    def __init__(
        self, robot: str, scene: str | None, overrides: Mapping[str, Any] | None, seed: int, settings: Settings
    ) -> None:
        """Starts the process and waits until it listens; raises DriverError with what its start raised."""
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        arguments = (theirs, robot, scene, overrides, seed, settings)
        self._process: BaseProcess = context.Process(target=_emulate, args=arguments, daemon=True)
        self._process.start()
        theirs.close()
        try:
            self._answer()
        except DriverError:
            self.close()
            raise

    def call(self, action: Callable[..., Result], *arguments: Any) -> Result:
        """Calls a function with the emulator in its process."""
        self._pipe.send((action, arguments))
        return self._answer()

    def close(self) -> None:
        """Ends the process; idempotent."""
        self._pipe.close()
        self._process.join(timeout=10.0)
        if self._process.is_alive():
            self._process.kill()

    def _answer(self) -> Any:
        try:
            answer = self._pipe.recv()
        except (EOFError, OSError):
            raise DriverError("the emulator's process has ended") from None
        if isinstance(answer, DriverError):
            raise answer
        return answer


def _emulate(
    pipe: Connection, robot: str, scene: str | None, overrides: Mapping[str, Any] | None, seed: int, settings: Settings
) -> None:
    """Emulates a robot until the other end of the pipe closes; runs in the emulator's process."""
    from robomatrix.hardware.mujoco import MujocoDriver

    def build() -> SimulatedBody:
        simulation = MujocoDriver(load_robot(robot), scene, overrides)
        simulation.reset(seed)
        return SimulatedBody(simulation)

    try:
        with EpEmulator(build, settings) as emulator, suppress(EOFError):
            pipe.send(None)
            while True:
                action, arguments = pipe.recv()
                pipe.send(_result(action, emulator, arguments))
    except RobomatrixError as error:
        pipe.send(DriverError(str(error)))


def _result(action: Callable[..., Any], emulator: EpEmulator, arguments: tuple[Any, ...]) -> Any:
    try:
        return action(emulator, *arguments)
    except RobomatrixError as error:
        return DriverError(str(error))


def open_emulated(robot: str, seed: int, overrides: Mapping[str, Any], speed: float = 1.0) -> Any:
    """Opens a session over the emulator, with everything perceived through its camera; an ``Opener`` for episodes."""
    from robomatrix.perception.pipeline import Perception
    from robomatrix.session import Session
    from robomatrix.skills.mobile_manipulation import skills
    from robomatrix.skills.registry import SkillRegistry

    spec = load_robot(robot)
    driver = EmulatedDriver(spec, overrides=dict(overrides) or None, speed=speed)
    driver.reset(seed)
    perception = Perception(spec)
    session = Session(driver, perception, SkillRegistry(s for s in skills() if robot in s.spec.robots))
    session.watchers.append(lambda running: perception.note(running.state))  # images come later than states
    return session
