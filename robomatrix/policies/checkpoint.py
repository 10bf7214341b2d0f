"""Checkpoint folders: policy.safetensors + spec.yaml + metrics.json + README.md. No pickle anywhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from robomatrix.errors import PolicyError
from robomatrix.policies.spec import PolicySpec
from robomatrix.resources import resource

Tensors = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A policy as it lies on disk."""

    spec: PolicySpec
    tensors: Tensors


def policy_folder(family: str, robot: str, name: str) -> Path:
    """Returns where a shipped policy lies, whether or not it exists."""
    return resource("models", family, robot, name)


def save_checkpoint(
    folder: Path, spec: PolicySpec, tensors: Tensors, metrics: Mapping[str, Any] | None = None, readme: str = ""
) -> PolicySpec:
    """Writes a checkpoint folder and returns the spec with the weights' hash; metrics and readme only where given."""
    from safetensors.numpy import save

    folder.mkdir(parents=True, exist_ok=True)
    data = save({name: np.ascontiguousarray(value, dtype=np.float32) for name, value in tensors.items()})
    spec = replace(spec, weights=hashlib.sha256(data).hexdigest())
    (folder / "policy.safetensors").write_bytes(data)
    text = yaml.safe_dump(spec.to_dict(), sort_keys=False, default_flow_style=None, width=120)
    (folder / "spec.yaml").write_text(text, encoding="utf-8")
    if metrics is not None:
        (folder / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
    if readme:
        (folder / "README.md").write_text(readme, encoding="utf-8")
    return spec


def load_checkpoint(folder: Path) -> Checkpoint:
    """Reads a checkpoint folder.

    Raises:
        PolicyError: a file is missing, truncated or altered, or the network does not have the shape its spec gives.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    spec = _read_spec(folder / "spec.yaml")
    path = folder / "policy.safetensors"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PolicyError(f"{path} cannot be read: {error.strerror}") from error
    if hashlib.sha256(data).hexdigest() != spec.weights:
        raise PolicyError(f"{path} is damaged or altered: its hash differs from the one in spec.yaml")
    try:
        tensors = load(data)
    except SafetensorError as error:
        raise PolicyError(f"{path}: {error}") from error
    damaged = [name for name, value in tensors.items() if not np.isfinite(value).all()]
    if damaged:
        raise PolicyError(f"{path}: tensor '{damaged[0]}' holds values that are not finite")
    return Checkpoint(spec, tensors)


def _read_spec(path: Path) -> PolicySpec:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise PolicyError(f"{path} cannot be read: {error}") from error
    if not isinstance(data, dict):
        raise PolicyError(f"{path} must hold a mapping")
    return PolicySpec.from_dict(data, str(path))
