"""The unified imitation reward: a product of terms in [0, 1] (SkillMimic, arXiv 2408.15270, reward section).

Body, joints, ball, relative motion and the contact graph multiply, so that no term can be bought with another. The
contact graph comes from true geometry pairs. Two variants serve the evaluation: without the contact graph, and the
additive sum of body and ball terms that DeepMimic-style imitation uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RewardWeights:
    """Factors in the exponents."""

    body: float = 40.0
    """[1/m^2]."""
    joints: float = 10.0
    """[1/rad^2]."""
    ball: float = 8.0
    """[1/m^2]."""
    relative: float = 20.0
    """Palms against ball [1/m^2]."""
    hand_contact: float = 0.8
    """For each hand that touches the ball when it should not, or does not when it should."""
    other_contact: float = 0.8
    """For a ball that touches the rest of the body."""
    additive: bool = False
    """Mean instead of product (DeepMimic-style baseline)."""


def imitation_reward(errors: Mapping[str, Array], weights: RewardWeights) -> Array:
    """Returns the reward (n,) of one step, between 0 and 1."""
    exponents = np.stack(
        [
            weights.body * errors["body"],
            weights.joints * errors["joints"],
            weights.ball * errors["ball"],
            weights.relative * errors["relative"],
            weights.hand_contact * errors["hands"] + weights.other_contact * errors["others"],
        ]
    )
    return np.exp(-exponents).mean(axis=0) if weights.additive else np.exp(-exponents.sum(axis=0))


def contact_matters(contact: NDArray[np.bool_], clip: NDArray[np.int64], tolerance: int = 3) -> NDArray[np.bool_]:
    """Returns (T, 2) where a hand's contact is judged: not within ``tolerance`` frames of a change in the same clip."""
    matters = np.ones_like(contact)
    for step in range(1, tolerance + 1):
        same = clip[step:] == clip[:-step]
        changed = (contact[step:] != contact[:-step]) & same[:, None]
        matters[step:] &= ~changed
        matters[:-step] &= ~changed
    return matters
