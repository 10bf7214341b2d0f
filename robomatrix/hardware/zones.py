"""Where a mobile base may be: keep-out zones and a workspace as polygons in the odom plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import ConfigurationError
from robomatrix.hardware.driver import Odometry, Twist

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Polygon:
    """A simple polygon in the odom plane."""

    name: str
    corners: Array
    """(n, 2) [m], in either sense of turning, n >= 3."""

    @classmethod
    def parse(cls, name: str, corners: Sequence[Sequence[float]]) -> Polygon:
        """Returns a checked polygon; raises ConfigurationError when it has no area or a corner is not finite."""
        array = np.asarray(corners, dtype=np.float64)
        if array.ndim != 2 or array.shape[1:] != (2,) or len(array) < 3 or not np.isfinite(array).all():
            raise ConfigurationError(f"zone '{name}' needs at least three finite [x, y] corners, got {corners!r}")
        if abs(_area(array)) < 1e-9:
            raise ConfigurationError(f"zone '{name}' has no area: its corners lie on one line")
        return cls(name, array)

    def depth(self, points: Array) -> Array:
        """Returns how far inside each point lies [m], negative outside. ``points`` (m, 2) -> (m,)."""
        start, end = self.corners, np.roll(self.corners, -1, axis=0)
        edge, offset = end - start, points[:, None, :] - start
        along = np.clip((offset * edge).sum(-1) / np.maximum((edge * edge).sum(-1), 1e-18), 0.0, 1.0)
        distance = np.linalg.norm(offset - along[..., None] * edge, axis=-1).min(axis=1)
        return np.where(self._contains(points), distance, -distance)

    def _contains(self, points: Array) -> NDArray[np.bool_]:
        """Even-odd rule, (m, 2) -> (m,)."""
        x, y = points[:, None, 0], points[:, None, 1]
        x0, y0 = self.corners.T
        x1, y1 = np.roll(self.corners, -1, axis=0).T
        straddles = (y0 > y) != (y1 > y)
        slope = (x1 - x0) / np.where(y1 == y0, 1.0, y1 - y0)
        return (straddles & (x < x0 + (y - y0) * slope)).sum(axis=1) % 2 == 1


@dataclass(frozen=True)
class Zones:
    """The workspace the base stays in and the zones it stays out of."""

    workspace: Polygon | None = None
    keep_out: tuple[Polygon, ...] = ()
    lookahead: float = 0.5
    """How far ahead a velocity is followed to see where it leads [s]; at least the time the base needs to stop."""
    samples: int = 5
    """Points looked at along the way; with a footprint wider than the gap between two no thin zone is jumped over."""

    def crossed(self, odometry: Odometry, twist: Twist, radius: float) -> str | None:
        """Returns the name of the first zone the twist would violate further than the base does now, else None."""
        path = self._path(odometry, twist)
        if self.workspace is not None and _worsens(radius - self.workspace.depth(path)):
            return self.workspace.name
        return next((z.name for z in self.keep_out if _worsens(z.depth(path) + radius)), None)

    def _path(self, odometry: Odometry, twist: Twist) -> Array:
        """Positions along the arc that the twist drives, (samples + 1, 2), the present one first."""
        time = np.linspace(0.0, self.lookahead, self.samples + 1)
        heading = odometry.yaw + 0.5 * twist.wz * time
        chord = np.sinc(0.5 * twist.wz * time / np.pi) * time
        ahead, left = twist.vx * chord, twist.vy * chord
        x = odometry.position[0] + np.cos(heading) * ahead - np.sin(heading) * left
        y = odometry.position[1] + np.sin(heading) * ahead + np.cos(heading) * left
        return np.stack([x, y], axis=1)


def _worsens(violation: Array) -> bool:
    """True when the violation later on is positive and greater than the first: leaving a zone is always allowed."""
    worst = float(violation[1:].max())
    return worst > 1e-6 and worst > float(violation[0]) + 1e-6


def _area(corners: Array) -> float:
    x, y = corners.T
    return 0.5 * float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))
