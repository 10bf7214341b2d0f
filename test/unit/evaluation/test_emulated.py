"""The real driver, the emulator and MuJoCo behind it, as one simulated driver."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from robomatrix.errors import DriverError
from robomatrix.evaluation.emulated import EmulatedDriver
from robomatrix.hardware.driver import RobotCommand, SimulatedDriver, Twist
from robomatrix.robots.loader import load_robot

CAN = {"category": "can", "colours": ["red"], "count": [1, 1], "places": ["floor"], "x": 0.9, "y": 0.0}
ROOM = {"fixtures": [], "objects": [CAN], "start": {"x": 0.0, "y": 0.0, "yaw": 0.0}}


@pytest.fixture
def driver() -> Iterator[EmulatedDriver]:
    emulated = EmulatedDriver(load_robot("ep"), overrides=ROOM)
    emulated.reset(1)
    yield emulated
    emulated.close()


def test_what_it_does_over_the_network_is_true_behind_it(driver: EmulatedDriver) -> None:
    assert isinstance(driver, SimulatedDriver)
    first = driver.read().stamp
    steps, x = 0, 0.0
    while steps < 400 and (steps < 40 or x <= 0.1):  # the emulator runs in real time, as fast as the machine lets it
        driver.write(RobotCommand({"arm_right": 0.4, "arm_left": 0.5}, twist=Twist(0.3, 0.1, 0.5)))
        state = driver.step()
        x, y, yaw = driver.base_pose()
        steps += 1
    assert state.stamp - first > 0.02 * steps - 0.3
    for _ in range(25):  # at rest both tell the same moment
        driver.write(RobotCommand({"arm_right": 0.4, "arm_left": 0.5}, twist=Twist()))
        state = driver.step()
    x, y, yaw = driver.base_pose()
    assert state.odometry.position[:2] == pytest.approx([x, y], abs=0.05)
    assert state.odometry.yaw == pytest.approx(yaw, abs=0.1)
    assert x > 0.1
    assert y > 0.0
    assert state.joints["arm_right"] > 0.1
    assert set(state.ranges) == {"front", "palm"}


def test_images_cross_the_network_and_the_truth_does_not(driver: EmulatedDriver) -> None:
    frame, drawn = driver.frame("front"), driver.render("front", 640, 360)
    assert frame.image.shape == drawn.shape
    assert np.abs(frame.image.astype(int) - drawn).mean() < 6.0, "compression changes little"
    (can,) = driver.objects()
    driver.place(can.id, (1.0, 0.5, can.position[2]))
    assert driver.objects()[0].position[:2] == pytest.approx((1.0, 0.5), abs=0.02)


def test_before_a_reset_there_is_nothing() -> None:
    driver = EmulatedDriver(load_robot("ep"))
    driver.stop()
    driver.close()
    for use in (driver.read, driver.objects):
        with pytest.raises(DriverError, match="not connected"):
            use()
