"""Shards as training samples: four-step histories, the motion intended for the next two steps, the targets for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from robomatrix.errors import ConfigurationError
from robomatrix.policies.dexgen.kinematics import HandKinematics
from robomatrix.policies.dexgen.observation import HISTORY, HORIZON, MODES, STATE_SIZE, state_vector
from robomatrix.training.dexgen.data import MANIFEST

Array = NDArray[np.float64]

CAREFUL_TICKS = 60
"""A sample is ``careful`` if the object stayed in the hand for at least this long afterwards (6 s)."""
CAREFUL_SHOWN = 0.8
"""Share of the careful samples that are shown as such, the others as ``any``."""
FURTHEST = 0.25
"""An intention further from the servo targets in force counts as so far [rad]."""
_FINGER_LENGTH = 0.1
"""Turns joint noise into tip noise without kinematics [m]."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Samples, not normalised."""

    history: torch.Tensor
    """(B, 4, 60)."""
    mode: torch.Tensor
    """(B, 2) one-hot."""
    motion: torch.Tensor
    """(B, 48) intended offsets of the keypoints from where the servo targets in force would have them [m]."""
    change: torch.Tensor
    """(B, 16) intended servo targets minus those in force [rad]."""


class TransitionSet:
    """All samples of some shards, in memory."""

    def __init__(self, kinematics: HandKinematics, shards: list[Path]) -> None:
        """Reads the shards; ConfigurationError if there is nothing in them."""
        self._kinematics = kinematics
        columns: list[tuple[NDArray, ...]] = []
        for path in shards:
            columns.append(self._read(path, sum(len(c[0]) for c in columns)))
        if not columns:
            raise ConfigurationError("no shards to train from; run `robomatrix train dexgen data` first")
        columns = [np.concatenate(c) for c in zip(*columns, strict=True)]
        self.positions, self.targets, self.wanted, survival, first, last = columns
        self._first = first
        self._careful = survival >= CAREFUL_TICKS
        self.usable = np.flatnonzero(np.arange(len(last)) + HORIZON <= last)
        """Rows with two steps after them."""
        states = state_vector(kinematics, self.positions.astype(np.float64), self.targets.astype(np.float64))
        self._states = torch.from_numpy(states.astype(np.float32))
        self._motion = torch.from_numpy(self._motions().astype(np.float32))

    def _motions(self) -> NDArray[np.float32]:
        """Returns (rows, 48) intended motions of the keypoints; rows without two steps after them make no sense."""
        start = self._points(self.targets)
        return np.concatenate([self._points(self.intention(step)) - start for step in (1, HORIZON)], axis=1)

    def _points(self, angles: NDArray) -> Array:
        return self._kinematics.keypoints(angles.astype(np.float64)).reshape(-1, 24)

    def intention(self, step: int) -> NDArray[np.float32]:
        """Returns (rows, 16) the servo targets intended for some steps later, near those in force [rad]."""
        later = np.minimum(np.arange(len(self.targets)) + step, len(self.targets) - 1)
        return self.targets + np.clip(self.wanted[later] - self.targets, -FURTHEST, FURTHEST)

    @staticmethod
    def _read(path: Path, before: int) -> tuple[NDArray, ...]:
        """Returns the columns of a shard that comes after so many rows of others."""
        with np.load(path, allow_pickle=False) as file:
            lengths = file["lengths"]
            ends = before + np.cumsum(lengths)
            first, last = np.repeat(ends - lengths, lengths), np.repeat(ends - 1, lengths)
            rows = (file[name].astype(np.float32) for name in ("positions", "targets", "wanted"))
            return (*rows, file["survival"], first, last)

    def __len__(self) -> int:
        return len(self.usable)

    @property
    def careful_share(self) -> float:
        """Share of the samples in the careful mode."""
        return float(self._careful[self.usable].mean())

    def careful_rows(self) -> NDArray[np.intp]:
        """Returns the samples in the careful mode, for :meth:`batch`."""
        return np.flatnonzero(self._careful[self.usable])

    def batch(self, rows: NDArray[np.intp], rng: np.random.Generator, noise: float = 0.0) -> Batch:
        """Returns the samples at ``rows`` of :attr:`usable`.

        Args:
            rows: (B,) indices below ``len(self)``.
            rng: for the noise and for showing some careful samples as ``any``.
            noise: standard deviation of the measurement noise on joint positions [rad].
        """
        now = self.usable[rows]
        back = now[:, None] + np.arange(1 - HISTORY, 1)
        history = self._states[torch.from_numpy(np.maximum(back, self._first[now][:, None]))]
        if noise > 0.0:
            history = history + self._measurement_noise(history, rng, noise)
        motion = self._motion[torch.from_numpy(now)]
        change = torch.from_numpy(np.clip(self.wanted[now + 1] - self.targets[now], -FURTHEST, FURTHEST))
        careful = self._careful[now] & (rng.random(len(now)) < CAREFUL_SHOWN)
        mode = torch.zeros(len(now), len(MODES))
        mode[torch.arange(len(now)), torch.from_numpy(np.where(careful, 0, 1))] = 1.0
        return Batch(history, mode, motion, change)

    @staticmethod
    def _measurement_noise(history: torch.Tensor, rng: np.random.Generator, size: float) -> torch.Tensor:
        drawn = torch.from_numpy(rng.normal(0.0, size, (*history.shape[:2], 28)).astype(np.float32))
        changed = torch.zeros_like(history)
        changed[..., :12] = _FINGER_LENGTH * drawn[..., :12]
        changed[..., 12:28], changed[..., 44:60] = drawn[..., 12:], -drawn[..., 12:]
        return changed

    def statistics(self, rng: np.random.Generator, count: int = 20_000) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
        """Returns mean and standard deviation of ``state`` (60,), ``motion`` (48,) and ``change`` (16,)."""
        sample = self.batch(rng.integers(len(self), size=count), rng)
        values = {"state": sample.history.reshape(-1, STATE_SIZE), "motion": sample.motion, "change": sample.change}
        return {k: (v.mean(dim=0), v.std(dim=0).clamp_min(1e-4)) for k, v in values.items()}


def split_shards(folder: Path, held_out: int = 1) -> tuple[list[Path], list[Path]]:
    """Returns the finished shards for training and for validation, the last ones.

    Raises:
        ConfigurationError: the folder has no manifest or too few shards.
    """
    path = folder / MANIFEST
    if not path.exists():
        raise ConfigurationError(f"{folder} has no {MANIFEST}; run `robomatrix train dexgen data` first")
    shards = [folder / name for name in sorted(json.loads(path.read_text())["shards"])]
    if len(shards) <= held_out:
        raise ConfigurationError(f"{folder} has {len(shards)} shards; at least {held_out + 1} are needed")
    return shards[:-held_out], shards[-held_out:]
