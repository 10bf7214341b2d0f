from __future__ import annotations

import numpy as np
import pytest

from robomatrix.perception.detector import boxed
from robomatrix.perception.drift import Shift
from robomatrix.perception.placement import Placement
from robomatrix.perception.surfaces import FLOOR
from robomatrix.perception.tracks import Estimate, Track, first_track, turned

SEEN = boxed({"can": 1.0, "ball": 1.0}, "red", (10.0, 10.0, 20.0, 30.0), 1.0, 640, 360)
CAN = np.array([1.0, 0.5, 0.0, 0.03, 0.11])


def reading(category: str, parameters: np.ndarray, evidence: float) -> Placement:
    covariance = np.eye(len(parameters)) * 1e-4
    return Placement(category, parameters, covariance, evidence, FLOOR, 0.2, 0.1, SEEN, SEEN.measured)


def track(*readings: Placement, periods: dict[str, float] | None = None) -> Track:
    return first_track({r.category: (r, r.covariance) for r in readings}, 0.0, -1.0, periods or {})


def test_the_best_reading_names_a_new_track() -> None:
    new = track(reading("can", CAN, -5.0), reading("ball", CAN[:4], -9.0))
    assert (new.category, new.colour, new.id) == ("can", "red", None)
    assert new.votes == {"can": 0.0, "ball": -4.0}


def test_votes_change_the_category() -> None:
    new = track(reading("can", CAN, -5.0), reading("ball", CAN[:4], -7.0))
    for _ in range(3):
        ball, can = reading("ball", CAN[:4], -5.0), reading("can", CAN, -8.0)
        new.take({"ball": (ball, ball.covariance), "can": (can, can.covariance)}, 1.0)
    assert new.category == "ball"


def test_categories_without_support_are_given_up() -> None:
    new = track(reading("can", CAN, -5.0), reading("ball", CAN[:4], -7.0))
    for _ in range(4):
        can = reading("can", CAN, -5.0)
        new.take({"can": (can, can.covariance)}, 1.0)
    assert set(new.estimates) == {"can"}


def test_measurements_of_the_same_quality_average() -> None:
    estimate = Estimate(np.array([0.0, 0.0, 0.0]), np.eye(3) * 1e-4)
    for _ in range(30):
        estimate.correct(np.array([0.02, 0.0, 0.0]), np.eye(3) * 1e-4)
    assert estimate.parameters[0] == pytest.approx(0.02, abs=2e-3)
    assert estimate.covariance[0, 0] < 0.1e-4


def test_a_vague_measurement_moves_little() -> None:
    estimate = Estimate(np.array([0.0, 0.0, 0.0]), np.eye(3) * 1e-6)
    estimate.correct(np.array([0.5, 0.0, 0.0]), np.eye(3) * 1.0)
    assert estimate.parameters[0] == pytest.approx(0.0, abs=1e-4)


def test_quarter_turns_swap_length_and_width() -> None:
    box = np.array([0.0, 0.0, 0.0, 0.1, 0.2, 0.3, 0.06])
    same, covariance = turned(box, np.diag(np.arange(7.0)), 0.1 + np.pi / 2, np.pi / 2)
    assert same == pytest.approx([0, 0, 0, 0.1 + np.pi / 2, 0.3, 0.2, 0.06])
    assert np.diag(covariance).tolist() == [0, 1, 2, 3, 5, 4, 6]


def test_a_motion_of_everything_turns_and_moves() -> None:
    box = np.array([1.0, 0.0, 0.0, 0.2, 0.2, 0.3, 0.06])
    new = track(reading("box", box, -5.0), periods={"box": np.pi / 2})
    new.shift(Shift(np.zeros(2), np.array([0.1, 0.0, 0.01]), np.zeros((3, 3))))
    assert new.estimate.parameters[:4] == pytest.approx([1.1, 0.01, 0.0, 0.21])


def test_a_settled_track_keeps_only_its_kind() -> None:
    new = track(reading("can", CAN, -5.0), reading("ball", CAN[:4], -6.0))
    new.settle("can_1", "can", ["can", "fallen_can"])
    assert (new.id, new.kind, set(new.estimates)) == ("can_1", "can", {"can"})


def test_confidence_is_the_logistic_function() -> None:
    new = track(reading("can", CAN, -5.0))
    new.log_odds = 0.0
    assert new.confidence == pytest.approx(0.5)
