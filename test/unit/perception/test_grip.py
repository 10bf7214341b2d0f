"""The gripper as a place, with the EP's arm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.stage import Stage

from robomatrix.hardware.driver import JointState, RobotState
from robomatrix.perception.grip import HELD, Grip, let_go
from robomatrix.perception.self_view import SelfView
from robomatrix.perception.surfaces import FLOOR, Surface
from robomatrix.perception.tracks import Estimate, Track
from robomatrix.robots.loader import load_robot

ARM = {"arm_right": 0.4, "arm_elbow": 0.1, "arm_wrist": -0.5}


def state(stage: Stage, x: float = 0.0) -> RobotState:
    zeros = np.zeros(len(ARM))
    return replace(stage.state(x), joints=JointState(tuple(ARM), np.array(list(ARM.values())), zeros, zeros))


def can(x: float, y: float, z: float) -> Track:
    estimate = Estimate(np.array([x, y, z, 0.031, 0.11]), np.eye(5) * 1e-6)
    return Track("red", {"can": estimate}, {"can": 0.0}, FLOOR, 0.0, 4.0, "can", {}, "can_1")


@pytest.fixture
def grip(stage: Stage) -> Grip:
    grip = Grip(SelfView(load_robot("ep")))
    start = state(stage)
    grip.move(start, start.odometry)
    return grip


def test_the_place_is_between_the_fingers(grip: Grip, stage: Stage) -> None:
    place, tool = grip.surface(), SelfView(load_robot("ep")).tool_point(state(stage))
    assert place is not None and tool is not None
    assert (place.kind, place.center) == (HELD, pytest.approx((tool[0], tool[1])))


def test_a_held_thing_goes_with_the_robot(grip: Grip, stage: Stage) -> None:
    tool = SelfView(load_robot("ep")).tool_point(state(stage))
    track = can(tool[0] + 0.01, 0.0, tool[2] - 0.06)
    grip.carry(track)
    later = state(stage, x=0.7)
    grip.move(later, later.odometry)
    grip.carry(track)
    assert track.estimate.parameters[:3] == pytest.approx([tool[0] + 0.71, 0.0, tool[2] - 0.06])


def test_what_cannot_be_in_the_gripper_is_moved_into_it(grip: Grip, stage: Stage) -> None:
    tool, track = SelfView(load_robot("ep")).tool_point(state(stage)), can(2.0, 1.0, 0.0)
    grip.carry(track)
    assert np.abs(track.estimate.parameters[:2] - tool[:2]).max() <= 0.031


@pytest.mark.parametrize(("x", "owner", "height"), [(1.0, "box_1", 0.008), (1.5, None, 0.0)])
def test_what_is_let_go_falls_on_what_is_below(x: float, owner: str | None, height: float) -> None:
    box, track = Surface("box_1", "inside", 0.008, (1.0, 0.0), 0.0, 0.2, 0.2, "white"), can(x, 0.0, 0.1)
    let_go(track, (FLOOR, box))
    assert track.loose
    assert track.surface.owner == owner
    assert track.estimate.parameters[2] == pytest.approx(height)


def test_what_is_believed_below_the_floor_falls_on_the_floor() -> None:
    track = can(1.0, 0.0, -0.3)
    let_go(track, (FLOOR,))
    assert track.surface is FLOOR


def test_without_a_gripper_there_is_no_place(stage: Stage) -> None:
    grip = Grip(SelfView(load_robot("s1")))
    start = stage.state()
    grip.move(start, start.odometry)
    assert grip.surface() is None
