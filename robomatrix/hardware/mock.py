"""A driver without a robot or physics, for dry runs: joints go where they are sent and the base rolls as commanded."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import DriverError
from robomatrix.hardware.driver import CameraFrame, Imu, JointState, Odometry, RobotCommand, RobotState, Twist
from robomatrix.hardware.odometry import quaternion
from robomatrix.hardware.targets import JointTargets, clamp
from robomatrix.robots.loader import load_simulation
from robomatrix.robots.spec import RobotSpec
from robomatrix.world import SceneObject

GRAVITY = 9.81


class MockDriver:
    """Implements :class:`robomatrix.hardware.driver.SimulatedDriver` over an empty world: no images, no objects."""

    def __init__(self, robot: RobotSpec, scene: str | None = None) -> None:
        """Takes any robot; ``scene`` is accepted as every driver does and changes nothing."""
        self.spec = robot
        self.timestep = 1.0 / robot.rate
        self._connected = False
        self._clear()

    def _clear(self) -> None:
        self._steps = 0
        self._targets = JointTargets(self.spec, load_simulation(self.spec.name).acceleration)
        self._counts: dict[str, float] = {}
        self._twist = Twist()
        self._x = self._y = self._yaw = 0.0
        self._position = np.array([joint.home for joint in self.spec.joints])
        self._velocity = np.zeros(len(self.spec.joints))

    def connect(self) -> None:
        """Succeeds always."""
        self._connected = True

    def close(self) -> None:
        """Ends; idempotent."""
        self._connected = False

    def reset(self, seed: int) -> RobotState:
        """Goes back to the start; there is nothing for ``seed`` to draw."""
        self._connected = True
        self._clear()
        return self.read()

    def stop(self) -> None:
        """Stands still with all joints held."""
        self._twist = Twist()
        self._targets.hold()

    def write(self, command: RobotCommand) -> RobotCommand:
        """Clamps and remembers a command; DriverError for one with a value that is not finite."""
        if not self._connected:
            raise DriverError("the mock robot is not connected; call connect() first")
        applied = clamp(self.spec, command)
        self._targets.take(applied)
        self._twist = applied.twist or self._twist
        counters = {joint.name for joint in self.spec.joints if joint.kind == "counter"}
        self._counts.update({n: math.floor(v) for n, v in applied.positions.items() if n in counters})
        return applied

    def step(self) -> RobotState:
        """Moves everything by one control period."""
        reached = {**self._targets.advance(self.timestep), **self._counts}
        position = np.array([reached.get(j.name, j.home) for j in self.spec.joints])
        self._velocity = (position - self._position) / self.timestep
        self._position = position
        heading = self._yaw + self._twist.wz * self.timestep / 2.0
        c, s = math.cos(heading), math.sin(heading)
        self._x += (c * self._twist.vx - s * self._twist.vy) * self.timestep
        self._y += (s * self._twist.vx + c * self._twist.vy) * self.timestep
        self._yaw = math.remainder(self._yaw + self._twist.wz * self.timestep, math.tau)
        self._steps += 1
        return self.read()

    def read(self) -> RobotState:
        """Returns the newest state."""
        if not self._connected:
            raise DriverError("the mock robot is not connected; call connect() first")
        orientation = quaternion(0.0, 0.0, self._yaw)
        turn = np.array([0.0, 0.0, self._twist.wz])
        return RobotState(
            stamp=self._steps * self.timestep,
            joints=JointState(
                self.spec.joint_names, self._position.copy(), self._velocity.copy(), np.zeros(len(self.spec.joints))
            ),
            imu=Imu(orientation, turn, np.array([0.0, 0.0, GRAVITY])),
            odometry=self._odometry(orientation, turn) if self.spec.base is not None else None,
            ranges={sensor.name: math.inf for sensor in self.spec.ranges},
        )

    def _odometry(self, orientation: NDArray[np.float64], turn: NDArray[np.float64]) -> Odometry:
        position = np.array([self._x, self._y, 0.0])
        return Odometry(position, orientation, np.array([self._twist.vx, self._twist.vy, 0.0]), turn)

    def frame(self, camera: str) -> CameraFrame | None:
        """Returns None: there is nothing to see."""
        return None

    def objects(self) -> tuple[SceneObject, ...]:
        """Returns nothing: the world is empty."""
        return ()

    def render(self, camera: str, width: int, height: int) -> NDArray[np.uint8]:
        """Raises DriverError: there is nothing to draw."""
        raise DriverError("the mock driver draws no pictures; use mujoco or pybullet")
