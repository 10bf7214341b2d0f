"""The perception node in front of a camera that does not send what it should."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from nav_msgs.msg import Odometry
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo, Image, JointState
from support.ros import PATIENCE

from robomatrix.errors import ConfigurationError
from robomatrix.robots.loader import load_robot
from robomatrix_interfaces.msg import SceneObjectArray
from robomatrix_nodes import conversions, qos
from robomatrix_nodes.perception import Perception

EP = load_robot("ep")


class Robot(Node):
    """Stands at home and sends one image with every state."""

    def __init__(self, context: Context) -> None:
        super().__init__("robot", context=context, use_global_arguments=False)
        camera = EP.cameras[0].name
        self._outlets = {
            CameraInfo: self.create_publisher(CameraInfo, f"{camera}/camera_info", qos.STATE),
            Image: self.create_publisher(Image, f"{camera}/image_raw", qos.IMAGE),
            JointState: self.create_publisher(JointState, "joint_states", qos.STATE),
            Odometry: self.create_publisher(Odometry, "odom", qos.STATE),
        }
        self.scenes: list[SceneObjectArray] = []
        self.statuses: list[DiagnosticStatus] = []
        self._time = 0.0
        self._image = Image()
        self.create_subscription(SceneObjectArray, "scene/objects", self.scenes.append, qos.LATCHED)
        self.create_subscription(DiagnosticArray, "/diagnostics", lambda m: self.statuses.extend(m.status), qos.EVENT)
        self.create_timer(0.2, self._send)

    def show(self, image: Image) -> None:
        self._image = image

    def _send(self) -> None:
        self._time += 0.2
        image = self._image
        info = CameraInfo(height=image.height, width=image.width)
        info.k = np.array([[300.0, 0.0, 160.0], [0.0, 300.0, 90.0], [0.0, 0.0, 1.0]]).ravel()
        joints = JointState(name=[j.name for j in EP.joints], position=[j.home for j in EP.joints])
        odometry = Odometry()
        odometry.pose.pose.orientation.w = 1.0
        for message in (info, image, joints, odometry):
            message.header.stamp = conversions.to_time(self._time)
            self._outlets[type(message)].publish(message)


@pytest.fixture
def spun(domain_id: int) -> Iterator[tuple[Robot, Callable[[Callable[[], bool]], None]]]:
    """A robot before the perception node, and what spins both until something has come."""
    context = Context()
    rclpy.init(args=[], context=context, domain_id=domain_id)
    executor = SingleThreadedExecutor(context=context)
    robot = Robot(context)
    nodes = [robot, Perception(context=context, parameter_overrides=[Parameter("robot", value="ep")])]
    for node in nodes:
        executor.add_node(node)

    def until(done: Callable[[], bool]) -> None:
        limit = time.monotonic() + PATIENCE
        while not done() and time.monotonic() < limit:
            executor.spin_once(timeout_sec=0.05)
        assert done()

    yield robot, until
    executor.shutdown()
    for node in nodes:
        node.destroy_node()
    context.try_shutdown()


def image(encoding: str, depth: int) -> Image:
    return Image(height=180, width=320, encoding=encoding, step=320 * depth, data=bytes(180 * 320 * depth))


@pytest.mark.parametrize(
    ("unusable", "words"),
    [
        (image("mono8", 1), "'mono8' is not rgb8"),
        (Image(height=180, width=320, encoding="rgb8", step=960, data=bytes(5)), "cannot reshape"),
        (Image(encoding="rgb8"), ""),
    ],
    ids=["encoding", "cut off", "empty"],
)
def test_an_image_that_cannot_be_used_is_left_out_and_told(
    spun: tuple[Robot, Callable[[Callable[[], bool]], None]], unusable: Image, words: str
) -> None:
    robot, until = spun
    robot.show(unusable)
    until(lambda: any(s.level == DiagnosticStatus.ERROR for s in robot.statuses))
    status = next(s for s in robot.statuses if s.level == DiagnosticStatus.ERROR)
    assert f"image left out: {EP.cameras[0].name}: " in status.message and words in status.message
    assert int(next(v.value for v in status.values if v.key == "unusable images per second")) > 0
    assert robot.scenes == []
    robot.show(image("rgb8", 3))
    until(lambda: len(robot.scenes) > 0)


@pytest.mark.parametrize(
    ("model", "words"), [("", "needs the parameter model"), ("none/such", "hf download none/such")]
)
def test_a_detector_without_its_model_is_told_what_to_do(domain_id: int, model: str, words: str) -> None:
    context = Context()
    rclpy.init(args=[], context=context, domain_id=domain_id)
    settings = {"robot": "ep", "detector": "zero_shot", "model": model}
    with pytest.raises(ConfigurationError, match=words):
        Perception(context=context, parameter_overrides=[Parameter(n, value=v) for n, v in settings.items()])
    context.try_shutdown()
