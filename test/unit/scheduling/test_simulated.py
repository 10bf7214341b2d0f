"""Rooms that nobody has built yet, as a planner sees them."""

from __future__ import annotations

import pytest

from robomatrix.robots.loader import load_robot
from robomatrix.scheduling.simulated import fitting_scene, planning_scene_of
from robomatrix.skills.registry import registry_for


@pytest.mark.parametrize(
    ("scene", "ids"),
    [
        ("plain", set()),
        ("bench_button", {"button_1"}),
        ("bench_cabinet", {"cabinet_1", "left_door", "right_door"}),
        ("bench_football", {"ball_1", "goal_1"}),
        ("bench_table", {"box_1", "table_1"}),
        ("bench_package", {"package_1"}),
    ],
)
def test_what_stands_in_a_humanoids_rooms(scene: str, ids: set[str]) -> None:
    assert {entity.id for entity in planning_scene_of(scene, "g1", 3).entities()} == ids


@pytest.mark.parametrize(
    ("robot", "instruction", "scene"),
    [
        ("g1", "walk forward for 3 seconds", "plain"),
        ("g1", "walk to the table", "bench_table"),
        ("g1", "close the cabinet", "bench_cabinet"),
        ("g1", "kick the ball into the goal", "bench_football"),
        ("g1", "tickle the elephant", "plain"),
        ("ep", "put the red can in the white box", "office"),
    ],
)
def test_an_instruction_gets_the_first_room_in_which_it_makes_sense(robot: str, instruction: str, scene: str) -> None:
    skills = (skill.spec for skill in registry_for(robot))
    assert fitting_scene(instruction, load_robot(robot), skills, 0) == scene


ASKED = {
    "button_press": ("press the button", "bench_button"),
    "cabinet_close": ("close the cabinet", "bench_cabinet"),
    "football_shoot": ("kick the ball into the goal", "bench_football"),
    "box_push": ("push the box to the left edge of the table", "bench_table"),
}
"""Skills that need things in the room: how they are asked for, and where there are such things."""


@pytest.mark.parametrize("robot", ["g1", "h1", "h1_2"])
def test_for_what_a_humanoid_can_do_it_has_a_room(robot: str) -> None:
    skills = [skill.spec for skill in registry_for(robot)]
    wanted = {ASKED[spec.name] for spec in skills if spec.name in ASKED}
    assert {(said, fitting_scene(said, load_robot(robot), skills, 0)) for said, _ in wanted} == wanted
