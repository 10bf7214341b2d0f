from __future__ import annotations

import numpy as np
import pytest

from robomatrix.perception.drift import Drift, Match

PLACES = [np.array(p) for p in ((1.0, 0.0), (0.5, 1.2), (-1.0, 0.4), (0.3, -0.9))]
LOOSE = np.array([0.1**2, 0.1**2, 0.05**2])


def matches(motion: tuple[float, float, float], spread: float = 0.005) -> list[Match]:
    x, y, turn = motion
    moved = [p + np.array([x - turn * p[1], y + turn * p[0]]) for p in PLACES]
    return [Match(p, m, np.eye(2) * spread**2) for p, m in zip(PLACES, moved, strict=True)]


def test_a_common_motion_is_found() -> None:
    shift = Drift().shift(np.zeros(2), LOOSE, matches((0.03, -0.02, 0.01)))
    assert shift.motion == pytest.approx([0.03, -0.02, 0.01], abs=1e-3)
    assert shift.applied(np.array([2.0, 0.0])) == pytest.approx([2.03, -0.0], abs=3e-3)


def test_one_thing_that_was_moved_does_not_move_the_rest() -> None:
    seen = matches((0.0, 0.0, 0.0))
    seen[0] = Match(PLACES[0], PLACES[0] + 0.6, np.eye(2) * 0.005**2)
    assert Drift().shift(np.zeros(2), LOOSE, seen).motion == pytest.approx(np.zeros(3), abs=1e-6)


def test_nothing_seen_changes_nothing() -> None:
    assert Drift().shift(np.zeros(2), LOOSE, []).motion == pytest.approx(np.zeros(3))


def test_what_is_allowed_grows_with_way_and_turning() -> None:
    drift = Drift()
    drift.allowed(np.array([0.0, 0.0, 0.0]), 0.0)
    resting = drift.allowed(np.array([0.0, 0.0, 0.0]), 0.1)
    driven = drift.allowed(np.array([0.5, 0.0, 0.0]), 0.2)
    turned = drift.allowed(np.array([0.5, 0.0, 1.0]), 0.3)
    assert driven[0] > 100 * resting[0]
    assert turned[2] > 10 * driven[2]


def test_a_turn_over_the_branch_is_short() -> None:
    drift = Drift()
    drift.allowed(np.array([0.0, 0.0, 3.1]), 0.0)
    assert drift.allowed(np.array([0.0, 0.0, -3.1]), 0.0)[2] == pytest.approx(0.01**2 * 0.083, rel=0.01)
