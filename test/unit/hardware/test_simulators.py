import math
from typing import Any

import numpy as np
import pytest

from robomatrix.errors import DriverError
from robomatrix.hardware.driver import RobotCommand, RobotState, SimulatedDriver, Twist
from robomatrix.hardware.mujoco import MujocoDriver
from robomatrix.hardware.pybullet import PybulletDriver
from robomatrix.hardware.simulated.driver import RoomDriver
from robomatrix.robots import load_robot
from robomatrix.robots.ep_kinematics import arm_joints, tip_position

BARE: dict[str, Any] = {"start": {"x": 0, "y": 0, "yaw": 0}, "fixtures": [], "objects": []}
CAN = [{"category": "can", "colours": ["red"], "x": 0.6, "y": 0.0}]
CABINET = [{"category": "cabinet", "colours": ["grey"], "size": [0.36, 0.4, 0.24], "x": 1.5, "y": 0, "yaw": math.pi}]


SIMULATORS = pytest.mark.parametrize("kind", [MujocoDriver, PybulletDriver])


def driver(kind: type[RoomDriver], robot: str = "ep", **overrides: Any) -> RoomDriver:
    made = kind(load_robot(robot), "office", {**BARE, **overrides})
    made.reset(0)
    return made


def run(sim: RoomDriver, seconds: float, twist: Twist | None = None, **positions: float) -> RobotState:
    for _ in range(round(seconds / sim.timestep)):
        sim.write(RobotCommand(positions, twist=twist or Twist()))
        state = sim.step()
    return state


def arm(x: float, z: float) -> dict[str, float]:
    right, left = arm_joints(x, z)
    return {"arm_right": right, "arm_left": left}


def thing(sim: RoomDriver, item_id: str) -> Any:
    return next(o for o in sim.objects() if o.id == item_id)


@SIMULATORS
def test_meets_the_contract_and_needs_a_connection(kind: type[RoomDriver]) -> None:
    sim = kind(load_robot("ep"))
    assert isinstance(sim, SimulatedDriver)
    assert sim.scene.name == "office"
    with pytest.raises(DriverError, match="connect"):
        sim.read()
    sim.stop()
    sim.connect()
    assert sim.read().stamp == 0.0
    sim.close()
    sim.close()


@SIMULATORS
def test_the_same_seed_and_commands_give_the_same_world(kind: type[RoomDriver]) -> None:
    def states() -> list[RobotState]:
        sim = kind(load_robot("ep"), "office")
        sim.reset(11)
        return [run(sim, 0.5, Twist(0.4, 0.1, 1.0), arm_right=0.5)]

    (one,), (other,) = states(), states()
    assert np.array_equal(one.joints.position, other.joints.position)
    assert np.array_equal(one.odometry.position, other.odometry.position)
    assert np.array_equal(one.imu.linear_acceleration, other.imu.linear_acceleration)
    assert one.ranges == other.ranges


@SIMULATORS
def test_reading_twice_draws_no_new_noise(kind: type[RoomDriver]) -> None:
    sim = driver(kind)
    sim.step()
    assert sim.read() is sim.read()
    assert sim.read().stamp == pytest.approx(sim.timestep)


@SIMULATORS
def test_starts_at_rest_at_home(kind: type[RoomDriver]) -> None:
    sim = driver(kind)
    state = run(sim, 0.5)
    for joint in sim.spec.joints:
        if joint.commanded:
            assert state.joints[joint.name] == pytest.approx(joint.home, abs=0.005)
    assert np.abs(state.joints.velocity).max() < 0.01
    assert state.imu.linear_acceleration[2] == pytest.approx(9.81, abs=0.3)


@SIMULATORS
@pytest.mark.parametrize("twist", [Twist(0.5), Twist(0.0, 0.5), Twist(0.0, 0.0, 1.5), Twist(0.4, -0.2, 0.8)])
def test_the_base_drives_as_commanded(kind: type[RoomDriver], twist: Twist) -> None:
    sim = driver(kind)
    state = run(sim, 1.5, twist)
    assert (*state.odometry.linear_velocity[:2], state.odometry.angular_velocity[2]) == pytest.approx(
        (twist.vx, twist.vy, twist.wz), abs=0.02
    )


@SIMULATORS
def test_odometry_follows_the_truth_with_a_small_error(kind: type[RoomDriver]) -> None:
    sim = driver(kind, objects=CAN)
    before = thing(sim, "can_1").position
    state = run(sim, 3.0, Twist(-0.4, 0.2, 0.3))
    sim.place("can_1", (0.0, 0.0, 0.06))
    state = run(sim, 0.5)
    assert before == pytest.approx((0.6, 0.0, thing(sim, "can_1").size[2] / 2), abs=1e-3)
    truth = sim.base_pose()
    assert np.hypot(*(state.odometry.position[:2] - truth[:2])) < 0.03 * 1.3  # a part of the way of 1.3 m
    assert abs(state.odometry.yaw - truth[2]) < 0.02


@SIMULATORS
def test_wheels_report_what_they_rolled(kind: type[RoomDriver]) -> None:
    state = run(driver(kind), 2.0, Twist(0.5))
    assert state.joints["wheel_rear_left"] * 0.05 == pytest.approx(state.odometry.position[0], rel=0.05)


@SIMULATORS
def test_a_wall_stops_the_base_but_not_its_wheels(kind: type[RoomDriver]) -> None:
    sim = driver(kind, start={"x": 1.8, "y": 0, "yaw": 0})
    state = run(sim, 3.0, Twist(0.5))
    assert sim.base_pose()[0] < 0.6
    assert state.odometry.position[0] > 1.2


@SIMULATORS
@pytest.mark.parametrize(("x", "z"), [(0.3, 0.04), (0.33, 0.1), (0.28, 0.2), (0.21, 0.14)])
def test_the_tip_goes_where_kinematics_say(kind: type[RoomDriver], x: float, z: float) -> None:
    sim = driver(kind)
    state = run(sim, 1.5, **arm(x, z))
    assert tip_position(state.joints["arm_right"], state.joints["arm_left"]) == pytest.approx((x, z), abs=0.002)
    level = state.joints["arm_right"] + state.joints["arm_elbow"] + state.joints["arm_wrist"]
    assert level == pytest.approx(0.0, abs=0.005)


@SIMULATORS
def test_grasps_carries_and_lets_go_by_friction_alone(kind: type[RoomDriver]) -> None:
    sim = driver(kind, objects=CAN)
    can = thing(sim, "can_1")
    assert run(sim, 1.0, **arm(0.3, 0.06)).ranges["palm"] == pytest.approx(0.32, abs=0.03)
    run(sim, 0.3 / 0.3 + 0.3 / 4, Twist(0.3))
    grip = run(sim, 1.2, gripper=0.0)
    assert grip.joints["gripper"] == pytest.approx(can.size[0], abs=0.002)
    assert grip.ranges["palm"] == 0.1
    run(sim, 1.0, **arm(0.28, 0.2))
    for twist in (Twist(-0.6), Twist(0.0, 0.6), Twist(0.0, 0.0, -2.0)):
        run(sim, 1.0, twist)
    run(sim, 0.5)
    carried = thing(sim, "can_1").position
    assert carried[2] > 0.18
    run(sim, 5.0)
    assert thing(sim, "can_1").position == pytest.approx(carried, abs=0.002)
    run(sim, 1.0, gripper=0.1)
    assert thing(sim, "can_1").position[2] == pytest.approx(can.size[2] / 2, abs=0.03)


@SIMULATORS
def test_opens_and_shuts_a_drawer_by_its_knob(kind: type[RoomDriver]) -> None:
    sim = driver(kind, fixtures=[{**CABINET[0], "clearance": 0.1}])
    drawer = thing(sim, "drawer_1")
    knob = drawer.position[0] - drawer.size[0] / 2 - 0.04
    run(sim, 1.2, **arm(0.33, 0.085))
    run(sim, (knob - 0.33) / 0.3 + 0.3 / 4, Twist(0.3))
    run(sim, 1.0, gripper=0.0)
    run(sim, 1.4, Twist(-0.2))
    assert thing(sim, "drawer_1").openness > 0.9
    run(sim, 2.0, Twist(0.2))
    assert thing(sim, "drawer_1").openness < 0.05


@SIMULATORS
@pytest.mark.parametrize("robot", ["ep", "s1"])
def test_rides_over_a_bar(kind: type[RoomDriver], robot: str) -> None:
    bar = {"category": "bar", "colours": ["black"], "size": [0.08, 0.9, 0.015], "x": 0.6, "y": 0, "yaw": 0}
    sim = driver(kind, robot, fixtures=[{**bar, "clearance": 0.1}])
    tilt = 0.0
    for _ in range(250):
        state = run(sim, 0.02, Twist(0.3))
        tilt = max(tilt, abs(float(state.odometry.orientation[1])))
    assert sim.base_pose()[0] > 1.2
    assert tilt > 0.005


@SIMULATORS
def test_a_bead_lights_the_plate_it_strikes_and_only_that(kind: type[RoomDriver]) -> None:
    plate = {"category": "target", "colours": ["cyan"], "size": [0.16, 0.16, 0.34], "yaw": math.pi, "x": 2.0}
    sim = driver(kind, "s1", fixtures=[{**plate, "y": y, "clearance": 0.1} for y in (-0.5, 0.5)])
    run(sim, 0.6, gimbal_yaw=math.atan2(0.5, 2.0), gimbal_pitch=math.atan2(0.26 - 0.193, 2.06))
    state = run(sim, 1.5, blaster=4)
    assert state.joints["blaster"] == 4
    assert thing(sim, "target_2").hits == 4
    assert thing(sim, "target_2").colour == "magenta"
    assert (thing(sim, "target_1").hits, thing(sim, "target_1").colour) == (0, "cyan")


@SIMULATORS
def test_the_camera_projects_an_object_where_it_is_seen(kind: type[RoomDriver]) -> None:
    sim = driver(kind, objects=[{**CAN[0], "x": 1.1, "y": 0.3}])
    run(sim, 0.1)
    frame = sim.frame("front")
    assert frame.image.shape == (360, 640, 3)
    optical = frame.rotation.T @ (np.array(thing(sim, "can_1").position) - frame.position)
    column, row, _ = frame.intrinsics @ optical / optical[2]
    red = (frame.image[..., 0] > 80) & (frame.image[..., 1] < 40)
    rows, columns = np.nonzero(red)
    assert (columns.mean() + 0.5, rows.mean() + 0.5) == pytest.approx((column, row), abs=1.5)


@SIMULATORS
def test_images_come_at_the_cameras_rate(kind: type[RoomDriver]) -> None:
    sim = driver(kind)
    stamps = []
    for _ in range(12):
        sim.step()
        stamps.append(sim.frame("front").stamp)
    assert len(set(stamps)) == 6  # 30 Hz on a 50 Hz clock: every second period


@SIMULATORS
def test_the_gimbal_turns_the_camera(kind: type[RoomDriver]) -> None:
    sim = driver(kind, "s1")
    run(sim, 0.6, gimbal_yaw=math.pi / 2, gimbal_pitch=0.3)
    forward = sim.frame("front").rotation[:, 2]
    assert forward == pytest.approx([0.0, math.cos(0.3), math.sin(0.3)], abs=0.02)


@SIMULATORS
def test_a_bad_command_changes_nothing(kind: type[RoomDriver]) -> None:
    sim = driver(kind)
    run(sim, 0.5, Twist(0.3))
    with pytest.raises(DriverError):
        sim.write(RobotCommand({"arm_right": math.nan}, twist=Twist(-0.8)))
    sim.step()
    assert sim.read().odometry.linear_velocity[0] == pytest.approx(0.3, abs=0.01)


@SIMULATORS
def test_stop_brings_the_base_to_rest(kind: type[RoomDriver]) -> None:
    sim = driver(kind)
    run(sim, 1.0, Twist(0.8))
    sim.stop()
    for _ in range(25):
        state = sim.step()
    assert abs(state.odometry.linear_velocity[0]) < 0.01


@SIMULATORS
def test_a_placed_thing_falls_and_a_sleeping_one_wakes(kind: type[RoomDriver]) -> None:
    sim = driver(kind, objects=CAN)
    run(sim, 3.0)
    sim.place("can_1", (1.0, 0.5, 0.4), 1.0)
    run(sim, 0.1)
    assert 0.2 < thing(sim, "can_1").position[2] < 0.39
    run(sim, 1.0)
    assert thing(sim, "can_1").position[2] < 0.08


@SIMULATORS
def test_unknown_cameras_and_things_are_named(kind: type[RoomDriver]) -> None:
    sim = driver(kind, objects=CAN)
    with pytest.raises(DriverError, match="cameras: front"):
        sim.frame("rear")
    with pytest.raises(DriverError, match="overview"):
        sim.render("rear", 64, 48)
    with pytest.raises(DriverError, match="can_1"):
        sim.place("can_7", (0, 0, 0))
    with pytest.raises(DriverError, match="no drawer"):
        sim.slide("can_1", 1.0)
    assert sim.render("overview", 64, 48).shape == (48, 64, 3)
