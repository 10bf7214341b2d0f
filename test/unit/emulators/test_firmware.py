"""The emulated robot's brain: modes, signs, controllers and reports."""

from __future__ import annotations

import math

import pytest

from robomatrix.emulators.ep.body import KinematicBody, draw_time, read_time
from robomatrix.emulators.ep.conventions import Conventions, Faults
from robomatrix.emulators.ep.firmware import Firmware


@pytest.fixture
def robot() -> Firmware:
    firmware = Firmware(KinematicBody())
    assert firmware.answer("command") == "ok"
    return firmware


def live(robot: Firmware, seconds: float) -> None:
    for _ in range(round(seconds / 0.01)):
        robot.advance(0.01)


def numbers(answer: str) -> list[float]:
    return [float(word) for word in answer.split()]


def test_nothing_is_taken_before_sdk_mode_and_the_second_command_says_so() -> None:
    robot = Firmware(KinematicBody())
    assert robot.answer("chassis speed x 1 y 0 z 0") == "not in SDK mode"
    assert robot.answer("command seq 1") == "ok seq 1"
    assert robot.answer("command") == "Already in SDK mode"


def test_sdk_right_and_clockwise_are_left_and_counter_clockwise_of_the_body(robot: Firmware) -> None:
    robot.answer("chassis speed x 0 y 0.5 z 90")
    live(robot, 1.0)
    assert robot.sense.wz == pytest.approx(-math.pi / 2)
    assert robot.sense.vy == pytest.approx(-0.5)
    assert numbers(robot.answer("chassis speed ?"))[:3] == pytest.approx([0.0, 0.5, 90.0], abs=1e-3)
    assert numbers(robot.answer("chassis position ?"))[2] > 60.0


def test_wheels_follow_the_order_of_the_text_sdk(robot: Firmware) -> None:
    robot.answer("chassis wheel w1 100 w2 0 w3 100 w4 0")
    live(robot, 1.0)
    assert robot.sense.vx == pytest.approx(0.05 * math.tau / 60 * 50, rel=1e-3)
    assert robot.sense.wz > 0.0, "the right wheels push it to the left"
    wheels = numbers(robot.answer("chassis speed ?"))[3:]
    assert wheels == pytest.approx([100, 0, 100, 0], abs=1)


@pytest.mark.parametrize(("clockwise", "sign"), [(False, 1.0), (True, -1.0)])
def test_a_move_arrives_and_then_stands(clockwise: bool, sign: float) -> None:
    robot = Firmware(KinematicBody(), Conventions(move_clockwise=clockwise))
    robot.answer("command")
    assert robot.answer("chassis move x 0.6 y -0.3 z 90 vxy 0.5 vz 90") == "ok"
    live(robot, 4.0)
    assert (robot.sense.x, robot.sense.y) == pytest.approx((0.6, 0.3), abs=0.01)
    assert robot.sense.yaw == pytest.approx(sign * math.pi / 2, abs=0.02)
    assert robot.answer("chassis status ?").split()[0] == "1"


def test_a_move_without_any_axis_is_malformed(robot: Firmware) -> None:
    assert robot.answer("chassis move seq 4") == "command format error seq 4"


def test_arm_and_gripper_go_where_they_are_told(robot: Firmware) -> None:
    robot.answer("robotic_arm moveto x 18 y 10")
    robot.answer("robotic_gripper close 4")
    live(robot, 1.5)
    assert numbers(robot.answer("robotic_arm position ?")) == pytest.approx([18.0, 10.0])
    assert robot.answer("robotic_gripper status ?") == "0"
    robot.answer("robotic_arm move x -2 y 0")
    robot.answer("robotic_gripper open")
    live(robot, 2.0)
    assert numbers(robot.answer("robotic_arm position ?")) == pytest.approx([16.0, 10.0])
    assert robot.answer("robotic_gripper status ?") == "2"


def test_the_arm_can_speak_millimetres() -> None:
    robot = Firmware(KinematicBody(), Conventions(arm_unit=0.001))
    robot.answer("command")
    robot.answer("robotic_arm moveto x 180 y 100")
    live(robot, 1.0)
    assert robot.sense.arm == pytest.approx((0.18, 0.10))


def test_pushes_come_at_their_rates_and_share_datagrams(robot: Firmware) -> None:
    robot.answer("chassis push position on pfreq 10 attitude on status on sfreq 1")
    sent = [text for tick in range(1000) for text in robot.due(tick / 1000 + 1e-6)]
    assert sum("position" in text for text in sent) == 10
    assert sum("attitude" in text for text in sent) == 5
    assert sum("status" in text for text in sent) == 1
    assert sent[0].startswith("chassis push position 0.000")
    assert " ;attitude " in sent[0]
    robot.answer("chassis push position off attitude off status off")
    assert robot.due(2.0) == []


def test_distance_needs_measuring_and_an_existing_sensor(robot: Firmware) -> None:
    assert robot.answer("ir_distance_sensor distance 1 ?") == "error"
    robot.answer("ir_distance_sensor measure on")
    assert robot.answer("ir_distance_sensor distance 1 ?") == "3000"
    assert robot.answer("ir_distance_sensor distance 4 ?") == "error"


def test_beads_are_fired_in_the_number_set(robot: Firmware) -> None:
    robot.answer("blaster bead 3")
    robot.answer("blaster fire")
    robot.answer("blaster fire")
    live(robot, 0.01)
    assert robot.body.shots == 6


def test_a_robot_that_lies_says_ok_and_does_nothing() -> None:
    robot = Firmware(KinematicBody(), faults=Faults(inert={"chassis"}, frozen_range=0.5, not_a_number=True))
    robot.answer("command")
    robot.answer("ir_distance_sensor measure on")
    assert robot.answer("chassis speed x 0.5 y 0 z 0") == "ok"
    live(robot, 1.0)
    assert robot.sense.x == 0.0
    assert robot.answer("ir_distance_sensor distance 1 ?") == "500"
    assert robot.answer("chassis position ?") == "nan nan nan"


def test_a_lost_client_stops_the_robot(robot: Firmware) -> None:
    robot.answer("chassis speed x 0.5 y 0 z 0")
    live(robot, 1.0)
    robot.leave()
    live(robot, 0.5)
    assert robot.sense.vx == 0.0
    assert not robot.in_sdk_mode


def test_the_time_in_a_picture_is_readable() -> None:
    picture = KinematicBody().image()
    draw_time(picture, 1234.567)
    assert read_time(picture) == pytest.approx(1234.567)
