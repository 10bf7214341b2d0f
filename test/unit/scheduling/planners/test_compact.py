"""The policy between the two opinions; how good the model is, is measured by ``bench planner``."""

import logging
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from robomatrix.errors import ConfigurationError
from robomatrix.scheduling.compact.linking import Linked, Linker
from robomatrix.scheduling.language.entities import EntityIndex
from robomatrix.scheduling.language.lexicon import load_lexicon
from robomatrix.scheduling.language.reading import read
from robomatrix.scheduling.plan import PlanRequest, PlanResult, PlanStep
from robomatrix.scheduling.planners import DEFAULT, compact, make_planner
from robomatrix.scheduling.planners.compact import (
    CompactModel,
    CompactPlanner,
    Reading,
    Thresholds,
    is_named,
    overlooked,
    same_end,
)
from robomatrix.scheduling.planners.rules import RulePlanner
from robomatrix.scheduling.safety import load_rules
from robomatrix.scheduling.scene import PlanningScene
from robomatrix.scheduling.validator import STOP
from robomatrix.skills.mobile_manipulation.specs import SPECS

LIMITS = Thresholds()
EP = tuple(spec for spec in SPECS if "ep" in spec.robots)


def carry(thing: str, place: str) -> PlanResult:
    steps = (
        PlanStep("move_to", {"target": thing}),
        PlanStep("grasp", {"object": thing}),
        PlanStep("move_to", {"target": place}),
        PlanStep("position_over", {"object": thing, "target": place}),
        PlanStep("release", {"object": thing}),
    )
    return PlanResult("ok", f"Then the {thing} is at the {place}.", steps=steps, goal=(f"on({thing}, {place})",))


@dataclass
class Says(CompactModel):
    """A model whose reading is known."""

    reading: Reading = field(default_factory=lambda: Reading(PlanResult("clarify", "What?"), 0.0))

    def read(self, request: PlanRequest) -> Reading:
        return self.reading


@dataclass
class Rules:
    """Rules whose answer is known."""

    result: PlanResult

    def plan(self, request: PlanRequest) -> PlanResult:
        return self.result


def weighed(
    scene: PlanningScene, ruled: PlanResult, read: PlanResult, confidence: float, limits: Thresholds = LIMITS
) -> PlanResult:
    reading = Reading(read, confidence, "put A B", Linked(("put", "it", "there"), ()))
    planner = CompactPlanner(Says(reading=reading), Rules(ruled), limits)  # type: ignore[arg-type]
    return planner.plan(PlanRequest("put the red can in the white box", scene, EP))


def test_what_both_read_is_done(office: PlanningScene) -> None:
    both = carry("red_can", "white_box")
    assert weighed(office, both, both, -0.01) == both


def test_where_they_differ_the_user_is_asked(office: PlanningScene) -> None:
    result = weighed(office, carry("red_can", "white_box"), carry("red_can", "blue_box"), -0.00001)
    assert result.status == "clarify" and not result.steps
    assert "white_box" in result.message and "blue_box" in result.message


@pytest.mark.parametrize(
    ("answer", "goal"),
    [("yes", "white_box"), ("the first", "white_box"), ("the second", "blue_box"), ("the blue_box", "blue_box")],
)
def test_the_answer_decides(office: PlanningScene, answer: str, goal: str) -> None:
    reading = Reading(carry("red_can", "blue_box"), -0.00001)
    planner = CompactPlanner(Says(reading=reading), Rules(carry("red_can", "white_box")))  # type: ignore[arg-type]
    request = PlanRequest("put the red can in the box", office, EP)
    question = planner.plan(request).message
    told = PlanRequest(request.instruction, office, EP, (f"asked: {question}", f"answered: {answer}"))
    assert planner.plan(told).goal == (f"on(red_can, {goal})",)


def test_an_answer_to_which_is_heard_by_both(office: PlanningScene) -> None:
    asked = PlanRequest("put the can in the white box", office, EP, ("asked: Which can?", "answered: the green one"))
    result = make_planner("compact").plan(asked)
    assert (result.status, result.goal) == ("ok", ("on(green_can, white_box)",))


def test_an_unsure_model_does_not_object(office: PlanningScene) -> None:
    ruled = carry("red_can", "white_box")
    assert weighed(office, ruled, carry("red_can", "blue_box"), -9.0) == ruled


@pytest.mark.parametrize(("confidence", "status"), [(-0.001, "ok"), (-1.0, "clarify")])
def test_where_rules_understand_nothing_a_sure_model_plans(
    office: PlanningScene, confidence: float, status: str
) -> None:
    asked = PlanResult("clarify", "I do not understand.")
    assert weighed(office, asked, carry("red_can", "white_box"), confidence).status == status


def test_a_model_never_overrules_a_refusal(office: PlanningScene) -> None:
    ruled = PlanResult("refuse", "That could hurt somebody.")
    assert weighed(office, ruled, carry("red_can", "white_box"), 0.0) == ruled


def test_where_rules_miss_something_only_a_certain_model_plans(office: PlanningScene) -> None:
    ruled, other = PlanResult("clarify", "No dunk.", ("dunk",)), carry("red_can", "white_box")
    limits = Thresholds(sure=-0.5, certain=-0.1)
    assert weighed(office, ruled, other, -0.3, limits) == ruled
    assert weighed(office, ruled, other, -0.01, limits).status == "ok"


def test_a_model_does_not_plan_past_what_was_named(office: PlanningScene) -> None:
    reading = Reading(carry("red_can", "bin"), 0.0, "put A B", Linked(("first", "A", "then", "ball", "to", "B"), ()))
    asked = Rules(PlanResult("clarify", "I do not understand."))
    planner = CompactPlanner(Says(reading=reading), asked)  # type: ignore[arg-type]
    assert planner.plan(PlanRequest("first the red can then ball to the bin", office, EP)).status == "clarify"


@pytest.mark.parametrize(
    ("skill", "said", "named"),
    [
        ("look_around", "have a look around", True),
        ("turn", "turn it upside down", True),
        ("look_around", "turn it upside down", False),
        ("squat", "touch the floor", False),
    ],
)
def test_a_model_calls_no_skill_that_nobody_has_named(skill: str, said: str, named: bool) -> None:
    assert is_named(skill, said.split()) is named


def test_stop_is_not_weighed(office: PlanningScene) -> None:
    planner = CompactPlanner(Says())
    assert planner.plan(PlanRequest("stop!", office, EP)).steps == (STOP,)


def test_ends_are_compared_and_not_steps(office: PlanningScene) -> None:
    request = PlanRequest("", office, EP)
    longer = carry("red_can", "white_box")
    shorter = PlanResult("ok", steps=longer.steps[:], goal=longer.goal)
    assert same_end(request, longer, shorter)
    assert not same_end(request, longer, carry("green_can", "white_box"))
    assert not same_end(request, longer, PlanResult("clarify"))


def test_the_model_that_ships_plans(office: PlanningScene) -> None:
    result = make_planner("compact").plan(PlanRequest("put the red can in the white box", office, EP))
    assert (result.status, result.goal) == ("ok", ("on(red_can, white_box)",))


def test_needs_no_framework() -> None:
    code = (
        "import sys; from robomatrix.scheduling.planners import make_planner; make_planner('compact');"
        "sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_plans_by_rules_alone_and_says_so_where_no_model_was_installed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    assert DEFAULT == "compact"
    monkeypatch.setattr(compact, "default_model", lambda: tmp_path / "compact")
    with caplog.at_level(logging.WARNING):
        planner = make_planner()
    assert isinstance(planner, RulePlanner)
    assert "compact is missing: planning by rules alone" in caplog.text


def test_a_model_that_was_asked_for_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no planner model can be read"):
        make_planner("compact", model=str(tmp_path))


def test_calls_of_the_same_skill_agree_whatever_the_measure(office: PlanningScene) -> None:
    request = PlanRequest("turn left 90 degrees", office, EP)
    measured, plain = (PlanResult("ok", steps=(PlanStep("turn", {"angle_deg": angle}),)) for angle in (90.0, 45.0))
    assert same_end(request, measured, plain)
    assert not same_end(request, measured, PlanResult("ok", steps=(PlanStep("look_around", {}),)))


@pytest.mark.parametrize(
    ("said", "program", "idle"),
    [
        ("put the red can in the bin , no , the ball", "put C B", []),
        ("put the red can in the bin and the ball", "put C B", ["red can"]),
    ],
)
def test_what_was_taken_back_is_not_overlooked(office: PlanningScene, said: str, program: str, idle: list[str]) -> None:
    index = EntityIndex(office)
    linked = Linker(read(said, index, load_lexicon(), load_rules()), index, load_lexicon()).run()
    assert overlooked(linked, program, index) == idle


def test_what_only_the_user_can_tell_is_not_answered_by_the_model(office: PlanningScene) -> None:
    asked = PlanResult("clarify", "Which can: the red can or the green can?")
    assert weighed(office, asked, carry("red_can", "white_box"), 0.0) == asked


def test_other_scripts_at_full_length_take_no_longer(office: PlanningScene) -> None:
    planner, text = make_planner(), ("\u628a\u7ea2\u8272\u7f50\u5b50 as " * 400)[:2000]
    began = time.process_time()
    assert planner.plan(PlanRequest(text, office, EP)).status == "clarify"
    assert time.process_time() - began < 2.0
