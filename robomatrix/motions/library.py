"""Finds and reads clips, whatever their format."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from robomatrix.errors import ConfigurationError
from robomatrix.motions.ballplay import load_ballplay
from robomatrix.motions.clip import Clip, load_npz

SUFFIXES = (".pt", ".npz")


def load_clip(path: Path, label: str | None = None) -> Clip:
    """Reads one clip (.pt BallPlay, .npz neutral). Raises ConfigurationError naming the file and what is wrong."""
    if not path.is_file():
        raise ConfigurationError(f"{path}: no such clip")
    if path.suffix == ".pt":
        return load_ballplay(path, label)
    if path.suffix == ".npz":
        return load_npz(path)
    raise ConfigurationError(f"{path}: unknown clip format '{path.suffix}'; formats: {', '.join(SUFFIXES)}")


def find_clips(paths: Iterable[Path]) -> list[Path]:
    """Returns the clip files among files and folders (searched to the bottom), sorted; an empty result is an error."""
    listed = [Path(p) for p in paths]
    found = {q for p in listed if p.is_dir() for q in p.rglob("*") if q.suffix in SUFFIXES}
    found |= {p for p in listed if not p.is_dir()}
    if not found:
        raise ConfigurationError(f"no clips ({', '.join(SUFFIXES)}) in {', '.join(map(str, listed))}")
    return sorted(found)
