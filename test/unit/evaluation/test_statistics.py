import pytest
from hypothesis import given
from hypothesis import strategies as st

from robomatrix.evaluation.statistics import wilson


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(95, 100, 0.8882, 0.9785), (50, 50, 0.9287, 1.0), (0, 10, 0.0, 0.2775)],  # from the published formula
)
def test_wilson(successes, trials, low, high):
    assert wilson(successes, trials) == pytest.approx((low, high), abs=5e-4)


def test_nothing_is_known_without_trials():
    assert wilson(0, 0) == (0.0, 1.0)


def test_more_successes_than_trials():
    with pytest.raises(ValueError, match="3 successes of 2"):
        wilson(3, 2)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share(pair):
    successes, trials = pair
    low, high = wilson(successes, trials)
    assert 0.0 <= low <= successes / trials <= high <= 1.0
