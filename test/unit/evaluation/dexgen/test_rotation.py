"""Figures of the rotation trials, and the controller's latency."""

import numpy as np
import pytest

from robomatrix.evaluation.dexgen.latency import control_step_times
from robomatrix.evaluation.dexgen.rotation import TurnTrial, summary
from robomatrix.robots.loader import load_robot


def trial(category="block", angle=90.0, claimed=True, held=True, turned=88.0, after=87.0):
    return TurnTrial(category, 0, angle, claimed, held, turned, after, 5.0, 10.0)


@pytest.mark.parametrize(
    ("figures", "succeeded"),
    [({}, True), ({"claimed": False}, False), ({"held": False}, False), ({"turned": 74.0}, False)],
)
def test_success_needs_claim_truth_and_the_object(figures, succeeded):
    assert trial(**figures).succeeded is succeeded


def test_the_summary_counts_all_and_each_category_and_way():
    report = summary([trial(), trial(claimed=False, held=False), trial("ball", -90.0, turned=-60.0, after=-60.0)])
    assert (report["all"]["trials"], report["all"]["succeeded"], report["all"]["drops"]) == (3, 1, 1)
    assert report["all"]["claimed_wrongly"] == 1
    assert report["block +90"]["mean_error_deg"] == pytest.approx(2.0)
    assert report["ball -90"]["mean_error_deg"] is None
    assert set(report) == {"all", "block +90", "ball -90"}


def test_a_control_step_is_timed():
    taken = control_step_times(load_robot("allegro"), count=5, steps=2)
    assert taken.shape == (5, 2)
    assert np.all(taken > 0.0)
    assert taken[:, 1].max() < 0.5
