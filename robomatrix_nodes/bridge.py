"""The bridge: one driver on one side, standard topics on the other, the safety gate in between.

Life cycle: configure opens the driver, activate lets it move, deactivate stops it. Simulated drivers run in one of
two ways. At ``speed`` > 0 a timer advances them at that multiple of real time. At ``speed`` 0 they run in lockstep: a
step is made as soon as the command for the stamp that was published has come, so that a run is as fast as the machine
allows and repeats exactly; where no command comes, one step is made every ``lockstep_timeout``.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from geometry_msgs.msg import Twist as TwistMsg
from nav_msgs.msg import Odometry as OdometryMsg
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rosgraph_msgs.msg import Clock as ClockMsg
from sensor_msgs.msg import CameraInfo, Image, Range
from sensor_msgs.msg import Imu as ImuMsg
from sensor_msgs.msg import JointState as JointStateMsg
from std_msgs.msg import String
from std_srvs.srv import Trigger

from robomatrix.errors import ConfigurationError, RobomatrixError
from robomatrix.hardware.driver import Driver, RobotCommand, RobotState, SimulatedDriver, TrackingDriver, Twist
from robomatrix.hardware.registry import make_driver
from robomatrix.hardware.safety import SafetyGate, SafetyLimits
from robomatrix.hardware.zones import Polygon, Zones
from robomatrix.resources import parse_mapping
from robomatrix.robots.loader import load_robot
from robomatrix.world import World
from robomatrix_interfaces.msg import SceneObjectArray
from robomatrix_nodes import conversions, diagnostics, qos
from robomatrix_nodes.emergency import EmergencyListener
from robomatrix_nodes.parameters import declare, parameter
from robomatrix_nodes.process import run
from robomatrix_nodes.state import RANGE_PREFIX
from robomatrix_nodes.transforms import TransformPublisher

SAME = 1e-6
"""Stamps nearer than this are the same [s]; messages round to the nanosecond."""
PATIENCE = 1.0
"""After a command, lockstep waits so long for the next one before it goes on without: the machine may be busy [s]."""


@dataclass(frozen=True)
class BridgeParameters:
    """Parameters of the bridge node."""

    robot: str = parameter("ep", "Robot to bring up; `robomatrix robots` lists them.")
    driver: str = parameter("", "What is under the robot; empty: the first that its description names.")
    scene: str = parameter("", "Scene of a simulated driver; empty takes the robot's own.")
    driver_options: str = parameter("", "Options of the driver as a YAML mapping; empty for none. See docs/drivers.md.")
    seed: int = parameter(0, "Seed of a simulated scene, used at every reset.")
    speed: float = parameter(1.0, "Simulation speed as a multiple of real time; 0 runs in lockstep.", 0.0, 1000.0)
    lockstep_timeout: float = parameter(
        0.02, "Wall time after which lockstep goes on without a command [s].", 1e-3, 10.0
    )
    watchdog: float = parameter(0.1, "Age of a command at which the robot is stopped [s].", 0.02, 10.0)
    speed_scale: float = parameter(1.0, "Share of the base's top speed that is allowed.", 0.0, 1.0)
    max_shots: int = parameter(1, "Shots that one command may ask for.", 0, 100)
    camera: bool = parameter(True, "Whether cameras are rendered or received.")
    camera_rate: float = parameter(5.0, "Images published a second of the robot's time [Hz].", 0.1, 60.0)
    ground_truth: bool = parameter(False, "Publish the true scene of a simulation; for evaluation only.")
    workspace: list = parameter(
        [0.0], "Polygon in odom that the base stays in: x1, y1, x2, y2, ... [m]; one number: none."
    )
    keep_out: list = parameter([0.0], "Polygon in odom that the base stays out of, like workspace [m].")
    autostart: bool = parameter(True, "Configure and activate without waiting for a life-cycle manager.")


class Bridge(LifecycleNode):
    """See the module's description."""

    def __init__(self, **options: Any) -> None:
        super().__init__("bridge", **options)
        self.settings = declare(self, BridgeParameters)
        self.driver: Driver | None = None
        self.on_step: Callable[[], None] | None = None
        """Called after each step, for those who watch from inside the process (a film of the run)."""
        self._emergency: EmergencyListener | None = None
        self._twist: Twist | None = None
        self._joints: RobotCommand | None = None
        self._command_stamp: float | None = None
        self._arrived = 0.0
        self._answered = -math.inf
        """When lockstep made its newest step for a command, by this machine's clock [s]."""
        self._last_reports: frozenset[str] = frozenset()
        self._fault = ""
        self._write_lock = threading.Lock()
        self._newest = (math.nan, 0.0)
        self._published: dict[str, float] = {}
        self._steps = 0
        if self.settings.autostart:
            self._autostart = self.create_timer(0.0, self._start, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _start(self) -> None:
        self.destroy_timer(self._autostart)
        if self.trigger_configure() == TransitionCallbackReturn.SUCCESS:
            self.trigger_activate()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Opens the driver; FAILURE, with the reason in the log, if it cannot be opened."""
        try:
            self.open()
        except RobomatrixError as error:
            self.get_logger().error(str(error))
            return TransitionCallbackReturn.FAILURE
        self._create_topics()
        self._emergency = EmergencyListener(self, self._trip)
        self._diagnostics = diagnostics.Diagnostics(self, self.settings.robot, self._status)
        return super().on_configure(state)

    def open(self) -> None:
        """Opens the driver unless it is open; raises RobomatrixError with what to check."""
        if self.driver is not None:
            return
        settings = self.settings
        robot = load_robot(settings.robot)
        options = parse_mapping(settings.driver_options, "driver_options")
        driver = make_driver(settings.driver or robot.drivers[0], robot, settings.scene or None, **options)
        self.simulated = isinstance(driver, SimulatedDriver)
        if self.simulated:
            driver.reset(settings.seed)
        driver.connect()
        self.driver = driver
        keep_out = _polygon("keep_out", settings.keep_out)
        zones = Zones(_polygon("workspace", settings.workspace), (keep_out,) if keep_out else ())
        limits = SafetyLimits(settings.watchdog, zones, speed_scale=settings.speed_scale, max_shots=settings.max_shots)
        self.gate = SafetyGate(self.driver.spec, limits)

    def _create_topics(self) -> None:
        spec = self.driver.spec
        self._clock_topic = self.create_publisher(ClockMsg, "/clock", qos.STATE) if self.simulated else None
        self._joint_states = self.create_publisher(JointStateMsg, "joint_states", qos.STATE)
        self._imu = self.create_publisher(ImuMsg, "imu", qos.STATE)
        self._odom = self.create_publisher(OdometryMsg, "odom", qos.STATE)
        self._ranges = {
            r.name: (r, self.create_publisher(Range, RANGE_PREFIX + r.name, qos.STATE)) for r in spec.ranges
        }
        self._cameras = {
            c.name: (
                self.create_publisher(Image, f"{c.name}/image_raw", qos.IMAGE),
                self.create_publisher(CameraInfo, f"{c.name}/camera_info", qos.STATE),
            )
            for c in (spec.cameras if self.settings.camera else ())
        }
        self._truth = self.create_publisher(SceneObjectArray, "ground_truth/objects", qos.STATE)
        tracks = isinstance(self.driver, TrackingDriver)
        self._tracker = self.create_publisher(SceneObjectArray, "tracker/objects", qos.LATCHED) if tracks else None
        self._transforms = TransformPublisher(self)
        self._stop_state = self.create_publisher(String, "emergency_stop_state", qos.LATCHED)
        # cmd_vel first: an executor hands over what is ready in the order of creation, and lockstep waits for both.
        self.create_subscription(TwistMsg, "cmd_vel", self._on_twist, qos.COMMAND)
        self.create_subscription(JointStateMsg, "joint_commands", self._on_joints, qos.COMMAND)
        self.create_service(Trigger, "reset_emergency_stop", self._on_reset_stop)
        self.create_service(Trigger, "reset", self._on_reset)
        self._stop_state.publish(String(data=""))

    @property
    def stamp(self) -> float:
        """Time of the newest published state [s], on the robot's clock."""
        return self._state.stamp

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Starts the loop."""
        settings = self.settings
        if self.simulated and settings.speed > 0.0:
            period = self.driver.timestep / settings.speed
        elif self.simulated:
            period = settings.lockstep_timeout
        else:
            period = 1.0 / self.driver.spec.rate
        self._publish(self.driver.read())
        self._timer = self.create_timer(period, self._on_timer, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self.get_logger().info(f"{settings.robot} on {settings.driver or self.driver.spec.drivers[0]} is active")
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stops the robot and the loop."""
        self.destroy_timer(self._timer)
        self.driver.stop()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lets the driver go."""
        self._release()
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stops the robot and lets the driver go, from any state."""
        self._release()
        return super().on_shutdown(state)

    def _release(self) -> None:
        if self._emergency is not None:
            self._emergency.close()
            self._emergency = None
        if self.driver is not None:
            self.driver.close()
            self.driver = None

    def destroy_node(self) -> None:
        """Stops the robot before the node goes."""
        self._release()
        super().destroy_node()

    def _on_twist(self, message: TwistMsg) -> None:
        self._twist, self._arrived = conversions.from_twist(message), time.monotonic()
        self._step_when_answered()

    def _on_joints(self, message: JointStateMsg) -> None:
        try:
            self._joints = conversions.from_joint_command(message)
        except ValueError as error:
            self.get_logger().error(f"command refused, the robot stands: {error}", throttle_duration_sec=1.0)
            self.gate.refuse()
            return
        self._command_stamp, self._arrived = conversions.from_time(message.header.stamp), time.monotonic()
        self._step_when_answered()

    def _step_when_answered(self) -> None:
        if self.settings.speed > 0.0 or not self.simulated or self._joints is None:
            return
        whole = self._twist is not None or self.driver.spec.base is None
        if whole and abs(self._command_stamp - self._state.stamp) < SAME:
            self._answered = time.monotonic()
            self._timer.reset()
            self._tick()

    def _on_timer(self) -> None:
        if time.monotonic() - self._answered > PATIENCE:
            self._tick()

    def _tick(self) -> None:
        """One control period; a driver that fails is reported and tried again, and the emergency stop stays served."""
        try:
            state = self._advance()
        except RobomatrixError as error:
            self._fault = str(error)
            self.get_logger().error(self._fault, throttle_duration_sec=1.0)
            return
        self._publish(state)
        self._steps += 1
        if self.on_step is not None:
            self.on_step()

    def _advance(self) -> RobotState:
        state = self._state if self.simulated else self.driver.read()
        now = self._now(state)
        command, stamp = self._take_command(now)
        with self._write_lock:
            applied, reports = self.gate.filter(command, state, now, stamp)
            self._fault = self._write(applied)
        self._log_changes(reports)
        return self.driver.step() if self.simulated else state

    def _write(self, command: RobotCommand) -> str:
        """Hands a command to the driver; returns why it did not take it, empty if it did."""
        try:
            self.driver.write(command)
        except RobomatrixError as error:
            self.get_logger().error(str(error), throttle_duration_sec=1.0)
            return str(error)
        return ""

    def _now(self, state: RobotState) -> float:
        """Present time on the clock of the states; goes on when a real robot has fallen silent."""
        if self.simulated or state.stamp != self._newest[0]:
            self._newest = (state.stamp, time.monotonic())
        return state.stamp + (0.0 if self.simulated else time.monotonic() - self._newest[1])

    def _take_command(self, now: float) -> tuple[RobotCommand | None, float | None]:
        if self._twist is None and self._joints is None:
            return None, None
        joints = self._joints or RobotCommand()
        command = RobotCommand(joints.positions, joints.velocities, joints.efforts, self._twist)
        pace = self.settings.speed if self.simulated else 1.0
        # Zero is what those send who know no time: what counts is when it came, not when it was looked at.
        stamp = self._command_stamp or now - pace * (time.monotonic() - self._arrived)
        self._twist = self._joints = self._command_stamp = None
        return command, stamp

    def _publish(self, state: RobotState) -> None:
        self._state = state
        stamp, spec = conversions.to_time(state.stamp), self.driver.spec
        if self._clock_topic is not None:
            self._clock_topic.publish(ClockMsg(clock=stamp))
        for name, (sensor, publisher) in self._ranges.items():
            if name in state.ranges:
                publisher.publish(conversions.to_range(sensor, state.ranges[name], stamp))
        if state.imu is not None:
            self._imu.publish(conversions.to_imu(state.imu, stamp, spec.base_link))
        if state.odometry is not None:
            odometry = conversions.to_odometry(state.odometry, stamp, "odom", spec.base_link)
            self._odom.publish(odometry)
            self._transforms.publish(odometry)
        self._publish_frames()
        if self._tracker is not None:
            tracked = World(state.stamp, {o.id: o for o in self.driver.tracked()})
            self._tracker.publish(conversions.to_scene(tracked, "odom"))
        if self.settings.ground_truth and self.simulated:
            truth = World(state.stamp, {o.id: o for o in self.driver.objects()})
            self._truth.publish(conversions.to_scene(truth, "odom"))
        self._joint_states.publish(conversions.to_joint_state(state.joints, stamp, spec.base_link))

    def _publish_frames(self) -> None:
        for name, (images, infos) in self._cameras.items():
            if self._state.stamp < self._published.get(name, -math.inf) + 1.0 / self.settings.camera_rate - 1e-6:
                continue
            frame = self.driver.frame(name)
            if frame is not None and frame.stamp != self._published.get(name):
                self._published[name] = frame.stamp
                optical = f"{name}_optical_frame"
                # The small message announces the image: lockstep waits for what is made of it.
                infos.publish(conversions.to_camera_info(frame, optical))
                images.publish(conversions.to_image(frame, optical))

    def _trip(self, reason: str) -> None:
        """Runs on the emergency listener's own thread: nothing here may wait for the executor."""
        with self._write_lock:
            self.gate.trip(reason)
            self._fault = self._write(self.gate.standstill())
        self._stop_state.publish(String(data=reason))

    def _on_reset_stop(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self.gate.reset()
        self._stop_state.publish(String(data=""))
        response.success, response.message = True, "released; the robot moves at the next new command"
        return response

    def _on_reset(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success = self.simulated
        response.message = "scene reset" if self.simulated else "a real robot cannot be reset"
        if self.simulated:
            self._published.clear()
            self._publish(self.driver.reset(self.settings.seed))
        return response

    def _log_changes(self, reports: tuple[Any, ...]) -> None:
        found = frozenset(f"{r.check}/{r.subject}" for r in reports)
        for report in reports:
            if f"{report.check}/{report.subject}" not in self._last_reports:
                self.get_logger().warning(report.text)
        self._last_reports = found

    def _status(self) -> diagnostics.Status:
        steps, self._steps = self._steps, 0
        values = {"ticks per second": steps, "stamp": f"{self._state.stamp:.3f}", **dict(self.gate.counts)}
        if self.gate.tripped:
            return diagnostics.ERROR, f"emergency stop: {self.gate.tripped}", values
        if self._fault:
            return diagnostics.ERROR, self._fault, values
        if self._last_reports:
            return diagnostics.WARN, ", ".join(sorted(self._last_reports)), values
        return diagnostics.OK, "running", values


def _polygon(name: str, numbers: list[float]) -> Polygon | None:
    if len(numbers) <= 1:
        return None
    if len(numbers) % 2:
        raise ConfigurationError(f"parameter {name} has {len(numbers)} numbers; it takes pairs: x1, y1, x2, y2, ...")
    return Polygon.parse(name, [list(point) for point in zip(numbers[::2], numbers[1::2], strict=True)])


def main(args: list[str] | None = None) -> None:
    """Entry point of ``ros2 run robomatrix bridge``."""
    run(Bridge, args=args)
