import pytest

from robomatrix.scheduling.plan import PlanRequest, PlanResult, PlanStep
from robomatrix.scheduling.scene import PlanningScene
from robomatrix.scheduling.validator import STOP, validate
from robomatrix.skills.mobile_manipulation.specs import SPECS


def step(skill, **arguments):
    return PlanStep(skill, arguments)


def checked(scene, *steps):
    return validate(PlanRequest("x", scene, SPECS), PlanResult("ok", "fine", steps=steps))


def test_what_is_missing_is_inserted(office):
    result = checked(office, step("grasp", object="ball"), step("position_over", object="ball", target="bin"))
    assert [s.skill for s in result.steps] == ["move_to", "open", "move_to", "grasp", "move_to", "position_over"]


def test_what_already_holds_is_dropped(office):
    result = checked(office, step("close", target="drawer"), step("turn", angle_deg=90.0))
    assert result.status == "ok"
    assert result.steps == (step("turn", angle_deg=90.0),)


def test_a_step_said_twice_is_taken_once(office):
    result = checked(office, step("move_to", target="bin"), step("move_to", target="bin"))
    assert result.steps == (step("move_to", target="bin"),)


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ([step("fly")], "there is no skill 'fly'"),
        ([step("shoot", target="user")], "user is a person"),
        ([step("grasp", object="table")], "table is a place"),
        ([step("turn", angle_deg="left")], "must be a number"),
        (
            [step("turn", angle_deg=90.0)] * 1 + [step("turn", angle_deg=-90.0), step("turn", angle_deg=90.0)] * 80,
            "161 steps",
        ),
    ],
)
def test_what_cannot_be_mended_is_refused_with_its_reason(office, steps, reason):
    result = checked(office, *steps)
    assert result.status == "refuse"
    assert reason in result.message
    assert result.steps == ()


def test_a_forbidden_combination_is_refused_though_it_can_be_done(office_data):
    office_data["locations"].append({"id": "mw", "name": "microwave", "class": "microwave", "kind": "container"})
    result = checked(
        PlanningScene.parse(office_data),
        step("grasp", object="knife"),
        step("position_over", object="knife", target="mw"),
    )
    assert result.status == "refuse"
    assert "microwave" in result.message


def test_stopping_passes_for_every_robot(office):
    assert validate(PlanRequest("stop", office, ()), PlanResult("ok", steps=(STOP,))).steps == (STOP,)


def test_a_question_carries_no_steps(office):
    result = validate(PlanRequest("x", office, SPECS), PlanResult("clarify", "which?", steps=(step("look_around"),)))
    assert result.status == "clarify"
    assert result.steps == ()
