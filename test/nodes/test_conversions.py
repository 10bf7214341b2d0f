from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robomatrix.errors import ArgumentsError
from robomatrix.hardware.driver import CameraFrame, Imu, JointState, Odometry, RobotCommand, Twist
from robomatrix.robots.spec import RangeSpec
from robomatrix.scheduling.plan import PlanResult, PlanStep
from robomatrix.skills.mobile_manipulation.specs import SPECS
from robomatrix.world import SceneObject, World
from robomatrix_nodes import conversions as c

finite = st.floats(-1e6, 1e6)
names = st.lists(st.text("abc_", min_size=1, max_size=6), unique=True, max_size=5)
values = st.one_of(st.booleans(), st.integers(-(2**63), 2**63 - 1), finite, st.text(max_size=20))


@given(st.floats(0, 1e9))
def test_time_survives_to_the_nanosecond(seconds: float) -> None:
    assert c.from_time(c.to_time(seconds)) == pytest.approx(seconds, abs=1e-6)


@given(st.dictionaries(st.text("abc", min_size=1), finite), st.dictionaries(st.text("def", min_size=1), finite))
def test_commands_survive(positions: dict[str, float], efforts: dict[str, float]) -> None:
    command = RobotCommand(positions=positions, efforts=efforts)
    message = c.to_joint_command(command, 1.25)
    assert c.from_joint_command(message) == command
    assert c.from_time(message.header.stamp) == 1.25


def test_a_command_with_nan_is_refused_by_name() -> None:
    message = c.to_joint_command(RobotCommand(positions={"knee": math.nan}), 0.0)
    with pytest.raises(ValueError, match="knee"):
        c.from_joint_command(message)


def test_a_command_with_missing_values_is_refused() -> None:
    message = c.to_joint_command(RobotCommand(positions={"a": 1.0, "b": 2.0}), 0.0)
    message.position = [1.0]
    with pytest.raises(ValueError, match="2 names but 1 values of position"):
        c.from_joint_command(message)


@given(st.dictionaries(st.text("xyz", min_size=1), values, max_size=4))
def test_arguments_survive(arguments: dict[str, object]) -> None:
    assert c.from_parameters(c.to_parameters(arguments)) == arguments


def test_an_argument_given_twice_is_refused() -> None:
    twice = c.to_parameters({"object": "can_1"}) * 2
    with pytest.raises(ArgumentsError, match="'object' is given twice"):
        c.from_parameters(twice)


def test_joint_states_survive() -> None:
    joints = JointState(("a", "b"), np.array([1.0, 2.0]), np.array([0.1, 0.2]), np.array([3.0, 4.0]))
    back = c.from_joint_state(c.to_joint_state(joints, c.to_time(1.0), "base_link"))
    assert back.names == joints.names
    for name in ("position", "velocity", "effort"):
        np.testing.assert_array_equal(getattr(back, name), getattr(joints, name))


def test_imu_and_odometry_survive() -> None:
    imu = Imu(np.array([0.0, 0.0, 0.6, 0.8]), np.array([1.0, 2.0, 3.0]), np.array([0.0, 0.0, 9.81]))
    odometry = Odometry(np.array([1.0, 2.0, 3.0]), imu.orientation, np.ones(3), -np.ones(3))
    stamp = c.to_time(0.0)
    back = c.from_imu(c.to_imu(imu, stamp, "base_link"))
    np.testing.assert_array_equal(back.linear_acceleration, imu.linear_acceleration)
    assert c.from_odometry(c.to_odometry(odometry, stamp, "odom", "base_link")).yaw == pytest.approx(odometry.yaw)


def test_images_survive_pixel_by_pixel() -> None:
    image = np.random.default_rng(0).integers(0, 255, (7, 5, 3), dtype=np.uint8)
    frame = CameraFrame(2.0, "front", image, np.eye(3), np.zeros(3), np.eye(3))
    message = c.to_image(frame, "front_optical_frame")
    np.testing.assert_array_equal(c.from_image(message), image)
    message.encoding = "mono8"
    with pytest.raises(ValueError, match="mono8"):
        c.from_image(message)


def test_twist_and_range_carry_their_units_unchanged() -> None:
    assert c.from_twist(c.to_twist(Twist(0.1, -0.2, 0.3))) == Twist(0.1, -0.2, 0.3)
    message = c.to_range(RangeSpec("front", "front_link", 0.1, 10.0), math.inf, c.to_time(0.0))
    assert message.range == math.inf and message.min_range == pytest.approx(0.1)


def test_the_scene_survives() -> None:
    drawer = SceneObject("drawer_1", "drawer", "drawer", "", (1.0, 2.0, 0.3), 0.5, (0.3, 0.4, 0.1), 0.25, 0, 0.5, 3.0)
    target = SceneObject("target_1", "target", "target", "cyan", (0.0, 0.0, 0.2), hits=2, confidence=0.75)
    world = World(4.0, {o.id: o for o in (drawer, target)}, "can_1")
    back = c.from_scene(c.to_scene(world, "odom"))
    assert back.holding == "can_1" and back.stamp == 4.0
    assert back.objects["drawer_1"].openness == 0.25 and back.objects["target_1"].openness is None
    assert back.objects["drawer_1"].yaw == pytest.approx(0.5) and back.objects["target_1"].hits == 2


def test_a_plan_survives() -> None:
    plan = PlanResult("ok", "as you wish", (), (PlanStep("turn", {"angle_deg": 90.0}),), ("on(can_1, box_1)",))
    assert c.from_plan(c.to_plan(plan)) == plan


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: s.name)
def test_every_skill_specification_survives(spec) -> None:
    assert c.from_skill_info(c.to_skill_info(spec)) == spec


def test_hand_commands_keep_their_values_and_say_whether_to_assist() -> None:
    message = c.to_joint_command(RobotCommand(positions={"joint_0.0": 0.25, "joint_1.0": math.nan}), 9.0)
    command = c.from_hand_command(message, 1.5)
    assert command.stamp == 1.5
    assert command.positions["joint_0.0"] == 0.25
    assert math.isnan(command.positions["joint_1.0"])
    assert command.assisted
    message.header.frame_id = "direct"
    assert not c.from_hand_command(message, 1.5).assisted


def test_a_hand_command_whose_values_do_not_fit_becomes_one_that_is_refused() -> None:
    message = c.to_joint_command(RobotCommand(positions={"joint_0.0": 0.25}), 9.0)
    message.position.append(0.5)
    assert math.isnan(c.from_hand_command(message, 0.0).positions["joint_0.0"])
