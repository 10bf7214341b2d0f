import json

import jsonschema
import pytest

from robomatrix.errors import PlanningError
from robomatrix.scheduling.plan import PlanRequest
from robomatrix.scheduling.prompt import messages
from robomatrix.scheduling.schema import plan_schema, read_answer
from robomatrix.skills.mobile_manipulation.specs import SPECS

EP = tuple(spec for spec in SPECS if "ep" in spec.robots)
ANSWER = {
    "goal": ["holding(red_can)"],
    "status": "ok",
    "message": "",
    "missing": [],
    "steps": [{"skill": "grasp", "arguments": {"object": "red_can"}}],
}


@pytest.fixture
def request_(office):
    return PlanRequest("take the red can", office, EP)


def test_the_schema_takes_a_plan_and_nothing_that_is_not_there(request_):
    validator = jsonschema.Draft202012Validator(plan_schema(request_))
    assert validator.is_valid(ANSWER)
    assert not validator.is_valid({**ANSWER, "steps": [{"skill": "grasp", "arguments": {"object": "unicorn"}}]})
    assert not validator.is_valid({**ANSWER, "steps": [{"skill": "shoot", "arguments": {"target": "user"}}]})
    assert not validator.is_valid({**ANSWER, "extra": 1})


def test_goal_and_status_come_before_the_steps(request_):
    assert list(plan_schema(request_)["properties"]) == ["goal", "status", "message", "missing", "steps"]


def test_an_answer_is_read_with_defaults_filled_in(request_):
    step = {"skill": "go_to", "arguments": {"x": 1.5}}
    result = read_answer("Sure! " + json.dumps({**ANSWER, "steps": [step]}) + " Done.", request_)
    assert result.steps[0].arguments == {"x": 1.5, "y": 0.0, "frame": "robot"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("I would rather not.", "no JSON object"),
        ('{"goal": [}', "no JSON"),
        ("{}", "lacks goal, status, message, missing, steps"),
        (json.dumps({**ANSWER, "mood": 1}), "unknown keys: mood"),
        (json.dumps({**ANSWER, "status": "maybe"}), "status must be one of ok, clarify, refuse"),
        (json.dumps({**ANSWER, "steps": "none"}), "steps must be a list"),
        (json.dumps({**ANSWER, "steps": [{"skill": "fly", "arguments": {}}]}), "steps[0]: there is no skill 'fly'"),
        (json.dumps({**ANSWER, "steps": [{"skill": "turn", "arguments": {"angle_deg": 1e6}}]}), "from -720 to 720"),
        (json.dumps({**ANSWER, "steps": [7]}), "steps[0] must be an object"),
        (json.dumps({**ANSWER, "steps": [], "goal": []}), "neither steps nor a goal"),
        ("{" * 100_001, "100001 characters"),
        ("[" * 50_000 + "{}" + "]" * 40_000, "lacks"),
    ],
)
def test_what_is_no_answer_is_named(request_, text, complaint):
    with pytest.raises(PlanningError) as error:
        read_answer(text, request_)
    assert complaint in str(error.value)


def test_a_prompt_holds_skills_scene_history_and_complaints_but_no_coordinates(request_, office_data):
    told = messages(PlanRequest("x", request_.scene, EP, ("earlier: grasp failed",)), ["step 1 is wrong"])
    text = "\n".join(m["content"] for m in told)
    assert "- grasp(object: object)" in text and "needs: hand_empty, at(object)" in text
    assert '"id":"red_can"' in text and "position" not in text.split("Scene:")[1]
    assert "earlier: grasp failed" in text and "step 1 is wrong" in text
