import numpy as np
import pytest

from robomatrix.errors import ConfigurationError, DriverError
from robomatrix.hardware.driver import RobotCommand, SimulatedDriver
from robomatrix.hardware.mujoco.hand_driver import MujocoHandDriver
from robomatrix.robots.loader import load_robot
from robomatrix.skills.base import ErrorCode, Failed, Observation, OperatorCommand, Succeeded
from robomatrix.skills.dexgen import skills
from robomatrix.skills.dexgen.follow import checked_command
from robomatrix.skills.dexgen.grip import grip_effort, servo_targets
from robomatrix.skills.registry import SkillRegistry
from robomatrix.skills.runner import SkillRunner
from robomatrix.world import World

ALLEGRO, LEAP = load_robot("allegro"), load_robot("leap")


def hand(category="block", attitude="down", seed=0, robot=ALLEGRO):
    driver = MujocoHandDriver(
        robot, overrides={"objects": [{"category": category, "colours": ["red"]}]}, attitude=attitude
    )
    driver.reset(seed)
    for _ in range(10):
        driver.step()
    return driver


def perform(driver, name, arguments=None, operator=lambda stamp: None):
    """Runs a skill to its end and returns its outcome with the phases it went through."""
    runner = SkillRunner(driver.spec, SkillRegistry(skills()))
    refused = runner.start(name, arguments or {})
    assert refused is None, refused
    state, phases = driver.read(), set()
    while runner.busy:
        world = World(state.stamp, {thing.id: thing for thing in driver.tracked()})
        driver.write(runner.tick(Observation(state, world, operator=operator(state.stamp))))
        if runner.feedback:
            phases.add(runner.feedback.phase)
        state = driver.step()
    return runner.outcome, phases


def lose_object(driver):
    driver._data.qpos[16:19] = [2.0, 0.0, 0.0]


def test_the_driver_is_a_simulated_driver_that_repeats_with_its_seed():
    first, second = hand(seed=3), hand(seed=3)
    assert isinstance(first, SimulatedDriver)
    assert np.array_equal(first.read().joints.position, second.read().joints.position)
    assert first.objects()[0].category == "block"
    assert first.read().odometry is None


@pytest.mark.parametrize("category", ["block", "ball", "can"])
@pytest.mark.parametrize("attitude", ["up", "sideways", "down"])
def test_objects_stay_in_a_hand_that_keeps_its_targets(category, attitude):
    driver = hand(category, attitude, seed=1)
    before = np.array(driver.objects()[0].position)
    for _ in range(60):
        driver.step()
    assert driver.holds
    assert np.linalg.norm(np.array(driver.objects()[0].position) - before) < 0.01


def test_unconnected_and_unknown_things_are_errors():
    driver = MujocoHandDriver(ALLEGRO)
    with pytest.raises(DriverError, match="connect"):
        driver.read()
    driver.connect()
    with pytest.raises(DriverError, match="nan"):
        driver.write(RobotCommand(positions={"joint_0.0": float("nan")}))
    with pytest.raises(ConfigurationError, match="sideways"):
        MujocoHandDriver(ALLEGRO, attitude="left")


def test_targets_are_read_from_efforts():
    driver = hand(seed=2)
    wanted = driver._data.ctrl.copy()
    assert np.abs(servo_targets(ALLEGRO, driver.read().joints) - wanted).max() < 0.25, "a saturated servo hides some"
    free = np.median(np.abs(servo_targets(ALLEGRO, driver.read().joints) - wanted))
    assert free < 1e-3


def test_hold_keeps_the_object():
    driver = hand(seed=1)
    outcome, phases = perform(driver, "hold", {"duration": 2.0})
    assert isinstance(outcome, Succeeded)
    assert phases == {"holding"}
    assert driver.holds


def test_hold_needs_something_in_the_hand():
    driver = hand(seed=1)
    lose_object(driver)
    for _ in range(20):
        driver.step()
    outcome, _ = perform(driver, "hold")
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.PRECONDITION


@pytest.mark.parametrize("category", ["block", "ball", "can"])
def test_hold_notices_within_a_second_that_the_object_has_gone(category):
    driver = hand(category, seed=1)
    runner = SkillRunner(ALLEGRO, SkillRegistry(skills()))
    runner.start("hold", {"duration": 5.0})
    state = driver.read()
    while runner.busy:
        driver.write(runner.tick(Observation(state, World())))
        if state.stamp == pytest.approx(1.5, abs=0.01):
            lose_object(driver)
        state = driver.step()
    assert isinstance(runner.outcome, Failed)
    assert runner.outcome.code == ErrorCode.OBJECT_LOST
    assert runner.outcome.holding is None
    assert state.stamp < 2.6


def test_release_drops_the_object_palm_down():
    driver = hand(seed=1)
    outcome, _ = perform(driver, "release")
    assert isinstance(outcome, Succeeded)
    assert outcome.holding is None
    assert not driver.holds
    assert grip_effort(driver.read()) < 0.6


def test_what_lies_on_the_open_palm_is_not_released():
    driver = hand("block", attitude="up", seed=1)
    outcome, _ = perform(driver, "release")
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.RELEASE_FAILED
    assert "the palm still carries: red block" in outcome.message


def test_commands_are_checked_and_bounded():
    targets = np.zeros(16)
    wanted, problem = checked_command(ALLEGRO, OperatorCommand(0.0, {"joint_1.0": 99.0}), targets)
    assert not problem
    assert wanted[1] == ALLEGRO.joint("joint_1.0").upper
    assert np.count_nonzero(wanted) == 1
    for name, value in (("joint_1.0", float("nan")), ("finger", 0.0)):
        wanted, problem = checked_command(ALLEGRO, OperatorCommand(0.0, {name: value}), targets)
        assert wanted is None
        assert name in problem


def follow(driver, operator, duration=1.5, strength=3.0):
    return perform(driver, "follow", {"duration": duration, "strength": strength}, operator)


def test_follow_holds_while_nobody_commands():
    driver = hand(seed=1)
    outcome, phases = follow(driver, lambda stamp: None)
    assert isinstance(outcome, Succeeded)
    assert phases == {"holding"}
    assert driver.holds


@pytest.mark.parametrize(
    ("positions", "phase"),
    [({"joint_1.0": float("nan")}, "refused: the command for"), ({"thumb": 0.3}, "refused: no joint 'thumb'")],
)
def test_follow_does_not_execute_wrong_commands(positions, phase):
    driver = hand(seed=1)
    before = driver.read().joints.position
    outcome, phases = follow(driver, lambda stamp: OperatorCommand(stamp, positions))
    assert isinstance(outcome, Succeeded)
    assert all(p.startswith(phase) for p in phases)
    assert np.abs(driver.read().joints.position - before).max() < 0.02
    assert driver.holds


def test_follow_holds_when_the_stream_stops():
    driver = hand(seed=1)
    grip = dict(zip(ALLEGRO.joint_names, servo_targets(ALLEGRO, driver.read().joints), strict=True))
    last = OperatorCommand(driver.read().stamp, grip, assisted=False)
    outcome, phases = follow(driver, lambda stamp: last)
    assert isinstance(outcome, Succeeded)
    assert phases == {"direct", "holding"}
    assert driver.holds


def test_direct_commands_are_executed_and_can_drop_the_object():
    driver = hand(seed=1)
    opened = dict.fromkeys(ALLEGRO.joint_names, 0.0)
    outcome, phases = follow(driver, lambda stamp: OperatorCommand(stamp, opened, assisted=False), duration=5.0)
    assert phases == {"direct"}
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.OBJECT_LOST


def opened_palm(assisted, seed):
    """Grip for 0.5 s, all fingers stretched for 2 s, grip again; returns whether the object is still there."""
    driver = hand(seed=seed)
    start = driver.read()
    grip = dict(zip(ALLEGRO.joint_names, servo_targets(ALLEGRO, start.joints), strict=True))
    opened = {name: 0.0 if index % 4 else grip[name] for index, name in enumerate(ALLEGRO.joint_names)}

    def operator(stamp):
        return OperatorCommand(stamp, opened if 0.5 < stamp - start.stamp < 2.5 else grip, assisted=assisted)

    follow(driver, operator, duration=3.0, strength=1.0)
    return driver.holds


def test_an_opened_palm_looking_down_loses_the_object_less_often_with_assistance():
    assert sum(opened_palm(True, seed) for seed in range(3)) > sum(opened_palm(False, seed) for seed in range(3))


def test_assisted_and_direct_change_while_it_runs():
    driver = hand(seed=1)
    grip = dict(zip(ALLEGRO.joint_names, servo_targets(ALLEGRO, driver.read().joints), strict=True))
    _, phases = follow(driver, lambda stamp: OperatorCommand(stamp, grip, assisted=stamp > 1.0))
    assert phases == {"direct", "assisted"}


@pytest.mark.parametrize("category", ["block", "ball", "can"])
def test_leap_holds_and_lets_go(category):
    driver = hand(category, "down", seed=1, robot=LEAP)
    outcome, _ = perform(driver, "hold", {"duration": 3.0})
    assert isinstance(outcome, Succeeded), outcome
    assert driver.holds
    outcome, _ = perform(driver, "release")
    assert isinstance(outcome, Succeeded), outcome
    assert not driver.holds


def test_leap_follows_direct_commands_and_says_that_it_has_no_controller():
    driver = hand(seed=1, attitude="up", robot=LEAP)
    grip = dict(zip(LEAP.joint_names, servo_targets(LEAP, driver.read().joints), strict=True))
    _, phases = follow(driver, lambda stamp: OperatorCommand(stamp, grip, assisted=stamp > 1.0))
    assert phases == {"direct", "refused: no controller is trained for leap, commands must be direct"}
    assert driver.holds


def test_hand_skills_leave_the_base_alone():
    for skill in skills():
        assert skill(ALLEGRO, {}).stopping().twist is None
        assert skill.spec.rate == 10.0
