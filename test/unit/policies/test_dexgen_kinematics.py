import mujoco
import numpy as np
import pytest

from robomatrix.errors import ConfigurationError
from robomatrix.policies.dexgen.kinematics import FINGERS, KNUCKLES, HandKinematics
from robomatrix.policies.dexgen.observation import commanded_motion, state_vector
from robomatrix.robots.loader import load_robot

HANDS = ("allegro", "leap")


@pytest.fixture(params=HANDS)
def robot(request):
    return load_robot(request.param)


def true_keypoints(model, data, positions):
    data.qpos[:] = positions
    mujoco.mj_kinematics(model, data)
    palm = data.body("palm")
    rotation = palm.xmat.reshape(3, 3)
    links = [link for finger in FINGERS for link in (KNUCKLES[finger], f"{finger}_tip")]
    return np.array([rotation.T @ (data.body(link).xpos - palm.xpos) for link in links])


def test_keypoints_are_those_of_mujoco(robot):
    spec = mujoco.MjSpec.from_file(str(robot.urdf))
    spec.compiler.fusestatic = False
    model = spec.compile()
    data = mujoco.MjData(model)
    kinematics = HandKinematics(robot.urdf)
    draws = np.random.default_rng(0).uniform(kinematics.lower, kinematics.upper, (20, 16))
    truth = np.array([true_keypoints(model, data, q) for q in draws])
    assert np.abs(kinematics.keypoints(draws) - truth).max() < 1e-9


def test_batches_of_any_shape_give_the_same_points(robot):
    kinematics = HandKinematics(robot.urdf)
    draws = np.random.default_rng(1).uniform(kinematics.lower, kinematics.upper, (2, 3, 16))
    points = kinematics.keypoints(draws)
    assert points.shape == (2, 3, 8, 3)
    assert np.allclose(points[1, 2], kinematics.keypoints(draws[1, 2]))


def test_every_joint_moves_a_keypoint(robot):
    """Sixteen joints can be told from eight keypoints: the Jacobian has full rank."""
    kinematics = HandKinematics(robot.urdf)
    middle = 0.4 * kinematics.lower + 0.6 * kinematics.upper
    steps = kinematics.keypoints(middle + 1e-5 * np.eye(16)) - kinematics.keypoints(middle)
    jacobian = steps.reshape(16, 24) / 1e-5
    assert np.linalg.svd(jacobian, compute_uv=False)[-1] > 5e-3


def test_joints_and_limits_agree_with_the_robot(robot):
    kinematics = HandKinematics(robot.urdf)
    assert kinematics.joint_names == robot.joint_names
    assert np.allclose(kinematics.lower, [j.lower for j in robot.joints])
    assert np.allclose(kinematics.upper, [j.upper for j in robot.joints])


def test_a_urdf_that_is_no_hand_is_refused():
    with pytest.raises(ConfigurationError, match="palm"):
        HandKinematics(load_robot("ep").urdf)


def test_order_names_the_missing_joint(robot):
    kinematics = HandKinematics(robot.urdf)
    names = kinematics.joint_names[::-1]
    assert list(kinematics.order(names)) == list(range(15, -1, -1))
    with pytest.raises(ConfigurationError, match=kinematics.joint_names[0]):
        kinematics.order(names[:-1])


def test_state_vector_holds_tips_joints_targets_and_error(robot):
    kinematics = HandKinematics(robot.urdf)
    positions = np.tile(0.5 * (kinematics.lower + kinematics.upper), (3, 1))
    state = state_vector(kinematics, positions, positions + 0.1)
    assert state.shape == (3, 60)
    assert np.allclose(state[:, :12], kinematics.keypoints(positions)[:, 1::2].reshape(3, 12))
    assert np.allclose(state[:, 44:], 0.1)


def test_commanded_motion_is_the_same_for_both_steps(robot):
    kinematics = HandKinematics(robot.urdf)
    positions = 0.5 * (kinematics.lower + kinematics.upper)
    motion = commanded_motion(kinematics, positions, positions + 0.05)
    assert motion.shape == (48,)
    assert np.allclose(motion[:24], motion[24:])
    assert np.linalg.norm(motion[:24]) > 0.01
