import numpy as np
import pytest

from robomatrix.errors import ConfigurationError, UnknownNameError
from robomatrix.evaluation.dexgen.methods import method
from robomatrix.robots.loader import load_robot

HOME = np.array([[j.home for j in load_robot("allegro").joints]])


@pytest.fixture
def robot():
    return load_robot("allegro")


def outputs(text, robot, commands):
    made = method(text, robot)
    made.reset(HOME)
    return np.array([made(HOME, command)[0] for command in commands])


def test_direct_only_clips(robot):
    out = outputs("direct", robot, [HOME + 0.01, HOME + 9.0])
    assert np.allclose(out[0], HOME[0] + 0.01)
    assert np.allclose(out[1], [j.upper for j in robot.joints])


def test_freeze_never_moves(robot):
    assert np.allclose(outputs("freeze", robot, [HOME + 0.2] * 5), HOME)


def test_lowpass_reaches_a_step_at_its_rate(robot):
    out = outputs("lowpass:0.5", robot, [HOME + 0.08] * 3)[:, 1] - HOME[0, 1]
    assert out == pytest.approx([0.04, 0.06, 0.07])


def test_one_euro_smooths_jitter_and_lets_fast_motion_through(robot):
    rng = np.random.default_rng(0)
    jitter = outputs("oneeuro:0.3", robot, HOME + rng.normal(0, 0.01, (200, 1, 16)))
    assert jitter[50:].std(axis=0).max() < 0.006
    ramp = HOME + np.linspace(0, 0.3, 10)[:, None, None]
    assert (outputs("oneeuro:0.3", robot, ramp)[-1] > outputs("lowpass:0.15", robot, ramp)[-1]).all()


def test_a_new_object_resets_only_its_hand(robot):
    made = method("lowpass:0.1", robot)
    two = np.repeat(HOME, 2, axis=0)
    made.reset(two)
    for _ in range(20):
        made(two, two + 0.1)
    made.reset_row(1, HOME[0])
    out = made(two, two)
    assert np.allclose(out[1], HOME[0])
    assert (out[0] > HOME[0] + 0.05).all()


@pytest.mark.parametrize("text", ["lowpass", "lowpass:x", "lowpass:2"])
def test_wrong_numbers_are_refused(text, robot):
    with pytest.raises(ConfigurationError):
        method(text, robot)


def test_an_unknown_method_lists_those_there_are(robot):
    with pytest.raises(UnknownNameError, match="dexgen"):
        method("kalman", robot)
