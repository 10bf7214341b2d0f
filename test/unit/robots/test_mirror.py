import mujoco
import numpy as np
import pytest

from robomatrix.hardware.mapping import TopicsSettings
from robomatrix.hardware.mujoco.hand import ObjectSpec, build_model
from robomatrix.hardware.mujoco.hand_driver import MujocoHandDriver
from robomatrix.policies.dexgen.controller import DexGenController
from robomatrix.policies.dexgen.kinematics import HandKinematics
from robomatrix.policies.dexgen.turning import TurningPolicy
from robomatrix.resources import resource
from robomatrix.robots.loader import load_robot
from robomatrix.robots.mirror import Reflection, trained_hand

LEFT, RIGHT = load_robot("allegro_left"), load_robot("allegro")
FLIP = np.array([1.0, -1.0, 1.0])


def test_the_left_hand_is_the_right_one_mirrored_joint_by_joint():
    left, right = HandKinematics(LEFT.urdf), HandKinematics(RIGHT.urdf)
    angles = np.random.default_rng(0).uniform(right.lower, right.upper, (50, 16))
    assert np.allclose(left.keypoints(angles), FLIP * right.keypoints(angles), atol=1e-9)
    assert np.array_equal(left.lower, right.lower)
    assert np.array_equal(left.upper, right.upper)
    assert trained_hand(LEFT) is RIGHT
    assert trained_hand(RIGHT) is RIGHT


def test_a_reflection_is_its_own_inverse_and_keeps_rotations():
    seen = Reflection.of(LEFT)
    pose = np.array([0.05, 0.02, 0.03, 0.5, 0.1, -0.7, 0.5])
    matrix, mirrored = np.empty(9), np.empty(9)
    mujoco.mju_quat2Mat(matrix, pose[3:] / np.linalg.norm(pose[3:]))
    mujoco.mju_quat2Mat(mirrored, seen.pose(pose)[3:] / np.linalg.norm(pose[3:]))
    assert np.allclose(mirrored.reshape(3, 3), np.diag(FLIP) @ matrix.reshape(3, 3) @ np.diag(FLIP))
    assert np.allclose(seen.pose(seen.pose(pose)), pose)
    assert np.array_equal(Reflection.of(RIGHT).pose(pose), pose)


def test_mirrored_grips_act_alike():
    """Servo efforts after a second of the same, mirrored grasp under mirrored gravity."""
    states = []
    for robot in (LEFT, RIGHT):
        driver = MujocoHandDriver(robot, attitude="sideways")
        driver.reset(3)
        state = [driver.step() for _ in range(20)][-1]
        states.append((state.joints.effort, np.array(driver.objects()[0].position), driver.holds))
        driver.close()
    (left, place, held), (right, other, also) = states
    assert held
    assert also
    assert np.allclose(left, right, atol=0.02)
    assert np.allclose(place, FLIP * other, atol=1e-3)


def test_masses_are_mirrored():
    left, right = (build_model(robot, ObjectSpec()) for robot in (LEFT, RIGHT))
    assert np.allclose(left.body_mass, right.body_mass)
    assert np.allclose(left.body_ipos, FLIP * right.body_ipos, atol=1e-9)


def test_policies_of_the_right_hand_serve_the_left():
    home = np.array([joint.home for joint in RIGHT.joints])
    made = []
    for robot in (LEFT, RIGHT):
        controller = DexGenController.load(robot)
        controller.reset(home[None])
        made.append(controller.act(home[None], home[None] + 0.1)[0])
    assert np.array_equal(*made)


def test_turning_left_on_one_hand_is_turning_right_on_the_other():
    home, place = np.array([joint.home for joint in RIGHT.joints]), np.array([0.05, 0.01, 0.02])
    made = []
    for robot, side in ((LEFT, -1.0), (RIGHT, 1.0)):
        policy = TurningPolicy.load(robot)
        policy.reset(home, home, place * [1.0, side, 1.0], 0.0)
        made.append(policy.act(home, place * [1.0, side, 1.0], side * 0.1, side, 0.06))
    assert np.allclose(*made)


@pytest.mark.parametrize(("ours", "theirs", "sign"), [("joint_0.0", "joint_8.0", -1), ("joint_13.0", "joint_13.0", 1)])
def test_the_left_drivers_names_and_signs(ours, theirs, sign):
    settings = TopicsSettings.load(LEFT, resource("config", "topics", "allegro_left.yaml"))
    mapping = {joint.name: joint for joint in settings.joints}[ours]
    assert (mapping.theirs, mapping.sign) == (theirs, sign)
