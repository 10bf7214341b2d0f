from itertools import islice

import pytest

from robomatrix.errors import UnknownNameError
from robomatrix.evaluation.planner_fuzz import fuzz, instructions
from robomatrix.evaluation.planner_suite import items_of
from robomatrix.scheduling.plan import PlanRequest, PlanResult, PlanStep
from robomatrix.scheduling.planners import make_planner


@pytest.mark.parametrize("planner", ["rules", "compact"])
def test_hostile_inputs_do_no_harm(planner: str) -> None:
    report = fuzz(make_planner(planner), 15, seed=5).to_json()
    assert (report["inputs"], report["raised"], report["late"], report["invalid"]) == (15, 0, 0, 0), report["examples"]


def test_the_same_seed_gives_the_same_inputs() -> None:
    first, second = ([text for text, _ in islice(instructions(3), 20)] for _ in range(2))
    assert first == second
    assert max(map(len, first)) <= 2000


class Broken:
    def plan(self, request: PlanRequest) -> PlanResult:
        if len(request.instruction) % 2:
            raise RecursionError("round and round")
        return PlanResult("ok", steps=(PlanStep("fly"),))


def test_finds_what_raises_and_what_is_no_plan() -> None:
    report = fuzz(Broken(), 20, seed=1).to_json()
    assert report["raised"] + report["invalid"] == 20 and report["raised"] and report["invalid"]


def test_sets_have_names() -> None:
    assert len(items_of("crowd", 0, None)) >= 60
    assert len(items_of("generated", 12, None)) == 12
    with pytest.raises(UnknownNameError, match="crowd"):
        items_of("cloud", 1, None)
