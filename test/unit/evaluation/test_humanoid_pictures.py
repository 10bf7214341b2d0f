import numpy as np
import pytest

pytest.importorskip("mujoco")

from robomatrix.evaluation.humanoid_pictures import BLUE, PANEL, Film, chart, film, learning_chart
from robomatrix.skills.skillblender.library import load_policy


def test_a_film_holds_every_state_and_goal_against_achieved():
    shown = film(load_policy("g1", "squat"), seconds=2.0)
    assert shown.qpos.shape[0] == 100 and list(shown.curves) == ["height [m]"]
    goal, achieved = shown.curves["height [m]"].T
    assert goal.min() < 0.76 and np.abs(goal - achieved).max() < 0.1


def test_a_chart_has_a_panel_for_each_curve_and_draws_what_was_achieved():
    pairs = np.stack([np.zeros(50), np.linspace(0, 1, 50)], -1)
    image = chart(Film(0.02, np.zeros((50, 7)), {"a [m]": pairs, "b [m]": pairs}))
    assert image.shape == (2 * PANEL[1], PANEL[0], 3)
    assert (image == BLUE).all(-1).sum() > 500


def test_a_learning_chart_shows_the_columns_that_are_asked_for(tmp_path):
    lines = ["samples,velocity,episode", *(f"{1000 * i},{i / 40},nan" for i in range(1, 41))]
    (tmp_path / "progress.csv").write_text("\n".join(lines))
    assert learning_chart(tmp_path / "progress.csv", ["velocity"]).shape == (PANEL[1], PANEL[0], 3)
