import math
from dataclasses import replace

import pytest
from support.playground import Playground, can, thing

from robomatrix.skills.base import ErrorCode, Failed, Succeeded


def drawer(openness):
    x = 1.0 - 0.2 * openness
    return thing("drawer_1", x, 0.0, (0.33, 0.35, 0.1), z=0.08, openness=openness, yaw=math.pi)


@pytest.mark.parametrize("openness", [0.0, 0.5])
def test_opens(openness):
    ground = Playground().add(drawer(openness))
    outcome = ground.run("open", target="drawer_1")
    assert isinstance(outcome, Succeeded)
    assert ground.things["drawer_1"].openness > 0.8


@pytest.mark.parametrize("openness", [1.0, 0.4])
def test_closes(openness):
    ground = Playground().add(drawer(openness))
    outcome = ground.run("close", target="drawer_1")
    assert isinstance(outcome, Succeeded)
    assert ground.things["drawer_1"].openness < 0.1


@pytest.mark.parametrize(("skill", "openness"), [("open", 0.0), ("close", 1.0)])
def test_a_stuck_drawer_is_a_failure(skill, openness):
    ground = Playground(stuck_drawer=True).add(drawer(openness))
    outcome = ground.run(skill, target="drawer_1")
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.MECHANISM_FAILED


def test_what_is_open_already_is_left_alone():
    ground = Playground().add(drawer(1.0))
    outcome = ground.run("open", target="drawer_1")
    assert outcome.metrics["attempts"] == 0


def test_a_can_does_not_open():
    outcome = Playground().add(can(x=0.5)).run("open", target="can_1")
    assert isinstance(outcome, Failed)
    assert "does not open" in outcome.message


def test_a_drawer_whose_cabinet_is_not_known_is_not_called_shut():
    ground = Playground().add(drawer(1.0))
    slide = ground._slide

    def pushed_out_of_sight(t):
        slide(t)
        if ground.things[t.id].openness < 0.5:
            ground.things[t.id] = replace(ground.things[t.id], openness=None)
            ground._slide = lambda t: None

    ground._slide = pushed_out_of_sight
    outcome = ground.run("close", target="drawer_1")
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.NOT_FOUND


def test_a_base_that_does_not_get_before_the_drawer_cannot_judge_it():
    ground = Playground(free=lambda pose: False).add(drawer(0.5))
    outcome = ground.run("close", target="drawer_1")
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.BLOCKED


def test_a_drawer_that_is_not_seen_any_more_is_not_called_shut():
    ground = Playground().add(drawer(1.0))
    slide = ground._slide

    def unseen_once_it_moves(t):
        slide(t)
        if ground.things[t.id].openness < 1.0:
            ground.hidden.add(t.id)

    ground._slide = unseen_once_it_moves
    outcome = ground.run("close", target="drawer_1")
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.NOT_FOUND
