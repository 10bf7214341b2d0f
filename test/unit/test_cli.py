from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from robomatrix import cli
from robomatrix.errors import SceneError, UnknownNameError

SCENE = {
    "robot": {"name": "ep"},
    "locations": [{"id": "box_1", "name": "white box", "class": "box", "kind": "container", "colour": "white"}],
    "objects": [{"id": "can_1", "name": "red can", "class": "can", "colour": "red"}],
}


def invoke(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli.app, arguments, catch_exceptions=False)
    return result.exit_code, result.stdout


@pytest.fixture
def scene(tmp_path: Path) -> str:
    path = tmp_path / "scene.json"
    path.write_text(json.dumps(SCENE))
    return str(path)


@pytest.mark.parametrize(
    ("command", "key", "expected"),
    [("robots", "robots", "ep"), ("scenes", "scenes", "office"), ("drivers", "drivers", "mujoco")],
)
def test_lists_name_what_exists(command: str, key: str, expected: str) -> None:
    code, text = invoke(command, "--json")
    found = json.loads(text)[key]
    assert code == 0 and expected in [f["name"] if isinstance(f, dict) else f for f in found]


def test_skills_tell_parameters_with_units() -> None:
    _, text = invoke("skills", "--robot", "ep", "--json")
    turn = next(s for s in json.loads(text)["skills"] if s["name"] == "turn")
    assert turn["parameters"][0]["name"] == "angle_deg" and turn["parameters"][0]["unit"] == "deg"


def test_a_plan_over_a_scene_file(scene: str) -> None:
    code, text = invoke("plan", "put the red can in the white box", "--scene", scene, "--json")
    answer = json.loads(text)
    assert (code, answer["status"]) == (0, "ok")
    assert answer["goal"] == ["on(can_1, box_1)"]
    assert [s["skill"] for s in answer["steps"]] == ["move_to", "grasp", "move_to", "position_over", "release"]


def test_a_refusal_is_an_answer_and_exit_code_1(scene: str) -> None:
    code, text = invoke("plan", "put the green bottle in the white box", "--scene", scene, "--json")
    answer = json.loads(text)
    assert code == 1 and answer["status"] in ("clarify", "refuse") and answer["steps"] == []
    assert "bottle" in answer["message"] + " ".join(answer["missing"])


def test_a_named_scene_can_be_planned_over_without_a_simulator() -> None:
    code, text = invoke("plan", "put the red can in the white box", "--scene", "office", "--seed", "7", "--json")
    assert code == 0 and json.loads(text)["steps"][-1]["skill"] == "release"


def test_a_scene_that_is_not_there_lists_those_that_are() -> None:
    with pytest.raises(SceneError, match="office"):
        invoke("plan", "stop", "--scene", "garage")


def test_an_unknown_robot_lists_those_that_exist() -> None:
    with pytest.raises(UnknownNameError, match="unknown robot 'epp'; did you mean 'ep'"):
        invoke("skills", "--robot", "epp")


def test_a_scene_with_an_unknown_key_names_the_place(tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text(json.dumps({**SCENE, "objects": [{**SCENE["objects"][0], "weight": 1}]}))
    with pytest.raises(SceneError, match=r"objects\[0\].*'weight'"):
        invoke("plan", "stop", "--scene", str(path))


def test_a_batch_answers_every_line_and_says_what_is_wrong_with_one(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    tasks = [
        {"id": "a", "instruction": "put the red can in the white box", "scene": SCENE},
        {"id": "b", "scene": SCENE},
        {"id": "c", "instruction": "stop", "scene": {**SCENE, "sky": "blue"}},
    ]
    source.write_text("\n".join(map(json.dumps, tasks)) + "\nnot json\n")
    assert invoke("plan", "--batch", str(source), "--out", str(target))[0] == 0
    answers = [json.loads(line) for line in target.read_text().splitlines()]
    assert [a["id"] for a in answers] == ["a", "b", "c", None]
    assert [a["status"] for a in answers] == ["ok", "refuse", "refuse", "refuse"]
    assert "instruction" in answers[1]["message"] and "sky" in answers[2]["message"] and ":4" in answers[3]["message"]


def test_doctor_finds_a_robot_in_order() -> None:
    _, text = invoke("doctor", "--robot", "ep", "--json")
    findings = {f["name"]: f for f in json.loads(text)["findings"]}
    assert findings["python"]["ok"] and findings["ep model"]["ok"] and findings["ep skills"]["ok"]
    assert all(f["ok"] or f["remedy"] for f in findings.values())


def test_errors_are_one_line_and_exit_code_2(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr("sys.argv", ["robomatrix", "skills", "--robot", "epp"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 2
    assert capsys.readouterr().err.startswith("robomatrix: unknown robot 'epp'")
