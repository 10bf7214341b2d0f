import pytest

from robomatrix.scheduling.scene import PlanningScene

OFFICE = {
    "robot": {"name": "ep", "at": "start", "holding": None},
    "locations": [
        {"id": "table", "name": "brown table", "class": "table", "kind": "surface", "colour": "brown"},
        {"id": "drawer", "name": "drawer", "class": "drawer", "kind": "container", "openable": True, "open": False},
        {"id": "white_box", "name": "white box", "class": "box", "kind": "container", "colour": "white"},
        {"id": "blue_box", "name": "blue box", "class": "box", "kind": "container", "colour": "blue"},
        {"id": "bin", "name": "bin", "class": "bin", "kind": "container"},
        {"id": "bar", "name": "low bar", "class": "bar", "kind": "obstacle"},
        {"id": "user", "name": "user", "class": "person", "kind": "person"},
    ],
    "objects": [
        {"id": "red_can", "name": "red can", "class": "can", "colour": "red", "at": "table"},
        {"id": "green_can", "name": "green can", "class": "can", "colour": "green", "at": "table"},
        {"id": "ball", "name": "yellow ball", "class": "ball", "colour": "yellow", "at": "drawer"},
        {"id": "knife", "name": "kitchen knife", "class": "knife", "at": "table"},
    ],
}


@pytest.fixture
def office() -> PlanningScene:
    return PlanningScene.parse(OFFICE)


@pytest.fixture
def office_data() -> dict:
    return {key: [dict(e) for e in value] if isinstance(value, list) else dict(value) for key, value in OFFICE.items()}
