import math

import pytest

from robomatrix.errors import DriverError
from robomatrix.hardware.driver import RobotCommand, SimulatedDriver, Twist
from robomatrix.hardware.mock import MockDriver
from robomatrix.robots import load_robot


@pytest.fixture
def driver() -> MockDriver:
    driver = MockDriver(load_robot("ep"))
    driver.connect()
    return driver


def test_meets_the_contract(driver: MockDriver) -> None:
    assert isinstance(driver, SimulatedDriver)
    assert driver.frame("front") is None
    assert driver.objects() == ()


def test_joints_and_base_go_where_they_are_sent(driver: MockDriver) -> None:
    driver.write(RobotCommand({"arm_right": 1.0}, twist=Twist(0.5, 0.0, 0.0)))
    for _ in range(50):
        state = driver.step()
    assert state.stamp == pytest.approx(1.0)
    assert state.joints["arm_right"] == pytest.approx(1.0)
    assert state.odometry.position[0] == pytest.approx(0.5)
    assert state.ranges == {"front": math.inf, "palm": math.inf}


def test_stop_and_reset(driver: MockDriver) -> None:
    driver.write(RobotCommand(twist=Twist(0.5)))
    driver.step()
    driver.stop()
    before = driver.read().odometry.position[0]
    assert driver.step().odometry.position[0] == before
    assert driver.reset(0).odometry.position[0] == 0.0


def test_counts_shots() -> None:
    driver = MockDriver(load_robot("s1"))
    driver.connect()
    driver.write(RobotCommand({"blaster": 2}))
    assert driver.step().joints["blaster"] == 2


def test_needs_a_connection_and_draws_nothing(driver: MockDriver) -> None:
    with pytest.raises(DriverError, match="draws no pictures"):
        driver.render("front", 10, 10)
    driver.close()
    with pytest.raises(DriverError, match="connect"):
        driver.read()
