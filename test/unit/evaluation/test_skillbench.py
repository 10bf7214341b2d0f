import json

import numpy as np
import pytest

pytest.importorskip("mujoco")

from robomatrix.evaluation import skillbench
from robomatrix.evaluation.skillbench import Report, Rollout, measure, roll, standing_act, summary
from robomatrix.evaluation.skillbench_pictures import FRAMES, PLOT, WIDTH, curve


def rollout(error: list[float], alive: list[bool]) -> Rollout:
    values = np.array(error)
    return Rollout(values, values + 0.1, values + 0.5, np.array(alive), np.array([0.1, 0.7, 10.0, 2.0]), values[None])


def test_a_fallen_robot_counts_with_its_error_and_is_no_success():
    found = summary([rollout([0.01, 0.01], [True, False]), rollout([0.2, 0.02], [True, True])], 0.05, 10.0)
    assert found["error"] == pytest.approx(0.06) and found["success_rate"] == 0.5 and found["falls"] == 1
    assert found["error_std_of_seeds"] == pytest.approx(0.05) and found["rollouts"] == 4
    assert found["before"] == pytest.approx(0.56) and found["error_after_2.5_s"] == pytest.approx(0.16)


def test_power_is_the_product_of_the_means_as_in_the_papers_code():
    assert summary([rollout([0.0], [True])], 0.05, 10.0)["power"] == pytest.approx(20.0)


def test_standing_still_leaves_the_error_where_it_was():
    found = measure("g1", "box_push", standing_act("g1"), seeds=(500,), rollouts=4, seconds=3.0)
    assert found["error"] == pytest.approx(found["before"], abs=1e-3) and found["falls"] == 0
    assert found["tilt"] < 0.1 and found["height"] == pytest.approx(0.77, abs=0.02)


def test_who_falls_keeps_the_error_of_before():
    errors = roll("g1", "far_reach", lambda env: np.full((4, env.num_actions), 2.0), 500, rollouts=4, seconds=2.0)
    assert not errors.alive.any()
    assert (errors.track[-1] == errors.error).all() and (errors.track[-20:] == errors.error).all()


def test_the_report_says_whether_the_papers_thresholds_are_reached():
    good, bad = (summary([rollout([error], [True])], 0.05, 10.0) for error in (0.01, 0.2))
    assert Report("g1", {"box_push": {"blend": good, "guide": bad}}, {}).reached
    missed = Report("g1", {"box_push": {"blend": bad}}, {"walk": {"error_vx": 0.1, "falls": 2}})
    assert not missed.reached and json.loads(json.dumps(missed.to_json()))["robot"] == "g1"
    assert missed.table().row_count == 2


def test_the_papers_figures_stand_beside_ours():
    assert skillbench.PAPER["g1", "cabinet_close", "ppo"] == 0.622
    assert skillbench.PAPER["g1", "package_carry", "blend"] == 0.058


def test_the_curve_marks_the_threshold():
    image = curve(np.linspace(1.0, 0.0, 50)[:, None] * np.ones(3), 0.5)
    assert image.shape == (PLOT, FRAMES * WIDTH, 3)
    red = image[..., 0].astype(int) - image[..., 1] > 30
    rows = (red.mean(1) > 0.9).nonzero()[0]
    assert len(rows) and np.abs(rows - (PLOT - 1) * (1 - 0.5 / 1.05)).max() <= 1.5
