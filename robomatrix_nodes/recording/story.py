"""What a recording says of tasks: instruction, plan and step at every time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from robomatrix_nodes import conversions
from robomatrix_nodes.recording.channels import FEEDBACK
from robomatrix_nodes.recording.reader import Recorded, Recording


@dataclass(frozen=True)
class Moment:
    """The state of a task after one feedback message."""

    time: int
    """[ns]"""
    plan: tuple[str, ...] = ()
    index: int = 0
    """Of the step in hand."""
    state: str = ""
    """As in ``ExecuteTask.action``: running, succeeded, failed, asking."""
    step: str = ""
    detail: str = ""
    """The skill's phase, a question, or why it failed."""
    progress: float = 0.0
    task: bytes = b""
    """Id of the task's goal."""

    def after(self, recorded: Recorded) -> Moment:
        """Returns the state after one more feedback message."""
        feedback = recorded.message.feedback
        task = bytes(recorded.message.goal_id.uuid)
        starts = feedback.step_state == "running" and feedback.progress == 0.0 and "(" in feedback.detail
        before = self if task == self.task else Moment(self.time)
        return replace(
            before,
            time=recorded.time,
            plan=tuple(map(str, conversions.from_plan(feedback.plan).steps)),
            index=feedback.step_index,
            state=feedback.step_state,
            step=feedback.detail if starts else before.step,
            detail="" if starts else feedback.detail,
            progress=feedback.progress,
            task=task,
        )


def story(recording: Recording) -> Iterator[Moment]:
    """Every feedback of every task, in order."""
    moment = Moment(0)
    for recorded in recording.messages():
        if recorded.topic.endswith(FEEDBACK):
            moment = moment.after(recorded)
            yield moment
