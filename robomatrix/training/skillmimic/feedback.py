"""Balance along a reference: time-varying linear-quadratic gains from finite differences of the simulator.

Feed-forward alone falls after about a second. Linearising the physics along the reference (contacts included) and
solving the Riccati recursion backwards gives, for each frame, how the servo targets should answer errors of the whole
body. The policy then learns a residual on a teacher that already stands.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from robomatrix.scenes.court import SUBSTEPS
from robomatrix.training.skillmimic.reference import Reference

Array = NDArray[np.float64]
SETTLING = 12
"""Frames in which the contacts of the standing end settle before it is linearised."""
SMOOTHING = 6.0
"""Width [frames] over which gains are averaged: a touch or a step must not switch the balance."""
_BALANCERS = ("hip", "knee", "ankle", "waist")


@dataclass(frozen=True)
class FeedbackWeights:
    """Quadratic costs of the robot's error and of the correction."""

    root_position: float = 200.0
    """[1/m^2]."""
    root_turn: float = 100.0
    """[1/rad^2]."""
    joints: float = 10.0
    """[1/rad^2]."""
    root_velocity: float = 5.0
    """[s^2/m^2]."""
    joint_velocity: float = 0.02
    """[s^2/rad^2]."""
    correction: float = 150.0
    """[1/rad^2]."""
    factor: float = 1.5
    """On the optimal gains: against start errors stiffer is better (picking up from rest 73 to 81 % of 64)."""
    largest: float = 15.0
    """A frame whose gain exceeds this keeps the next frame's; where a foot takes off the linearisation is worthless."""


def feedback_gains(
    model: mujoco.MjModel,
    reference: Reference,
    targets: Array,
    weights: FeedbackWeights | None = None,
    stride: int = 6,
) -> NDArray[np.float32]:
    """Returns (T, J, 2 V) gains: the servo targets' correction is -gain @ error (:func:`body_error`).

    Args:
        model: robot and ball.
        reference: one or more clips.
        targets: (T, J) the feed-forward targets that lead to each frame [rad].
        weights: the costs.
        stride: frames that share one linearisation.
    """
    weights = weights or FeedbackWeights()
    still = copy.copy(model)
    still.opt.iterations, still.opt.ls_iterations, still.opt.tolerance = 50, 50, 0.0
    robot = model.nv - 6
    q_cost, r_cost = _costs(robot, weights)
    gains = np.zeros((len(reference), model.nu, 2 * robot), np.float32)
    for start in reference.starts():
        last = int(reference.last()[start])
        gain, value = _standing_gain(still, reference, targets, last, (q_cost, r_cost), weights.largest)
        for frame in range(last, start - 1, -1):
            if frame % stride == 0 or frame == last:
                a, b = _linearised(still, reference, targets, frame, robot, max(frame - 2, start))
            step = _riccati(a, b, q_cost, r_cost, value)
            if np.abs(step[0]).max() <= weights.largest:
                gain, value = step
            gains[frame] = gain
        clip = slice(start, last + 1)
        gains[clip] = weights.factor * gaussian_filter1d(gains[clip], SMOOTHING, axis=0, mode="nearest")
    return gains


def _standing_gain(
    model: mujoco.MjModel, reference: Reference, targets: Array, last: int, costs: tuple[Array, Array], largest: float
) -> tuple[Array, Array]:
    """Stationary gain and cost-to-go at a clip's end; where a sole has just lifted, a frame before is taken."""
    robot = model.nv - 6
    for frame in range(last, last - SETTLING, -3):
        a, b = _linearised(model, reference, targets, frame, robot, frame - SETTLING)
        value = costs[0]
        for _ in range(100):
            gain, value = _riccati(a, b, *costs, value)
        if np.abs(gain).max() <= largest:
            break
    return gain, value


def _riccati(a: Array, b: Array, q_cost: Array, r_cost: Array, value: Array) -> tuple[Array, Array]:
    """One step back in time: gain and cost-to-go."""
    gain = np.linalg.solve(r_cost + b.T @ value @ b, b.T @ value @ a)
    value = q_cost + a.T @ value @ (a - b @ gain)
    return gain, 0.5 * (value + value.T)


def _costs(robot: int, weights: FeedbackWeights) -> tuple[Array, Array]:
    joints = robot - 6
    position = [*[weights.root_position] * 3, *[weights.root_turn] * 3, *[weights.joints] * joints]
    velocity = [*[weights.root_velocity] * 6, *[weights.joint_velocity] * joints]
    return np.diag(position + velocity), weights.correction * np.eye(joints)


def _balancing(model: mujoco.MjModel) -> Array:
    """(J,) one for legs and waist, zero for the arms: these must stay with the ball whatever the balance asks for."""
    names = [model.actuator(i).name for i in range(model.nu)]
    return np.array([float(any(part in name for part in _BALANCERS)) for name in names])


def _linearised(
    model: mujoco.MjModel, reference: Reference, targets: Array, frame: int, robot: int, start: int
) -> tuple[Array, Array]:
    """One control step (2V, 2V), (2V, J) of the robot alone, linearised at a frame after settling since ``start``."""
    data = mujoco.MjData(model)
    data.qpos[:], data.qvel[:] = reference.qpos[start], reference.qvel[start]
    for step in range(start, frame):
        data.ctrl[:] = targets[step + 1]
        mujoco.mj_step(model, data, SUBSTEPS)
    data.ctrl[:] = targets[min(frame + 1, int(reference.last()[frame]))]
    mujoco.mj_step(model, data)
    size = 2 * model.nv
    a_step, b_step = np.zeros((size, size)), np.zeros((size, model.nu))
    mujoco.mjd_transitionFD(model, data, 1e-6, False, a_step, b_step, None, None)
    keep = np.concatenate([np.arange(robot), model.nv + np.arange(robot)])
    a_step, b_step = a_step[np.ix_(keep, keep)], b_step[keep] * _balancing(model)
    a, b = np.eye(len(keep)), np.zeros_like(b_step)
    for _ in range(SUBSTEPS):
        a, b = a_step @ a, a_step @ b + b_step
    return a, b


def body_error(reference_qpos: Array, reference_qvel: Array, posture: Array, qpos: Array, qvel: Array) -> Array:
    """Returns (n, 2 V) the robot's error in the tangent of the reference pose.

    Args:
        reference_qpos: (n, nq).
        reference_qvel: (n, nv).
        posture: (n, J) reference joints, moved to the ball.
        qpos: (n, nq) actual.
        qvel: (n, nv) actual.
    """
    from robomatrix.motions.rotations import conjugate, multiply, to_rotation_vector

    turn = to_rotation_vector(multiply(conjugate(reference_qpos[:, 3:7]), qpos[:, 3:7]))
    robot = reference_qvel.shape[1] - 6
    place = [qpos[:, :3] - reference_qpos[:, :3], turn, qpos[:, 7:-7] - posture]
    return np.concatenate([*place, qvel[:, :robot] - reference_qvel[:, :robot]], axis=1)
