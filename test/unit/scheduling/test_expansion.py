import pytest

from robomatrix.errors import PlanningError
from robomatrix.scheduling.expansion import Expansion
from robomatrix.scheduling.plan import PlanStep
from robomatrix.scheduling.symbolic import Literal, SymbolicState
from robomatrix.skills.mobile_manipulation.specs import SPECS
from robomatrix.skills.skillmimic.specs import SPECS as PLAYER

SKILLS = {spec.name: spec for spec in SPECS}


def steps_to(scene, *goals, skills=SKILLS):
    plan = Expansion(SymbolicState.of(scene), skills)
    for goal in goals:
        plan.reach(Literal.parse(goal))
    return " ".join(map(str, plan.steps)).replace("target=", "").replace("object=", "")


def test_a_thing_is_fetched_carried_and_let_go(office):
    assert steps_to(office, "on(red_can, white_box)") == (
        "move_to(red_can) grasp(red_can) move_to(white_box) position_over(red_can, white_box) release(red_can)"
    )


def test_a_closed_drawer_is_opened_before_the_hand_is_full(office):
    assert steps_to(office, "on(red_can, drawer)", "not open(drawer)").startswith(
        "move_to(drawer) open(drawer) move_to(red_can)"
    )
    assert steps_to(office, "on(ball, user)").startswith("move_to(drawer) open(drawer) move_to(ball) grasp(ball)")


def test_a_full_hand_is_emptied_onto_a_surface_first(office):
    assert "position_over(red_can, table) release(red_can) move_to(green_can)" in steps_to(
        office, "holding(red_can)", "holding(green_can)"
    )


@pytest.mark.parametrize(
    "goal", ["on(table, white_box)", "on(red_can, bar)", "holding(unicorn)", "has_ball", "open(moon)"]
)
def test_what_cannot_be_reached_says_so(office, goal):
    with pytest.raises(PlanningError):
        if goal == "open(moon)":
            goal = "not open(moon)"
        steps_to(office, goal)


def test_other_robots_skills_chain_by_their_own_conditions(office):
    player = {spec.name: spec for spec in PLAYER}
    plan = Expansion(SymbolicState.of(office), player)
    plan.add(PlanStep("shoot_ball"))
    assert [s.skill for s in plan.steps] == ["pick_up_ball", "shoot_ball"]
