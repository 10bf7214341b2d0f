"""What is in the gripper moves with the gripper, whatever the image shows of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from robomatrix.hardware.driver import Array, Odometry, RobotState
from robomatrix.perception.projection import to_base, to_odom
from robomatrix.perception.self_view import SelfView
from robomatrix.perception.surfaces import FLOOR, Surface
from robomatrix.perception.tracks import Track

HELD = "held"
SLACK = 0.03
"""How far a thing's axis may be off the point between the fingertips [m]."""
LONGEST = 0.2
"""How far its foot may be below that point [m]."""
USUAL_FOOT = 0.05
"""How far its foot is below that point before anything is seen [m]."""
LOOSE = 0.08
"""How far a thing may roll when it is let go: standard deviation [m]."""
FALL = 0.05
"""How far above its foot a surface may be that it is taken to fall on [m]."""


class Grip:
    """The gripper as a place where things can be."""

    def __init__(self, self_view: SelfView) -> None:
        """Takes the robot's shape; a robot without a gripper holds nothing."""
        self._self_view = self_view
        self._tool: Array | None = None
        self._odometry: Odometry | None = None

    def move(self, state: RobotState, odometry: Odometry) -> None:
        """Takes in where the gripper is now."""
        self._tool, self._odometry = self._self_view.tool_point(state), odometry

    def surface(self) -> Surface | None:
        """Returns the place between the fingers; None without a gripper."""
        if self._tool is None or self._odometry is None:
            return None
        x, y, z = to_odom(self._tool, self._odometry)
        return Surface(None, HELD, float(z) - USUAL_FOOT, (float(x), float(y)), 0.0, 2.0 * SLACK, 2.0 * SLACK)

    def carry(self, track: Track) -> None:
        """Moves a held thing to where the gripper is."""
        if self._tool is None or self._odometry is None:
            return
        if track.offset is None:
            self.settle(track)
        for estimate in track.estimates.values():
            estimate.parameters = estimate.parameters.copy()
            estimate.parameters[:3] = to_odom(self._tool + track.offset, self._odometry)

    def settle(self, track: Track) -> None:
        """Remembers how a thing sits in the gripper, from where it is now."""
        if self._tool is not None and self._odometry is not None:
            offset = to_base(track.estimate.parameters[:3], self._odometry) - self._tool
            track.offset = np.clip(offset, (-SLACK, -SLACK, -LONGEST), (SLACK, SLACK, 0.0))


def let_go(track: Track, surfaces: Sequence[Surface]) -> None:
    """Lets a thing fall on what is below it; where exactly it lies, sight has to tell."""
    track.offset, track.loose = None, True
    x, y, z = (float(v) for v in track.estimate.parameters[:3])
    below = [s for s in surfaces if s.kind != HELD and s.outside_by(x, y) == 0.0 and s.height < z + FALL]
    track.surface = max(below, key=lambda s: s.height, default=FLOOR)
    for estimate in track.estimates.values():
        estimate.loosen(LOOSE)
        estimate.parameters = estimate.parameters.copy()
        estimate.parameters[2] = track.surface.height
