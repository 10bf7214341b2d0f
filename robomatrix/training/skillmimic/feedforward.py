"""Joint torques that a reference motion needs: inverse dynamics.

With the floor's and the ball's forces where they act.
"""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

Array = NDArray[np.float64]
ROOT = 6
SOLE_REACH = 0.035
"""A sole sphere may push when its lowest point is no higher than this [m]."""
FRICTION = 0.7
SQUEEZE = 40.0
"""Extra force of each hand on the ball [N], where two hold it."""
_EDGES = np.array([[FRICTION, 0, 1], [-FRICTION, 0, 1], [0, FRICTION, 1], [0, -FRICTION, 1]], float)


def joint_torques(
    model: mujoco.MjModel, qpos: Array, qvel: Array, qacc: Array, contact: NDArray[np.bool_], squeeze: float = SQUEEZE
) -> Array:
    """Returns (T, J) torques [N m] for the robot's joints.

    Args:
        model: robot and ball, the ball's six degrees of freedom last.
        qpos: (T, nq).
        qvel: (T, nv).
        qacc: (T, nv).
        contact: (T, 2) which hand holds the ball.
        squeeze: extra force of each hand on the ball, where two hold it [N].
    """
    data = mujoco.MjData(model)
    flags = model.opt.disableflags
    model.opt.disableflags = flags | mujoco.mjtDisableBit.mjDSBL_CONTACT
    try:
        rows = zip(qpos, qvel, qacc, contact, strict=True)
        return np.stack([_frame(model, data, *row, squeeze) for row in rows])
    finally:
        model.opt.disableflags = flags


def _frame(
    model: mujoco.MjModel, data: mujoco.MjData, q: Array, v: Array, a: Array, hands: NDArray[np.bool_], squeeze: float
) -> Array:
    data.qpos[:], data.qvel[:], data.qacc[:] = q, v, a
    mujoco.mj_inverse(model, data)
    robot = model.nv - 6
    need = data.qfrc_inverse[:robot].copy()
    for site, force in _hand_forces(model, data, hands, squeeze):
        need -= _jacobian(model, data, site, robot).T @ force
    soles = _soles(model, data)
    if soles:
        pushes = np.concatenate([_jacobian_at(model, data, *sole, robot).T @ _EDGES.T for sole in soles], axis=1)
        share, _ = nnls(
            np.vstack([pushes[:ROOT], 1e-3 * np.eye(pushes.shape[1])]),
            np.append(need[:ROOT], np.zeros(pushes.shape[1])),
        )
        need -= pushes @ share
    return need[ROOT:]


def _hand_forces(
    model: mujoco.MjModel, data: mujoco.MjData, hands: NDArray[np.bool_], squeeze: float
) -> list[tuple[str, Array]]:
    """Force of the ball on each holding hand [N]: its weight and inertia shared, and the squeeze between two hands."""
    sites = [f"{side}_palm" for side, on in zip(("left", "right"), hands, strict=True) if on]
    on_ball = data.qfrc_inverse[-6:-3]
    forces = []
    for site in sites:
        outward = data.site(site).xpos - data.qpos[-7:-4]
        pressed = squeeze * outward / max(float(np.linalg.norm(outward)), 1e-6) if len(sites) == 2 else 0.0
        forces.append((site, pressed - on_ball / len(sites)))
    return forces


def _soles(model: mujoco.MjModel, data: mujoco.MjData) -> list[tuple[int, Array]]:
    found = []
    for side in ("left", "right"):
        for part in ("heel", "ball_in", "ball_out", "toe_in", "toe_out"):
            geom = model.geom(f"{side}_{part}").id
            low = data.geom_xpos[geom] - [0.0, 0.0, model.geom_size[geom, 0]]
            if low[2] < SOLE_REACH:
                found.append((int(model.geom_bodyid[geom]), low))
    return found


def _jacobian(model: mujoco.MjModel, data: mujoco.MjData, site: str, robot: int) -> Array:
    jacobian = np.zeros((3, model.nv))
    mujoco.mj_jacSite(model, data, jacobian, None, model.site(site).id)
    return jacobian[:, :robot]


def _jacobian_at(model: mujoco.MjModel, data: mujoco.MjData, body: int, point: Array, robot: int) -> Array:
    jacobian = np.zeros((3, model.nv))
    mujoco.mj_jac(model, data, jacobian, None, point, body)
    return jacobian[:, :robot]
