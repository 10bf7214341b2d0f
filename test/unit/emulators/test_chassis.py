"""Wheels and body of the emulated chassis."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robomatrix.emulators.ep.body import Sense
from robomatrix.emulators.ep.chassis import Goal, revolutions, status_flags, velocity_of

WHEELS = ("fr", "fl", "rr", "rl")
REST = Sense(0.0)


@given(st.floats(-2.0, 2.0), st.floats(-2.0, 2.0), st.floats(-6.0, 6.0))
def test_wheels_and_body_agree(vx: float, vy: float, wz: float) -> None:
    turned = dict(zip(WHEELS, revolutions(replace(REST, vx=vx, vy=vy, wz=wz), WHEELS), strict=True))
    assert velocity_of(turned) == pytest.approx((vx, vy, wz), abs=1e-9)


def test_a_goal_is_left_of_where_the_robot_looks_and_reached_once_it_is_near() -> None:
    looking_left = replace(REST, x=1.0, yaw=1.5707963)
    goal = Goal.ahead(looking_left, 0.5, 0.2, 0.0, speed=0.4, rate=1.0)
    assert (goal.x, goal.y) == pytest.approx((0.8, 0.5))
    vx, vy, wz = goal.velocity(looking_left)
    assert (vx**2 + vy**2) ** 0.5 == pytest.approx(0.4) and vx > vy > 0.0 and wz == 0.0
    assert goal.velocity(replace(looking_left, x=0.8, y=0.5)) is None


def test_a_robot_on_its_back_says_so() -> None:
    assert status_flags(REST) == (True, *[False] * 10)
    assert status_flags(replace(REST, roll=3.0, vx=1.0)) == (False, False, False, True, *[False] * 5, True, False)
