import pytest

from robomatrix.scheduling.plan import PlanRequest
from robomatrix.scheduling.planners import make_planner
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
