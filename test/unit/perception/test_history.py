"""The state of an image's stamp."""

from __future__ import annotations

import math

import pytest
from support.stage import Stage

from robomatrix.perception.history import StateHistory


def history(stage: Stage) -> StateHistory:
    states = StateHistory()
    for stamp in (0.0, 0.1, 0.3):
        states.note(stage.state(x=10.0 * stamp, yaw=3.1 + stamp, stamp=stamp, turning=stamp))
    return states


@pytest.mark.parametrize("stamp", [0.0, 0.04, 0.1, 0.25, 0.3])
def test_between_two_states_the_robot_moved_evenly(stage: Stage, stamp: float) -> None:
    state = history(stage).at(stamp)
    assert state.stamp == pytest.approx(stamp)
    assert state.odometry.position[0] == pytest.approx(10.0 * stamp)
    assert math.remainder(state.odometry.yaw - 3.1 - stamp, math.tau) == pytest.approx(0.0, abs=1e-4), "across +-pi too"
    assert state.odometry.angular_velocity[2] == pytest.approx(stamp)


@pytest.mark.parametrize(("stamp", "known"), [(-1.0, 0.0), (0.9, 0.3)])
def test_beyond_what_is_known_the_nearest_state_counts(stage: Stage, stamp: float, known: float) -> None:
    assert history(stage).at(stamp).stamp == known


def test_a_state_that_is_older_than_the_newest_changes_nothing(stage: Stage) -> None:
    states = history(stage)
    states.note(stage.state(x=-5.0, stamp=0.2))
    assert states.at(0.2).odometry.position[0] == pytest.approx(2.0)
