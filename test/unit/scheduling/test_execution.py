import json
from dataclasses import dataclass, field

import pytest

from robomatrix.scheduling.actions import Approve, Ask, Finished, Options, RunStep, StepOutcome, TaskError
from robomatrix.scheduling.audit import AuditLog
from robomatrix.scheduling.execution import TaskExecution
from robomatrix.scheduling.plan import PlanRequest, PlanResult, PlanStep
from robomatrix.scheduling.scene import PlanningScene
from robomatrix.skills.base import ErrorCode
from robomatrix.skills.mobile_manipulation.specs import SPECS
from robomatrix.skills.skillmimic.specs import SPECS as BALL_SKILLS

CARRY = (
    PlanStep("grasp", {"object": "red_can"}),
    PlanStep("position_over", {"object": "red_can", "target": "white_box"}),
    PlanStep("release", {"object": "red_can"}),
)


@dataclass
class Scripted:
    """A planner with prepared answers; the last one is given for ever."""

    results: list
    requests: list = field(default_factory=list)

    def plan(self, request: PlanRequest) -> PlanResult:
        self.requests.append(request)
        return self.results[min(len(self.requests), len(self.results)) - 1]


def _seen(scene, state):
    data = scene.to_json()
    data["robot"] |= {"holding": state.holding, "at": state.place}
    for thing in data.get("objects", []):
        thing["at"] = state.resting[thing["id"]]
    for place in data["locations"]:
        if place.get("openable"):
            place["open"] = place["id"] not in state.closed
    return PlanningScene.parse(data)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def task_for(*results, **options):
    return TaskExecution(Scripted(list(results)), SPECS, "put it away", Options(**options), clock=Clock())


def drive(task, scene, failing=None, seen=(), code=ErrorCode.GRASP_FAILED):
    """Runs a task with skills that succeed on paper; perception sees nothing new unless told."""
    failing = dict(failing or {})
    action, steps = task.begin(scene), []
    while isinstance(action, RunStep):
        steps.append(action.step.skill)
        fails = failing.get(action.step.skill, 0) > 0
        failing[action.step.skill] = failing.get(action.step.skill, 0) - 1
        now = _seen(scene, task._belief.state) if task._belief else scene
        if not fails and action.step.skill == "grasp":
            now = _holding(scene, action.step.arguments["object"])
        if not fails and action.step.skill == "release":
            now = scene
        action = task.on_result(StepOutcome(not fails, "slipped" if fails else "", code if fails else 0), now, seen)
    return action, steps


def _holding(scene, object_id):
    data = scene.to_json()
    data["robot"]["holding"] = object_id
    return PlanningScene.parse(data)


OK = PlanResult("ok", "the can is away", steps=CARRY, goal=("on(red_can, white_box)",))


def test_a_plan_is_completed_and_run_in_order(office):
    end, steps = drive(task_for(OK), office)
    assert steps == ["move_to", "grasp", "move_to", "position_over", "release"]
    assert end == Finished(True, "the can is away", TaskError.NONE, end.plan)
    assert len(end.plan) == 5


def test_a_failed_grasp_is_approached_anew_and_tried_again(office):
    end, steps = drive(task_for(OK), office, {"grasp": 1})
    assert end.success
    assert steps[:4] == ["move_to", "grasp", "move_to", "grasp"]


def test_a_step_that_ran_out_of_its_time_is_not_tried_again_as_it_is(office):
    task = task_for(OK)
    end, steps = drive(task, office, {"grasp": 99}, code=ErrorCode.TIMEOUT)
    assert (end.success, end.error) == (False, TaskError.FAILED)
    assert steps.count("grasp") == 1 + task.rules.limits.replans


def test_after_the_retries_comes_a_new_plan_with_the_reason_then_the_end(office):
    task = task_for(OK)
    end, steps = drive(task, office, {"grasp": 99})
    assert (end.success, end.error) == (False, TaskError.FAILED)
    assert task.replans == task.rules.limits.replans == 3
    assert "slipped" in task.planner.requests[1].history[-1]
    assert len(steps) < 30


def test_a_robot_on_which_nothing_works_any_more_is_not_asked_for_ever(office):
    task = task_for(OK)
    end, steps = drive(task, office, {"move_to": 99}, code=ErrorCode.BLOCKED)
    assert (end.success, end.error) == (False, TaskError.FAILED)
    assert "nothing works" in end.message
    assert len(steps) == task.rules.limits.fruitless + 1


def test_what_works_in_between_starts_the_count_of_failures_anew(office):
    end, _ = drive(task_for(OK), office, {"grasp": 2, "release": 2})
    assert end.success


def test_success_that_perception_contradicts_is_a_failure(office):
    task = task_for(OK)
    action = task.begin(office)
    action = task.on_result(StepOutcome(True), office)
    assert action.step.skill == "grasp"
    action = task.on_result(
        StepOutcome(True), office
    )  # says it grasped; the can is seen on the table, the gripper empty
    assert action.step.skill in ("move_to", "grasp")
    assert "did not hold" in task.history[-1]


def test_a_dry_run_only_plans(office):
    end = task_for(OK, dry_run=True).begin(office)
    assert end.success
    assert [s.skill for s in end.plan] == ["move_to", "grasp", "move_to", "position_over", "release"]


def test_approval_is_waited_for(office):
    task = task_for(OK, ask_before_run=True)
    action = task.begin(office)
    assert isinstance(action, Approve)
    assert isinstance(task.approve(True), RunStep)


def test_a_plan_that_is_not_approved_is_not_run(office):
    task = task_for(OK, ask_before_run=True)
    task.begin(office)
    assert task.approve(False).error is TaskError.CANCELED


def test_an_answer_goes_back_to_the_planner(office):
    task = task_for(PlanResult("clarify", "Which can?"), OK)
    action = task.begin(office)
    assert action == Ask("Which can?")
    assert isinstance(task.answer("the red one", office), RunStep)
    assert task.planner.requests[1].history == ("asked: Which can?", "answered: the red one")


def test_stop_as_an_answer_ends_the_task(office):
    task = task_for(PlanResult("clarify", "Which can?"))
    task.begin(office)
    assert task.answer("stop!", office).error is TaskError.CANCELED


def test_stopping_bypasses_planner_and_approval(office):
    task = TaskExecution(Scripted([OK]), SPECS, "STOP!", Options(ask_before_run=True))
    assert task.begin(office) == RunStep(0, PlanStep("stop"))
    assert task.planner.requests == []


def test_a_robot_without_a_skill_to_stop_has_stopped_when_nothing_runs(office):
    others = [spec for spec in SPECS if spec.name != "stop"]
    end = TaskExecution(Scripted([]), others, "stop", Options(), clock=Clock()).begin(office)
    assert (end.success, end.message) == (True, "stopped")


def test_what_is_missing_is_looked_for_once(office):
    task = task_for(PlanResult("clarify", "There is no cup.", ("cup",)), OK)
    action = task.begin(office)
    assert action == RunStep(-1, PlanStep("look_around"))
    assert task.on_result(StepOutcome(True), office).step.skill == "move_to"


def test_a_refusal_ends_the_task(office):
    end = task_for(PlanResult("refuse", "that is dangerous")).begin(office)
    assert (end.success, end.error, end.message) == (False, TaskError.REFUSED, "that is dangerous")


def test_cancelling_is_final(office):
    task = task_for(OK)
    task.begin(office)
    end = task.cancel("operator")
    assert end.error is TaskError.CANCELED
    assert task.on_result(StepOutcome(True), office) is end
    assert task.cancel() is end


def test_the_time_limit_ends_the_task(office):
    task = task_for(OK)
    task.begin(office)
    task.clock.now = 1e6
    assert task.on_result(StepOutcome(True), office).error is TaskError.TIMEOUT


def test_a_turn_that_was_made_is_not_made_again_after_a_new_plan(office):
    plan = PlanResult("ok", steps=(PlanStep("turn", {"angle_deg": 90.0}), *CARRY))
    end, steps = drive(task_for(plan), office, {"grasp": 4})
    assert end.success
    assert steps.count("turn") == 1


def test_the_audit_log_tells_the_whole_story(office, tmp_path):
    task = task_for(OK)
    drive(task, office, {"grasp": 1})
    log = AuditLog(tmp_path / "logs" / "audit.jsonl")
    log.write(task.record())
    log.write(task.record())
    first, second = (json.loads(line) for line in log.path.read_text().splitlines())
    assert first == second
    assert (first["instruction"], first["success"], first["planner"]) == ("put it away", True, "Scripted")
    assert [e["event"] for e in first["events"]][:2] == ["plan", "step"]
    assert any("slipped" in line for line in first["history"])


@pytest.mark.parametrize("skill", ["position_over", "release"])
def test_an_object_lost_on_the_way_is_picked_up_again(office, skill):
    task = task_for(OK)
    action = task.begin(office)
    while action.step.skill != skill:
        now = _holding(office, "red_can") if task.index >= 1 else office
        action = task.on_result(StepOutcome(True), now, ())
    action = task.on_result(StepOutcome(False, "lost"), office, ())  # the gripper is empty
    remaining = [s.skill for s in task.plan[task.index :]]
    assert remaining[:2] == ["move_to", "grasp"]


def _with_object(scene, id_, at):
    data = scene.to_json()
    others = [thing for thing in data["objects"] if thing["id"] != id_]
    data["objects"] = [*others, {"id": id_, "name": id_.replace("_", " "), "class": "can", "at": at}]
    return PlanningScene.parse(data)


def _deliver(task, scene, new=None):
    """Runs a task to its end; when the first release is done, ``new`` is seen on the table besides."""
    action, released = task.begin(scene), []
    while isinstance(action, RunStep):
        step, now = action.step, _seen(scene, task._belief.state)
        if step.skill == "grasp":
            now = _holding(now, step.arguments["object"])
        if step.skill == "release":
            released.append(step.arguments["object"])
            data = now.to_json()
            data["robot"]["holding"] = None
            now = PlanningScene.parse(data)
            if new and len(released) == 1:
                scene = now = _with_object(now, new, "table")
        appeared = step.skill == "release" and len(released) == 1
        action = task.on_result(StepOutcome(True), now, (new,) if appeared else ())
    return action, released


def test_what_shows_up_later_and_was_meant_too_is_done_too(office):
    all_of_it = PlanResult("ok", "both", steps=CARRY, goal=("on(red_can, white_box)", "on(late_can, white_box)"))
    task = task_for(OK, all_of_it)
    end, released = _deliver(task, office, "late_can")
    assert end.success
    assert released == ["red_can", "late_can"]
    hindsight = task.planner.requests[1].scene
    assert hindsight.object("red_can").at == office.object("red_can").at, "asked as if it had been known at first"


def test_what_turns_out_to_be_where_it_was_meant_is_done_too(office):
    """Seen from afar it lay beside the table, seen from nearby on it."""
    all_of_it = PlanResult("ok", "both", steps=CARRY, goal=("on(red_can, white_box)", "on(late_can, white_box)"))
    task = task_for(OK, all_of_it)
    end, released = _deliver(task, _with_object(office, "late_can", None), "late_can")
    assert end.success
    assert released == ["red_can", "late_can"]


def test_what_shows_up_later_and_was_not_meant_is_left_alone(office):
    other = PlanResult("ok", "another", steps=CARRY, goal=("on(late_can, white_box)",))
    end, released = _deliver(task_for(OK, other), office, "late_can")
    assert end.success
    assert released == ["red_can"]


def test_nothing_to_do_is_believed_only_after_a_look(office):
    look = PlanResult("ok", "nothing", steps=(PlanStep("move_to", {"target": "white_box"}),))
    task = task_for(look, PlanResult("ok", "away", steps=CARRY, goal=("on(late_can, white_box)",)))
    action = task.begin(office)
    assert action.step.skill == "move_to"
    action = task.on_result(StepOutcome(True), _with_object(office, "late_can", "table"), ("late_can",))
    assert not isinstance(action, Finished), "what turned up has to go, too"
    assert action.step.arguments.get("target") == "late_can"


def test_nothing_new_seen_means_no_second_question(office):
    task = task_for(OK)
    end, _ = _deliver(task, office)
    assert end.success
    assert len(task.planner.requests) == 1


def test_a_release_that_failed_out_of_sight_is_not_believed(office):
    task = task_for(OK)
    action = task.begin(office)
    while action.step.skill != "release":
        now = _seen(office, task._belief.state)
        if action.step.skill == "grasp":
            now = _holding(now, "red_can")
        action = task.on_result(StepOutcome(True), now, ())
    gone = office.to_json()
    next(o for o in gone["objects"] if o["id"] == "red_can")["at"] = "white_box"  # a guess of perception's, not seen
    action = task.on_result(StepOutcome(False, "out of sight", 127), PlanningScene.parse(gone), ())
    assert isinstance(action, RunStep)
    assert action.step.skill == "move_to"
    assert not task.finished


def test_what_is_not_seen_is_looked_for_from_here_then_from_elsewhere_then_asked_for(office):
    data = office.to_json()
    data["robot"]["position"] = (0.0, 0.0, 0.0)
    for index, place in enumerate(data["locations"]):
        place["position"] = (float(index), 1.0, 0.0)
    scene = PlanningScene.parse(data)
    far = max((p for p in scene.locations if p.kind in ("surface", "container")), key=lambda p: p.position[0])
    missing = PlanResult("clarify", "There is no blue cup here.", missing=("blue cup",))
    task = task_for(missing)
    action, steps = task.begin(scene), []
    while isinstance(action, RunStep):
        steps.append((action.index, str(action.step)))
        action = task.on_result(StepOutcome(action.step.skill != "move_to"), scene, ())
    assert steps == [(-1, "look_around()"), (-1, f"move_to(target={far.id})"), (-1, "look_around()")]
    assert isinstance(action, Ask)
    assert action.question == "There is no blue cup here."


def test_what_shows_up_on_the_second_look_is_fetched(office):
    missing = PlanResult("clarify", "There is no red can here.", missing=("red can",))
    task = task_for(missing, OK)
    action = task.begin(office)
    assert str(action.step) == "look_around()"
    action = task.on_result(StepOutcome(True), office, ())
    assert (action.index, action.step.skill) == (0, "move_to")


@pytest.mark.parametrize("instruction", ["", "   ", "§%&/()=", "put it away " * 2000])
def test_for_what_says_nothing_the_robot_does_not_even_look(instruction):
    task = task_for(PlanResult("clarify", "What should I do?"))
    task.instruction = instruction
    empty = PlanningScene.parse({"robot": {"name": "ep"}, "locations": [], "objects": []})
    assert isinstance(task.begin(empty), Ask)


def test_what_no_robot_could_recognise_is_not_looked_for(office):
    task = task_for(PlanResult("clarify", "There is no unicorn here.", missing=("unicorn",)))
    assert isinstance(task.begin(office), Ask)


PICK_AND_SHOOT = PlanResult("ok", "2 steps", steps=(PlanStep("pick_up_ball"), PlanStep("shoot_ball")))


def play(outcomes, text="pick up the ball and shoot it"):
    """Runs a player's task with prepared outcomes: (skill, success, held afterwards, message, code)."""
    thing = {"id": "ball", "name": "ball", "class": "ball"}

    def court(holding):
        return PlanningScene.parse({"robot": {"name": "player", "holding": holding}, "objects": [thing]})

    task = TaskExecution(Scripted([PICK_AND_SHOOT]), BALL_SKILLS, text, clock=Clock())
    action = task.begin(court(None))
    for skill, success, held, message, code in outcomes:
        assert isinstance(action, RunStep)
        assert action.step.skill == skill
        action = task.on_result(StepOutcome(success, message, code), court("ball" if held else None), ())
    return task, action


PICKED = ("pick_up_ball", True, True, "", 0)
MISSED = ("shoot_ball", False, False, "the shot missed by 0.4 m", ErrorCode.TARGET_MISSED)
FAR = ("pick_up_ball", False, False, "the ball is out of reach: 3.1 m ahead", ErrorCode.PRECONDITION)


def test_after_a_missed_shot_the_ball_is_picked_up_again():
    scored = ("shoot_ball", True, False, "", 0)
    task, end = play([PICKED, MISSED, PICKED, scored])
    assert isinstance(end, Finished)
    assert end.success
    assert task.replans == 0


def test_a_ball_out_of_reach_ends_the_task_and_both_reasons_are_given():
    task, end = play([PICKED, MISSED, FAR, FAR, FAR])
    assert (end.success, end.error) == (False, TaskError.FAILED)
    missed = "shoot_ball() failed: the shot missed by 0.4 m"
    assert end.message == f"gave up: {missed}; then pick_up_ball() failed: the ball is out of reach: 3.1 m ahead"
    assert task.replans == 1


def test_what_was_refused_is_planned_anew_once_it_has_failed_otherwise():
    missed = ("shoot_ball", False, True, "swayed", ErrorCode.TARGET_MISSED)
    _, end = play([PICKED, *[("shoot_ball", False, True, "no hoop", ErrorCode.PRECONDITION)] * 2, missed])
    assert isinstance(end, RunStep)
    assert end.step.skill == "pick_up_ball"
