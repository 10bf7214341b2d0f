from __future__ import annotations

import numpy as np
import pytest

from robomatrix.perception.surfaces import FLOOR, Surface

TABLE = Surface("table_1", "top", 0.11, (1.0, 2.0), np.pi / 2, 0.4, 1.0)


def test_the_floor_is_everywhere() -> None:
    assert FLOOR.outside_by(100.0, -50.0) == 0.0


@pytest.mark.parametrize(
    ("x", "y", "outside", "inside"), [(1.0, 2.0, 0.0, 0.2), (1.6, 2.0, 0.1, 0.0), (1.4, 2.1, 0.0, 0.1)]
)
def test_distance_to_the_edges_of_a_turned_rectangle(x: float, y: float, outside: float, inside: float) -> None:
    assert TABLE.outside_by(x, y) == pytest.approx(outside)
    assert TABLE.inside_by(x, y) == pytest.approx(inside)


def test_beyond_a_corner_the_distance_is_slanting() -> None:
    assert TABLE.outside_by(1.5 + 0.3, 2.2 + 0.4) == pytest.approx(0.5)
