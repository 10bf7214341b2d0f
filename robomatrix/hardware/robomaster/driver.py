"""RoboMaster EP and S1 over the plaintext SDK."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from robomatrix.errors import DriverError
from robomatrix.hardware.driver import (
    Array,
    CameraFrame,
    Imu,
    JointState,
    Odometry,
    RobotCommand,
    RobotState,
)
from robomatrix.hardware.odometry import quaternion
from robomatrix.hardware.robomaster.arm import servos, tip
from robomatrix.hardware.robomaster.audio import AudioStream, Samples
from robomatrix.hardware.robomaster.gripper import GripperEstimate
from robomatrix.hardware.robomaster.pilot import Pilot, Query
from robomatrix.hardware.robomaster.protocol import Answer
from robomatrix.hardware.robomaster.session import Session
from robomatrix.hardware.robomaster.settings import RobomasterSettings
from robomatrix.hardware.robomaster.telemetry import GRAVITY, Reading, Telemetry
from robomatrix.hardware.robomaster.video import Picture
from robomatrix.hardware.targets import clamp
from robomatrix.robots.kinematics import link_pose
from robomatrix.robots.spec import RobotSpec

logger = logging.getLogger(__name__)

FIRST_POSE_TIMEOUT = 2.0
"""[s] that :meth:`RobomasterDriver.connect` waits for the first pose."""


class RobomasterDriver:
    """Implements :class:`robomatrix.hardware.driver.Driver`; never blocks the caller on the robot after ``connect``.

    Stamps are seconds of the wall clock at the start, counted on by the monotonic clock. The plaintext SDK reports
    neither the gripper's opening between its ends nor accelerations: the opening is estimated by time, and the
    accelerometer of the state shows gravity, by the reported attitude.
    """

    def __init__(self, robot: RobotSpec, settings: RobomasterSettings | None = None) -> None:
        self.spec = robot
        self.settings = settings or RobomasterSettings()
        self.telemetry = Telemetry()
        self.events: list[tuple[str, ...]] = []
        """Newest hundred events, such as ``("armor", "hit", "1", "0")``."""
        self._picture: Picture | None = None
        self._epoch = time.time() - time.monotonic()
        self._pilot = Pilot(self._open, self.settings, self.telemetry, self._queries())
        self._connected = False
        self._names = robot.joint_names
        self._wheels = _WheelTurns()
        self._gripper = GripperEstimate(robot, self.settings)

    @property
    def lost(self) -> str | None:
        """Why there is no connection at the moment, None while there is one."""
        return self._pilot.lost

    @property
    def counts(self) -> dict[str, int]:
        """Reconnections, refused commands, malformed messages since the start."""
        session = self._pilot.session
        malformed = session.pushes.malformed if session is not None else 0
        return {**self._pilot.counts, "malformed_pushes": malformed}

    def connect(self) -> None:
        """Opens the robot and waits for its first pose; idempotent."""
        if self._connected:
            return
        self._pilot.start()
        self._connected = True
        deadline = time.monotonic() + FIRST_POSE_TIMEOUT
        while self.telemetry.reading.stamp == 0.0:
            if time.monotonic() > deadline:
                self.close()
                raise DriverError(
                    f"the robot takes commands but no pose arrives on UDP port {self.settings.ports.push}; "
                    "check the firewall and that no other client holds the port"
                )
            time.sleep(0.005)

    def read(self) -> RobotState:
        """Returns the newest state; its stamp stands still while the connection is lost."""
        self._require_connection()
        r = self.telemetry.reading
        orientation = quaternion(r.roll, r.pitch, r.yaw)
        rates = np.array([0.0, 0.0, r.wz])
        odometry = Odometry(np.array([r.x, r.y, 0.0]), orientation, np.array([r.vx, r.vy, 0.0]), rates)
        ranges = {s.name: r.ranges[i] if r.ranges[i] <= s.maximum else math.inf for i, s in enumerate(self.spec.ranges)}
        imu = _imu(r, orientation, rates) if self.spec.imu else None
        return RobotState(self._epoch + r.stamp, self._joints(r), imu, odometry, ranges)

    def frame(self, camera: str) -> CameraFrame | None:
        """Returns the newest image with the camera's pose at the present joint angles."""
        picture = self._picture
        spec = next((c for c in self.spec.cameras if c.name == camera), None)
        if spec is None:
            raise DriverError(f"no camera '{camera}'; cameras: {', '.join(c.name for c in self.spec.cameras)}")
        if picture is None:
            return None
        joints = self._joints(self.telemetry.reading)
        position, rotation = link_pose(self.spec, spec.link, dict(zip(joints.names, joints.position, strict=True)))
        stamp = self._epoch + picture.stamp - self.settings.video_latency
        return CameraFrame(stamp, camera, picture.image, self._intrinsics(), position, rotation)

    def write(self, command: RobotCommand) -> RobotCommand:
        """Hands a command to the pilot and returns what the robot will be asked for."""
        self._require_connection()
        applied = clamp(self.spec, command)
        wanted, now = self._pilot.wanted, time.monotonic()
        self._set_arm(applied)
        if "gripper" in applied.positions:
            wanted.grip = self._gripper.direction(applied.positions["gripper"], self.telemetry.reading.gripper, now)
        self._set_gimbal(applied)
        if "blaster" in applied.positions:
            wanted.shots = int(applied.positions["blaster"])
        if applied.twist is not None:
            wanted.twist = applied.twist
        wanted.stamp = now
        self._pilot.wake()
        return applied

    def stop(self) -> None:
        """Stops base and arm at once; the gripper keeps what it holds. Idempotent, never raises."""
        if self._connected:
            self._pilot.halt()

    def close(self) -> None:
        """Stops, leaves SDK mode and disconnects; idempotent."""
        if self._connected:
            self._connected = False
            self._pilot.close()

    def set_light(self, red: int, green: int, blue: int, effect: str = "solid") -> None:
        """Sets all lights, 0 to 255 each; effect is solid, off, pulse, blink or scrolling."""
        self.ask("led", "control", "comp", "all", "r", red, "g", green, "b", blue, "effect", effect)

    def move(self, x: float = 0.0, y: float = 0.0, turn: float = 0.0, speed: float = 0.5) -> None:
        """Starts the robot's own position controller: metres forward and left, radians counter-clockwise.

        The robot acknowledges at once; its standing still is reported as ``telemetry.reading.static``.
        """
        z = round(math.degrees(turn))
        self.ask("chassis", "move", "x", float(x), "y", float(-y), "z", z, "vxy", float(speed))

    def listen(self, handle: Callable[[Samples], None]) -> AudioStream:
        """Opens the microphone and calls back with 48 kHz mono samples; close the result to end it."""
        self.ask("audio", "on")
        session = self._pilot.session
        if session is None:
            raise DriverError(f"no connection to the robot: {self.lost}")
        return AudioStream(session.host, self.settings.ports.audio, self.settings.connect_timeout, handle)

    def ask(self, *words: object) -> Answer:
        """Sends any command of the SDK and returns its answer; DriverError when the robot refuses or is silent."""
        self._require_connection()
        session = self._pilot.session
        if session is None:
            raise DriverError(f"no connection to the robot: {self.lost}")
        answer = session.control.ask(*words)
        if not answer.accepted and "?" not in words:
            raise DriverError(f"the robot refuses '{' '.join(map(str, words))}': {answer.body}")
        return answer

    def _require_connection(self) -> None:
        if not self._connected:
            raise DriverError("the robot is not connected; call connect() first")

    def _open(self) -> Session:
        return Session(self.spec, self.settings, self.telemetry.take_push, self._take_picture, self._take_event)

    def _take_picture(self, picture: Picture) -> None:
        self._picture = picture

    def _take_event(self, event: tuple[str, ...]) -> None:
        self.events = [*self.events[-99:], event]

    def _queries(self) -> list[Query]:
        """The queries that are repeated: words, period [s] and what takes the answer."""
        telemetry, unit = self.telemetry, self.settings.arm_unit
        queries: list[Query] = [
            (("chassis", "speed", "?"), 0.05, lambda a: telemetry.take_speed(a.numbers(7))),
            (("robot", "battery", "?"), 10.0, lambda a: telemetry.update(battery=a.numbers(1)[0])),
        ]
        if any(joint.name == "gripper" for joint in self.spec.joints):
            queries += [
                (("robotic_arm", "position", "?"), 0.1, lambda a: telemetry.update(arm=_scaled(a.numbers(2), unit))),
                (("robotic_gripper", "status", "?"), 0.1, lambda a: telemetry.update(gripper=int(a.numbers(1)[0]))),
            ]
        for index, sensor in enumerate(self.spec.ranges):
            words = ("ir_distance_sensor", "distance", index + 1, "?")
            queries.append((words, 0.05, _RangeTaker(telemetry, index, sensor.maximum)))
        return queries

    def _set_arm(self, applied: RobotCommand) -> None:
        if "arm_right" not in applied.positions and "arm_left" not in applied.positions:
            return
        measured = servos(*(self.telemetry.reading.arm or (0.1, 0.06)))
        right = applied.positions.get("arm_right", measured[0])
        left = applied.positions.get("arm_left", measured[1])
        x, z = tip(right, left)
        self._pilot.wanted.arm = (x / self.settings.arm_unit, z / self.settings.arm_unit)

    def _set_gimbal(self, applied: RobotCommand) -> None:
        pitch, yaw = self._pilot.wanted.gimbal or (0.0, 0.0)
        if "gimbal_pitch" in applied.positions or "gimbal_yaw" in applied.positions:
            pitch = math.degrees(applied.positions.get("gimbal_pitch", math.radians(pitch)))
            yaw = -math.degrees(applied.positions.get("gimbal_yaw", -math.radians(yaw)))
            self._pilot.wanted.gimbal = (round(pitch, 1), round(yaw, 1))

    def _joints(self, r: Reading) -> JointState:
        position, velocity, effort = dict.fromkeys(self._names, 0.0), {}, {}
        right, left = servos(*r.arm) if r.arm is not None else (0.0, 0.0)
        opening, push = self._gripper.estimate(r.gripper, time.monotonic())
        pitch, yaw = r.gimbal
        spin = dict(zip((f"wheel_{w}" for w in self.settings.wheels), r.wheels, strict=True))
        turned = self._wheels.turned(spin, r.stamp)
        measured = {
            "arm_right": right, "arm_left": left, "arm_elbow": left - right, "arm_wrist": -left, "gripper": opening,
            "finger_left": opening / 2, "finger_right": opening / 2, "gimbal_pitch": pitch, "gimbal_yaw": yaw,
            "blaster": float(self._pilot.fired), **turned,
        }  # fmt: skip
        position.update({name: value for name, value in measured.items() if name in position})
        velocity.update(spin)
        effort["gripper"] = push
        return JointState(self._names, *(_column(self._names, part) for part in (position, velocity, effort)))

    def _intrinsics(self) -> Array:
        camera = self.spec.cameras[0]
        if self.settings.intrinsics is None:
            fx = fy = camera.focal
            cx, cy = camera.width / 2.0, camera.height / 2.0
        else:
            sx, sy = camera.width / self.settings.video_size[0], camera.height / self.settings.video_size[1]
            fx, fy, cx, cy = np.array(self.settings.intrinsics) * (sx, sy, sx, sy)
        return np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])


def make_robomaster(robot: RobotSpec, scene: str | None = None, **options: Any) -> RobomasterDriver:
    """Makes a driver from plain options, see :class:`RobomasterSettings`; a real robot has no ``scene``.

    Raises:
        ConfigurationError: an option does not exist or has a wrong value.
    """
    return RobomasterDriver(robot, RobomasterSettings.parse(options))


class _RangeTaker:
    """Takes the answers of one distance sensor."""

    def __init__(self, telemetry: Telemetry, index: int, maximum: float) -> None:
        self._telemetry, self._index, self._maximum = telemetry, index, maximum

    def __call__(self, answer: Answer) -> None:
        self._telemetry.take_range(self._index, answer.numbers(1)[0], self._maximum)


class _WheelTurns:
    """Adds up wheel speeds to angles."""

    def __init__(self) -> None:
        self._angles: dict[str, float] = {}
        self._stamp: float | None = None

    def turned(self, spin: dict[str, float], stamp: float) -> dict[str, float]:
        elapsed = 0.0 if self._stamp is None else max(stamp - self._stamp, 0.0)
        self._stamp = stamp
        self._angles = {name: self._angles.get(name, 0.0) + speed * elapsed for name, speed in spin.items()}
        return self._angles


def _imu(r: Reading, orientation: Array, rates: Array) -> Imu:
    up = np.array([-math.sin(r.pitch), math.sin(r.roll) * math.cos(r.pitch), math.cos(r.roll) * math.cos(r.pitch)])
    return Imu(orientation, rates, GRAVITY * up)


def _column(names: tuple[str, ...], values: dict[str, float]) -> Array:
    return np.array([values.get(name, 0.0) for name in names])


def _scaled(values: tuple[float, ...], unit: float) -> tuple[float, float]:
    return values[0] * unit, values[1] * unit
