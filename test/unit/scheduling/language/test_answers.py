import pytest
from hypothesis import given
from hypothesis import strategies as st

from robomatrix.scheduling.actions import Finished, RunStep, StepOutcome
from robomatrix.scheduling.execution import TaskExecution
from robomatrix.scheduling.language.answers import answered
from robomatrix.scheduling.language.questions import question, with_report
from robomatrix.scheduling.plan import PlanRequest
from robomatrix.scheduling.planners.rules import RulePlanner
from robomatrix.scheduling.safety import load_rules
from robomatrix.scheduling.scene import PlanningScene
from robomatrix.scheduling.validator import planned
from robomatrix.skills.mobile_manipulation.specs import SPECS

WORDS = (
    "left",
    "closest",
    "second",
    "other",
    "one",
    "open",
    "empty",
    "bigger",
    "nearest",
    "it",
    "floor",
    "what",
    "where",
    "is",
    "are",
    "how",
    "many",
    "the",
    "a",
    "can",
    "cans",
    "red",
    "on",
    "in",
    "box",
    "you",
    "see",
    "it",
)
SKILLS = tuple(spec for spec in SPECS if "ep" in spec.robots)
SCENE = {
    "robot": {"name": "ep", "at": "table", "position": [1.0, 0.0]},
    "locations": [
        {"id": "table", "name": "oak table", "class": "table", "kind": "surface", "position": [1.5, 0.0]},
        {"id": "box", "name": "white box", "class": "box", "kind": "container"},
        {"id": "drawer", "name": "drawer", "class": "drawer", "kind": "container", "openable": True, "open": False},
    ],
    "objects": [
        {"id": "can_1", "name": "red can", "class": "can", "colour": "red", "at": "table", "position": [1.3, 0.4]},
        {"id": "can_2", "name": "green can", "class": "can", "colour": "green", "at": "box"},
        {"id": "ball", "name": "blue ball", "class": "ball", "colour": "blue"},
    ],
}
EMPTY = {"robot": {"name": "ep"}, "locations": [], "objects": []}


def ask(text, scene=SCENE):
    return RulePlanner().plan(PlanRequest(text, PlanningScene.parse(scene), SKILLS))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("what do you see?", "a red can on the oak table"),
        ("Hey robot, can you tell me what you see?", "a blue ball on the floor"),
        ("where is the red can?", "The red can is on the oak table, 0.5 m from me."),
        ("Where are the cans", "The green can is in the white box."),
        ("how many cans are there?", "I see 2: the red can and the green can."),
        ("how many cans are on the table?", "I see 1 on the oak table: the red can."),
        ("how many balls do you see in the box", "I see 0 in the white box."),
        ("what's on the table?", "On the oak table I see a red can."),
        ("is the box empty?", "No. In the white box I see a green can."),
        ("what is in the drawer?", "The drawer is closed. In the drawer I see nothing."),
        ("is the drawer open?", "The drawer is closed."),
        ("what is on the floor?", "On the floor I see a blue ball."),
        ("is there a ball on the floor?", "Yes. The blue ball is on the floor"),
        ("is there anything on the table?", "On the oak table I see a red can."),
        ("what colour is the ball?", "The blue ball is blue."),
        ("how far away is the table?", "0.5 m from me"),
        ("go and see what is in the box", "In the white box I see a green can."),
        ("is the table open?", "nothing that I know to open or close"),
        ("is the red can on the table?", "Yes. The red can is on the oak table"),
        ("is the red can in the box?", "No. The red can is on the oak table"),
        ("are there any balls on the table", "No. The blue ball is on the floor"),
        ("do you see a ball?", "Yes. The blue ball is on the floor"),
        ("what are you holding?", "I hold nothing."),
        ("where are you?", "I am at the oak table."),
        ("what can you do?", "move_to ("),
        ("who are you?", "I am the robot 'ep'."),
        ("thanks", "You are welcome."),
    ],
)
def test_a_question_is_answered_and_nothing_is_done(text, said):
    result = ask(text)
    assert said in result.message
    assert (result.status, result.steps, result.goal) == ("ok", (), ())


def test_what_is_held_is_in_the_gripper():
    holding = {**SCENE, "robot": {"name": "ep", "at": "table", "holding": "ball"}}
    assert ask("what are you holding?", holding).message == "I hold the blue ball."
    assert "in my gripper" in ask("where is the ball?", holding).message


def test_a_greeting_is_answered_with_a_question():
    result = ask("hello")
    assert (result.status, result.message) == ("clarify", "Hello. What should I do?")


def test_what_is_not_here_is_missing():
    result = ask("where is the banana?")
    assert (result.status, result.missing, result.steps) == ("clarify", ("banana",), ())


@pytest.mark.parametrize(
    "text",
    [
        "put the red can in the box",
        "is it possible to put the red can in the box",
        "can you find the ball",
        "can you open the drawer",
        "what is on the table goes in the box",
        "help me clear the table",
        "where the red can was, put the ball",
    ],
)
def test_a_command_is_no_question(text):
    assert answered(PlanRequest(text, PlanningScene.parse(SCENE), SKILLS), load_rules()) is None


def test_what_the_scene_does_not_tell_is_asked():
    result = ask("where is the left can?")
    assert (result.status, result.steps) == ("clarify", ())
    assert "which of them is where" in result.message


def test_before_anything_is_seen_the_robot_looks_around():
    task = TaskExecution(RulePlanner(), SKILLS, "what do you see?")
    action = task.begin(PlanningScene.parse(EMPTY))
    assert isinstance(action, RunStep)
    assert action.step.skill == "look_around"
    action = task.on_result(StepOutcome(True), PlanningScene.parse(SCENE))
    assert isinstance(action, Finished)
    assert action.success
    assert "a red can on the oak table" in action.message


@pytest.mark.parametrize(
    ("text", "deed", "said"),
    [
        ("go to the table and tell me what is on it", "move_to", "On the oak table I see a red can."),
        ("look around and tell me what you see", "look_around", "I see a red can on the oak table"),
        ("open the drawer, then tell me what is inside", "move_to", "In the drawer I see nothing."),
        ("go to the box and report how many cans are in it", "move_to", "I see 1 in the white box: the green can."),
    ],
)
def test_a_question_after_a_command_is_answered_in_the_end(text, deed, said):
    task = TaskExecution(RulePlanner(), SKILLS, text)
    action = task.begin(PlanningScene.parse(SCENE))
    assert action.step.skill == deed
    while isinstance(action, RunStep):
        action = task.on_result(StepOutcome(True), PlanningScene.parse(SCENE), ())
    assert action.success
    assert said in action.message


def test_no_planner_is_asked_what_is_to_be_reported():
    result = planned(
        RulePlanner(), PlanRequest("look around and tell me what you see", PlanningScene.parse(SCENE), SKILLS)
    )
    assert [step.skill for step in result.steps] == ["look_around"]


@pytest.mark.parametrize("text", ["go to the table and tell me a joke", "take the can and put it there", "what is it?"])
def test_nothing_else_is_taken_for_a_report(text):
    assert with_report(text) == (text, "")


@given(st.text(max_size=80))
def test_no_text_raises(text):
    asked = question(text)
    assert asked is None or asked.kind


@given(st.lists(st.sampled_from(WORDS)))
def test_no_words_raise_or_move_anything(words):
    result = answered(PlanRequest(" ".join(words), PlanningScene.parse(SCENE), SKILLS), load_rules())
    assert result is None or not result.steps
