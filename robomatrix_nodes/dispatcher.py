"""The dispatcher: one place to say what should be done, before the schedulers of several robots.

An instruction that names a robot goes to it; any other is planned by every robot's scheduler, out of the skills that
its own skill server lists, and carried out by the first that can. ``stop`` goes to all of them. Feedback, questions,
answers and cancelling are passed through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rclpy.action import ActionClient, ActionServer, CancelResponse, GoalResponse
from rclpy.action.client import ClientGoalHandle
from rclpy.action.server import ServerGoalHandle
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.task import Future
from std_msgs.msg import String

from robomatrix.errors import ConfigurationError
from robomatrix.scheduling.choice import addressed, preferred
from robomatrix.scheduling.plan import PlanResult
from robomatrix.scheduling.safety import load_rules
from robomatrix_interfaces.action import ExecuteTask
from robomatrix_interfaces.srv import PlanTask
from robomatrix_nodes import conversions, qos
from robomatrix_nodes.parameters import declare, parameter
from robomatrix_nodes.process import run

STEADY = Clock(clock_type=ClockType.STEADY_TIME)


@dataclass(frozen=True)
class DispatcherParameters:
    """Parameters of the dispatcher node."""

    robots: list[str] = parameter(["ep"], "Namespaces of the robots, the preferred first.")
    plan_wait: float = parameter(10.0, "How long a robot's plan is waited for [s].", 0.1, 300.0)


class Dispatcher(Node):
    """See the module's description."""

    def __init__(self, **options: Any) -> None:
        super().__init__("dispatcher", **options)
        self.settings = declare(self, DispatcherParameters)
        if not self.settings.robots:
            raise ConfigurationError("parameter robots is empty; name at least one namespace")
        self._rules = load_rules()
        robots = self.settings.robots
        self._plans = {name: self.create_client(PlanTask, f"/{name}/plan_task") for name in robots}
        self._tasks = {name: ActionClient(self, ExecuteTask, f"/{name}/execute_task") for name in robots}
        self._answers = {name: self.create_publisher(String, f"/{name}/answer", qos.EVENT) for name in robots}
        self._running: dict[str, ClientGoalHandle] = {}
        self.create_subscription(String, "answer", self._on_answer, qos.EVENT)
        self._server = ActionServer(
            self,
            ExecuteTask,
            "execute_task",
            execute_callback=self._execute,
            goal_callback=self._on_goal,
            cancel_callback=self._on_cancel,
        )

    # What comes in.

    def _on_goal(self, request: ExecuteTask.Goal) -> GoalResponse:
        named, _ = addressed(request.instruction, self.settings.robots)
        free = len(self._running) < len(self.settings.robots) and named not in self._running
        return GoalResponse.ACCEPT if free or self._rules.is_stop(request.instruction) else GoalResponse.REJECT

    def _on_cancel(self, goal: ServerGoalHandle) -> CancelResponse:
        for handle in self._running.values():
            handle.cancel_goal_async()
        return CancelResponse.ACCEPT

    def _on_answer(self, message: String) -> None:
        for name in self._running:
            self._answers[name].publish(message)

    # One instruction.

    async def _execute(self, goal: ServerGoalHandle) -> ExecuteTask.Result:
        if self._rules.is_stop(goal.request.instruction):
            results = [await self._carried_out(goal, name, "stop") for name in self.settings.robots]
            return self._concluded(goal, min(results, key=lambda result: result.success))
        name, told = addressed(goal.request.instruction, self.settings.robots)
        if name is None:
            answers = await self._planned(told)
            if not answers:
                return self._concluded(goal, _failure(ExecuteTask.Result.ERROR_BUSY, "no free robot answers"))
            name = preferred(answers)
        self.get_logger().info(f"'{told[:100]}' goes to {name}")
        return self._concluded(goal, await self._carried_out(goal, name, told))

    async def _planned(self, instruction: str) -> dict[str, PlanResult]:
        """Asks every robot that is up and free for its plan."""
        free = {n: c for n, c in self._plans.items() if n not in self._running and c.service_is_ready()}
        asked = {name: client.call_async(PlanTask.Request(instruction=instruction)) for name, client in free.items()}
        answers = {}
        for name, future in asked.items():
            response = await self._within(future, self.settings.plan_wait)
            if response is not None and response.error_code == PlanTask.Request.ERROR_NONE:
                answers[name] = conversions.from_plan(response.plan)
        return answers

    async def _carried_out(self, goal: ServerGoalHandle, name: str, told: str) -> ExecuteTask.Result:
        if not self._tasks[name].server_is_ready():
            return _failure(ExecuteTask.Result.ERROR_NO_SKILL_SERVER, f"the scheduler of {name} is not up")
        options = {"dry_run": goal.request.dry_run, "ask_before_run": goal.request.ask_before_run}
        request = ExecuteTask.Goal(instruction=told, **options)
        handle = await self._tasks[name].send_goal_async(
            request, feedback_callback=lambda message: goal.publish_feedback(message.feedback)
        )
        if not handle.accepted:
            return _failure(ExecuteTask.Result.ERROR_BUSY, f"{name} is busy with another task")
        self._running[name] = handle
        if goal.is_cancel_requested:
            handle.cancel_goal_async()
        result = (await handle.get_result_async()).result
        self._running.pop(name, None)
        return result

    @staticmethod
    def _concluded(goal: ServerGoalHandle, result: ExecuteTask.Result) -> ExecuteTask.Result:
        if result.success:
            goal.succeed()
        elif result.error_code == ExecuteTask.Result.ERROR_CANCELED and goal.is_cancel_requested:
            goal.canceled()
        else:
            goal.abort()
        return result

    async def _within(self, future: Future, seconds: float) -> Any:
        """Awaits a future; None when it does not come within this wall time."""
        either = Future(executor=self.executor)
        future.add_done_callback(lambda done: None if either.done() else either.set_result(done.result()))
        timer = self.create_timer(seconds, lambda: None if either.done() else either.set_result(None), clock=STEADY)
        value = await either
        self.destroy_timer(timer)
        return value


def _failure(code: int, message: str) -> ExecuteTask.Result:
    return ExecuteTask.Result(success=False, error_code=code, error_msg=message)


def main(args: list[str] | None = None) -> None:
    """Entry point of ``ros2 run robomatrix dispatcher``."""
    run(Dispatcher, args=args)
