import pytest
from support.playground import PERIOD, Playground, can

from robomatrix.hardware.driver import STOP
from robomatrix.skills.base import ErrorCode, Failed, Running, Succeeded


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
