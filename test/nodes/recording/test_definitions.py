"""Message definitions, judged by an independent parser."""

from __future__ import annotations

import pytest
from mcap.records import Schema
from mcap_ros2.decoder import DecoderFactory
from rclpy.serialization import serialize_message
from sensor_msgs.msg import JointState

from robomatrix.robots.loader import load_robot
from robomatrix_interfaces.action import ExecuteTask
from robomatrix_interfaces.msg import PlanStep, TaskPlan
from robomatrix_nodes.recording.channels import channels, stamp_of
from robomatrix_nodes.recording.definitions import definition, message_class, type_name


def decode(message: object) -> object:
    schema = Schema(id=1, name=type_name(type(message)), encoding="ros2msg", data=definition(type(message)).encode())
    return DecoderFactory().decoder_for("cdr", schema)(serialize_message(message))


@pytest.mark.parametrize("robot", ["ep", "g1", "allegro"])
def test_every_recorded_message_is_understood(robot: str) -> None:
    for channel in channels(load_robot(robot)):
        decode(channel.recorded_kind())
        assert message_class(type_name(channel.recorded_kind)) is channel.recorded_kind


def test_values_survive() -> None:
    joints = JointState(name=["a", "b"], position=[1.0, -2.5])
    joints.header.stamp.sec, joints.header.stamp.nanosec = 12, 340
    found = decode(joints)
    assert (found.name, list(found.position), found.header.stamp.sec) == (["a", "b"], [1.0, -2.5], 12)
    assert stamp_of(serialize_message(joints)) == 12_000_000_340


def test_the_feedback_of_a_task_is_told_with_its_plan() -> None:
    message = ExecuteTask.Impl.FeedbackMessage()
    message.feedback = ExecuteTask.Feedback(plan=TaskPlan(steps=[PlanStep(skill="grasp")]), step_state="running")
    found = decode(message)
    assert found.feedback.plan.steps[0].skill == "grasp"
    assert found.feedback.step_state == "running"


@pytest.mark.parametrize("name", ["nowhere_msgs/msg/A", "std_msgs/msg/NoSuch", "robomatrix_interfaces/action/Execute"])
def test_a_message_that_does_not_exist_is_named(name: str) -> None:
    with pytest.raises(LookupError, match=name.split("/")[0 if "nowhere" in name else 2]):
        message_class(name)
