"""The ROS side of the ``topics`` driver: foreign standard messages in, foreign commands out, on a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import rclpy
from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Twist as TwistMsg
from nav_msgs.msg import Odometry as OdometryMsg
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, Image
from sensor_msgs.msg import Imu as ImuMsg
from sensor_msgs.msg import JointState as JointStateMsg
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from robomatrix.errors import ConfigurationError
from robomatrix.hardware.driver import CameraFrame, Imu, Odometry, Twist
from robomatrix.hardware.mapping import ForeignCommand, ForeignState, TopicsSettings
from robomatrix.hardware.topics import TopicsDriver
from robomatrix.robots.kinematics import link_pose
from robomatrix.robots.spec import RobotSpec
from robomatrix_nodes import conversions, qos

MESSAGES = {"joint_state": JointStateMsg, "array": Float64MultiArray, "trajectory": JointTrajectory}


def make_topics(
    robot: RobotSpec,
    scene: str | None = None,
    config: str = "",
    namespace: str = "",
    domain_id: int | None = None,
    timeout: float = 5.0,
) -> TopicsDriver:
    """Returns the driver for the entry-point group ``robomatrix.drivers``.

    Args:
        robot: What the layers above know.
        scene: Not used by a real robot.
        config: YAML file with the fields of :class:`TopicsSettings`; none for the robot's own names and radians.
        namespace: Of the foreign robot's topics.
        domain_id: Of the foreign robot; what the environment says when missing.
        timeout: How long :meth:`TopicsDriver.connect` waits until the robot agrees [s].

    Raises:
        ConfigurationError: the settings are wrong; lists what exists.
    """
    if scene:
        raise ConfigurationError(f"the topics driver drives a robot, not a simulation: leave scene '{scene}' out")
    settings = TopicsSettings.load(robot, Path(config)) if config else TopicsSettings.parse(robot, {})
    return TopicsDriver(robot, settings, RosTransport(robot, settings, namespace, domain_id), timeout=timeout)


class RosTransport:
    """Implements :class:`robomatrix.hardware.topics.Transport` with a node, a context and a thread of its own."""

    def __init__(self, robot: RobotSpec, settings: TopicsSettings, namespace: str, domain_id: int | None) -> None:
        self._robot, self._settings, self._namespace, self._domain_id = robot, settings, namespace, domain_id
        self._context: Context | None = None
        self._imu: Imu | None = None
        self._odometry: Odometry | None = None
        self._joints: dict[str, float] = {}
        self._infos: dict[str, CameraInfo] = {}
        self._images: dict[str, Image] = {}

    def open(self, take: Callable[[ForeignState], None]) -> None:
        """Subscribes and starts the thread."""
        self._context = Context()
        rclpy.init(args=[], context=self._context, domain_id=self._domain_id)
        self._node = Node("topics_driver", context=self._context, namespace=self._namespace, use_global_arguments=False)
        self._take = take
        self._subscribe()
        kind = MESSAGES[self._settings.form]
        self._commands = self._node.create_publisher(kind, self._settings.command_topic, qos.COMMAND)
        self._twists = self._node.create_publisher(TwistMsg, self._settings.twist_topic, qos.COMMAND)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._thread = threading.Thread(target=self._spin, name="topics_driver", daemon=True)
        self._thread.start()

    def _subscribe(self) -> None:
        subscribe = partial(self._node.create_subscription, qos_profile=qos_profile_sensor_data)
        subscribe(JointStateMsg, self._settings.state_topic, self._on_joints)
        subscribe(ImuMsg, self._settings.imu_topic, self._on_imu)
        subscribe(OdometryMsg, self._settings.odometry_topic, self._on_odometry)
        for camera in self._robot.cameras:
            subscribe(CameraInfo, f"{camera.name}/camera_info", partial(self._infos.__setitem__, camera.name))
            subscribe(Image, f"{camera.name}/image_raw", partial(self._images.__setitem__, camera.name))

    def _spin(self) -> None:
        try:
            self._executor.spin()
        except ExternalShutdownException:
            return

    def _on_joints(self, message: JointStateMsg) -> None:
        state = conversions.from_joint_state(message)
        self._joints = dict(zip(state.names, state.position, strict=True))
        self._take(ForeignState(state.names, state.position, state.velocity, state.effort, time.time()))

    def _on_imu(self, message: ImuMsg) -> None:
        self._imu = conversions.from_imu(message)

    def _on_odometry(self, message: OdometryMsg) -> None:
        self._odometry = conversions.from_odometry(message)

    def send(self, command: ForeignCommand) -> None:
        """Publishes a joint command in the robot's form."""
        values = [float(v) for v in command.values]
        if self._settings.form == "array":
            message = Float64MultiArray(data=values)
        elif self._settings.form == "trajectory":
            whole = int(command.horizon)
            horizon = Duration(sec=whole, nanosec=int((command.horizon - whole) * 1e9))
            point = JointTrajectoryPoint(time_from_start=horizon, **{self._plural: values})
            message = JointTrajectory(joint_names=list(command.names), points=[point])
        else:
            message = JointStateMsg(name=list(command.names), **{self._settings.interface: values})
            message.header.stamp = self._node.get_clock().now().to_msg()
        self._commands.publish(message)

    @property
    def _plural(self) -> str:
        """Name of the interface's field in a trajectory point."""
        return {"position": "positions", "velocity": "velocities", "effort": "effort"}[self._settings.interface]

    def drive(self, twist: Twist) -> None:
        """Publishes a base velocity."""
        self._twists.publish(conversions.to_twist(twist))

    def sense(self) -> tuple[Imu | None, Odometry | None]:
        """Returns the newest measurements of the base."""
        return self._imu, self._odometry

    def frame(self, camera: str) -> CameraFrame | None:
        """Returns the newest image of a camera, None before its first readable image and geometry."""
        image, info = self._images.get(camera), self._infos.get(camera)
        if image is None or info is None:
            return None
        try:
            pixels = conversions.from_image(image)
        except ValueError as error:
            self._node.get_logger().error(f"image of {camera} left out: {error}", throttle_duration_sec=5.0)
            return None
        link = next(c.link for c in self._robot.cameras if c.name == camera)
        position, rotation = link_pose(self._robot, link, self._joints)
        intrinsics = np.array(info.k, dtype=float).reshape(3, 3)
        stamp = conversions.from_time(image.header.stamp)
        return CameraFrame(stamp, camera, pixels, intrinsics, position, rotation)

    def close(self) -> None:
        """Takes everything down; idempotent."""
        if self._context is None:
            return
        self._executor.shutdown(timeout_sec=1.0)
        self._thread.join(timeout=1.0)
        self._node.destroy_node()
        self._context.try_shutdown()
        self._context.destroy()
        self._context = None
