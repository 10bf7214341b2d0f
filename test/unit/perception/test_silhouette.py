from __future__ import annotations

import numpy as np
import pytest

from robomatrix.perception.detector import DIRECTIONS
from robomatrix.perception.projection import View
from robomatrix.perception.silhouette import Cuboid, Disc, Hypothesis, Lying, Solid, Sphere, Tray, Upright, fit, support

CASES: list[tuple[Solid, list[float], list[float]]] = [
    (Upright(), [0.8, 0.1, 0.0, 0.03, 0.11], [np.inf, np.inf, 0.001, 0.01, 0.03]),
    (Sphere(), [0.6, -0.2, 0.0, 0.033], [np.inf, np.inf, 0.001, 0.01]),
    (Cuboid(), [1.0, 0.2, 0.0, 0.4, 0.2, 0.22, 0.065], [np.inf, np.inf, 0.001, np.inf, 0.02, 0.02, 0.01]),
    (Lying(), [0.7, 0.1, 0.0, 0.9, 0.03, 0.11], [np.inf, np.inf, 0.001, np.inf, 0.005, 0.01]),
    (Disc(), [1.5, 0.3, 0.18, 2.6, 0.16], [np.inf, np.inf, 0.001, np.inf, 0.002]),
    (Tray(), [0.9, 0.0, 0.03, 3.0, 0.12, 0.35, 0.1], [np.inf, np.inf, 0.001, np.inf, 0.08, 0.005, 0.005]),
]


@pytest.fixture
def view() -> View:
    cos, sin = np.cos(0.436), np.sin(0.436)
    forward, right = np.array([cos, 0.0, -sin]), np.array([0.0, -1.0, 0.0])
    rotation = np.stack([right, np.cross(forward, right), forward], axis=1)
    intrinsics = np.array([[212.0, 0.0, 320.0], [0.0, 212.0, 180.0], [0.0, 0.0, 1.0]])
    return View(intrinsics, np.array([0.0, 0.0, 0.345]), rotation, 640, 360)


def hypothesis(view: View, solid: Solid, truth: np.ndarray, deviation: list[float], off: float = 0.05) -> Hypothesis:
    start = truth.copy()
    start[0] += off
    start[1] -= off
    return Hypothesis(start, truth, np.array(deviation), support(solid, view, truth), np.ones(len(DIRECTIONS)))


@pytest.mark.parametrize(("solid", "truth", "deviation"), CASES, ids=lambda v: type(v).__name__)
def test_a_fit_comes_back_to_the_true_place(
    view: View, solid: Solid, truth: list[float], deviation: list[float]
) -> None:
    expected = np.array(truth)
    (result,) = fit(solid, view, [hypothesis(view, solid, expected, deviation)], 0.9)
    assert result.parameters[:2] == pytest.approx(expected[:2], abs=0.003)
    assert result.residual < 0.1


def test_size_is_measured_when_it_is_not_what_was_expected(view: View) -> None:
    truth = np.array([0.6, 0.0, 0.0, 0.036, 0.125])
    outline = support(Upright(), view, truth)
    expected = np.array([0.0, 0.0, 0.0, 0.03, 0.11])
    deviation = np.array([np.inf, np.inf, 0.001, 0.02, 0.05])
    start = np.array([0.65, 0.02, 0.0, 0.03, 0.11])
    (result,) = fit(Upright(), view, [Hypothesis(start, expected, deviation, outline, np.ones(24))], 0.9)
    assert result.parameters[3:] == pytest.approx([0.036, 0.125], abs=0.002)


def test_a_hidden_foot_leaves_the_place_to_the_known_size(view: View) -> None:
    truth = np.array([0.7, 0.0, 0.0, 0.03, 0.11])
    weight = (DIRECTIONS[:, 1] < 0.2).astype(float)
    known = hypothesis(view, Upright(), truth, [np.inf, np.inf, 0.001, 0.002, 0.004])
    hidden = Hypothesis(known.start, known.expected, known.deviation, known.outline + 30.0 * (1 - weight), weight)
    (seen,) = fit(Upright(), view, [known], 0.9)
    (result,) = fit(Upright(), view, [hidden], 0.9)
    assert result.parameters[:2] == pytest.approx(truth[:2], abs=0.01)
    assert result.covariance[0, 0] > 1.5 * seen.covariance[0, 0]


def test_the_wrong_family_costs_more(view: View) -> None:
    ball = np.array([0.6, 0.0, 0.0, 0.033])
    outline = support(Sphere(), view, ball)
    can = Hypothesis(
        np.array([0.6, 0.0, 0.0, 0.031, 0.11]),
        np.array([0.0, 0.0, 0.0, 0.031, 0.11]),
        np.array([np.inf, np.inf, 0.001, 0.002, 0.006]),
        outline,
        np.ones(24),
    )
    sphere = Hypothesis(ball, ball, np.array([np.inf, np.inf, 0.001, 0.002]), outline, np.ones(24))
    assert fit(Upright(), view, [can], 0.9)[0].cost > 20.0 + fit(Sphere(), view, [sphere], 0.9)[0].cost


def test_many_hypotheses_are_fitted_as_each_alone(view: View) -> None:
    solid, truth, deviation = CASES[0]
    batch = [hypothesis(view, solid, np.array(truth) + (0.1 * i, 0.05 * i, 0, 0, 0), deviation) for i in range(4)]
    together = fit(solid, view, batch, 0.9)
    for alone, result in zip(batch, together, strict=True):
        assert fit(solid, view, [alone], 0.9)[0].parameters == pytest.approx(result.parameters, abs=1e-3)


def test_nothing_to_fit_gives_nothing(view: View) -> None:
    assert fit(Sphere(), view, [], 0.9) == []


@pytest.mark.parametrize(
    ("solid", "parameters", "size"),
    [
        (Upright(), [0, 0, 0, 0.03, 0.11], (0.06, 0.06, 0.11)),
        (Sphere(), [0, 0, 0, 0.03], (0.06, 0.06, 0.06)),
        (Cuboid(), [0, 0, 0, 1.0, 0.2, 0.3, 0.1], (0.2, 0.3, 0.1)),
        (Lying(), [0, 0, 0, 1.0, 0.03, 0.11], (0.11, 0.06, 0.06)),
        (Disc(), [0, 0, 0.2, 1.0, 0.16], (0.0, 0.16, 0.16)),
        (Tray(), [0, 0, 0, 1.0, 0.1, 0.35, 0.1], (0.1, 0.35, 0.1)),
    ],
)
def test_extent(solid: Solid, parameters: list[float], size: tuple[float, float, float]) -> None:
    assert solid.extent(np.array(parameters)) == pytest.approx(size)
