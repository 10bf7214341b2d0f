import pytest

from robomatrix.scheduling.belief import Belief
from robomatrix.scheduling.plan import PlanStep
from robomatrix.scheduling.scene import PlanningScene
from robomatrix.skills.mobile_manipulation.specs import RELEASE

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
