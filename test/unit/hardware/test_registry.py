import pytest

from robomatrix.errors import UnknownNameError
from robomatrix.hardware.driver import SimulatedDriver
from robomatrix.hardware.registry import driver_names, make_driver, simulates
from robomatrix.robots import load_robot


def test_our_drivers_are_registered() -> None:
    assert {"mock", "mujoco", "pybullet"} <= set(driver_names())


@pytest.mark.parametrize("name", ["mock", "mujoco", "pybullet"])
def test_makes_a_driver_for_the_robot(name: str) -> None:
    driver = make_driver(name, load_robot("s1"), "kitchen")
    assert isinstance(driver, SimulatedDriver)
    assert driver.spec.name == "s1"


@pytest.mark.parametrize("robot", ["h1", "allegro", "player"])
def test_mujoco_is_the_mujoco_driver_of_any_robot(robot: str) -> None:
    spec = load_robot(robot)
    assert type(make_driver("mujoco", spec)) is type(make_driver(spec.drivers[0], spec))


def test_an_unknown_driver_lists_what_exists() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown driver 'mojoco'; did you mean 'mujoco'\?"):
        make_driver("mojoco", load_robot("ep"))


def test_a_driver_that_does_not_fit_the_robot_lists_what_does() -> None:
    with pytest.raises(UnknownNameError, match=r"driver for allegro 'robomaster'|unknown driver 'robomaster'"):
        make_driver("robomaster", load_robot("allegro"))


def test_an_unknown_scene_lists_what_exists() -> None:
    with pytest.raises(UnknownNameError, match="kitchen"):
        make_driver("mujoco", load_robot("ep"), "kitchn")


@pytest.mark.parametrize("name", driver_names())
def test_what_brings_a_world_of_its_own_is_told_without_opening_it(name: str) -> None:
    assert simulates(name) == (name not in ("robomaster", "topics"))


def test_nothing_is_told_of_a_driver_that_does_not_exist() -> None:
    with pytest.raises(UnknownNameError, match="Known: .*mock, mujoco"):
        simulates("mojoco")
