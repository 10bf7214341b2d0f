import math

import numpy as np
import pytest
from support.playground import PERIOD, Playground, can, thing

from robomatrix.hardware.driver import Twist
from robomatrix.skills.base import ErrorCode, Failed, Succeeded
from robomatrix.skills.mobile_manipulation.body import ACCELERATION
from robomatrix.skills.mobile_manipulation.geometry import Pose2
from robomatrix.skills.mobile_manipulation.navigation import track


def test_go_to_ends_at_the_point():
    ground = Playground()
    outcome = ground.run("go_to", x=1.0, y=0.5)
    assert isinstance(outcome, Succeeded)
    assert ground.pose.distance((1.0, 0.5)) < 0.05
    assert ground.time < 5.0


def test_go_to_from_the_robot_or_from_the_start():
    ground = Playground(pose=Pose2(1.0, 0.0, math.pi / 2))
    ground.run("go_to", x=0.5, y=0.0)
    assert ground.pose.distance((1.0, 0.5)) < 0.05
    ground.run("go_to", x=0.5, y=0.0, frame="start")
    assert ground.pose.distance((0.5, 0.0)) < 0.05


def test_drives_round_what_it_sees():
    wall = thing("table_1", 1.0, 0.0, (0.3, 1.0, 0.1))
    ground = Playground().add(wall)
    ground.free = lambda pose: not (0.7 < pose.x < 1.3 and abs(pose.y) < 0.65)
    assert isinstance(ground.run("go_to", x=2.0, y=0.0), Succeeded)


def test_commands_stay_within_the_acceleration():
    ground = Playground()
    ground.run("go_to", x=1.0, y=0.5)
    steps = [abs(b.vx - a.vx) for a, b in zip(ground.twists, ground.twists[1:-1], strict=False)]
    assert max(steps) <= ACCELERATION * PERIOD + 1e-9


def test_blocked_by_something_unseen_all_round():
    ground = Playground()
    ground.free = lambda pose: math.hypot(pose.x, pose.y) < 0.05
    outcome = ground.run("go_to", x=1.0, y=0.0)
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.BLOCKED


def test_goes_round_a_wall_that_it_only_bumps_into():
    ground = Playground()
    ground.free = lambda pose: not (0.75 < pose.x < 0.85 and abs(pose.y) < 0.2)
    assert isinstance(ground.run("go_to", x=1.6, y=0.0), Succeeded)


def test_a_place_within_something_is_unreachable():
    ground = Playground().add(*(can(f"can_{k}", 1.0 + 0.3 * math.cos(k), 0.3 * math.sin(k)) for k in range(6)))
    outcome = ground.run("go_to", x=1.0, y=0.0)
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.UNREACHABLE


def test_track_looks_where_it_goes_until_close():
    far = track(Pose2(0.0, 0.0), [(0.0, 0.0), (0.0, 2.0)], Pose2(0.0, 2.0))
    near = track(Pose2(0.0, 1.8), [(0.0, 0.0), (0.0, 2.0)], Pose2(0.0, 2.0))
    assert far.wz > 1.0
    assert near.wz == pytest.approx(0.0)
    assert near.vy > 0.1


def test_a_base_that_moves_neither_ahead_nor_back_is_given_up_soon():
    ground = Playground(free=lambda pose: False)
    outcome = ground.run("go_to", x=1.0, y=0.0)
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.BLOCKED
    assert ground.time < 9.0


def test_noise_in_place_of_commands_is_noticed():
    ground, rng = Playground(), np.random.default_rng(3)
    drive = ground._drive
    ground._drive = lambda twist: drive(Twist(*rng.uniform(-0.5, 0.5, 3)))
    outcome = ground.run("go_to", x=3.0, y=0.0)
    assert isinstance(outcome, Failed)
    assert "otherwise than it is told" in outcome.message
    assert ground.time < 3.0
