from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from robomatrix.errors import ConfigurationError
from robomatrix.motions.clip import Clip
from robomatrix.motions.edit import cut, lift_ball, loop_points, mirror, relabel_contact, resample, runs


def test_mirroring_twice_is_the_clip(clip: Clip) -> None:
    back = mirror(mirror(clip))
    np.testing.assert_allclose(back.positions, clip.positions)
    np.testing.assert_allclose(back.ball_orientation, clip.ball_orientation)


def test_the_mirror_image_swaps_sides_and_turns_the_other_way(clip: Clip) -> None:
    yaw = np.linspace(0.0, 1.0, len(clip))
    turning = np.stack([np.cos(yaw / 2), 0 * yaw, 0 * yaw, np.sin(yaw / 2)], axis=1)
    image = mirror(replace(clip, pelvis_orientation=turning))
    np.testing.assert_allclose(image.body("L_Wrist")[:, 1], -clip.body("R_Wrist")[:, 1])
    np.testing.assert_allclose(image.pelvis_angular_velocity()[5], [0, 0, -60.0 / 39], atol=1e-9)


def test_a_clip_without_the_other_side_cannot_be_mirrored(clip: Clip) -> None:
    with pytest.raises(ConfigurationError, match="no body R_Hip"):
        mirror(replace(clip, bodies=("Pelvis", "L_Hip"), positions=clip.positions[:, :2]))


def test_free_flight_is_no_contact(clip: Clip) -> None:
    held = relabel_contact(replace(clip, contact=np.ones(len(clip), bool)))
    ((start, stop),) = runs(held.contact)
    assert start == 0
    assert 27 <= stop <= 33


def test_resampling_keeps_time_and_velocity(clip: Clip) -> None:
    fast = resample(clip, 120.0)
    assert len(fast) == 79
    np.testing.assert_allclose(fast.positions[::2], clip.positions, atol=1e-12)
    assert fast.velocities()[20:40].max() == pytest.approx(clip.velocities()[10:20].max(), rel=0.05)
    assert resample(clip, clip.rate) is clip


def test_a_sunken_ball_is_lifted(clip: Clip) -> None:
    low = replace(clip, ball_position=clip.ball_position * [1, 1, 0] + [0, 0, 0.11])
    assert lift_ball(low, 0.12).ball_position[:, 2].min() == 0.12


def test_the_best_loop_is_where_the_motion_comes_back(clip: Clip) -> None:
    time = np.linspace(0.0, 4.0 * np.pi, 120)
    sway = np.stack([0 * time, 0 * time, 0.1 * np.sin(time)], axis=1)
    still = np.repeat(clip.positions[:1], 120, axis=0) + sway[:, None]
    periodic = replace(
        clip,
        positions=still,
        ball_position=np.repeat(clip.ball_position[:1], 120, axis=0),
        pelvis_orientation=np.repeat(clip.pelvis_orientation[:1], 120, axis=0),
        ball_orientation=np.repeat(clip.ball_orientation[:1], 120, axis=0),
        contact=np.ones(120, bool),
    )
    best = loop_points(periodic, shortest=0.75, count=1)[0]
    assert abs(best.stop - best.start - 59.5) <= 1.0 or best.body_error < 2e-3
    assert best.body_error < 0.01
    assert loop_points(clip, shortest=9.0) == []


def test_a_cut_outside_the_clip_is_refused(clip: Clip) -> None:
    assert len(cut(clip, 5, 20)) == 15
    with pytest.raises(ConfigurationError, match="cannot cut frames 5:99 out of 40"):
        cut(clip, 5, 99)


def test_runs_are_half_open() -> None:
    assert runs(np.array([True, False, True, True])) == [(0, 1), (2, 4)]
    assert runs(np.zeros(3, bool)) == []
