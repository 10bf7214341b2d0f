from __future__ import annotations

import numpy as np
import pytest
from support.stage import Stage

from robomatrix.perception.categories import PerceptionModel
from robomatrix.perception.projection import View
from robomatrix.perception.visibility import covered, holds, in_image, in_plain_view, overlap, predicted_box

BODY = np.zeros((360, 640), np.uint8)
BOX = (300.0, 100.0, 320.0, 130.0)


@pytest.fixture
def view(stage: Stage) -> View:
    return View.of(stage.look(), stage.state().odometry)


def test_the_box_is_where_the_thing_is_painted(stage: Stage, model: PerceptionModel, view: View) -> None:
    parameters = np.array([0.8, 0.1, 0.0, 0.031, 0.11])
    image = stage.add("can", "red", *parameters).look().image
    rows, columns = np.nonzero(image[..., 0] > 150)
    box = predicted_box(view, model.categories["can"].solid, parameters)
    assert box == pytest.approx((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1), abs=1.5)


def test_nothing_is_predicted_behind_the_camera(model: PerceptionModel, view: View) -> None:
    assert predicted_box(view, model.categories["can"].solid, np.array([-0.5, 0.0, 0.0, 0.03, 0.1])) is None


def test_a_near_thing_in_the_middle_is_in_plain_view(view: View) -> None:
    assert in_plain_view(view, BOX, 1.0, (), BODY)


@pytest.mark.parametrize(
    ("box", "distance"),
    [
        (BOX, 3.5),
        ((300.0, 100.0, 303.0, 104.0), 1.0),
        ((2.0, 100.0, 30.0, 130.0), 1.0),
        ((600.0, 100.0, 639.0, 130.0), 1.0),
    ],
    ids=["far", "small", "left border", "right border"],
)
def test_what_can_be_overlooked_is_not(view: View, box: tuple[float, ...], distance: float) -> None:
    assert not in_plain_view(view, box, distance, (), BODY)


def test_a_nearer_thing_hides(view: View) -> None:
    assert not in_plain_view(view, BOX, 1.0, [(305.0, 90.0, 340.0, 200.0)], BODY)
    assert in_plain_view(view, BOX, 1.0, [(318.0, 90.0, 340.0, 200.0)], BODY)


def test_the_robots_own_body_hides(view: View) -> None:
    body = BODY.copy()
    body[100:130, 305:320] = 255
    assert not in_plain_view(view, BOX, 1.0, (), body)


def test_shares_of_boxes() -> None:
    assert covered((0, 0, 10, 10), (5, 0, 20, 10)) == pytest.approx(0.5)
    assert overlap((0, 0, 10, 10), (5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 10, 10), (20, 0, 30, 10)) == 0.0
    assert holds((0, 0, 10, 10), 12, 5, 3)
    assert not holds((0, 0, 10, 10), 12, 5, 1)


def test_only_the_part_in_the_image_counts(view: View) -> None:
    assert in_image(view, (-50.0, 100.0, 40.0, 400.0)) == (0.0, 100.0, 40.0, 360.0)
    assert in_image(view, (700.0, 0.0, 800.0, 10.0)) == (640.0, 0.0, 640.0, 10.0)
