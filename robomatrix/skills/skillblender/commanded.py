"""A blend told what to do by a program instead of a policy: one skill for legs and waist, another for the arms."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from robomatrix.skills.skillblender.blend import Blend, BlendNetwork

Array = NDArray[np.float64]
LOGIT = 10.0
"""Of the weights: the softmax leaves nothing to the other skills."""


def commanded(blend: Blend, goals: Mapping[str, Array], legs: str, arms: str) -> BlendNetwork:
    """Returns the network of a whole body for fixed sub-goals.

    Args:
        blend: The frozen skills.
        goals: By skill its sub-goal (k,), in its network's units; 0 where none is named.
        legs: Skill that moves legs and waist.
        arms: Skill that moves the arms.
    """
    parts, logits = [], np.full((len(blend.skills), blend.joints), -LOGIT)
    moved_by_legs = len(blend.skills[0].function.robot.legs) + 1
    for i, skill in enumerate(blend.skills):
        name, size = skill.function.name, skill.function.goal_size
        parts.append(np.asarray(goals.get(name, np.zeros(size))))
        logits[i, :moved_by_legs] = LOGIT if name == legs else -LOGIT
        logits[i, moved_by_legs:] = LOGIT if name == arms else -LOGIT
    output = np.concatenate([*parts, logits.ravel()]).astype(np.float32)[None]
    return BlendNetwork(blend, lambda observation: output)
