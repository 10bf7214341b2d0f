from __future__ import annotations

import logging

import pytest
from support.playground import PERIOD, Playground, can

from robomatrix.hardware.driver import STOP, RobotCommand, Twist
from robomatrix.skills.base import ErrorCode, Failed, Observation, Running, Skill, Steps, Succeeded
from robomatrix.skills.registry import SkillRegistry
from robomatrix.skills.runner import SkillRunner
from robomatrix.skills.spec import SkillSpec


class Foreign(Skill):
    """A skill of somebody else, that works as far as a subclass does not break it."""

    spec = SkillSpec("foreign", "moves on", robots=("ep",))

    def run(self, observation: Observation) -> Steps:
        while True:
            yield Running(RobotCommand(twist=Twist(vx=0.1)))


class BrokenFromTheStart(Foreign):
    def __init__(self, *arguments: object) -> None:
        raise ValueError("no such file")


class BrokenCheck(Foreign):
    def check(self, observation: Observation) -> None:
        raise KeyError("gripper")


class BrokenStep(Foreign):
    def run(self, observation: Observation) -> Steps:
        yield Running(RobotCommand(twist=Twist(vx=0.1)))
        raise ZeroDivisionError("division by zero")


class BrokenEnd(BrokenStep):
    def stopping(self) -> RobotCommand:
        raise ValueError("nor can it stop")


class NoOutcome(Foreign):
    def run(self, observation: Observation) -> Steps:
        yield Running(RobotCommand(twist=Twist(vx=0.1)))


class NoCommand(Foreign):
    def run(self, observation: Observation) -> Steps:
        yield Running(None)


class NoCancel(Foreign):
    def run(self, observation: Observation) -> Steps:
        try:
            while True:
                yield Running(RobotCommand(twist=Twist(vx=0.1)))
        finally:
            raise OSError("the port is closed")


BROKEN = (BrokenCheck, BrokenStep, BrokenEnd, NoOutcome, NoCommand)


def ticked(ground: Playground, times: int = 3) -> list[RobotCommand]:
    """Returns what the runner commands in some ticks."""
    commands = []
    for _ in range(times):
        commands.append(ground.runner.tick(ground.observe()))
        ground.time += 0.1
    return commands


def test_one_skill_at_a_time():
    ground = Playground()
    assert ground.runner.start("turn", {"angle_deg": 90.0}) is None
    ground.step(ground.runner.tick(ground.observe()))
    refused = ground.runner.start("stop", {})
    assert refused is not None
    assert refused.code == ErrorCode.BUSY
    assert ground.runner.busy
    assert ground.runner.feedback is not None


@pytest.mark.parametrize(
    ("skill", "arguments", "code", "hint"),
    [
        ("fly", {}, ErrorCode.UNKNOWN_SKILL, "Known:"),
        ("turn", {}, ErrorCode.INVALID_ARGUMENTS, "angle_deg"),
        ("turn", {"angle_deg": 1e9}, ErrorCode.INVALID_ARGUMENTS, "from -720 to 720"),
        ("turn", {"angle_deg": "left"}, ErrorCode.INVALID_ARGUMENTS, "number"),
    ],
)
def test_refuses_with_a_code_and_what_would_be_right(skill, arguments, code, hint):
    runner = Playground().runner
    refused = runner.start(skill, arguments)
    assert refused is not None
    assert refused.code == code
    assert hint in refused.message
    assert not runner.busy


def test_cancel_stops_at_once_and_frees_the_runner():
    ground = Playground()
    ground.runner.start("go_to", {"x": 2.0})
    for _ in range(20):
        ground.step(ground.runner.tick(ground.observe()))
    assert ground.twists[-1].vx > 0.1
    command = ground.runner.cancel()
    assert command == STOP
    assert isinstance(ground.runner.outcome, Failed)
    assert ground.runner.outcome.code == ErrorCode.CANCELED
    assert isinstance(ground.run("turn", angle_deg=10.0), Succeeded)


def test_time_out_is_measured_on_the_robots_clock():
    ground = Playground()
    ground.runner.start("go_to", {"x": 5.0}, timeout=1.0)
    while ground.runner.busy:
        ground.step(ground.runner.tick(ground.observe()))
    assert ground.runner.outcome.code == ErrorCode.TIMEOUT
    assert ground.time == pytest.approx(1.0, abs=3 * PERIOD)


def test_ticks_at_the_rate_of_the_skill():
    ground = Playground()
    ground.runner.start("turn", {"angle_deg": 90.0})
    first = ground.runner.tick(ground.observe())
    ground.time += PERIOD / 2.0
    assert ground.runner.tick(ground.observe()) is first
    ground.time += PERIOD / 2.0
    assert ground.runner.tick(ground.observe()) is not first


def test_keeps_the_belief_about_the_gripper_over_skills():
    ground = Playground().add(can(x=0.46))
    ground.run("grasp", object="can_1")
    assert ground.runner.holding == "can_1"
    ground.run("turn", angle_deg=30.0)
    assert ground.runner.holding == "can_1"
    ground.run("release", object="can_1")
    assert ground.runner.holding is None


def test_an_emergency_stop_ends_the_skill_with_its_code():
    ground = Playground()
    ground.runner.start("turn", {"angle_deg": 90.0})
    ground.runner.tick(ground.observe())
    assert ground.runner.fail(ErrorCode.EMERGENCY_STOP, "pressed") == STOP
    assert ground.runner.outcome == Failed(ErrorCode.EMERGENCY_STOP, "pressed")


def test_without_a_skill_it_stands():
    ground = Playground()
    assert ground.runner.tick(ground.observe()) == STOP
    assert ground.runner.cancel() == STOP
    assert not isinstance(ground.runner.feedback, Running)


@pytest.mark.parametrize("kind", BROKEN)
def test_whatever_a_skill_raises_ends_that_skill_and_nothing_more(kind: type[Skill]) -> None:
    ground = Playground()
    ground.runner = SkillRunner(ground.spec, SkillRegistry([kind]))
    for _ in range(2):
        assert ground.runner.start("foreign", {}) is None
        assert ticked(ground)[-1] == STOP
        assert ground.runner.outcome.code == ErrorCode.INTERNAL
        assert "foreign is broken" in ground.runner.outcome.message
        assert not ground.runner.busy


def test_the_log_tells_where_a_skill_broke(caplog: pytest.LogCaptureFixture) -> None:
    ground = Playground()
    ground.runner = SkillRunner(ground.spec, SkillRegistry([BrokenStep]))
    ground.runner.start("foreign", {})
    ticked(ground)
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert 'raise ZeroDivisionError("division by zero")' in caplog.text


def test_a_skill_that_cannot_even_be_made_is_refused() -> None:
    ground = Playground()
    ground.runner = SkillRunner(ground.spec, SkillRegistry([BrokenFromTheStart]))
    refused = ground.runner.start("foreign", {})
    assert refused == Failed(ErrorCode.INTERNAL, "foreign is broken: ValueError: no such file")
    assert not ground.runner.busy


@pytest.mark.parametrize("how", ["cancel", "fail"])
def test_a_skill_that_cannot_be_cancelled_ends_all_the_same(how: str) -> None:
    ground = Playground()
    ground.runner = SkillRunner(ground.spec, SkillRegistry([NoCancel]))
    ground.runner.start("foreign", {})
    ticked(ground)
    stop = ground.runner.cancel if how == "cancel" else lambda: ground.runner.fail(ErrorCode.EMERGENCY_STOP, "pressed")
    assert stop() == STOP
    assert not ground.runner.busy
    assert ground.runner.outcome.code == (ErrorCode.INTERNAL if how == "cancel" else ErrorCode.EMERGENCY_STOP)


@pytest.mark.parametrize("kind", [BrokenCheck, BrokenFromTheStart])
def test_an_idle_skill_that_breaks_is_left_alone(kind: type[Skill], caplog: pytest.LogCaptureFixture) -> None:
    ground = Playground()
    ground.runner = SkillRunner(ground.spec, SkillRegistry([type("Idle", (kind,), {"idle": True})]))
    assert [ground.runner.rest(ground.observe()) for _ in range(3)] == [None] * 3
    assert len(caplog.records) == 1
