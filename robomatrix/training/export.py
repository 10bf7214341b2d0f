"""From a training's checkpoint to a policy that ships: safetensors and a spec, no pickle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

EPSILON = 1e-2
"""Added to the deviation by rsl-rl's normaliser."""


def mlp_tensors(state: dict[str, torch.Tensor], prefix: str = "") -> dict[str, NDArray[np.float32]]:
    """Returns mean, std, w0, b0, ... of an rsl-rl MLPModel's state, under ``prefix``."""
    weights = sorted((k for k in state if k.startswith("mlp.") and k.endswith(".weight")), key=_layer)
    tensors = {
        "mean": state["obs_normalizer._mean"][0],
        "std": state["obs_normalizer._std"][0] + EPSILON,
    }
    for i, key in enumerate(weights):
        tensors |= {f"w{i}": state[key], f"b{i}": state[key.replace("weight", "bias")]}
    return {prefix + name: value.detach().numpy().astype(np.float32) for name, value in tensors.items()}


def actor_state(run: Path) -> dict[str, torch.Tensor]:
    """Returns the actor's state from a run's newest checkpoint."""
    return torch.load(run / "checkpoint.pt", weights_only=True)["actor_state_dict"]


def _layer(key: str) -> int:
    return int(key.split(".")[1])
