"""Puts clips of one player on one stance and joins their ends, so that every skill begins where another ends.

In-place skills meet in two postures: at rest with empty hands, and at rest with the ball. A clip that takes the ball
then leads from the first to the second, a clip that gives it away back again, and any order of them is one motion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from robomatrix.motions.clip import Clip
from robomatrix.motions.edit import cut
from robomatrix.motions.rotations import from_yaw, multiply, rotate, yaw_of

Array = NDArray[np.float64]
FEET = ("L_Ankle", "L_Toe", "R_Ankle", "R_Toe")
KNEES = ("L_Knee", "R_Knee")
STEP, WALK = 0.1, 0.6
"""A clip whose ankles travel further than the first steps, and is done on the spot; beyond the second it walks [m]."""
JOIN_SECONDS = 0.6
"""Time of a passage between a posture and the start or end of a clip."""


FADE_SECONDS = 0.3
"""Time in which a clip that cannot wait is faded in."""


@dataclass(frozen=True)
class Stance:
    """The two postures in which skills meet: single frames of clips that stand on the same feet."""

    empty: Clip
    holding: Clip


def chain(clips: Sequence[Clip]) -> list[Clip]:
    """Returns the clips on the stance of the first that ends with the ball in the hands, joined to common postures.

    A clip that begins with a flying ball keeps its length, the thrower sets the time; its first moments are faded in.
    One that begins bent over a lying ball appears twice, as it is and led up to from rest. Clips that walk stay as they
    are, and so do all when the two postures are not among them.
    """
    standing = [clip for clip in clips if _steps(clip) < WALK]
    anchors = [clip for clip in standing if clip.contact[-1]]
    placed = [_on_feet(clip, anchors[0]) for clip in standing] if anchors else []
    empty = [_frame(c, -1) for c in placed if not c.contact[-1]] + [_frame(c, 0) for c in placed if not c.contact[0]]
    if not empty:
        return list(clips)
    stance = Stance(empty[0], _frame(placed[standing.index(anchors[0])], -1))
    joined = iter([_joined(clip, stance) for clip in placed])
    return [part for clip in clips for part in (next(joined) if clip in standing else [clip])]


def in_place(clip: Clip) -> bool:
    """Returns whether a clip's feet stay where they are."""
    return _steps(clip) < STEP


def _steps(clip: Clip) -> float:
    """How far the ankles travel [m]."""
    return max(float(np.ptp(clip.body(f"{side}_Ankle")[:, :2], axis=0).max()) for side in "LR")


def _frame(clip: Clip, index: int) -> Clip:
    """One frame, three times: clips have velocities."""
    pick = np.full(3, index)
    tracks = ("positions", "pelvis_orientation", "ball_position", "ball_orientation", "contact")
    return replace(clip, **{name: getattr(clip, name)[pick] for name in tracks})


def _standing_frame(clip: Clip) -> int:
    """The frame in which a clip stands as the postures do: its end when it takes the ball, its start otherwise."""
    return len(clip) - 1 if clip.contact[-1] else 0


def _facing(clip: Clip) -> float:
    """Heading of the pelvis where the ball is first touched [rad]."""
    return float(yaw_of(clip.pelvis_orientation)[int(np.argmax(clip.contact))])


def _on_feet(clip: Clip, anchor: Clip) -> Clip:
    """Moves a clip to the anchor's feet: its pelvis and all above turned and moved, knees bent by as much as in it.

    Where the clip steps, its pelvis stays and a ball in the hands comes along.
    """
    frame, onto = _standing_frame(clip), _standing_frame(anchor)
    ahead = _facing(anchor) if clip is anchor else float(yaw_of(anchor.pelvis_orientation[onto]))
    turn = from_yaw(np.array(ahead - _facing(clip)))
    origin, target = clip.body("Pelvis")[frame], anchor.body("Pelvis")[onto]

    def moved(points: Array) -> Array:
        return rotate(turn, points - origin) + target

    positions = moved(clip.positions)
    for name in (*KNEES, *FEET):
        i, j = clip.bodies.index(name), anchor.bodies.index(name)
        bend = positions[:, i] - positions[frame, i] if name in KNEES else 0.0
        positions[:, i] = anchor.positions[onto, j] + bend
    sway = positions[:, clip.bodies.index("Pelvis")] - target
    ball = moved(clip.ball_position)
    if _steps(clip) > STEP:
        upper = [i for i, name in enumerate(clip.bodies) if name not in FEET]
        positions[:, upper] -= sway[:, None]
        ball = ball - sway * clip.contact[:, None]
    lying = clip.ball_position[:, 2] < 0.2
    ball[lying, 2] = clip.ball_position[lying, 2]
    return replace(
        clip,
        positions=positions,
        pelvis_orientation=multiply(np.broadcast_to(turn, clip.pelvis_orientation.shape), clip.pelvis_orientation),
        ball_position=ball,
    )


def _joined(clip: Clip, stance: Stance) -> list[Clip]:
    """The clip, led up to from a common posture and on to one."""
    after = stance.holding if clip.contact[-1] else stance.empty
    ended = _lead_on(clip, after)
    if clip.contact[0]:
        return [_lead_up(ended, stance.holding)]
    if clip.ball_position[0, 2] > 0.3:
        return [_fade_in(ended, stance.empty)]
    return [ended, _lead_up(ended, stance.empty)]


def _lead_up(clip: Clip, posture: Clip) -> Clip:
    """Prepends a passage from rest in a posture to the clip's first frame, at the clip's own pace there."""
    steps = int(JOIN_SECONDS * clip.rate)
    mirrored = _reversed(clip)
    return replace(_reversed(_append(mirrored, posture, steps)), name=f"{clip.name}_from_rest")


def _lead_on(clip: Clip, posture: Clip) -> Clip:
    """Appends a passage from the clip's last frame to rest in a posture; a ball that was let go keeps out of it."""
    return _append(clip, posture, int(JOIN_SECONDS * clip.rate))


def _fade_in(clip: Clip, posture: Clip) -> Clip:
    """Starts the body, not the ball, in a posture and gives it over to the clip before the ball is touched."""
    steps = min(int(FADE_SECONDS * clip.rate), int(np.argmax(clip.contact)))
    x = np.minimum(np.arange(len(clip)) / steps, 1.0)
    share = (x * x * (3.0 - 2.0 * x))[:, None]
    turns = _same_side(clip.pelvis_orientation, posture.pelvis_orientation[0])
    turns = posture.pelvis_orientation[0] + share * (turns - posture.pelvis_orientation[0])
    return replace(
        clip,
        positions=posture.positions[0] + share[..., None] * (clip.positions - posture.positions[0]),
        pelvis_orientation=turns / np.linalg.norm(turns, axis=1, keepdims=True),
    )


def _reversed(clip: Clip) -> Clip:
    tracks = ("positions", "pelvis_orientation", "ball_position", "ball_orientation", "contact")
    return replace(clip, **{name: getattr(clip, name)[::-1].copy() for name in tracks})


def _append(clip: Clip, posture: Clip, steps: int) -> Clip:
    start = cut(clip, len(clip) - 4, len(clip))

    def passage(track: Array, end: Array) -> Array:
        return np.concatenate([track, _hermite(track[-1], (track[-1] - track[-4]) / 3.0, end, steps)])

    turns = passage(_same_side(clip.pelvis_orientation, posture.pelvis_orientation[0]), posture.pelvis_orientation[0])
    held = bool(clip.contact[-1])
    rest = np.repeat(clip.ball_position[-1:], steps, axis=0)
    ball = passage(clip.ball_position, posture.ball_position[0]) if held else np.concatenate([clip.ball_position, rest])
    return replace(
        clip,
        positions=passage(clip.positions, posture.positions[0]),
        pelvis_orientation=turns / np.linalg.norm(turns, axis=1, keepdims=True),
        ball_position=ball,
        ball_orientation=np.concatenate([clip.ball_orientation, np.repeat(start.ball_orientation[-1:], steps, axis=0)]),
        contact=np.concatenate([clip.contact, np.full(steps, held)]),
    )


def _same_side(track: Array, end: Array) -> Array:
    return track if float(track[-1] @ end) >= 0.0 else -track


def _hermite(start: Array, pace: Array, end: Array, steps: int) -> Array:
    """(steps, ...) cubic from ``start`` with velocity ``pace`` [1/frame] to rest at ``end``."""
    x = (np.arange(1, steps + 1) / steps).reshape(-1, *([1] * start.ndim))
    leave = x * (1.0 - x) ** 2
    return start + (end - start) * x * x * (3.0 - 2.0 * x) + pace * steps * leave
