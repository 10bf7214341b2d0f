from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from robomatrix.errors import ConfigurationError
from robomatrix.motions.ballplay import column_name, label_of, load_ballplay
from robomatrix.motions.clip import Clip


def test_a_clip_comes_back_as_it_was_written(saved: Path, clip: Clip) -> None:
    loaded = load_ballplay(saved)
    assert loaded.label == "pick_up"
    assert loaded.rate == 60.0
    np.testing.assert_allclose(loaded.positions, clip.positions, atol=1e-6)
    np.testing.assert_allclose(loaded.ball_position, clip.ball_position, atol=1e-6)
    np.testing.assert_array_equal(loaded.contact, clip.contact)


def test_the_pelvis_frame_is_turned_to_x_forward(saved: Path) -> None:
    orientation = load_ballplay(saved).pelvis_orientation
    np.testing.assert_allclose(np.abs(orientation[:, 0]), 1.0, atol=1e-5)


def test_a_rotation_vector_that_wraps_at_pi_makes_no_spin(tensor: torch.Tensor, tmp_path: Path) -> None:
    tensor[:, 3:6] = torch.tensor([0.0, 0.0, 3.14])
    tensor[20:, 3:6] = torch.tensor([0.0, 0.0, -3.14])
    torch.save(tensor, tmp_path / "003_wrap.pt")
    spin = load_ballplay(tmp_path / "003_wrap.pt").pelvis_angular_velocity()
    assert np.abs(spin).max() < 0.2


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda t: t[:, :336], "336 columns; a BallPlay clip has 337"),
        (lambda t: t[:1], "1 frame"),
        (
            lambda t: t.index_fill(1, torch.tensor([170]), float("nan")),
            r"column 170 \(L_Hip position z\) is not finite at frame 0",
        ),
        (lambda t: t.index_fill(1, torch.tensor([325]), float("inf")), r"column 325 \(ball position y\)"),
        (lambda t: t.index_fill(1, torch.tensor([336]), 0.5), "hand contact label"),
        (lambda t: t.reshape(-1), "expected one tensor"),
    ],
)
def test_a_wrong_clip_is_refused_with_file_and_column(
    change, expected: str, tensor: torch.Tensor, tmp_path: Path
) -> None:
    path = tmp_path / "001_bad.pt"
    torch.save(change(tensor), path)
    with pytest.raises(ConfigurationError, match=expected) as caught:
        load_ballplay(path)
    assert "001_bad.pt" in str(caught.value)


def test_a_file_that_is_no_tensor_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "001_text.pt"
    path.write_text("hello")
    with pytest.raises(ConfigurationError, match="001_text.pt: not a BallPlay clip"):
        load_ballplay(path)


def test_every_column_has_a_name() -> None:
    assert column_name(0) == "pelvis position x"
    assert column_name(9) == "L_Hip joint rotation vector x"
    assert column_name(164).startswith("R_Thumb3 joint")
    assert column_name(165) == "Pelvis position x"
    assert column_name(323) == "R_Thumb3 position z"
    assert column_name(329) == "ball rotation vector z"
    assert column_name(333) == "unused"


def test_the_label_follows_folder_then_digits() -> None:
    assert label_of(Path("v2_Setshot/011pickle_shot_003.pt")) == "set_shot"
    assert label_of(Path("catch/003_008pickle_catch_013.pt")) == "catch"
    assert label_of(Path("mine/jump.pt")) == "jump"
