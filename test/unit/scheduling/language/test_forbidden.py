"""What is to be left alone is left alone, whatever the words and their order."""

import pytest

from robomatrix.scheduling.plan import PlanRequest
from robomatrix.scheduling.planners import make_planner
from robomatrix.scheduling.scene import PlanningScene
from robomatrix.skills.mobile_manipulation.specs import SPECS

EP = tuple(spec for spec in SPECS if "ep" in spec.robots)
PLANNERS = {name: make_planner(name) for name in ("rules", "compact")}
DESK = PlanningScene.parse(
    {
        "robot": {"name": "ep"},
        "locations": [
            {"id": "table", "name": "table", "class": "table", "kind": "surface", "position": [1.5, 0.3]},
            {"id": "box", "name": "white box", "class": "box", "kind": "container", "position": [0.0, -0.7]},
            {"id": "blue", "name": "blue box", "class": "box", "kind": "container", "position": [0.0, 0.9]},
            {"id": "drawer", "name": "drawer", "class": "drawer", "kind": "container", "openable": True, "open": False},
        ],
        "objects": [
            {"id": "red", "name": "red can", "class": "can", "colour": "red", "at": "table", "position": [1.5, 0.8]},
            {
                "id": "green",
                "name": "green can",
                "class": "can",
                "colour": "green",
                "at": "table",
                "position": [1.5, -0.1],
            },
        ],
    }
)


def taken(planner, text):
    result = PLANNERS[planner].plan(PlanRequest(text, DESK, EP))
    return result.status, {str(step.arguments["object"]) for step in result.steps if "object" in step.arguments}


@pytest.mark.parametrize("planner", PLANNERS)
@pytest.mark.parametrize(
    "kept",
    [
        "bring me a can but not the {0} one",
        "bring me a can without touching the {0} can",
        "bring me a can but do not touch the {0} can",
        "do not touch the {0} can. bring me a can",
        "leave the {0} can alone and put a can in the white box",
        "without touching the {0} can put a can in the white box",
        "give me any can except the {0} one",
        "put one of the cans in the white box, not the {0} one",
        "bring me a can, anything but {0}",
        "bring me a non-{0} can",
        "bring me any can unless it is {0}",
        "the {0} can is mine, leave it. bring me a can",
        "clear the table into the white box except the {0} can",
    ],
)
@pytest.mark.parametrize(("spared", "other"), [("red", "green"), ("green", "red")])
def test_any_of_several_is_one_that_was_not_excepted(planner, kept, spared, other):
    assert taken(planner, kept.format(spared)) == ("ok", {other})


@pytest.mark.parametrize("planner", PLANNERS)
@pytest.mark.parametrize(
    "contradiction",
    [
        "do not touch the red can, and put the red can in the white box",
        "leave the red can alone. bring me the red can",
        "do not touch the cans. bring me a can",
        "do not open the drawer. put the red can in the drawer",
        "put the red can in the drawer without opening the drawer",
    ],
)
def test_what_is_to_be_left_alone_is_not_taken_in_the_same_breath(planner, contradiction):
    assert taken(planner, contradiction) == ("refuse", set())


@pytest.mark.parametrize(
    ("said", "object_"),
    [
        ("do not put the red can on the table, put it in the white box", "red"),
        ("don't put the red can in the white box but put the green can in the white box", "green"),
    ],
)
def test_a_place_that_is_ruled_out_leaves_the_thing_free(said, object_):
    assert taken("rules", said) == ("ok", {object_})


@pytest.mark.parametrize("hurry", ["without further delay", "without noise", "without any fuss,", "without hesitation"])
def test_how_it_is_to_be_done_is_no_exception(hurry):
    assert taken("rules", f"{hurry} bring me the red can") == ("ok", {"red"})


@pytest.mark.parametrize("planner", PLANNERS)
@pytest.mark.parametrize(
    "said",
    [
        "put the red can in a box but not in the white one",
        "put the red can in any box except the white box",
        "put the red can in a box, just not the white box",
    ],
)
def test_a_place_that_is_excepted_is_not_the_one(planner, said):
    result = PLANNERS[planner].plan(PlanRequest(said, DESK, EP))
    assert result.goal == ("on(red, blue)",)


@pytest.mark.parametrize(
    "said",
    [
        "open the drawer, put the red can in, and do not open the box",
        "don't open the drawer yet. bring me the red can. then open the drawer",
        "don't open the drawer, close it. put the red can in the white box",
    ],
)
def test_what_is_opened_as_asked_or_not_at_all_is_no_contradiction(said):
    assert taken("rules", said) == ("ok", {"red"})
