"""The driver for MuJoCo."""

from __future__ import annotations

from robomatrix.hardware.mujoco.engine import MujocoEngine
from robomatrix.hardware.simulated.driver import RoomDriver
from robomatrix.scenes.layout import Layout


class MujocoDriver(RoomDriver):
    """A robot in a room, simulated by MuJoCo."""

    def build(self, layout: Layout) -> MujocoEngine:
        """Compiles robot and room into one model."""
        return MujocoEngine(self.spec, self.simulation, layout)
