"""How far an object has turned, and the rhythm of the fingers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robomatrix.motions.rotations import from_rotation_vector, multiply
from robomatrix.policies.dexgen.turning import (
    ACTION_SCALE,
    TERMS,
    FingerGait,
    Turner,
    twist_and_tilt,
    wrapped,
)

LOWER, UPPER = np.full(16, -1.0), np.full(16, 1.0)


def pose(rotation):
    return np.concatenate([np.zeros(3), rotation])


def a_gait(seed):
    rng = np.random.default_rng(seed)
    return FingerGait(rng.normal(0, 0.2, 16), rng.normal(0, 0.2, 16), rng.normal(0, 0.2, 16), 0.5)


def a_turner(count=2):
    turner = Turner(a_gait(3), a_gait(4), LOWER, UPPER, count)
    ids = np.arange(count)
    turner.reset(ids, np.full((count, 16), 0.3), np.full((count, 16), 0.2), np.zeros((count, 3)), np.zeros(count))
    return turner


def look(turner, heading=0.0, direction=1.0, positions=0.2):
    count = len(turner.targets)
    ones = np.ones(count)
    return turner.observe(
        np.full((count, 16), positions), np.zeros((count, 3)), heading * ones, direction * ones, 0.06 * ones
    )


@given(st.floats(-3.1, 3.1), st.tuples(st.floats(0.1, 1), st.floats(-1, 1), st.floats(-1, 1)))
def test_a_turn_about_the_normal_is_all_twist_from_any_orientation(angle, start):
    before = from_rotation_vector(np.array(start))
    after = multiply(from_rotation_vector(np.array([angle, 0.0, 0.0])), before)
    twist, tilt = twist_and_tilt(pose(after), pose(before))
    assert wrapped(twist - angle) == pytest.approx(0.0, abs=1e-6)
    assert tilt == pytest.approx(0.0, abs=1e-6)


def test_turning_and_tipping_are_told_apart():
    tipped = from_rotation_vector(np.array([0.0, 0.4, 0.0]))
    after = multiply(tipped, from_rotation_vector(np.array([0.9, 0.0, 0.0])))
    twist, tilt = twist_and_tilt(pose(after), pose(np.array([1.0, 0.0, 0.0, 0.0])))
    assert twist == pytest.approx(0.9, abs=0.02)
    assert tilt == pytest.approx(0.4, abs=1e-6)


def test_the_rhythm_begins_after_a_ramp_from_the_grip():
    turner = a_turner()
    look(turner)
    first = turner.act(np.zeros((2, 16)))
    assert np.abs(first - 0.3).max() < 0.2, "a tenth of the way"
    for _ in range(12):
        look(turner)
        targets = turner.act(np.zeros((2, 16)))
    gait = a_gait(3)
    assert targets[0] == pytest.approx(np.clip(gait.targets(np.array(13 * 0.05)), LOWER, UPPER), abs=1e-9)


def test_each_way_has_its_own_rhythm_and_keeping_still_stops_it():
    turner = a_turner(3)
    direction = np.array([1.0, -1.0, 0.0])
    made = []
    for _ in range(32):
        look(turner, direction=direction)
        made.append(turner.act(np.zeros((3, 16))))
    for row, gait in ((0, a_gait(3)), (1, a_gait(4))):
        assert made[-1][row] == pytest.approx(np.clip(gait.targets(np.array(32 * 0.05)), LOWER, UPPER), abs=1e-9)
    assert np.ptp(np.array(made)[12:, 2], axis=0).max() == 0.0


def test_turning_back_ramps_into_the_other_rhythm_without_a_jump():
    turner = a_turner(1)
    for _ in range(15):
        look(turner, direction=1.0)
        before = turner.act(np.zeros((1, 16)))[0]
    look(turner, direction=0.0)
    assert turner.act(np.zeros((1, 16)))[0] == pytest.approx(before)
    look(turner, direction=-1.0)
    first = turner.act(np.zeros((1, 16)))[0]
    assert first == pytest.approx(before + 0.1 * (np.clip(a_gait(4).targets(np.array(0.05)), LOWER, UPPER) - before))


def test_actions_move_targets_by_their_scale_and_stay_inside_the_limits():
    plain, moved, wild = a_turner(1), a_turner(1), a_turner(1)
    for turner in (plain, moved, wild):
        look(turner)
    base = plain.act(np.zeros((1, 16)))
    assert moved.act(np.full((1, 16), 0.1)) - base == pytest.approx(0.1 * 0.1 * ACTION_SCALE), "a tenth of the ramp"
    assert np.abs(wild.act(np.full((1, 16), 1e6))).max() <= 1.0


def test_the_view_has_the_terms_sizes_and_shows_changes():
    turner = a_turner()
    look(turner, heading=0.0)
    turner.act(np.zeros((2, 16)))
    view = look(turner, heading=0.1, positions=0.25)
    sizes = np.cumsum([term.size for term in TERMS])
    assert view.shape == (2, sizes[-1])
    parts = dict(zip([t.name for t in TERMS], np.split(view[0], sizes[:-1]), strict=True))
    assert parts["joint_change"] == pytest.approx(0.05)
    assert parts["heading_changes"] == pytest.approx([0.1, 0.0])
    assert parts["object_size"] == pytest.approx(0.06)
