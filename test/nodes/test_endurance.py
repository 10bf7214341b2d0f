"""The benchmarks of endurance, on a small scale, and what their reports call reached."""

from __future__ import annotations

import json

import pytest

from robomatrix_nodes import bringup, soak, stops
from robomatrix_nodes.recovery import Outcome, Report


def sample(wall: float, memory: float, files: int = 20, threads: int = 8) -> soak.Sample:
    return soak.Sample(wall, memory, files, threads, 4.0)


def test_what_grows_is_no_success() -> None:
    steady = tuple(sample(float(t), 300.0 + t % 3) for t in range(0, 600, 10))
    leaking = tuple(sample(float(t), 300.0 + 0.1 * t) for t in range(0, 600, 10))
    files = (*steady, sample(600.0, 300.0, files=40))
    warming = tuple(sample(float(t), 300.0 + min(t, 100)) for t in range(0, 600, 10))
    assert soak.Report(10.0, 60, (), steady).reached
    assert soak.Report(10.0, 60, (), warming).reached
    assert not soak.Report(10.0, 60, (), leaking).reached
    assert soak.Report(10.0, 60, (), leaking).growth == pytest.approx(41.0, abs=1.0)
    assert not soak.Report(10.0, 61, (), files).reached
    assert not soak.Report(10.0, 60, ("turn: blocked",), steady).reached
    json.dumps(soak.Report(10.0, 60, (), steady).to_json())


@pytest.mark.parametrize(
    ("outcome", "reached"),
    [
        (Outcome("skill_server", 0.2, 0.2, 2.1, "silent", 5.0), True),
        (Outcome("skill_server", 0.9, 0.9, 2.1, "silent", 5.0), False),
        (Outcome("skill_server", float("nan"), float("nan"), 2.1, "silent", 5.0), False),
        (Outcome("bridge", float("nan"), float("nan"), 2.1, "gone", 5.0), True),
        (Outcome("scheduler", 2.4, 2.4, float("nan"), "", 5.0), True),
        (Outcome("perception", 4.0, 4.0, 5.0, "succeeded", float("inf")), False),
    ],
)
def test_a_robot_that_does_not_stand_or_come_back_is_no_success(outcome: Outcome, reached: bool) -> None:
    assert Report((outcome,)).reached is reached


def test_a_robot_comes_up_and_goes_down(monkeypatch: pytest.MonkeyPatch, domain_id: int) -> None:
    monkeypatch.setenv("ROS_DOMAIN_ID", str(domain_id))
    report = bringup.run(1)
    assert report.reached, report.failures
    assert len(report.up) == 1 and 0.0 < report.down[0] < 20.0


@pytest.mark.parametrize(
    ("emergency", "loss", "moved", "reached"),
    [(20.0, 110.0, 0, True), (90.0, 110.0, 0, False), (20.0, 130.0, 0, False), (20.0, 110.0, 1, False)],
)
def test_a_late_stop_or_one_that_does_not_hold_is_no_success(
    emergency: float, loss: float, moved: int, reached: bool
) -> None:
    assert stops.Report((2.0, emergency), (90.0, loss), moved, 1000.0).reached is reached


def test_an_emergency_stop_comes_through_a_flood_of_commands() -> None:
    report = stops.run(2, 2)
    assert report.moved_again == 0
    assert report.flood > 200.0
    assert 0.0 < max(report.emergency) < 500.0
    assert 0.0 < max(report.loss) < 700.0
    assert report.table().row_count == 4
