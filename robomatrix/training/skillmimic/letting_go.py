"""Lets a ball that both hands hold drop to where the right hand will dribble it.

The palms part by displacements that were found by trying a hundred pairs: the ball falls almost straight, with a little
speed to the right.
"""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from robomatrix.skills.skillmimic.observation import heading
from robomatrix.training.skillmimic.search import MIRRORED

Array = NDArray[np.float64]
PARTING = {"left": (-0.1, 0.2, 0.15), "right": (-0.09, -0.11, -0.11)}
"""Displacement of each palm: forward, to the left, up [m]."""
HELD, HIGH = 0.19, 0.85
"""Both palms nearer to the ball's centre than the first, the ball higher than the second: it is still held [m]."""


def parting_targets(model: mujoco.MjModel, qpos: Array, targets: Array) -> Array:
    """Returns (J,) the servo targets that part the hands of a player at rest with the ball.

    Args:
        model: robot and ball.
        qpos: (nq,) the player with the ball in its hands.
        targets: (J,) servo targets that hold it so [rad].
    """
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    names = [model.actuator(i).name for i in range(model.nu)]
    c, s = heading(qpos[None, 3:7])[0]
    axes = np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
    parted = targets.copy()
    for side, displacement in PARTING.items():
        arm = np.array([names.index(f"{side}_{part}") for part in MIRRORED])
        move, turn = np.zeros((2, 3, model.nv))
        mujoco.mj_jacSite(model, data, move, turn, model.site(f"{side}_palm").id)
        jacobian = np.vstack([move[:, 6 + arm], 0.15 * turn[:, 6 + arm]])
        wanted = np.concatenate([np.array(displacement) @ axes, np.zeros(3)])
        parted[arm] += jacobian.T @ np.linalg.solve(jacobian @ jacobian.T + 4e-3 * np.eye(6), wanted)
    return parted


def still_held(ball: Array, palms: Array) -> NDArray[np.bool_]:
    """Returns (n,) whether both palms (n, 2, 3) still hold the ball (n, 3)."""
    gap = np.linalg.norm(palms - ball[:, None], axis=2).max(axis=1)
    return (gap < HELD) & (ball[:, 2] > HIGH)
