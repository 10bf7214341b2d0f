"""Keeps a motion's centre of mass over the middle of its feet: pelvis and legs are moved, arms and trunk come along.

A clip's person sways and leans; retargeted and put on other feet, the point under which the floor would have to press
(the zero-moment point) leaves the soles, and no controller keeps such a motion up against further errors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import ConvexHull

from robomatrix.motions.retarget import RobotMotion

Array = NDArray[np.float64]
SMOOTHING = 2.0
"""Width over which the pelvis's way is smoothed [frames]."""
DEEP = 0.92
"""Share of the largest distance from the edges of the soles' hull that the centre of mass keeps."""
BENT = 0.12
"""Knees bend at least so far; the pelvis sinks for it [rad]."""
SOLES = [f"{s}_{part}" for s in ("left", "right") for part in ("heel", "ball_in", "ball_out", "toe_in", "toe_out")]


class Legs:
    """Damped least squares for pelvis and legs under given places of the feet."""

    def __init__(self, model: mujoco.MjModel, axes: Sequence[int] = (0, 1, 2)) -> None:
        """``axes`` are those along which the pelvis may be moved."""
        self.model, self.data = model, mujoco.MjData(model)
        self.names = [model.actuator(i).name for i in range(model.nu)]
        self.legs = np.array([i for i, n in enumerate(self.names) if any(k in n for k in ("hip", "knee", "ankle"))])
        self.axes = np.array(axes)
        self.columns = np.concatenate([self.axes, 6 + self.legs])
        self.feet = [model.body("left_foot").id, model.body("right_foot").id]
        self.pelvis = model.body("pelvis").id
        self.knees = [i for i, n in enumerate(self.names) if "knee" in n]
        self.soles = [model.geom(name).id for name in SOLES]

    def see(self, qpos: Array) -> None:
        """Puts the model into a state (nq,), or that of the robot alone."""
        self.data.qpos[: len(qpos)] = qpos
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_comPos(self.model, self.data)

    def centre(self) -> Array:
        """Returns (2,) the robot's centre of mass over the floor [m]."""
        return self.data.subtree_com[self.pelvis, :2].copy()

    def safe(self, near: Array) -> Array:
        """Returns (2,) the place nearest to ``near`` (2,) that lies deep inside the hull of the soles [m]."""
        hull = ConvexHull(self.data.geom_xpos[self.soles, :2])
        low, high = hull.points.min(axis=0), hull.points.max(axis=0)
        grid = np.stack(np.meshgrid(*np.linspace(low, high, 80).T, indexing="ij"), axis=-1).reshape(-1, 2)
        depth = -(grid @ hull.equations[:, :2].T + hull.equations[:, 2]).max(axis=1)
        deep = grid[depth > DEEP * depth.max()]
        return deep[np.argmin(np.linalg.norm(deep - near, axis=1))]

    def stand(self) -> tuple[Array, Array]:
        """Returns places (2, 3) and turns (2, 3, 3) of the feet."""
        return self.data.xpos[self.feet].copy(), self.data.xmat[self.feet].reshape(2, 3, 3).copy()

    def solve(self, qpos: Array, feet: tuple[Array, Array], centre: Array, iterations: int) -> Array:
        """Returns the state (nq,) with given feet and the centre of mass over ``centre`` (2,)."""
        return self._settle(qpos, feet, lambda move: (move[:, self.columns], centre - self.centre()), iterations)

    def follow(self, qpos: Array, feet: tuple[Array, Array], iterations: int) -> Array:
        """Returns the state (nq,) with given feet, the pelvis over where it is in ``qpos``."""
        still = np.eye(len(self.columns))[:2]
        return self._settle(qpos, feet, lambda _: (still, np.zeros(2)), iterations)

    def _settle(
        self, qpos: Array, feet: tuple[Array, Array], rest: Callable[[Array], tuple[Array, Array]], iterations: int
    ) -> Array:
        qpos = qpos.copy()
        for _ in range(iterations):
            self.see(qpos)
            centre = np.zeros((3, self.model.nv))
            mujoco.mj_jacSubtreeCom(self.model, self.data, centre, self.pelvis)
            row, short = rest(centre[:2])
            rows, gaps = self._feet(*feet)
            jacobian, gap = np.vstack([*rows, row]), np.concatenate([*gaps, short])
            square = jacobian @ jacobian.T + 1e-4 * np.eye(len(gap))
            step = np.clip(jacobian.T @ np.linalg.solve(square, gap), -0.1, 0.1)
            qpos[self.axes] += step[: len(self.axes)]
            qpos[7 + self.legs] += step[len(self.axes) :]
        return qpos

    def _feet(self, places: Array, turns: Array) -> tuple[list[Array], list[Array]]:
        """Jacobians and gaps of both feet's places and turns, and of knees that are too straight."""
        rows, gaps = [], []
        for foot, place, turn in zip(self.feet, places, turns, strict=True):
            move, rotate = np.zeros((2, 3, self.model.nv))
            mujoco.mj_jacBody(self.model, self.data, move, rotate, foot)
            now = self.data.xmat[foot].reshape(3, 3)
            rows += [move[:, self.columns], 0.3 * rotate[:, self.columns]]
            aim = 0.5 * sum(np.cross(now[:, k], turn[:, k]) for k in range(3))
            gaps += [place - self.data.xpos[foot], 0.3 * aim]
        for knee in self.knees:
            short = max(0.0, BENT - float(self.data.qpos[7 + knee]))
            rows.append((short > 0.0) * 0.3 * np.eye(self.model.nv)[None, 6 + knee, self.columns])
            gaps.append(np.array([0.3 * short]))
        return rows, gaps


def level(model: mujoco.MjModel, motion: RobotMotion) -> RobotMotion:
    """Returns the motion with its centre of mass over one place deep between its feet, as they stand in its last frame.

    The ball comes along. The feet must stay where they are all through the motion.
    """
    legs = Legs(model)
    legs.see(motion.qpos[-1])
    middle, feet = legs.safe(legs.centre()), legs.stand()
    balanced = np.array([legs.solve(q, feet, middle, 30) for q in motion.qpos])
    way = gaussian_filter1d(balanced[:, :3] - motion.qpos[:, :3], SMOOTHING, axis=0, mode="nearest")
    balanced[:, :3] = motion.qpos[:, :3] + way
    qpos = np.array([legs.follow(q, feet, 15) for q in balanced])
    ball = motion.ball_position.copy()
    ball[:, :2] += way[:, :2]
    return replace(motion, qpos=qpos, ball_position=ball)
