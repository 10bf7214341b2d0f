"""Changes of clips: other rate, mirror image, honest contact labels, ball path repaired, loop points, cuts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import ConfigurationError
from robomatrix.motions.clip import Clip
from robomatrix.motions.rotations import continuous, to_rotation_vector

Array = NDArray[np.float64]
GRAVITY = 9.81
THROWN, PUSH = 2.0, 20.0
"""A ball faster than this after a touch was thrown [m/s]; a hand that pushes it adds more than this [m/s^2]."""
HAND_BODIES = ("Wrist", "Index3", "Middle3", "Pinky3", "Middle1")


def cut(clip: Clip, start: int, stop: int) -> Clip:
    """Returns frames ``start`` to ``stop`` (excluded)."""
    if not 0 <= start < stop - 2 <= len(clip) - 2:
        raise ConfigurationError(f"{clip.name}: cannot cut frames {start}:{stop} out of {len(clip)}")
    tracks = ("positions", "pelvis_orientation", "ball_position", "ball_orientation", "contact")
    return replace(clip, **{name: getattr(clip, name)[start:stop] for name in tracks})


def resample(clip: Clip, rate: float) -> Clip:
    """Returns the clip at another rate [Hz]: positions linear, rotations along the great arc, contact nearest."""
    if rate == clip.rate:
        return clip
    from scipy.spatial.transform import Rotation, Slerp

    old = np.arange(len(clip)) / clip.rate
    new = np.arange(int(old[-1] * rate + 1e-9) + 1) / rate
    flat = np.concatenate([clip.positions.reshape(len(clip), -1), clip.ball_position], axis=1)
    moved = np.stack([np.interp(new, old, column) for column in flat.T], axis=1)

    def turned(q: Array) -> Array:
        return continuous(Slerp(old, Rotation.from_quat(q[:, [1, 2, 3, 0]]))(new).as_quat()[:, [3, 0, 1, 2]])

    return replace(
        clip,
        rate=rate,
        positions=moved[:, :-3].reshape(len(new), -1, 3),
        pelvis_orientation=turned(clip.pelvis_orientation),
        ball_position=moved[:, -3:],
        ball_orientation=turned(clip.ball_orientation),
        contact=clip.contact[np.rint(new * clip.rate).astype(int)],
    )


def mirror(clip: Clip) -> Clip:
    """Returns the mirror image through the plane y = 0, with left and right bodies (``L_``, ``R_``) exchanged."""
    swapped = [_other_side(name) for name in clip.bodies]
    missing = [name for name in swapped if name not in clip.bodies]
    if missing:
        raise ConfigurationError(f"{clip.name}: cannot mirror, no body {', '.join(missing)}")
    order = [clip.bodies.index(name) for name in swapped]
    flip, turn = np.array([1.0, -1.0, 1.0]), np.array([1.0, -1.0, 1.0, -1.0])
    return replace(
        clip,
        name=f"{clip.name}_mirrored",
        positions=clip.positions[:, order] * flip,
        pelvis_orientation=clip.pelvis_orientation * turn,
        ball_position=clip.ball_position * flip,
        ball_orientation=clip.ball_orientation * turn,
    )


def _other_side(name: str) -> str:
    sides = {"L_": "R_", "R_": "L_"}
    return sides[name[:2]] + name[2:] if name[:2] in sides else name


def relabel_contact(clip: Clip, reach: float = 0.17, free_fall_tolerance: float = 3.0) -> Clip:
    """Returns the clip with contact only where a hand is near the ball, less free flight at the ends of each touch.

    Args:
        clip: the clip; its own label, which follows distance and covers too much, is not used.
        reach: largest distance between a hand point and the ball's centre [m].
        free_fall_tolerance: how near to gravity the ball's acceleration must be to count as flight [m/s^2].
    """
    hands = np.stack([clip.body(f"{side}_{name}") for side in "LR" for name in HAND_BODIES], axis=1)
    near = np.min(np.linalg.norm(hands - clip.ball_position[:, None], axis=-1), axis=1) < reach
    acceleration = np.gradient(clip.ball_velocity(), 1.0 / clip.rate, axis=0)
    falling = np.linalg.norm(acceleration + [0.0, 0.0, GRAVITY], axis=1) < free_fall_tolerance
    contact = np.zeros_like(near)
    for start, stop in runs(near):
        held = np.flatnonzero(~falling[start:stop])
        if len(held) >= 3:
            first, last = start + held[0], start + held[-1] + 1
            contact[first : last if last == len(clip) else _release(clip, hands, acceleration, first, last)] = True
    return replace(clip, contact=contact)


def _release(clip: Clip, hands: Array, acceleration: Array, first: int, last: int) -> int:
    """Frame in which a touch ends: for a throw, where the hand stops pushing, which may be after or before ``last``."""
    if np.linalg.norm(clip.ball_velocity()[last]) < THROWN:
        return last
    span = slice(first, min(last + 8, len(clip)))
    gaps = np.linalg.norm(hands[span] - clip.ball_position[span, None], axis=-1)
    gaps = gaps.reshape(len(gaps), 2, -1).min(axis=2)
    middle = gaps[(last - first) // 2]
    gap = gaps[:, middle <= max(0.175, middle.min())].max(axis=1)
    push = np.linalg.norm(acceleration[span] + [0.0, 0.0, GRAVITY], axis=1)
    pushed = np.flatnonzero((push > PUSH) & (gap < 0.22))
    return first + int(pushed[-1]) + 1 if len(pushed) else last


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Returns the half-open intervals on which ``flags`` (T,) holds."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def lift_ball(clip: Clip, radius: float) -> Clip:
    """Returns the clip with the ball's centre never lower than its radius [m] (the clips' ball sinks into.

    The floor).
    """
    lifted = clip.ball_position.copy()
    lifted[:, 2] = np.maximum(lifted[:, 2], radius)
    return replace(clip, ball_position=lifted)


@dataclass(frozen=True)
class LoopPoint:
    """Two frames alike enough to jump from the second back to the first."""

    start: int
    stop: int
    body_error: float
    """Mean distance of the body points, in the pelvis's heading frame [m]."""
    ball_error: float
    """Distance of the ball, in that frame [m]."""


def loop_points(clip: Clip, shortest: float = 0.5, count: int = 5) -> list[LoopPoint]:
    """Returns the ``count`` best loops of at least ``shortest`` seconds, least body plus ball error first."""
    body, ball = _in_heading_frame(clip)
    gap = max(2, int(round(shortest * clip.rate)))
    pairs = [(i, j) for i in range(len(clip) - gap) for j in range(i + gap, len(clip))]
    if not pairs:
        return []
    first, last = np.array(pairs).T
    body_error = np.linalg.norm(body[first] - body[last], axis=-1).mean(axis=1)
    ball_error = np.linalg.norm(ball[first] - ball[last], axis=-1)
    best = np.argsort(body_error + ball_error)[:count]
    return [LoopPoint(int(first[k]), int(last[k]), float(body_error[k]), float(ball_error[k])) for k in best]


def _in_heading_frame(clip: Clip) -> tuple[Array, Array]:
    from robomatrix.motions.rotations import from_yaw, rotate, yaw_of

    origin = clip.positions[:, :1] * [1.0, 1.0, 0.0]
    back = from_yaw(-yaw_of(clip.pelvis_orientation))
    body = rotate(back[:, None], clip.positions - origin)
    return body, rotate(back, clip.ball_position - origin[:, 0])


def largest_turn(clip: Clip) -> float:
    """Returns the largest turn of the pelvis between two frames [rad], a check for wrapped rotation vectors."""
    from robomatrix.motions.rotations import conjugate, multiply

    q = clip.pelvis_orientation
    return float(np.linalg.norm(to_rotation_vector(multiply(q[1:], conjugate(q[:-1]))), axis=1).max())
