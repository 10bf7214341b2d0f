"""The whole way from images to the world."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.stage import Stage

from robomatrix.errors import DriverError
from robomatrix.hardware.driver import JointState
from robomatrix.perception.pipeline import Perception
from robomatrix.robots.spec import RobotSpec
from robomatrix.world import World

CAN = (0.031, 0.11)


def watched(perception: Perception, stage: Stage, poses: list[tuple[float, float, float]], start: int = 0) -> World:
    """Looks from one pose after the other, five times a second."""
    for index, pose in enumerate(poses, start=start):
        stamp = 0.2 * index
        perception.update(stage.look(*pose, stamp=stamp), stage.state(*pose, stamp=stamp))
    return perception.world


def round_look(turns: int = 24) -> list[tuple[float, float, float]]:
    return [(0.0, 0.0, 2.0 * np.pi * i / turns) for i in range(turns)]


def standing(times: int) -> list[tuple[float, float, float]]:
    return [(0.0, 0.0, 0.0)] * times


@pytest.fixture
def room(stage: Stage) -> Stage:
    stage.add("can", "red", 0.9, 0.2, 0.0, *CAN).add("ball", "green", -0.8, 0.5, 0.0, 0.032)
    stage.add("bottle", "blue", 0.3, -1.2, 0.0, 0.029, 0.157)
    stage.add("box", "white", -1.0, -0.8, 0.0, 0.3, 0.2, 0.21, 0.065)
    stage.table("brown", 0.2, 1.8, -np.pi / 2)
    return stage.add("can", "yellow", 0.1, 1.68, 0.11, *CAN)


def test_a_look_round_finds_everything_and_nothing_else(robot: RobotSpec, room: Stage) -> None:
    world = watched(Perception(robot), room, round_look())
    assert sorted(o.name for o in world.objects.values()) == [
        "blue bottle",
        "brown table",
        "green ball",
        "red can",
        "white box",
        "yellow can",
    ]
    for category, colour, parameters in room.things:
        if colour == "black":
            continue
        found = next(o for o in world.objects.values() if (o.category, o.colour) == (category, colour))
        assert np.hypot(*(np.array(found.position[:2]) - parameters[:2])) < 0.06, found
        assert found.confidence > 0.7


def test_heights_come_from_what_things_stand_on(robot: RobotSpec, room: Stage) -> None:
    world = watched(Perception(robot), room, round_look())
    heights = {o.name: o.position[2] for o in world.objects.values()}
    assert heights["red can"] == pytest.approx(0.055, abs=0.005)
    assert heights["yellow can"] == pytest.approx(0.165, abs=0.015)
    assert heights["brown table"] == pytest.approx(0.055, abs=0.01)


def test_ids_and_places_stay_while_the_robot_drives(robot: RobotSpec, room: Stage) -> None:
    perception = Perception(robot)
    before = watched(perception, room, round_look())
    after = watched(perception, room, [(0.02 * i, 0.005 * i, 0.1) for i in range(20)], start=24)
    assert set(after.objects) == set(before.objects)
    can = next(o for o in after.objects.values() if o.name == "red can")
    assert np.array(can.position[:2]) == pytest.approx([0.9, 0.2], abs=0.005)


def test_what_is_out_of_sight_is_remembered(robot: RobotSpec, room: Stage) -> None:
    perception = Perception(robot)
    watched(perception, room, round_look())
    world = watched(perception, room, standing(30), start=24)
    assert any(o.name == "green ball" and o.stamp < 4.8 for o in world.objects.values())


def test_what_is_gone_is_forgotten(robot: RobotSpec, stage: Stage) -> None:
    perception = Perception(robot)
    stage.add("can", "red", 0.9, 0.1, 0.0, *CAN)
    assert len(watched(perception, stage, standing(6)).objects) == 1
    stage.things.clear()
    assert watched(perception, stage, standing(10), start=6).objects == {}


def test_what_hides_behind_something_is_not_forgotten(robot: RobotSpec, stage: Stage) -> None:
    perception = Perception(robot)
    stage.add("ball", "red", 1.5, 0.0, 0.0, 0.03)
    watched(perception, stage, standing(6))
    stage.add("bottle", "blue", 0.7, 0.0, 0.0, 0.029, 0.157)
    world = watched(perception, stage, standing(12), start=6)
    assert sorted(o.name for o in world.objects.values()) == ["blue bottle", "red ball"]


def test_what_is_moved_keeps_its_id(robot: RobotSpec, stage: Stage) -> None:
    perception = Perception(robot)
    stage.add("can", "red", 0.9, 0.1, 0.0, *CAN)
    (first,) = watched(perception, stage, standing(6)).objects
    stage.things[:] = [("can", "red", (1.0, -0.2, 0.0, *CAN))]
    world = watched(perception, stage, standing(14), start=6)
    assert list(world.objects) == [first]
    assert world.objects[first].position[:2] == pytest.approx((1.0, -0.2), abs=0.02)


def test_an_image_from_a_tilted_base_tells_nothing(robot: RobotSpec, stage: Stage) -> None:
    perception = Perception(robot)
    stage.add("can", "red", 0.9, 0.1, 0.0, *CAN)
    for index in range(6):
        stamp = 0.2 * index
        world = perception.update(stage.look(stamp=stamp), stage.state(stamp=stamp, pitch=0.06))
        assert world.stamp == stamp, "who waits for what this image shows need not wait"
    assert perception.world.objects == {}
    for index in range(6, 12):
        stamp = 0.2 * index
        perception.update(stage.look(stamp=stamp), stage.state(stamp=stamp, pitch=0.005))
    assert list(perception.world.objects) == ["can_1"]


@pytest.mark.parametrize("part", ["joints", "odometry"])
def test_a_state_of_nonsense_changes_nothing(robot: RobotSpec, stage: Stage, part: str) -> None:
    perception = Perception(robot)
    stage.add("can", "red", 0.9, 0.1, 0.0, *CAN)
    before = watched(perception, stage, standing(6)).objects
    state = stage.state(stamp=9.0)
    nan = np.full(3, np.nan)
    broken = {
        "joints": replace(state, joints=JointState(("gripper",), nan[:1], nan[:1], nan[:1])),
        "odometry": replace(state, odometry=replace(state.odometry, position=nan)),
    }[part]
    world = perception.update(stage.look(stamp=9.0), broken, "can_1")
    assert {o.id: o.position for o in world.objects.values()} == {o.id: o.position for o in before.values()}


def test_two_of_a_kind_are_two(robot: RobotSpec, stage: Stage) -> None:
    stage.add("can", "red", 0.9, 0.15, 0.0, *CAN).add("can", "red", 0.9, -0.15, 0.0, *CAN)
    world = watched(Perception(robot), stage, standing(6))
    assert sorted(world.objects) == ["can_1", "can_2"]


def test_one_look_is_not_enough(robot: RobotSpec, stage: Stage) -> None:
    stage.add("can", "red", 0.9, 0.1, 0.0, *CAN)
    assert watched(Perception(robot), stage, standing(1)).objects == {}


def test_a_target_that_lights_up_counts_a_hit(robot: RobotSpec, stage: Stage) -> None:
    perception = Perception(robot)
    stage.add("target", "cyan", 1.5, 0.1, 0.18, np.pi, 0.16)
    (name,) = watched(perception, stage, standing(6)).objects
    stage.things[:] = [("target", "magenta", (1.5, 0.1, 0.18, np.pi, 0.16))]
    target = watched(perception, stage, standing(6), start=6).objects[name]
    assert (target.hits, target.colour, target.category) == (1, "magenta", "target")
    assert target.size == pytest.approx((0.16, 0.16, 0.34), abs=0.01)


@pytest.mark.parametrize("opening", [0.0, 0.4, 1.0])
def test_a_drawer_is_as_open_as_it_stands_out(robot: RobotSpec, stage: Stage, opening: float) -> None:
    stage.add("cabinet", "brown", 1.3, 0.0, 0.0, np.pi, 0.36, 0.4, 0.24)
    front = 1.3 - 0.18 - 0.2 * opening
    stage.add("drawer", "beige", front, 0.0, 0.03, np.pi, max(0.2 * opening, 0.008), 0.35, 0.1)
    world = watched(Perception(robot), stage, standing(8))
    (drawer,), (cabinet,) = world.of_category("drawer"), world.of_category("cabinet")
    assert drawer.openness == pytest.approx(opening, abs=0.06)
    assert drawer.position[0] == pytest.approx(front + 0.165, abs=0.015)
    assert abs(drawer.yaw) == pytest.approx(np.pi, abs=0.1)
    assert cabinet.openness is None


def test_odometry_that_drifts_takes_the_belief_along(robot: RobotSpec, room: Stage) -> None:
    perception = Perception(robot)
    watched(perception, room, round_look())
    for index in range(30):
        stamp, x = 4.8 + 0.2 * index, 0.01 * index
        seen = room.look(x, 0.0, 0.0, stamp)
        world = perception.update(seen, room.state(1.05 * x, 0.02 * x, 0.05 * x, stamp))
    pose = room.state(1.05 * x, 0.02 * x, 0.05 * x).odometry
    unseen = next(o for o in world.objects.values() if o.name == "white box")
    ahead = np.array(unseen.position[:2]) - pose.position[:2]
    cos, sin = np.cos(-pose.yaw), np.sin(-pose.yaw)
    relative = np.array([cos * ahead[0] - sin * ahead[1], sin * ahead[0] + cos * ahead[1]])
    assert relative == pytest.approx([-1.0 - x, -0.8], abs=0.03)


def test_a_late_image_uses_the_odometry_of_its_stamp(robot: RobotSpec, stage: Stage) -> None:
    stage.add("can", "red", 0.9, 0.0, 0.0, *CAN)
    perception = Perception(robot)
    for index in range(8):
        stamp, yaw = 0.2 * index, 0.05 * index
        perception.note(stage.state(0.0, 0.0, yaw, stamp))
        late = stage.state(0.0, 0.0, yaw + 0.1, stamp + 0.1)
        perception.update(stage.look(0.0, 0.0, yaw, stamp), late)
    (can,) = perception.world.objects.values()
    assert can.position[:2] == pytest.approx((0.9, 0.0), abs=0.01)


def test_the_same_images_give_the_same_world(robot: RobotSpec, room: Stage) -> None:
    assert watched(Perception(robot), room, round_look()) == watched(Perception(robot), room, round_look())


def test_without_odometry_there_is_an_error(robot: RobotSpec, stage: Stage) -> None:
    with pytest.raises(DriverError, match="odometry"):
        Perception(robot).update(stage.look(), replace(stage.state(), odometry=None))


def test_an_unknown_thing_in_the_gripper_is_no_trouble(robot: RobotSpec, room: Stage) -> None:
    world = Perception(robot).update(room.look(), room.state(), holding="can_9")
    assert world.holding == "can_9"
