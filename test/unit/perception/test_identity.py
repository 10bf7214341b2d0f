"""Which tracks get an id, and which two are one thing."""

from __future__ import annotations

import numpy as np
import pytest

from robomatrix.perception.categories import PerceptionModel
from robomatrix.perception.identity import BODY, Identity
from robomatrix.perception.settings import TrackerSettings
from robomatrix.perception.surfaces import FLOOR, Surface
from robomatrix.perception.tracks import Estimate, Track

SURE = TrackerSettings().confirmed


@pytest.fixture
def identity(model: PerceptionModel) -> Identity:
    return Identity(model.categories, TrackerSettings())


def ball(x: float, colour: str = "red", log_odds: float = SURE, stamp: float = 0.0) -> Track:
    estimate = Estimate(np.array([x, 0.0, 0.0, 0.03]), np.eye(4) * 1e-4)
    return Track(colour, {"ball": estimate}, {"ball": 0.0}, FLOOR, stamp, log_odds, "ball", {})


def ids(tracks: list[Track]) -> list[str | None]:
    return [t.id for t in tracks]


def test_what_is_seen_often_enough_gets_the_next_number(identity: Identity) -> None:
    tracks = identity.settled([ball(1.0), ball(1.5, "green"), ball(2.0, log_odds=SURE - 0.1)], None)
    assert ids(tracks) == ["ball_1", "ball_2", None]


def test_a_second_track_in_the_same_place_stays_without_an_id(identity: Identity) -> None:
    tracks = identity.settled([ball(1.0)], None)
    tracks = identity.settled([*tracks, ball(1.0 + BODY / 2.0)], None)
    assert ids(tracks) == ["ball_1", None]


def test_what_was_missed_and_shows_up_near_by_keeps_its_id(identity: Identity) -> None:
    first = identity.settled([ball(1.0)], None)
    first[0].misses = 1
    tracks = identity.settled([*first, ball(1.3, stamp=1.0)], None)
    assert [(t.id, t.estimate.parameters[0]) for t in tracks] == [("ball_1", 1.3)]


def test_further_off_than_it_may_have_moved_it_is_another(identity: Identity) -> None:
    first = identity.settled([ball(1.0)], None)
    first[0].misses = 1
    tracks = identity.settled([*first, ball(1.0 + 1.1 * TrackerSettings().moved, stamp=1.0)], None)
    assert ids(tracks) == ["ball_1", "ball_2"]


def test_two_that_come_to_stand_in_one_place_are_one_with_the_first_id(identity: Identity) -> None:
    tracks = identity.settled([ball(1.0), ball(2.0, stamp=1.0)], None)
    tracks[1].estimate.parameters[0] = 1.01
    merged = identity.settled(tracks, None)
    assert [(t.id, t.stamp) for t in merged] == [("ball_1", 1.0)]


def test_what_is_held_is_never_merged_with_what_it_is_carried_past(identity: Identity) -> None:
    tracks = identity.settled([ball(1.0), ball(2.0)], None)
    tracks[1].estimate.parameters[0] = 1.01
    assert ids(identity.settled(tracks, tracks[1])) == ["ball_1", "ball_2"]


@pytest.mark.parametrize(
    ("container", "colour", "born", "place", "known_as"),
    [
        ("drawer", "red", 2.0, FLOOR, "bottle_1"),
        ("box", "red", 2.0, FLOOR, "ball_1"),
        ("drawer", "green", 2.0, FLOOR, "ball_1"),
        ("drawer", "red", 0.5, FLOOR, "ball_1"),
        ("drawer", "red", 2.0, Surface("drawer_1", "inside"), "ball_1"),
    ],
    ids=["fell out", "boxes stay", "another colour", "was there before", "seen in the drawer"],
)
def test_what_turns_up_before_a_drawer_is_what_tipped_out_of_it(
    identity: Identity, container: str, colour: str, born: float, place: Surface, known_as: str
) -> None:
    owner = Track(
        "beige", {container: Estimate(np.zeros(7), np.eye(7))}, {container: 0.0}, FLOOR, 1.0, 4.0, container, {}
    )
    owner.id = "drawer_1"
    bottle = ball(1.0, stamp=1.0)
    bottle.estimates, bottle.category = {"bottle": bottle.estimate}, "bottle"
    bottle.id, bottle.kind, bottle.surface = "bottle_1", "bottle", Surface("drawer_1", "inside")
    new = ball(1.3, colour, stamp=3.0)
    new.born, new.surface = born, place
    tracks = identity.settled([owner, bottle, new], None)
    assert new.id == known_as
    assert (bottle in tracks) == (known_as == "ball_1")
