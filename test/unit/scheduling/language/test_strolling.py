import pytest

from robomatrix.scheduling.plan import PlanRequest
from robomatrix.scheduling.planners import make_planner
from robomatrix.scheduling.scene import PlanningScene
from robomatrix.skills.mobile_manipulation.specs import SPECS

EP = tuple(spec for spec in SPECS if "ep" in spec.robots)
PLANNER = make_planner("rules")


@pytest.mark.parametrize(
    "said",
    [
        "Turn left, walk across the room to the table. Pick up the red can. Face the wall. Put the can in the bin.",
        "hang a left and walk forward. grab the red can. go to the end of the hallway. drop it in the bin",
    ],
)
def test_directions_need_not_be_understood_where_things_are_named(office, said) -> None:
    result = PLANNER.plan(PlanRequest(said, office, EP))
    assert result.status == "ok", result.message
    assert result.goal == ("on(red_can, bin)",)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("Go to the moon. Put the red can in the bin.", "clarify"),
        ("Put the red can in the bin and turn it on.", "clarify"),
        ("Put the red can in the bin and then clear the shelf.", "clarify"),
        ("Turn left somehow, please do turn.", "clarify"),
    ],
)
def test_other_things_that_are_not_understood_are_asked_about(office, said, status) -> None:
    assert PLANNER.plan(PlanRequest(said, office, EP)).status == status


ROOM = PlanningScene.parse(
    {
        "robot": {"name": "ep"},
        "locations": [{"id": i, "name": i, "class": i, "kind": "surface"} for i in ("bed", "desk")],
        "objects": [
            *({"id": f"book_{i}", "name": "book", "class": "book", "at": "bed"} for i in (1, 2)),
            {"id": "pen", "name": "pen", "class": "pen", "at": "desk"},
        ],
    },
    "room",
)
TWICE = (
    "Pick up the book on the bed. Put the book on the desk. Walk back to the bed. Pick up the book on the left. "
    "Turn right. Place the book to the right of the pen on the desk."
)


def test_a_list_of_steps_means_any_of_things_that_nothing_tells_apart_and_puts_what_is_in_hand() -> None:
    result = PLANNER.plan(PlanRequest(TWICE, ROOM, EP))
    assert result.status == "ok" and set(result.goal) == {"on(book_1, desk)", "on(book_2, desk)"}, result.message


def test_outside_of_lists_it_is_asked_which() -> None:
    assert PLANNER.plan(PlanRequest("Pick up the book.", ROOM, EP)).message.startswith("Which book")
    assert PLANNER.plan(PlanRequest("Put book on desk.", ROOM, EP)).goal == ("on(book_1, desk)",)
