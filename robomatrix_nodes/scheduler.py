"""The scheduler: an instruction comes in, a supervised execution of a plan goes out to the skill server.

All decisions are made by :class:`robomatrix.scheduling.execution.TaskExecution`, on a worker thread because a planner
may take its time; this node carries its actions out and tells it what happened. Policy: one task at a time; a second
goal is rejected while one runs, except ``stop``, which cancels the running one.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rclpy.action import ActionClient, ActionServer, CancelResponse, GoalResponse
from rclpy.action.client import ClientGoalHandle
from rclpy.action.server import ServerGoalHandle
from rclpy.node import Node
from rclpy.task import Future
from std_msgs.msg import String

from robomatrix.errors import RobomatrixError
from robomatrix.scheduling.actions import Action, Approve, Ask, Finished, Options, RunStep, StepOutcome, TaskError
from robomatrix.scheduling.audit import AuditLog
from robomatrix.scheduling.execution import TaskExecution
from robomatrix.scheduling.perceived import seen_since
from robomatrix.scheduling.plan import PlanRequest, PlanResult
from robomatrix.scheduling.planners import DEFAULT, make_planner
from robomatrix.scheduling.safety import load_rules
from robomatrix.scheduling.validator import planned
from robomatrix.skills.spec import SkillSpec
from robomatrix_interfaces.action import ExecuteSkill, ExecuteTask
from robomatrix_interfaces.msg import SkillInfo
from robomatrix_interfaces.srv import ListSkills, PlanTask
from robomatrix_nodes import conversions, diagnostics, qos
from robomatrix_nodes.heartbeat import PERIOD, Heart, PeerGone, Watch
from robomatrix_nodes.parameters import declare, parameter
from robomatrix_nodes.process import run
from robomatrix_nodes.services import awaiting
from robomatrix_nodes.surroundings import Surroundings
from robomatrix_nodes.waiting import STEADY, resolve, unless, until, within

CODES = {
    TaskError.NONE: ExecuteTask.Result.ERROR_NONE,
    TaskError.REFUSED: ExecuteTask.Result.ERROR_REFUSED,
    TaskError.UNCLEAR: ExecuteTask.Result.ERROR_CLARIFY,
    TaskError.FAILED: ExecuteTask.Result.ERROR_STEP_FAILED,
    TaskError.CANCELED: ExecuteTask.Result.ERROR_CANCELED,
    TaskError.TIMEOUT: ExecuteTask.Result.ERROR_STEP_FAILED,
}


@dataclass(frozen=True)
class SchedulerParameters:
    """Parameters of the scheduler node."""

    robot: str = parameter("ep", "Robot that is commanded; `robomatrix robots` lists them.")
    planner: str = parameter(DEFAULT, "What turns instructions into plans: compact, rules, transformers, openai.")
    model: str = parameter("", "Model of the planner, by name or local folder, where it takes one.")
    scene_wait: float = parameter(1.0, "How long a fresh scene is waited for after a step [s].", 0.0, 30.0)
    server_wait: float = parameter(10.0, "How long the skill server is waited for [s].", 0.1, 120.0)
    heartbeat_timeout: float = parameter(
        2.0, "Silence of the skill server after which a task is given up [s of wall time].", 0.5, 60.0
    )
    answer_timeout: float = parameter(
        0.0, "How long an answer to a question is waited for [s]; 0 ends the task.", 0.0, 3600.0
    )
    audit_log: str = parameter("", "File that every task is appended to as a JSON line; empty for none.")


class Scheduler(Node):
    """See the module's description."""

    def __init__(self, **options: Any) -> None:
        super().__init__("scheduler", **options)
        self.settings = declare(self, SchedulerParameters)
        self._planner = make_planner(
            self.settings.planner, **({"model": self.settings.model} if self.settings.model else {})
        )
        self._rules = load_rules()
        self._audit = AuditLog(Path(self.settings.audit_log).expanduser()) if self.settings.audit_log else None
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="planner")
        self._skills: tuple[SkillSpec, ...] = ()
        self._goal: ServerGoalHandle | None = None
        self._canceled = False
        self._busy = False
        self._idle: Future | None = None
        self._step: ClientGoalHandle | None = None
        self._answer: Future | None = None
        self._create_topics()
        self._heart = Heart(self, lambda: bytes(self._step.goal_id.uuid).hex() if self._step is not None else "")
        self._server_watch = Watch(self, "skill_server", self.settings.heartbeat_timeout)
        self._diagnostics = diagnostics.Diagnostics(self, self.settings.robot, self._status)

    def _create_topics(self) -> None:
        self.surroundings = Surroundings(self, self.settings.robot)
        self.create_subscription(String, "answer", self._on_answer, qos.EVENT)
        self._records = self.create_publisher(String, "task_record", qos.EVENT)
        self._list = self.create_client(ListSkills, "list_skills")
        self._looker = self.create_timer(0.5, self._look_for_skills, clock=STEADY)
        self._skill = ActionClient(self, ExecuteSkill, "execute_skill")
        awaiting(self, self.create_service(PlanTask, "plan_task", self._on_plan))
        self._server = ActionServer(
            self,
            ExecuteTask,
            "execute_task",
            execute_callback=self._execute,
            goal_callback=self._on_goal,
            cancel_callback=self._on_cancel,
        )

    # What comes in.

    def _on_answer(self, message: String) -> None:
        if self._answer is not None:
            resolve(self._answer, message.data)

    def _on_goal(self, request: ExecuteTask.Goal) -> GoalResponse:
        if not self._busy:
            self._busy, self._idle = True, Future(executor=self.executor)
            return GoalResponse.ACCEPT
        if self._rules.is_stop(request.instruction):
            self._cancel_running()
            return GoalResponse.ACCEPT
        self.get_logger().warning("goal rejected: a task is running; cancel it first")
        return GoalResponse.REJECT

    def _on_cancel(self, goal: ServerGoalHandle) -> CancelResponse:
        self._cancel_running()
        return CancelResponse.ACCEPT

    def _cancel_running(self) -> None:
        """Passes a cancel on to the skill at once; the task's coroutine sees it when the skill has ended."""
        self._canceled = True
        if self._step is not None:
            self._step.cancel_goal_async()
        if self._answer is not None:
            resolve(self._answer, None)

    # One task.

    async def _execute(self, goal: ServerGoalHandle) -> ExecuteTask.Result:
        if self._goal is not None:
            await self._idle
            self._busy, self._idle = True, Future(executor=self.executor)
        self._goal, self._canceled = goal, False
        started = self.surroundings.now()
        try:
            result = await self._carry_out(goal)
        except RobomatrixError as error:
            result = _failure(ExecuteTask.Result.ERROR_INTERNAL, str(error))
        except Exception as error:  # noqa: BLE001 - a planner that is a plug-in must not leave the robot busy for ever
            self.get_logger().error(traceback.format_exc())
            result = _failure(ExecuteTask.Result.ERROR_INTERNAL, f"{type(error).__name__}: {error}")
        finally:
            self._goal, self._step, self._busy = None, None, False
            resolve(self._idle, True)
        result.elapsed = float(self.surroundings.now() - started)
        return self._conclude(goal, result)

    def _conclude(self, goal: ServerGoalHandle, result: ExecuteTask.Result) -> ExecuteTask.Result:
        if result.success:
            goal.succeed()
        elif result.error_code == ExecuteTask.Result.ERROR_CANCELED and goal.is_cancel_requested:
            goal.canceled()
        else:
            self.get_logger().info(f"'{goal.request.instruction[:100]}': {result.error_msg}")
            goal.abort()
        return result

    async def _carry_out(self, goal: ServerGoalHandle) -> ExecuteTask.Result:
        if not await self._find_skills():
            return _failure(ExecuteTask.Result.ERROR_NO_SKILL_SERVER, "no skill server answers list_skills")
        options = Options(goal.request.dry_run, goal.request.ask_before_run, clarify=self.settings.answer_timeout > 0.0)
        execution = TaskExecution(
            self._planner, self._skills, goal.request.instruction, options, self._rules, clock=self.surroundings.now
        )
        try:
            end = await self._pursue(goal, execution)
            code = CODES[end.error]
        except PeerGone as error:
            self._step, code = None, ExecuteTask.Result.ERROR_NO_SKILL_SERVER
            end = execution.give_up(str(error))
        self._keep(execution.record())
        plan = conversions.to_plan(self._plan_of(execution))
        return ExecuteTask.Result(
            success=end.success,
            error_code=code,
            error_msg="" if end.success else end.message,
            plan=plan,
            replans=execution.replans,
        )

    def _keep(self, record: Mapping[str, object]) -> None:
        """Publishes and writes an audit record; what the robot did is done, even if the disk is full."""
        self._records.publish(String(data=json.dumps(record, ensure_ascii=False)))
        try:
            if self._audit is not None:
                self._audit.write(record)
        except OSError as error:
            self.get_logger().error(f"the audit record was not written: {error}")

    async def _pursue(self, goal: ServerGoalHandle, execution: TaskExecution) -> Finished:
        action = await self._off(execution.begin, self.surroundings.scene())
        while not isinstance(action, Finished):
            action = await self._act(goal, execution, action)
        return action

    async def _act(self, goal: ServerGoalHandle, execution: TaskExecution, action: Action) -> Action:
        """Carries out one action of the execution and returns the next."""
        if self._canceled:
            return execution.cancel()
        if isinstance(action, RunStep):
            began = self.surroundings.world.stamp
            outcome = await self._run_step(goal, execution, action)
            if self._canceled:
                return execution.cancel()
            if outcome.code == ExecuteSkill.Result.ERROR_DRIVER:  # no other plan helps a robot that does not answer
                return execution.give_up(outcome.message)
            await self.surroundings.renewed(self.settings.scene_wait)
            seen = seen_since(self.surroundings.world, began, action.step)
            return await self._off(execution.on_result, outcome, self.surroundings.scene(execution.believed), seen)
        question = action.question if isinstance(action, Ask) else "run this plan? (yes or no)"
        self._tell(goal, execution, "asking", question)
        answer = await self._wait_for_answer()
        if answer is None:
            return execution.cancel("no answer came")
        if isinstance(action, Approve):
            return execution.approve(answer.strip().lower() in ("y", "yes", "ok", "true", "1"))
        return await self._off(execution.answer, answer, self.surroundings.scene())

    async def _run_step(self, goal: ServerGoalHandle, execution: TaskExecution, action: RunStep) -> StepOutcome:
        request = ExecuteSkill.Goal(skill=action.step.skill, arguments=conversions.to_parameters(action.step.arguments))
        self._tell(goal, execution, "running", str(action.step))

        def on_feedback(message: Any) -> None:
            self._tell(goal, execution, "running", message.feedback.phase, message.feedback.progress)

        self._step = await self._served(self._skill.send_goal_async(request, feedback_callback=on_feedback))
        if not self._step.accepted:
            self._step = None
            return StepOutcome(False, "the skill server is busy with another goal", ExecuteSkill.Result.ERROR_BUSY)
        if self._canceled:
            self._step.cancel_goal_async()
        self._heart.beat()
        result = (await self._served(self._step.get_result_async())).result
        self._step = None
        self._tell(goal, execution, "succeeded" if result.success else "failed", result.error_msg, 1.0)
        return StepOutcome(result.success, result.error_msg, result.error_code)

    def _tell(
        self, goal: ServerGoalHandle, execution: TaskExecution, state: str, detail: str, progress: float = 0.0
    ) -> None:
        feedback = ExecuteTask.Feedback(
            plan=conversions.to_plan(self._plan_of(execution)),
            step_index=execution.index,
            step_state=state,
            detail=detail,
            progress=float(progress),
            replans=execution.replans,
        )
        goal.publish_feedback(feedback)

    def _plan_of(self, execution: TaskExecution) -> PlanResult:
        result = execution.result or PlanResult("refuse", "not planned")
        end = execution.finished
        message = end.message if end is not None and end.success else result.message  # may answer a question
        return PlanResult(result.status, message, result.missing, execution.plan or result.steps, result.goal)

    # What the task needs.

    def _look_for_skills(self) -> None:
        """Learns the skills as soon as somebody has them, so that plans can be asked for before the first task."""
        if self._skills:
            self.destroy_timer(self._looker)
        elif self._list.service_is_ready():
            self._list.call_async(ListSkills.Request()).add_done_callback(
                lambda future: self._learn(future.result().skills)
            )

    def _learn(self, skills: list[SkillInfo]) -> None:
        self._skills = tuple(conversions.from_skill_info(info) for info in skills)

    async def _find_skills(self) -> bool:
        if self._skills:
            return True
        if not await until(self, self._list.service_is_ready, self.settings.server_wait):
            return False
        response = await self._list.call_async(ListSkills.Request())
        self._learn(response.skills)
        return await until(self, self._skill.server_is_ready, self.settings.server_wait)

    async def _wait_for_answer(self) -> str | None:
        self._answer = Future(executor=self.executor)
        answer = await within(self, self._answer, self.settings.answer_timeout)
        self._answer = None
        return answer

    async def _served(self, future: Future) -> Any:
        """Awaits an answer of the skill server; PeerGone when its heart stops beating before it comes."""
        if not await unless(self, future, lambda: self._server_watch.gone, PERIOD):
            raise PeerGone("the skill server has fallen silent; without its commands the robot stands still")
        return future.result()

    async def _off(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Runs something slow on the worker thread and awaits it."""
        done = Future(executor=self.executor)
        job = self._worker.submit(function, *arguments)
        job.add_done_callback(lambda _: (done.set_result(None), self.executor.wake()))
        await done
        return job.result()

    async def _on_plan(self, request: PlanTask.Request, response: PlanTask.Response) -> PlanTask.Response:
        if not await self._find_skills():
            response.error_code, response.error_msg = PlanTask.Request.ERROR_NO_SKILLS, "no skill server answers"
            return response
        question = PlanRequest(request.instruction, self.surroundings.scene(), self._skills)
        try:
            response.plan = conversions.to_plan(await self._off(self._planned, question))
        except RobomatrixError as error:
            response.error_code, response.error_msg = PlanTask.Request.ERROR_PLANNER, str(error)
        return response

    def _planned(self, request: PlanRequest) -> PlanResult:
        return planned(self._planner, request, self._rules)

    def _status(self) -> diagnostics.Status:
        instruction = self._goal.request.instruction[:80] if self._goal else ""
        values = {"instruction": instruction, "planner": self.settings.planner, "skills": len(self._skills)}
        return diagnostics.OK, "running a task" if self._goal else "idle", values

    def destroy_node(self) -> None:
        """Ends the thread before the node goes."""
        self._worker.shutdown(wait=False, cancel_futures=True)
        super().destroy_node()


def _failure(code: int, message: str) -> ExecuteTask.Result:
    return ExecuteTask.Result(success=False, error_code=code, error_msg=message)


def main(args: list[str] | None = None) -> None:
    """Entry point of ``ros2 run robomatrix scheduler``."""
    run(Scheduler, args=args)
