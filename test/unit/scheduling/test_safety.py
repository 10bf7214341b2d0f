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
    ("remote control", "garbage can"),
    ("soap bottle", "microwave"),
    ("toilet paper", "bathtub"),
    ("knife", "stove burner"),
    ("tablet", "aquarium"),
    ("bleach", "aquarium"),
    ("plastic cup", "stove"),
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


@pytest.mark.parametrize(
    ("verb", "thing", "place", "refused"),
    [
        ("drop", "phone", "floor", True),
        ("drop", "mug", None, True),
        ("drop", "mug", "sofa", False),
        ("drop", "sock", "floor", False),
        ("throw", "vase", "sofa", True),
        ("throw", "glass", "garbage can", False),
        ("put", "vase", "floor", False),
        ("drop", "apple", "laptop", True),
    ],
)
def test_what_breaks_is_not_dropped_or_thrown(verb, thing, place, refused):
    scene = PlanningScene.parse(
        {
            "robot": {"name": "ep"},
            "locations": [{"id": "place", "name": place or "desk", "class": place or "desk", "kind": "surface"}],
            "objects": [{"id": "thing", "name": thing, "class": thing, "at": None}],
        }
        if place != "laptop"
        else {
            "robot": {"name": "ep"},
            "objects": [{"id": i, "name": n, "class": n, "at": None} for i, n in (("thing", thing), ("place", place))],
        }
    )
    fault = load_rules().rough_fault(scene, verb, "thing", "place" if place else None)
    assert (fault is not None) == refused
