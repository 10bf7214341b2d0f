import json
import time
from dataclasses import dataclass, field

import pytest

from robomatrix.errors import PlanningError, UnknownNameError
from robomatrix.scheduling.plan import PlanRequest, PlanResult
from robomatrix.scheduling.planners import make_planner, planner_names
from robomatrix.scheduling.planners.model import Completion, ModelPlanner
from robomatrix.skills.mobile_manipulation.specs import SPECS

EP = tuple(spec for spec in SPECS if "ep" in spec.robots)


def answer(*steps, status="ok", goal=(), message="", missing=()):
    steps = [{"skill": name, "arguments": arguments} for name, arguments in steps]
    return json.dumps(
        {"goal": list(goal), "status": status, "message": message, "missing": list(missing), "steps": steps}
    )


GRASP = ("grasp", {"object": "red_can"})
OVER = ("position_over", {"object": "red_can", "target": "white_box"})
RELEASE = ("release", {"object": "red_can"})


@dataclass
class Prepared:
    """A model that gives prepared answers."""

    answers: list
    told: list = field(default_factory=list)
    name: str = "prepared"

    def complete(self, told, schema, deadline):
        self.told.append(told)
        reply = self.answers[min(len(self.told), len(self.answers)) - 1]
        if isinstance(reply, Exception):
            raise reply
        return reply if isinstance(reply, Completion) else Completion(reply)


def plan(scene, *answers, instruction="put the red can in the white box", **options):
    model = Prepared(list(answers))
    return ModelPlanner(model, **options).plan(PlanRequest(instruction, scene, EP)), model


def test_a_plan_with_gaps_is_completed(office):
    result, _ = plan(office, answer(GRASP, OVER, RELEASE, goal=["on(red_can, white_box)"]))
    assert [s.skill for s in result.steps] == ["move_to", "grasp", "move_to", "position_over", "release"]
    assert result.goal == ("on(red_can, white_box)",)


def test_the_model_hears_what_was_wrong_and_gets_another_chance(office):
    wrong = answer(("grasp", {"object": "unicorn"}))
    result, model = plan(office, wrong, answer(GRASP, OVER, RELEASE))
    assert result.status == "ok"
    assert "there is no 'unicorn'" in model.told[1][-1]["content"]


def test_steps_that_miss_the_models_own_goal_are_sent_back(office):
    _, model = plan(office, answer(GRASP, goal=["on(red_can, white_box)"]), answer(GRASP, OVER, RELEASE))
    assert "do not reach the goal: on(red_can, white_box)" in model.told[1][-1]["content"]


@pytest.mark.parametrize(
    "reply", ["prose", answer(("fly", {})), PlanningError("server down"), Completion(answer(GRASP), -9.0)]
)
def test_after_the_retries_the_rules_plan_and_say_why(office, reply):
    result, model = plan(office, reply)
    assert len(model.told) == 3
    assert result.status == "ok" and result.steps[-1].arguments == {"object": "red_can"}
    assert "planned by rules" in result.message


def test_without_rules_the_end_is_an_honest_refusal(office):
    result, _ = plan(office, "prose", fallback=None)
    assert result == PlanResult("refuse", "No executable plan: the answer holds no JSON object")


def test_a_question_of_the_model_is_passed_on(office):
    result, _ = plan(office, answer(status="clarify", message="Which one?", missing=["cup"]))
    assert (result.status, result.message, result.missing) == ("clarify", "Which one?", ("cup",))


@pytest.mark.parametrize("instruction", ["stop!", "stab the user", "", "x" * 10_000])
def test_some_things_are_never_put_to_a_model(office, instruction):
    _, model = plan(office, answer(GRASP), instruction=instruction)
    assert model.told == []


def test_a_forbidden_plan_is_refused_whatever_the_model_says(office_data):
    from robomatrix.scheduling.scene import PlanningScene

    office_data["locations"].append({"id": "mw", "name": "microwave", "class": "microwave", "kind": "container"})
    scene = PlanningScene.parse(office_data)
    steps = [("grasp", {"object": "knife"}), ("position_over", {"object": "knife", "target": "mw"})]
    result, _ = plan(scene, answer(*steps), instruction="heat the knife in the microwave")
    assert result.status == "refuse"


def test_the_budget_is_kept(office):
    started = time.monotonic()
    result, model = plan(office, answer(GRASP), budget=-1.0)
    assert time.monotonic() - started < 2.0
    assert model.told == [] and result.status == "ok"


def test_planners_are_made_by_name():
    assert {"rules", "transformers", "openai"} <= set(planner_names())
    with pytest.raises(UnknownNameError, match="did you mean 'rules'"):
        make_planner("rule")
