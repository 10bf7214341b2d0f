from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robomatrix.hardware.driver import Odometry
from robomatrix.perception.projection import View, rotation_matrix, to_base, to_odom

INTRINSICS = np.array([[200.0, 0.0, 320.0], [0.0, 200.0, 180.0], [0.0, 0.0, 1.0]])
LEVEL = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
"""Looks along x; image x is -y, image y is -z."""


@pytest.fixture
def view() -> View:
    return View(INTRINSICS, np.array([0.0, 0.0, 0.3]), LEVEL, 640, 360)


def odometry(x: float, y: float, yaw: float) -> Odometry:
    turn = np.array([0.0, 0.0, np.sin(yaw / 2), np.cos(yaw / 2)])
    return Odometry(np.array([x, y, 0.0]), turn, np.zeros(3), np.zeros(3))


def test_a_point_ahead_lands_in_the_middle_column(view: View) -> None:
    assert view.project(np.array([1.0, 0.0, 0.0])) == pytest.approx([320.0, 180.0 + 200.0 * 0.3])


def test_left_is_left(view: View) -> None:
    assert view.project(np.array([1.0, 0.5, 0.3]))[0] == pytest.approx(220.0)


@given(st.floats(0.2, 5.0), st.floats(-2.0, 2.0))
def test_floor_points_come_back_from_their_pixels(x: float, y: float) -> None:
    view = View(INTRINSICS, np.array([0.0, 0.0, 0.3]), LEVEL, 640, 360)
    point = np.array([x, y, 0.0])
    assert view.on_plane(view.project(point), 0.0) == pytest.approx(point, abs=1e-6)


def test_nothing_meets_the_floor_above_the_horizon(view: View) -> None:
    assert np.isnan(view.on_plane(np.array([320.0, 170.0]), 0.0)).all()


def test_points_behind_have_negative_depth_and_miss_the_image(view: View) -> None:
    behind = np.array([-1.0, 0.3, 0.0])
    assert view.depth(behind) == pytest.approx(-1.0)
    assert not view.contains(view.project(behind))


def test_margin_shrinks_the_image(view: View) -> None:
    pixels = np.array([[5.0, 100.0], [20.0, 100.0]])
    assert view.contains(pixels, 10.0).tolist() == [False, True]


@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(-3.1, 3.1))
def test_base_and_odom_are_inverse(x: float, y: float, yaw: float) -> None:
    pose, point = odometry(x, y, yaw), np.array([0.4, -0.7, 0.1])
    assert to_odom(to_base(point, pose), pose) == pytest.approx(point, abs=1e-9)


def test_a_quarter_turn_maps_ahead_to_the_left() -> None:
    left = to_odom(np.array([1.0, 0.0, 0.0]), odometry(0.0, 0.0, np.pi / 2))
    assert left == pytest.approx([0.0, 1.0, 0.0], abs=1e-12)


def test_rotation_matrix_is_orthonormal() -> None:
    q = np.array([0.1, -0.3, 0.5, 0.8])
    r = rotation_matrix(q / np.linalg.norm(q))
    assert r @ r.T == pytest.approx(np.eye(3), abs=1e-12)
