"""The driver against the emulated robot, over real sockets."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict

import numpy as np
import pytest

from robomatrix.emulators.ep import ports as emulated_ports
from robomatrix.emulators.ep import server
from robomatrix.emulators.ep.body import KinematicBody, read_time
from robomatrix.emulators.ep.server import EpEmulator
from robomatrix.errors import ConfigurationError, DriverError
from robomatrix.hardware.driver import Driver, RobotCommand, Twist
from robomatrix.hardware.robomaster import RobomasterDriver, RobomasterSettings, make_robomaster
from robomatrix.hardware.robomaster.protocol import Ports
from robomatrix.robots.loader import load_robot


def eventually(condition: Callable[[], bool], timeout: float = 3.0) -> bool:
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True


def settings_for(emulator: server.EpEmulator, **changes: object) -> RobomasterSettings:
    values = {
        "connection": "address", "host": "127.0.0.1", "listen": "127.0.0.1", "connect_timeout": 0.5,
        "ports": Ports(**asdict(emulator.settings.ports)),
    }  # fmt: skip
    return RobomasterSettings(**{**values, **changes})


@pytest.fixture
def emulator() -> Iterator[server.EpEmulator]:
    settings = server.Settings(ports=emulated_ports.Ports.free(), broadcast_period=0.02)
    with server.EpEmulator(KinematicBody, settings) as running:
        yield running


@pytest.fixture
def driver(emulator: server.EpEmulator) -> Iterator[RobomasterDriver]:
    connected = RobomasterDriver(load_robot("ep"), settings_for(emulator))
    connected.connect()
    yield connected
    connected.close()


def keep_writing(driver: RobomasterDriver, command: RobotCommand, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        driver.write(command)
        time.sleep(0.01)


def test_it_is_a_driver_and_reports_the_whole_robot(driver: RobomasterDriver) -> None:
    assert isinstance(driver, Driver)
    state = driver.read()
    assert state.joints.names == driver.spec.joint_names
    assert abs(time.time() - state.stamp) < 0.1
    assert set(state.ranges) == {"front", "palm"}
    assert state.imu.linear_acceleration == pytest.approx([0.0, 0.0, 9.81])
    assert eventually(lambda: driver.read().ranges["front"] == 3.0)


def test_left_and_counter_clockwise_mean_the_same_on_both_sides(driver: RobomasterDriver, emulator: EpEmulator) -> None:
    keep_writing(driver, RobotCommand(twist=Twist(0.4, 0.2, 0.6)), 0.6)
    sense = emulator.firmware.sense
    assert (sense.vx, sense.vy, sense.wz) == pytest.approx((0.4, 0.2, 0.6), abs=2e-3)
    odometry = driver.read().odometry
    assert odometry.yaw > 0.2
    assert odometry.linear_velocity == pytest.approx([0.4, 0.2, 0.0], abs=0.05)
    driver.stop()
    assert eventually(lambda: driver.read().odometry.linear_velocity[0] == 0.0)
    sense = emulator.firmware.sense
    assert eventually(lambda: np.allclose(driver.read().odometry.position[:2], (sense.x, sense.y), atol=2e-3))


def test_what_is_applied_is_clamped_and_wrong_joints_are_refused(driver: RobomasterDriver) -> None:
    assert driver.write(RobotCommand(twist=Twist(9.0))).twist == Twist(0.8)
    driver.stop()
    for bad in (RobotCommand({"tail": 0.0}), RobotCommand({"arm_left": math.nan}), RobotCommand(twist=Twist(math.inf))):
        with pytest.raises(DriverError):
            driver.write(bad)


def test_without_writes_the_base_stops_by_itself(driver: RobomasterDriver, emulator: EpEmulator) -> None:
    keep_writing(driver, RobotCommand(twist=Twist(0.4)), 0.2)
    last = time.monotonic()
    assert emulator.firmware.sense.vx > 0.3
    assert eventually(lambda: emulator.firmware.wanted_velocity[0] == 0.0)
    assert time.monotonic() - last < driver.settings.deadman + 0.15


def test_stop_does_not_wait_for_anything(driver: RobomasterDriver, emulator: EpEmulator) -> None:
    keep_writing(driver, RobotCommand(twist=Twist(0.4)), 0.2)
    begun = time.monotonic()
    driver.stop()
    driver.stop()
    assert eventually(lambda: emulator.firmware.wanted_velocity[0] == 0.0)
    assert time.monotonic() - begun < 0.1


def test_the_arm_goes_to_its_angles_and_reports_them(driver: RobomasterDriver) -> None:
    wanted = {"arm_right": 0.5, "arm_left": 0.3}
    driver.write(RobotCommand(wanted))
    assert eventually(lambda: abs(driver.read().joints["arm_right"] - 0.5) < 0.01)
    joints = driver.read().joints
    assert joints["arm_left"] == pytest.approx(0.3, abs=0.01)
    assert joints["arm_elbow"] == pytest.approx(joints["arm_left"] - joints["arm_right"])


def test_the_gripper_closes_and_opens(driver: RobomasterDriver) -> None:
    assert eventually(lambda: driver.read().joints["gripper"] == 0.1)
    driver.write(RobotCommand({"gripper": 0.0}))
    assert eventually(lambda: driver.read().joints["gripper"] == 0.0)
    driver.write(RobotCommand({"gripper": 0.1}))
    assert eventually(lambda: driver.read().joints["gripper"] == 0.1)


def test_images_are_new_and_know_their_geometry(driver: RobomasterDriver, emulator: EpEmulator) -> None:
    assert eventually(lambda: driver.frame("front") is not None)
    frame = driver.frame("front")
    assert frame.image.shape == (360, 640, 3)
    assert frame.intrinsics[0, 2] == 320.0
    assert frame.position[2] > 0.3
    ages = []
    for _ in range(10):
        stamp = driver.frame("front").stamp
        assert eventually(lambda stamp=stamp: driver.frame("front").stamp > stamp)
        ages.append(time.monotonic() - read_time(driver.frame("front").image))
    assert sorted(ages)[5] < 0.08
    with pytest.raises(DriverError, match="cameras: front"):
        driver.frame("rear")


def test_a_cut_is_survived_and_nothing_moves_before_a_new_command(
    driver: RobomasterDriver, emulator: EpEmulator
) -> None:
    keep_writing(driver, RobotCommand(twist=Twist(0.4)), 0.3)
    emulator.network.cut = True
    cut = time.monotonic()
    assert eventually(lambda: emulator.firmware.sense.vx == 0.0)
    assert time.monotonic() - cut < 0.6
    assert eventually(lambda: driver.lost is not None)
    old = driver.read().stamp
    assert driver.read().stamp == old, "an old state keeps its old stamp"
    emulator.network.cut = False
    assert eventually(lambda: driver.lost is None)
    assert eventually(lambda: driver.read().stamp > old)
    assert driver.counts["reconnected"] == 1
    time.sleep(0.1)
    assert emulator.firmware.sense.vx == 0.0
    keep_writing(driver, RobotCommand(twist=Twist(0.3)), 0.4)
    assert emulator.firmware.sense.vx == pytest.approx(0.3)


def test_loss_jitter_and_garbage_do_not_stop_it(driver: RobomasterDriver, emulator: EpEmulator) -> None:
    network = emulator.network
    network.loss, network.jitter, network.garbage, network.reorder = 0.05, 0.1, 0.05, 0.05
    keep_writing(driver, RobotCommand(twist=Twist(0.3)), 1.5)
    assert driver.lost is None
    assert emulator.firmware.sense.vx == pytest.approx(0.3)
    assert time.time() - driver.read().stamp < 0.2
    assert driver.read().odometry.position[0] == pytest.approx(emulator.firmware.sense.x, abs=0.1)


def test_numbers_that_are_none_are_not_believed(driver: RobomasterDriver, emulator: EpEmulator) -> None:
    emulator.faults.not_a_number = True
    stamp = driver.read().stamp
    assert eventually(lambda: driver.counts["malformed_pushes"] > 5)
    state = driver.read()
    assert state.stamp - stamp < 0.1, "the state grows old instead"
    assert np.isfinite(state.odometry.position).all()


def test_events_are_kept(driver: RobomasterDriver, emulator: EpEmulator) -> None:
    driver.ask("armor", "event", "hit", "on")
    assert eventually(lambda: bool(emulator._events.writers))
    emulator.hit(1, 0)
    assert eventually(lambda: ("armor", "hit", "1", "0") in driver.events)


def test_the_microphone_is_heard(driver: RobomasterDriver) -> None:
    heard: list[np.ndarray] = []
    stream = driver.listen(heard.append)
    assert eventually(lambda: len(heard) >= 10)
    stream.close()
    sound = np.concatenate(heard[3:10]).astype(float)
    crossings = np.count_nonzero(np.diff(np.sign(sound)) != 0)
    assert 48_000 * crossings / 2 / len(sound) == pytest.approx(440.0, rel=0.1)


def test_lights_moves_and_refusals(driver: RobomasterDriver, emulator: EpEmulator) -> None:
    driver.set_light(255, 0, 255)
    assert emulator.firmware.lights["all"] == (255, 0, 255, "solid")
    driver.move(x=0.1, y=0.1)
    assert eventually(lambda: abs(emulator.firmware.sense.y - 0.1) < 0.01, 4.0)
    with pytest.raises(DriverError, match="out of range"):
        driver.ask("blaster", "bead", 9)


def test_the_s1_aims_and_fires_as_often_as_asked(emulator: EpEmulator) -> None:
    driver = RobomasterDriver(load_robot("s1"), settings_for(emulator))
    driver.connect()
    driver.write(RobotCommand({"gimbal_pitch": 0.2, "gimbal_yaw": 0.5, "blaster": 2.0}))
    driver.write(RobotCommand({"blaster": 2.0}))
    assert eventually(lambda: emulator.firmware.body.shots == 2)
    assert eventually(lambda: abs(driver.read().joints["gimbal_yaw"] - 0.5) < 0.005)
    assert driver.read().joints["gimbal_pitch"] == pytest.approx(0.2, abs=0.005)
    driver.write(RobotCommand({"blaster": 9.0}))
    assert eventually(lambda: emulator.firmware.body.shots == 9)
    assert driver.read().joints["blaster"] == 9.0
    driver.close()


def test_a_station_is_found_by_its_broadcast(emulator: EpEmulator) -> None:
    driver = RobomasterDriver(load_robot("ep"), settings_for(emulator, connection="station", host=""))
    driver.connect()
    driver.close()
    driver.close()


def test_nobody_there_is_said_with_what_to_check(emulator: EpEmulator) -> None:
    settings = settings_for(emulator)
    emulator.stop()
    driver = RobomasterDriver(load_robot("ep"), settings)
    with pytest.raises(DriverError, match="check that it is on"):
        driver.connect()
    with pytest.raises(DriverError, match="call connect"):
        driver.read()
    driver.stop()
    driver.close()
    with pytest.raises(DriverError, match="no RoboMaster announced itself"):
        RobomasterDriver(load_robot("ep"), settings_for(emulator, connection="station", connect_timeout=0.05)).connect()


def test_a_robot_that_takes_the_connection_and_says_nothing(emulator: EpEmulator) -> None:
    emulator.network.half_open = True
    with pytest.raises(DriverError, match="did not answer 'command'"):
        RobomasterDriver(load_robot("ep"), settings_for(emulator, connect_timeout=0.2)).connect()


def test_datagrams_that_never_come_are_named(emulator: EpEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("robomatrix.hardware.robomaster.driver.FIRST_POSE_TIMEOUT", 0.1)
    emulator.network.loss = 1.0
    with pytest.raises(DriverError, match=f"UDP port {emulator.settings.ports.push}"):
        RobomasterDriver(load_robot("ep"), settings_for(emulator)).connect()
    assert eventually(lambda: not emulator.firmware.in_sdk_mode)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"speed": 1}, "unknown robomaster settings speed"),
        ({"connection": "bluetooth"}, "not one of ap, usb"),
        ({"connection": "address"}, "needs 'host'"),
        ({"push_rate": 7}, "not one of 1, 5"),
        ({"wheels": ["front_left"] * 4}, "wheels must name"),
        ({"gripper_level": 9}, "not 1 to 4"),
        ({"deadman": 0.0}, "must be positive"),
        ({"ports": {"telnet": 1}}, "telnet"),
    ],
)
def test_wrong_settings_are_explained(options: dict, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        make_robomaster(load_robot("ep"), **options)


def test_options_from_a_file_fit() -> None:
    settings = RobomasterSettings.parse({"ports": {"video": 1}, "intrinsics": [628.6, 625.8, 638.0, 361.6]})
    driver = RobomasterDriver(load_robot("ep"), settings)
    assert driver._intrinsics()[0, 0] == pytest.approx(314.3)
