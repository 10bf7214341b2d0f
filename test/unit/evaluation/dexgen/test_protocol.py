import json
from dataclasses import asdict

import numpy as np
import pytest

from robomatrix.errors import ConfigurationError
from robomatrix.evaluation.dexgen.expert import FAR, Expert, goal_distance
from robomatrix.evaluation.dexgen.protocol import Cell
from robomatrix.evaluation.dexgen.suite import TALLIES, SuiteSettings, read_tallies, run
from robomatrix.hardware.mujoco.hand import ObjectSpec
from robomatrix.robots.loader import load_robot
from robomatrix.training.dexgen.grasps import GraspFinder
from robomatrix.training.dexgen.simulation import PALM_DOWN, HandBatch


@pytest.fixture(scope="module")
def robot():
    return load_robot("allegro")


@pytest.fixture(scope="module")
def grasps(robot):
    return GraspFinder(robot, ObjectSpec("cube", 0.06), np.random.default_rng(0)).find(10, 100)


def test_goal_distance_counts_the_larger_error():
    pose = np.array([0.05, 0.0, 0.03, 1.0, 0.0, 0.0, 0.0])
    turned = np.array([0.05, 0.0, 0.03, np.cos(0.125), np.sin(0.125), 0.0, 0.0])
    assert goal_distance(pose, pose + np.array([0.012, 0, 0, 0, 0, 0, 0])) == pytest.approx(2.0)
    assert goal_distance(pose, turned) == pytest.approx(2.0)
    assert goal_distance(pose, -np.concatenate([-pose[:3], pose[3:]])) == pytest.approx(0.0)


def test_an_experts_plan_reaches_its_goal_when_executed_exactly(robot, grasps):
    hands = HandBatch(robot, [grasps.held])
    expert = Expert(hands, [grasps], np.random.default_rng(1))
    reached = 0
    for row in range(5):
        hands.place(0, grasps.positions[row], grasps.targets[row], grasps.poses[row])
        hands.turn(0, PALM_DOWN)
        plan = expert.plan(0, grasps.targets[row])
        if plan.goal is None:
            continue
        assert goal_distance(hands.poses[0], plan.goal) >= FAR
        for target in [*plan.targets, *[plan.targets[-1]] * 5]:
            hands.step(target[None])
        reached += goal_distance(hands.poses[0], plan.goal) < 1.0
    assert reached >= 3


def test_freezing_holds_and_reaches_nothing_while_noise_drops(robot, grasps):
    tallies = {}
    for name in ("freeze", "direct"):
        tallies[name] = Cell(robot, [grasps], name, "additive_1.5", attitudes=("down",)).run(6.0)[0]
    assert tallies["freeze"].drops == 0
    assert tallies["freeze"].goals == 0
    assert tallies["direct"].drops >= 2


def test_a_cell_repeats_exactly(robot, grasps):
    first, second = (Cell(robot, [grasps], "lowpass:0.3", "held_0.75", 4, ("up",)).run(2.0) for _ in range(2))
    assert first == second
    assert first[0].seconds == 2.0


def test_a_suite_goes_on_where_it_stopped(robot, grasps, tmp_path):
    grasps.save(tmp_path / "grasps_cube_60.npz")
    settings = SuiteSettings(seconds=1.0, methods=("direct",), corruptions=("none",), shapes=("cube",))
    first = run(robot, settings, tmp_path, report=lambda line: None)
    assert len(first) == 3
    lines: list[str] = []
    more = SuiteSettings(seconds=1.0, methods=("direct", "freeze"), corruptions=("none",), shapes=("cube",))
    assert len(run(robot, more, tmp_path, report=lines.append)) == 6
    assert len(lines) == 1
    assert json.loads((tmp_path / TALLIES).read_text().splitlines()[0]) == asdict(first[0])


def test_damaged_tallies_are_an_error(tmp_path):
    (tmp_path / TALLIES).write_text('{"method": "direct"}\n')
    with pytest.raises(ConfigurationError, match="tallies"):
        read_tallies(tmp_path)
