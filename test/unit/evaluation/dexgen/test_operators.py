import numpy as np
import pytest

from robomatrix.errors import UnknownNameError
from robomatrix.evaluation.dexgen.operators import ACTION_SCALE, CORRUPTIONS, corruption

POSITIONS = np.zeros((3, 16))
INTENDED = np.tile(np.linspace(-0.3, 0.6, 16), (3, 1))


def commands(name, ticks, seed=0):
    made = corruption(name, 3, np.random.default_rng(seed))
    return np.array([made(POSITIONS, INTENDED) for _ in range(ticks)])


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_commands_are_finite_and_repeat_with_the_seed(name):
    first = commands(name, 70)
    assert first.shape == (70, 3, 16)
    assert np.isfinite(first).all()
    assert np.array_equal(first, commands(name, 70))


def test_nothing_happens_without_corruption():
    assert np.array_equal(commands("none", 1)[0], INTENDED)


@pytest.mark.parametrize(("name", "size"), [("additive_0.75", 0.75), ("additive_1.5", 1.5)])
def test_additive_noise_has_the_size_of_the_paper(name, size):
    """Actions are clipped to [-1, 1] before and after the noise."""
    made = corruption(name, 3, np.random.default_rng(1))
    actions = np.array([made(POSITIONS, POSITIONS) for _ in range(400)]) / ACTION_SCALE
    assert np.abs(actions).max() <= 1.0
    assert np.abs(actions).mean() == pytest.approx(
        np.minimum(np.random.default_rng(2).uniform(0, size, 9999), 1).mean(), rel=0.05
    )


@pytest.mark.parametrize(("name", "size"), [("multiplicative_0.5", 0.5), ("multiplicative_1.0", 1.0)])
def test_multiplicative_noise_shrinks_all_joints_of_a_hand_alike(name, size):
    share = commands(name, 300)[..., 2] / INTENDED[:, 2]
    assert 0.0 <= share.min() < share.max() <= size
    assert share.mean() == pytest.approx(size / 2, rel=0.1)


def test_bias_is_constant_until_another_object_comes():
    made = corruption("bias_0.25", 3, np.random.default_rng(0))
    first, second = made(POSITIONS, INTENDED), made(POSITIONS, INTENDED)
    made.reset(1)
    third = made(POSITIONS, INTENDED)
    assert np.array_equal(first, second)
    assert np.array_equal(first[[0, 2]], third[[0, 2]])
    assert not np.allclose(first[1], third[1])
    assert np.abs(first - INTENDED).max() <= 0.25


def test_delay_is_three_ticks():
    made = corruption("delay_0.3s", 3, np.random.default_rng(0))
    out = [made(POSITIONS, np.full((3, 16), float(t)))[0, 0] for t in range(6)]
    assert out == [0.0, 0.0, 0.0, 0.0, 1.0, 2.0]


@pytest.mark.parametrize(("name", "fingers"), [("open_palm", 4), ("lifted_finger", 1)])
def test_fingers_are_stretched_for_two_seconds_out_of_six(name, fingers):
    made = corruption(name, 3, np.random.default_rng(0))
    for row in range(3):
        made.reset(row)
    out = np.array([made(POSITIONS, np.full((3, 16), 0.5)) for _ in range(60)])
    stretched = (out[:, 0] == 0.0).reshape(60, 4, 4)
    assert stretched.any(axis=(1, 2)).sum() == 20
    assert stretched.any(axis=2).sum(axis=1).max() == fingers
    assert not stretched[..., 0].any(), "spreading joints keep their command"


def test_an_unknown_corruption_lists_those_there_are():
    with pytest.raises(UnknownNameError, match="open_palm"):
        corruption("open", 1, np.random.default_rng(0))
