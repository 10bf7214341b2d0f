"""Odometry drifts; what stands still does not. Moves the whole belief with the drift that the sightings show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from robomatrix.hardware.driver import Array

STRANGE = 9.0
"""Squared standard deviations from which a thing is taken to have been moved itself."""


@dataclass(frozen=True)
class DriftModel:
    """How fast odometry goes astray, as random walks."""

    per_metre: float = 0.03
    """Deviation after one metre of way [m]."""
    per_radian: float = 0.01
    """Deviation of the heading after one radian of turning [rad]."""
    per_second: float = 0.002
    """Deviation of the heading after one second [rad]."""
    at_rest: float = 0.0003
    """Deviation that is always allowed for [m]."""


@dataclass(frozen=True, eq=False)
class Match:
    """A thing where it was believed to be, and where it is seen."""

    believed: Array
    """(2,) [m]."""
    seen: Array
    """(2,) [m]."""
    covariance: Array
    """(2, 2) of the difference."""


@dataclass(frozen=True, eq=False)
class Shift:
    """A small rigid motion of the plane about a pivot."""

    pivot: Array
    """(2,) [m]."""
    motion: Array
    """(3,) x, y [m] and turn [rad]."""
    covariance: Array
    """(3, 3)."""

    def jacobian(self, point: Array) -> Array:
        """Returns the derivative (2, 3) of a moved point by the motion."""
        return _jacobian(point, self.pivot)

    def applied(self, point: Array) -> Array:
        """Returns a point (2,) after the motion."""
        return point + self.jacobian(point) @ self.motion


class Drift:
    """Estimates how the odometry went astray from frame to frame."""

    def __init__(self, model: DriftModel | None = None) -> None:
        """Starts at rest."""
        self._model = model or DriftModel()
        self._last: tuple[Array, float] | None = None

    def allowed(self, pose: Array, stamp: float) -> Array:
        """Returns the variances (3,) of the drift since the last call, by what the robot did [m^2], [rad^2].

        Args:
            pose: (3,) x, y [m] and heading [rad] of the base in odom.
            stamp: [s].
        """
        last, self._last = self._last, (pose, stamp)
        model = self._model
        if last is None:
            return np.full(3, 1e-12)
        way = float(np.hypot(*(pose[:2] - last[0][:2])))
        turn = abs(float(np.remainder(pose[2] - last[0][2] + np.pi, 2.0 * np.pi) - np.pi))
        place = model.per_metre**2 * way + model.at_rest**2
        heading = model.per_radian**2 * turn + model.per_second**2 * max(stamp - last[1], 0.0)
        return np.array([place, place, heading + 1e-12])

    def shift(self, pivot: Array, variances: Array, matches: Sequence[Match]) -> Shift:
        """Returns the likeliest drift.

        Args:
            pivot: (2,) where the robot is [m].
            variances: (3,) from :meth:`allowed`.
            matches: the things seen again.
        """
        kept = [m for m in matches if self._ordinary(m, pivot, variances)]
        information = np.diag(1.0 / variances)
        vector = np.zeros(3)
        for match in kept:
            jacobian = _jacobian(match.believed, pivot)
            weighted = jacobian.T @ np.linalg.inv(match.covariance)
            information += weighted @ jacobian
            vector += weighted @ (match.seen - match.believed)
        covariance = np.linalg.inv(information)
        return Shift(pivot, covariance @ vector, covariance)

    def _ordinary(self, match: Match, pivot: Array, variances: Array) -> bool:
        jacobian = _jacobian(match.believed, pivot)
        spread = match.covariance + jacobian @ np.diag(variances) @ jacobian.T
        offset = match.seen - match.believed
        return float(offset @ np.linalg.solve(spread, offset)) < STRANGE


def _jacobian(point: Array, pivot: Array) -> Array:
    x, y = point - pivot
    return np.array([[1.0, 0.0, -y], [0.0, 1.0, x]])
