from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.stage import Stage

from robomatrix.hardware.driver import JointState, RobotState
from robomatrix.perception.self_view import SelfView
from robomatrix.robots.kinematics import link_pose
from robomatrix.robots.loader import load_robot
from robomatrix.robots.spec import RobotSpec


def state(stage: Stage, **joints: float) -> RobotState:
    zeros = np.zeros(len(joints))
    return replace(stage.state(), joints=JointState(tuple(joints), np.array(list(joints.values())), zeros, zeros))


def test_the_gripper_shows_in_the_lower_middle(stage: Stage) -> None:
    mask = SelfView(load_robot("ep")).mask(stage.look(), state(stage, arm_right=0.0, arm_elbow=0.3, arm_wrist=-0.3))
    rows, columns = np.nonzero(mask)
    assert abs(columns.mean() - 320) < 30
    assert mask[355, 320] and not mask[:100].any()


def test_the_mask_follows_the_arm(stage: Stage) -> None:
    view, frame = SelfView(load_robot("ep")), stage.look()
    home = view.mask(frame, state(stage, arm_right=0.0, arm_elbow=0.3, arm_wrist=-0.3)).copy()
    again = view.mask(frame, state(stage, arm_right=0.0, arm_elbow=0.3, arm_wrist=-0.3))
    stretched = view.mask(frame, state(stage, arm_right=1.0, arm_elbow=-0.5, arm_wrist=-0.5))
    assert np.array_equal(home, again)
    assert np.count_nonzero(home != stretched) > 1000


def test_the_mask_follows_the_size_of_the_image(stage: Stage) -> None:
    view, frame, arm = SelfView(load_robot("ep")), stage.look(), {"arm_right": 0.0, "arm_elbow": 0.3, "arm_wrist": -0.3}
    small = replace(frame, image=frame.image[::2, ::2], intrinsics=np.diag([0.5, 0.5, 1.0]) @ frame.intrinsics)
    whole = view.mask(frame, state(stage, **arm))
    half = view.mask(small, state(stage, **arm))
    assert half.shape == (180, 320)
    assert np.count_nonzero(half) == pytest.approx(np.count_nonzero(whole) / 4.0, rel=0.1)


def test_the_tool_point_is_between_the_fingertips(stage: Stage) -> None:
    robot, joints = load_robot("ep"), {"arm_right": 0.4, "arm_elbow": 0.1, "arm_wrist": -0.5}
    expected = link_pose(robot, "gripper_tip", joints)[0]
    assert SelfView(robot).tool_point(state(stage, **joints)) == pytest.approx(expected)


def test_a_robot_without_a_gripper_has_no_tool_point(stage: Stage) -> None:
    assert SelfView(load_robot("s1")).tool_point(stage.state()) is None


def test_a_robot_without_a_urdf_sees_nothing_of_itself(robot: RobotSpec, stage: Stage) -> None:
    assert not SelfView(robot).mask(stage.look(), stage.state()).any()
