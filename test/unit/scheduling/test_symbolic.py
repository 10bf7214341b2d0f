import pytest
from hypothesis import given
from hypothesis import strategies as st

from robomatrix.scheduling.plan import PlanStep
from robomatrix.scheduling.symbolic import Literal, SymbolicState, simulate
from robomatrix.skills.mobile_manipulation.specs import SPECS

SKILLS = {spec.name: spec for spec in SPECS}


def step(skill, **arguments):
    return PlanStep(skill, arguments)


CARRY = (
    step("move_to", target="red_can"),
    step("grasp", object="red_can"),
    step("move_to", target="white_box"),
    step("position_over", object="red_can", target="white_box"),
    step("release", object="red_can"),
)


def test_a_carry_moves_the_object_and_frees_the_hand(office):
    final = simulate(office, SKILLS, CARRY).final
    assert final.resting["red_can"] == "white_box"
    assert final.holding is None
    assert final.place == "white_box"


def test_what_is_let_go_elsewhere_rests_where_the_robot_stands(office):
    final = simulate(office, SKILLS, (*CARRY[:3], step("release", object="red_can"))).final
    assert final.resting["red_can"] == "white_box"


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ((step("grasp", object="red_can"),), "step 1 grasp(object=red_can): needs at(red_can)"),
        ((step("move_to", target="ball"), step("grasp", object="ball")), "needs open(drawer)"),
        ((*CARRY[:2], step("grasp", object="green_can")), "needs hand_empty, at(green_can)"),
        ((step("position_over", object="red_can", target="bar"),), "bar is a obstacle"),
        ((step("grasp", object="table"),), "table is a place; grasp takes an object"),
        ((step("grasp", object="unicorn"),), "there is no 'unicorn' in the scene"),
        ((step("open", target="white_box"),), "white_box does not open"),
        ((step("dance"),), "there is no skill 'dance'; skills: close, cross"),
        ((step("turn", angle_deg=1e9),), "turn.angle_deg must be from -720 to 720 deg"),
        ((step("grasp", thing="red_can"),), "grasp has no parameter 'thing'"),
        ((step("position_over", object="red_can", target="red_can"),), "position_over takes different things"),
    ],
)
def test_a_step_that_cannot_be_taken_says_why(office, steps, reason):
    simulation = simulate(office, SKILLS, steps)
    assert reason in str(simulation.diagnostics[0])
    assert len(simulation.states) == len(steps)


@given(
    st.sampled_from(["at", "holding", "on", "open"]),
    st.lists(st.from_regex(r"[a-z]\w{0,5}", fullmatch=True)),
    st.booleans(),
)
def test_literals_are_written_and_read_alike(predicate, arguments, negated):
    literal = Literal(predicate, tuple(arguments), negated)
    assert Literal.parse(str(literal)) == literal


def test_contents_are_found_through_what_things_stand_on(office):
    state = SymbolicState.of(office).apply(Literal("on", ("red_can", "green_can")))
    assert state.container_of("red_can") == "table"
    assert state.contents("table") == ("green_can", "knife")
