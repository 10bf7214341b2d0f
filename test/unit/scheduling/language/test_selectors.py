import pytest

from robomatrix.scheduling.plan import PlanRequest
from robomatrix.scheduling.planners import make_planner
from robomatrix.scheduling.scene import PlanningScene
from robomatrix.skills.mobile_manipulation.specs import SPECS

EP = tuple(spec for spec in SPECS if "ep" in spec.robots)
PLANNER = make_planner("rules")


def block(id_, colour, at, x):
    name = f"{colour} block"
    return {"id": id_, "name": name, "class": "block", "colour": colour, "at": at, "position": [x, 0.0, 0.0]}


BOARD = PlanningScene.parse(
    {
        "robot": {"name": "ep"},
        "locations": [{"id": "board", "name": "board", "class": "board", "kind": "surface"}],
        "objects": [
            block("blue_1", "blue", "board", 0.1),
            block("blue_2", "blue", "board", 0.5),
            block("red_1", "red", "board", 0.15),
            block("grey_1", "grey", "board", 0.9),
            block("grey_2", "grey", "grey_1", 0.9),
            block("green", "green", "board", 1.2),
            block("teal", "turquoise", "board", 1.5),
            block("yellow_1", "yellow", "teal", 1.5),
            block("yellow_2", "yellow", "board", 1.9),
        ],
    }
)


@pytest.mark.parametrize(
    ("said", "goal"),
    [
        ("pick up the blue block next to the red block", "holding(blue_1)"),
        ("pick up the blue block closest to the red one", "holding(blue_1)"),
        ("pick up the grey block", "holding(grey_2)"),
        ("put the red block on the grey block", "on(red_1, grey_2)"),
        ("pick up the green cube", "holding(green)"),
        ("pick up the dark green cube", "holding(green)"),
        ("put the red block on the single yellow block", "on(red_1, yellow_2)"),
    ],
)
def test_stacks_neighbours_and_shades(said, goal) -> None:
    result = PLANNER.plan(PlanRequest(said, BOARD, EP))
    assert result.status == "ok", result.message
    assert result.goal == (goal,)


def test_equally_near_things_are_asked_about() -> None:
    assert PLANNER.plan(PlanRequest("pick up the blue block", BOARD, EP)).status == "clarify"
