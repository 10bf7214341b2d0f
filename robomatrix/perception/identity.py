"""Which tracks are things of the world: when one is certain, which two are one, and which was here before."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from robomatrix.perception.categories import CategoryModel
from robomatrix.perception.settings import TrackerSettings
from robomatrix.perception.tracks import Track

BODY = 0.05
"""Two small things cannot be nearer to each other [m]."""


class Identity:
    """Gives tracks their ids, and keeps one id for one thing."""

    def __init__(self, categories: Mapping[str, CategoryModel], settings: TrackerSettings) -> None:
        """Starts counting every kind at 1."""
        self._categories = categories
        self._settings = settings
        self._numbers: dict[str, int] = {}

    def may_be(self, track: Track, category: str) -> bool:
        """Tells whether a track may turn out to be of a category: its kind is settled with its id."""
        return track.kind in ("", self._categories[category].public)

    def settled(self, tracks: list[Track], held: Track | None) -> list[Track]:
        """Returns the tracks with ids for those that have become certain, and one for each thing.

        Args:
            tracks: all, confirmed or not; changed in place.
            held: what is in the gripper; it is no double of what it is carried past.
        """
        tracks = list(tracks)
        self._confirm(tracks)
        self._merge(tracks, held)
        return tracks

    def _confirm(self, tracks: list[Track]) -> None:
        for track in list(tracks):
            if self._is_certain(track) and not self._is_double(track, tracks):
                kind, lost = self._categories[track.category].public, self._lost_twin(track, tracks)
                object_id = lost.id if lost is not None and lost.id else self._new_id(kind)
                track.settle(object_id, kind, [c for c, m in self._categories.items() if m.public == kind])
                if lost is not None:
                    track.hits = max(lost.hits, track.hits)
                    tracks.remove(lost)

    def _is_certain(self, track: Track) -> bool:
        """Tells whether a track without an id has been seen often enough, and as what."""
        if track.id is not None or track.log_odds < self._settings.confirmed:
            return False
        kind = self._categories[track.category].public
        rivals = [v for c, v in track.votes.items() if self._categories[c].public != kind]
        return max(rivals, default=-np.inf) < -self._settings.margin or track.log_odds >= self._settings.most

    def _new_id(self, kind: str) -> str:
        self._numbers[kind] = self._numbers.get(kind, 0) + 1
        return f"{kind}_{self._numbers[kind]}"

    def _lost_twin(self, track: Track, tracks: list[Track]) -> Track | None:
        """Returns a thing of the same look that is missed or was let go near by: it was moved, and this is it."""
        for other in _confirmed(tracks):
            gap = float(np.hypot(*(other.estimate.parameters[:2] - track.estimate.parameters[:2])))
            if gap < self._settings.moved and self._fell_out(other, track, tracks):
                return other
            if other.colour != track.colour or not self.may_be(other, track.category):
                continue
            hidden = other.surface.kind == "inside" and other.stamp < track.stamp and gap < 0.2 * self._settings.moved
            astray = other.misses > 0 or (other.loose and other.stamp < track.stamp)
            if hidden or (astray and gap < self._settings.moved):
                return other
        return None

    def _fell_out(self, other: Track, track: Track, tracks: list[Track]) -> bool:
        """Tells whether a thing that turned up is what was in a drawer: pushed, it may tip out, and look another kind.

        A drawer is what does not stay where it was; what lies in a box stays in it.
        """
        owner = next((t for t in tracks if t.id is not None and t.id == other.surface.owner), None)
        if owner is None or not self._categories[owner.category].restless or track.surface.kind == "inside":
            return False
        small = self._categories[other.category].graspable and self._categories[track.category].graspable
        return small and other.colour == track.colour and other.stamp < track.born

    def _is_double(self, track: Track, tracks: list[Track]) -> bool:
        """Tells whether a confirmed track of the same look, or a small one of the same colour, is in the same place."""
        others = [other for other in _confirmed(tracks) if other is not track]
        return any(self._coincide(other, track) or self._overlap(other, track) for other in others)

    def _overlap(self, one: Track, other: Track) -> bool:
        """Tells whether two small things of one colour are in each other; a hand over a can makes it look a bottle."""
        small = self._categories[one.category].graspable and self._categories[other.category].graspable
        gap = float(np.linalg.norm(one.estimate.parameters[:3] - other.estimate.parameters[:3]))
        return small and one.colour == other.colour and one.misses == 0 and gap < BODY

    def _coincide(self, one: Track, other: Track) -> bool:
        apart = max(self._categories[one.category].apart, self._categories[other.category].apart)
        gap = float(np.hypot(*(one.estimate.parameters[:2] - other.estimate.parameters[:2])))
        return one.colour == other.colour and self.may_be(one, other.category) and gap < apart

    def _merge(self, tracks: list[Track], held: Track | None) -> None:
        """Makes one of two that stand in the same place: the first id, the freshest sight."""
        confirmed = [t for t in _confirmed(tracks) if t is not held]
        for index, first in enumerate(confirmed):
            for second in confirmed[index + 1 :]:
                if first in tracks and second in tracks and self._coincide(first, second):
                    fresh = max(first, second, key=lambda t: t.stamp)
                    fresh.id, fresh.hits = first.id, max(first.hits, second.hits)
                    tracks.remove(second if fresh is first else first)


def _confirmed(tracks: list[Track]) -> list[Track]:
    return [t for t in tracks if t.id is not None]
