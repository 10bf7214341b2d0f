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
        "leave the {0} can alone and put a can in the box",
        "without touching the {0} can put a can in the box",
        "give me any can except the {0} one",
        "put one of the cans in the box, not the {0} one",
    ],
)
@pytest.mark.parametrize(("spared", "other"), [("red", "green"), ("green", "red")])
def test_any_of_several_is_one_that_was_not_excepted(planner, kept, spared, other):
    assert taken(planner, kept.format(spared)) == ("ok", {other})


@pytest.mark.parametrize("planner", PLANNERS)
@pytest.mark.parametrize(
    "contradiction",
    [
        "do not touch the red can, and put the red can in the box",
        "leave the red can alone. bring me the red can",
        "do not touch the cans. bring me a can",
    ],
)
def test_what_is_to_be_left_alone_is_not_taken_in_the_same_breath(planner, contradiction):
    assert taken(planner, contradiction) == ("refuse", set())


@pytest.mark.parametrize(
    ("said", "object_"),
    [
        ("do not put the red can on the table, put it in the box", "red"),
        ("don't put the red can in the box but put the green can in the box", "green"),
    ],
)
def test_a_place_that_is_ruled_out_leaves_the_thing_free(said, object_):
    assert taken("rules", said) == ("ok", {object_})


@pytest.mark.parametrize("hurry", ["without further delay", "without noise", "without any fuss,", "without hesitation"])
def test_how_it_is_to_be_done_is_no_exception(hurry):
    assert taken("rules", f"{hurry} bring me the red can") == ("ok", {"red"})
