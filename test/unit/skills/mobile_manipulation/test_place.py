import math
from dataclasses import replace

import pytest
from support.playground import Playground, can, thing

from robomatrix.skills.base import ErrorCode, Failed, Succeeded
from robomatrix.skills.mobile_manipulation.geometry import Footprint, Pose2

BOX = thing("box_1", 1.5, 0.0, (0.2, 0.2, 0.07), yaw=0.3)


def holding_a_can(*places):
    ground = Playground().add(can(x=0.46), *places)
    assert isinstance(ground.run("grasp", object="can_1"), Succeeded)
    return ground


def carried_before(ground, place):
    assert isinstance(ground.run("move_to", target=place), Succeeded)
    assert isinstance(ground.run("position_over", object="can_1", target=place), Succeeded)
    return ground


def fails_to_release(ground, code, still_holding=None):
    outcome = ground.run("release", object="can_1")
    assert isinstance(outcome, Failed)
    assert outcome.code == code
    assert ground.runner.holding == still_holding


def test_a_can_goes_into_the_box():
    ground = carried_before(holding_a_can(BOX), "box_1")
    assert math.dist(ground.things["can_1"].position[:2], (1.5, 0.0)) < 0.03
    assert isinstance(ground.run("release", object="can_1"), Succeeded)
    assert ground.runner.holding is None
    assert Footprint.of(BOX).contains(ground.things["can_1"].position[:2], -0.03)


def test_a_second_can_goes_beside_the_first():
    first = can("can_5", 1.5, 0.0, 0.065)
    ground = carried_before(holding_a_can(BOX, first), "box_1")
    assert isinstance(ground.run("release", object="can_1"), Succeeded)
    place = ground.things["can_1"].position[:2]
    assert Footprint.of(BOX).contains(place, -0.03)
    assert math.dist(place, (1.5, 0.0)) > 0.04


def test_the_gripper_leaves_a_box_above_what_stands_in_it():
    bottle = thing("bottle_5", 1.5, 0.0, (0.06, 0.06, 0.16), 0.09)
    ground = carried_before(holding_a_can(BOX, bottle), "box_1")
    retreat, drive = [], ground._drive

    def watched(twist):
        if ground.held is None and twist.vx < -0.05:
            retreat.append(ground.tip()[1])
        drive(twist)

    ground._drive = watched
    assert isinstance(ground.run("release", object="can_1"), Succeeded)
    assert min(retreat) > 0.17, "the top of the bottle"


def test_fingers_that_cannot_open_among_others_open_above_them():
    ground = carried_before(holding_a_can(BOX), "box_1")
    grip, among_others = ground._grip, 0.115
    ground._grip = lambda width: grip(width) if ground.tip()[1] > among_others else None
    assert isinstance(ground.run("release", object="can_1"), Succeeded)
    assert ground.runner.holding is None


def lost_from_sight_when_let_go(box):
    ground = carried_before(holding_a_can(box), "box_1")
    drop = ground._drop

    def vanish(name):
        drop(name)
        ground.hidden.add(name)

    ground._drop = vanish
    return ground


def test_what_hides_in_a_box_is_looked_for_from_both_sides():
    ground = lost_from_sight_when_let_go(BOX)
    assert isinstance(ground.run("release", object="can_1"), Succeeded)
    sideways = [t.vy for t in ground.twists if abs(t.vy) > 0.1]
    assert min(sideways) < 0.0 < max(sideways)


def test_a_can_that_would_show_over_the_rim_of_a_box_and_does_not_is_not_in_it():
    fails_to_release(lost_from_sight_when_let_go(replace(BOX, colour="white")), ErrorCode.RELEASE_FAILED)


def test_a_can_is_believed_to_be_in_a_box_that_is_higher_than_it():
    high = replace(BOX, colour="white", position=(1.5, 0.0, 0.06), size=(0.2, 0.2, 0.12))
    assert isinstance(lost_from_sight_when_let_go(high).run("release", object="can_1"), Succeeded)


def test_a_can_goes_to_a_free_place_on_the_table():
    table = thing("table_1", 1.8, 0.0, (0.4, 1.1, 0.1))
    other = can("can_5", 1.69, 0.0, 0.155)
    ground = carried_before(holding_a_can(table, other), "table_1")
    assert isinstance(ground.run("release", object="can_1"), Succeeded)
    x, y, z = ground.things["can_1"].position
    assert (x, z) == pytest.approx((1.69, 0.155), abs=0.03)
    assert abs(y) > 0.12


@pytest.mark.parametrize("gap", [0.027, 0.3], ids=["leaning on it", "further off"])
def test_what_falls_beside_the_box_is_a_failure(gap):
    ground = carried_before(holding_a_can(BOX), "box_1")
    drop = ground._drop

    def miss(name):
        drop(name)
        beside = Pose2(*BOX.position[:2], BOX.yaw).world((0.0, BOX.size[1] / 2.0 + gap))
        ground.things[name] = replace(ground.things[name], position=(*beside, 0.055))

    ground._drop = miss
    fails_to_release(ground, ErrorCode.RELEASE_FAILED)


def test_a_gripper_that_does_not_open_still_holds():
    ground = carried_before(holding_a_can(BOX), "box_1")
    ground._grip = lambda width: None
    fails_to_release(ground, ErrorCode.RELEASE_FAILED, still_holding="can_1")


def test_brings_a_can_to_the_start():
    ground = Playground().add(can(x=1.5))
    ground.run("move_to", target="can_1")
    ground.run("grasp", object="can_1")
    carried_before(ground, "start")
    assert isinstance(ground.run("release", object="can_1"), Succeeded)
    x, y, z = ground.things["can_1"].position
    assert math.hypot(x, y) < 0.5
    assert z == pytest.approx(0.055)


def test_a_closed_drawer_takes_nothing():
    drawer = thing("drawer_1", 0.9, 0.0, (0.33, 0.35, 0.1), openness=0.0, yaw=math.pi)
    outcome = holding_a_can(drawer).run("position_over", object="can_1", target="drawer_1")
    assert isinstance(outcome, Failed)
    assert "open it first" in outcome.message


def test_needs_the_thing_in_the_gripper():
    outcome = Playground().add(can(), BOX).run("position_over", object="can_1", target="box_1")
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.PRECONDITION


def test_what_is_taken_as_it_comes_over_its_place_is_lost():
    ground = holding_a_can(BOX)
    assert isinstance(ground.run("move_to", target="box_1"), Succeeded)
    stepped = ground.step

    def taken(command):
        stepped(command)
        if math.dist(ground.things["can_1"].position[:2], (1.5, 0.0)) < 0.03:
            ground.ranges["palm"], ground.held = 2.0, None
            ground.joints["gripper"] -= 0.004  # the servo still closes

    ground.step = taken
    outcome = ground.run("position_over", object="can_1", target="box_1")
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.OBJECT_LOST


def test_what_is_gone_before_the_fingers_open_is_lost():
    ground = carried_before(holding_a_can(BOX), "box_1")
    ground.ranges["palm"] = 2.0
    ground.held = None
    ground.joints["gripper"] = 0.0
    fails_to_release(ground, ErrorCode.OBJECT_LOST)


def test_an_open_gripper_with_a_bare_palm_holds_nothing():
    ground = carried_before(holding_a_can(BOX), "box_1")
    ground.ranges["palm"] = 2.0
    ground.held = None
    ground.joints["gripper"] = 0.1
    fails_to_release(ground, ErrorCode.OBJECT_LOST)


def test_pads_that_something_keeps_apart_hold_it_whatever_the_palm_says():
    ground = carried_before(holding_a_can(BOX), "box_1")
    ground.ranges["palm"] = 5.0
    fails_to_release(ground, ErrorCode.RELEASE_FAILED, still_holding="can_1")
    assert ground.held == "can_1"


def test_a_box_that_was_carried_off_has_nothing_in_it():
    ground = carried_before(holding_a_can(BOX), "box_1")
    ground.hidden.add("box_1")
    fails_to_release(ground, ErrorCode.RELEASE_FAILED)


def test_what_is_taken_as_the_fingers_begin_to_open_is_lost():
    ground = carried_before(holding_a_can(BOX), "box_1")
    ground._grip = lambda width: ground.ranges.update(palm=2.0)
    fails_to_release(ground, ErrorCode.OBJECT_LOST)


def test_a_base_that_cannot_move_away_has_not_released():
    ground = carried_before(holding_a_can(BOX), "box_1")
    ground.free = lambda pose: False
    fails_to_release(ground, ErrorCode.BLOCKED)


def with_a_dead_arm(ground):
    move = ground._move
    ground._move = lambda name, target: None if name.startswith("arm") else move(name, target)
    return ground


def test_an_arm_that_does_not_rise_holds_nothing_over_a_table():
    ground = holding_a_can(thing("table_1", 1.8, 0.0, (0.4, 1.1, 0.16)))
    assert isinstance(ground.run("move_to", target="table_1"), Succeeded)
    outcome = with_a_dead_arm(ground).run("position_over", object="can_1", target="table_1")
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.GOAL_NOT_REACHED


def test_what_is_dropped_from_high_above_a_box_is_not_believed_to_be_in_it_unseen():
    high = replace(BOX, colour="white", position=(1.5, 0.0, 0.06), size=(0.2, 0.2, 0.12))
    ground = with_a_dead_arm(lost_from_sight_when_let_go(high))
    fails_to_release(ground, ErrorCode.RELEASE_FAILED)
    assert ground.held is None


def test_pads_that_are_still_closing_hold_nothing_whatever_the_palm_says():
    ground = carried_before(holding_a_can(BOX), "box_1")
    ground.ranges["palm"], ground.held = 0.05, None
    step = ground.step

    def closing(command):
        width = ground.joints["gripper"]
        step(command)
        if ground.runner.feedback.phase == "open" and "gripper" not in command.positions:
            ground.joints["gripper"] = max(width - 0.0075, 0.0)

    ground.step = closing
    fails_to_release(ground, ErrorCode.OBJECT_LOST)


def test_a_base_that_rolls_on_in_the_end_is_not_over_the_box():
    ground = holding_a_can(BOX)
    assert isinstance(ground.run("move_to", target="box_1"), Succeeded)
    step, rolled = ground.step, []

    def rolls(command):
        step(command)
        if ground.tip()[0] > 0.29 and command.twist.vx == 0.0 and len(rolled) < 6:
            rolled.append(ground.pose)
            ground.pose = ground.pose.ahead(0.0, 0.02)

    ground.step = rolls
    outcome = ground.run("position_over", object="can_1", target="box_1")
    assert len(rolled) == 6
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.GOAL_NOT_REACHED
