"""The safety gate: nothing passes that the specification does not allow, and every stop is a stop."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robomatrix.errors import ConfigurationError
from robomatrix.hardware.checks import CameraWatch, StateLimits
from robomatrix.hardware.driver import CameraFrame, JointState, Odometry, RobotCommand, RobotState, Twist
from robomatrix.hardware.safety import SafetyGate, SafetyLimits
from robomatrix.hardware.zones import Polygon, Zones
from robomatrix.robots.spec import BaseSpec, JointSpec, RobotSpec

SPEC = RobotSpec(
    name="rover",
    text="a test rover",
    urdf=Path("rover.urdf"),
    base_link="base_link",
    joints=(
        JointSpec("arm", "revolute", -1.0, 1.5, velocity=2.0, effort=5.0),
        JointSpec("gripper", "prismatic", 0.0, 0.1, velocity=0.2, effort=20.0),
        JointSpec("blaster", "counter", 0.0, 100.0, velocity=10.0, effort=0.0),
        JointSpec("wheel", "continuous", 0.0, 0.0, velocity=50.0, effort=2.0, commanded=False),
    ),
    rate=50.0,
    drivers=("mujoco",),
    scenes=(),
    base=BaseSpec(max_vx=0.8, max_vy=0.5, max_wz=2.0, radius=0.2),
)
NAMES = SPEC.joint_names
ANY = st.floats(allow_nan=True, allow_infinity=True, width=64)


def state(
    stamp: float = 0.0, x: float = 0.0, y: float = 0.0, yaw: float = 0.0, arm: float = 0.0, arm_rate: float = 0.0
):
    joints = JointState(NAMES, np.array([arm, 0.05, 0.0, 0.0]), np.array([arm_rate, 0.0, 0.0, 0.0]), np.zeros(4))
    quaternion = np.array([0.0, 0.0, math.sin(yaw / 2), math.cos(yaw / 2)])
    return RobotState(stamp, joints, odometry=Odometry(np.array([x, y, 0.0]), quaternion, np.zeros(3), np.zeros(3)))


def kinds(reports) -> list[str]:
    return [r.check for r in reports]


def test_a_command_within_the_limits_passes_unchanged() -> None:
    wanted = RobotCommand({"arm": 0.3, "gripper": 0.02}, twist=Twist(0.4, -0.2, 1.0))
    applied, reports = SafetyGate(SPEC).filter(wanted, state(), 0.0)
    assert reports == ()
    assert applied == wanted


def test_limits_are_clamped_and_reported_with_both_values() -> None:
    gate = SafetyGate(SPEC)
    applied, reports = gate.filter(RobotCommand({"arm": 9.0}, {"gripper": -7.0}, {"arm": 50.0}), state(), 0.0)
    assert applied.positions == {"arm": 1.5}
    assert applied.velocities == {"gripper": -0.2}
    assert applied.efforts == {"arm": 5.0}
    assert [(r.subject, r.wanted, r.applied) for r in reports] == [
        ("arm", 9.0, 1.5), ("gripper", -7.0, -0.2), ("arm", 50.0, 5.0),
    ]  # fmt: skip
    assert gate.counts["clamped"] == 3
    assert gate.counts["clamped/arm"] == 2


def test_a_base_that_is_too_fast_keeps_its_path() -> None:
    applied, _ = SafetyGate(SPEC).filter(RobotCommand(twist=Twist(1.6, 0.4, 1.0)), state(), 0.0)
    assert applied.twist == Twist(0.8, 0.2, 0.5)


def test_joints_that_do_not_exist_or_are_only_measured_are_left_out() -> None:
    applied, reports = SafetyGate(SPEC).filter(RobotCommand({"tail": 1.0, "wheel": 3.0, "arm": 0.1}), state(), 0.0)
    assert applied.positions == {"arm": 0.1}
    assert kinds(reports) == ["unknown_joint", "unknown_joint"]


def test_a_velocity_does_not_push_into_the_end_of_travel() -> None:
    applied, _ = SafetyGate(SPEC).filter(RobotCommand(velocities={"arm": 1.0}), state(arm=1.5), 0.0)
    assert applied.velocities == {"arm": 0.0}


def test_shots_never_count_backwards_nor_two_at_once() -> None:
    gate = SafetyGate(SPEC)
    shots = [
        gate.filter(RobotCommand({"blaster": n}), state(t), t)[0].positions["blaster"]
        for t, n in ((0.0, 1.0), (0.02, 9.0), (0.04, 0.0), (0.06, 2.6))
    ]
    assert shots == [1.0, 2.0, 2.0, 2.0]


def test_the_watchdog_stops_after_a_tenth_of_a_second_and_lets_go_on_a_new_command() -> None:
    gate = SafetyGate(SPEC)
    drive = RobotCommand(twist=Twist(0.5))
    gate.filter(drive, state(0.0), 0.0)
    assert gate.filter(None, state(0.09), 0.09)[0].twist == Twist(0.5)
    applied, reports = gate.filter(None, state(0.11), 0.11)
    assert applied.twist == Twist()
    assert kinds(reports) == ["stale_command"]
    assert gate.standing
    assert gate.filter(drive, state(0.12), 0.12)[0].twist == Twist(0.5)


def test_a_command_that_was_old_when_it_came_does_not_move_the_robot() -> None:
    applied, reports = SafetyGate(SPEC).filter(RobotCommand(twist=Twist(0.5)), state(1.0), 1.0, stamp=0.8)
    assert applied.twist == Twist()
    assert kinds(reports) == ["stale_command"]


@pytest.mark.parametrize("ahead", [0.2, 1e6, math.inf, math.nan])
def test_a_command_from_the_future_does_not_outlive_the_watchdog(ahead: float) -> None:
    gate, drive = SafetyGate(SPEC), RobotCommand(twist=Twist(0.5))
    applied, reports = gate.filter(drive, state(), 0.0, stamp=ahead)
    assert (applied.twist, kinds(reports)) == (Twist(), ["future_command"])
    assert gate.filter(None, state(60.0), 60.0)[0].twist == Twist()


def test_a_little_ahead_is_now_and_a_command_made_before_a_reset_stays_one() -> None:
    gate, drive = SafetyGate(SPEC), RobotCommand(twist=Twist(0.5))
    assert gate.filter(drive, state(), 0.0, stamp=0.09)[0].twist == Twist(0.5)
    assert gate.filter(None, state(0.11), 0.11)[0].twist == Twist()
    gate.trip("test")
    gate.filter(None, state(1.0), 1.0)
    gate.reset()
    assert gate.filter(drive, state(1.0), 1.0, stamp=1.05)[0].twist == Twist()


def test_a_clock_that_begins_anew_takes_no_target_and_no_shot_with_it() -> None:
    gate = SafetyGate(SPEC)
    for shots in (1.0, 2.0, 3.0):
        gate.filter(RobotCommand({"arm": 0.5, "blaster": shots}), state(10.0 + shots), 10.0 + shots)
    assert gate.filter(None, state(0.0), 0.0)[0].positions == {}
    assert gate.filter(RobotCommand({"blaster": 1.0}), state(0.1), 0.1)[0].positions == {"blaster": 1.0}
    assert "blaster" not in gate.standstill().positions


def test_without_any_command_it_stands_still_and_says_nothing() -> None:
    applied, reports = SafetyGate(SPEC).filter(None, state(), 0.0)
    assert (applied.twist, reports) == (Twist(), ())


def test_arm_commands_alone_do_not_keep_an_old_base_velocity_alive() -> None:
    gate = SafetyGate(SPEC)
    gate.filter(RobotCommand(twist=Twist(0.5), velocities={"arm": 0.5}), state(0.0), 0.0)
    assert gate.filter(RobotCommand({"gripper": 0.0}), state(0.05), 0.05)[0].twist is None
    applied, _ = gate.filter(RobotCommand({"gripper": 0.0}), state(0.12), 0.12)
    assert applied.twist == Twist()
    assert applied.velocities == {"arm": 0.0}


def test_on_a_stop_a_moving_joint_is_held_where_it_is_and_a_gripper_keeps_its_grip() -> None:
    gate = SafetyGate(SPEC)
    gate.filter(RobotCommand({"arm": 1.4, "gripper": 0.0}), state(0.0), 0.0)
    applied, _ = gate.filter(None, state(0.2, arm=0.35, arm_rate=1.2), 0.2)
    assert applied.positions == {"arm": 0.35, "gripper": 0.0}
    later, _ = gate.filter(None, state(0.3, arm=0.33, arm_rate=0.0), 0.3)
    assert later.positions == applied.positions


def test_the_emergency_stop_stays_until_reset_and_then_waits_for_a_new_command() -> None:
    gate = SafetyGate(SPEC)
    drive = RobotCommand(twist=Twist(0.5))
    gate.filter(drive, state(0.0), 0.0)
    gate.trip("operator")
    gate.trip("a later reason")
    for t in (0.01, 0.02, 5.0):
        applied, reports = gate.filter(drive, state(t), t)
        assert applied.twist == Twist()
        assert [r.text for r in reports] == ["operator"]
    gate.reset()
    assert gate.filter(None, state(5.01), 5.01)[0].twist == Twist()
    assert gate.filter(drive, state(5.02), 5.02, stamp=4.9)[0].twist == Twist(), "queued during the stop"
    assert gate.filter(drive, state(5.03), 5.03)[0].twist == Twist(0.5)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_command_that_is_not_a_number_stops_the_robot(bad: float) -> None:
    for command in (
        RobotCommand({"arm": bad}), RobotCommand(velocities={"arm": bad}), RobotCommand(efforts={"arm": bad}),
        RobotCommand(twist=Twist(wz=bad)),
    ):  # fmt: skip
        gate = SafetyGate(SPEC)
        gate.filter(RobotCommand(twist=Twist(0.5)), state(0.0), 0.0)
        applied, reports = gate.filter(command, state(0.02), 0.02)
        assert applied.twist == Twist()
        assert kinds(reports) == ["not_finite"]


def test_a_state_that_is_not_a_number_stops_the_robot_and_is_not_held() -> None:
    gate = SafetyGate(SPEC)
    drive = RobotCommand({"arm": 1.0}, twist=Twist(0.5))
    gate.filter(drive, state(0.0), 0.0)
    applied, reports = gate.filter(drive, state(0.02, arm=math.nan, arm_rate=1.0), 0.02)
    assert applied.twist == Twist()
    assert math.isfinite(applied.positions["arm"])
    assert kinds(reports) == ["bad_state"]


def test_an_old_state_a_jump_and_a_clock_that_runs_back_each_stop_the_robot() -> None:
    drive = RobotCommand(twist=Twist(0.5))
    gate = SafetyGate(SPEC)
    gate.filter(drive, state(1.0), 1.0)
    applied, reports = gate.filter(drive, state(1.0), 1.4)
    assert (applied.twist, kinds(reports)) == (Twist(), ["stale_state"])
    applied, reports = gate.filter(drive, state(1.42, x=5.0), 1.42)
    assert (applied.twist, kinds(reports)) == (Twist(), ["jump"])
    applied, reports = gate.filter(None, state(0.0), 0.0)
    assert (applied.twist, kinds(reports)) == (Twist(), ["clock"])
    assert gate.filter(drive, state(0.02), 0.02)[0].twist == Twist(0.5)


def test_targets_move_no_faster_than_asked() -> None:
    gate = SafetyGate(SPEC, SafetyLimits(target_speed=1.0))
    gate.filter(RobotCommand({"arm": 0.0}), state(0.0), 0.0)
    applied, _ = gate.filter(RobotCommand({"arm": 1.5}), state(0.02), 0.02)
    assert applied.positions["arm"] == pytest.approx(0.04)


ROOM = Polygon.parse("room", [[-2, -2], [2, -2], [2, 2], [-2, 2]])
PILLAR = Polygon.parse("pillar", [[0.5, -0.1], [0.6, -0.1], [0.6, 0.1], [0.5, 0.1]])


def test_the_base_neither_leaves_the_workspace_nor_enters_a_zone_but_may_drive_out() -> None:
    gate = SafetyGate(SPEC, SafetyLimits(zones=Zones(ROOM, (PILLAR,))))
    ahead, back = RobotCommand(twist=Twist(0.5, 0.0, 0.3)), RobotCommand(twist=Twist(-0.5))
    applied, reports = gate.filter(ahead, state(0.0, x=0.2), 0.0)
    assert applied.twist == Twist(wz=0.3)
    assert [(r.check, r.subject) for r in reports] == [("zone", "pillar")]
    assert gate.filter(back, state(0.02, x=0.2), 0.02)[0].twist == Twist(-0.5)
    gate = SafetyGate(SPEC, SafetyLimits(zones=Zones(ROOM)))
    assert gate.filter(ahead, state(0.0, x=1.7), 0.0)[0].twist == Twist(wz=0.3)
    assert gate.filter(back, state(0.02, x=1.9), 0.02)[0].twist == Twist(-0.5)


def test_a_thin_zone_is_not_jumped_over() -> None:
    wall = Polygon.parse("wall", [[0.3, -5], [0.31, -5], [0.31, 5], [0.3, 5]])
    assert Zones(None, (wall,)).crossed(state().odometry, Twist(0.8), 0.1) == "wall"
    assert Zones(None, (wall,)).crossed(state().odometry, Twist(0.2), 0.1) is None


@pytest.mark.parametrize(
    "corners", [[[0, 0], [1, 0]], [[0, 0], [1, 0], [2, 0]], [[0, 0], [1, 0], [math.nan, 1]], [1, 2, 3]]
)
def test_a_malformed_zone_is_refused(corners: list) -> None:
    with pytest.raises(ConfigurationError, match="zone 'z'"):
        Polygon.parse("z", corners)


@given(
    st.dictionaries(st.sampled_from((*NAMES, "tail")), ANY), st.dictionaries(st.sampled_from((*NAMES, "tail")), ANY),
    st.dictionaries(st.sampled_from((*NAMES, "tail")), ANY), st.none() | st.builds(Twist, ANY, ANY, ANY),
)  # fmt: skip
def test_whatever_comes_in_what_goes_out_is_within_the_specification(positions, velocities, efforts, twist) -> None:
    gate = SafetyGate(SPEC)
    applied, _ = gate.filter(RobotCommand(positions, velocities, efforts, twist), state(), 0.0)
    for name, value in applied.positions.items():
        assert SPEC.joint(name).lower <= value <= SPEC.joint(name).upper
    assert all(abs(v) <= SPEC.joint(n).velocity for n, v in applied.velocities.items())
    assert all(abs(v) <= SPEC.joint(n).effort for n, v in applied.efforts.items())
    if applied.twist is not None:
        top = SPEC.base
        assert abs(applied.twist.vx) <= top.max_vx + 1e-12
        assert abs(applied.twist.vy) <= top.max_vy + 1e-12
        assert abs(applied.twist.wz) <= top.max_wz + 1e-12


@given(st.lists(st.tuples(st.floats(0.0, 0.3), st.booleans(), st.sampled_from(["", "trip", "reset"])), max_size=30))
def test_the_base_only_moves_on_a_fresh_command_outside_an_emergency_stop(ticks) -> None:
    gate, now, last = SafetyGate(SPEC, SafetyLimits(state=StateLimits(max_age=9.0))), 0.0, -math.inf
    latched = False
    for elapsed, sends, event in ticks:
        now += elapsed
        if event == "trip":
            gate.trip("test")
            latched = True
        elif event == "reset":
            gate.reset()
            latched, last = False, -math.inf
        applied, _ = gate.filter(RobotCommand(twist=Twist(0.5)) if sends else None, state(now), now)
        if sends and not latched:
            last = now
        if latched or now - last > 0.1:
            assert applied.twist == Twist()


def picture(stamp: float, value: int) -> CameraFrame:
    image = np.full((48, 64, 3), value, np.uint8)
    image[::3] //= 2
    return CameraFrame(stamp, "front", image, np.eye(3), np.zeros(3), np.eye(3))


def test_a_camera_that_is_silent_black_or_frozen_while_driving_is_found() -> None:
    watch = CameraWatch()
    assert watch.check(picture(0.0, 90), 0.1, 0.0) is None
    assert "silent" in watch.check(picture(0.0, 90), 1.5, 0.0).text
    assert "black" in watch.check(picture(2.0, 0), 2.0, 0.0).text
    assert watch.check(picture(3.0, 120), 3.0, 0.0) is None
    assert watch.check(picture(3.5, 120), 3.5, 0.1) is None
    assert "frozen" in watch.check(picture(4.0, 120), 4.0, 0.2).text
    assert watch.check(picture(4.5, 121), 4.5, 0.4) is None
