"""The baseline without a network: what the data did where hand and command were most alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robomatrix.policies.dexgen.kinematics import HandKinematics
from robomatrix.policies.dexgen.observation import commanded_motion, state_vector
from robomatrix.training.dexgen.dataset import TransitionSet, split_shards

Array = NDArray[np.float64]

SAMPLES = 50_000
"""Of the data, drawn once: as many as are compared in some milliseconds."""
SHARDS = 11
"""Read: one of each object."""
_FINEST = 1e-3
"""No number is told apart more finely [rad or m]."""


class NearestMotion:
    """Looks up, among careful samples, the intended change of the servo targets for a hand and a command.

    The distance is the squared difference of state and motion in standard deviations, averaged over the numbers of
    each; the motion's counts ``weight`` times.
    """

    def __init__(self, kinematics: HandKinematics, data: Path, weight: float, samples: int = SAMPLES) -> None:
        """Reads some training shards of ``data``; ConfigurationError if there are none."""
        self._kinematics, self._weight = kinematics, weight
        rng = np.random.default_rng(0)
        transitions = TransitionSet(kinematics, split_shards(data)[0][:SHARDS])
        rows = transitions.careful_rows()
        rows = rng.choice(rows, min(samples, len(rows)), replace=False)
        drawn = transitions.batch(rows, rng)
        state, motion = drawn.history[:, -1].numpy(), drawn.motion.numpy()
        self._changes = drawn.change.numpy().astype(np.float64)
        self._state_scale = 1.0 / (state.std(axis=0).clip(_FINEST) * np.sqrt(state.shape[1]))
        self._motion_scale = np.sqrt(weight) / (motion.std(axis=0).clip(_FINEST) * np.sqrt(motion.shape[1]))
        self._known = self._features(state, motion)
        self._squares = (self._known**2).sum(axis=1)

    def _features(self, state: NDArray, motion: NDArray) -> NDArray[np.float32]:
        return np.concatenate([state * self._state_scale, motion * self._motion_scale], axis=1).astype(np.float32)

    def change(self, positions: Array, targets: Array, command: Array) -> Array:
        """Returns (N, 16) changes of servo targets [rad] for positions, targets in force and commands (N, 16) [rad]."""
        asked = self._features(
            state_vector(self._kinematics, positions, targets), commanded_motion(self._kinematics, targets, command)
        )
        return self._changes[np.argmin(self._squares - 2.0 * asked @ self._known.T, axis=1)]
