"""The dispatcher: one place to say what should be done, before the schedulers of several robots.

An instruction that names a robot goes to it; any other is planned by every robot's scheduler, out of the skills that
its own skill server lists, and carried out by the first that can. ``stop`` goes to all of them at once. Feedback,
questions, answers and cancelling are passed through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rclpy.action import ActionClient, ActionServer, CancelResponse, GoalResponse
from rclpy.action.client import ClientGoalHandle
from rclpy.action.server import ServerGoalHandle
from rclpy.node import Node
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
from robomatrix_nodes.waiting import within


@dataclass(frozen=True)
class DispatcherParameters:
    """Parameters of the dispatcher node."""

    robots: list[str] = parameter(["ep"], "Namespaces of the robots, the preferred first.")
    plan_wait: float = parameter(10.0, "How long a robot's plan is waited for [s].", 0.1, 300.0)
    stop_wait: float = parameter(5.0, "How long a robot's word that it stopped is waited for [s].", 0.1, 60.0)


@dataclass
class Job:
    """What a robot is doing for a goal."""

    goal: ServerGoalHandle
    handle: ClientGoalHandle | None = None
    asking: bool = False
    """It waits for an answer."""

    def on_feedback(self, message: Any) -> None:
        """Passes feedback on."""
        self.asking = message.feedback.step_state == "asking"
        self.goal.publish_feedback(message.feedback)


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
        self._running: dict[str, Job] = {}
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
        """Whoever is free can be asked; ``stop`` is for those who are not."""
        named, told = addressed(request.instruction, self.settings.robots)
        free = len(self._running) < len(self.settings.robots) and named not in self._running
        return GoalResponse.ACCEPT if free or self._rules.is_stop(told) else GoalResponse.REJECT

    def _on_cancel(self, goal: ServerGoalHandle) -> CancelResponse:
        for job in self._running.values():
            if job.goal is goal:
                job.handle.cancel_goal_async()
        return CancelResponse.ACCEPT

    def _on_answer(self, message: String) -> None:
        """Passes an answer to the robot that asked; where several did, it has to be named."""
        asking = [name for name, job in self._running.items() if job.asking]
        named, told = addressed(message.data, asking)
        if named is None and len(asking) != 1:
            names = ", ".join(asking) or "nobody"
            self.get_logger().warning(f"'{message.data[:100]}' answers whom? {names} asked; begin with the name")
            return
        self._answers[named or asking[0]].publish(String(data=told))

    # One instruction.

    async def _execute(self, goal: ServerGoalHandle) -> ExecuteTask.Result:
        name, told = addressed(goal.request.instruction, self.settings.robots)
        if self._rules.is_stop(told):
            return self._concluded(goal, await self._stopped([name] if name else self.settings.robots))
        if name is None:
            answers = await self._planned(told)
            if not answers:
                return self._concluded(goal, _failure(ExecuteTask.Result.ERROR_BUSY, "no free robot answers"))
            name = preferred(answers)
        self.get_logger().info(f"'{told[:100]}' goes to {name}")
        return self._concluded(goal, await self._carried_out(goal, name, told))

    async def _stopped(self, names: list[str]) -> ExecuteTask.Result:
        """Tells all of them to stop before it waits for any; returns the worst that came of it."""
        ready = [name for name in names if self._tasks[name].server_is_ready()]
        sent = {name: self._tasks[name].send_goal_async(ExecuteTask.Goal(instruction="stop")) for name in ready}
        results = [_not_up(name) for name in names if name not in sent]
        for name, future in sent.items():
            handle = await within(self, future, self.settings.stop_wait)
            answer = await within(self, handle.get_result_async(), self.settings.stop_wait) if handle else None
            silent = _failure(ExecuteTask.Result.ERROR_INTERNAL, f"{name} does not confirm that it stopped")
            results.append(silent if answer is None else answer.result)
        return min(results, key=lambda result: result.success)

    async def _planned(self, instruction: str) -> dict[str, PlanResult]:
        """Asks every robot that is up and free for its plan."""
        free = {n: c for n, c in self._plans.items() if n not in self._running and c.service_is_ready()}
        asked = {name: client.call_async(PlanTask.Request(instruction=instruction)) for name, client in free.items()}
        answers = {}
        for name, future in asked.items():
            response = await within(self, future, self.settings.plan_wait)
            if response is not None and response.error_code == PlanTask.Request.ERROR_NONE:
                answers[name] = conversions.from_plan(response.plan)
        return answers

    async def _carried_out(self, goal: ServerGoalHandle, name: str, told: str) -> ExecuteTask.Result:
        if not self._tasks[name].server_is_ready():
            return _not_up(name)
        options = {"dry_run": goal.request.dry_run, "ask_before_run": goal.request.ask_before_run}
        job = Job(goal)
        handle = await self._tasks[name].send_goal_async(
            ExecuteTask.Goal(instruction=told, **options), feedback_callback=job.on_feedback
        )
        if not handle.accepted:
            return _failure(ExecuteTask.Result.ERROR_BUSY, f"{name} is busy with another task")
        job.handle, self._running[name] = handle, job
        if goal.is_cancel_requested:
            handle.cancel_goal_async()
        try:
            return (await handle.get_result_async()).result
        finally:
            self._running.pop(name, None)

    @staticmethod
    def _concluded(goal: ServerGoalHandle, result: ExecuteTask.Result) -> ExecuteTask.Result:
        if result.success:
            goal.succeed()
        elif result.error_code == ExecuteTask.Result.ERROR_CANCELED and goal.is_cancel_requested:
            goal.canceled()
        else:
            goal.abort()
        return result


def _not_up(name: str) -> ExecuteTask.Result:
    return _failure(ExecuteTask.Result.ERROR_NO_SKILL_SERVER, f"the scheduler of {name} is not up")


def _failure(code: int, message: str) -> ExecuteTask.Result:
    return ExecuteTask.Result(success=False, error_code=code, error_msg=message)


def main(args: list[str] | None = None) -> None:
    """Entry point of ``ros2 run robomatrix dispatcher``."""
    run(Dispatcher, args=args)
