"""The opening of a gripper that only says closed, between or open."""

from __future__ import annotations

from dataclasses import replace

import pytest

from robomatrix.hardware.robomaster.gripper import BETWEEN, CLOSED, OPEN, GripperEstimate
from robomatrix.hardware.robomaster.settings import RobomasterSettings
from robomatrix.robots.loader import load_robot

ROBOT, SETTINGS = load_robot("ep"), RobomasterSettings()


def follow(gripper: GripperEstimate, status: int, start: float, end: float) -> tuple[float, float]:
    now = start
    while now < end:
        opening, force = gripper.estimate(status, now)
        now += 0.02
    return opening, force


def test_the_reported_ends_are_exact() -> None:
    gripper = GripperEstimate(ROBOT, SETTINGS)
    assert gripper.estimate(OPEN, 0.0) == (0.1, 0.0)
    assert gripper.estimate(CLOSED, 1.0) == (0.0, 0.0)


def test_something_in_the_gripper_shows_as_an_opening_and_a_force_only_after_an_empty_one_had_closed() -> None:
    gripper = GripperEstimate(ROBOT, SETTINGS)
    gripper.estimate(OPEN, 0.0)
    assert gripper.direction(0.0, OPEN, 0.0) == "close"
    opening, force = follow(gripper, BETWEEN, 0.02, SETTINGS.gripper_time)
    assert opening > 0.04
    assert force == 0.0
    opening, force = follow(gripper, BETWEEN, SETTINGS.gripper_time, 2.0)
    assert opening == pytest.approx(0.03)
    assert force == pytest.approx(-ROBOT.joint("gripper").effort / 2)
    assert gripper.estimate(CLOSED, 2.1) == (0.0, 0.0), "it slipped out"


def test_targets_become_directions_once_and_do_not_flip_back() -> None:
    gripper = GripperEstimate(ROBOT, SETTINGS)
    gripper.estimate(CLOSED, 0.0)
    assert gripper.direction(0.07, CLOSED, 0.1) == "open"
    assert gripper.direction(0.07, OPEN, 1.0) == "open", "it can only open fully; that is no reason to close again"
    assert gripper.direction(0.08, OPEN, 1.05) == "open", "it could only close fully; open is nearer"
    assert gripper.direction(0.0, OPEN, 1.1) == "close"
    assert gripper.direction(0.1, BETWEEN, 1.2) == "open"


def test_a_robot_without_a_gripper_needs_none() -> None:
    robot = replace(ROBOT, joints=tuple(j for j in ROBOT.joints if j.name != "gripper"))
    assert GripperEstimate(robot, SETTINGS).estimate(None, 0.0) == (0.0, 0.0)
