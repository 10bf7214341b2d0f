"""Is the robot there, does all of it answer, and what does its firmware mean: ``robomatrix doctor``."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from robomatrix.errors import DriverError
from robomatrix.hardware.robomaster.driver import RobomasterDriver
from robomatrix.hardware.robomaster.settings import RobomasterSettings
from robomatrix.robots.spec import RobotSpec

SLOWEST_PUSH = 0.6
"""Share of the asked push rate that must arrive."""
OBSERVED = 1.0
"""How long reports and images are counted [s]."""
ARM_REACH = (0.05, 0.30)
"""Distance of the arm's tip from its base, whatever it does [m]."""


@dataclass(frozen=True)
class Probe:
    """One thing that was found out."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def probe(robot: RobotSpec, settings: RobomasterSettings, motion: bool = False) -> list[Probe]:
    """Connects and looks; a robot that cannot be reached is one finding, not an error.

    Args:
        robot: Which robot it should be.
        settings: Where it is.
        motion: Also turn it by a few degrees to find out the order of the wheels and the sense of ``chassis move``. It
            needs half a metre of free floor all round; the wheels turn at 40 rpm for half a second at a time.
    """
    driver = RobomasterDriver(robot, settings)
    try:
        driver.connect()
    except DriverError as error:
        return [Probe("connection", False, "no connection", str(error))]
    try:
        return list(_examine(driver, motion))
    finally:
        driver.close()


def _examine(driver: RobomasterDriver, motion: bool) -> Iterator[Probe]:
    version = driver.ask("version", "?").body
    yield Probe("connection", True, f"firmware {version.removeprefix('version ')}")
    yield _battery(driver)
    yield _pushes(driver)
    if driver.spec.cameras and driver.settings.camera:
        yield _video(driver)
    for index, sensor in enumerate(driver.spec.ranges):
        yield _range(driver, index + 1, sensor.name)
    if any(joint.name == "gripper" for joint in driver.spec.joints):
        yield _arm_unit(driver)
    if motion:
        yield _wheels(driver)
        yield _move_sense(driver)


def _battery(driver: RobomasterDriver) -> Probe:
    level = driver.ask("robot", "battery", "?").numbers(1)[0]
    return Probe("battery", level >= 20.0, f"{level:.0f} %", "charge it: below 20 % arm and gripper grow weak")


def _pushes(driver: RobomasterDriver) -> Probe:
    stamps = {driver.telemetry.reading.stamp}
    end = time.monotonic() + OBSERVED
    while time.monotonic() < end:
        stamps.add(driver.telemetry.reading.stamp)
        time.sleep(0.002)
    rate = round((len(stamps) - 1) / OBSERVED)
    asked = driver.settings.push_rate
    remedy = "bring the robot nearer, or use USB or 5 GHz Wi-Fi; late poses stop it"
    return Probe("pose reports", rate >= SLOWEST_PUSH * asked, f"{rate} of {asked} Hz", remedy)


def _video(driver: RobomasterDriver) -> Probe:
    camera = driver.spec.cameras[0].name
    if not _wait(lambda: driver.frame(camera) is not None, 3.0):
        return Probe("video", False, "no image within 3 s", "restart the robot; only one client gets the stream")
    stamps: set[float] = set()
    end = time.monotonic() + OBSERVED
    while time.monotonic() < end:
        stamps.add(driver.frame(camera).stamp)
        time.sleep(0.002)
    rate = round((len(stamps) - 1) / OBSERVED)
    return Probe("video", rate >= 10, f"{rate} images a second", "bring the robot nearer")


def _range(driver: RobomasterDriver, number: int, name: str) -> Probe:
    answer = driver.ask("ir_distance_sensor", "distance", number, "?")
    try:
        distance = answer.numbers(1)[0] / 1e3
    except DriverError:
        remedy = f"plug the sensor in as number {number}, or take '{name}' out of the robot's description"
        return Probe(f"range '{name}'", False, f"sensor {number} answers '{answer.body}'", remedy)
    return Probe(f"range '{name}'", True, f"sensor {number} reads {distance:.2f} m")


def _arm_unit(driver: RobomasterDriver) -> Probe:
    """The tip is never nearer than 5 cm nor further than 30 cm from the arm's base, so the numbers tell the unit."""
    x, y = driver.ask("robotic_arm", "position", "?").numbers(2)
    reach = math.hypot(x, y)
    fits = [unit for unit in (0.01, 0.001) if ARM_REACH[0] <= unit * reach <= ARM_REACH[1]]
    if not fits:
        remedy = "recentre the arm with the app and try again"
        return Probe("arm unit", False, f"the position ({x:g}, {y:g}) fits neither cm nor mm", remedy)
    ok = math.isclose(fits[0], driver.settings.arm_unit)
    detail = f"the position ({x:g}, {y:g}) is in {'cm' if fits[0] == 0.01 else 'mm'}"
    return Probe("arm unit", ok, detail, f"set arm_unit to {fits[0]:g}")


def _wheels(driver: RobomasterDriver) -> Probe:
    """Wheel w3 alone pushes one side: a right wheel turns the robot counter-clockwise."""
    turned = _turn_of(driver, lambda: driver.ask("chassis", "wheel", "w1", 0, "w2", 0, "w3", 40, "w4", 0), 0.5)
    if abs(turned) < 0.01:
        return Probe("wheel order", False, "the robot did not turn", "put it on the floor with its wheels free")
    found = "rear_right" if turned > 0.0 else "rear_left"
    third = driver.settings.wheels[2]
    return Probe("wheel order", found == third, f"w3 is {found}", "exchange the last two entries of wheels")


def _move_sense(driver: RobomasterDriver) -> Probe:
    turned = _turn_of(driver, lambda: driver.ask("chassis", "move", "z", 10, "vz", 30), 1.5)
    _turn_of(driver, lambda: driver.ask("chassis", "move", "z", -10, "vz", 30), 1.5)
    if abs(turned) < 0.05:
        return Probe("sense of move", False, "the robot did not turn", "put it on the floor with its wheels free")
    sense = "counter-clockwise" if turned > 0.0 else "clockwise"
    return Probe("sense of move", turned > 0.0, f"chassis move z is {sense}", "do not use move(); velocities are right")


def _turn_of(driver: RobomasterDriver, action: Callable[[], object], seconds: float) -> float:
    """Returns by how much the robot turned, counter-clockwise [rad]; it stands afterwards."""
    before = driver.telemetry.reading.yaw
    action()
    time.sleep(seconds)
    turned = math.remainder(driver.telemetry.reading.yaw - before, math.tau)
    driver.stop()
    time.sleep(0.3)
    return turned


def _wait(condition: Callable[[], bool], timeout: float) -> bool:
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
