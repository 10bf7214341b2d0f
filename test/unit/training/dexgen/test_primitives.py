import numpy as np
import pytest

from robomatrix.hardware.mujoco.hand import ObjectSpec
from robomatrix.policies.dexgen.kinematics import HandKinematics
from robomatrix.robots.loader import load_robot
from robomatrix.training.dexgen.grasps import Grasps
from robomatrix.training.dexgen.primitives import MIXTURE, Bounds, MotionPlanner, features


@pytest.fixture
def planner():
    kinematics = HandKinematics(load_robot("allegro").urdf)
    rng = np.random.default_rng(0)
    positions = rng.uniform(kinematics.lower, kinematics.upper, (40, 16))
    poses = np.concatenate([rng.normal(0.05, 0.01, (40, 3)), np.tile([1.0, 0.0, 0.0, 0.0], (40, 1))], axis=1)
    grasps = Grasps(ObjectSpec(), positions, positions, poses, tries=40)
    return MotionPlanner(grasps, Bounds(kinematics.lower, kinematics.upper), rng), grasps, kinematics


def test_shares_of_the_mixture_add_up():
    assert sum(MIXTURE.values()) == pytest.approx(1.0)


@pytest.mark.parametrize("kind", MIXTURE)
def test_motions_stay_inside_the_limits(planner, kind):
    motions, grasps, kinematics = planner
    for row in range(10):
        targets = motions.plan(grasps.positions[row], grasps.targets[row], grasps.poses[row], kind)
        assert targets.shape[1] == 16
        assert 2 <= len(targets) <= 20
        assert (targets >= kinematics.lower).all()
        assert (targets <= kinematics.upper).all()


@pytest.mark.parametrize("kind", ["perturb", "hold", "lift"])
def test_excursions_come_back(planner, kind):
    motions, grasps, _ = planner
    targets = motions.plan(grasps.positions[3], grasps.targets[3], grasps.poses[3], kind)
    assert np.allclose(targets[-1], grasps.targets[3], atol=1e-9)


def test_a_neighbour_motion_ends_in_a_near_grasp(planner):
    motions, grasps, _ = planner
    end = motions.towards_neighbour(grasps.positions[0], grasps.targets[0], grasps.poses[0], 10)[-1]
    reached = np.flatnonzero(np.isclose(grasps.targets, end).all(axis=1))
    distance = np.linalg.norm(
        features(grasps.positions, grasps.poses) - features(grasps.positions[0], grasps.poses[0]), axis=1
    )
    assert len(reached) == 1
    assert (distance < distance[reached[0]]).sum() < 30


def test_opposite_quaternions_are_the_same_grasp():
    pose = np.array([0.05, 0.0, 0.03, 0.5, 0.5, -0.5, 0.5])
    opposite = pose * np.array([1, 1, 1, -1, -1, -1, -1])
    assert np.allclose(features(np.zeros(16), pose), features(np.zeros(16), opposite))
