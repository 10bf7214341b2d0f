"""Reads BallPlay-M clips: float tensors (T, 337) at 60 Hz, as released with SkillMimic (arXiv 2408.15270).

The project ships no clip. The joint angles of these files (columns 6:165) were solved apart from the positions and
wrap at pi, so only positions (165:324), the pelvis rotation (3:6), the ball (324:330) and the contact label (336) are
used.
"""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import ConfigurationError
from robomatrix.motions.clip import Clip, validate
from robomatrix.motions.rotations import conjugate, continuous, from_matrix, from_rotation_vector, multiply

COLUMNS = 337
RATE = 60.0
_FINGERS = ("Index", "Middle", "Pinky", "Ring", "Thumb")
_ARM = ("Thorax", "Shoulder", "Elbow", "Wrist", *(f"{f}{i}" for f in _FINGERS for i in (1, 2, 3)))
BODIES = (
    "Pelvis",
    *(f"{side}_{joint}" for side in "LR" for joint in ("Hip", "Knee", "Ankle", "Toe")),
    *("Torso", "Spine", "Spine2", "Chest", "Neck", "Head"),
    *(f"{side}_{joint}" for side in "LR" for joint in _ARM),
)
LABELS = {
    "000": "getup", "001": "pick_up", "002": "rebound", "003": "catch", "004": "pass",
    "005": "jump_shot", "006": "jump_shot", "007": "jump_shot", "009": "dribble_to_shot", "010": "run",
    "011": "dribble_left", "012": "dribble_right", "013": "dribble_forward", "023": "turn_hook", "031": "layup",
    "034": "turn_layup", "040": "turn_to_left_hand", "041": "back_dribble", "042": "turn_over",
    "043": "leg_turn", "044": "between_legs", "045": "between_legs",
}  # fmt: skip
"""Skill by the three digits that start a BallPlay-M file name."""
FOLDERS = {"v2_Setshot": "set_shot", "v2_Jumpshot": "jump_shot", "v2_Chestpass": "pass", "v2_getup": "getup"}
"""Skill by folder, for releases whose file names do not carry the digits."""
_UNREADABLE = (
    OSError, RuntimeError, EOFError, pickle.UnpicklingError, KeyError, IndexError, ValueError, TypeError,
    AttributeError,
)  # fmt: skip
"""What torch's reader raises on files that are not tensors."""
_PELVIS_AXES = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
"""Columns: our x (forward), y (left), z (up) in the file's pelvis frame (x left, y up, z forward)."""


def column_name(index: int) -> str:
    """Returns what a column holds, for error messages."""
    axis = "xyz"[index % 3]
    blocks = ((3, "pelvis position"), (6, "pelvis rotation vector"), (9, "pelvis rotation vector (again)"))
    for end, text in blocks:
        if index < end:
            return f"{text} {axis}"
    if index < 165:
        return f"{BODIES[(index - 6) // 3]} joint rotation vector {axis}"
    if index < 324:
        return f"{BODIES[(index - 165) // 3]} position {axis}"
    if index < 330:
        return f"ball {'position' if index < 327 else 'rotation vector'} {axis}"
    return "hand contact label" if index == 336 else "unused"


def read_tensor(path: Path) -> NDArray[np.float64]:
    """Returns the (T, 337) numbers of a file. Raises ConfigurationError naming the file and the column.

    That is wrong.
    """
    import torch

    try:
        tensor = torch.load(path, weights_only=True, map_location="cpu")
    except _UNREADABLE as error:
        raise ConfigurationError(f"{path}: not a BallPlay clip (.pt): {error}") from error
    if not isinstance(tensor, torch.Tensor) or tensor.ndim != 2:
        raise ConfigurationError(
            f"{path}: holds {type(tensor).__name__}; expected one tensor of shape (frames, {COLUMNS})"
        )
    if tensor.shape[1] != COLUMNS:
        raise ConfigurationError(f"{path}: {tensor.shape[1]} columns; a BallPlay clip has {COLUMNS}")
    data = tensor.double().numpy()
    bad = np.argwhere(~np.isfinite(data))
    if len(bad):
        frame, column = (int(i) for i in bad[0])
        raise ConfigurationError(f"{path}: column {column} ({column_name(column)}) is not finite at frame {frame}")
    if not np.isin(data[:, 336], (0.0, 1.0)).all():
        raise ConfigurationError(f"{path}: column 336 (hand contact label) holds other values than 0 and 1")
    return data


def label_of(path: Path) -> str:
    """Returns the skill of a clip by its folder or the digits of its name; the file's stem where neither tells."""
    return FOLDERS.get(path.parent.name) or LABELS.get(path.stem[:3], path.stem)


def load_ballplay(path: Path, label: str | None = None) -> Clip:
    """Reads one clip; ``label`` overrides the skill that the file's name tells."""
    data = read_tensor(path)
    root = from_rotation_vector(data[:, 3:6])
    turn = np.broadcast_to(from_matrix(_PELVIS_AXES), root.shape)
    clip = Clip(
        name=path.stem,
        label=label or label_of(path),
        rate=RATE,
        bodies=BODIES,
        positions=data[:, 165:324].reshape(len(data), len(BODIES), 3),
        pelvis_orientation=continuous(multiply(root, turn)),
        ball_position=data[:, 324:327],
        ball_orientation=continuous(conjugate(from_rotation_vector(data[:, 327:330]))),
        contact=data[:, 336] > 0.5,
    )
    return validate(clip, str(path))
