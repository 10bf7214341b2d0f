from __future__ import annotations

import numpy as np
import pytest

from robomatrix.perception.detector import BACKGROUND, DIRECTIONS, OUTSIDE, boxed


def test_directions_are_unit_vectors_with_the_four_sides_at_multiples_of_six() -> None:
    assert np.linalg.norm(DIRECTIONS, axis=1) == pytest.approx(np.ones(24))
    assert DIRECTIONS[[0, 6, 12, 18]] == pytest.approx(np.array([[1, 0], [0, 1], [-1, 0], [0, -1]]), abs=1e-12)


def test_a_box_is_measured_on_its_four_sides_only() -> None:
    detection = boxed({"can": 1.0}, "red", (10.0, 20.0, 30.0, 60.0), 0.7, 640, 360)
    assert detection.outline[[0, 6, 12, 18]] == pytest.approx([30.0, 60.0, -10.0, -20.0])
    assert detection.measured.sum() == 4
    assert set(detection.beyond) == {BACKGROUND}
    assert detection.center == pytest.approx([20.0, 40.0])
    assert detection.category == "can"


def test_sides_at_the_border_are_not_its_own() -> None:
    detection = boxed({"can": 1.0}, "red", (0.0, 20.0, 30.0, 360.0), 0.7, 640, 360)
    assert [detection.beyond[i] for i in (0, 6, 12, 18)] == [BACKGROUND, OUTSIDE, OUTSIDE, BACKGROUND]


def test_the_likeliest_category_wins() -> None:
    detection = boxed({"can": 0.2, "ball": 0.9}, "red", (0.0, 0.0, 5.0, 5.0), 1.0, 640, 360)
    assert detection.category == "ball"
