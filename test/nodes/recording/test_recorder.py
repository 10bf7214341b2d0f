"""Recordings of a real stack, read back with an independent reader."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import Twist
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from support.ros import PATIENCE, Client, wait

from robomatrix.errors import ConfigurationError
from robomatrix_nodes import qos
from robomatrix_nodes.recording.recorder import WAITING_IMAGES, Recorder
from robomatrix_nodes.stack import Stack

BringUp = Callable[..., Stack]


def read(path: Path) -> dict[str, list[tuple[float, Any]]]:
    """Topic to times [s] and messages."""
    found: dict[str, list[tuple[float, Any]]] = defaultdict(list)
    with path.open("rb") as file:
        for _, channel, message, decoded in make_reader(
            file, decoder_factories=[DecoderFactory()]
        ).iter_decoded_messages():
            found[channel.topic].append((message.log_time * 1e-9, decoded))
    return found


def test_a_run_is_recorded_whole(bring_up: BringUp, tmp_path: Path) -> None:
    path = tmp_path / "run.mcap"
    stack = bring_up(record=str(path), camera=True, lockstep_timeout=5.0)
    client = Client(stack)
    assert client.run_task("turn left 40 degrees").success
    turned = stack.bridge.driver.read().odometry.yaw
    stack.__exit__(None, None, None)
    found = read(path)

    stamps = [time for time, _ in found["/ep/odom"]]
    assert len(stamps) > 20
    assert all(later - sooner == pytest.approx(0.02) for sooner, later in zip(stamps, stamps[1:], strict=False))
    last = found["/ep/odom"][-1][1]
    assert 2.0 * last.pose.pose.orientation.z == pytest.approx(turned, abs=0.05)
    assert len(found["/ep/joint_states"]) == len(stamps)
    assert max(message.angular.z for _, message in found["/ep/cmd_vel"]) > 0.1
    assert {m.feedback.step_state for _, m in found["/ep/execute_task/_action/feedback"]} >= {"running", "succeeded"}
    record = json.loads(found["/ep/task_record"][0][1].data)
    assert (record["instruction"], record["success"]) == ("turn left 40 degrees", True)

    import cv2
    import numpy as np

    images = found["/ep/front/image_raw/compressed"]
    seen = [image.header.stamp.sec + image.header.stamp.nanosec * 1e-9 for _, image in images]
    assert len(images) >= 3 and seen == pytest.approx([time for time, _ in images])
    camera = found["/ep/front/camera_info"][0][1]
    picture = cv2.imdecode(np.frombuffer(images[0][1].data, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (camera.height, camera.width, 3)
    assert picture.std() > 10.0, "the picture shows nothing"


def test_a_failed_skill_leaves_a_snapshot(bring_up: BringUp, tmp_path: Path) -> None:
    stack = bring_up(snapshots=str(tmp_path))
    client = Client(stack)
    assert client.run_skill("turn", angle_deg=20.0).success
    assert not client.run_skill("turn", timeout=0.2, angle_deg=170.0).success
    wait(stack, lambda: bool(stack.recorder.snapshots), "a snapshot")
    assert client.run_skill("turn", angle_deg=-20.0).success
    assert len(stack.recorder.snapshots) == 1, "a success left a snapshot, too"
    found = read(Path(stack.recorder.snapshots[0]))
    statuses = [
        status.status for _, message in found["/ep/execute_skill/_action/status"] for status in message.status_list
    ]
    assert 6 in statuses and len(found["/ep/odom"]) > 30


def test_a_path_that_cannot_be_written_is_told_before_anything_moves(bring_up: BringUp, tmp_path: Path) -> None:
    (tmp_path / "a.mcap").write_bytes(b"")
    with pytest.raises(ConfigurationError, match="exists already"):
        bring_up(record=str(tmp_path / "a.mcap"))


def test_commands_of_somebody_else_are_recorded_too(bring_up: BringUp, tmp_path: Path) -> None:
    stack = bring_up(record=str(tmp_path / "a.mcap"), speed=1.0)
    client = Client(stack)
    assert client.run_skill("turn", angle_deg=10.0).success
    publisher, message = client.create_publisher(Twist, "cmd_vel", 5), Twist()
    message.linear.y = 0.0123
    began = stack.bridge.stamp
    timer = client.create_timer(0.05, lambda: publisher.publish(message))
    wait(stack, lambda: stack.bridge.stamp > began + 2.5, "time")
    timer.cancel()
    assert client.run_skill("turn", angle_deg=10.0).success
    stack.__exit__(None, None, None)
    sent = [(time, twist.linear.y, twist.angular.z) for time, twist in read(tmp_path / "a.mcap")["/ep/cmd_vel"]]
    assert any(y == 0.0123 for _, y, _ in sent)
    assert any(turn > 0.1 for time, _, turn in sent if time < began)
    assert any(turn > 0.1 for time, _, turn in sent if time > began + 2.5)


def test_images_that_cannot_be_read_are_told_and_take_no_room_from_others(domain_id: int, tmp_path: Path) -> None:
    context = Context()
    rclpy.init(args=[], context=context, domain_id=domain_id)
    path, executor = tmp_path / "a.mcap", SingleThreadedExecutor(context=context)
    recorder = Recorder(context=context, parameter_overrides=[Parameter("file", value=str(path))])
    camera = Node("camera", context=context)
    publisher = camera.create_publisher(Image, "front/image_raw", qos.IMAGE)
    statuses: list[DiagnosticStatus] = []
    camera.create_subscription(DiagnosticArray, "/diagnostics", lambda m: statuses.extend(m.status), qos.EVENT)
    executor.add_node(recorder)
    executor.add_node(camera)

    def spin(seconds: float, done: Callable[[], bool] = lambda: False) -> None:
        limit = time.monotonic() + seconds
        while not done() and time.monotonic() < limit:
            executor.spin_once(timeout_sec=0.02)

    bad = Image(height=4, width=4, encoding="mono8", step=4, data=bytes(16))
    for _ in range(2 * WAITING_IMAGES):
        publisher.publish(bad)
        spin(0.05)
    publisher.publish(Image(height=4, width=4, encoding="rgb8", step=12, data=bytes(48)))
    spin(PATIENCE, lambda: any(s.level == DiagnosticStatus.ERROR for s in statuses))
    assert "'mono8' is not rgb8" in recorder.error
    assert any("recording is not whole: ValueError" in s.message for s in statuses)
    for node in (recorder, camera):
        executor.remove_node(node)
        node.destroy_node()
    executor.shutdown()
    context.try_shutdown()
    assert len(read(path)["/front/image_raw/compressed"]) == 1
