import numpy as np
import pytest

from robomatrix.training.dexgen.disturbances import DISTURBANCES, Disturbances

POSITION, TARGET = np.full(16, 0.5), np.full(16, 0.7)
SPREAD = np.arange(16) % 4 == 0


@pytest.fixture
def disturbances():
    return Disturbances(np.random.default_rng(0))


def test_shares_add_up():
    assert sum(DISTURBANCES.values()) == pytest.approx(1.0)


@pytest.mark.parametrize("kind", DISTURBANCES)
def test_disturbances_are_short_and_bounded(disturbances, kind):
    for _ in range(50):
        offsets = disturbances.draw(POSITION, TARGET, kind)
        assert offsets.shape[1] == 16
        assert 2 <= len(offsets) <= 25
        assert np.abs(offsets).max() < 1.5


def test_a_fading_grip_never_pushes_the_other_way(disturbances):
    for _ in range(50):
        left = TARGET + disturbances.draw(POSITION, TARGET, "weaken")
        assert (left >= POSITION).all()
        assert (left < TARGET).all()


def test_an_opening_hand_bends_no_finger(disturbances):
    offsets = disturbances.draw(POSITION, TARGET, "open")
    assert (offsets[:, ~SPREAD] < 0.0).all()
    assert (offsets[:, SPREAD] == 0.0).all()
    assert (np.diff(offsets[:, 1]) <= 0.0).all()


def test_one_finger_is_lifted(disturbances):
    lifted = disturbances.draw(POSITION, TARGET, "lift")[-1].reshape(4, 4)
    assert (np.abs(lifted).max(axis=1) > 0.0).sum() == 1
