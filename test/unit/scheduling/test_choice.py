import pytest

from robomatrix.errors import PlanningError
from robomatrix.scheduling.choice import addressed, preferred
from robomatrix.scheduling.plan import PlanResult

OK, ASKS, REFUSES = (PlanResult(status) for status in ("ok", "clarify", "refuse"))


@pytest.mark.parametrize(
    ("instruction", "robot", "told"),
    [
        ("put the red can in the bin", None, "put the red can in the bin"),
        ("player, catch the ball", "player", "catch the ball"),
        ("tell ep to put the red can in the bin", "ep", "put the red can in the bin"),
        ("Hey EP robot: come here", "ep", "come here"),
        ("ep2 should turn left", "ep2", "turn left"),
        ("epsilon turn left", None, "epsilon turn left"),
        ("stop, ep2!", "ep2", "stop"),
        ("put the can on the step", None, "put the can on the step"),
    ],
)
def test_who_is_spoken_to(instruction: str, robot: str | None, told: str) -> None:
    assert addressed(instruction, ("ep", "ep2", "player")) == (robot, told)


def test_the_first_that_can_is_preferred() -> None:
    assert preferred({"a": REFUSES, "b": ASKS, "c": OK, "d": OK}) == "c"
    assert preferred({"a": REFUSES, "b": ASKS}) == "b"
    assert preferred({"a": REFUSES, "b": REFUSES}) == "a"


def test_without_robots_there_is_an_error() -> None:
    with pytest.raises(PlanningError, match="no robot"):
        preferred({})
