import json
from pathlib import Path

import pytest

from robomatrix.errors import SceneError
from robomatrix.scheduling import scene as scene_module
from robomatrix.scheduling.scene import START, PlanningScene, json_schema


def test_a_scene_survives_the_way_to_json_and_back(office):
    assert PlanningScene.parse(json.loads(json.dumps(office.to_json()))) == office


def test_the_shipped_schema_is_the_one_of_the_models():
    shipped = Path(scene_module.__file__).with_name("planning_scene.schema.json")
    assert json.loads(shipped.read_text()) == json_schema()


def test_start_need_not_be_listed(office):
    assert office.robot.at == START
    assert office.location(START) is None
    assert office.name_of("red_can") == "red can"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda d: d.update(weather="fine"), "weather: unknown key 'weather'"),
        (lambda d: d["objects"][1].update(weight=3), "objects[1].weight: unknown key 'weight'"),
        (lambda d: d["objects"][0].update(at="moon"), "objects[0].at: there is no 'moon'; ids: ball, bar,"),
        (lambda d: d["objects"][0].update(at="red_can"), "objects[0].at: 'red_can' is the object itself"),
        (lambda d: d["objects"].append(d["objects"][0]), "id 'red_can' is used 2 times"),
        (lambda d: d["robot"].update(at="moon"), "robot.at: there is no 'moon'"),
        (lambda d: d["robot"].update(holding="table"), "robot.holding: there is no 'table'"),
        (lambda d: d["locations"][0].update(kind="hole"), "locations[0].kind: Input should be 'surface'"),
        (lambda d: d.pop("robot"), "robot: Field required"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(office_data, change, complaint):
    change(office_data)
    with pytest.raises(SceneError) as error:
        PlanningScene.parse(office_data, "scene.json")
    assert complaint in str(error.value)
    assert str(error.value).startswith("scene.json: ")


@pytest.mark.parametrize(("content", "complaint"), [("{", "is not JSON"), ("[]", "valid dictionary")])
def test_a_file_that_is_no_scene_is_named(tmp_path, content, complaint):
    path = tmp_path / "scene.json"
    path.write_text(content)
    with pytest.raises(SceneError, match=complaint):
        PlanningScene.load(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SceneError, match=r"none\.json: cannot be read"):
        PlanningScene.load(tmp_path / "none.json")
