"""Left hands: mirror images of right ones in the plane y = 0 of the palm, joint by joint (``RobotSpec.mirror_of``).

Equal joint angles are mirrored postures, so a policy needs another hand only where it sees places and turns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robomatrix.robots.loader import load_robot
from robomatrix.robots.spec import RobotSpec

Array = NDArray[np.float64]


def trained_hand(robot: RobotSpec) -> RobotSpec:
    """Returns the hand whose grasps and policies a hand uses: the one it mirrors, else itself."""
    return load_robot(robot.mirror_of) if robot.mirror_of else robot


@dataclass(frozen=True, eq=False)
class Reflection:
    """How the trained hand sees what a hand sees; its own inverse."""

    sides: Array
    """(3,) signs of a place's coordinates in the palm frame."""

    @classmethod
    def of(cls, robot: RobotSpec) -> Reflection:
        """Returns the reflection of a hand; the identity if it mirrors none."""
        return cls(np.array([1.0, -1.0 if robot.mirror_of else 1.0, 1.0]))

    @property
    def turn(self) -> float:
        """Sign of an angle about the palm's normal."""
        return float(self.sides[1])

    def pose(self, pose: Array) -> Array:
        """Returns poses (..., 7): x, y, z, qw, qx, qy, qz."""
        x, y, z = self.sides
        return pose * np.array([x, y, z, 1.0, y * z, x * z, x * y])
