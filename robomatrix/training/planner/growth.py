"""Makes a planner model wider without changing what it answers, so that a wider one need not begin from nothing.

Every unit is doubled; what reads both copies weighs them by random shares that add up to one, so that the copies do
not stay alike (Chen, Goodfellow, Shlens 2016, "Net2Net", section 2).
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_LEAST_SHARE = 0.25
_READS_WIDE = ("q_proj", "k_proj", "v_proj", "gate_proj", "up_proj", "o_proj", "down_proj")


def doubled(model: PreTrainedModel, seed: int) -> PreTrainedModel:
    """Returns a Llama-type model of twice the width, heads and hidden units, that gives the same logits.

    Args:
        model: with tied embeddings.
        seed: of the shares.
    """
    config = copy.deepcopy(model.config)
    for name in ("hidden_size", "intermediate_size", "num_attention_heads", "num_key_value_heads"):
        setattr(config, name, 2 * getattr(config, name))
    config.head_dim = model.config.hidden_size // model.config.num_attention_heads
    wide = type(model)(config)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        wanted = dict(wide.named_parameters())
        for name, value in model.named_parameters():
            wanted[name].copy_(_doubled(name, value, generator))
    return wide


def _doubled(name: str, value: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    if value.ndim == 1:  # the last norm feeds the tied embedding, which adds both copies up
        return torch.cat([value, value]) / (2.0 if name == "model.norm.weight" else 1.0)
    if not any(part in name for part in _READS_WIDE):
        return torch.cat([value, value], dim=1)
    rows = torch.cat([value, value])
    share = _LEAST_SHARE + (1 - 2 * _LEAST_SHARE) * torch.rand(rows.shape, generator=generator)
    return torch.cat([rows * share, rows * (1 - share)], dim=1)
