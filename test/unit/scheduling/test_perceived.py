from dataclasses import replace

import pytest

from robomatrix.scheduling.perceived import Believed, planning_scene, seen_since
from robomatrix.scheduling.plan import PlanStep
from robomatrix.world import SceneObject, World


def thing(id_, category, position, size, **more):
    return SceneObject(id_, id_.replace("_", " "), category, "red", position, size=size, **more)


TABLE = thing("table_1", "table", (2.0, 0.0, 0.2), (0.6, 0.8, 0.4))
BOX = thing("box_1", "box", (1.0, 1.0, 0.1), (0.3, 0.3, 0.2))
DRAWER = thing("drawer_1", "drawer", (3.0, 0.0, 0.1), (0.3, 0.3, 0.2), openness=0.8)


def scene_of(*objects, holding=None, position=(0.0, 0.0, 0.0)):
    return planning_scene(World(1.0, {o.id: o for o in objects}, holding), "ep", position)


def test_geometry_becomes_at():
    on_table = thing("can_1", "can", (2.1, 0.2, 0.46), (0.07, 0.07, 0.12))
    in_box = thing("can_2", "can", (1.0, 1.05, 0.07), (0.07, 0.07, 0.12))
    on_floor = thing("can_3", "can", (0.5, -2.0, 0.06), (0.07, 0.07, 0.12))
    under_table = thing("can_4", "can", (2.1, 0.2, 0.06), (0.07, 0.07, 0.12))
    scene = scene_of(TABLE, BOX, on_table, in_box, on_floor, under_table)
    assert {o.id: o.at for o in scene.objects} == {"can_1": "table_1", "can_2": "box_1", "can_3": None, "can_4": None}


def test_kinds_come_from_the_ontology_and_openness_is_taken_over():
    scene = scene_of(TABLE, BOX, DRAWER, thing("bar_1", "bar", (4.0, 0.0, 0.02), (0.1, 1.0, 0.04)))
    assert {p.id: p.kind for p in scene.locations} == {
        "bar_1": "obstacle",
        "box_1": "container",
        "drawer_1": "container",
        "table_1": "surface",
    }
    drawer = scene.location("drawer_1")
    assert drawer.openable and drawer.open and not drawer.closed


def test_what_is_held_is_nowhere_else():
    can = thing("can_1", "can", (2.1, 0.2, 0.46), (0.07, 0.07, 0.12))
    scene = scene_of(TABLE, can, holding="can_1")
    assert scene.robot.holding == "can_1"
    assert scene.object("can_1").at is None


def test_a_turned_box_is_measured_along_its_own_axes():
    bench = thing("bench_1", "bench", (2.0, 0.0, 0.2), (2.0, 0.2, 0.4), yaw=1.5708)
    far_left = thing("ball_1", "ball", (2.0, 0.9, 0.43), (0.06, 0.06, 0.06))
    assert scene_of(bench, far_left).object("ball_1").at == "bench_1"


def test_the_robot_stands_at_what_is_near_else_at_the_start_else_nowhere():
    assert scene_of(TABLE, position=(1.2, 0.0, 0.0)).robot.at == "table_1"
    assert scene_of(TABLE, position=(0.3, 0.3, 0.0)).robot.at == "start"
    assert scene_of(TABLE, position=(-3.0, 0.0, 0.0)).robot.at is None


@pytest.mark.parametrize("gap", [0.027, 0.04])
def test_what_stands_beside_a_box_is_not_in_it_even_where_it_leans_on_it(gap):
    beside = thing("can_1", "can", (1.0, BOX.size[1] / 2.0 + 1.0 + gap, 0.06), (0.06, 0.06, 0.12))
    assert scene_of(BOX, beside).object("can_1").at is None


def test_what_is_believed_in_a_box_may_be_seen_a_little_outside():
    def carrier(y, resting):
        can = thing("can_1", "can", (1.0, y, 0.06), (0.07, 0.07, 0.12))
        world = World(1.0, {o.id: o for o in (BOX, can)})
        return planning_scene(world, "ep", (0.0, 0.0), Believed(resting)).object("can_1").at

    assert carrier(1.20, {}) is None
    assert carrier(1.20, {"can_1": "box_1"}) == "box_1"
    assert carrier(1.30, {"can_1": "box_1"}) is None


def test_a_drawer_that_was_opened_is_shut_only_when_it_is_seen_all_but_shut():
    def opened(openness, believed):
        world = World(1.0, {"drawer_1": replace(DRAWER, openness=openness)})
        return planning_scene(world, "ep", (0.0, 0.0), believed).location("drawer_1").open

    before = Believed(opened=frozenset({"drawer_1"}))
    assert not opened(0.44, Believed())
    assert opened(0.44, before)
    assert not opened(0.05, before)


def test_walls_are_nothing_to_ask_for():
    wall = thing("wall_1", "wall", (2.5, 0.0, 0.2), (5.0, 0.02, 0.4))
    assert [e.id for e in scene_of(TABLE, wall).entities()] == ["table_1"]


def test_what_a_step_is_about_counts_as_seen_only_at_its_end():
    def at(stamp, id_):
        return thing(id_, "can", (0.0, 0.0, 0.0), (0.07, 0.07, 0.12), stamp=stamp)

    world = World(10.0, {o.id: o for o in (at(6.0, "can_1"), at(6.0, "can_2"), at(9.5, "can_3"), at(4.0, "can_4"))})
    assert seen_since(world, 5.0, PlanStep("release", {"object": "can_1"})) == {"can_2", "can_3"}
    assert seen_since(world, 5.0, PlanStep("release", {"object": "can_3"})) == {"can_1", "can_2", "can_3"}
