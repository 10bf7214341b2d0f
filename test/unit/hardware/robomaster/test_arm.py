"""Servo angles and tip positions of the EP's arm."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robomatrix.hardware.robomaster.arm import servos, tip
from robomatrix.robots.ep_kinematics import DIFFERENCE, LEFT, RIGHT, SHOULDER, TIP, tip_position


@given(st.floats(*RIGHT), st.floats(*LEFT))
def test_there_and_back(right: float, left: float) -> None:
    if DIFFERENCE[0] < right - left < DIFFERENCE[1]:
        assert servos(*tip(right, left)) == pytest.approx((right, left), abs=1e-9)


def test_known_positions_of_the_makers_of_robomaster_sim() -> None:
    assert tip(0.0, 0.0) == pytest.approx((0.1081, 0.0679), abs=2e-4)


def test_the_wrist_here_and_the_finger_tip_there_are_one_arm() -> None:
    x, z = tip(0.3, 0.4)
    assert (x + TIP[0], z + TIP[1] + SHOULDER[1] - 0.00523) == pytest.approx(tip_position(0.3, 0.4))


def test_out_of_reach_is_met_as_far_as_the_arm_goes() -> None:
    x, z = tip(*servos(5.0, 5.0))
    assert math.hypot(x, z) == pytest.approx(0.24, abs=0.006)
    assert math.atan2(z, x) == pytest.approx(math.pi / 4, abs=0.05)
