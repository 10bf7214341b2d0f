"""A network that starts from another policy's: what both observe keeps its weights, what is new starts at none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from robomatrix.errors import PolicyError
from robomatrix.policies.checkpoint import Checkpoint
from robomatrix.policies.spec import Term
from robomatrix.training.export import EPSILON

COUNT = 100_000
"""Samples that the parent's statistics weigh in the normaliser."""


def warm_start(actor: torch.nn.Module, terms: Sequence[Term], parent: Checkpoint) -> None:
    """Copies a policy's network into rsl-rl's MLPModel.

    Args:
        actor: With the parent's hidden layers and outputs.
        terms: What it observes; terms of the parent's name and size keep their weights and statistics.
        parent: The policy to start from.

    Raises:
        PolicyError: the networks differ in a hidden layer or in the outputs.
    """
    state, tensors = actor.state_dict(), parent.tensors
    keys = sorted((k for k in state if k.startswith("mlp.") and k.endswith(".weight")), key=_layer)
    for i, key in enumerate(keys):
        weight = _first(terms, parent) if i == 0 else tensors[f"w{i}"]
        if tuple(state[key].shape) != weight.shape:
            raise PolicyError(f"{parent.spec.name} is no start: layer {i} is {weight.shape}, not {state[key].shape}")
        state[key], state[key.replace("weight", "bias")] = torch.tensor(weight), torch.tensor(tensors[f"b{i}"])
    mean, deviation = (_along(terms, parent, tensors[name], fill) for name, fill in (("mean", 0.0), ("std", 1.0)))
    deviation = np.maximum(deviation - EPSILON, EPSILON)
    for name, value in (("_mean", mean), ("_std", deviation), ("_var", deviation**2)):
        state[f"obs_normalizer.{name}"] = torch.tensor(value[None])
    state["obs_normalizer.count"] = torch.tensor(COUNT)
    actor.load_state_dict(state)


def _first(terms: Sequence[Term], parent: Checkpoint) -> np.ndarray:
    return np.stack([_along(terms, parent, row, 0.0) for row in parent.tensors["w0"]])


def _along(terms: Sequence[Term], parent: Checkpoint, row: np.ndarray, fill: float) -> np.ndarray:
    """Returns a parent's values of all inputs (m,) in the order of ``terms``, ``fill`` where a term is new."""
    starts = np.cumsum([0, *(term.size for term in parent.spec.observation)])
    places = {term: start for term, start in zip(parent.spec.observation, starts, strict=False)}
    parts = [row[places[t] : places[t] + t.size] if t in places else np.full(t.size, fill) for t in terms]
    return np.concatenate(parts).astype(np.float32)


def _layer(key: str) -> int:
    return int(key.split(".")[1])
