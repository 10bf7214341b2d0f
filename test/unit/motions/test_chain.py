"""Clips are put on one stance and meet in common postures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.clips import made_clip

from robomatrix.motions.chain import JOIN_SECONDS, chain
from robomatrix.motions.clip import Clip
from robomatrix.motions.rotations import from_yaw, multiply, rotate, yaw_of

STEPS = int(JOIN_SECONDS * 60.0)


def moved(clip: Clip, yaw: float, offset: tuple[float, float, float]) -> Clip:
    turn = from_yaw(np.array(yaw))
    return replace(
        clip,
        positions=rotate(turn, clip.positions) + np.array(offset),
        pelvis_orientation=multiply(np.broadcast_to(turn, clip.pelvis_orientation.shape), clip.pelvis_orientation),
        ball_position=rotate(turn, clip.ball_position) + np.array(offset),
    )


@pytest.fixture(scope="module")
def taking() -> Clip:
    """Empty hands until frame 20, a ball that comes from the front, then holding."""
    clip = made_clip()
    ball = clip.ball_position.copy()
    ball[:20] += np.arange(20, 0, -1)[:, None] * [0.08, 0.0, 0.0]
    ball[30:] = ball[29]
    return replace(clip, name="take", label="catch", contact=np.arange(40) >= 20, ball_position=ball)


@pytest.fixture(scope="module")
def giving() -> Clip:
    return replace(moved(made_clip(), 1.0, (2.0, 1.0, 0.0)), name="give", label="pass")


def test_skills_meet_in_the_postures_and_stand_on_the_same_feet(taking: Clip, giving: Clip) -> None:
    took, gave = chain([taking, giving])
    assert (took.label, gave.label) == ("catch", "pass")
    assert (len(took), len(gave)) == (40 + STEPS, 40 + 2 * STEPS)
    np.testing.assert_allclose(gave.positions[0], took.positions[-1], atol=0.02)
    np.testing.assert_allclose(gave.positions[-1], took.positions[0], atol=1e-9)
    np.testing.assert_allclose(took.positions[20, 0], took.positions[-1, 0], atol=0.1)
    feet = [gave.bodies.index(f"{side}_{part}") for side in "LR" for part in ("Ankle", "Toe")]
    assert np.ptp(gave.positions[:, feet], axis=0).max() < 1e-9
    assert abs(float(yaw_of(gave.pelvis_orientation)[STEPS] - yaw_of(taking.pelvis_orientation)[0])) < 1e-6


def test_passages_start_and_end_at_the_clips_own_pace(taking: Clip, giving: Clip) -> None:
    _, gave = chain([taking, giving])
    step = np.linalg.norm(np.diff(gave.positions, axis=0), axis=-1).max(axis=1)
    assert step[0] < 0.004 > step[-1]
    assert np.abs(np.diff(step)[STEPS - 3 : STEPS + 3]).max() < 0.01


def test_contact_is_carried_into_the_passages(taking: Clip, giving: Clip) -> None:
    took, gave = chain([taking, giving])
    assert took.contact[-STEPS:].all() and not took.contact[:20].any()
    assert gave.contact[:STEPS].all() and not gave.contact[-STEPS:].any()


def test_clips_that_walk_or_lack_a_posture_stay_as_they_are(taking: Clip, giving: Clip) -> None:
    assert chain([giving])[0] is giving
    away = taking.positions + np.linspace(0.0, 1.0, 40)[:, None, None] * [1.0, 0.0, 0.0]
    walking = replace(taking, name="walk", positions=away)
    assert chain([walking, taking, giving])[0] is walking


def test_a_clip_that_steps_is_done_on_the_spot(taking: Clip, giving: Clip) -> None:
    drift = np.linspace(0.0, 0.3, 40)[:, None] * [1.0, 0.0, 0.0]
    stepping = replace(taking, name="step", positions=taking.positions + drift[:, None])
    _, done, _ = chain([taking, stepping, giving])
    assert np.ptp(done.body("Pelvis")[:40, :2], axis=0).max() < 1e-9
