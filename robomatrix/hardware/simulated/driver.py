"""The driver that every simulator of rooms presents."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import DriverError
from robomatrix.hardware.driver import CameraFrame, RobotCommand, RobotState
from robomatrix.hardware.simulated.engine import Engine
from robomatrix.hardware.simulated.world import RoomWorld
from robomatrix.hardware.targets import clamp
from robomatrix.robots.loader import load_simulation
from robomatrix.robots.spec import RobotSpec
from robomatrix.scenes.description import load_scene
from robomatrix.scenes.layout import Layout, Pose2
from robomatrix.scenes.sampling import sample_layout
from robomatrix.world import SceneObject, Vector3

OVERVIEW = "overview"
"""The scene camera that sees the whole room."""


class RoomDriver(ABC):
    """Implements :class:`robomatrix.hardware.driver.SimulatedDriver`. Use one instance from one thread.

    A command with a value that is not finite is refused with DriverError and changes nothing.
    """

    def __init__(self, robot: RobotSpec, scene: str | None = None, overrides: Mapping[str, Any] | None = None) -> None:
        """Chooses the room; nothing is built before :meth:`connect` or :meth:`reset`.

        Args:
            robot: The robot to simulate.
            scene: Name of the scene; the robot's first one when missing.
            overrides: Top-level keys of the scene's YAML to replace, such as ``objects`` or ``start``.
        """
        self.spec = robot
        self.scene = load_scene(scene or robot.scenes[0], overrides)
        self.simulation = load_simulation(robot.name)
        self.timestep = 1.0 / robot.rate
        self.layout: Layout | None = None
        self._world: RoomWorld | None = None

    @abstractmethod
    def build(self, layout: Layout) -> Engine:
        """Returns a new engine with the robot at the layout's start, at home."""

    def connect(self) -> None:
        """Builds the world of seed 0 unless :meth:`reset` has built one."""
        if self._world is None:
            self.reset(0)

    def close(self) -> None:
        """Lets the simulation go; idempotent."""
        if self._world is not None:
            self._world.engine.close()
            self._world = None

    def reset(self, seed: int) -> RobotState:
        """Builds the world that ``seed`` gives, with the robot at its start."""
        return self.reset_to(sample_layout(self.scene, seed), seed)

    def reset_to(self, layout: Layout, seed: int = 0) -> RobotState:
        """Builds a given layout; ``seed`` draws the errors of the sensors."""
        self.close()
        self.layout = layout
        self._world = RoomWorld(self.spec, self.simulation, layout, self.build(layout), seed)
        return self.read()

    def read(self) -> RobotState:
        """Returns the newest state."""
        return self._run.state()

    def write(self, command: RobotCommand) -> RobotCommand:
        """Clamps and remembers a command for the coming steps."""
        applied = clamp(self.spec, command)
        self._run.take(applied)
        return applied

    def stop(self) -> None:
        """Stands still with all joints held where they are asked to be now."""
        if self._world is not None:
            self._world.hold()

    def step(self) -> RobotState:
        """Advances by one control period."""
        self._run.advance()
        return self.read()

    def frame(self, camera: str) -> CameraFrame | None:
        """Returns the newest image; draws one when the last is as old as the camera's period."""
        return self._run.frame(camera)

    def render(self, camera: str, width: int, height: int) -> NDArray[np.uint8]:
        """Returns a picture of a robot camera or of ``overview``."""
        cameras = [*(c.name for c in self.spec.cameras), OVERVIEW]
        if camera not in cameras:
            raise DriverError(f"no camera '{camera}'; cameras: {', '.join(cameras)}")
        return self._run.engine.render(camera, width, height)

    def objects(self) -> tuple[SceneObject, ...]:
        """Returns the true objects in the odom frame, for evaluation only."""
        return self._run.objects()

    def base_pose(self) -> Pose2:
        """Returns the base's true x, y, yaw in the odom frame, for evaluation only."""
        return self._run.base_pose()

    def place(self, item_id: str, position: Vector3, yaw: float = 0.0) -> None:
        """Puts a movable object, at rest, with its centre at a position in the odom frame."""
        self._run.place(item_id, position, yaw)

    def slide(self, drawer_id: str, openness: float) -> None:
        """Sets how far a drawer is open, 0 to 1."""
        self._run.slide(drawer_id, openness)

    @property
    def _run(self) -> RoomWorld:
        if self._world is None:
            raise DriverError("the simulation is not connected; call connect() or reset(seed) first")
        return self._world
