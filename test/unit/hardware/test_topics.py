"""Foreign robots over standard messages: mapping, and the gate that opens only when both sides agree."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robomatrix.errors import ConfigurationError, DriverError
from robomatrix.hardware.driver import Driver, RobotCommand, Twist
from robomatrix.hardware.mapping import ForeignCommand, ForeignState, JointMapping, TopicsSettings, Translator
from robomatrix.hardware.topics import AgreementGate, TopicsDriver
from robomatrix.robots.loader import load_robot
from robomatrix.robots.spec import JointSpec, RobotSpec

ROBOT = RobotSpec(
    name="hand",
    text="a two-finger hand",
    urdf=Path("hand.urdf"),
    base_link="palm",
    joints=(
        JointSpec("index", "revolute", -0.5, 1.6, velocity=7.0, effort=0.5),
        JointSpec("thumb", "revolute", 0.2, 1.4, velocity=7.0, effort=0.5),
        JointSpec("tendon", "prismatic", 0.0, 0.1, velocity=1.0, effort=5.0, commanded=False),
    ),
    rate=20.0,
    drivers=("topics",),
    scenes=(),
)
LEAP = {"joints": {"index": {"theirs": "1", "unit": "deg", "offset": -math.pi}, "thumb": {"theirs": "12", "sign": -1}}}


class Robot:
    """A robot's own driver: takes commands, and moves at once."""

    def __init__(self) -> None:
        self.position = {"1": 180.0, "12": -0.7, "extra": 3.0}
        self.sent: list[ForeignCommand] = []
        self.twists: list[Twist] = []
        self.now = 100.0

    def open(self, take) -> None:
        self.take = take
        self.report(12)

    def report(self, times: int = 1, period: float = 0.02) -> None:
        for _ in range(times):
            self.now += period
            self.take(ForeignState(list(self.position), list(self.position.values()), received=self.now))

    def send(self, command: ForeignCommand) -> None:
        self.sent.append(command)
        self.position.update(zip(command.names, command.values, strict=True))

    def drive(self, twist: Twist) -> None:
        self.twists.append(twist)

    def sense(self):
        return None, None

    def frame(self, camera: str):
        return None

    def close(self) -> None:
        """Nothing to close."""


def driver_for(robot: Robot, **changes) -> TopicsDriver:
    settings = TopicsSettings.parse(ROBOT, {**LEAP, **changes})
    return TopicsDriver(ROBOT, settings, robot, clock=lambda: robot.now, timeout=0.01)


@given(st.floats(-10, 10), st.sampled_from([1, -1]), st.sampled_from(["rad", "deg", "mm", "turn"]), st.floats(-4, 4))
def test_there_and_back(position: float, sign: int, unit: str, offset: float) -> None:
    joint = JointMapping("a", "b", sign, unit, offset)
    assert joint.to_ours(joint.to_theirs(position)) == pytest.approx(position, abs=1e-9)


def test_names_units_signs_and_offsets_are_applied_both_ways() -> None:
    robot = Robot()
    driver = driver_for(robot)
    assert isinstance(driver, Driver)
    driver.connect()
    joints = driver.read().joints
    assert (joints["index"], joints["thumb"], joints["tendon"]) == pytest.approx((0.0, 0.7, 0.0))
    driver.write(RobotCommand({"index": 0.2}))
    assert robot.sent[-1].names == ("1", "12")
    assert robot.sent[-1].values == pytest.approx((180.0 + math.degrees(0.2), -0.7))
    assert driver.read().joints["thumb"] == pytest.approx(0.7), "joints that are not commanded are held"


def test_velocities_and_efforts_keep_their_sign_and_power() -> None:
    settings = TopicsSettings.parse(ROBOT, {**LEAP, "interface": "velocity"})
    translator = Translator(ROBOT, settings)
    assert translator.command(RobotCommand(velocities={"index": 1.0, "thumb": 1.0}), {}).values == pytest.approx(
        (180.0 / math.pi, -1.0)
    )
    state = translator.state(ForeignState(["1", "12"], [180, -1], [10.0, 2.0], [3.0, 4.0]))
    assert state.velocity[:2] == pytest.approx([math.radians(10.0), -2.0])
    assert state.effort[1] == -4.0
    assert state.velocity[0] * state.effort[0] == pytest.approx(10.0 * 3.0)


def test_nothing_moves_before_ten_states_agree() -> None:
    robot = Robot()
    driver = driver_for(robot, checks=20)
    with pytest.raises(DriverError, match="12 of 20 states have agreed"):
        driver.connect()
    with pytest.raises(DriverError, match="may not move"):
        driver.write(RobotCommand({"index": 0.0}))
    assert robot.sent == []


@pytest.mark.parametrize(
    ("position", "message"),
    [
        ({"1": 180.0}, "reports no joints 12; it reports 1"),
        ({"1": 0.0, "12": -0.7}, "sign, unit or offset is wrong"),
        ({"1": 180.0, "12": 0.7}, "outside of our 'thumb'"),
        ({"1": math.nan, "12": -0.7}, "joint '1' reports nan"),
    ],
)
def test_a_robot_that_disagrees_is_not_moved(position: dict[str, float], message: str) -> None:
    robot = Robot()
    robot.position = position
    with pytest.raises(DriverError, match=message):
        driver_for(robot).connect()


def test_a_slow_robot_is_not_moved() -> None:
    gate = AgreementGate(ROBOT, TopicsSettings.parse(ROBOT, LEAP))
    state = Translator(ROBOT, gate.settings).state(ForeignState(["1", "12"], [180.0, -0.7]))
    for tick in range(30):
        gate.observe(state, 0.1 * tick)
    assert gate.reason == "states come at 10.0 Hz, 20 Hz are needed"


def test_the_first_command_must_begin_where_the_robot_is() -> None:
    robot = Robot()
    driver = driver_for(robot)
    driver.connect()
    with pytest.raises(DriverError, match="begin within 0.5 of it"):
        driver.write(RobotCommand({"index": 1.5}))
    driver.write(RobotCommand({"index": 0.4}))
    driver.write(RobotCommand({"index": 1.5}))
    assert robot.sent[-1].values[0] == pytest.approx(180.0 + math.degrees(1.5))


def test_silence_closes_the_gate_and_it_opens_again_only_after_agreement() -> None:
    robot = Robot()
    driver = driver_for(robot)
    driver.connect()
    driver.write(RobotCommand({"index": 0.1}))
    robot.now += 1.0
    with pytest.raises(DriverError, match="no joint state for 1.00 s"):
        driver.write(RobotCommand({"index": 0.2}))
    robot.report(5)
    with pytest.raises(DriverError, match="states have agreed"):
        driver.write(RobotCommand({"index": 0.2}))
    robot.report(15)
    driver.write(RobotCommand({"index": 0.2}))


@pytest.mark.parametrize("interface", ["velocity", "effort"])
def test_what_moves_by_velocity_or_effort_is_stopped_when_the_robot_falls_silent(interface: str) -> None:
    robot = Robot()
    driver = driver_for(robot, interface=interface)
    driver.connect()
    moving = {"velocity": "velocities", "effort": "efforts"}[interface]
    driver.write(RobotCommand(**{moving: {"index": 0.3}}))
    assert any(robot.sent[-1].values)
    robot.now += 1.0
    with pytest.raises(DriverError, match="no joint state"):
        driver.write(RobotCommand(**{moving: {"index": 0.3}}))
    assert not any(robot.sent[-1].values), "a stop passes every gate"


def test_a_base_is_stopped_when_the_robot_disagrees_and_not_touched_before_it_ever_agreed() -> None:
    robot, based = Robot(), replace(ROBOT, base=load_robot("ep").base)
    settings = TopicsSettings.parse(based, LEAP)
    driver = TopicsDriver(based, settings, robot, clock=lambda: robot.now, timeout=0.01)
    with pytest.raises(DriverError):
        driver.write(RobotCommand(twist=Twist(0.3)))
    assert robot.twists == []
    driver.connect()
    driver.write(RobotCommand(twist=Twist(0.3)))
    robot.position["1"] = math.nan
    robot.report()
    with pytest.raises(DriverError, match="reports nan"):
        driver.write(RobotCommand(twist=Twist(0.3)))
    assert robot.twists == [Twist(0.3), Twist()]


def test_time_that_runs_back_and_names_that_vanish_close_it() -> None:
    robot = Robot()
    driver = driver_for(robot)
    driver.connect()
    robot.now -= 5.0
    robot.report()
    assert "time went back" in driver.gate.reason
    robot.report(12)
    assert driver.gate.open
    robot.take(ForeignState(["1"], [180.0], received=robot.now + 0.01))
    assert "reports no joints 12" in driver.gate.reason


def test_limits_are_kept_and_stop_holds() -> None:
    robot = Robot()
    driver = driver_for(robot, max_step=9.0)
    driver.connect()
    assert driver.write(RobotCommand({"index": 9.0})).positions == {"index": 1.6}
    driver.stop()
    driver.stop()
    assert len(robot.sent) == 2
    assert robot.sent[1] == robot.sent[0]
    with pytest.raises(DriverError):
        driver.write(RobotCommand({"index": math.nan}))
    driver.close()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"speed": 1}, "unknown topics settings speed"),
        ({"joints": {"tail": "x"}}, "no joints tail to command; it has index, thumb"),
        ({"joints": {"index": {"gain": 2}}}, "gain"),
        ({"joints": {"index": {"unit": "foot"}}}, "unit 'foot' is not one of rad"),
        ({"joints": {"index": {"sign": 0}}}, "neither 1 nor -1"),
        ({"joints": {"index": "j", "thumb": "j"}}, "stand for more than one"),
        ({"form": "smoke"}, "form 'smoke' is not one of joint_state"),
        ({"interface": "thought"}, "interface 'thought'"),
        ({"rate": 0}, "rate must be positive"),
    ],
)
def test_wrong_settings_are_explained(data: dict, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        TopicsSettings.parse(ROBOT, data)


def test_settings_come_from_a_file_that_errors_name(tmp_path: Path) -> None:
    path = tmp_path / "leap.yaml"
    path.write_text("form: trajectory\njoints: {index: '1'}\n")
    settings = TopicsSettings.load(ROBOT, path)
    assert (settings.form, settings.joints[0].theirs, settings.joints[1].theirs) == ("trajectory", "1", "thumb")
    path.write_text("joints: {tail: x}\n")
    with pytest.raises(ConfigurationError, match="leap.yaml"):
        TopicsSettings.load(ROBOT, path)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=2, max_size=2))
def test_no_reported_numbers_open_the_gate_wrongly(position: list[float]) -> None:
    gate = AgreementGate(ROBOT, TopicsSettings.parse(ROBOT, LEAP))
    translator = Translator(ROBOT, gate.settings)
    for tick in range(15):
        gate.observe(translator.state(ForeignState(["1", "12"], position)), 0.02 * tick)
    ours = [j.to_ours(p) for j, p in zip(gate.settings.joints, position, strict=True)]
    fits = np.isfinite(ours).all() and -0.55 <= ours[0] <= 1.65 and 0.15 <= ours[1] <= 1.45
    assert gate.open == fits
