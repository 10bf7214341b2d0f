"""Questions of the scheduler, put as feedback of the action and answered over the topic, on real DDS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from std_msgs.msg import String
from support.ros import Client, wait

from robomatrix_interfaces.action import ExecuteTask
from robomatrix_interfaces.msg import SceneObject, SceneObjectArray
from robomatrix_nodes import qos
from robomatrix_nodes.stack import Stack

BringUp = Callable[..., Stack]
CANS = (("can_1", "red"), ("can_2", "green"))


class Operator(Client):
    """Shows the scheduler two cans on a table, and answers its questions."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(stack)
        self._scene = self.create_publisher(SceneObjectArray, "scene/objects", qos.LATCHED)
        self._answer = self.create_publisher(String, "answer", qos.EVENT)
        self._scene.publish(self._cans())
        wait(stack, lambda: len(stack.scheduler.surroundings.world.objects) == 2, "the scene")

    def _cans(self) -> SceneObjectArray:
        message = SceneObjectArray(objects=[_can(id_, colour, 0.2 * i) for i, (id_, colour) in enumerate(CANS)])
        message.header.frame_id = "odom"
        return message

    def questions(self) -> list[str]:
        return [f.detail for f in self.feedback if f.step_state == "asking"]

    def asked(self, stack: Stack, count: int = 1) -> str:
        wait(stack, lambda: len(self.questions()) >= count, "a question")
        return self.questions()[-1]

    def say(self, text: str) -> None:
        self._answer.publish(String(data=text))


def _can(id_: str, colour: str, y: float) -> SceneObject:
    message = SceneObject(id=id_, name=f"{colour} can", category="can", colour=colour, confidence=1.0)
    message.pose.position.x, message.pose.position.y = 1.0, y
    message.pose.orientation.w = 1.0
    return message


@pytest.fixture
def stack(bring_up: BringUp) -> Stack:
    return bring_up(answer_timeout=15.0)


@pytest.fixture
def operator(stack: Stack) -> Operator:
    return Operator(stack)


def planned(operator: Operator) -> list[Any]:
    return [f.plan for f in operator.feedback if f.plan.steps]


def test_an_answer_picks_what_was_meant(stack: Stack, operator: Operator) -> None:
    handle = operator.send_task("pick up the can")
    question = operator.asked(stack)
    assert "red can" in question and "green can" in question
    operator.say("the green one")
    wait(stack, lambda: bool(planned(operator)), "a plan")
    assert planned(operator)[0].steps[0].skill == "move_to"
    assert "can_2" in str(planned(operator)[0])
    operator.get(handle.cancel_goal_async())
    assert operator.result(handle).error_code == ExecuteTask.Result.ERROR_CANCELED


def test_an_answer_that_does_not_help_is_asked_again(stack: Stack, operator: Operator) -> None:
    handle = operator.send_task("pick up the can")
    operator.asked(stack)
    operator.say("what a lovely day")
    assert "can" in operator.asked(stack, 2)
    operator.say("stop")
    result = operator.result(handle)
    assert (result.success, result.error_code) == (False, ExecuteTask.Result.ERROR_CANCELED)


def test_no_answer_ends_the_task_and_nothing_moves(bring_up: BringUp) -> None:
    stack = bring_up(answer_timeout=0.3)
    operator = Operator(stack)
    result = operator.run_task("pick up the can")
    assert (result.success, result.error_code) == (False, ExecuteTask.Result.ERROR_CANCELED)
    assert "no answer" in result.error_msg
    assert stack.bridge.driver.read().odometry.yaw == pytest.approx(0.0, abs=0.01)


def test_a_plan_is_shown_and_runs_only_when_it_is_approved(stack: Stack, operator: Operator) -> None:
    refused = operator.send_task("turn left 90 degrees", ask_before_run=True)
    assert "run this plan" in operator.asked(stack)
    operator.say("no")
    assert operator.result(refused).error_code == ExecuteTask.Result.ERROR_CANCELED
    approved = operator.send_task("turn left 45 degrees", ask_before_run=True)
    operator.asked(stack, 2)
    operator.say("yes")
    assert operator.result(approved).success
    assert stack.bridge.driver.read().odometry.yaw == pytest.approx(0.785, abs=0.1)


def test_without_a_time_for_answers_the_question_is_the_result(bring_up: BringUp) -> None:
    operator = Operator(bring_up())
    result = operator.run_task("pick up the can")
    assert result.error_code == ExecuteTask.Result.ERROR_CLARIFY
    assert "red can" in result.error_msg
