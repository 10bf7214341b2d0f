import pytest

from robomatrix.scheduling.belief import Belief
from robomatrix.scheduling.plan import PlanStep
from robomatrix.scheduling.scene import PlanningScene
from robomatrix.scheduling.symbolic import HAS_BALL
from robomatrix.skills.mobile_manipulation.specs import RELEASE
from robomatrix.skills.skillmimic.specs import PICK_UP_BALL, SHOOT_BALL

STEP = PlanStep("release", {"object": "red_can"})


@pytest.fixture
def carrying(office_data):
    held = {**office_data["objects"][0], "at": None}
    robot = {**office_data["robot"], "holding": "red_can"}
    data = {**office_data, "robot": robot, "objects": [held, *office_data["objects"][1:]]}
    return Belief.of(PlanningScene.parse(data))


@pytest.fixture
def over_the_box(office_data):
    office_data["objects"][0]["at"] = "white_box"
    return PlanningScene.parse(office_data)


def test_a_release_that_succeeded_is_believed_as_seen(carrying, over_the_box):
    after = carrying.after(STEP, RELEASE, over_the_box, {"red_can"}, taken=True)
    assert after.state.resting["red_can"] == "white_box"


def test_after_a_failed_release_a_place_that_was_not_seen_again_carries_nothing_new(carrying, over_the_box):
    assert carrying.after(STEP, RELEASE, over_the_box, {"red_can"}, taken=False).state.resting["red_can"] is None
    seen = {"red_can", "white_box"}
    assert carrying.after(STEP, RELEASE, over_the_box, seen, taken=False).state.resting["red_can"] == "white_box"


def test_a_failed_step_leaves_what_was_believed_before_where_it_was(carrying, over_the_box):
    after = carrying.after(STEP, RELEASE, over_the_box, {"green_can"}, taken=False)
    assert after.state.resting["green_can"] == "table"


def court(holding=None, balls=1):
    thing = {"id": "ball", "name": "ball", "class": "ball", "colour": "orange"}
    robot = {"name": "player", "holding": holding}
    return PlanningScene.parse({"robot": robot, "locations": [], "objects": [thing] * balls})


@pytest.mark.parametrize(("holding", "taken"), [("ball", True), ("ball", False), (None, True), (None, False)])
def test_whether_the_ball_is_held_is_seen_and_not_believed(holding, taken):
    for before in (court(), court("ball")):
        for spec in (PICK_UP_BALL, SHOOT_BALL):
            after = Belief.of(before).after(PlanStep(spec.name), spec, court(holding), (), taken=taken)
            assert after.state.holds(HAS_BALL) == (holding == "ball")


def test_where_no_ball_is_in_sight_a_skill_is_taken_at_its_word():
    held = Belief.of(court(balls=0)).after(PlanStep("pick_up_ball"), PICK_UP_BALL, court(balls=0), (), taken=True)
    assert held.state.holds(HAS_BALL)


def test_a_ball_that_is_held_from_before_is_known():
    assert Belief.of(court("ball")).state.holds(HAS_BALL)
    assert not Belief.of(court()).state.holds(HAS_BALL)
