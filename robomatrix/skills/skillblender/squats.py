"""Squats: balanced poses by pelvis height, for each robot; `training/skillblender/squat_poses.py` finds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robomatrix.skills.skillblender.arrays import like, module_of

Tensor = Any
"""A numpy array or a torch tensor."""


@dataclass(frozen=True, eq=False)
class SquatTable:
    """Statically balanced poses by pelvis height, feet flat, centre of mass over the feet; linear between entries."""

    spacing: float
    """Between entries, from 0 downwards [m]."""
    poses: NDArray[np.float64]
    """(entries, 4): offsets of hip pitch, knee, ankle pitch from home, and the pelvis' pitch [rad]."""

    @property
    def lowest(self) -> float:
        """Change of height at the end of the table [m]."""
        return -self.spacing * (len(self.poses) - 1)

    def __call__(self, change: Tensor) -> Tensor:
        """Returns poses (n, 4) [rad] for changes of height (n,) [m], clipped to the table."""
        xp, last = module_of(change), len(self.poses) - 1
        place = xp.clip(-change / self.spacing, 0.0, float(last))
        near = 1.0 - abs(place[:, None] - like(np.arange(last + 1.0), change))
        return xp.clip(near, 0.0, None) @ like(self.poses, change)


_G1_SQUAT = [
    [0.017, -0.041, 0.027, 0.0],
    [-0.107, 0.163, -0.086, 0.0],
    [-0.198, 0.313, -0.168, 0.0],
    [-0.273, 0.438, -0.236, 0.0],
    [-0.34, 0.549, -0.296, 0.0],
    [-0.4, 0.65, -0.35, 0.0],
    [-0.456, 0.744, -0.4, 0.0],
    [-0.509, 0.832, -0.446, 0.0],
    [-0.559, 0.915, -0.49, 0.0],
    [-0.606, 0.995, -0.531, 0.0],
    [-0.652, 1.072, -0.57, 0.0],
    [-0.776, 1.147, -0.576, 0.069],
    [-0.9, 1.216, -0.577, 0.14],
    [-1.013, 1.281, -0.577, 0.201],
    [-1.117, 1.344, -0.577, 0.253],
    [-1.213, 1.404, -0.577, 0.299],
    [-1.303, 1.463, -0.577, 0.337],
    [-1.387, 1.522, -0.577, 0.369],
    [-1.466, 1.58, -0.577, 0.395],
    [-1.539, 1.638, -0.577, 0.415],
]

_H1_SQUAT = [
    [0.069, -0.097, -0.021, 0.0],
    [-0.041, 0.085, -0.124, 0.0],
    [-0.12, 0.217, -0.2, 0.0],
    [-0.185, 0.328, -0.263, 0.0],
    [-0.242, 0.425, -0.319, 0.0],
    [-0.293, 0.513, -0.37, 0.0],
    [-0.339, 0.595, -0.417, 0.0],
    [-0.383, 0.671, -0.461, 0.0],
    [-0.423, 0.744, -0.502, 0.0],
    [-0.462, 0.813, -0.542, 0.0],
    [-0.498, 0.88, -0.581, 0.0],
    [-0.62, 0.961, -0.594, 0.07],
    [-0.765, 1.039, -0.592, 0.16],
    [-0.883, 1.107, -0.592, 0.23],
    [-0.988, 1.169, -0.591, 0.29],
    [-1.082, 1.227, -0.592, 0.34],
    [-1.164, 1.282, -0.595, 0.38],
]
_H1_2_SQUAT = [
    [0.048, -0.061, 0.016, 0.0],
    [-0.058, 0.102, -0.078, 0.0],
    [-0.138, 0.225, -0.148, 0.0],
    [-0.204, 0.329, -0.208, 0.0],
    [-0.263, 0.42, -0.26, 0.0],
    [-0.316, 0.504, -0.307, 0.0],
    [-0.365, 0.582, -0.35, 0.0],
    [-0.411, 0.655, -0.391, 0.0],
    [-0.455, 0.724, -0.429, 0.0],
    [-0.496, 0.791, -0.466, 0.0],
    [-0.536, 0.855, -0.501, 0.0],
    [-0.574, 0.916, -0.534, 0.0],
    [-0.611, 0.976, -0.566, 0.0],
    [-0.647, 1.035, -0.597, 0.0],
    [-0.693, 1.093, -0.623, 0.01],
    [-0.795, 1.154, -0.624, 0.07],
    [-0.895, 1.211, -0.621, 0.13],
    [-0.975, 1.265, -0.625, 0.17],
    [-1.065, 1.317, -0.621, 0.22],
    [-1.257, 1.358, -0.557, 0.37],
    [-1.457, 1.381, -0.481, 0.54],
    [-1.619, 1.398, -0.423, 0.68],
]

SQUATS: Mapping[str, SquatTable] = MappingProxyType(
    {
        "g1": SquatTable(0.02, np.array(_G1_SQUAT)),
        "h1": SquatTable(0.02, np.array(_H1_SQUAT)),
        "h1_2": SquatTable(0.02, np.array(_H1_2_SQUAT)),
    }
)
"""By robot; found by minimising the pelvis' pitch under joint limits and balance."""
