"""What things rest on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robomatrix.perception.detector import BACKGROUND


@dataclass(frozen=True)
class Surface:
    """A level rectangle that things rest on: the floor (infinite), a table's top, the inside of a box."""

    owner: str | None
    """Id of the object that it belongs to; None for the floor."""
    kind: str
    """floor, top or inside."""
    height: float = 0.0
    """[m] in odom."""
    center: tuple[float, float] = (0.0, 0.0)
    yaw: float = 0.0
    length: float = np.inf
    width: float = np.inf
    colour: str = BACKGROUND
    """Of the surface itself."""
    carries: str = ""
    """The only colour that it carries; any where empty."""

    def inside_by(self, x: float, y: float) -> float:
        """Returns how far (x, y) lies within the rectangle [m]; 0 without."""
        along, across = self._beyond_edges(x, y)
        return max(-max(along, across), 0.0)

    def outside_by(self, x: float, y: float) -> float:
        """Returns how far (x, y) lies outside of the rectangle [m]; 0 within."""
        along, across = self._beyond_edges(x, y)
        return float(np.hypot(max(along, 0.0), max(across, 0.0)))

    def _beyond_edges(self, x: float, y: float) -> tuple[float, float]:
        dx, dy = x - self.center[0], y - self.center[1]
        along = abs(np.cos(self.yaw) * dx + np.sin(self.yaw) * dy) - self.length / 2.0
        across = abs(-np.sin(self.yaw) * dx + np.cos(self.yaw) * dy) - self.width / 2.0
        return float(along), float(across)


FLOOR = Surface(owner=None, kind="floor")
