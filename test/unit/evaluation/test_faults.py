"""Faults do what they say, and the matrix finds the robot safe."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from robomatrix.errors import ConfigurationError, UnknownNameError
from robomatrix.evaluation import fault_matrix, faults, hardware, sabotage, sabotaged
from robomatrix.evaluation.faults import FaultyDriver
from robomatrix.hardware.driver import CameraFrame, RobotCommand, SimulatedDriver, Twist
from robomatrix.hardware.mock import MockDriver
from robomatrix.robots.loader import load_robot


class Seeing(MockDriver):
    """A mock with a camera and one object that can be put elsewhere."""

    def __init__(self) -> None:
        super().__init__(load_robot("ep"))
        self.placed: list[tuple] = []
        self.reset(0)

    def frame(self, camera: str) -> CameraFrame:
        stamp = self.read().stamp
        image = np.full((4, 4, 3), 100 + int(100 * stamp), np.uint8)
        return CameraFrame(stamp, camera, image, np.eye(3), np.zeros(3), np.eye(3))

    def place(self, item_id: str, position: tuple, yaw: float = 0.0) -> None:
        self.placed.append((item_id, position))


@pytest.fixture
def driver() -> FaultyDriver:
    return FaultyDriver(Seeing(), seed=1)


def drive(driver: FaultyDriver, ticks: int = 50, command: RobotCommand | None = None) -> None:
    for _ in range(ticks):
        driver.write(command or RobotCommand({"arm_left": 1.0, "gripper": 0.0}, twist=Twist(0.4)))
        driver.step()


def test_without_a_fault_nothing_changes(driver: FaultyDriver) -> None:
    assert isinstance(driver, SimulatedDriver)
    drive(driver)
    assert driver.read().odometry.position[0] > 0.3
    assert driver.read().joints["gripper"] < 0.01


def test_dead_actuators_claim_to_work(driver: FaultyDriver) -> None:
    driver.arm(faults.DeadActuators(("twist", "gripper")))
    wanted = RobotCommand({"gripper": 0.0}, twist=Twist(0.4))
    assert driver.write(wanted) == wanted
    drive(driver)
    state = driver.read()
    assert state.odometry.position[0] == 0.0
    assert state.joints["gripper"] == pytest.approx(0.1)
    assert state.joints["arm_left"] > 0.5


def test_an_inert_robot_does_nothing_until_it_is_mended(driver: FaultyDriver) -> None:
    drive(driver, 5)
    driver.arm(faults.InertRobot())
    x = driver.read().odometry.position[0]
    drive(driver)
    assert driver.read().odometry.position[0] == pytest.approx(x, abs=0.01)
    driver.disarm()
    drive(driver)
    assert driver.read().odometry.position[0] > x + 0.2


def test_lost_late_and_noisy_commands(driver: FaultyDriver) -> None:
    driver.arm(faults.DelayedCommands(5))
    drive(driver, 5)
    assert driver.read().odometry.position[0] == 0.0
    drive(driver, 5)
    assert driver.read().odometry.position[0] > 0.0
    noise = faults.NoisyCommands()
    driver.arm(noise)
    spoilt = noise.command(RobotCommand({"gripper": 0.0}, twist=Twist()))
    assert 0.0 < spoilt.positions["gripper"] <= 0.1
    assert spoilt.twist != Twist()
    lost = faults.LostCommands(1.0)
    assert lost.command(RobotCommand(twist=Twist(0.1))) == RobotCommand()


def test_sensors_freeze_lie_and_break(driver: FaultyDriver) -> None:
    for fault in (faults.FrozenJoints(), faults.FrozenOdometry()):
        driver.reset(0)
        driver.arm(fault)
        first = driver.read()
        drive(driver, 10)
        frozen = driver.read()
        assert frozen.stamp > first.stamp
        moved = frozen.joints["arm_left"] != first.joints["arm_left"], frozen.odometry.position[0] > 0.0
        assert moved == (isinstance(fault, faults.FrozenOdometry), isinstance(fault, faults.FrozenJoints))
    driver.arm(faults.NanState())
    assert np.isnan(driver.read().joints.position).all()
    driver.arm(faults.LyingJoint("gripper", 0.06))
    assert driver.read().joints["gripper"] == 0.06


def test_cameras_freeze_blacken_and_fall_silent(driver: FaultyDriver) -> None:
    driver.arm(faults.FrozenCamera())
    first = driver.frame("front")
    drive(driver, 10)
    frozen = driver.frame("front")
    assert frozen.stamp > first.stamp
    assert (frozen.image == first.image).all()
    driver.arm(faults.BlackCamera())
    assert driver.frame("front").image.max() == 0
    driver.arm(faults.SilentCamera())
    stamp = driver.frame("front").stamp
    drive(driver, 3)
    assert driver.frame("front").stamp == stamp


def test_an_object_is_taken_once_and_later(driver: FaultyDriver) -> None:
    driver.arm(faults.ObjectTaken("can_1", after=3))
    drive(driver, 3)
    assert driver.placed == []
    drive(driver, 10)
    assert [item for item, _ in driver.placed] == ["can_1"]


def test_what_is_carried_is_taken_before_the_pads_have_parted(driver: FaultyDriver) -> None:
    drive(driver)
    driver.arm(faults.ObjectTaken("can_1", after=10_000, carried=True))
    drive(driver, 5)
    assert driver.placed == []
    before = driver.read().joints["gripper"]
    for _ in range(40):
        driver.write(RobotCommand(positions={"gripper": before + 0.03}))
        driver.step()
        if driver.placed:
            break
    assert [item for item, _ in driver.placed] == ["can_1"]
    assert driver.read().joints["gripper"] < before + 0.015


def test_every_fault_of_the_plan_exists_and_every_case_too() -> None:
    planned = {fault for names in sabotage._PLAN.values() for fault in names}
    assert planned == set(sabotage.FAULTS)
    measured = {name for path in sabotage.PATHS.values() for name in path.measures}
    assert set(sabotage._PLAN) <= measured
    with pytest.raises(UnknownNameError, match="dance"):
        sabotage.run(["dance"])


@pytest.mark.parametrize(
    ("status", "claimed", "armed", "verdict"),
    [
        ("success", True, True, "true success"), ("failure", True, True, "false success"),
        ("failure", False, True, "failure"), ("success", True, False, "unprepared"),
        ("unprepared", False, True, "unprepared"),
    ],
)  # fmt: skip
def test_verdicts(status: str, claimed: bool, armed: bool, verdict: str) -> None:
    assert sabotage._verdict(status, claimed, armed) == verdict


def test_false_successes_and_hung_runs_spoil_the_report() -> None:
    runs = [sabotage.Run("grasp", "inert robot", n, v, "", 0.0) for n, v in enumerate(["failure", "true success"])]
    assert sabotage.Report(tuple(runs), 1.0).reached
    for wrong in ("false success", "hung"):
        report = sabotage.Report((*runs, sabotage.Run("grasp", "x", 9, wrong, "", 0.0)), 1.0)
        assert not report.reached
        assert report.to_json()["wrong"][0]["verdict"] == wrong


@pytest.mark.parametrize("name", ["commands cease (skill server killed)", "emergency stop", "NaN in the odometry"])
def test_the_matrix_on_the_mock(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fault_matrix, "_driver", lambda name, robot: MockDriver(robot))
    injection = next(i for i in fault_matrix.INJECTIONS if i.name == name)
    row = fault_matrix.examine("mock", injection)
    assert row.safe
    assert row.stop_ms <= 120.0
    assert row.resumed == ("a reset" if name == "emergency stop" else "new commands")
    assert fault_matrix.Report((row,)).reached
    assert name in fault_matrix.Report((row,)).markdown()


@pytest.mark.parametrize("name", ["the robot's own driver falls silent", "the robot's own driver sends NaN"])
def test_a_base_behind_topics_is_stopped_though_its_driver_no_longer_agrees(name: str) -> None:
    injection = next(i for i in fault_matrix.INJECTIONS if i.name == name)
    row = fault_matrix.examine("topics", injection)
    assert row.safe and row.rest_ms is not None and row.rest_ms <= 500.0
    assert "the robot may not move" in row.happened and row.resumed == "new commands"


def test_there_are_more_than_twenty_faults() -> None:
    assert len({i.name for i in fault_matrix.INJECTIONS}) >= 20


def test_fuzzing_finds_nothing_in_a_thousand_messages() -> None:
    result = hardware.fuzz(1000)
    assert (result.believed, result.moved, result.alive) == (0, 0.0, True)


def test_percentiles_are_in_milliseconds() -> None:
    assert hardware.Spread.of([0.001, 0.002, 0.003]) == hardware.Spread(3, 2.0, 2.98, 3.0)


def test_an_interrupted_benchmark_goes_on_from_its_journal(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    path = next(name for name, case in sabotage.PATHS.items() if "turn" in getattr(case, "measures", ()))
    runs = [sabotaged.Run("turn", "inert robot", 7, "failure", "blocked", 0.5)]
    sabotaged.write_journal(journal, (path, 7), runs)
    assert sabotaged.read_journal(journal) == {(path, 7): runs}
    report = sabotage.run(["turn"], runs=1, seed0=7, processes=1, journal=journal)
    assert report.runs == tuple(runs), "what was finished was done again"
    journal.write_text("what is this")
    with pytest.raises(ConfigurationError, match="no journal"):
        sabotaged.read_journal(journal)
