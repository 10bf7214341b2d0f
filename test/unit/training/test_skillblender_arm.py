import numpy as np

from robomatrix.policies.network import Mlp
from robomatrix.robots.humanoid import humanoid
from robomatrix.robots.loader import load_robot
from robomatrix.skills.skillblender.kinematics import hand_chains
from robomatrix.training.skillblender.arm import HIDDEN, train_stoop


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
