import numpy as np
import pytest

from robomatrix.evaluation.dexgen.pictures import COLOURS, SIZE, picture
from robomatrix.evaluation.dexgen.protocol import Tally


def tally(method, drops, goals, corruption="open_palm"):
    return Tally(method, corruption, "cube", "up", 0, 60.0, drops, goals, goals, 0.5)


def where(image, family):
    """Middle of what is drawn in a family's colour, left of the legend."""
    rows, columns = np.nonzero((image[:, :295] == COLOURS[family]).all(axis=-1))
    return rows.mean(), columns.mean()


def test_longer_is_to_the_right_and_fewer_goals_are_lower():
    image = picture([tally("direct", 20, 10), tally("freeze", 0, 1)])
    assert image.shape == (SIZE, SIZE, 3)
    direct, freeze = where(image, "direct"), where(image, "freeze")
    assert freeze[1] > direct[1] + 50
    assert freeze[0] > direct[0] + 30


def test_each_corruption_has_a_panel():
    tallies = [tally("direct", 3, 3, f"fault_{n}") for n in range(4)]
    assert picture(tallies).shape == (2 * SIZE, 3 * SIZE, 3)
    assert picture(tallies[:2]).shape == (SIZE, 2 * SIZE, 3)


def test_no_tallies_no_picture():
    with pytest.raises(ValueError, match="no tallies"):
        picture([])
