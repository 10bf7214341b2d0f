import pytest

from robomatrix.scheduling.plan import PlanRequest
from robomatrix.scheduling.planners import make_planner
from robomatrix.scheduling.scene import PlanningScene
from robomatrix.skills.mobile_manipulation.specs import SPECS

EP = tuple(spec for spec in SPECS if "ep" in spec.robots)
PLANNER = make_planner("rules")
KITCHEN = PlanningScene.parse(
    {
        "robot": {"name": "ep"},
        "locations": [
            {"id": "counter", "name": "counter top", "class": "counter", "kind": "surface"},
            {"id": "table", "name": "dining table", "class": "table", "kind": "surface"},
            {"id": "shelf", "name": "shelf", "class": "shelf", "kind": "surface"},
            {"id": "sofa", "name": "sofa", "class": "sofa", "kind": "surface"},
        ],
        "objects": [
            {"id": "cup", "name": "cup", "class": "cup", "at": "counter"},
            {"id": "bowl_1", "name": "bowl", "class": "bowl", "at": "counter"},
            {"id": "bowl_2", "name": "bowl", "class": "bowl", "at": "table"},
            {"id": "egg", "name": "egg", "class": "egg", "at": "bowl_2"},
            {"id": "spoon", "name": "spoon", "class": "spoon", "at": "table"},
            {"id": "book", "name": "book", "class": "book", "at": "table"},
        ],
    }
)


@pytest.mark.parametrize(
    ("said", "goal"),
    [
        ("Place a cup with a spoon in it on the shelf", {"on(spoon, cup)", "on(cup, shelf)"}),
        ("put the cup with the spoon on the sofa", {"on(spoon, cup)", "on(cup, sofa)"}),
        ("put a cup holding a spoon on the shelf", {"on(spoon, cup)", "on(cup, shelf)"}),
        ("put the spoon in the cup on the shelf", {"on(spoon, cup)", "on(cup, shelf)"}),
        ("take the spoon, put it in the cup and put them both on the shelf", {"on(spoon, cup)", "on(cup, shelf)"}),
        ("put the bowl with an egg in it on the shelf", {"on(egg, bowl_2)", "on(bowl_2, shelf)"}),
        ("put the book with the spoon on the sofa", {"on(book, sofa)", "on(spoon, sofa)"}),
    ],
)
def test_what_bears_something_is_moved_with_it(said, goal) -> None:
    result = PLANNER.plan(PlanRequest(said, KITCHEN, EP))
    assert result.status == "ok", result.message
    assert set(result.goal) == goal


def test_what_bears_nothing_is_not_loaded() -> None:
    result = PLANNER.plan(PlanRequest("put the book with a spoon in it on the shelf", KITCHEN, EP))
    assert (result.status, result.message) == ("refuse", "Nothing can be put into the book.")
