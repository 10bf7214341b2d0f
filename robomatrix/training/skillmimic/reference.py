"""The reference that a teacher follows: a retargeted clip made physical, frame by frame, at the control rate.

What the clips get wrong is mended here: soles are put on the floor, the ball lies in the hands while held and flies as
gravity has it otherwise, a standing end is appended, and the torques of the motion are computed. For a ball that is not
where the clip had it, each frame also carries how joints and body points move when both palms are displaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from robomatrix.motions.edit import GRAVITY, runs
from robomatrix.motions.grips import CLOSING
from robomatrix.motions.retarget import RobotMotion
from robomatrix.scenes.court import POINTS, RATE
from robomatrix.training.skillmimic.feedforward import SQUEEZE, joint_torques

Array = NDArray[np.float64]
HOLD_FRAMES = 36
"""Frames of standing still appended to each clip."""
SETTLE = 0.12
"""Time constant of coming to rest at the end [s]."""
PRESS = 0.0015
"""How deep a standing sole sinks into the floor [m]."""
_SHIFT_JOINTS = ("waist", "clavicle", "shoulder", "elbow", "forearm", "wrist")


@dataclass(frozen=True, eq=False)
class Reference:
    """T frames of one clip, or of many laid end to end."""

    qpos: Array
    """(T, nq) robot and ball."""
    qvel: Array
    """(T, nv)."""
    torque: Array
    """(T, J) feed-forward [N m]."""
    points: Array
    """(T, P, 3) positions of :data:`POINTS` [m]."""
    contact: NDArray[np.bool_]
    """(T, 2) hands on the ball."""
    shift_joints: Array
    """(T, J, 3) change of joints with a displacement of both palms [rad/m]."""
    shift_points: Array
    """(T, P, 3, 3) change of the points with that displacement."""
    touch: NDArray[np.int64]
    """(T,) frame of the first touch that is still to come, or of the present one; T - 1 of the clip where none is."""
    clip: NDArray[np.int64]
    """(T,) index of the clip."""
    label: NDArray[np.int64]
    """(T,) index of the skill."""

    def __len__(self) -> int:
        return len(self.qpos)

    @property
    def ball(self) -> Array:
        """(T, 3) ball centre."""
        return self.qpos[:, -7:-4]

    def last(self) -> NDArray[np.int64]:
        """Returns (T,) the last frame of each frame's clip."""
        ends = np.flatnonzero(np.diff(self.clip, append=self.clip[-1] + 1))
        return ends[np.searchsorted(ends, np.arange(len(self)))]

    def starts(self) -> NDArray[np.int64]:
        """Returns the first frame of each clip."""
        return np.flatnonzero(np.diff(self.clip, prepend=-1))


def join(references: Sequence[Reference]) -> Reference:
    """Returns the references laid end to end, clips renumbered."""
    offsets = np.cumsum([0, *(len(r) for r in references[:-1])])
    parts = {f.name: [getattr(r, f.name) for r in references] for f in fields(Reference)}
    parts["touch"] = [r.touch + o for r, o in zip(references, offsets, strict=True)]
    parts["clip"] = [np.full(len(r), i) for i, r in enumerate(references)]
    return Reference(**{name: np.concatenate(arrays) for name, arrays in parts.items()})


def make_reference(model: mujoco.MjModel, motion: RobotMotion, label: int) -> Reference:
    """Returns the physical reference of one motion at the control rate (the motion must already have it).

    The clip is cut to where it can be true: an approach that bounces starts after the bounce.
    """
    if motion.rate != RATE:
        raise ValueError(f"{motion.name}: {motion.rate:g} Hz; resample to {RATE:g} Hz before")
    robot, contact = _with_standing_end(motion)
    robot[:, 2] -= _floor_gap(model, robot)
    ball = _ball_path(model, motion, robot, contact)
    first = _after_last_bounce(ball, contact)
    robot, contact, ball = robot[first:], contact[first:], ball[first:]
    qpos = np.concatenate([robot, ball, np.tile([1.0, 0, 0, 0], (len(ball), 1))], axis=1)
    return reference_along(model, qpos, contact, label)


def reference_along(
    model: mujoco.MjModel, qpos: Array, contact: NDArray[np.bool_], label: int, squeeze: float = SQUEEZE,
    smoothing: float = 1.0,
) -> Reference:  # fmt: skip
    """Returns the reference of one clip whose postures (T, nq), ball included, are known; torques are computed.

    ``contact`` (T, 2) says which hand holds the ball, ``squeeze`` how hard each of two presses it [N];
    accelerations are averaged over ``smoothing`` frames.
    """
    qvel = _differences(model, qpos)
    qacc = gaussian_filter1d(np.gradient(qvel, 1.0 / RATE, axis=0), smoothing, axis=0)
    points, shift_joints, shift_points = points_and_shifts(model, qpos)
    return Reference(
        qpos=qpos,
        qvel=qvel,
        torque=joint_torques(model, qpos, qvel, qacc, contact, squeeze),
        points=points,
        contact=contact,
        shift_joints=shift_joints,
        shift_points=shift_points,
        touch=_next_touch(contact.any(axis=1)),
        clip=np.zeros(len(qpos), int),
        label=np.full(len(qpos), label),
    )


def make_stance(model: mujoco.MjModel, qpos: Array, label: int, frames: int = 48) -> Reference:
    """Returns the reference of standing still as ``qpos`` (nq,), soles put on the floor, the ball out of the way."""
    still = qpos.copy()
    still[2] -= _floor_gap(model, still[None, :-7])[0]
    still[-7:] = [still[0] + 2.0, still[1], float(model.geom("ball").size[0]), 1.0, 0.0, 0.0, 0.0]
    track, rest = still[None], np.zeros((1, model.nv))
    points, shift_joints, shift_points = points_and_shifts(model, track)
    free = np.zeros((1, 2), bool)
    one = Reference(
        qpos=track, qvel=rest, torque=joint_torques(model, track, rest, rest, free), points=points, contact=free,
        shift_joints=shift_joints, shift_points=shift_points, touch=np.array([frames - 1]), clip=np.array([0]),
        label=np.array([label]),
    )  # fmt: skip
    return Reference(**{f.name: np.repeat(getattr(one, f.name), frames, axis=0) for f in fields(Reference)})


def _with_standing_end(motion: RobotMotion) -> tuple[Array, NDArray[np.bool_]]:
    """Appends frames in which the last velocity dies away."""
    pace = (motion.qpos[-1] - motion.qpos[-4]) * RATE / 3.0
    time = np.arange(1, HOLD_FRAMES + 1)[:, None] / RATE
    tail = motion.qpos[-1] + pace * SETTLE * (1.0 - np.exp(-time / SETTLE))
    robot = np.concatenate([motion.qpos, tail])
    robot[:, 3:7] /= np.linalg.norm(robot[:, 3:7], axis=1, keepdims=True)
    return robot, np.concatenate([motion.contact, np.repeat(motion.contact[-1:], HOLD_FRAMES, axis=0)])


def _floor_gap(model: mujoco.MjModel, robot: Array) -> Array:
    """(T,) how far the body has to sink until its lowest sole presses on the floor, jumps left alone [m]."""
    data = mujoco.MjData(model)
    soles = [
        model.geom(f"{s}_{p}").id
        for s in ("left", "right")
        for p in ("heel", "ball_in", "ball_out", "toe_in", "toe_out")
    ]
    lows = []
    for q in robot:
        data.qpos[: len(q)] = q
        mujoco.mj_kinematics(model, data)
        lows.append(np.min(data.geom_xpos[soles, 2] - model.geom_size[soles, 0]))
    gap = np.minimum(lows, 0.04) + PRESS
    return gaussian_filter1d(gap, 4.0, mode="nearest")


def _ball_path(model: mujoco.MjModel, motion: RobotMotion, robot: Array, contact: NDArray[np.bool_]) -> Array:
    """(T, 3): between the hands while held, ballistic before and after, where the clip has it when at rest."""
    radius = float(model.geom("ball").size[0])
    recorded = np.concatenate([motion.ball_position, np.repeat(motion.ball_position[-1:], HOLD_FRAMES, axis=0)])
    recorded[:, 2] = np.maximum(recorded[:, 2], radius)
    held = _held_ball(model, robot, contact, recorded)
    path = recorded.copy()
    for start, stop in runs(contact.any(axis=1)):
        path[start:stop] = held[start:stop]
        if start > 0:
            closed = min(start + CLOSING, stop - 1)
            path[start:closed] = recorded[start:closed] + held[closed] - recorded[closed]
            _approach(path, recorded, start)
        if stop < len(path):
            thrown = (recorded[min(stop + 2, len(path) - 1)] - recorded[stop - 1]) * RATE / 3.0
            path[stop:] = _flight(path[stop - 1], thrown, len(path) - stop, radius)
    return path


def _held_ball(model: mujoco.MjModel, robot: Array, contact: NDArray[np.bool_], recorded: Array) -> Array:
    data = mujoco.MjData(model)
    sites = [model.site("left_hold").id, model.site("right_hold").id]
    held = recorded.copy()
    for frame, q in enumerate(robot):
        if contact[frame].any():
            data.qpos[: len(q)] = q
            mujoco.mj_kinematics(model, data)
            held[frame] = data.site_xpos[sites][contact[frame]].mean(axis=0)
    return held


def _approach(path: Array, recorded: Array, touch: int) -> None:
    """Before a touch: a resting ball stays where it will be taken, a flying one comes on the parabola.

    That ends there.
    """
    span = (
        np.linalg.norm(recorded[max(0, touch - 12) : touch] - recorded[touch - 1], axis=1).max() if touch > 1 else 0.0
    )
    if span < 0.05:
        path[:touch] = [*path[touch, :2], recorded[:touch, 2].min()]
        return
    back = min(touch, 12)
    time = (np.arange(touch) - touch) / RATE
    drop = 0.5 * GRAVITY * time**2 * np.array([[0.0], [0.0], [-1.0]])
    sample = recorded[touch - back : touch] - drop.T[touch - back : touch] - path[touch]
    velocity = np.linalg.lstsq(time[touch - back :, None], sample, rcond=None)[0][0]
    path[:touch] = path[touch] + velocity * time[:, None] + drop.T


def _flight(position: Array, velocity: Array, frames: int, radius: float) -> Array:
    """(frames, 3) ballistic path from a release; it ends on the floor, where rewards no longer look at it."""
    time = np.arange(1, frames + 1)[:, None] / RATE
    path = position + velocity * time - 0.5 * GRAVITY * time**2 * [0.0, 0.0, 1.0]
    path[:, 2] = np.maximum(path[:, 2], radius)
    return path


def _after_last_bounce(ball: Array, contact: NDArray[np.bool_]) -> int:
    """First frame of the clip from which the ball's approach is above the floor."""
    touch = int(np.argmax(contact.any(axis=1)))
    below = np.flatnonzero(ball[:touch, 2] < 0.115)
    return int(below[-1]) + 1 if len(below) else 0


def _differences(model: mujoco.MjModel, qpos: Array) -> Array:
    """(T, nv) velocities by central differences on the configuration manifold."""
    qvel = np.zeros((len(qpos), model.nv))
    for frame in range(len(qpos)):
        before, after = max(frame - 1, 0), min(frame + 1, len(qpos) - 1)
        mujoco.mj_differentiatePos(model, qvel[frame], (after - before) / RATE, qpos[before], qpos[after])
    return qvel


def points_and_shifts(model: mujoco.MjModel, qpos: Array) -> tuple[Array, Array, Array]:
    """Returns points (T, P, 3), and joints (T, J, 3) and points (T, P, 3, 3) moved with both palms.

    See :func:`palm_shift`.
    """
    data = mujoco.MjData(model)
    points, joints, moved = [], [], []
    for q in qpos:
        data.qpos[:] = q
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        points.append(np.stack([data.site(p).xpos for p in POINTS]))
        change, shift = palm_shift(model, data)
        joints.append(change)
        moved.append(shift)
    return np.array(points), np.array(joints), np.array(moved)


def palm_shift(model: mujoco.MjModel, data: mujoco.MjData) -> tuple[Array, Array]:
    """Damped least squares: joints (J, 3) and points (P, 3, 3) that move both palms by a unit displacement.

    Palms unturned.
    """
    robot = model.nv - 6
    names = [model.joint(i).name for i in range(1, robot - 5)]
    free = np.array([any(part in name for part in _SHIFT_JOINTS) for name in names])
    rows = []
    for side in ("left", "right"):
        place, turn = np.zeros((3, model.nv)), np.zeros((3, model.nv))
        mujoco.mj_jacSite(model, data, place, turn, model.site(f"{side}_palm").id)
        rows += [place[:, 6:robot] * free, 0.15 * turn[:, 6:robot] * free]
    stacked = np.concatenate(rows)
    wanted = np.concatenate([np.eye(3), np.zeros((3, 3)), np.eye(3), np.zeros((3, 3))])
    change = stacked.T @ np.linalg.solve(stacked @ stacked.T + 4e-3 * np.eye(12), wanted)
    shift = []
    for point in POINTS:
        place = np.zeros((3, model.nv))
        mujoco.mj_jacSite(model, data, place, None, model.site(point).id)
        shift.append(place[:, 6:robot] @ change)
    return change, np.array(shift)


def _next_touch(touching: NDArray[np.bool_]) -> NDArray[np.int64]:
    frames = np.arange(len(touching))
    touch = np.full(len(touching), len(touching) - 1)
    for start, stop in reversed(runs(touching)):
        touch[frames < stop] = start
    return touch
