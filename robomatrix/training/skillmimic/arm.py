"""The right arm for a palm that lies on the ball: joint angles as a polynomial of the palm's place and tilt.

Inverse kinematics is solved once for many palms; the polynomial then answers for thousands of players at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement

import mujoco
import numpy as np
from numpy.typing import NDArray

from robomatrix.skills.skillmimic.observation import heading

Array = NDArray[np.float64]
CENTRE = np.array([0.37, -0.12, 0.94, 0.25, 0.0])
"""Palm ahead of the pelvis, to its left, above the floor [m], and its normal's tilt forward and to the left [rad]."""
REACH = np.array([0.13, 0.13, 0.17, 0.35, 0.35])
"""Half widths of the region."""
MARGIN = 1.15
"""How far beyond the region the polynomial is trusted."""
DEGREE = 3
FINGERS = np.array([1.0, 0.0, 0.0])
"""Where the fingers point, in the heading frame."""
_PARTS = ("clavicle_roll", "shoulder_pitch", "shoulder_roll", "shoulder_yaw", "elbow", "forearm_roll", "wrist_flexion",
          "wrist_deviation")  # fmt: skip
_START = np.array([0.0, -0.25, -0.5, 0.5, -1.0, 0.8, -0.4, -0.1])


@dataclass(frozen=True, eq=False)
class ArmMap:
    """Joint angles (n, 8) of the right arm from palms (n, 5): place and tilt as in :data:`CENTRE`."""

    joints: NDArray[np.int64]
    """Indices of the arm among the player's joints."""
    weights: Array
    """(terms, 8)."""

    def __call__(self, palms: Array) -> Array:
        """Returns (n, 8) joint angles [rad]; palms are drawn into the region."""
        return _powers(np.clip((palms - CENTRE) / REACH, -MARGIN, MARGIN)) @ self.weights

    def slope(self, palms: Array, axis: int, step: float = 1e-3) -> Array:
        """Returns (n, 8) how the joints change with the palm's place along one axis [rad/m]."""
        inside = np.clip((palms - CENTRE) / REACH, -MARGIN, MARGIN)
        ahead = inside.copy()
        ahead[:, axis] += step
        return (_powers(ahead) - _powers(inside)) @ self.weights / (step * REACH[axis])


def _powers(x: Array) -> Array:
    columns = [np.ones(len(x))]
    for degree in range(1, DEGREE + 1):
        columns += [np.prod(x[:, c], axis=1) for c in combinations_with_replacement(range(x.shape[1]), degree)]
    return np.stack(columns, axis=1)


def fit_arm(model: mujoco.MjModel, stance: Array, samples: int = 900, seed: int = 0) -> ArmMap:
    """Returns the map for a player that stands as ``stance`` (nq,); its palms err by 2 mm in the median.

    Palms that the arm cannot reach (beyond 1 cm or 6 degrees) are left out of the fit.
    """
    solver = _Solver(model, stance)
    rng = np.random.default_rng(seed)
    palms = rng.uniform(-1.0, 1.0, (samples, len(CENTRE)))
    solved = [solver.solve(CENTRE + REACH * palm) for palm in palms]
    reached = np.array([gap < 0.01 and turn < 0.1 for _, gap, turn in solved])
    powers = _powers(palms[reached])
    angles = np.array([angles for angles, _, _ in solved])[reached]
    weights = np.linalg.solve(powers.T @ powers + 1e-3 * np.eye(powers.shape[1]), powers.T @ angles)
    return ArmMap(solver.joints, weights)


class _Solver:
    """Damped least squares for one palm."""

    def __init__(self, model: mujoco.MjModel, stance: Array) -> None:
        self.model, self.data, self.stance = model, mujoco.MjData(model), stance.copy()
        names = [model.actuator(i).name for i in range(model.nu)]
        self.joints = np.array([names.index(f"right_{part}") for part in _PARTS])
        self.limits = np.array([model.joint(f"right_{part}").range for part in _PARTS]).T
        self.site = model.site("right_palm").id
        c, s = heading(stance[None, 3:7])[0]
        self.turn = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])

    def solve(self, palm: Array, iterations: int = 40) -> tuple[Array, float, float]:
        """Returns joint angles (8,), distance from the palm's place [m] and angle off its normal [rad]."""
        target = self.turn @ palm[:3] + np.append(self.stance[:2], 0.0)
        normal = self.turn @ (wanted := np.array([np.sin(palm[3]), np.sin(palm[4]), -1.0])) / np.linalg.norm(wanted)
        angles = _START.copy()
        for _ in range(iterations):
            angles = np.clip(angles + self._step(angles, target, normal), *self.limits)
        place, turn = self._palm(angles)
        off = np.arccos(np.clip(turn[:, 1] @ normal, -1.0, 1.0))
        return angles, float(np.linalg.norm(target - place)), float(off)

    def _palm(self, angles: Array) -> tuple[Array, Array]:
        self.data.qpos[:] = self.stance
        self.data.qpos[7 + self.joints] = angles
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_comPos(self.model, self.data)
        return self.data.site_xpos[self.site].copy(), self.data.site_xmat[self.site].reshape(3, 3).copy()

    def _step(self, angles: Array, target: Array, normal: Array) -> Array:
        place, turn = self._palm(angles)
        move, rotate = np.zeros((2, 3, self.model.nv))
        mujoco.mj_jacSite(self.model, self.data, move, rotate, self.site)
        columns = 6 + self.joints
        aim = np.cross(turn[:, 1], normal) + 0.05 * np.cross(-turn[:, 2], self.turn @ FINGERS)
        jacobian = np.vstack([move[:, columns], 0.3 * rotate[:, columns]])
        inverse = jacobian.T @ np.linalg.inv(jacobian @ jacobian.T + 5e-4 * np.eye(6))
        relax = 0.03 * (_START - angles)
        step = inverse @ np.concatenate([target - place, 0.3 * aim]) + relax - inverse @ (jacobian @ relax)
        return np.clip(step, -0.2, 0.2)
