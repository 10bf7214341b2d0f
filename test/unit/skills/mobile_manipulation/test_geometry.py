import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.playground import can, thing

from robomatrix.skills.mobile_manipulation.geometry import Footprint, Pose2, wrap

numbers = st.floats(-10.0, 10.0)


@given(numbers, numbers, st.floats(-7.0, 7.0), numbers, numbers)
def test_local_undoes_world(x, y, yaw, ahead, left):
    pose = Pose2(x, y, yaw)
    assert pose.local(pose.world((ahead, left))) == pytest.approx((ahead, left), abs=1e-9)


@given(st.floats(-100.0, 100.0))
def test_wrap_keeps_the_direction(angle):
    assert -math.pi <= wrap(angle) <= math.pi
    assert math.cos(wrap(angle)) == pytest.approx(math.cos(angle), abs=1e-9)


def test_bearing_is_positive_to_the_left():
    assert Pose2(0, 0, math.pi / 2).bearing((-1.0, 0.0)) == pytest.approx(math.pi / 2)


def test_distance_to_a_turned_rectangle():
    box = Footprint(Pose2(1.0, 0.0, math.pi / 2), 0.5, 0.1)
    points = np.array([[1.0, 0.8], [1.3, 0.0], [1.0, 0.0], [1.4, 0.9]])
    assert box.distance(points) == pytest.approx([0.3, 0.2, -0.1, 0.5])


def test_a_can_is_round_and_a_box_is_not():
    assert Footprint.of(can()).extent(0.7) == pytest.approx(0.033)
    box = Footprint.of(thing("box_1", 0.0, 0.0, (0.2, 0.4, 0.1)))
    assert (box.extent(0.0), box.extent(math.pi / 2)) == pytest.approx((0.1, 0.2))


def test_contains_with_a_margin():
    table = Footprint.of(thing("table_1", 0.0, 0.0, (0.4, 1.0, 0.1)))
    assert table.contains((0.19, 0.4))
    assert not table.contains((0.19, 0.4), -0.02)
