from robomatrix.scheduling.scene import PlanningScene
from robomatrix.training.planner.gold import outcome_of
from robomatrix.training.planner.rooms import Named, Room
from robomatrix.training.planner.samples import Sample

SCENE = PlanningScene.parse(
    {
        "robot": {"name": "ep", "at": "start"},
        "locations": [
            {"id": "bed", "name": "bed", "class": "bed", "kind": "surface"},
            {"id": "toilet", "name": "toilet", "class": "toilet", "kind": "container"},
            {"id": "fridge", "name": "fridge", "class": "fridge", "kind": "container", "openable": True, "open": True},
            {"id": "tom", "name": "tom", "class": "person", "kind": "person"},
        ],
        "objects": [
            {"id": "tron", "name": "tron", "class": "tron", "at": "bed"},
            {"id": "drax", "name": "drax", "class": "drax", "at": "bed"},
        ],
    }
)
NAMED = {
    "T": Named("the tron", ("tron",)),
    "U": Named("the drax", ("drax",)),
    "P": Named("the fridge", ("fridge",)),
    "Q": Named("the toilet", ("toilet",)),
    "O": Named("the fridge", ("fridge",)),
}
ROOM = Room(SCENE, {"tron": "tron", "drax": "drax", "bed": "bed", "fridge": "fridge", "toilet": "toilet"}, {})


def outcome(text: str, means: str, order: tuple[str, ...]):
    return outcome_of(Sample(text, ROOM, "ep", means, order, {name: NAMED[name] for name in order}))


def test_what_is_put_onto_something_in_a_closed_place_opens_it():
    found = outcome(
        "put the tron in the fridge , close it . the drax on the tron",
        "put T P; close O; put U T",
        ("T", "P", "O", "U"),
    )
    assert found is not None
    assert found.goals == ("on(tron, fridge)", "on(drax, tron)")


def test_bringing_back_is_two_things():
    assert outcome("bring the tron back", "back T", ("T",)) is None
    found = outcome("put the tron back", "back T", ("T",))
    assert found is not None
    assert found.goals == ("on(tron, bed)",)


def test_that_may_be_what_was_named():
    assert outcome("get the tron given to me . wait , place that in the fridge", "put held P", ("T", "P")) is None
    found = outcome("place what you are holding in the fridge", "put held P", ("P",))
    assert found is not None
    assert found.only_decline


def test_a_question_about_a_toilet_is_right():
    found = outcome("put the tron in the toilet", "put T Q", ("T", "Q"))
    assert found is not None
    assert found.decline and not found.only_decline
