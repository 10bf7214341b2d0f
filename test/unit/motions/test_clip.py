from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from robomatrix.errors import ConfigurationError
from robomatrix.motions.clip import Clip, load_npz, save_npz, validate
from robomatrix.motions.library import find_clips, load_clip


def test_the_neutral_format_keeps_everything(clip: Clip, tmp_path: Path) -> None:
    save_npz(clip, tmp_path / "mine.npz")
    loaded = load_clip(tmp_path / "mine.npz")
    assert (loaded.name, loaded.label, loaded.rate, loaded.bodies) == ("mine", clip.label, clip.rate, clip.bodies)
    np.testing.assert_array_equal(loaded.positions, clip.positions)
    np.testing.assert_array_equal(loaded.contact, clip.contact)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.npz"]


def test_a_lacking_field_is_named(clip: Clip, tmp_path: Path) -> None:
    np.savez(tmp_path / "half.npz", rate=60.0, bodies=clip.bodies)
    with pytest.raises(ConfigurationError, match="half.npz: lacks positions, pelvis_orientation"):
        load_npz(tmp_path / "half.npz")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"text"])
def test_a_damaged_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "broken.npz"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="broken.npz"):
        load_npz(path)


def test_pickled_objects_are_never_loaded(tmp_path: Path) -> None:
    np.savez(tmp_path / "evil.npz", rate=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ConfigurationError, match="evil.npz"):
        load_npz(tmp_path / "evil.npz")


def test_wrong_shapes_rates_and_numbers_are_named(clip: Clip) -> None:
    with pytest.raises(ConfigurationError, match=r"ball_position has shape \(39, 3\); expected \(40, 3\)"):
        validate(replace(clip, ball_position=clip.ball_position[1:]), "x.npz")
    with pytest.raises(ConfigurationError, match="rate is 5 Hz; expected 10 to 1000 Hz"):
        validate(replace(clip, rate=5.0), "x.npz")
    spoilt = clip.positions.copy()
    spoilt[7, 3, 2] = np.nan
    with pytest.raises(ConfigurationError, match=r"positions\[3, 2\] is not finite at frame 7"):
        validate(replace(clip, positions=spoilt), "x.npz")
    with pytest.raises(ConfigurationError, match="not a unit quaternion at frame 0"):
        validate(replace(clip, pelvis_orientation=2.0 * clip.pelvis_orientation), "x.npz")


def test_an_unknown_body_is_answered_with_those_there_are(clip: Clip) -> None:
    with pytest.raises(ConfigurationError, match="no body 'Tail'; bodies: Pelvis, L_Hip"):
        clip.body("Tail")


def test_clips_are_found_and_strange_files_refused(saved: Path, tmp_path: Path) -> None:
    assert find_clips([tmp_path]) == [saved]
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigurationError, match="no clips"):
        find_clips([tmp_path / "empty"])
    with pytest.raises(ConfigurationError, match="no such clip"):
        load_clip(tmp_path / "missing.pt")
    (tmp_path / "a.bvh").write_text("x")
    with pytest.raises(ConfigurationError, match=r"unknown clip format '.bvh'; formats: .pt, .npz"):
        load_clip(tmp_path / "a.bvh")
