import math

import pytest
from support.playground import Playground, thing

from robomatrix.skills.base import ErrorCode, Failed, Succeeded
from robomatrix.skills.mobile_manipulation.geometry import Pose2

BAR = thing("bar_1", 0.6, 0.0, (0.08, 0.9, 0.012))


@pytest.mark.parametrize("robot", ["ep", "s1"])
def test_ends_beyond_the_bar(robot):
    ground = Playground(robot).add(BAR)
    assert isinstance(ground.run("cross", obstacle="bar_1"), Succeeded)
    assert ground.pose.x > 0.6 + 0.25
    assert abs(ground.pose.y) < 0.05


def test_crosses_the_other_way_round_and_square_on():
    ground = Playground(pose=Pose2(1.1, 0.2, 2.8)).add(BAR)
    assert isinstance(ground.run("cross", obstacle="bar_1"), Succeeded)
    assert ground.pose.x < 0.6 - 0.25
    assert abs(math.remainder(ground.pose.yaw - math.pi, math.tau)) < 0.1


def test_wheels_that_do_not_climb():
    ground = Playground(free=lambda pose: pose.x < 0.5).add(BAR)
    outcome = ground.run("cross", obstacle="bar_1")
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.BLOCKED


def test_does_not_cross_what_is_high():
    outcome = Playground().add(thing("box_1", 0.6, 0.0, (0.2, 0.2, 0.07))).run("cross", obstacle="box_1")
    assert isinstance(outcome, Failed)
    assert "0.07 m high" in outcome.message


def test_a_base_that_does_not_stay_beyond_the_bar_has_not_crossed_it():
    ground = Playground().add(BAR)
    step = ground.step

    def rolls_back(command):
        step(command)
        if ground.pose.x > 0.6 + 0.2 and command.twist.vx == 0.0:
            ground.pose = ground.pose.ahead(-0.025)

    ground.step = rolls_back
    outcome = ground.run("cross", obstacle="bar_1")
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.GOAL_NOT_REACHED
