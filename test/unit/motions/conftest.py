"""The made clip in the forms that the loaders read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from support.clips import made_clip

from robomatrix.motions.ballplay import COLUMNS
from robomatrix.motions.clip import Clip


@pytest.fixture(scope="session")
def clip() -> Clip:
    """See :func:`support.clips.made_clip`."""
    return made_clip()


@pytest.fixture
def tensor(clip: Clip) -> torch.Tensor:
    """The clip as BallPlay columns; the pelvis rotation vector turns x left, y up, z forward into the world."""
    data = torch.zeros(len(clip), COLUMNS, dtype=torch.float32)
    data[:, 0:3] = torch.from_numpy(clip.positions[:, 0])
    data[:, 3:6] = data[:, 6:9] = torch.tensor([1.0, 1.0, 1.0]) * (2.0 * np.pi / 3.0 / np.sqrt(3.0))
    data[:, 165:324] = torch.from_numpy(clip.positions.reshape(len(clip), -1))
    data[:, 324:327] = torch.from_numpy(clip.ball_position)
    data[:, 336] = torch.from_numpy(clip.contact.astype(float))
    return data


@pytest.fixture
def saved(tensor: torch.Tensor, tmp_path: Path) -> Path:
    """The tensor as a file named as BallPlay names a pick-up."""
    path = tmp_path / "001_made.pt"
    torch.save(tensor, path)
    return path


@pytest.fixture
def turned(clip: Clip) -> Clip:
    """The clip with the whole world turned by 90 degrees about z."""
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    half = np.sqrt(0.5)
    return replace(
        clip,
        positions=clip.positions @ turn.T,
        ball_position=clip.ball_position @ turn.T,
        pelvis_orientation=np.tile([half, 0.0, 0.0, half], (len(clip), 1)),
    )
