import math
from collections import Counter
from itertools import combinations

import pytest

from robomatrix.errors import SceneError
from robomatrix.scenes import Item, Layout, load_scene, sample_layout
from robomatrix.scenes.layout import in_frame, in_world

OFFICE, KITCHEN = load_scene("office"), load_scene("kitchen")
GRASPABLE = ("can", "bottle", "ball")


def floor_distance(one: Item, other: Item) -> float:
    """Between the circles round two footprints [m]."""
    radius = max(one.size[:2]) / 2 + max(other.size[:2]) / 2
    return math.dist(one.position[:2], other.position[:2]) - radius


@pytest.fixture(scope="module", params=[OFFICE, KITCHEN], ids=lambda scene: scene.name)
def layouts(request: pytest.FixtureRequest) -> list[Layout]:
    return [sample_layout(request.param, seed) for seed in range(60)]


def test_the_same_seed_gives_the_same_world() -> None:
    assert sample_layout(OFFICE, 5) == sample_layout(OFFICE, 5)
    assert sample_layout(OFFICE, 5) != sample_layout(OFFICE, 6)


def test_ids_are_unique_and_numbered(layouts: list[Layout]) -> None:
    for layout in layouts:
        ids = Counter(item.id for item in layout.items)
        assert max(ids.values()) == 1
        assert {"table_1", "cabinet_1", "drawer_1", "box_1"} <= set(ids)


def test_everything_is_inside_the_room(layouts: list[Layout]) -> None:
    for layout in layouts:
        for item in layout.items:
            assert all(abs(p) < s / 2 for p, s in zip(item.position, layout.size, strict=False)), item


def test_what_is_to_be_grasped_has_room_round_it(layouts: list[Layout]) -> None:
    for layout in layouts:
        on_floor = [i for i in layout.items if i.category in GRASPABLE and i.support == "floor"]
        for one, other in combinations(on_floor, 2):
            assert floor_distance(one, other) >= 0.4
        for item in on_floor:
            assert all(abs(p) <= s / 2 - 0.45 for p, s in zip(item.position, layout.size, strict=False))


def test_things_on_a_table_stand_near_its_front_edge(layouts: list[Layout]) -> None:
    for layout in layouts:
        table = layout.item("table_1")
        for item in (i for i in layout.items if i.support == "table_1"):
            x, y, _ = in_frame((*table.position[:2], table.yaw), item.position)
            assert 0.05 <= table.size[0] / 2 - x <= 0.09
            assert abs(y) <= table.size[1] / 2 - 0.15
            assert item.position[2] - item.size[2] / 2 == pytest.approx(table.size[2])


def test_the_robot_starts_free(layouts: list[Layout]) -> None:
    for layout in layouts:
        for item in layout.items:
            if item.category not in ("cabinet", "drawer", "table", "bar"):
                assert math.dist(layout.start[:2], item.position[:2]) > 0.42


def test_chance_varies_what_it_should() -> None:
    layouts = [sample_layout(OFFICE, seed) for seed in range(40)]
    cans = [i for layout in layouts for i in layout.items if i.category == "can"]
    assert len({c.colour for c in cans}) == 6
    assert len({sum(i.category == "can" for i in layout.items) for layout in layouts}) == 3
    assert {c.support for c in cans} == {"floor", "table_1"}
    assert len({layout.light for layout in layouts}) == 40
    assert max(c.size[0] for c in cans) <= 0.066


def test_a_pinned_object_stands_where_it_was_put() -> None:
    entry = {"category": "can", "colours": ["red"], "x": 1.0, "y": [0.4, 0.4]}
    layout = sample_layout(load_scene("office", {"fixtures": [], "objects": [entry]}), 0)
    (can,) = layout.items
    assert can.position[:2] == (1.0, 0.4)
    assert can.name == "red can"


def test_a_scene_that_is_too_full_says_so() -> None:
    crowd = [{"category": "can", "colours": ["red"], "count": [200, 200]}]
    with pytest.raises(SceneError, match="office is too full: no room for a can"):
        sample_layout(load_scene("office", {"fixtures": [], "objects": crowd}), 0)


def test_frames_are_inverse() -> None:
    origin = (0.3, -0.7, 2.1)
    assert in_frame(origin, in_world(origin, (1.0, 2.0, 3.0))) == pytest.approx((1.0, 2.0, 3.0))
