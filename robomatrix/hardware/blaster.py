"""The bead blaster of the simulators: counts what was asked for and fired, and spreads the beads a little."""

from __future__ import annotations

import math

import numpy as np

from robomatrix.hardware.driver import Array
from robomatrix.robots.simulation import BlasterSpec
from robomatrix.robots.spec import JointSpec


class Blaster:
    """Fires until as many beads have left as were asked for, no faster than the joint's velocity [beads/s]."""

    def __init__(self, spec: BlasterSpec, joint: JointSpec, rng: np.random.Generator) -> None:
        self.spec = spec
        self.fired = 0
        """Beads since the start."""
        self.asked = 0
        self._interval = 1.0 / joint.velocity
        self._next = -math.inf
        self._rng = rng

    def ask(self, total: float) -> None:
        """Sets how many beads shall have been fired in all; what was fired stays fired."""
        self.asked = int(total)

    def hold(self) -> None:
        """Fires no more of what was asked for."""
        self.asked = self.fired

    def due(self, stamp: float) -> bool:
        """Tells whether a bead leaves now [s], and counts it if so."""
        if self.fired >= self.asked or stamp < self._next:
            return False
        self.fired += 1
        self._next = stamp + self._interval
        return True

    def direction(self, muzzle: Array) -> Array:
        """Returns the (3,) unit direction of the next bead; ``muzzle`` (3, 3) has x along the barrel."""
        spread = self._rng.normal(0.0, self.spec.dispersion, 2)
        direction = muzzle @ np.array([1.0, *np.tan(spread)])
        return direction / np.linalg.norm(direction)
