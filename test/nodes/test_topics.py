"""The topics driver against a node that behaves like the Allegro hand's own driver."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import rclpy
from nav_msgs.msg import Odometry
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image, Imu, JointState
from support.ros import PATIENCE

from robomatrix.errors import ConfigurationError, DriverError
from robomatrix.hardware.driver import RobotCommand
from robomatrix.hardware.mapping import TopicsSettings
from robomatrix.robots.loader import load_robot
from robomatrix_nodes.topics import RosTransport, make_topics

ALLEGRO = load_robot("allegro")
HOME = {j.name: j.home for j in ALLEGRO.joints}
CONFIG = "state_topic: allegroHand/joint_states\ncommand_topic: allegroHand/joint_cmd\nrate: 10\nchecks: 5\n"


class Hand(Node):
    """Publishes its joints at 100 Hz and goes at once where it is sent."""

    def __init__(self, context: Context, names: tuple[str, ...]) -> None:
        super().__init__("allegro_driver", context=context, use_global_arguments=False)
        self.position = dict(zip(names, HOME.values(), strict=True))
        self._states = self.create_publisher(JointState, "allegroHand/joint_states", 10)
        self.create_subscription(JointState, "allegroHand/joint_cmd", self._on_command, 10)
        self.create_timer(0.01, self._publish)

    def _on_command(self, message: JointState) -> None:
        self.position.update(zip(message.name, message.position, strict=True))

    def _publish(self) -> None:
        self._states.publish(JointState(name=list(self.position), position=list(self.position.values())))


@pytest.fixture
def hand(domain_id: int) -> Iterator[Callable[..., Hand]]:
    context = Context()
    rclpy.init(args=[], context=context, domain_id=domain_id)
    executor = SingleThreadedExecutor(context=context)

    def spin() -> None:
        try:
            executor.spin()
        except ExternalShutdownException:
            return

    thread = threading.Thread(target=spin, daemon=True)
    thread.start()

    def make(names: tuple[str, ...] = ALLEGRO.joint_names) -> Hand:
        node = Hand(context, names)
        executor.add_node(node)
        return node

    yield make
    executor.shutdown()
    context.try_shutdown()
    thread.join(timeout=PATIENCE)


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "allegro.yaml"
    path.write_text(CONFIG)
    return str(path)


def until(done: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE
    while not done() and time.monotonic() < limit:
        time.sleep(0.01)
    assert done()


def test_a_hand_behind_its_own_driver_moves_where_it_is_sent(hand, config: str, domain_id: int) -> None:
    allegro = hand()
    driver = make_topics(ALLEGRO, config=config, domain_id=domain_id, timeout=PATIENCE)
    driver.connect()
    name = ALLEGRO.joint_names[1]
    target = HOME[name] + 0.2
    until(lambda: name in driver.read().joints.names)
    driver.write(RobotCommand(positions={name: target}))
    until(lambda: abs(driver.read().joints[name] - target) < 1e-6)
    assert allegro.position[name] == pytest.approx(target)
    assert allegro.position[ALLEGRO.joint_names[2]] == pytest.approx(HOME[ALLEGRO.joint_names[2]]), "others hold"
    driver.close()
    driver.close()


def test_a_hand_with_other_names_is_refused_and_not_moved(hand, config: str, domain_id: int) -> None:
    allegro = hand(tuple(f"finger_{i}" for i in range(16)))
    before = dict(allegro.position)
    driver = make_topics(ALLEGRO, config=config, domain_id=domain_id, timeout=2.0)
    with pytest.raises(DriverError, match="do not agree.*joint_0.0"):
        driver.connect()
    assert allegro.position == before


def test_nobody_there_is_told_with_what_to_check(config: str, domain_id: int) -> None:
    with pytest.raises(DriverError, match="no joint state has come yet.*check that its driver runs"):
        make_topics(ALLEGRO, config=config, domain_id=domain_id, timeout=0.3).connect()


def test_a_scene_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="'office'"):
        make_topics(ALLEGRO, scene="office")


def test_a_base_is_driven_and_measured_under_its_own_names(domain_id: int) -> None:
    ep = load_robot("ep")
    names = {"twist_topic": "base/cmd", "odometry_topic": "base/odom", "imu_topic": "base/imu"}
    transport = RosTransport(ep, TopicsSettings.parse(ep, names), "", domain_id)
    transport.open(lambda state: None)
    context = Context()
    rclpy.init(args=[], context=context, domain_id=domain_id)
    node = Node("base", context=context, use_global_arguments=False)
    topics = {Imu: "base/imu", Odometry: "base/odom"}
    publishers = {kind: node.create_publisher(kind, name, 1) for kind, name in topics.items()}
    until(lambda: all(p.get_subscription_count() == 1 for p in publishers.values()))
    until(lambda: node.count_publishers("base/cmd") == 1)
    for kind, publisher in publishers.items():
        publisher.publish(kind())
    until(lambda: None not in transport.sense())
    transport.close()
    node.destroy_node()
    context.try_shutdown()


def test_an_image_that_cannot_be_read_is_no_frame(domain_id: int) -> None:
    ep = load_robot("ep")
    camera = ep.cameras[0].name
    transport = RosTransport(ep, TopicsSettings.parse(ep, {}), "", domain_id)
    transport.open(lambda state: None)
    context = Context()
    rclpy.init(args=[], context=context, domain_id=domain_id)
    node = Node("camera", context=context, use_global_arguments=False)
    infos = node.create_publisher(CameraInfo, f"{camera}/camera_info", 1)
    images = node.create_publisher(Image, f"{camera}/image_raw", 1)
    until(lambda: infos.get_subscription_count() == images.get_subscription_count() == 1)
    infos.publish(CameraInfo(height=1, width=2))
    images.publish(Image(height=1, width=2, encoding="mono8", step=2, data=bytes(2)))
    time.sleep(0.2)
    assert transport.frame(camera) is None
    images.publish(Image(height=1, width=2, encoding="rgb8", step=6, data=bytes(6)))
    until(lambda: transport.frame(camera) is not None)
    transport.close()
    node.destroy_node()
    context.try_shutdown()
