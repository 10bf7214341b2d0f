"""Where palms go for two-handed holds: round the ball before a touch, onto it, and against each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from robomatrix.motions.clip import Clip
from robomatrix.motions.edit import runs

if TYPE_CHECKING:
    from robomatrix.motions.retarget import Mapping

Array = NDArray[np.float64]
OPENING, CLOSING = 16, 6
"""Frames before a touch in which the palms open round the ball, and after it in which they close."""
CLOSING_LYING = 4
"""Frames in which they close on a ball that lies still."""
OPEN, OPEN_LYING = 0.12, 0.06
"""How much further from the ball than its grip an open palm waits, for a flying ball and for a lying one [m]."""


@dataclass(frozen=True, eq=False)
class Grips:
    """Where the palms go for two-handed holds: open round the ball before a touch, closing on it, then squeezing."""

    palms: Array
    """(T, 2, 3) points for the palms [m]."""
    weight: Array
    """(T,) of their tasks; zero without a grip near."""
    closed: NDArray[np.bool_]
    """(T,) whether the hands have closed; while they are open nothing pulls them onto the ball's centre."""

    @classmethod
    def of(cls, clip: Clip, hands: NDArray[np.bool_], mapping: Mapping) -> Grips:
        """Returns the grips of a clip whose contact per hand (T, 2) is known."""
        directions, both = _opposed_palms(clip), hands.all(axis=1)
        radius = np.full(len(clip), mapping.grip_radius)
        centre, weight = clip.ball_position.copy(), np.where(both, mapping.palm_weight, 0.0)
        for start, _ in runs(both):
            if start == 0:
                continue
            first = max(0, start - OPENING)
            before = np.arange(first, start)
            centre[before], directions[before] = clip.ball_position[start], directions[start]
            weight[before] = mapping.palm_weight * ((before - first + 1) / len(before)) ** 2
            lying = np.linalg.norm(clip.ball_velocity()[start - 1]) < 0.5
            wide, closing = (OPEN_LYING, CLOSING_LYING) if lying else (OPEN, CLOSING)
            near = np.arange(first, min(start + closing, len(clip)))
            x = np.clip((near - start + 2) / (closing + 2), 0.0, 1.0)
            radius[near] += wide * (1.0 - x * x * (3.0 - 2.0 * x))
        palms = centre[:, None] + radius[:, None, None] * directions
        return cls(palms, weight, radius < mapping.grip_radius + 0.01)


def _opposed_palms(clip: Clip, largest_tilt: float = 0.28) -> Array:
    """Unit directions (T, 2, 3) from the ball to each palm, turned as little as lets friction hold a squeezed ball.

    Both lean by at most ``largest_tilt`` [rad] out of the line through the ball: a mocap hand hooks its fingers behind
    the ball, a flat one cannot.
    """
    palms = [
        np.mean([clip.body(f"{side}_{n}") for n in ("Wrist", "Index1", "Middle1", "Pinky1")], axis=0) for side in "LR"
    ]
    left, right = (unit(palm - clip.ball_position) for palm in palms)
    line = unit(running_mean(left - right))
    lean = running_mean(0.5 * (left + right))
    lean -= np.sum(lean * line, axis=1, keepdims=True) * line
    size = np.linalg.norm(lean, axis=1, keepdims=True)
    tilt = np.minimum(np.arcsin(np.clip(size, 0.0, 1.0)), largest_tilt)
    aside = np.sin(tilt) * lean / np.maximum(size, 1e-9)
    return np.stack([np.cos(tilt) * line + aside, -np.cos(tilt) * line + aside], axis=1)


def running_mean(track: Array, window: int = 5) -> Array:
    """Returns the mean of (T, d) over ``window`` frames, edges repeated."""
    padded = np.pad(track, ((window // 2, window // 2), (0, 0)), mode="edge")
    return np.stack([np.convolve(column, np.full(window, 1.0 / window), "valid") for column in padded.T], axis=1)


def unit(v: Array) -> Array:
    """Returns vectors (..., d) scaled to length one."""
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9)
