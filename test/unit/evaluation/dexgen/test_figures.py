import numpy as np
import pytest

from robomatrix.evaluation.dexgen.figures import Rate, summarise, table
from robomatrix.evaluation.dexgen.protocol import Tally


def tally(method="direct", drops=2, goals=3, seconds=60.0):
    return Tally(method, "none", "cube", "down", 0, seconds, drops, goals, 9, 0.5)


def test_intervals_are_the_exact_poisson_ones():
    """Ten events: 4.80 to 18.39 (Garwood's table)."""
    low, high = Rate(10, 60.0).per_minute_interval()
    assert low == pytest.approx(4.795, abs=0.01)
    assert high == pytest.approx(18.39, abs=0.01)


def test_no_drop_is_a_lower_bound():
    rate = Rate(0, 1200.0)
    low, high = rate.mean_time_interval()
    assert rate.censored
    assert low == pytest.approx(1200.0 / 3.689, rel=1e-3)
    assert np.isinf(high)
    assert rate.per_minute_interval()[0] == 0.0


def test_the_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(0)
    inside = 0
    for events in rng.poisson(6.0, 2000):
        low, high = Rate(int(events), 60.0).mean_time_interval()
        inside += low <= 10.0 <= high
    assert inside / 2000 >= 0.95


def test_hands_are_pooled_by_time():
    summary = summarise([tally(drops=0, goals=1), tally(drops=4, goals=0, seconds=180.0)])
    assert summary.drops.mean_time == 60.0
    assert summary.goals.per_minute == pytest.approx(0.25)
    with pytest.raises(ValueError, match="no tallies"):
        summarise([])


def test_a_table_always_shows_both_figures():
    lines = table([tally(), tally("freeze", drops=0, goals=0)], lambda t: t.method).splitlines()
    assert len(lines) == 2
    assert all("goals/min" in line and " s [" in line for line in lines)
    assert ">" in lines[1]
