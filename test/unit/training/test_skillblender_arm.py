import numpy as np

from robomatrix.policies.network import Mlp
from robomatrix.robots.humanoid import humanoid
from robomatrix.robots.loader import load_robot
from robomatrix.skills.skillblender.kinematics import hand_chains
from robomatrix.skills.skillblender.library import blended_primitive
from robomatrix.training.skillblender.arm import HIDDEN, train_arm, train_stoop


def test_a_robot_learns_to_squat_for_what_is_below_its_arms_and_to_turn_for_what_is_aside():
    h1 = humanoid("h1")
    description = load_robot("h1")
    joints = [description.joint(name) for name in h1.joints]
    home, limits = np.array([j.home for j in joints]), np.array([(j.lower, j.upper) for j in joints])
    tensors = train_stoop(h1, hand_chains(h1, description.urdf), home, limits, steps=250, seed=3)
    stoop = Mlp(tensors, (6, *HIDDEN, 2))
    low, high = [0.1, 0.0, -0.22], [0.05, 0.0, 0.15]
    assert stoop(np.array([low * 2]))[0, 0] > 0.5 > 0.2 > stoop(np.array([high * 2]))[0, 0]
    left = stoop(np.array([[0.2, -0.1, 0.0, -0.1, -0.2, 0.0]]))[0, 1]
    right = stoop(np.array([[-0.1, 0.2, 0.0, 0.2, 0.1, 0.0]]))[0, 1]
    assert left < -0.15 and right > 0.15


def test_an_arms_targets_may_be_drawn_far_above_its_rest():
    h1 = humanoid("h1")
    description = load_robot("h1")
    joints = [description.joint(name) for name in h1.joints]
    home, limits = np.array([j.home for j in joints]), np.array([(j.lower, j.upper) for j in joints])
    chain = hand_chains(h1, description.urdf)[0]
    box = ((-0.1, 0.0, 0.4), (0.1, 0.1, 0.7))
    tensors = train_arm(h1, chain, home, limits, lambda angles: 0.0 * angles, steps=300, seed=2, box=box)
    above = np.array([[0.0, 0.05, 0.55], [0.05, 0.08, 0.65]])
    angles = np.tile(home, (2, 1))
    angles[:, [i for i, j in enumerate(h1.joints) if j.startswith("left_shoulder") or j == "left_elbow_joint"]] += Mlp(
        tensors, (3, *HIDDEN, 4)
    )(above)
    miss = np.linalg.norm(chain.position(angles) - chain.position(home[None]) - above, axis=-1)
    assert miss.max() < 0.05


def test_the_reach_that_the_h1s_tasks_blend_knows_goals_above_its_head():
    function = blended_primitive("h1", "reach").function
    assert function.goal_limit > 0.75 > blended_primitive("g1", "reach").function.goal_limit
    goal = np.array([[0.0, 0.05, 0.7, 0.0, -0.05, 0.7]])
    body = np.zeros((1, 6 + 3 * len(function.robot.joints)))
    body[:, 5] = -1.0
    body[:, 6 : 6 + len(function.robot.joints)] = function.offsets(body, goal)
    assert np.abs(function.hands(body) - goal).max() < 0.05
