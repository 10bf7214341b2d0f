"""Keypoints of a four-fingered hand from its joint positions, for whole batches.

DexGen (arXiv 2502.04307, controller section) describes motion by eight points in the wrist frame: of each finger a
knuckle and the tip. Sixteen joints can be told from these 24 numbers, not from the tips alone.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import ConfigurationError

Array = NDArray[np.float64]

WRIST_LINK = "palm"
FINGERS = ("index", "middle", "ring", "thumb")
KNUCKLES: Mapping[str, str] = {
    "index": "index_middle",
    "middle": "middle_middle",
    "ring": "ring_middle",
    "thumb": "thumb_distal",
}
"""Link whose origin is the finger's knuckle keypoint."""

_DIFFERENCE = 1e-5
"""For derivatives [rad]."""
_DAMPING = 0.015
"""Of least squares [m/rad]; a joint moves its tip by some 0.05."""


@dataclass(frozen=True)
class _Joint:
    name: str
    parent: str
    rotation: Array
    translation: Array
    axis: Array
    """Zero for a fixed joint."""
    lower: float
    upper: float


def _rpy_matrix(roll: float, pitch: float, yaw: float) -> Array:
    cr, sr, cp, sp, cy, sy = np.cos(roll), np.sin(roll), np.cos(pitch), np.sin(pitch), np.cos(yaw), np.sin(yaw)
    return np.array(
        [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
            [-sp, cp * sr, cp * cr],
        ]
    )


def _numbers(text: str) -> Array:
    return np.array([float(part) for part in text.split()])


def _read_joints(urdf: Path) -> dict[str, _Joint]:
    """Returns every joint of a URDF by its child link."""
    joints = {}
    for element in ElementTree.parse(urdf).getroot().iter("joint"):
        parent, child, origin = element.find("parent"), element.find("child"), element.find("origin")
        if parent is None or child is None:
            raise ConfigurationError(f"{urdf}: joint '{element.get('name')}' needs a parent and a child")
        place = {} if origin is None else origin.attrib
        axis, limit = element.find("axis"), element.find("limit")
        moves = element.get("type") != "fixed" and axis is not None and limit is not None
        joints[child.get("link", "")] = _Joint(
            name=element.get("name", ""),
            parent=parent.get("link", ""),
            rotation=_rpy_matrix(*_numbers(place.get("rpy", "0 0 0"))),
            translation=_numbers(place.get("xyz", "0 0 0")),
            axis=_numbers(axis.get("xyz", "1 0 0")) if moves else np.zeros(3),
            lower=float(limit.get("lower", 0.0)) if moves else 0.0,
            upper=float(limit.get("upper", 0.0)) if moves else 0.0,
        )
    return joints


def _chain(joints: Mapping[str, _Joint], tip: str, urdf: Path) -> list[tuple[str, _Joint]]:
    """Returns the (child link, joint) pairs from the wrist to the tip."""
    chain, link = [], tip
    while link != WRIST_LINK:
        if link not in joints:
            raise ConfigurationError(f"{urdf}: no chain of joints from link '{WRIST_LINK}' to link '{tip}'")
        chain.append((link, joints[link]))
        link = joints[link].parent
    return chain[::-1]


def _skew(axis: Array) -> Array:
    x, y, z = axis
    return np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])


class HandKinematics:
    """Batched forward kinematics of the keypoints.

    Attributes:
        joint_names: the 16 joints, finger by finger from the wrist outwards.
        lower: (16,) limits [rad].
        upper: (16,) limits [rad].
    """

    def __init__(self, urdf: Path) -> None:
        """Reads a hand whose fingers have four joints and end in links ``<finger>_tip``.

        Raises:
            ConfigurationError: a finger is missing or does not have four joints.
        """
        joints = _read_joints(urdf)
        chains = [_chain(joints, f"{finger}_tip", urdf) for finger in FINGERS]
        for finger, chain in zip(FINGERS, chains, strict=True):
            if len(chain) != 5 or any(not j.axis.any() for _, j in chain[:4]) or chain[4][1].axis.any():
                raise ConfigurationError(f"{urdf}: finger '{finger}' must be four moving joints and a fixed tip")
        moving = [joint for chain in chains for _, joint in chain[:4]]
        self.joint_names: tuple[str, ...] = tuple(j.name for j in moving)
        self.lower: Array = np.array([j.lower for j in moving])
        self.upper: Array = np.array([j.upper for j in moving])
        self._rotations = np.array([[j.rotation for _, j in chain] for chain in chains])
        self._translations = np.array([[j.translation for _, j in chain] for chain in chains])
        self._skews = np.array([[_skew(j.axis) for _, j in chain[:4]] for chain in chains])
        self._squares = self._skews @ self._skews
        self._knuckles = tuple(
            [link for link, _ in chain].index(KNUCKLES[finger]) for finger, chain in zip(FINGERS, chains, strict=True)
        )

    def keypoints(self, positions: Array) -> Array:
        """Returns the eight keypoints in the wrist frame.

        Args:
            positions: (..., 16) joint positions [rad], in the order of ``joint_names``.

        Returns:
            (..., 8, 3) [m]; of index, middle, ring, thumb first the knuckle, then the tip.
        """
        angles = np.asarray(positions, dtype=np.float64)
        batch = angles.shape[:-1]
        angles = angles.reshape(*batch, 4, 4)
        sin, cos = np.sin(angles)[..., None, None], 1.0 - np.cos(angles)[..., None, None]
        turns = np.eye(3) + sin * self._skews + cos * self._squares
        rotation = np.broadcast_to(np.eye(3), (*batch, 4, 3, 3))
        origin = np.zeros((*batch, 4, 3))
        found = np.empty((*batch, 4, 2, 3))
        for k in range(5):
            origin = origin + (rotation @ self._translations[:, k, :, None])[..., 0]
            for finger, knuckle in enumerate(self._knuckles):
                if knuckle == k:
                    found[..., finger, 0, :] = origin[..., finger, :]
            if k < 4:
                rotation = rotation @ self._rotations[:, k] @ turns[..., k, :, :]
        found[..., 1, :] = origin
        return found.reshape(*batch, 8, 3)

    def carry(self, positions: Array, step: Array) -> Array:
        """Returns joint changes (..., 16) [rad] that move every fingertip by the same step (..., 3) [m].

        Damped least squares of the first order: joints that hardly move a tip that way stay where they are.
        """
        start = self.keypoints(positions)
        columns = []
        for joint in range(4):  # no finger moves another's tip, so one difference serves all four
            moved = np.array(positions, dtype=np.float64)
            moved[..., joint::4] += _DIFFERENCE
            columns.append((self.keypoints(moved) - start)[..., 1::2, :] / _DIFFERENCE)
        jacobian = np.stack(columns, axis=-1)
        turned = np.swapaxes(jacobian, -1, -2)
        wanted = np.broadcast_to(np.asarray(step)[..., None, :, None], (*jacobian.shape[:-1], 1))
        change = np.linalg.solve(turned @ jacobian + _DAMPING**2 * np.eye(4), turned @ wanted)
        return change.reshape(start.shape[:-2] + (16,))

    def order(self, names: Sequence[str]) -> NDArray[np.intp]:
        """Returns where each of ``joint_names`` stands in ``names``.

        Raises:
            ConfigurationError: a joint of the hand is not among them; lists what is.
        """
        missing = [name for name in self.joint_names if name not in names]
        if missing:
            raise ConfigurationError(f"no joint {', '.join(missing)} in: {', '.join(names) or 'nothing'}")
        return np.array([list(names).index(name) for name in self.joint_names])
