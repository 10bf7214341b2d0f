"""Left-right symmetry of humanoids: the same motion mirrored is as good, so a policy need only learn one half.

While the gait's clock is in its second half (the right foot swings), the policy is shown the mirrored robot, whose left
foot swings, and its action is mirrored back. The walk is symmetric by construction and learns from twice the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robomatrix.robots.humanoid import Humanoid

Tensor = Any
"""A numpy array or a torch tensor."""


@dataclass(frozen=True, eq=False)
class Mirror:
    """A signed permutation of vector entries that is its own inverse."""

    source: NDArray[np.intp]
    """Entry of the original that stands at each place of the mirrored."""
    sign: NDArray[np.float64]

    def __call__(self, value: Tensor) -> Tensor:
        """Mirrors the last axis of a numpy array or torch tensor."""
        if isinstance(value, np.ndarray):
            return value[..., self.source] * self.sign.astype(value.dtype)
        import torch

        return value[..., torch.as_tensor(self.source)] * torch.as_tensor(self.sign, dtype=value.dtype)


def joined(*parts: Mirror) -> Mirror:
    """Returns the mirror of vectors that are the parts' vectors one after the other."""
    starts = np.cumsum([0, *(part.source.size for part in parts)])
    source = [part.source + start for part, start in zip(parts, starts, strict=False)]
    return Mirror(np.concatenate(source), np.concatenate([part.sign for part in parts]))


def signs(*values: float) -> Mirror:
    """Returns a mirror that keeps the order and flips where -1 stands."""
    return Mirror(np.arange(len(values)), np.array(values))


def swapped(size: int) -> Mirror:
    """Returns a mirror that swaps the left half with the right half of ``size`` entries."""
    return Mirror(np.roll(np.arange(size), size // 2), np.ones(size))


def joint_mirror(robot: Humanoid, indices: Sequence[int] | None = None) -> Mirror:
    """Returns the mirror of joint vectors in the policies' order, or of the joints at ``indices`` only."""
    names = [robot.joints[i] for i in (range(len(robot.joints)) if indices is None else indices)]
    other = [_other(name) for name in names]
    sign = [-1.0 if ("roll" in name or "yaw" in name or name == "torso_joint") else 1.0 for name in names]
    return Mirror(np.array([names.index(name) for name in other]), np.array(sign))


def observation_mirror(robot: Humanoid, goal: Mirror) -> Mirror:
    """Returns the mirror of :meth:`Proprioception.vector`; the clock moves by half a cycle."""
    joints = joint_mirror(robot)
    gyro, gravity, clock = signs(-1, 1, -1), signs(1, -1, 1), signs(-1, -1)
    return joined(goal, gyro, gravity, joints, joints, joints, clock)


def second_half(phase: Tensor, gate: Tensor) -> Tensor:
    """Returns where the right foot is the one to swing (n,): the policy then sees the mirrored robot."""
    return (phase >= 0.5) & (gate > 0.0)


def _other(name: str) -> str:
    if name.startswith("left_"):
        return "right_" + name.removeprefix("left_")
    return "left_" + name.removeprefix("right_") if name.startswith("right_") else name
