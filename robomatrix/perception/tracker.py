"""Follows things over frames in odom: which sighting belongs to which track, and when a track begins and ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from robomatrix.hardware.driver import Array
from robomatrix.perception.categories import CategoryModel
from robomatrix.perception.colour_shape import Image
from robomatrix.perception.detector import BACKGROUND, OUTSIDE, SELF, Detection, PixelBox
from robomatrix.perception.drift import Drift, Match, Shift
from robomatrix.perception.grip import HELD
from robomatrix.perception.identity import Identity
from robomatrix.perception.placement import Known, Placement
from robomatrix.perception.projection import View
from robomatrix.perception.settings import TrackerSettings
from robomatrix.perception.splitting import Silhouette
from robomatrix.perception.surfaces import FLOOR, Surface
from robomatrix.perception.tracks import YOUTH, Track, first_track
from robomatrix.perception.visibility import holds, in_image, in_plain_view, overlap, predicted_box

Readings = tuple[Placement, ...]
Taken = dict[str, tuple[Placement, Array]]
"""By category the reading that is taken in, and its covariance."""
WHOLE = 0.9
"""Share of the outline that shows of a whole thing; one that shows less may be part of a known thing."""
LEAST_SHOWN = 0.37
"""Share of the outline that must be the thing's own for a track to begin."""
REVIEW = 8
"""Every so many sightings a well known thing is looked at without prejudice."""
FOOT_SHOWN = 3.0
"""Of the five downward directions, those in which the foot of what stands on the floor must show for a track."""
SWIVEL = 0.4
"""A drawer's front does not turn by more from one sighting to the next [rad]."""
HAND = 16.0
"""How far outside of where a thing is expected a part of it may show that the gripper splits off [px]."""
SCRAP = 4.0
"""How far outside of where a thing is expected the middle of what shows of it may be [px]."""
SETTLING = 0.3
"""Share of the way that a sighting moves what is believed of how a thing sits in the gripper."""
_FORBIDDEN = 1e6


class Tracker:
    """The belief over all things; deterministic."""

    def __init__(self, categories: Mapping[str, CategoryModel], settings: TrackerSettings) -> None:
        """Starts with an empty belief."""
        self._categories = categories
        self._settings = settings
        self._periods = {name: model.period for name, model in categories.items() if model.period}
        self._carrying = frozenset().union(*(m.colours for m in categories.values() if m.surface))
        self._drift = Drift()
        self._identity = Identity(categories, settings)
        self.tracks: list[Track] = []
        """All tracks, confirmed or not."""
        self.drift = Shift(np.zeros(2), np.zeros(3), np.zeros((3, 3)))
        """By which the newest frame moved everything."""

    def confirmed(self) -> list[Track]:
        """Returns the tracks that are part of the world."""
        return [t for t in self.tracks if t.id is not None]

    def find(self, object_id: str | None) -> Track | None:
        """Returns the confirmed track of that id."""
        return next((t for t in self.confirmed() if t.id == object_id), None)

    def known(self, view: View, surfaces: Sequence[Surface]) -> list[Known]:
        """Returns what is expected in the image."""
        known = []
        for track in self.tracks:
            box = self._predicted(view, track)
            if box is None:
                continue
            model = self._categories[track.category]
            place = next((s for s in surfaces if (s.owner, s.kind) == (track.surface.owner, track.surface.kind)), FLOOR)
            starts = {c: e.parameters for c, e in track.estimates.items()}
            lasting = track.id is not None and not model.restless
            shapes = {c: e.shape(self._periods.get(c, 0.0)) for c, e in track.estimates.items()} if lasting else {}
            due = track.sightings % REVIEW == 0
            certain = track.id is not None and track.log_odds > 2.0 and not track.loose and not due
            box = in_image(view, box)
            known.append(Known(model.looks(track.colour), box, starts, shapes, place, certain, track.loose))
        return known

    def containers(self, view: View) -> list[Silhouette]:
        """Returns where well known containers are expected, to tell them from what lies in them."""
        silhouettes = []
        for track in self.confirmed():
            model, parameters = self._categories[track.category], track.estimate.parameters
            stands = model.container is not None and not model.restless
            if stands and track.log_odds > 2.0 and view.depth(parameters[:3]) > 0.1:
                points = view.project(model.solid.points(parameters, view.position))
                silhouettes.append(Silhouette(track.colour, points))
        return silhouettes

    def update(
        self,
        view: View,
        pose: Array,
        stamp: float,
        sightings: Sequence[Readings],
        own_body: Image,
        held: Track | None,
    ) -> None:
        """Takes in one frame.

        Args:
            view: the camera in odom.
            pose: (3,) x, y [m] and heading [rad] of the base in odom.
            stamp: of the image [s].
            sightings: for each detection its readings, the likeliest first.
            own_body: (height, width) non-zero where the robot sees itself.
            held: what is in the gripper; its place is not for sight to say.
        """
        boxes = {id(t): self._predicted(view, t) for t in self.tracks}
        variances = self._drift.allowed(pose, stamp)
        self._loosen(pose, variances, held)
        pairs = self._associate(view, sightings, boxes, held)
        self._follow_drift(view, pose, variances, sightings, pairs, held)
        for index, track in pairs.items():
            self._sighted(view, track, sightings[index], stamp)
        in_hand = self._in_hand(held, sightings, stamp) if held else None
        for index, readings in enumerate(sightings):
            if index not in pairs and readings and index != in_hand:
                self._unclaimed(view, readings, boxes, held, stamp)
        self._missing(view, sightings, pairs, boxes, own_body, held)
        self.tracks = self._identity.settled(self.tracks, held)
        self._end(stamp)

    def glimpse(self, view: View, scraps: Sequence[Detection], stamp: float) -> None:
        """Takes in what tells nothing but that something of a colour is there: a thing still lies where it was put.

        What shows below the rim of a thing's container lies before it, not in it.

        Args:
            view: the camera in odom.
            scraps: detections that no shape fits, such as what shows of a can over the rim of a box.
            stamp: of the image [s].
        """
        for track in self.confirmed():
            owner = self.find(track.surface.owner) if track.surface.kind == "inside" else None
            box = self._predicted(view, track) if owner is not None else None
            if owner is None or box is None:
                continue
            looks, rim = self._categories[track.category].looks(track.colour), self._rim(view, owner)
            over = (d for d in scraps if d.colour in looks and d.box[3] <= rim + SCRAP)
            if any(holds(box, *d.center, SCRAP) for d in over):
                track.stamp, track.misses = stamp, 0

    def _rim(self, view: View, container: Track) -> float:
        """Returns the lowest row in which something within a container can show [px]: its near wall hides the rest."""
        points = self._categories[container.category].solid.points(container.estimate.parameters, view.position)
        return float(view.project(points[points[:, 2] > points[:, 2].mean()])[:, 1].max())

    def _loosen(self, pose: Array, variances: Array, held: Track | None) -> None:
        """Lets the belief grow less certain by what odometry may have gone astray."""
        free = Shift(pose[:2], np.zeros(3), np.diag(variances))
        for track in self.tracks:
            if track is not held:
                track.spread(free)
            restless = self._categories[track.category].restless
            if restless:
                track.spread(Shift(pose[:2], np.zeros(3), np.diag([restless**2, restless**2, 0.0])))

    def _follow_drift(
        self,
        view: View,
        pose: Array,
        variances: Array,
        sightings: Sequence[Readings],
        pairs: Mapping[int, Track],
        held: Track | None,
    ) -> None:
        """Moves everything, seen or not, by the drift that the things seen again have in common."""
        matches = []
        for index, track in sorted(pairs.items()):
            reading = next((r for r in sightings[index] if r.category == track.category), None)
            if track.id is None or track.loose or reading is None or not self._believable(reading):
                continue
            if HELD in (reading.surface.kind, track.surface.kind) or self._categories[track.category].restless:
                continue
            spread = track.estimate.covariance[:2, :2] + self._covariance(view, reading)[:2, :2]
            matches.append(Match(track.estimate.parameters[:2], reading.parameters[:2], spread))
        self.drift = self._drift.shift(pose[:2], variances, matches)
        for track in self.tracks:
            if track is not held:
                track.shift(self.drift)

    def _believable(self, reading: Placement) -> bool:
        """Tells whether a reading may be taken in; how far a drawer stands out only its front's lower edge tells."""
        settings = self._settings
        if self._categories[reading.category].fronted and float(reading.shown[4:9].sum()) <= FOOT_SHOWN:
            return False
        return reading.plausible(settings.leniency * settings.misfit, settings.leniency * settings.oddity)

    def _swivelled(self, track: Track, reading: Placement) -> bool:
        """Tells whether a well known front would have turned: what hides a part of it makes it look aslant."""
        known = track.estimates.get(reading.category)
        if known is None or track.sightings < YOUTH:
            return False
        return float(np.cos(reading.parameters[3] - known.parameters[3])) < np.cos(SWIVEL)

    def _associate(
        self,
        view: View,
        sightings: Sequence[Readings],
        boxes: Mapping[int, PixelBox | None],
        held: Track | None,
    ) -> dict[int, Track]:
        tracks = [t for t in self.tracks if t is not held]
        if not tracks or not sightings:
            return {}
        cost = np.full((len(sightings), len(tracks)), _FORBIDDEN)
        for row, readings in enumerate(sightings):
            for column, track in enumerate(tracks):
                distance = self._distance(view, track, readings, boxes.get(id(track)))
                if distance is not None:
                    cost[row, column] = distance
        rows, columns = linear_sum_assignment(cost)
        return {int(r): tracks[c] for r, c in zip(rows, columns, strict=True) if cost[r, c] < _FORBIDDEN}

    def _distance(self, view: View, track: Track, readings: Readings, box: PixelBox | None) -> float | None:
        """Returns how ill a detection fits a track, None if it cannot be it."""
        if not readings or readings[0].detection.colour not in self._categories[track.category].looks(track.colour):
            return None
        best, settings = None, self._settings
        for reading in readings:
            if not (self._identity.may_be(track, reading.category) and self._believable(reading)):
                continue
            if self._categories[reading.category].fronted and self._swivelled(track, reading):
                continue
            estimate = track.estimates.get(reading.category, track.estimate)
            spread = estimate.covariance[:2, :2] + self._covariance(view, reading)[:2, :2]
            offset = reading.parameters[:2] - estimate.parameters[:2]
            distance = float(offset @ np.linalg.solve(spread, offset))
            if distance > settings.gate and float(np.hypot(*offset)) > 0.02:
                if box is None or overlap(in_image(view, box), reading.detection.box) < settings.overlap:
                    continue
                distance = 2.0 * settings.gate
            behind = readings[0].evidence - reading.evidence
            if behind > settings.contradiction and not track.loose:
                continue
            if not np.isfinite(distance):
                continue
            distance += min(behind, 10.0) + 0.5 * np.log(np.linalg.det(spread))
            best = distance if best is None else min(best, distance)
        return best

    def _covariance(self, view: View, reading: Placement) -> Array:
        """Adds to a fit's covariance what the fit cannot know: errors of calibration, shape and odometry."""
        settings = self._settings
        covariance = reading.covariance.copy()
        lift = covariance[2, 2]
        covariance[2, :] = covariance[:, 2] = 0.0  # a wrong place must not lift or sink a thing
        covariance[2, 2] = lift
        sight = reading.parameters[:2] - view.position[:2]
        distance = float(np.hypot(*sight))
        along = sight / max(distance, 1e-6)
        across = np.array([-along[1], along[0]])
        range_error = settings.range_error[0] + settings.range_error[1] * distance
        cross_error = settings.cross_error[0] + settings.cross_error[1] * distance
        covariance[:2, :2] += range_error**2 * np.outer(along, along) + cross_error**2 * np.outer(across, across)
        hidden = 1.0 - reading.shown_share
        cut = OUTSIDE in reading.detection.beyond and "yaw" in self._categories[reading.category].solid.parameters
        growth = (settings.cut_error if cut else settings.hidden_error) * hidden
        return covariance * max(1.0, (reading.residual / 0.6) ** 2) * (1.0 + growth**2)

    def _sighted(self, view: View, track: Track, readings: Readings, stamp: float) -> None:
        taken = self._by_category(view, [r for r in readings if self._identity.may_be(track, r.category)])
        best = max((r for r, _ in taken.values()), key=lambda r: r.evidence)
        for category, (reading, covariance) in taken.items():
            moved = (reading.surface.kind, reading.surface.owner) != (track.surface.kind, track.surface.owner)
            if (moved or reading.surface.kind == HELD) and category in track.estimates:
                track.estimates[category].raise_to(float(reading.parameters[2]), float(covariance[2, 2]))
        track.take(taken, stamp)
        track.misses = 0
        track.sightings += 1
        track.surface = taken[track.category][0].surface if track.category in taken else best.surface
        track.loose = track.loose and best.residual > self._settings.misfit
        track.log_odds = min(track.log_odds + self._settings.seen * best.detection.confidence, self._settings.most)
        colour = best.detection.colour
        if colour != track.colour:
            track.hits += colour == self._categories[track.category].lit
            track.colour = colour

    def _in_hand(self, held: Track, sightings: Sequence[Readings], stamp: float) -> int | None:
        """Finds the held thing between the fingers, takes over how deep it sits, and returns its detection."""
        best: tuple[float, int, Placement] | None = None
        for index, readings in enumerate(sightings):
            for reading in readings:
                known = reading.category in held.estimates and reading.detection.colour == held.colour
                if known and reading.surface.kind == HELD and self._believable(reading):
                    best = max(best, (reading.evidence, index, reading)) if best else (reading.evidence, index, reading)
        if best is None:
            return None
        _, index, reading = best
        estimate = held.estimates[reading.category]
        estimate.raise_to(float(reading.parameters[2]), float(reading.covariance[2, 2]))
        estimate.parameters[:2] += SETTLING * (reading.parameters[:2] - estimate.parameters[:2])
        held.stamp, held.misses = stamp, 0
        held.log_odds = min(held.log_odds + self._settings.seen, self._settings.most)
        return index

    def _by_category(self, view: View, readings: Sequence[Placement]) -> Taken:
        """Returns the best reading of every category that is not far behind the best of all."""
        chosen: Taken = {}
        for reading in readings:
            believable = self._believable(reading) or not chosen
            if reading.category not in chosen and readings[0].evidence - reading.evidence < 15.0 and believable:
                chosen[reading.category] = (reading, self._covariance(view, reading))
        return chosen

    def _unclaimed(
        self, view: View, readings: Readings, boxes: Mapping[int, PixelBox | None], held: Track | None, stamp: float
    ) -> None:
        best, settings = readings[0], self._settings
        x, y = best.detection.center
        for track in self.tracks:
            box = boxes.get(id(track))
            same = best.detection.colour in self._categories[track.category].looks(track.colour)
            split_by_hand = SELF in best.detection.beyond
            part = track is held or (track.id is not None and (split_by_hand or best.shown_share < WHOLE))
            if same and part and box is not None and holds(box, x, y, HAND if split_by_hand else 4.0):
                return
        if not best.plausible(settings.misfit, settings.oddity) or best.detection.fill < settings.fill:
            return
        if not self._outlined(best) or best.surface.kind == HELD:
            return
        foot = best.shown[6] > 0.0 or best.surface.kind != "floor"
        log_odds = settings.start if foot else settings.start - settings.seen
        self.tracks.append(first_track(self._by_category(view, readings), stamp, log_odds, self._periods))

    def _outlined(self, reading: Placement) -> bool:
        """Tells whether enough of the outline shows to begin a track with."""
        model = self._categories[reading.category]
        stands = reading.detection.beneath in {BACKGROUND, *model.framed_by}
        open_ = reading.detection.beneath in model.covered_by  # its own drawer
        foot = open_ or (stands and float(reading.shown[4:9].sum()) >= FOOT_SHOWN)
        cut = OUTSIDE in reading.detection.beyond and "yaw" in model.solid.parameters
        hidden = model.graspable and reading.detection.beneath not in self._carrying
        rests = foot or hidden or reading.surface.kind != "floor"
        return rests and not cut and reading.shown_share >= LEAST_SHOWN

    def _missing(
        self,
        view: View,
        sightings: Sequence[Readings],
        pairs: Mapping[int, Track],
        boxes: Mapping[int, PixelBox | None],
        own_body: Image,
        held: Track | None,
    ) -> None:
        found = [(pairs.get(i), r[0].detection) for i, r in enumerate(sightings) if r]
        seen = {id(t) for t in pairs.values()}
        for track in self.tracks:
            box = boxes.get(id(track))
            if id(track) in seen or track is held or box is None or track.surface.kind == "inside":
                continue
            nearer = [
                d.box
                for other, d in found
                if d.colour == track.colour or (d.box[3] > box[3] - 2.0 and not _carries(other, track))
            ]
            distance = float(np.hypot(*(track.estimate.parameters[:2] - view.position[:2])))
            if in_plain_view(view, box, distance, nearer, own_body):
                track.log_odds -= self._settings.missed
                track.misses += 1

    def _predicted(self, view: View, track: Track) -> PixelBox | None:
        return predicted_box(view, self._categories[track.category].solid, track.estimate.parameters)

    def _end(self, stamp: float) -> None:
        settings = self._settings

        def alive(track: Track) -> bool:
            waiting = track.id is not None or stamp - track.stamp <= settings.patience
            return track.log_odds > settings.least and waiting

        self.tracks = [t for t in self.tracks if alive(t)]


def _carries(other: Track | None, track: Track) -> bool:
    return other is not None and other.id is not None and other.id == track.surface.owner
