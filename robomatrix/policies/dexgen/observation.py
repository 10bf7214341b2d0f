"""What the controller sees and predicts: the same code in training, evaluation and on the robot.

Nothing here knows the object: touch shows in the difference between where the fingers should be and where they are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robomatrix.policies.dexgen.kinematics import HandKinematics
from robomatrix.policies.spec import Term

Array = NDArray[np.float64]

RATE = 10.0
"""Of the controller [Hz]; paper, controller section."""
HISTORY = 4
"""Observations stacked."""
HORIZON = 2
"""Predicted steps of 0.1 s."""
MODES = ("careful", "any")
"""One-hot condition: training samples after which the object stayed in the hand for long, or all."""
STATE_SIZE = 60
"""Of one observation."""
MOTION_SIZE = HORIZON * 24
KEYPOINTS = (8, 4)
"""How many points of the hand a controller may predict: knuckles and tips, or tips alone (the paper's ablation)."""

TERMS = (
    Term("tip_position", 12 * HISTORY, "m"),
    Term("joint_position", 16 * HISTORY, "rad"),
    Term("joint_target", 16 * HISTORY, "rad"),
    Term("control_error", 16 * HISTORY, "rad"),
)


def state_vector(kinematics: HandKinematics, positions: Array, targets: Array) -> Array:
    """Returns (..., 60): fingertips [m], joint positions, targets in force, and their difference [rad].

    Args:
        kinematics: of the hand.
        positions: (..., 16) measured joint positions [rad].
        targets: (..., 16) servo targets that were in force when the positions were measured [rad].
    """
    tips = kinematics.keypoints(positions)[..., 1::2, :]
    tips = tips.reshape(*positions.shape[:-1], 12)
    return np.concatenate([tips, positions, targets, targets - positions], axis=-1)


def predicted(keypoints: int) -> NDArray[np.intp]:
    """Returns which of the 48 numbers of a motion a controller of so many keypoints predicts."""
    whole = np.arange(MOTION_SIZE).reshape(HORIZON, 8, 3)
    return (whole if keypoints == 8 else whole[:, 1::2]).reshape(-1)


def commanded_motion(kinematics: HandKinematics, targets: Array, command: Array) -> Array:
    """Returns (..., 48): how far a command takes the keypoints of the targets in force, the same for both steps [m]."""
    offset = kinematics.keypoints(command) - kinematics.keypoints(targets)
    flat = offset.reshape(*offset.shape[:-2], 24)
    return np.concatenate([flat] * HORIZON, axis=-1)
