import math

import pytest

from robomatrix.errors import ConfigurationError, UnknownNameError
from robomatrix.robots import load_robot, load_simulation, robot_names
from robomatrix.robots.simulation import simulation_from


def test_names_hold_both_robomasters() -> None:
    assert {"ep", "s1"} <= set(robot_names())


def test_unknown_robot_lists_what_exists() -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean 'ep'\?.*ep.*s1"):
        load_robot("epp")


@pytest.mark.parametrize("name", ["ep", "s1"])
def test_camera_sees_120_degrees_across_its_diagonal(name: str) -> None:
    (camera,) = load_robot(name).cameras
    assert math.degrees(camera.diagonal_fov) == pytest.approx(120.0)
    assert (camera.width, camera.height) == (640, 360)


def test_limits_come_from_the_urdf_or_the_yaml() -> None:
    robot = load_robot("ep")
    assert (robot.joint("arm_right").lower, robot.joint("arm_right").upper) == (-0.274, 1.384)
    assert (robot.joint("arm_left").lower, robot.joint("arm_left").upper) == (-0.7993, 1.7313)
    assert robot.joint("gripper").upper == 0.1


def test_only_servos_take_commands() -> None:
    commanded = {name: {j.name for j in load_robot(name).joints if j.commanded} for name in ("ep", "s1")}
    assert commanded["ep"] == {"arm_right", "arm_left", "gripper"}
    assert commanded["s1"] == {"gimbal_yaw", "gimbal_pitch", "blaster"}


def test_homes_of_a_sum_and_its_parts_agree() -> None:
    robot, simulation = load_robot("ep"), load_simulation("ep")
    for name, parts in simulation.sums.items():
        assert robot.joint(name).home == pytest.approx(sum(w * robot.joint(j).home for j, w in parts.items()))
    for zero in simulation.zeros.values():
        assert sum(w * robot.joint(j).home for j, w in zero.joints.items()) == pytest.approx(0.0)


def test_every_robot_that_ships_loads() -> None:
    for name in robot_names():
        assert load_robot(name).name == name
        load_simulation(name)


def test_unknown_simulation_key_names_the_place() -> None:
    with pytest.raises(ConfigurationError, match="somewhere.*colour"):
        simulation_from({"colour": 1}, "somewhere")
