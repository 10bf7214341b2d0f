"""The driver for PyBullet."""

from __future__ import annotations

from robomatrix.hardware.pybullet.engine import PybulletEngine
from robomatrix.hardware.simulated.driver import RoomDriver
from robomatrix.scenes.layout import Layout


class PybulletDriver(RoomDriver):
    """A robot in a room, simulated by PyBullet."""

    def build(self, layout: Layout) -> PybulletEngine:
        """Loads robot and room into a new physics server of this process."""
        return PybulletEngine(self.spec, self.simulation, layout)
