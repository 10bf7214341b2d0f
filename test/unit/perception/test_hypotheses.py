from __future__ import annotations

import numpy as np
import pytest
from support.stage import Stage

from robomatrix.perception.categories import PerceptionModel
from robomatrix.perception.colour_shape import ColourShapeDetector
from robomatrix.perception.detector import Detection
from robomatrix.perception.hypotheses import own_outline, starts, worth_fitting
from robomatrix.perception.projection import View
from robomatrix.perception.surfaces import FLOOR, Surface


@pytest.fixture
def can(stage: Stage, model: PerceptionModel) -> Detection:
    (found,) = ColourShapeDetector(model).detect(stage.add("can", "red", 0.8, 0.1, 0.0, 0.031, 0.11).look())
    return found


@pytest.fixture
def view(stage: Stage) -> View:
    return View.of(stage.look(), stage.state().odometry)


def test_what_is_too_narrow_for_a_box_is_not_tried_as_one(can: Detection, view: View, model: PerceptionModel) -> None:
    assert worth_fitting(view, can, model.categories["can"], FLOOR)
    assert not worth_fitting(view, can, model.categories["box"], FLOOR)


def test_a_surface_elsewhere_is_not_tried(can: Detection, view: View, model: PerceptionModel) -> None:
    far = Surface("table_1", "top", 0.11, (0.0, 2.0), 0.0, 0.4, 1.0, "brown")
    assert not worth_fitting(view, can, model.categories["can"], far)


def test_only_what_is_at_the_gripper_may_be_held(can: Detection, view: View, model: PerceptionModel) -> None:
    here = Surface(None, "held", 0.0, (0.8, 0.1), 0.0, 0.06, 0.06)
    there = Surface(None, "held", 0.0, (0.3, 0.0), 0.0, 0.06, 0.06)
    assert worth_fitting(view, can, model.categories["can"], here)
    assert not worth_fitting(view, can, model.categories["can"], there)


def test_a_drawer_needs_a_cabinet_round_it(stage: Stage, model: PerceptionModel) -> None:
    stage.add("drawer", "beige", 1.0, 0.0, 0.03, np.pi, 0.01, 0.35, 0.1)
    (alone,) = ColourShapeDetector(model).detect(stage.look())
    view = View.of(stage.look(), stage.state().odometry)
    assert not worth_fitting(view, alone, model.categories["drawer"], FLOOR)


def test_the_first_guess_is_near(can: Detection, view: View, model: PerceptionModel) -> None:
    (guess,) = starts(view, can, model.categories["can"], FLOOR)
    assert guess[:2] == pytest.approx([0.8, 0.1], abs=0.02)


def test_things_with_a_heading_are_tried_in_several(can: Detection, view: View, model: PerceptionModel) -> None:
    assert len(starts(view, can, model.categories["box"], FLOOR)) == 3
    assert len(starts(view, can, model.categories["bar"], FLOOR)) == 6


def test_what_covers_is_not_the_own_outline_but_the_table_below_is(stage: Stage, model: PerceptionModel) -> None:
    stage.table("brown", 1.3, 0.0, np.pi).add("can", "red", 1.2, 0.1, 0.11, 0.031, 0.11)
    can = next(d for d in ColourShapeDetector(model).detect(stage.look()) if d.colour == "red")
    top = Surface("table_1", "top", 0.11, (1.3, 0.0), np.pi, 0.4, 1.0, "brown")
    assert own_outline(can, top, model.categories["can"])[6] == 1.0
    assert own_outline(can, FLOOR, model.categories["can"])[6] == 0.0


@pytest.mark.parametrize("degrees", [-50.0, 0.0, 50.0])
def test_what_is_wide_only_because_it_is_off_the_axis_is_still_tried(
    stage: Stage, model: PerceptionModel, degrees: float
) -> None:
    angle = np.radians(degrees)
    stage.add("bottle", "blue", 1.6 * np.cos(angle), 1.6 * np.sin(angle), 0.0, 0.031, 0.157)
    view = View.of(stage.look(), stage.state().odometry)
    seen = max(ColourShapeDetector(model).detect(stage.look()), key=lambda d: d.confidence)
    assert seen.colour == "blue"
    assert worth_fitting(view, seen, model.categories["bottle"], FLOOR)
