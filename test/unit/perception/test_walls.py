"""Walls are found where bare floor ends, followed, and given up where floor shows instead."""

from __future__ import annotations

import numpy as np
import pytest
from support.stage import Stage

from robomatrix.perception.drift import Shift
from robomatrix.perception.pipeline import Perception
from robomatrix.perception.projection import View
from robomatrix.perception.walls import CATEGORY, CONFIRMED, DOUBTED, LEAST, Walls
from robomatrix.robots.spec import RobotSpec

STILL = Shift(np.zeros(2), np.zeros(3), np.zeros((3, 3)))
BODY = np.zeros((360, 640), np.uint8)


def look(walls: Walls, stage: Stage, *pose: float, stamp: float = 0.0, shift: Shift = STILL) -> None:
    frame, state = stage.look(*pose, stamp=stamp), stage.state(*pose, stamp=stamp)
    walls.update(frame.image, View.of(frame, state.odometry), stamp, BODY, shift)


def look_round(walls: Walls, stage: Stage, turns: int = 24) -> None:
    for index in range(turns):
        look(walls, stage, 0.0, 0.0, 2.0 * np.pi * index / turns, stamp=0.2 * index)


@pytest.fixture
def walls(stage: Stage) -> Walls:
    stage.room = 2.0
    return Walls(stage.model.walls)


def test_a_square_room_has_four_walls_in_their_places(walls: Walls, stage: Stage) -> None:
    look_round(walls, stage)
    found = walls.confirmed()
    assert len(found) == 4
    for wall in found:
        normal = np.array([-wall.direction[1], wall.direction[0]])
        assert abs(float(normal @ wall.start)) == pytest.approx(2.0, abs=0.04)
        assert abs(normal).max() > 0.995


def test_one_look_is_not_enough(walls: Walls, stage: Stage) -> None:
    for index in range(CONFIRMED - 1):
        look(walls, stage, stamp=0.2 * index)
    assert walls.confirmed() == []
    look(walls, stage, stamp=0.2 * CONFIRMED)
    assert walls.confirmed() != []


def test_a_plain_has_none(stage: Stage) -> None:
    walls = Walls(stage.model.walls)
    look_round(walls, stage)
    assert walls.confirmed() == []


def test_a_wall_behind_furniture_is_one_wall(walls: Walls, stage: Stage) -> None:
    stage.table("brown", 1.75, 0.0, np.pi)
    for index in range(6):
        look(walls, stage, 0.0, 0.0, 0.3 * (-1) ** index, stamp=0.2 * index)
    ahead = [w for w in walls.confirmed() if abs(w.direction[1]) > 0.9]
    assert len(ahead) == 1
    assert float(np.hypot(*(ahead[0].end - ahead[0].start))) > 1.5


def test_a_wall_that_is_not_there_is_given_up(walls: Walls, stage: Stage) -> None:
    for index in range(CONFIRMED):
        look(walls, stage, 0.6, 0.0, 0.0, stamp=0.2 * index)
    assert walls.confirmed()
    stage.room = None
    for index in range(DOUBTED):
        look(walls, stage, 0.6, 0.0, 0.0, stamp=10.0 + index)
    assert walls.confirmed() == []


def test_walls_drift_with_everything_else(walls: Walls, stage: Stage) -> None:
    for index in range(CONFIRMED):
        look(walls, stage, stamp=0.2 * index)
    before = [w.start.copy() for w in walls.confirmed()]
    stage.things.clear()
    aside = Shift(np.zeros(2), np.array([0.05, -0.02, 0.0]), np.zeros((3, 3)))
    frame, state = stage.look(), stage.state()
    covered = np.full_like(BODY, 255)  # nothing to see, so that only the drift moves them
    walls.update(frame.image, View.of(frame, state.odometry), 9.0, covered, aside)
    for start, wall in zip(before, walls.confirmed(), strict=True):
        assert wall.start == pytest.approx(start + (0.05, -0.02))


def test_an_edge_of_few_points_is_none(walls: Walls, stage: Stage) -> None:
    frame, state = stage.look(), stage.state()
    slit = np.full_like(BODY, 255)
    slit[:, 300 : 300 + 8 * (LEAST - 1)] = 0
    for stamp in range(5):
        walls.update(frame.image, View.of(frame, state.odometry), float(stamp), slit, STILL)
    assert walls.confirmed() == []


def test_perception_tells_others_of_walls(robot: RobotSpec, stage: Stage) -> None:
    stage.room = 2.0
    perception = Perception(robot)
    for index in range(4):
        perception.update(stage.look(stamp=0.2 * index), stage.state(stamp=0.2 * index))
    (wall, *_) = perception.world.of_category(CATEGORY)
    assert wall.size[0] > 1.0
    assert np.hypot(*wall.position[:2]) > 1.5


def test_what_stands_at_a_wall_has_its_back_to_it(robot: RobotSpec, stage: Stage) -> None:
    stage.room = 2.0
    stage.add("target", "cyan", 1.85, 1.2, 0.18, np.pi, 0.16)
    perception = Perception(robot)
    poses = [(1.7, -0.6, 1.4 + 0.05 * i) for i in range(8)]  # seen almost from the side, where faces look alike
    for index, pose in enumerate([*((0.0, 0.0, 0.2 * i) for i in range(6)), *poses]):
        perception.update(stage.look(*pose, stamp=0.2 * index), stage.state(*pose, stamp=0.2 * index))
    (target,) = perception.world.of_category("target")
    assert np.cos(target.yaw) < -0.5
