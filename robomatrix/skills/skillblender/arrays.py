"""The same formulas on numpy arrays (running skills) and torch tensors (blending, where gradients pass through)."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tensor = Any
"""A numpy array or a torch tensor."""


def module_of(value: Tensor) -> ModuleType:
    """Returns numpy for numpy arrays, torch for torch tensors."""
    if isinstance(value, np.ndarray):
        return np
    import torch

    return torch


def like(table: NDArray[np.float64], value: Tensor) -> Tensor:
    """Returns a constant table in the kind and precision of ``value``."""
    if isinstance(value, np.ndarray):
        return table.astype(value.dtype)
    import torch

    return torch.as_tensor(table, dtype=value.dtype, device=value.device)
