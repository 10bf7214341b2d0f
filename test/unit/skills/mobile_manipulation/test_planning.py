import math

import numpy as np

from robomatrix.skills.mobile_manipulation.geometry import Footprint, Pose2
from robomatrix.skills.mobile_manipulation.planning import FreeSpace

WALL = Footprint(Pose2(1.0, 0.0), 0.05, 0.8)


def length(path):
    return sum(math.dist(a, b) for a, b in zip(path, path[1:], strict=False))


def test_goes_straight_where_nothing_is():
    assert FreeSpace((), 0.25).path((0.0, 0.0), (2.0, 1.0)) == [(0.0, 0.0), (2.0, 1.0)]


def test_goes_round_a_wall_with_clearance_and_without_detours():
    space = FreeSpace((WALL,), 0.25)
    path = space.path((0.0, 0.0), (2.0, 0.0))
    along = np.concatenate([np.linspace(a, b, 50) for a, b in zip(path, path[1:], strict=False)])
    assert space.clearance(along).min() >= 0.0
    assert length(path) < 3.6  # 2.9 m with bare clearance; it prefers to keep more
    assert len(path) < 10


def test_no_way_through_a_gap_that_is_too_narrow():
    ring = tuple(
        Footprint(Pose2(math.cos(a), math.sin(a)), 0.0, 0.0, 0.15) for a in np.linspace(0.0, 2 * math.pi, 13)[:-1]
    )
    assert FreeSpace(ring, 0.25).path((0.0, 0.0), (2.0, 0.0)) is None


def test_gets_out_of_a_place_that_is_too_tight():
    beside = Footprint(Pose2(0.2, 0.0), 0.0, 0.0, 0.1)
    space = FreeSpace((beside,), 0.25)
    assert not space.free((0.0, 0.0))
    path = space.path((0.0, 0.0), (1.5, 0.0))
    assert path is not None
    assert space.free(path[-1])


def test_a_goal_inside_something_is_not_reached():
    space = FreeSpace((WALL,), 0.25)
    assert not space.free((1.1, 0.0))


def test_a_far_off_sighting_does_not_blow_up_the_search():
    phantom = Footprint(Pose2(-60.0, 80.0), 0.1, 0.1)
    assert FreeSpace((WALL, phantom), 0.25).path((0.0, 0.0), (2.0, 0.0)) is not None
