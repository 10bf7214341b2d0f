from __future__ import annotations

import time

import cv2
import numpy as np
import pytest
from support.stage import FLOOR, PAINT, Stage

from robomatrix.hardware.driver import CameraFrame
from robomatrix.perception.categories import PerceptionModel
from robomatrix.perception.colour_shape import ColourShapeDetector, ColourTable
from robomatrix.perception.detector import BACKGROUND, DIRECTIONS, OUTSIDE, SELF


def frame(image: np.ndarray) -> CameraFrame:
    return CameraFrame(0.0, "front", image, np.eye(3), np.zeros(3), np.eye(3))


def canvas() -> np.ndarray:
    return np.full((360, 640, 3), FLOOR, np.uint8)


@pytest.mark.parametrize("colour", [c for c in PAINT if c not in ("grey",)])
@pytest.mark.parametrize("light", [0.6, 0.8, 1.0])
@pytest.mark.parametrize("tint", [(1.0, 1.0, 1.0), (1.04, 1.0, 0.96), (0.96, 1.0, 1.04)])
def test_colours_keep_their_name_in_any_light(
    model: PerceptionModel, colour: str, light: float, tint: tuple[float, float, float]
) -> None:
    table = ColourTable(model.colours)
    pixel = np.clip(np.array(PAINT[colour]) * light * np.array(tint), 0, 255).astype(np.uint8)
    assert table.names[table.label(pixel[None, None])[0, 0]] == colour


@pytest.mark.parametrize("light", [0.6, 0.8, 1.0])
def test_floor_walls_and_the_robots_grey_are_background(model: PerceptionModel, light: float) -> None:
    table = ColourTable(model.colours)
    for rgb in (FLOOR, (75, 93, 113), (105, 107, 110)):
        pixel = (np.array(rgb) * light).astype(np.uint8)
        assert table.names[table.label(pixel[None, None])[0, 0]] == BACKGROUND, rgb


def test_a_disc_is_found_where_it_is(model: PerceptionModel) -> None:
    image = canvas()
    cv2.circle(image, (200, 150), 20, PAINT["red"], -1)
    (found,) = ColourShapeDetector(model).detect(frame(image))
    assert found.colour == "red"
    assert found.center == pytest.approx([200.5, 150.5])
    assert found.box[2] - found.box[0] == pytest.approx(41)
    assert set(found.likelihoods) >= {"can", "bottle", "ball", "box"}
    assert set(found.beyond) == {BACKGROUND}
    reach = found.outline - np.array([200.5, 150.5]) @ DIRECTIONS.T
    assert reach == pytest.approx(np.full(24, 20.5), abs=0.6)


def test_what_the_border_cuts_is_marked(model: PerceptionModel) -> None:
    image = canvas()
    cv2.rectangle(image, (0, 100), (30, 160), PAINT["blue"], -1)
    (found,) = ColourShapeDetector(model).detect(frame(image))
    assert found.beyond[12] == OUTSIDE
    assert found.beyond[0] == BACKGROUND


def test_what_stands_in_front_is_told_and_what_is_behind_is_not(model: PerceptionModel) -> None:
    image = canvas()
    cv2.rectangle(image, (100, 100), (160, 160), PAINT["blue"], -1)
    cv2.rectangle(image, (98, 130), (162, 190), PAINT["red"], -1)
    found = {d.colour: d for d in ColourShapeDetector(model).detect(frame(image))}
    assert found["blue"].beyond[6] == "red"
    assert set(found["red"].beyond) == {BACKGROUND}
    assert "red" in found["blue"].touching
    assert found["blue"].beneath == "red"
    assert found["red"].beneath == BACKGROUND


def test_the_robots_own_body_is_no_object_but_hides_what_is_behind(model: PerceptionModel) -> None:
    image, body = canvas(), np.zeros((360, 640), np.uint8)
    cv2.rectangle(image, (100, 100), (160, 160), PAINT["blue"], -1)
    cv2.rectangle(image, (300, 300), (400, 350), PAINT["black"], -1)
    body[290:360, 290:410] = 255
    body[150:360, 90:170] = 255
    (found,) = ColourShapeDetector(model).detect(frame(image), body)
    assert found.beyond[6] == SELF


def test_fringes_one_pixel_wide_are_left_out(model: PerceptionModel) -> None:
    image = canvas()
    image[100, 100:200] = PAINT["purple"]
    assert ColourShapeDetector(model).detect(frame(image)) == ()


def test_an_empty_image_gives_nothing(model: PerceptionModel) -> None:
    assert ColourShapeDetector(model).detect(frame(canvas())) == ()


def test_noise_does_not_break_it(model: PerceptionModel) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (360, 640, 3), dtype=np.uint8)
    assert len(ColourShapeDetector(model).detect(frame(noise))) <= 250


def test_detection_is_deterministic(stage: Stage, model: PerceptionModel) -> None:
    stage.add("can", "red", 0.8, 0.1, 0.0, 0.031, 0.11).add("box", "white", 1.2, -0.3, 0.0, 0.3, 0.2, 0.2, 0.065)
    first, second = (ColourShapeDetector(model).detect(stage.look()) for _ in range(2))
    assert [d.box for d in first] == [d.box for d in second]


def test_it_is_quick(stage: Stage, model: PerceptionModel) -> None:
    stage.add("can", "red", 0.8, 0.1, 0.0, 0.031, 0.11).add("box", "white", 1.2, -0.3, 0.0, 0.3, 0.2, 0.2, 0.065)
    detector, view = ColourShapeDetector(model), stage.look()
    detector.detect(view)
    spent = []
    for _ in range(5):
        begin = time.thread_time()
        detector.detect(view)
        spent.append(time.thread_time() - begin)
    assert min(spent) < 0.03
