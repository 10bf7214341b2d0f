import pytest
from support.playground import Playground, can, thing

from robomatrix.skills.base import ErrorCode, Failed, Succeeded


def test_takes_a_can_from_the_floor():
    ground = Playground().add(can(x=0.48, y=0.03))
    outcome = ground.run("grasp", object="can_1")
    assert isinstance(outcome, Succeeded)
    assert outcome.metrics["width_m"] == pytest.approx(0.066, abs=0.003)
    assert ground.held == ground.runner.holding == "can_1"
    assert ground.things["can_1"].position[2] > 0.09


def test_takes_a_can_from_a_table():
    table = thing("table_1", 0.6, 0.0, (0.4, 1.1, 0.1))
    ground = Playground().add(table, can(x=0.47, z=0.155))
    ground.free = lambda pose: pose.x < 0.4 - 0.155
    assert isinstance(ground.run("grasp", object="can_1"), Succeeded)


def test_what_stands_too_deep_on_a_table_is_unreachable():
    table = thing("table_1", 0.7, 0.0, (0.6, 1.1, 0.1))
    ground = Playground().add(table, can(x=0.68, z=0.155))
    outcome = ground.run("grasp", object="can_1")
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.UNREACHABLE


def test_a_slip_is_no_success():
    ground = Playground(slippery=True).add(can(x=0.46))
    outcome = ground.run("grasp", object="can_1")
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.GRASP_FAILED
    assert ground.runner.holding is None


def test_an_empty_hand_does_not_count_even_when_the_thing_is_out_of_sight():
    ground = Playground().add(can(x=0.46))
    ground._between = lambda: None
    outcome = ground.run("grasp", object="can_1")
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.GRASP_FAILED


@pytest.mark.parametrize(
    ("name", "missing"),
    [("can_9", "not seen"), ("can_1", "1.00 m away"), ("box_1", "does not fit")],
)
def test_says_what_is_missing(name, missing):
    ground = Playground().add(can(x=1.0), thing("box_1", 0.5, 0.0, (0.2, 0.2, 0.07)))
    outcome = ground.run("grasp", object=name)
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.PRECONDITION
    assert missing in outcome.message


def test_does_not_grasp_with_a_full_hand():
    ground = Playground().add(can(x=0.46), can("can_2", 0.46, 0.2))
    ground.run("grasp", object="can_1")
    outcome = ground.run("grasp", object="can_2")
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.PRECONDITION
    assert "can_1" in outcome.message


def test_an_arm_that_does_not_rise_has_grasped_nothing():
    ground = Playground().add(can(x=0.46))
    move = ground._move
    ground._move = lambda name, target: None if ground.held and name.startswith("arm") else move(name, target)
    outcome = ground.run("grasp", object="can_1")
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.GRASP_FAILED
    assert ground.runner.holding is None


def test_pads_that_do_not_close_hold_nothing():
    ground = Playground(ranges={"palm": 0.05}).add(can(x=0.46))
    step = ground.step

    def goes_out_of_sight(command):
        step(command)
        if ground.runner.feedback.phase == "close":
            ground.hidden.add("can_1")

    ground.step, ground._grip = goes_out_of_sight, lambda width: None
    assert isinstance(ground.run("grasp", object="can_1"), Failed)
    assert ground.runner.holding is None
