"""One instruction from bring-up to report, as ``robomatrix run`` does it."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rclpy.action import ActionClient
from rclpy.node import Node
from rich.console import Console
from std_msgs.msg import String

from robomatrix.errors import DriverError
from robomatrix.scheduling.plan import PlanResult
from robomatrix_interfaces.action import ExecuteTask
from robomatrix_interfaces.msg import SceneObjectArray
from robomatrix_nodes import conversions, qos
from robomatrix_nodes.film import Film
from robomatrix_nodes.stack import Stack, StackSettings

PATIENCE = 30.0
"""How long the stack may take to come up [s]."""
ANSWERED_WITHIN = 3600.0
"""How long a question waits for its answer [s]."""
LAST_WORDS = 0.2
"""How long a recording goes on after the result, so that what led to it is in it [s]."""


Answerer = Callable[[str], str]
"""Answers a question of the scheduler; an empty answer gives the task up."""


@dataclass(frozen=True)
class Outputs:
    """What a run leaves behind; None for nothing."""

    video: Path | None = None
    picture: Path | None = None


@dataclass(frozen=True)
class Report:
    """What became of an instruction."""

    instruction: str
    success: bool
    message: str
    error_code: int
    plan: PlanResult
    replans: int
    elapsed: float
    """[s] on the robot's clock."""
    wall: float
    """[s] from the goal to the result."""
    steps: tuple[dict[str, Any], ...] = ()
    """Each step that ran: text, state, seconds on the robot's clock."""
    files: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What went wrong beside the task."""

    def to_json(self) -> dict[str, Any]:
        """Plain data for ``--json``."""
        return {
            "instruction": self.instruction,
            "success": self.success,
            "status": self.plan.status,
            "message": self.message,
            "error_code": self.error_code,
            "plan": [str(step) for step in self.plan.steps],
            "steps": list(self.steps),
            "replans": self.replans,
            "elapsed": round(self.elapsed, 3),
            "wall": round(self.wall, 3),
            "files": list(self.files),
            "notes": list(self.notes),
        }

    def lines(self) -> list[str]:
        """Text for people."""
        word = "succeeded" if self.success else "failed"
        lines = [f"{word}: {self.message or self.plan.message}"]
        lines.append(f"{self.elapsed:.1f} s of the robot's time in {self.wall:.1f} s, {self.replans} replans")
        return [*lines, *self.notes, *(f"wrote {name}" for name in self.files)]


@dataclass
class _Progress:
    """Prints each step as it starts and ends, and remembers it for the report."""

    console: Console
    clock: Any
    on_question: Callable[[str], None]
    steps: list[dict[str, Any]] = field(default_factory=list)
    shown: tuple[str, ...] = ()
    caption: str = ""
    _started: float = 0.0

    def on_feedback(self, message: Any) -> None:
        feedback = message.feedback
        plan = tuple(map(str, conversions.from_plan(feedback.plan).steps))
        if plan and plan != self.shown:
            self.shown = plan
            self.console.print("[bold]plan[/bold] " + " → ".join(plan))
        if feedback.step_state == "running" and feedback.progress == 0.0 and "(" in feedback.detail:
            self._started, self.caption = self.clock(), feedback.detail
            self.console.print(f"  {feedback.detail} …", style="dim")
        elif feedback.step_state == "asking":
            self.on_question(feedback.detail)
        elif feedback.step_state in ("succeeded", "failed"):
            self._end(feedback.step_state, feedback.detail)

    def _end(self, state: str, detail: str) -> None:
        seconds = self.clock() - self._started
        self.steps.append({"step": self.caption, "state": state, "detail": detail, "seconds": round(seconds, 3)})
        style = "green" if state == "succeeded" else "red"
        self.console.print(f"  {self.caption} {state} in {seconds:.1f} s {detail}", style=style)


@dataclass(frozen=True)
class Manner:
    """How an instruction is carried out."""

    dry_run: bool = False
    """Plan only."""
    confirm: bool = False
    """Show the plan and ask before anything moves."""
    quiet: bool = False
    """Print nothing on the way."""
    answerer: Answerer | None = None
    """None where nobody answers: a question then ends the task."""


def run_instruction(instruction: str, settings: StackSettings, outputs: Outputs, manner: Manner = Manner()) -> Report:  # noqa: B008
    """Brings the stack up, carries one instruction out and takes it down again.

    Raises:
        RobomatrixError: the robot, driver, scene or planner does not exist or cannot be opened.
    """
    console = Console(file=sys.stderr, quiet=manner.quiet, highlight=False)
    patient = settings if manner.answerer is None else replace(settings, answer_timeout=ANSWERED_WITHIN)
    with Stack(patient) as stack:
        node = Node("operator", context=stack.context, namespace=settings.robot, use_global_arguments=False)
        stack.nodes.append(node)
        stack.executor.add_node(node)
        film = Film(stack.bridge.driver, outputs.video, outputs.picture)
        try:
            return _Operator(stack, node, film, console, manner).carry_out(instruction)
        finally:
            film.close()


class _Operator:
    """The client's side of one task."""

    def __init__(self, stack: Stack, node: Node, film: Film, console: Console, manner: Manner) -> None:
        self._stack, self._node, self._film, self._manner = stack, node, film, manner
        self._client = ActionClient(node, ExecuteTask, "execute_task")
        self._answers = node.create_publisher(String, "answer", qos.EVENT)
        self._given_up = threading.Event()
        self._progress = _Progress(console, lambda: stack.bridge.stamp, self._on_question)
        self._seen = not (settings_see(stack))
        node.create_subscription(SceneObjectArray, "scene/objects", self._on_scene, qos.LATCHED)
        stack.bridge.on_step = self._on_step

    def _on_scene(self, message: SceneObjectArray) -> None:
        self._seen = True

    def _on_step(self) -> None:
        self._film.look(self._stack.bridge.stamp, self._progress.caption)

    def _on_question(self, question: str) -> None:
        """Has it answered on a thread of its own: the robot is looked after while a person thinks."""
        if self._manner.answerer is not None:
            threading.Thread(target=self._answer, args=(self._manner.answerer, question), daemon=True).start()

    def _answer(self, answerer: Answerer, question: str) -> None:
        answer = answerer(question)
        if answer.strip():
            self._answers.publish(String(data=answer))
        else:
            self._given_up.set()

    def carry_out(self, instruction: str) -> Report:
        self._wait_until_up()
        began = time.monotonic()
        goal = self._client.send_goal_async(
            ExecuteTask.Goal(
                instruction=instruction, dry_run=self._manner.dry_run, ask_before_run=self._manner.confirm
            ),
            feedback_callback=self._progress.on_feedback,
        )
        self._stack.spin_until(goal.done)
        result = goal.result().get_result_async()
        try:
            self._stack.spin_until(lambda: result.done() or self._given_up.is_set())
        except KeyboardInterrupt:
            self._given_up.set()
        if not result.done():
            cancel = goal.result().cancel_goal_async()
            self._stack.spin_until(lambda: cancel.done() and result.done())
        return self._report(instruction, result.result().result, time.monotonic() - began)

    def _wait_until_up(self) -> None:
        limit = time.monotonic() + PATIENCE
        self._stack.spin_until(lambda: (self._seen and self._client.server_is_ready()) or time.monotonic() > limit)
        if not self._client.server_is_ready():
            raise DriverError("the scheduler did not come up; run `robomatrix doctor`")

    def _report(self, instruction: str, result: ExecuteTask.Result, wall: float) -> Report:
        files = self._film.finish(self._stack.bridge.stamp)
        written, notes = self._end_recording()
        return Report(
            instruction=instruction,
            success=result.success,
            message=result.error_msg,
            error_code=result.error_code,
            plan=conversions.from_plan(result.plan),
            replans=result.replans,
            elapsed=result.elapsed,
            wall=wall,
            steps=tuple(self._progress.steps),
            files=files + written,
            notes=notes,
        )

    def _end_recording(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Closes what was recorded; returns the names of the files, and what went wrong."""
        recorder = self._stack.recorder
        if recorder is None:
            return (), ()
        recorded = self._stack.settings.record
        limit = time.monotonic() + LAST_WORDS
        self._stack.spin_until(lambda: time.monotonic() > limit)
        recorder.close()
        notes = (f"the recording is not whole: {recorder.error}",) if recorder.error else ()
        return ((recorded,) if recorded else ()) + tuple(recorder.snapshots), notes


def settings_see(stack: Stack) -> bool:
    """Whether the stack has a perception node."""
    return hasattr(stack, "perception")
