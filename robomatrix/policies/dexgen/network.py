"""The controller's two networks: a conditioned denoiser of finger motion, and inverse dynamics.

Sizes are smaller than in the paper (arXiv 2502.04307, Appendix: U-Net of width 768, state encoder of six layers of
1024) so that eight denoising steps take less than 10 ms on one processor core.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from robomatrix.errors import PolicyError
from robomatrix.policies.dexgen.observation import HISTORY, KEYPOINTS, MODES, STATE_SIZE, predicted


@dataclass(frozen=True)
class NetworkSizes:
    """Widths."""

    width: int = 256
    """Of the U-Net; a multiple of 16."""
    encoder: int = 384
    """Of the state encoder."""
    dynamics: int = 256
    """Of the inverse dynamics."""
    group: int = 8
    """Channels normalised together."""
    keypoints: int = 8
    """One of :data:`KEYPOINTS`."""

    def __post_init__(self) -> None:
        if self.keypoints not in KEYPOINTS:
            raise PolicyError(f"keypoints must be one of {KEYPOINTS}, not {self.keypoints}")

    @property
    def motion(self) -> int:
        """Length of a predicted motion."""
        return len(predicted(self.keypoints))


class Block(nn.Module):
    """Linear layer, group normalisation, Mish; the paper's convolution-free U-Net block."""

    def __init__(self, inputs: int, outputs: int, group: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)
        self.norm = nn.GroupNorm(outputs // group, outputs)
        self.act = nn.Mish()

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, inputs) to (B, outputs)."""
        return self.act(self.norm(self.linear(x)))


class Film(nn.Module):
    """Scales and shifts features by a condition."""

    def __init__(self, condition: int, features: int) -> None:
        super().__init__()
        self.project = nn.Linear(condition, 2 * features)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Modulates (B, features) by (B, condition)."""
        scale, shift = self.project(condition).chunk(2, dim=-1)
        return x * (1.0 + scale) + shift


def timestep_features(timestep: Tensor, size: int = 32) -> Tensor:
    """Returns (B, size) sines and cosines of diffusion timesteps (B,)."""
    half = size // 2
    rates = torch.exp(-4.0 * torch.arange(half, dtype=torch.float32) / half)
    angles = timestep.float()[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


class Denoiser(nn.Module):
    """Fully connected U-Net with FiLM: three blocks down, three up, conditioned on state, mode and timestep."""

    def __init__(self, sizes: NetworkSizes) -> None:
        super().__init__()
        w, e, g = sizes.width, sizes.encoder, sizes.group
        self.state = nn.Sequential(Block(HISTORY * STATE_SIZE, e, g), Block(e, e, g), Block(e, e, g), nn.Linear(e, w))
        self.mode = nn.Linear(len(MODES), w)
        self.time = nn.Sequential(nn.Linear(32, w), nn.Mish(), nn.Linear(w, w))
        widths = (w, w // 2, w // 4)
        self.down = nn.ModuleList(Block(a, b, g) for a, b in zip((sizes.motion, *widths[:2]), widths, strict=True))
        self.middle = nn.ModuleList([Block(widths[2], w, g), Block(w, w, g)])
        self.film = nn.ModuleList([Film(w, w), Film(w, w)])
        self.up = nn.ModuleList([Block(w + widths[2], widths[1], g), Block(2 * widths[1], w, g), Block(2 * w, w, g)])
        self.up_film = nn.ModuleList([Film(w, widths[1]), Film(w, w), Film(w, w)])
        self.out = nn.Linear(w, sizes.motion)

    def encode(self, history: Tensor, mode: Tensor) -> Tensor:
        """Returns the condition (B, width) of normalised histories (B, 240) and one-hot modes; once a control step."""
        return self.state(history) + self.mode(mode)

    def embed(self, timestep: Tensor) -> Tensor:
        """Returns (B, width) embeddings of timesteps (B,)."""
        return self.time(timestep_features(timestep))

    def forward(self, motion: Tensor, embedding: Tensor, condition: Tensor) -> Tensor:
        """Returns the estimate of the clean motion (B, M) from a noisy one and its embedded timestep."""
        condition = nn.functional.mish(condition + embedding)
        x, kept = motion, []
        for block in self.down:
            x = block(x)
            kept.append(x)
        for block, film in zip(self.middle, self.film, strict=True):
            x = film(block(x), condition)
        for block, film in zip(self.up, self.up_film, strict=True):
            x = film(block(torch.cat([x, kept.pop()], dim=-1)), condition)
        return self.out(x)


class InverseDynamics(nn.Module):
    """By how much the servo targets must change to make a motion happen: a residual network."""

    def __init__(self, sizes: NetworkSizes) -> None:
        super().__init__()
        w, g = sizes.dynamics, sizes.group
        self.into = nn.Linear(HISTORY * STATE_SIZE + sizes.motion, w)
        self.blocks = nn.ModuleList(nn.Sequential(Block(w, w, g), nn.Linear(w, w)) for _ in range(3))
        self.out = nn.Linear(w, 16)

    def forward(self, history: Tensor, motion: Tensor) -> Tensor:
        """Returns normalised changes (B, 16) for normalised histories (B, 240) and motions (B, M)."""
        x = self.into(torch.cat([history, motion], dim=-1))
        for block in self.blocks:
            x = x + block(x)
        return self.out(x)


class ControllerNetwork(nn.Module):
    """Both networks and the normalisation that they share; what a checkpoint holds."""

    def __init__(self, sizes: NetworkSizes) -> None:
        super().__init__()
        self.denoiser = Denoiser(sizes)
        self.dynamics = InverseDynamics(sizes)
        self.sizes = sizes
        self._predicted = predicted(sizes.keypoints)
        for name, size in (("state", STATE_SIZE), ("motion", sizes.motion), ("change", 16)):
            self.register_buffer(f"{name}_mean", torch.zeros(size))
            self.register_buffer(f"{name}_std", torch.ones(size))

    def pick(self, motion: Tensor) -> Tensor:
        """Returns what this network predicts (..., M) of whole motions (..., 48)."""
        return motion[..., self._predicted]

    def normalise(self, name: str, value: Tensor) -> Tensor:
        """Returns (value - mean) / std of ``state``, ``motion`` or ``change``."""
        return (value - getattr(self, f"{name}_mean")) / getattr(self, f"{name}_std")

    def restore(self, name: str, value: Tensor) -> Tensor:
        """Undoes :meth:`normalise`."""
        return value * getattr(self, f"{name}_std") + getattr(self, f"{name}_mean")
