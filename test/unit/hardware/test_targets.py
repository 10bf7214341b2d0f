import math

import numpy as np
import pytest

from robomatrix.errors import DriverError
from robomatrix.hardware.driver import RobotCommand, Twist
from robomatrix.hardware.targets import JointTargets, clamp
from robomatrix.robots import load_robot, load_simulation

EP = load_robot("ep")
PROFILE = load_simulation("ep").acceleration


def test_clamps_to_joint_and_base_limits() -> None:
    wanted = RobotCommand({"arm_right": 9.0, "gripper": -1.0}, {"arm_left": -99.0}, {"gripper": 50.0}, Twist(3, -3, 9))
    applied = clamp(EP, wanted)
    assert applied.positions == {"arm_right": 1.384, "gripper": 0.0}
    assert applied.velocities == {"arm_left": -2.5}
    assert applied.efforts == {"gripper": 12.0}
    assert applied.twist == Twist(0.8, -0.8, 2.0)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_refuses_what_is_not_finite(value: float) -> None:
    with pytest.raises(DriverError, match="gripper"):
        clamp(EP, RobotCommand({"gripper": value}))
    with pytest.raises(DriverError, match="twist"):
        clamp(EP, RobotCommand(twist=Twist(vy=value)))


@pytest.mark.parametrize("name", ["wheel_front_left", "tail"])
def test_refuses_joints_that_take_no_commands(name: str) -> None:
    with pytest.raises(DriverError, match=f"'{name}'; joints: arm_right, arm_left, gripper"):
        clamp(EP, RobotCommand({name: 0.0}))


def test_refuses_a_twist_for_what_has_no_base() -> None:
    with pytest.raises(DriverError, match="no mobile base"):
        clamp(load_robot("g1"), RobotCommand(twist=Twist()))


def test_targets_move_no_faster_than_their_joint() -> None:
    targets = JointTargets(EP, PROFILE)
    targets.take(RobotCommand({"arm_right": 1.0}))
    way = np.array([0.0, *(targets.advance(0.02)["arm_right"] for _ in range(60))])
    speed = np.diff(way) / 0.02
    assert speed.max() == pytest.approx(2.5)
    assert np.abs(np.diff(speed)).max() / 0.02 <= PROFILE["arm_right"] * 1.2
    assert way.max() == way[-1] == 1.0


def test_a_joint_without_a_profile_jumps_to_its_target() -> None:
    targets = JointTargets(EP, {})
    targets.take(RobotCommand({"arm_right": 1.0}))
    assert targets.advance(0.02)["arm_right"] == 1.0


def test_a_velocity_runs_into_the_limit_and_a_position_ends_it() -> None:
    targets = JointTargets(EP, PROFILE)
    targets.take(RobotCommand(velocities={"arm_right": 1.0}))
    for _ in range(100):
        targets.advance(0.02)
    assert targets.now["arm_right"] == pytest.approx(1.384)
    targets.take(RobotCommand({"arm_right": 0.0}))
    for _ in range(100):
        targets.advance(0.02)
    assert targets.now["arm_right"] == pytest.approx(0.0)


def test_hold_stays_here() -> None:
    targets = JointTargets(EP, PROFILE)
    targets.take(RobotCommand({"arm_right": 1.0}))
    here = dict(targets.advance(0.02))
    targets.hold()
    assert dict(targets.advance(1.0)) == here
