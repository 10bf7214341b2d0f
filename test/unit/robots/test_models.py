"""The models against the public figures, in both simulators."""

import math
from typing import Any

import numpy as np
import pytest

from robomatrix.hardware.driver import RobotCommand
from robomatrix.hardware.mujoco import MujocoDriver
from robomatrix.hardware.pybullet import PybulletDriver
from robomatrix.hardware.simulated.driver import RoomDriver
from robomatrix.hardware.simulated.engine import Engine
from robomatrix.robots import load_robot, load_simulation
from robomatrix.robots.ep_kinematics import DIFFERENCE, LEFT, RIGHT, arm_joints, tip_position

BARE: dict[str, Any] = {"start": {"x": 0, "y": 0, "yaw": 0}, "fixtures": [], "objects": []}
SIMULATORS = pytest.mark.parametrize("kind", [MujocoDriver, PybulletDriver])


def engine(kind: type[RoomDriver], robot: str) -> tuple[RoomDriver, Engine]:
    sim = kind(load_robot(robot), "office", BARE)
    sim.reset(0)
    return sim, sim._run.engine


@SIMULATORS
@pytest.mark.parametrize(("robot", "kilograms"), [("ep", 3.3), ("s1", 3.4)])
def test_mass(kind: type[RoomDriver], robot: str, kilograms: float) -> None:
    assert engine(kind, robot)[1].mass() == pytest.approx(kilograms, abs=0.01)


@SIMULATORS
@pytest.mark.parametrize("robot", ["ep", "s1"])
def test_wheels_stand_where_the_real_ones_do(kind: type[RoomDriver], robot: str) -> None:
    _, world = engine(kind, robot)
    for name, x, y in (("front_left", 1, 1), ("front_right", 1, -1), ("rear_left", -1, 1), ("rear_right", -1, -1)):
        wheel = world.link(f"wheel_{name}_link").position - world.link("base_link").position
        assert wheel == pytest.approx([0.1 * x, 0.1 * y, 0.05], abs=1e-3)


@SIMULATORS
def test_the_tip_is_where_the_published_kinematics_put_it(kind: type[RoomDriver]) -> None:
    sim, world = engine(kind, "ep")
    base, joints = world.link("base_link"), sim.read().joints
    tip = base.rotation.T @ (world.link("gripper_tip").position - base.position)
    expected = tip_position(joints["arm_right"], joints["arm_left"])
    assert (tip[0], tip[1], tip[2]) == pytest.approx((expected[0], 0.0, expected[1]), abs=1e-3)


@pytest.mark.parametrize(("right", "left"), [(0.0, 0.3), (0.8, 0.1), (1.2, 0.9), (-0.2, 0.1)])
def test_both_simulators_put_every_link_of_the_ep_at_the_same_place(right: float, left: float) -> None:
    places = []
    for kind in (MujocoDriver, PybulletDriver):
        sim, world = engine(kind, "ep")
        for _ in range(75):
            sim.write(RobotCommand({"arm_right": right, "arm_left": left, "gripper": 0.04}))
            sim.step()
        base = world.link("base_link")
        names = ("arm_upper_link", "arm_fore_link", "gripper_link", "finger_left_link", "front_camera_optical")
        places.append([base.rotation.T @ (world.link(n).position - base.position) for n in names])
    assert np.array(places[0]) == pytest.approx(np.array(places[1]), abs=0.003)


@SIMULATORS
@pytest.mark.parametrize("robot", ["ep", "s1"])
def test_commanded_past_its_limits_no_joint_leaves_them(kind: type[RoomDriver], robot: str) -> None:
    sim, _ = engine(kind, robot)
    servos = [j for j in sim.spec.joints if j.commanded and j.kind != "counter"]
    for sign in (1, -1):
        for _ in range(100):
            sim.write(RobotCommand({j.name: sign * 99.0 for j in servos}))
            state = sim.step()
        for joint in sim.spec.joints:
            assert joint.lower - 0.02 <= state.joints[joint.name] <= joint.upper + 0.02, joint.name


def test_limits_are_the_published_ones() -> None:
    ep, s1 = load_robot("ep"), load_robot("s1")
    assert (ep.joint("arm_right").lower, ep.joint("arm_right").upper) == RIGHT
    assert (ep.joint("arm_left").lower, ep.joint("arm_left").upper) == LEFT
    elbow = ep.joint("arm_elbow")
    assert (-elbow.upper, -elbow.lower) == DIFFERENCE
    assert math.degrees(s1.joint("gimbal_pitch").lower) == pytest.approx(-25.0, abs=0.01)
    assert math.degrees(s1.joint("gimbal_pitch").upper) == pytest.approx(30.0, abs=0.01)
    assert math.degrees(s1.joint("gimbal_yaw").upper) == pytest.approx(250.0, abs=0.01)
    assert ep.joint("gripper").upper == 0.1
    assert ep.base.max_vx == s1.base.max_vx == 0.8
    assert load_simulation("ep").base.wheel_radius == 0.05


def test_reach_is_the_published_one() -> None:
    """0.22 m forward and 0.15 m of height, measured at the wrist."""
    wrists = [tip_position(*arm_joints(x, z)) for x in np.linspace(0.1, 0.5, 81) for z in np.linspace(0.0, 0.3, 61)]
    x, z = np.array(wrists).T
    assert x.max() - 0.124 == pytest.approx(0.22, abs=0.005)
    assert z.max() - z.min() > 0.15
