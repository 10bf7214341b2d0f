"""A simulated robot as the body of the emulated EP or S1: physics, objects to grasp, and a rendered camera."""

from __future__ import annotations

import math

from robomatrix.emulators.ep.body import Image, Sense
from robomatrix.errors import DriverError
from robomatrix.hardware.driver import RobotCommand, SimulatedDriver, Twist
from robomatrix.hardware.robomaster.arm import servos, tip


class SimulatedBody:
    """Drives any simulated driver of an EP or S1 the way the real firmware drives its motors.

    Args:
        driver: A connected simulation; it must be made on the thread that will call this.
        camera: Name of the camera that is streamed; None for no picture.
        size: (width, height) of the pictures, the camera's own when missing.
    """

    def __init__(
        self, driver: SimulatedDriver, camera: str | None = "front", size: tuple[int, int] | None = None
    ) -> None:
        self.driver = driver
        self._camera = next((c for c in driver.spec.cameras if c.name == camera), None)
        self._size = size or ((self._camera.width, self._camera.height) if self._camera is not None else (0, 0))
        self._joints = set(driver.spec.joint_names)
        self._span = driver.spec.joint("gripper").upper if "gripper" in self._joints else 1.0
        self._positions: dict[str, float] = {}
        self._twist = Twist()
        self._closing = 0.0
        self._state = driver.read()
        self._yaw = 0.0
        self._rest = 0.0

    def drive(self, vx: float, vy: float, wz: float) -> None:
        """Sets the chassis' velocity."""
        self._twist = Twist(vx, vy, wz)

    def arm_to(self, x: float, z: float) -> None:
        """Turns the two servos so that the tip goes there."""
        right, left = servos(x, z)
        self._set("arm_right", right)
        self._set("arm_left", left)

    def grip(self, closing: float) -> None:
        """Closes or opens fully; at zero the fingers stay where they are."""
        if closing != self._closing:
            target = self._state.joints["gripper"] if closing == 0.0 and "gripper" in self._joints else 0.0
            self._set("gripper", self._span if closing < 0.0 else target)
        self._closing = closing

    def aim(self, pitch: float, yaw: float) -> None:
        """Points the gimbal, where there is one."""
        self._set("gimbal_pitch", pitch)
        self._set("gimbal_yaw", yaw)

    def fire(self, beads: int) -> None:
        """Shoots, where there is a blaster."""
        self._set("blaster", self._positions.get("blaster", 0.0) + beads)

    def advance(self, seconds: float) -> None:
        """Steps the simulation for as many whole control periods as have passed."""
        self.driver.write(RobotCommand(dict(self._positions), twist=self._twist))
        self._rest += seconds
        while self._rest >= self.driver.timestep - 1e-9:
            self._rest -= self.driver.timestep
            self._state = self.driver.step()
        if self._state.odometry is not None:
            self._yaw += math.remainder(self._state.odometry.yaw - self._yaw, math.tau)

    def sense(self) -> Sense:
        """Returns the simulated robot's own measurements, with their errors."""
        state, odometry = self._state, self._state.odometry
        if odometry is None:
            raise DriverError(f"{self.driver.spec.name} has no odometry; only an EP or S1 can be emulated")
        x, y, z, w = odometry.orientation
        return Sense(
            time=state.stamp,
            x=float(odometry.position[0]),
            y=float(odometry.position[1]),
            yaw=self._yaw,
            pitch=math.asin(min(max(2.0 * (w * y - z * x), -1.0), 1.0)),
            roll=math.atan2(2.0 * (w * x + y * z), 1.0 - 2.0 * (x * x + y * y)),
            vx=float(odometry.linear_velocity[0]),
            vy=float(odometry.linear_velocity[1]),
            wz=float(odometry.angular_velocity[2]),
            arm=tip(state.joints["arm_right"], state.joints["arm_left"]) if "arm_right" in self._joints else (0.0, 0.0),
            opening=state.joints["gripper"] / self._span if "gripper" in self._joints else 0.0,
            gimbal=self._gimbal(),
            ranges=tuple(state.ranges[sensor.name] for sensor in self.driver.spec.ranges),
        )

    def image(self) -> Image | None:
        """Renders the camera."""
        if self._camera is None:
            return None
        return self.driver.render(self._camera.name, *self._size)

    def close(self) -> None:
        """Frees the simulation with its renderer."""
        self.driver.close()

    def _gimbal(self) -> tuple[float, float]:
        if "gimbal_pitch" not in self._joints:
            return 0.0, 0.0
        return self._state.joints["gimbal_pitch"], self._state.joints["gimbal_yaw"]

    def _set(self, joint: str, value: float) -> None:
        if joint in self._joints:
            spec = self.driver.spec.joint(joint)
            self._positions[joint] = min(max(value, spec.lower), spec.upper)
