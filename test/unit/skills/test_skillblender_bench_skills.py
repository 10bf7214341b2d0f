"""SkillBench's tasks on the simulated robot: by joints, IMU, odometry and the tracker's estimates only."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("mujoco")

from robomatrix.errors import PreconditionError
from robomatrix.hardware.mujoco.humanoid_driver import MujocoHumanoidDriver
from robomatrix.robots.humanoid import humanoid
from robomatrix.robots.loader import load_robot
from robomatrix.skills.base import ErrorCode, Failed, Observation, Outcome, Succeeded
from robomatrix.skills.registry import registry_for
from robomatrix.skills.runner import SkillRunner
from robomatrix.skills.skillblender.bench_skills import (
    EDGE,
    INWARD,
    LEAD,
    BoxPush,
    BoxTransfer,
    ButtonPress,
    CabinetClose,
    FarReach,
    FootballShoot,
)
from robomatrix.skills.skillblender.commanded import commanded
from robomatrix.skills.skillblender.controller import Controller
from robomatrix.skills.skillblender.views import VIEWS, view_of
from robomatrix.training.skillblender.imitation import running_blend
from robomatrix.world import World

ROBOT = load_robot("g1")
HEADLINE_SEED = 313
LOW_BUTTON_SEED = 5


class Place:
    """A driver in a scene, and what a skill sees of it."""

    def __init__(self, scene: str, seed: int = 3) -> None:
        self.driver = MujocoHumanoidDriver(ROBOT, scene)
        self.state = self.driver.reset(seed)

    def seen(self) -> Observation:
        return Observation(self.state, World(self.state.stamp, {o.id: o for o in self.driver.tracked()}))

    def do(self, name: str, limit: float = 30.0, **arguments) -> Outcome:
        runner = SkillRunner(ROBOT, registry_for(ROBOT.name))
        assert runner.start(name, arguments) is None
        while runner.busy and self.state.stamp < limit:
            self.driver.write(runner.tick(self.seen()))
            self.state = self.driver.step()
        return runner.outcome


def test_both_hands_reach_places_that_need_walking():
    place = Place("plain")
    outcome = place.do("far_reach", forward=0.9, left=0.4, up=0.1)
    assert isinstance(outcome, Succeeded) and outcome.metrics["error"] <= 0.05
    x, y, _ = place.driver.base_pose()
    assert 0.6 < x < 1.2 and 0.1 < y < 0.7
    hands = np.mean([place.driver._data.site(f"{side}_hand").xpos for side in ("left", "right")], 0)
    rest = FarReach(ROBOT, {}).policy.function.robot.height + 0.095
    assert hands == pytest.approx([0.9 + 0.28, 0.4, rest + 0.1], abs=0.12)


def test_a_fall_is_reported():
    place = Place("plain")
    place.driver.push((2.5, 2.5))
    outcome = place.do("far_reach", forward=0.9)
    assert isinstance(outcome, Failed) and outcome.code == ErrorCode.FELL


def test_a_thing_that_is_not_tracked_is_refused_with_what_is():
    place = Place("bench_table")
    with pytest.raises(PreconditionError, match="'ball_1' is not tracked; there are: box_1, table_1"):
        FootballShoot(ROBOT, {"ball": "ball_1"}).check(place.seen())


def test_the_box_goes_to_the_edge_or_by_the_distance_and_not_over_it():
    seen = Place("bench_table").seen()
    box, table = (np.array(seen.world.objects[f"{name}_1"].position) for name in ("box", "table"))
    left = BoxPush(ROBOT, {"box": "box_1", "side": "left"}).fixed(seen)["goal"][0]
    assert left[1] == pytest.approx(table[1] + 0.75 - EDGE)
    assert left[0] == pytest.approx(max(box[0], table[0] - 0.45 + INWARD))
    right = BoxPush(ROBOT, {"box": "box_1", "side": "right", "distance": 0.2}).fixed(seen)["goal"][0]
    assert right[1] == pytest.approx(box[1] - 0.2)
    with pytest.raises(PreconditionError, match="would fall"):
        BoxPush(ROBOT, {"box": "box_1", "side": "left", "distance": 1.0}).fixed(seen)


def test_the_box_goes_onto_the_table_that_it_is_not_on_and_counts_only_when_let_go():
    place = Place("bench_two_tables")
    seen, skill = place.seen(), BoxTransfer(ROBOT, {"box": "box_1", "left": 0.2})
    goal = skill.fixed(seen)["goal"]
    assert goal[0] == pytest.approx([-0.6, 0.2, 0.775], abs=0.02)
    there = {"object": goal, "goal": goal, "left_hand": goal + [0.0, 0.09, 0.0], "right_hand": goal - [0.0, 0.09, 0.0]}
    assert skill._error(there, seen.world) == pytest.approx(skill.tolerance + 0.03)
    free = {**there, "left_hand": goal + [0.0, 0.2, 0.0], "right_hand": goal - [0.0, 0.2, 0.0]}
    assert skill._error(free, seen.world) < skill.tolerance
    with pytest.raises(PreconditionError, match="second table"):
        BoxTransfer(ROBOT, {"box": "box_1"}).fixed(Place("bench_table").seen())


def test_the_policy_is_shown_no_goal_further_away_than_it_learnt():
    skill = BoxPush(ROBOT, {"box": "box_1"})
    points = {"object": np.array([[0.6, -0.3, 0.8]])}
    far, near = {"goal": np.array([[0.6, 0.7, 0.8]])}, {"goal": np.array([[0.6, -0.1, 0.8]])}
    assert skill.shown(far, points)["goal"][0] == pytest.approx([0.6, -0.3 + LEAD, 0.8])
    assert skill.shown(near, points)["goal"][0] == pytest.approx(near["goal"][0])


def test_hands_and_doors_are_where_the_simulation_has_them():
    place = Place("bench_cabinet")
    skill = CabinetClose(ROBOT, {"cabinet": "cabinet_1"})
    points = skill.points(Controller(ROBOT, place.state), place.seen())
    for side in ("left", "right"):
        true = place.driver._data.site(f"{side}_hand").xpos
        assert points[f"{side}_hand"][0] == pytest.approx(true, abs=0.02)
    assert skill.doors(place.seen().world)[0] == pytest.approx([1.0, 1.0], abs=1e-6)


def test_a_goal_turns_with_the_pelvis():
    view = view_of("box_push")
    points = {"object": np.array([[1.0, 0.0, 0.0]]), "goal": np.array([[1.0, 1.0, 0.0]])}
    points |= {name: np.zeros((1, 3)) for name in ("left_hand", "right_hand", "pelvis")}
    half = np.sqrt(0.5)
    goal = view.goal(points, np.array([[half, 0.0, 0.0, half]]), np.array([np.pi / 2]), np.zeros((1, 0)))[0]
    assert goal[:3] == pytest.approx([1.0, 0.0, 0.0]) and goal[3:6] == pytest.approx([0.0, -1.0, 0.0])
    assert goal[-2:] == pytest.approx([1.0, 0.0], abs=1e-9) and len(goal) == sum(t.size for t in view.terms)


def test_without_odometry_a_task_does_not_start():
    place = Place("plain")
    blind = replace(place.seen(), state=replace(place.state, odometry=None))
    with pytest.raises(PreconditionError, match="odometry"):
        FarReach(ROBOT, {}).check(blind)


def test_errors_are_the_papers():
    points = {"left_hand": np.array([[0.0, 0.1, 0.2]]), "object": np.array([[0.5, 0.0, 0.0]])}
    assert view_of("button_press").error(points, np.zeros((1, 0))) == pytest.approx([0.15])
    assert view_of("cabinet_close").error({}, np.array([[0.2, 0.4]])) == pytest.approx([0.3])
    assert [VIEWS[n].threshold for n in ("far_reach", "football_shoot", "package_lift")] == [0.05, 1.5, 0.1]


def test_a_button_below_the_standing_robots_reach_is_pressed_from_a_squat():
    place = Place("bench_button", seed=LOW_BUTTON_SEED)
    button = np.array(place.driver.objects()[0].position)
    assert button[2] < 0.6
    assert isinstance(place.do("button_press", button="button_1"), Succeeded)
    hand = place.driver._data.site("left_hand").xpos
    assert np.linalg.norm(hand - button) < 0.08 and place.driver.base_height() < 0.7


def test_a_hand_before_a_button_has_not_pressed_it():
    skill = ButtonPress(ROBOT, {"button": "button_1"})
    button = np.array([[1.475, 0.2, 0.8]])
    before, touching = ({"object": button, "left_hand": button - [x, 0.0, 0.0]} for x in (0.2, 0.05))
    world = Place("bench_button").seen().world
    assert skill._error(before, world) > skill.tolerance > skill._error(touching, world)


def test_both_doors_of_the_cabinet_are_pushed_shut():
    place = Place("bench_cabinet", seed=1)
    assert isinstance(place.do("cabinet_close", cabinet="cabinet_1"), Succeeded)
    assert max(o.openness for o in place.driver.objects() if o.category == "door") < 0.01


def test_the_ball_is_brought_to_the_goal_and_not_only_under_the_papers_threshold():
    place = Place("bench_football", seed=1)
    before = place.driver.objects()[0].position[0]
    assert isinstance(place.do("football_shoot", limit=36.0, ball="ball_1"), Succeeded)
    assert before < 1.0 and place.driver.objects()[0].position[0] > 4.0


def test_a_box_beside_its_table_is_refused():
    seen = Place("bench_table").seen()
    fallen = replace(seen.world.objects["box_1"], position=(0.4, 0.6, 0.05))
    world = replace(seen.world, objects={**seen.world.objects, "box_1": fallen})
    with pytest.raises(PreconditionError, match="red box is not on brown table"):
        BoxPush(ROBOT, {"box": "box_1"}).fixed(replace(seen, world=world))


def test_a_box_that_falls_ends_the_push_at_once():
    place = Place("bench_table")
    skill = BoxPush(ROBOT, {"box": "box_1", "side": "left", "distance": 0.2})
    fixed = skill.fixed(place.seen())
    assert skill.hopeless(fixed, {"object": fixed["goal"] - [0.0, 0.2, 0.03]}) == ""
    assert "fallen" in skill.hopeless(fixed, {"object": fixed["goal"] - [0.0, 0.0, 0.5]})


def test_a_commanded_blend_leaves_legs_and_arms_to_one_skill_each():
    blend = running_blend(humanoid("g1"), ("walk", "reach"))
    goals = {"walk": np.array([-0.6, 0.0, 0.0]), "reach": np.array([0.0, 0.05, 0.1, 0.0, -0.05, 0.1])}
    body, phase = np.zeros((1, 6 + 3 * 21), np.float32), np.array([0.3], np.float32)
    body[0, 5] = -1.0
    network = commanded(blend, goals, "walk", "reach")
    clock = np.array([[np.sin(2 * np.pi * 0.3), np.cos(2 * np.pi * 0.3)]])
    action = network(np.concatenate([body, clock], -1).astype(np.float32))[0]
    alone = {}
    for s in blend.skills:
        alone[s.function.name] = s.function.action(s.network, body, goals[s.function.name][None], phase)[0]
    assert action[:13] == pytest.approx(alone["walk"][:13], abs=1e-3)
    assert action[13:] == pytest.approx(alone["reach"][13:], abs=1e-3)


def test_the_box_is_pushed_to_the_tables_left_edge_after_a_walk_to_it():
    place = Place("bench_table", seed=HEADLINE_SEED)
    assert isinstance(place.do("walk_to", x=0.15), Succeeded)
    assert isinstance(place.do("box_push", limit=40.0, box="box_1", side="left"), Succeeded)
    box, table = place.driver.objects()
    assert box.position[2] == pytest.approx(0.775, abs=0.02)
    assert box.position[1] == pytest.approx(table.position[1] + 0.75 - EDGE, abs=0.12)
    assert place.driver.base_pose()[0] < 0.35
