from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from robomatrix.errors import ConfigurationError
from robomatrix.motions.cli import register


@pytest.fixture
def app() -> typer.Typer:
    application = typer.Typer()
    application.callback()(lambda: None)
    register(application)
    return application


def test_inspect_tells_skill_length_and_touches(app: typer.Typer, saved: Path) -> None:
    result = CliRunner().invoke(app, ["motions", "inspect", str(saved), "--loops", "1", "--json"])
    assert result.exit_code == 0
    (row,) = json.loads(result.stdout)["clips"]
    assert row["label"] == "pick_up"
    assert row["frames"] == 40
    assert row["touches"] == [[0, 30]]
    assert row["relabelled"][0][0] == 0
    people = CliRunner().invoke(app, ["motions", "inspect", str(saved)]).stdout
    assert "pick_up, 0.67 s" in people


def test_retarget_writes_one_motion_file(app: typer.Typer, saved: Path, tmp_path: Path) -> None:
    out = tmp_path / "m.npz"
    result = CliRunner().invoke(app, ["motions", "retarget", str(saved), "--out", str(out), "--mirror"])
    assert result.exit_code == 0
    assert "40 frames" in result.stdout
    with np.load(out, allow_pickle=False) as data:
        assert data["qpos"].shape == (40, 38)


def test_a_wrong_clip_writes_nothing(app: typer.Typer, tmp_path: Path) -> None:
    bad = tmp_path / "001_bad.pt"
    bad.write_bytes(b"nothing")
    result = CliRunner().invoke(app, ["motions", "retarget", str(bad), "--out", str(tmp_path / "m.npz")])
    assert isinstance(result.exception, ConfigurationError)
    assert [p.name for p in tmp_path.iterdir()] == ["001_bad.pt"]
