"""``robomatrix run`` with somebody who answers, on real DDS."""

from __future__ import annotations

import subprocess
import sys

import pytest

from robomatrix_nodes.run import Manner, Outputs, Report, run_instruction
from robomatrix_nodes.stack import StackSettings

TWO_CANS = 801
"""Seed of an office with a red and a blue can."""


class Person:
    """Answers questions in turn, then gives up."""

    def __init__(self, *answers: str) -> None:
        self.asked: list[str] = []
        self._answers = list(answers)

    def __call__(self, question: str) -> str:
        self.asked.append(question)
        return self._answers.pop(0) if self._answers else ""


def carry_out(instruction: str, person: Person, domain_id: int, confirm: bool = False) -> Report:
    settings = StackSettings(seed=TWO_CANS, speed=0.0, lockstep_timeout=0.2, planner="rules", domain_id=domain_id)
    return run_instruction(instruction, settings, Outputs(), Manner(confirm=confirm, quiet=True, answerer=person))


def test_an_answer_decides_and_the_task_goes_on(domain_id: int) -> None:
    person = Person("the red one")
    report = carry_out("go to the can", person, domain_id)
    assert [question.split(":")[0] for question in person.asked] == ["Which can"]
    assert report.success
    assert report.plan.message == "Then I am at the red can."


def test_no_answer_ends_the_task(domain_id: int) -> None:
    report = carry_out("go to the can", Person(), domain_id)
    assert not report.success
    assert report.steps[-1]["step"] == "look_around()", "nothing was done after the question"


@pytest.mark.parametrize(("answer", "done"), [("yes", True), ("no", False)])
def test_a_plan_is_shown_before_anything_moves(domain_id: int, answer: str, done: bool) -> None:
    person = Person(answer)
    report = carry_out("turn left by 20 degrees", person, domain_id, confirm=True)
    assert person.asked == ["run this plan? (yes or no)"]
    assert report.success is done
    assert bool([step for step in report.steps if "turn" in step["step"]]) is done


def test_asking_needs_a_terminal() -> None:
    command = [sys.executable, "-c", "from robomatrix.cli import main; main()", "run", "go home", "--confirm"]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert "--confirm asks in a terminal" in ended.stderr
