import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robomatrix.policies.dexgen.grip import keep_grip

RNG = np.random.default_rng(0)
POSITIONS = RNG.uniform(0.2, 1.0, (5, 16))
GRIP = RNG.uniform(0.02, 0.15, (5, 16))
TARGETS = POSITIONS + GRIP


def kept(command, tolerance=0.1):
    """How much of the grip is left of a command, by hand."""
    return ((keep_grip(POSITIONS, TARGETS, command, tolerance) - POSITIONS) * GRIP).sum(axis=1) / (GRIP**2).sum(axis=1)


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5])
def test_a_shrunk_command_keeps_nearly_all_of_the_grip(share):
    assert kept(POSITIONS + share * GRIP).min() > 0.98


def test_a_little_loosening_is_followed():
    assert kept(POSITIONS + 0.98 * GRIP) == pytest.approx(np.full(5, 0.98), abs=0.003)


def test_tightening_is_left_as_it_is():
    command = POSITIONS + 1.7 * GRIP
    assert np.allclose(keep_grip(POSITIONS, TARGETS, command, 0.1), command)


def test_opening_loses_no_more_than_the_grip_from_the_command():
    command = POSITIONS - 3.0 * GRIP
    assert kept(command) == pytest.approx(np.full(5, -2.0), abs=0.02)


def test_without_a_grip_every_command_passes():
    command = TARGETS - 0.2
    assert np.allclose(keep_grip(TARGETS, TARGETS, command, 0.1), command)


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 10.0))
def test_motion_across_the_grip_is_never_touched(seed, tolerance):
    step = np.random.default_rng(seed).normal(0.0, 0.2, (5, 16))
    across = step - (step * GRIP).sum(axis=1, keepdims=True) / (GRIP**2).sum(axis=1, keepdims=True) * GRIP
    assert np.allclose(keep_grip(POSITIONS, TARGETS, TARGETS + across, tolerance), TARGETS + across, atol=1e-9)
