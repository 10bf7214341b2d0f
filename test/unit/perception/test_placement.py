from __future__ import annotations

import numpy as np
import pytest
from support.stage import Stage

from robomatrix.perception.categories import PerceptionModel
from robomatrix.perception.colour_shape import ColourShapeDetector
from robomatrix.perception.detector import boxed
from robomatrix.perception.placement import Known, Placement, Placer
from robomatrix.perception.projection import View
from robomatrix.perception.surfaces import FLOOR, Surface

GRASPABLES = [
    ("can", (0.031, 0.11)),
    ("bottle", (0.029, 0.157)),
    ("ball", (0.0315,)),
    ("fallen_can", (0.7, 0.031, 0.11)),
]


@pytest.fixture
def placer(model: PerceptionModel) -> Placer:
    return Placer(model.categories, model.outline_deviation, 2.0, 9.0)


def best(placer: Placer, stage: Stage, *surfaces: Surface, known: tuple[Known, ...] = ()) -> dict[str, Placement]:
    """Returns the likeliest reading by colour."""
    frame = stage.look()
    view = View.of(frame, stage.state().odometry)
    detections = ColourShapeDetector(stage.model).detect(frame)
    readings = placer.place(view, detections, (FLOOR, *surfaces), known)
    return {d.colour: r[0] for d, r in zip(detections, readings, strict=True) if r}


@pytest.mark.parametrize(("category", "shape"), GRASPABLES)
@pytest.mark.parametrize(("x", "y", "error"), [(0.5, 0.1, 0.006), (1.0, -0.3, 0.02), (1.8, 0.5, 0.06)])
def test_things_on_the_floor(
    placer: Placer, stage: Stage, category: str, shape: tuple[float, ...], x: float, y: float, error: float
) -> None:
    stage.add(category, "red", x, y, 0.0, *shape)
    found = best(placer, stage)["red"]
    assert found.category == category
    assert np.hypot(*(found.parameters[:2] - (x, y))) < error
    assert found.plausible(2.0, 9.0)


def test_a_box_is_no_graspable_and_its_size_is_measured(placer: Placer, stage: Stage) -> None:
    stage.add("box", "blue", 0.9, 0.2, 0.0, 0.4, 0.22, 0.19, 0.067)
    found = best(placer, stage)["blue"]
    assert found.category == "box"
    assert sorted(found.parameters[4:6]) == pytest.approx([0.19, 0.22], abs=0.01)
    assert found.parameters[6] == pytest.approx(0.067, abs=0.003)


@pytest.mark.parametrize(
    ("category", "colour", "parameters"),
    [
        ("bin", "black", (1.0, 0.3, 0.0, 0.112, 0.115)),
        ("bar", "black", (1.2, 0.0, 0.0, 0.3, 0.08, 0.93, 0.0115)),
        ("target", "cyan", (1.5, -0.4, 0.18, 2.9, 0.16)),
        ("cabinet", "brown", (1.4, 0.2, 0.0, 3.3, 0.36, 0.4, 0.24)),
    ],
)
def test_furniture(placer: Placer, stage: Stage, category: str, colour: str, parameters: tuple[float, ...]) -> None:
    stage.add(category, colour, *parameters)
    found = best(placer, stage)[colour]
    assert found.category == category
    assert np.hypot(*(found.parameters[:2] - parameters[:2])) < 0.05


def test_a_table_has_a_plinth(placer: Placer, stage: Stage) -> None:
    stage.table("brown", 1.5, 0.2, 3.0)
    found = best(placer, stage)["brown"]
    assert found.category == "table"
    assert found.parameters[:2] == pytest.approx([1.5, 0.2], abs=0.05)


def test_what_faces_the_camera_has_its_heading_towards_it(placer: Placer, stage: Stage) -> None:
    stage.table("brown", 1.5, 0.0, 0.1)
    assert np.cos(best(placer, stage)["brown"].parameters[3]) < -0.9


def test_a_can_on_a_table_is_on_the_table(placer: Placer, stage: Stage) -> None:
    stage.table("brown", 1.3, 0.0, np.pi)
    stage.add("can", "red", 1.2, 0.1, 0.11, 0.031, 0.11)
    top = Surface("table_1", "top", 0.11, (1.3, 0.0), np.pi, 0.4, 1.05, "brown")
    found = best(placer, stage, top)["red"]
    assert (found.category, found.surface.owner) == ("can", "table_1")
    assert found.parameters[:2] == pytest.approx([1.2, 0.1], abs=0.02)


def test_a_can_in_a_box_is_in_the_box(placer: Placer, stage: Stage) -> None:
    stage.add("can", "red", 0.95, 0.02, 0.008, 0.031, 0.11)
    stage.add("box", "white", 0.9, 0.0, 0.0, 0.0, 0.2, 0.2, 0.065)
    stage.things.reverse()  # the stage paints by distance of the centres
    inside = Surface("box_1", "inside", 0.008, (0.9, 0.0), 0.0, 0.2, 0.2, "white")
    found = best(placer, stage, inside)["red"]
    assert (found.category, found.surface.kind) == ("can", "inside")
    assert found.parameters[:2] == pytest.approx([0.95, 0.02], abs=0.03)


def test_what_is_well_known_is_not_read_as_anything_else(placer: Placer, stage: Stage, model: PerceptionModel) -> None:
    shape = np.array([0.8, 0.1, 0.0, 0.031, 0.11])
    stage.add("can", "red", *shape)
    frame = stage.look()
    view = View.of(frame, stage.state().odometry)
    (detection,) = ColourShapeDetector(model).detect(frame)
    known = Known(frozenset({"red"}), detection.box, {"can": shape + (0.02, 0, 0, 0, 0)}, {}, FLOOR, True)
    (readings,) = placer.place(view, [detection], (FLOOR,), (known,))
    assert [r.category for r in readings] == ["can"]
    assert readings[0].parameters == pytest.approx(shape, abs=0.005)


def test_a_mere_box_is_placed_too(placer: Placer, stage: Stage) -> None:
    frame = stage.add("can", "red", 0.7, 0.1, 0.0, 0.031, 0.11).look()
    view = View.of(frame, stage.state().odometry)
    (seen,) = ColourShapeDetector(stage.model).detect(frame)
    detection = boxed({"can": 1.0}, "red", seen.box, 0.8, 640, 360)
    ((reading, *_),) = placer.place(view, [detection])
    assert reading.parameters[:2] == pytest.approx([0.7, 0.1], abs=0.01)


def test_nothing_is_made_of_nothing(placer: Placer, stage: Stage) -> None:
    assert placer.place(View.of(stage.look(), stage.state().odometry), []) == []
