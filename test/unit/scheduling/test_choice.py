import pytest

from robomatrix.errors import PlanningError
from robomatrix.scheduling.choice import Candidate, choose_robot
from robomatrix.scheduling.planners import make_planner
from robomatrix.scheduling.scene import PlanningScene
from robomatrix.skills.mobile_manipulation.specs import SPECS
from robomatrix.skills.skillmimic.specs import SPECS as PLAYER

PLANNER = make_planner("rules")


@pytest.fixture
def robots(office):
    court = PlanningScene.parse({"robot": {"name": "player"}})
    return {
        "ep": Candidate(office, [s for s in SPECS if "ep" in s.robots]),
        "player": Candidate(court, PLAYER),
    }


@pytest.mark.parametrize(
    ("instruction", "robot", "status"),
    [
        ("put the red can in the bin", "ep", "ok"),
        ("catch the ball and shoot it", "player", "ok"),
        ("player, put the red can in the bin", "player", "clarify"),
        ("tell ep to put the red can in the bin", "ep", "ok"),
        ("put the can in the bin", "ep", "clarify"),
    ],
)
def test_the_one_that_is_named_or_can_is_chosen(robots, instruction, robot, status):
    name, result = choose_robot(PLANNER, instruction, robots)
    assert (name, result.status) == (robot, status)


def test_without_robots_there_is_an_error():
    with pytest.raises(PlanningError, match="no robot"):
        choose_robot(PLANNER, "go", {})
