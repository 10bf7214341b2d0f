import math
from dataclasses import replace

import pytest
from support.playground import Playground, can, thing

from robomatrix.skills.base import ErrorCode, Failed, Succeeded
from robomatrix.skills.mobile_manipulation.approach import STANCES
from robomatrix.skills.mobile_manipulation.geometry import Pose2


def test_stands_before_a_can_and_faces_it():
    ground = Playground().add(can(x=1.2, y=0.8))
    assert isinstance(ground.run("move_to", target="can_1"), Succeeded)
    assert ground.pose.distance((1.2, 0.8)) == pytest.approx(STANCES["ep"].object, abs=0.06)
    assert abs(ground.pose.bearing((1.2, 0.8))) < 0.12


def test_comes_to_a_can_on_a_table_over_the_near_edge():
    table = thing("table_1", 1.5, 0.0, (0.4, 1.1, 0.1))
    ground = Playground().add(table, can(x=1.37, y=0.2, z=0.155))
    assert isinstance(ground.run("move_to", target="can_1"), Succeeded)
    assert ground.pose.x == pytest.approx(1.3 - STANCES["ep"].side, abs=0.06)
    assert ground.pose.y == pytest.approx(0.2, abs=0.06)


def test_comes_over_the_edge_that_is_nearest_even_from_beside_the_table():
    table = thing("table_1", 1.5, 0.0, (0.4, 1.1, 0.1))
    ground = Playground(pose=Pose2(1.5, 1.4, -1.5)).add(table, can(x=1.36, y=0.4, z=0.155))
    assert isinstance(ground.run("move_to", target="can_1"), Succeeded)
    assert ground.pose.x == pytest.approx(1.3 - STANCES["ep"].side, abs=0.06), "0.15 m behind the end is too deep"


def test_comes_to_a_can_that_lies_beside_a_box():
    box = thing("box_1", 1.5, 0.0, (0.2, 0.2, 0.07))
    ground = Playground().add(box, can(x=1.35, y=0.0))
    assert isinstance(ground.run("move_to", target="can_1"), Succeeded)
    assert ground.pose.distance((1.35, 0.0)) == pytest.approx(STANCES["ep"].object, abs=0.06)


def test_comes_to_a_drawer_from_its_front():
    drawer = thing("drawer_1", 1.0, 0.0, (0.33, 0.35, 0.1), openness=0.0, yaw=math.pi / 2)
    ground = Playground().add(drawer)
    assert isinstance(ground.run("move_to", target="drawer_1"), Succeeded)
    assert ground.pose.y > 0.5
    assert abs(ground.pose.bearing((1.0, 0.0))) < 0.12


def test_returns_to_the_start():
    ground = Playground(pose=Pose2(1.0, -1.0, 2.0))
    assert isinstance(ground.run("move_to", target="start"), Succeeded)
    assert ground.pose.distance((0.0, 0.0)) < 0.05
    assert abs(ground.pose.yaw) < 0.06


def test_what_was_never_seen_is_not_found_after_looking_round():
    ground = Playground().add(can())
    outcome = ground.run("move_to", target="can_7")
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.NOT_FOUND
    assert "can_1" in outcome.message
    assert ground.pose.yaw > 3.0


def test_odometry_alone_is_no_success():
    ground = Playground().add(can())
    ground.observe()
    ground.hidden.add("can_1")
    ground.time = 5.0
    outcome = ground.run("move_to", target="can_1")
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.NOT_FOUND


def test_what_slips_on_the_way_is_lost():
    ground = Playground().add(can(x=0.46), thing("box_1", 2.0, 0.0, (0.2, 0.2, 0.07)))
    assert isinstance(ground.run("grasp", object="can_1"), Succeeded)
    ground.slippery, ground._lifted_from = True, -1.0
    outcome = ground.run("move_to", target="box_1")
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.OBJECT_LOST
    assert ground.runner.holding is None


def test_stands_before_where_the_can_is_seen_in_the_end_not_where_it_was_on_the_way():
    table = thing("table_1", 1.5, 0.0, (0.4, 1.1, 0.1))
    ground = Playground().add(table, can(x=1.37, y=0.2, z=0.155))
    step = ground.step

    def seen_better(command):
        step(command)
        if ground.runner.feedback.phase == "align":
            ground.things["can_1"] = replace(ground.things["can_1"], position=(1.37, 0.07, 0.155))

    ground.step = seen_better
    assert isinstance(ground.run("move_to", target="can_1"), Succeeded)
    assert abs(ground.pose.bearing((1.37, 0.07))) < 0.12


def test_a_base_that_rolls_on_after_its_last_command_did_not_arrive():
    ground = Playground().add(can(x=1.2, y=0.8))
    step, rolled = ground.step, []

    def rolls(command):
        step(command)
        near = ground.pose.distance((1.2, 0.8)) < STANCES["ep"].object + 0.05
        if near and len(rolled) < 400 and command.twist.vx == command.twist.vy == 0.0:
            rolled.append(ground.pose)
            ground.pose = ground.pose.ahead(0.0, 0.005)

    ground.step = rolls
    assert isinstance(ground.run("move_to", target="can_1"), Failed)
    assert len(rolled) > 10
