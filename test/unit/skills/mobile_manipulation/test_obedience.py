import numpy as np
import pytest

from robomatrix.hardware.driver import Twist
from robomatrix.skills.mobile_manipulation.geometry import Pose2
from robomatrix.skills.mobile_manipulation.obedience import LEAST, Obedience

PERIOD = 0.02


def drive(told, did):
    """Returns a judge of a base that moved by ``did`` where it was told ``told``, and when it first spoke up [s]."""
    obedience, pose, spoke = Obedience(), Pose2(0.0, 0.0), None
    for index, (wanted, (vx, vy, wz)) in enumerate(zip(told, did, strict=True)):
        x, y = pose.world((vx * PERIOD, vy * PERIOD))
        moved = Pose2(x, y, pose.yaw + wz * PERIOD)
        obedience.note((index + 1) * PERIOD, Twist(*wanted), pose, moved, PERIOD)
        pose = moved
        if spoke is None and obedience.astray():
            spoke = (index + 1) * PERIOD
    return spoke


def wandering(seed, count=300):
    """Returns smooth commands, as skills give them."""
    knots = np.random.default_rng(seed).uniform(-0.6, 0.6, (count // 25 + 2, 3))
    at = np.arange(count) / 25.0
    return np.stack([np.interp(at, np.arange(len(knots)), column) for column in knots.T], axis=1)


@pytest.mark.parametrize("seed", range(5))
def test_a_base_that_follows_a_little_late_and_noisily_is_obedient(seed):
    told = wandering(seed)
    late = np.concatenate([np.zeros((5, 3)), told[:-5]])
    assert drive(told, late + np.random.default_rng(seed).normal(0.0, 0.03, told.shape)) is None


@pytest.mark.parametrize("seed", range(5))
def test_a_base_that_does_something_else_is_found_out_within_two_seconds(seed):
    spoke = drive(np.full((300, 3), (0.5, 0.0, 0.0)), np.roll(wandering(seed), 1, axis=1) * (0.0, 1.0, 1.0))
    assert spoke is not None and LEAST <= spoke < 2.0


def test_a_base_that_drives_the_other_way_is_found_out_after_the_least_time():
    assert drive([(0.3, 0.0, 0.0)] * 100, [(-0.3, 0.0, 0.0)] * 100) == pytest.approx(LEAST, abs=PERIOD)


def test_a_base_that_is_stuck_and_backs_off_is_no_rebel():
    told = [(0.7, 0.0, 0.0)] * 100 + [(-0.3, 0.0, 0.0)] * 60
    did = [(0.0, 0.0, 0.0)] * 100 + [(-0.3, 0.0, 0.0)] * 60
    assert drive(told, did) is None
