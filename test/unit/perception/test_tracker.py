"""Beginning, keeping, merging and ending tracks; what needs images is in test_pipeline."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.stage import Stage

from robomatrix.perception.categories import PerceptionModel
from robomatrix.perception.detector import SELF, Detection, boxed
from robomatrix.perception.grip import let_go
from robomatrix.perception.placement import Placement
from robomatrix.perception.projection import View
from robomatrix.perception.settings import TrackerSettings
from robomatrix.perception.surfaces import FLOOR, Surface
from robomatrix.perception.tracker import Tracker
from robomatrix.perception.tracks import Estimate, Track

BODY = np.zeros((360, 640), np.uint8)
REST = np.zeros(3)


@pytest.fixture
def tracker(model: PerceptionModel) -> Tracker:
    return Tracker(model.categories, TrackerSettings())


@pytest.fixture
def view(stage: Stage) -> View:
    return View.of(stage.look(), stage.state().odometry)


def detection(view: View, x: float, y: float, colour: str = "red") -> Detection:
    column, row = view.project(np.array([x, y, 0.03]))
    return boxed({"ball": 1.0}, colour, (column - 8, row - 8, column + 8, row + 8), 1.0, 640, 360)


def ball(view: View, x: float, y: float, colour: str = "red", spread: float = 0.005, **change: float) -> Placement:
    seen, parameters = detection(view, x, y, colour), np.array([x, y, 0.0, 0.0315])
    covariance = np.diag([spread**2, spread**2, 1e-6, 1e-6])
    values = {"evidence": -10.0, "residual": 0.2, "oddity": 0.1, **change}
    return Placement("ball", parameters, covariance, surface=FLOOR, detection=seen, shown=seen.measured, **values)


def watch(tracker: Tracker, view: View, *frames: list[Placement], start: float = 0.0) -> None:
    for index, frame in enumerate(frames):
        tracker.update(view, REST, start + 0.2 * index, [(reading,) for reading in frame], BODY, None)


def test_an_id_comes_with_the_third_sighting(tracker: Tracker, view: View) -> None:
    watch(tracker, view, [ball(view, 1.0, 0.0)], [ball(view, 1.0, 0.0)])
    assert tracker.confirmed() == []
    watch(tracker, view, [ball(view, 1.0, 0.0)], start=0.4)
    assert [t.id for t in tracker.confirmed()] == ["ball_1"]
    assert tracker.find("ball_1") is tracker.confirmed()[0]
    assert tracker.find("ball_2") is None and tracker.find(None) is None


@pytest.mark.parametrize("change", [{"residual": 5.0}, {"oddity": 30.0}])
def test_what_fits_badly_begins_nothing(tracker: Tracker, view: View, change: dict[str, float]) -> None:
    watch(tracker, view, [ball(view, 1.0, 0.0, **change)])
    assert tracker.tracks == []


def test_two_sightings_go_to_the_two_tracks_that_they_are_nearest_to(tracker: Tracker, view: View) -> None:
    pair = [ball(view, 1.0, 0.1), ball(view, 1.0, -0.1)]
    watch(tracker, view, pair, pair, pair, pair[::-1], pair)
    places = sorted(float(t.estimate.parameters[1]) for t in tracker.confirmed())
    assert places == pytest.approx([-0.1, 0.1], abs=0.005)


def test_colours_are_not_mixed(tracker: Tracker, view: View) -> None:
    watch(tracker, view, *[[ball(view, 1.0, 0.0)]] * 3)
    watch(tracker, view, *[[ball(view, 1.0, 0.0, "blue")]] * 3, start=0.6)
    assert {t.colour for t in tracker.tracks} == {"red", "blue"}


def test_confidence_rises_with_sightings_and_falls_with_misses(tracker: Tracker, view: View) -> None:
    watch(tracker, view, *[[ball(view, 1.0, 0.0)]] * 6)
    (track,) = tracker.confirmed()
    best = track.confidence
    watch(tracker, view, [], [], start=1.2)
    assert 0.5 < track.confidence < best
    watch(tracker, view, *[[]] * 8, start=1.6)
    assert tracker.tracks == []


def test_what_is_hidden_is_not_missed(tracker: Tracker, view: View) -> None:
    watch(tracker, view, *[[ball(view, 1.0, 0.0)]] * 6)
    body = BODY.copy()
    body[:] = 255
    for index in range(10):
        tracker.update(view, REST, 1.2 + 0.2 * index, [], body, None)
    assert len(tracker.confirmed()) == 1


def test_an_unconfirmed_track_does_not_wait_for_ever(tracker: Tracker, view: View) -> None:
    body = np.full_like(BODY, 255)
    watch(tracker, view, [ball(view, 1.0, 0.0)])
    tracker.update(view, REST, 3.0, [], body, None)
    assert tracker.tracks == []


def test_what_is_held_is_not_looked_for_elsewhere(tracker: Tracker, view: View) -> None:
    watch(tracker, view, *[[ball(view, 1.0, 0.0)]] * 4)
    (held,) = tracker.confirmed()
    for index in range(10):
        tracker.update(view, REST, 0.8 + 0.2 * index, [], BODY, held)
    assert held.log_odds > 1.0


def test_what_still_stands_where_the_held_thing_was_is_another(tracker: Tracker, view: View) -> None:
    watch(tracker, view, *[[ball(view, 1.0, 0.0)]] * 4)
    (held,) = tracker.confirmed()
    held.estimate.parameters = np.array([0.3, 0.0, 0.1, 0.0315])
    for index in range(4):
        tracker.update(view, REST, 0.8 + 0.2 * index, [(ball(view, 1.0, 0.0),)], BODY, held)
    assert sorted(t.id or "" for t in tracker.confirmed()) == ["ball_1", "ball_2"]


def test_ids_are_never_used_again(tracker: Tracker, view: View) -> None:
    watch(tracker, view, *[[ball(view, 1.0, 0.0)]] * 4, *[[]] * 12)
    watch(tracker, view, *[[ball(view, 1.0, 0.0)]] * 4, start=4.0)
    assert [t.id for t in tracker.confirmed()] == ["ball_2"]


def test_what_was_let_go_and_rolled_off_is_the_same_thing(tracker: Tracker, view: View) -> None:
    watch(tracker, view, *[[ball(view, 1.0, 0.0)]] * 4)
    (track,) = tracker.confirmed()
    let_go(track, [FLOOR])
    body = np.full_like(BODY, 255)  # where it was let go nothing shows, so that it is not missed either
    for index in range(4):
        reading = ball(view, 1.3, 0.2)
        tracker.update(view, REST, 1.0 + 0.2 * index, [(reading,)], body, None)
    assert [t.id for t in tracker.confirmed()] == ["ball_1"]
    assert tracker.confirmed()[0].estimate.parameters[:2] == pytest.approx([1.3, 0.2], abs=0.01)


def test_a_part_that_the_hand_splits_off_is_no_second_thing(tracker: Tracker, view: View) -> None:
    watch(tracker, view, *[[ball(view, 1.0, 0.0)]] * 4)
    (track,) = tracker.confirmed()
    below = ball(view, 1.0, 0.0)
    left, top, right, bottom = below.detection.box
    lower = (left, bottom + 4.0, right, bottom + 12.0)
    hand = (SELF,) * len(below.detection.beyond)
    part = replace(below, detection=replace(below.detection, box=lower, beyond=hand), evidence=-12.0)
    for index in range(5):
        tracker.update(view, REST, 1.0 + 0.2 * index, [(ball(view, 1.0, 0.0),), (part,)], BODY, None)
    assert [t.id for t in tracker.tracks] == [track.id]


def box_round(track: Track) -> Track:
    """Puts a thing into a box that is known well."""
    parameters = np.array([1.0, 0.0, 0.0, 0.0, 0.2, 0.2, 0.065])
    track.surface = Surface("box_1", "inside", 0.008)
    estimates = {"box": Estimate(parameters, np.eye(7) * 1e-4)}
    return Track("white", estimates, {"box": 0.0}, FLOOR, 0.6, 4.0, "box", {"box": np.pi / 2.0}, id="box_1", kind="box")


@pytest.mark.parametrize(
    ("colour", "aside", "inside", "lower", "seen"),
    [
        ("red", 0.0, True, 0.0, 9.0),
        ("green", 0.0, True, 0.0, 0.6),
        ("red", 0.3, True, 0.0, 0.6),
        ("red", 0.0, False, 0.0, 0.6),
        ("red", 0.0, True, 10.0, 0.6),
    ],
    ids=["over the rim", "another colour", "beside", "not in a box", "reaches down before the box"],
)
def test_a_scrap_of_its_colour_shows_that_a_thing_still_lies_in_its_box(
    tracker: Tracker, view: View, colour: str, aside: float, inside: bool, lower: float, seen: float
) -> None:
    watch(tracker, view, *[[ball(view, 1.0, 0.0)]] * 4)
    (track,) = tracker.confirmed()
    if inside:
        tracker.tracks.append(box_round(track))
    scrap, rim = detection(view, 1.0, aside, colour), view.project(np.array([0.9, 0.0, 0.065]))[1]
    left, top, right, _ = scrap.box
    tracker.glimpse(view, [replace(scrap, box=(left, top, right, rim + lower))], 9.0)
    assert track.stamp == pytest.approx(seen)
    assert track.estimate.parameters[:2] == pytest.approx([1.0, 0.0], abs=1e-6)
