import pytest

from robomatrix.scheduling.safety import classes_of, load_rules
from robomatrix.scheduling.scene import PlanningScene

STOPS = ["stop", "STOP!!!", "Please stop.", "robot, stop now", "don't move", "Halt", "freeze!", "hey robot stop"]
OTHERS = ["", "stop at the table", "don't stop", "put the stop sign in the bin", "...", "stop" + " x" * 300]
HAZARDS = [
    ("fork", "microwave"),
    ("laptop", "sink"),
    ("kitten", "oven"),
    ("bleach", "fridge"),
    ("phone", "bathtub"),
    ("knife", "crib"),
    ("gun", "box"),
]
HARMLESS = [("plate", "microwave"), ("fork", "sink"), ("book", "box"), ("apple", "fridge"), ("pan", "stove")]


@pytest.mark.parametrize("text", STOPS)
def test_stopping_is_recognised(text):
    assert load_rules().is_stop(text)


@pytest.mark.parametrize("text", OTHERS)
def test_nothing_else_is_stopping(text):
    assert not load_rules().is_stop(text)


def test_a_thing_belongs_to_the_classes_of_its_name(office):
    assert {"knife", "sharp thing", "cutlery", "metal item"} <= classes_of(office.object("knife"))
    assert "drink" in classes_of(office.object("red_can"))


def scene_with(thing, place):
    return PlanningScene.parse(
        {
            "robot": {"name": "ep"},
            "locations": [{"id": "place", "name": place, "class": place, "kind": "container"}],
            "objects": [{"id": "thing", "name": thing, "class": thing, "at": None}],
        }
    )


@pytest.mark.parametrize(("thing", "place"), HAZARDS)
def test_hazardous_combinations_have_a_reason(thing, place):
    assert load_rules().placing_fault(scene_with(thing, place), "thing", "place")


@pytest.mark.parametrize(("thing", "place"), HARMLESS)
def test_ordinary_combinations_pass(thing, place):
    assert load_rules().placing_fault(scene_with(thing, place), "thing", "place") is None
