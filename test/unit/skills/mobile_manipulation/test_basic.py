import math

import pytest
from support.playground import Playground

from robomatrix.skills.base import ErrorCode, Failed, Succeeded


@pytest.mark.parametrize("angle", [-540.0, -90.0, 10.0, 180.0, 400.0])
def test_turn_counts_full_turns(angle):
    ground = Playground()
    assert isinstance(ground.run("turn", angle_deg=angle), Succeeded)
    assert ground.pose.yaw == pytest.approx(math.radians(angle), abs=0.05)


def test_turn_that_is_held_is_blocked():
    ground = Playground(free=lambda pose: abs(pose.yaw) < 0.1)
    outcome = ground.run("turn", angle_deg=90.0)
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.BLOCKED


def test_look_around_turns_once_round():
    ground = Playground()
    assert isinstance(ground.run("look_around"), Succeeded)
    assert ground.pose.yaw == pytest.approx(2.0 * math.pi, abs=0.05)


def test_stop_succeeds_at_rest():
    assert isinstance(Playground().run("stop"), Succeeded)
