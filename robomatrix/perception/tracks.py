"""One thing that is followed: what it may be, where it is, how sure that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from robomatrix.hardware.driver import Array
from robomatrix.perception.drift import Shift
from robomatrix.perception.placement import Placement
from robomatrix.perception.surfaces import Surface

VOTE = 5.0
"""Most that one sighting can speak against a category."""
MEMORY = 30.0
"""Most that all sightings together can."""
DISCARDED = -15.0
"""Categories with fewer votes are given up."""
FADING = 0.2
"""Growth of the uncertainty before a measurement of the same quality is taken in."""
EXACT = 0.0015
"""No size is known better [m]."""
STEADY = 0.03
"""No heading is known better, and odometry turns a little [rad]."""
QUARTER = 1.6
"""A little more than a quarter turn [rad]."""
PATIENCE = 3
"""Measurements of another shape in a row, after which they are believed of a thing that is not yet well known."""
YOUTH = 12
"""Sightings until it is."""
STRANGE = 25.0
"""Disagreement in shape from which a measurement is left out."""


@dataclass(eq=False)
class Estimate:
    """Where and how large a thing is if it is of one category."""

    parameters: Array
    covariance: Array
    doubts: int = 0
    """How many measurements in a row were of another shape."""

    def correct(self, parameters: Array, covariance: Array) -> None:
        """Takes in a measurement (Kalman); old ones fade, so that the estimate settles on what is seen now."""
        fading = FADING * min(1.0, float(np.trace(self.covariance[:2, :2]) / np.trace(covariance[:2, :2])))
        prior = self.covariance * (1.0 + fading)
        gain = prior @ np.linalg.inv(prior + covariance)
        self.parameters = self.parameters + gain @ (parameters - self.parameters)
        rest = np.eye(len(prior)) - gain
        self.covariance = rest @ prior @ rest.T + gain @ covariance @ gain.T

    def disagreement(self, parameters: Array, covariance: Array, last: int | None = None) -> float:
        """Returns how far a measurement's shape, or its parameters up to ``last``, is off, in squared deviations."""
        offset = (parameters - self.parameters)[3:last]
        return float(offset @ np.linalg.solve((self.covariance + covariance)[3:last, 3:last], offset))

    def shape(self, period: float) -> tuple[Array, Array]:
        """Returns the parameters after x, y, z and their deviations.

        Args:
            period: turn after which the thing looks the same [rad], 0 if it has no heading; the heading of what looks
                the same after a quarter turn counts as unknown.
        """
        deviation = np.sqrt(np.diag(self.covariance)[3:]) + EXACT
        if period:
            deviation[0] = deviation[0] + STEADY if period > QUARTER else np.inf
        return self.parameters[3:], deviation

    def raise_to(self, height: float, variance: float) -> None:
        """Takes over the height of the bottom from a measurement on another surface."""
        self.parameters = self.parameters.copy()
        self.parameters[2] = height
        self.covariance[2, :] = self.covariance[:, 2] = 0.0
        self.covariance[2, 2] = variance

    def loosen(self, deviation: float) -> None:
        """Forgets the position, but for ``deviation`` [m]."""
        self.covariance[:3, :] = 0.0
        self.covariance[:, :3] = 0.0
        self.covariance[:3, :3] = np.eye(3) * deviation**2


@dataclass(eq=False)
class Track:
    """One thing."""

    colour: str
    estimates: dict[str, Estimate]
    """By category."""
    votes: dict[str, float]
    """Log-evidence by category; 0 for the best."""
    surface: Surface
    stamp: float
    """When it was last seen [s]."""
    log_odds: float
    """That it is there."""
    category: str
    """The likeliest."""
    periods: Mapping[str, float]
    """Turn after which a category looks the same [rad]; only those with a heading."""
    id: str | None = None
    """Given once it is confirmed."""
    kind: str = ""
    """Category that others know it by; settled with the id."""
    born: float = 0.0
    """When it was first seen [s]."""
    sightings: int = 1
    hits: int = 0
    misses: int = 0
    """How often it was missed in plain view since it was seen."""
    loose: bool = False
    """It was let go and may lie on its side, anywhere near."""
    rest: Array | None = None
    """(2,) from the centre of what it lies in, odom [m]."""
    offset: Array | None = None
    """(3,) from the point between the fingertips to its foot, base frame, while it is held [m]."""

    @property
    def estimate(self) -> Estimate:
        """The estimate for the likeliest category."""
        return self.estimates[self.category]

    @property
    def confidence(self) -> float:
        """0 to 1."""
        return float(1.0 / (1.0 + np.exp(-self.log_odds)))

    def take(self, readings: dict[str, tuple[Placement, Array]], stamp: float) -> None:
        """Takes in a sighting: by category the reading and its covariance, systematic errors included."""
        best = max(reading.evidence for reading, _ in readings.values())
        for category in sorted({*self.votes, *readings}):
            found = readings.get(category)
            against = max(found[0].evidence - best, -VOTE) if found else -VOTE
            self.votes[category] = max(self.votes.get(category, DISCARDED / 2.0) + against, -MEMORY)
        for category, (reading, covariance) in readings.items():
            self._correct(category, reading.parameters, covariance)
        self._discard()
        self.stamp = stamp

    def settle(self, object_id: str, kind: str, categories: Iterable[str]) -> None:
        """Gives it an id and a kind; only the given categories stay possible."""
        self.id, self.kind = object_id, kind
        kept = set(categories)
        self.votes = {c: v for c, v in self.votes.items() if c in kept}
        self.estimates = {c: self.estimates[c] for c in self.votes}

    def spread(self, shift: Shift) -> None:
        """Adds the uncertainty of a motion of everything."""
        for estimate in self.estimates.values():
            jacobian = shift.jacobian(estimate.parameters[:2])
            estimate.covariance[:2, :2] += jacobian @ shift.covariance @ jacobian.T

    def shift(self, shift: Shift) -> None:
        """Takes part in a motion of everything."""
        for category, estimate in self.estimates.items():
            estimate.parameters = estimate.parameters.copy()
            estimate.parameters[:2] = shift.applied(estimate.parameters[:2])
            if category in self.periods:
                estimate.parameters[3] += shift.motion[2]

    def _correct(self, category: str, parameters: Array, covariance: Array) -> None:
        estimate = self.estimates.get(category)
        if estimate is None:
            self.estimates[category] = Estimate(parameters, covariance.copy())
            return
        if category in self.periods:
            heading, period = estimate.parameters[3], self.periods[category]
            parameters, covariance = turned(parameters, covariance, heading, period)
        # How deep a drawer stands out is no lasting trait.
        changing = 4 if self.periods.get(category, 0.0) > 2.0 * np.pi - 0.1 else None
        if estimate.disagreement(parameters, covariance, changing) < STRANGE:
            estimate.correct(parameters, covariance)
            estimate.doubts = 0
            return
        estimate.doubts += 1
        young = self.sightings < YOUTH and estimate.doubts > PATIENCE
        if young or np.trace(covariance[:2, :2]) < np.trace(estimate.covariance[:2, :2]):
            self.estimates[category] = Estimate(parameters, covariance.copy())

    def _discard(self) -> None:
        known = {c: v for c, v in self.votes.items() if c in self.estimates}
        top = max(known.values())
        self.votes = {c: v - top for c, v in known.items() if v - top > DISCARDED}
        self.estimates = {c: self.estimates[c] for c in self.votes}
        self.category = max(sorted(self.votes), key=lambda c: self.votes[c])


def first_track(
    readings: Mapping[str, tuple[Placement, Array]], stamp: float, log_odds: float, periods: Mapping[str, float]
) -> Track:
    """Returns a new track from its first sighting."""
    best = max((reading for reading, _ in readings.values()), key=lambda r: r.evidence)
    return Track(
        best.detection.colour,
        {c: Estimate(r.parameters, covariance.copy()) for c, (r, covariance) in readings.items()},
        {c: max(r.evidence - best.evidence, -2.0 * VOTE) for c, (r, _) in readings.items()},
        best.surface,
        stamp,
        log_odds,
        best.category,
        periods,
        born=stamp,
    )


def turned(parameters: Array, covariance: Array, heading: float, period: float) -> tuple[Array, Array]:
    """Returns the same shape told with the heading nearest to ``heading``; a quarter turn swaps length and width."""
    turns = int(np.round((heading - parameters[3]) / period))
    result = parameters.copy()
    result[3] += turns * period
    if period > 2.0 or turns % 2 == 0:
        return result, covariance
    order = np.arange(len(parameters))
    order[[4, 5]] = order[[5, 4]]
    return result[order], covariance[np.ix_(order, order)]
