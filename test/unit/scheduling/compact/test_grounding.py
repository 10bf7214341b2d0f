import pytest

from robomatrix.scheduling.compact.grounding import Grounding
from robomatrix.scheduling.compact.linking import Linker
from robomatrix.scheduling.compact.program import parse
from robomatrix.scheduling.language.entities import EntityIndex
from robomatrix.scheduling.language.lexicon import load_lexicon
from robomatrix.scheduling.language.reading import read
from robomatrix.scheduling.language.session import Session
from robomatrix.scheduling.plan import PlanRequest, PlanResult
from robomatrix.scheduling.safety import load_rules
from robomatrix.scheduling.scene import PlanningScene
from robomatrix.skills.mobile_manipulation.specs import SPECS

EP = tuple(s for s in SPECS if "ep" in s.robots)


def grounded(text: str, program: str, scene: PlanningScene) -> PlanResult:
    index = EntityIndex(scene)
    linked = Linker(read(text, index, load_lexicon(), load_rules()), index, load_lexicon()).run()
    return Grounding(Session.of(PlanRequest(text, scene, EP), index), linked).run(parse(program))


@pytest.mark.parametrize(
    ("text", "program", "goal"),
    [
        ("put the red can in the white box", "put A B", {"on(red_can, white_box)"}),
        ("put the cans in the bin", "put A B", {"on(red_can, bin)", "on(green_can, bin)"}),
        ("put the can on the table but not the red one in the bin", "put A@B-C D", {"on(green_can, bin)"}),
        ("take a can and put it in the bin", "take A; put A B", {"on(red_can, bin)"}),
        ("bring me the ball", "give A me", {"on(ball, user)"}),
        ("if the drawer is closed open it", "if not open A: open A", {"open(drawer)"}),
        ("open the drawer and put the knife in it", "open A; put B A", {"open(drawer)", "on(knife, drawer)"}),
        ("throw the red can away", "discard A", {"on(red_can, bin)"}),
        ("go to the table and then to the bin", "go A; go B", {"at(bin)"}),
        ("put the cans in the bin but leave the red can", "put A B; keep C", {"on(green_can, bin)"}),
    ],
)
def test_programs_become_plans(office: PlanningScene, text: str, program: str, goal: set[str]) -> None:
    result = grounded(text, program, office)
    assert (result.status, set(result.goal)) == ("ok", goal)


def test_a_condition_is_judged_before_what_it_leads_to(office: PlanningScene) -> None:
    program = "if not open A: open A; if not open A: put B C; if open A: go A"
    result = grounded("if the drawer is closed open it and put the ball in the bin", program, office)
    assert set(result.goal) == {"open(drawer)", "on(ball, bin)"}


def test_what_is_not_there_is_named(office: PlanningScene) -> None:
    result = grounded("put the florb in the bin", "put A B", office)
    assert (result.status, result.missing) == ("clarify", ("florb",))


def test_an_ambiguous_phrase_is_a_question(office: PlanningScene) -> None:
    assert grounded("put the can in the bin", "put A B", office).status == "clarify"


@pytest.mark.parametrize(("program", "status"), [("ask", "clarify"), ("no", "refuse")])
def test_the_model_may_decline(office: PlanningScene, program: str, status: str) -> None:
    assert grounded("cook the knife", program, office).status == status


@pytest.mark.parametrize("program", ["put A P", "put B A", "call fly", "call turn", "open A", "swap A B", "drop"])
def test_what_makes_no_sense_is_no_plan(office: PlanningScene, program: str) -> None:
    assert grounded("put the red can in the white box 2 metres", program, office).status != "ok"


def test_calls_skills_by_name(office: PlanningScene) -> None:
    result = grounded("turn left by 30 degrees", "call turn turn left A", office)
    assert [str(step) for step in result.steps] == ["turn(angle_deg=30.0)"]
