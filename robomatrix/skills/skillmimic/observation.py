"""What the player's policies observe and what their actions mean; the same code in training and in the skill.

Everything is expressed in the heading frame: origin under the pelvis, x along the pelvis's heading, z up. The common
network has no clock, no reference, no previous action: the label alone says what to do (SkillMimic, arXiv 2408.15270,
section on the policy). An *expert*, the network of one skill, sees in place of the label how the ball lay in the hands
as the skill began, the hoop and a clock; this departs from the paper.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from robomatrix.policies.spec import Term

Array = NDArray[np.float64]
LABELS = ("pick_up", "catch", "pass", "set_shot", "stand", "dribble")
"""Skills of the common network, in the order of the one-hot label."""
SKILLS = (*LABELS, "bounce")
"""Those and what only experts do."""
VELOCITY_SCALE = 0.1
"""Of joint velocities, so that all inputs are of the order of one."""
CLOCK_KNOTS, CLOCK_SPACING = 64, 0.05
"""An expert sees the time since its label was set by so many hat functions, so far apart [s]."""
LOOK = 14 / 60
"""An expert remembers the posture at this time after its label was set; until then it sees the present one [s]."""


def terms(joints: int, labels: Sequence[str] = LABELS) -> tuple[Term, ...]:
    """Returns the observation's terms in order."""
    return (
        Term("pelvis_height", 1, "m"),
        Term("gravity_direction", 3),
        Term("linear_velocity", 3, "m/s"),
        Term("angular_velocity", 3, "rad/s"),
        Term("joint_position", joints, "rad"),
        Term("joint_velocity", joints, "rad/s", VELOCITY_SCALE),
        Term("ball_position", 3, "m"),
        Term("ball_velocity", 3, "m/s"),
        Term("skill_label", len(labels)),
    )


def expert_terms(joints: int) -> tuple[Term, ...]:
    """Returns the terms of an expert's observation in order."""
    remembered = Term("remembered_posture", 7 + joints)
    return (*terms(joints)[:-1], remembered, Term("hoop_position", 2, "m"), Term("clock", CLOCK_KNOTS))


def posture(observation: Array) -> Array:
    """Returns (n, 7 + J) what an expert remembers of an observation of body and ball: all but velocities."""
    joints = (observation.shape[1] - 16) // 2
    kept = [*range(4), *range(10, 10 + joints), *range(10 + 2 * joints, 13 + 2 * joints)]
    return observation[:, kept]


def heading(quaternion: Array) -> Array:
    """Returns (n, 2) cosine and sine of the yaw of orientations (n, 4)."""
    w, x, y, z = quaternion.T
    forward = np.stack([1.0 - 2.0 * (y * y + z * z), 2.0 * (w * z + x * y)], axis=1)
    return forward / np.maximum(np.linalg.norm(forward, axis=1, keepdims=True), 1e-9)


def into_heading(frame: Array, vectors: Array) -> Array:
    """Returns (n, 3) or (n, k, 3) world vectors in the heading frame given by ``frame`` (n, 2)."""
    shape = (len(frame),) + (1,) * (vectors.ndim - 2)
    c, s = frame[:, 0].reshape(shape), frame[:, 1].reshape(shape)
    x, y = vectors[..., 0], vectors[..., 1]
    return np.stack([c * x + s * y, c * y - s * x, vectors[..., 2]], axis=-1)


def into_world(frame: Array, vector: Array) -> Array:
    """Returns (n, 3) one vector (3,) of heading frames given by ``frame`` (n, 2) in the world."""
    c, s = frame.T
    x, y, z = vector
    return np.stack([c * x - s * y, s * x + c * y, np.full(len(c), z)], axis=-1)


def gravity_direction(quaternion: Array) -> Array:
    """Returns (n, 3) the unit vector of gravity in the body frame of orientations (n, 4)."""
    w, x, y, z = quaternion.T
    return -np.stack([2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)], axis=1)


def body_and_ball(qpos: Array, qvel: Array) -> Array:
    """Returns (n, d) all terms but the label.

    Args:
        qpos: (n, 7 + J + 7) pelvis position and orientation (w, x, y, z), joints, ball position and orientation.
        qvel: (n, 6 + J + 6) pelvis velocity in the world and angular velocity in its own frame, joints, ball.
    """
    frame = heading(qpos[:, 3:7])
    offset = qpos[:, -7:-4] - qpos[:, :3] * [1.0, 1.0, 0.0]
    return np.concatenate(
        [
            qpos[:, 2:3],
            gravity_direction(qpos[:, 3:7]),
            into_heading(frame, qvel[:, :3]),
            qvel[:, 3:6],
            qpos[:, 7:-7],
            VELOCITY_SCALE * qvel[:, 6:-6],
            into_heading(frame, offset),
            into_heading(frame, qvel[:, -6:-3]),
        ],
        axis=1,
    )


def with_label(observation: Array, label: NDArray[np.int64], labels: int = len(LABELS)) -> Array:
    """Returns (n, d + K): the observation and the one-hot label of each row."""
    return np.concatenate([observation, np.eye(labels)[label]], axis=1)


def with_cue(observation: Array, qpos: Array, remembered: Array, hoop: Array | None, elapsed: Array) -> Array:
    """Returns (n, d + 7 + J + 2 + CLOCK_KNOTS): what an expert sees.

    Args:
        observation: (n, d) as :func:`body_and_ball` has it.
        qpos: (n, 7 + J + 7) as there.
        remembered: (n, 7 + J) the posture at :data:`LOOK`, before that the present one.
        hoop: (3,) centre of the hoop in the world [m]; it is seen as zeros where there is none.
        elapsed: (n,) time since the label was set [s]; the clock stands still after its last knot.
    """
    ahead = np.zeros((len(qpos), 2))
    if hoop is not None:
        ahead = into_heading(heading(qpos[:, 3:7]), (hoop - qpos[:, :3]) * [1.0, 1.0, 0.0])[:, :2]
    time = np.clip(elapsed / CLOCK_SPACING, 0.0, CLOCK_KNOTS - 1.0)
    hats = np.maximum(1.0 - np.abs(time[:, None] - np.arange(CLOCK_KNOTS)), 0.0)
    return np.concatenate([observation, remembered, ahead, hats], axis=1)
