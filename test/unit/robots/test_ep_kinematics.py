import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robomatrix.robots import ep_kinematics as ep


def test_figures_of_the_real_arm() -> None:
    """Stretched it reaches 0.22 m; folded most, the wrist stands at (0.071, 0.057) m from the arm's base."""
    spread = (ep.ZERO_LEFT - ep.ZERO_RIGHT + ep.DIFFERENCE[1]) / 2
    assert 2 * ep.LINK * math.sin(spread) == pytest.approx(0.22, abs=0.001)
    folded = ep.tip_position(ep.RIGHT[0], ep.RIGHT[0] - ep.DIFFERENCE[0])
    wrist = (folded[0] - ep.TIP[0], folded[1] - ep.TIP[1] - 0.1253)
    assert wrist == pytest.approx((0.071, 0.057), abs=0.002)


@given(st.floats(*ep.RIGHT), st.floats(*ep.LEFT))
def test_inverse_undoes_forward(right: float, left: float) -> None:
    x, z = ep.tip_position(right, left)
    if not ep.DIFFERENCE[0] <= right - left <= ep.DIFFERENCE[1] or (z < ep.CLEAR_Z and x < ep.CLEAR_X):
        return
    assert ep.arm_joints(x, z) == pytest.approx((right, left), abs=1e-6)


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_any_point_gives_angles_the_servos_can_take(x: float, z: float) -> None:
    right, left = ep.arm_joints(x, z)
    slack = 1e-9
    assert ep.RIGHT[0] - slack <= right <= ep.RIGHT[1] + slack
    assert ep.LEFT[0] - slack <= left <= ep.LEFT[1] + slack
    assert ep.DIFFERENCE[0] - slack <= right - left <= ep.DIFFERENCE[1] + slack


@pytest.mark.parametrize("z", [0.03, 0.06, 0.09, 0.12, 0.16, 0.2])
def test_the_working_range_is_reachable(z: float) -> None:
    assert ep.reachable(0.3, z)
    assert ep.furthest(z) > 0.31


def test_out_of_reach_is_known() -> None:
    assert not ep.reachable(0.5, 0.1)
    assert ep.nearest(0.5, 0.13)[0] == pytest.approx(ep.furthest(0.13), abs=0.02)
    with pytest.raises(ValueError, match="no point"):
        ep.furthest(0.5)


def test_the_gripper_keeps_clear_of_the_chassis() -> None:
    assert ep.nearest(0.15, 0.05)[0] == pytest.approx(ep.CLEAR_X)
