"""Two robots behind one dispatcher, over real DDS."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from rclpy.action import ActionClient
from rclpy.parameter import Parameter
from std_msgs.msg import String
from support.ros import PATIENCE, Client

from robomatrix_interfaces.action import ExecuteTask
from robomatrix_interfaces.msg import SceneObject, SceneObjectArray
from robomatrix_nodes import qos
from robomatrix_nodes.dispatcher import Dispatcher
from robomatrix_nodes.stack import Stack, StackSettings

ROBOTS = ("ep", "s1")


class Operator(Client):
    """Speaks to the dispatcher, and shows both robots a target."""

    def __init__(self, stacks: dict[str, Stack]) -> None:
        self.stacks = stacks
        super().__init__(stacks["ep"])
        self.tasks = ActionClient(self, ExecuteTask, "/execute_task")
        self.answer = self.create_publisher(String, "/answer", qos.EVENT)
        for name, stack in stacks.items():
            publisher = self.create_publisher(SceneObjectArray, f"/{name}/scene/objects", qos.LATCHED)
            publisher.publish(_targets())
            self.until(lambda stack=stack: len(stack.scheduler.surroundings.world.objects) == 2)

    def until(self, done: Callable[[], bool]) -> None:
        limit = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < limit, "no answer came"
            for stack in self.stacks.values():
                stack.executor.spin_once(timeout_sec=0.005)

    def yaw(self, name: str) -> float:
        return self.stacks[name].bridge.driver.read().odometry.yaw


def _targets() -> SceneObjectArray:
    message = SceneObjectArray()
    message.header.frame_id = "odom"
    for number, colour in enumerate(("red", "green")):
        target = SceneObject(id=f"target_{number}", name=f"{colour} target", category="target", colour=colour)
        target.pose.position.x, target.pose.position.y, target.confidence = 3.0, float(number), 1.0
        target.pose.orientation.w = 1.0
        message.objects.append(target)
    return message


@pytest.fixture
def operator(domain_id: int) -> Iterator[Operator]:
    settings = {"domain_id": domain_id, "speed": 0.0, "camera": False, "answer_timeout": 15.0}
    with (
        Stack(StackSettings(robot="ep", **settings)) as ep,
        Stack(StackSettings(robot="s1", driver="mock", **settings)) as s1,
    ):
        robots = [Parameter("robots", value=list(ROBOTS))]
        node = Dispatcher(context=ep.context, parameter_overrides=robots, use_global_arguments=False)
        ep.nodes.append(node)
        ep.executor.add_node(node)
        operator = Operator({"ep": ep, "s1": s1})
        operator.until(lambda: all(client.server_is_ready() for client in node._tasks.values()))
        operator.until(lambda: all(client.service_is_ready() for client in node._plans.values()))
        yield operator


def test_the_named_robot_gets_it(operator: Operator) -> None:
    assert operator.run_task("s1, turn left 40 degrees").success
    assert operator.yaw("s1") == pytest.approx(0.698, abs=0.1)
    assert operator.yaw("ep") == pytest.approx(0.0, abs=0.01)


def test_the_first_that_can_gets_what_is_said_to_nobody(operator: Operator) -> None:
    result = operator.run_task("shoot the red target", dry_run=True)
    assert result.success, result.error_msg
    assert [step.skill for step in result.plan.steps][-1] == "shoot", "only the S1 has a blaster"
    assert operator.run_task("turn right 30 degrees").success
    assert operator.yaw("ep") == pytest.approx(-0.524, abs=0.1)


def test_questions_and_answers_pass_through(operator: Operator) -> None:
    handle = operator.send_task("shoot the target")
    operator.until(lambda: any(f.step_state == "asking" for f in operator.feedback))
    operator.answer.publish(String(data="the green one"))
    operator.until(lambda: any(f.plan.steps for f in operator.feedback))
    operator.get(handle.cancel_goal_async())
    assert operator.result(handle).error_code == ExecuteTask.Result.ERROR_CANCELED


def test_what_nobody_can_do_is_declined_by_one_of_them(operator: Operator) -> None:
    result = operator.run_task("sing a song", dry_run=True)
    assert (result.success, result.error_code) == (False, ExecuteTask.Result.ERROR_REFUSED)
    assert "sing" in result.error_msg


def test_stop_reaches_the_robot_that_is_named_and_busy_and_no_other(operator: Operator) -> None:
    first, second = operator.send_task("ep, turn left 3000 degrees"), operator.send_task("s1, turn left 3000 degrees")
    operator.until(lambda: abs(operator.yaw("ep")) > 0.1 and abs(operator.yaw("s1")) > 0.1)
    assert operator.run_task("ep, stop").success
    assert operator.result(first).error_code == ExecuteTask.Result.ERROR_CANCELED
    assert operator.send_task("s1, turn right 10 degrees").accepted is False, "it still turns"
    assert operator.run_task("stop").success
    assert operator.result(second).error_code == ExecuteTask.Result.ERROR_CANCELED


def test_cancelling_one_task_leaves_the_other_robot_at_work(operator: Operator) -> None:
    first, second = operator.send_task("ep, turn left 3000 degrees"), operator.send_task("s1, turn left 90 degrees")
    operator.get(first.cancel_goal_async())
    assert operator.result(first).error_code == ExecuteTask.Result.ERROR_CANCELED
    assert operator.result(second).success
    assert operator.yaw("s1") == pytest.approx(1.571, abs=0.1)


def test_an_answer_goes_to_the_robot_that_is_named_where_several_ask(operator: Operator) -> None:
    first = operator.send_task("ep, turn left 20 degrees", ask_before_run=True)
    second = operator.send_task("s1, turn left 20 degrees", ask_before_run=True)
    operator.until(lambda: sum(f.step_state == "asking" for f in operator.feedback) == 2)
    operator.answer.publish(String(data="yes"))
    operator.answer.publish(String(data="s1, yes"))
    assert operator.result(second).success
    operator.answer.publish(String(data="no"))
    assert operator.result(first).error_code == ExecuteTask.Result.ERROR_CANCELED
    assert operator.yaw("ep") == pytest.approx(0.0, abs=0.01)
