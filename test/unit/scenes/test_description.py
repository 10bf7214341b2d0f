import pytest

from robomatrix.errors import SceneError, UnknownNameError
from robomatrix.scenes import load_scene, scene_names


def test_the_office_and_the_kitchen_ship() -> None:
    assert {"office", "kitchen"} <= set(scene_names())
    assert load_scene("kitchen").size < load_scene("office").size


def test_office_has_what_the_tasks_need() -> None:
    office = load_scene("office")
    things = {f.category for f in office.fixtures} | {o.category for o in office.objects}
    assert {"table", "cabinet", "bar", "target", "bin", "box", "can", "bottle", "ball"} <= things


def test_unknown_scene_lists_what_exists() -> None:
    with pytest.raises(UnknownNameError, match="office"):
        load_scene("offise")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"objects": [{"category": "can", "colours": ["mauve"]}]}, "mauve"),
        ({"objects": [{"category": "tin", "colours": ["red"]}]}, "tin"),
        ({"objects": [{"category": "can", "colours": ["red"], "shape": 1}]}, "shape"),
        ({"start": {"x": [1, 0], "y": 0, "yaw": 0}}, "empty"),
        ({"wallpaper": "blue"}, "wallpaper"),
        ({"objects": [{"colours": ["red"]}]}, "category"),
    ],
)
def test_malformed_override_names_the_place(overrides: dict, message: str) -> None:
    with pytest.raises(SceneError, match=message):
        load_scene("office", overrides)
