from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from robomatrix.errors import ConfigurationError
from robomatrix.perception.categories import PerceptionModel, load_model
from robomatrix.resources import resource

CAN = {
    "shape": "upright",
    "size": {"radius": [0.03, 0.002], "height": [0.11, 0.005]},
    "colours": ["red"],
    "rests_on": {"floor": 0.001},
}


def written(folder: Path, **can: object) -> Path:
    red = {"hue": [345, 12], "saturation": [0.5, 1], "value": [0.1, 1]}
    path = folder / "perception.yaml"
    room = {"wall": red, "floor": {"hue": [0, 360], "saturation": [0, 0.1], "value": [0.1, 0.5]}}
    data = {"outline_deviation": 0.9, "colours": {"red": red}, "room": room, "categories": {"can": {**CAN, **can}}}
    path.write_text(yaml.safe_dump(data))
    return path


def test_the_shipped_file_knows_what_the_scenes_hold(model: PerceptionModel) -> None:
    public = {c.public for c in model.categories.values()}
    assert {"can", "bottle", "ball", "box", "bin", "table", "cabinet", "drawer", "bar", "target"} <= public


def test_every_colour_of_a_category_is_defined(model: PerceptionModel) -> None:
    named = {c.name for c in model.colours}
    for category in model.categories.values():
        assert category.colours <= named, category.name


def test_a_fallen_can_is_a_can(model: PerceptionModel) -> None:
    assert model.categories["fallen_can"].public == "can"
    assert model.categories["fallen_can"].rarity > 0


def test_periods_tell_which_turns_look_the_same(model: PerceptionModel) -> None:
    period = {name: model.categories[name].period for name in ("can", "box", "table", "drawer")}
    assert period == pytest.approx({"can": 0.0, "box": np.pi / 2, "table": np.pi, "drawer": 2 * np.pi})


def test_a_target_may_look_lit_or_not(model: PerceptionModel) -> None:
    target, can = model.categories["target"], model.categories["can"]
    assert target.looks("cyan") == {"cyan", "magenta"}
    assert can.looks("red") == {"red"}


def test_width_bounds_enclose_the_usual_width(model: PerceptionModel) -> None:
    for category in model.categories.values():
        assert category.narrowest <= 2 * category.expected_radius <= category.widest, category.name


def test_a_file_of_ones_own_is_read(tmp_path: Path) -> None:
    assert set(load_model(written(tmp_path)).categories) == {"can"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"shape": "cone"}, "cone"),
        ({"colour": "red"}, "colour"),
        ({"size": 3}, "malformed"),
        ({"rests_on": None}, "malformed"),
    ],
)
def test_mistakes_are_told_with_the_file(tmp_path: Path, change: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        load_model(written(tmp_path, **change))


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="none.yaml"):
        load_model(tmp_path / "none.yaml")


def test_the_shipped_file_is_where_the_others_are() -> None:
    assert resource("config", "perception.yaml").is_file()
