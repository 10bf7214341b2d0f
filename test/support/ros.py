"""What a test asks of a running stack."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from rclpy.action import ActionClient
from rclpy.node import Node
from std_srvs.srv import Trigger

from robomatrix_interfaces.action import ExecuteSkill, ExecuteTask
from robomatrix_nodes import conversions
from robomatrix_nodes.stack import Stack

PATIENCE = 20.0
"""Ten times what anything here takes [s]."""


def wait(stack: Stack, done: Callable[[], bool], what: str) -> None:
    """Spins until ``done``; fails, saying what was waited for, when it does not come."""
    limit = time.monotonic() + PATIENCE
    stack.spin_until(lambda: done() or time.monotonic() > limit)
    assert done(), f"{what} did not come within {PATIENCE:g} s"


class Client(Node):
    """An operator's node inside the stack's context."""

    def __init__(self, stack: Stack) -> None:
        super().__init__("client", context=stack.context, namespace=stack.settings.robot, use_global_arguments=False)
        self._stack = stack
        stack.nodes.append(self)
        stack.executor.add_node(self)
        self.skills = ActionClient(self, ExecuteSkill, "execute_skill")
        self.tasks = ActionClient(self, ExecuteTask, "execute_task")
        self.feedback: list[Any] = []

    def send_skill(self, skill: str, timeout: float = 0.0, **arguments: object) -> Any:
        goal = ExecuteSkill.Goal(skill=skill, arguments=conversions.to_parameters(arguments), timeout=timeout)
        return self._send(self.skills, goal)

    def send_task(self, instruction: str, **options: bool) -> Any:
        return self._send(self.tasks, ExecuteTask.Goal(instruction=instruction, **options))

    def _send(self, client: ActionClient, goal: Any) -> Any:
        self.until(client.server_is_ready)
        handle = client.send_goal_async(goal, feedback_callback=lambda m: self.feedback.append(m.feedback))
        return self.get(handle)

    def result(self, handle: Any) -> Any:
        return self.get(handle.get_result_async()).result

    def run_skill(self, skill: str, timeout: float = 0.0, **arguments: object) -> Any:
        return self.result(self.send_skill(skill, timeout, **arguments))

    def run_task(self, instruction: str, **options: bool) -> Any:
        return self.result(self.send_task(instruction, **options))

    def call(self, name: str) -> Trigger.Response:
        client = self.create_client(Trigger, name)
        self.until(client.service_is_ready)
        return self.get(client.call_async(Trigger.Request()))

    def get(self, future: Any) -> Any:
        self.until(future.done)
        return future.result()

    def until(self, done: Callable[[], bool]) -> None:
        wait(self._stack, done, "an answer")
