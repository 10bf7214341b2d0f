"""The whole stack through the real driver, in real time: TCP, UDP and H.264 to the emulated EP, MuJoCo behind it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robomatrix.emulators.ep.server import EpEmulator, Ports, Settings
from robomatrix.emulators.ep.simulated import SimulatedBody
from robomatrix.errors import DriverError
from robomatrix.hardware.driver import CameraFrame, RobotCommand, RobotState
from robomatrix.hardware.robomaster import RobomasterDriver, RobomasterSettings, protocol
from robomatrix.robots.loader import load_robot
from robomatrix.robots.spec import RobotSpec
from robomatrix.world import SceneObject, Vector3

VIDEO_LATENCY = 0.02
"""Rendering, encoding, sending and decoding of an image on this machine [s]."""
FIRST_IMAGE = 5.0
"""[s] that a reset waits for the first image."""


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
        self.emulator: EpEmulator | None = None
        self._driver: RobomasterDriver | None = None
        self._due = 0.0

    def connect(self) -> None:
        """Starts the emulator with seed 0 unless :meth:`reset` has started one."""
        if self.emulator is None:
            self.reset(0)

    def reset(self, seed: int) -> RobotState:
        """Starts a new emulator whose room is drawn from ``seed``, connects, and waits for the first image."""
        self.close()
        ports = Ports.free()
        self.emulator = EpEmulator(
            lambda: self._build(seed),
            Settings(ports=ports, timestep=self.timestep, speed=self._speed, rate=round(30 * self._speed)),
        )
        self.emulator.start()
        local = {"connection": "address", "host": "127.0.0.1", "listen": "127.0.0.1"}
        settings = replace(self._settings, ports=protocol.Ports(**asdict(ports)), **local)
        self._driver = RobomasterDriver(self.spec, settings)
        self._driver.connect()
        self._await_image()
        self._due = time.monotonic()
        return self.read()

    def _build(self, seed: int) -> SimulatedBody:
        from robomatrix.hardware.mujoco import MujocoDriver

        simulation = MujocoDriver(self.spec, self._scene, self._overrides)
        simulation.reset(seed)
        return SimulatedBody(simulation)

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
        emulator, self.emulator = self.emulator, None
        if emulator is not None:
            emulator.stop()

    def objects(self) -> tuple[SceneObject, ...]:
        """Returns the truth, for evaluation only."""
        return self._truth(lambda simulation: simulation.objects())

    def base_pose(self) -> Any:
        """Returns where the base truly is, for evaluation only."""
        return self._truth(lambda simulation: simulation.base_pose())

    def render(self, camera: str, width: int, height: int) -> NDArray[np.uint8]:
        """Returns a picture that does not cross the network."""
        return self._truth(lambda simulation: simulation.render(camera, width, height))

    def place(self, item_id: str, position: Vector3, yaw: float = 0.0) -> None:
        """Puts a movable object somewhere."""
        self._truth(lambda simulation: simulation.place(item_id, position, yaw))

    def slide(self, drawer_id: str, openness: float) -> None:
        """Sets how far a drawer is open, 0 to 1."""
        self._truth(lambda simulation: simulation.slide(drawer_id, openness))

    def _truth(self, ask: Any) -> Any:
        if self.emulator is None:
            raise DriverError("the emulated robot is not connected; call connect() or reset(seed) first")
        simulation = self.emulator.firmware.body.driver
        return self.emulator.runner.call(lambda: ask(simulation))


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
