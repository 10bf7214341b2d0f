"""Guided sampling of a motion: DDIM with the command as a second Gaussian factor.

The paper moves each denoised sample along the gradient of its distance to the command, which diverges for strong
guidance. The product of the two Gaussians has the same direction and a closed form that never overshoots:
``x <- x - w (x - sqrt(a) d)`` with ``w = s v / (1 + s v)``, where ``s`` is the strength, ``v`` the posterior variance
and ``a`` the cumulative signal share of the step, and ``d`` the normalised command.

Commands can be plainly wrong, an opened palm for one. So the strength of each finger falls with the distance ``e``
between its commanded motion and the one that the data suggest, ``s / (1 + (e / c)^2)^2``: the weight of the robust
estimator of Geman and McClure (Bulletin of the International Statistical Institute 52, 1987) with tolerance ``c``.

A command close to what the data suggest needs no guidance but precision, and sampling is not precise: motions in the
hand are lost by deviations of a few millimetres. :func:`execution` says how much of the command itself is executed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from torch import Tensor

from robomatrix.policies.dexgen.kinematics import FINGERS
from robomatrix.policies.dexgen.network import Denoiser
from robomatrix.policies.dexgen.observation import HORIZON

TRAINING_STEPS = 100
"""Of the noise schedule."""
LARGEST = 6.0
"""Clean motions are bounded to so many standard deviations."""


def noise_schedule() -> DDIMScheduler:
    """Returns the cosine schedule that training and sampling share; the network predicts the clean sample."""
    return DDIMScheduler(
        num_train_timesteps=TRAINING_STEPS,
        beta_schedule="squaredcos_cap_v2",
        prediction_type="sample",
        timestep_spacing="trailing",
        clip_sample=True,
        clip_sample_range=LARGEST,
    )


@dataclass(frozen=True, eq=False)
class _Step:
    embedding: Tensor
    """(1, width) of the timestep."""
    clean: float
    """Weight of the estimated clean motion in the next sample ..."""
    noisy: float
    """... and of the present sample."""
    signal: float
    """Square root of the signal's share after the step."""
    variance: float
    """Of the posterior."""


class GuidedSampler:
    """Draws motions from the denoiser, pulled towards a command."""

    @torch.inference_mode()
    def __init__(self, denoiser: Denoiser, steps: int) -> None:
        self._denoiser = denoiser
        schedule = noise_schedule()
        schedule.set_timesteps(steps)
        self._steps = [self._make(int(t), TRAINING_STEPS // steps, schedule.alphas_cumprod) for t in schedule.timesteps]

    def _make(self, timestep: int, stride: int, signal: Tensor) -> _Step:
        """Folds a deterministic DDIM step into two weights (Song et al., arXiv 2010.02502, equation 12, sigma 0)."""
        now = float(signal[timestep])
        after = float(signal[timestep - stride]) if timestep >= stride else 1.0
        noisy = math.sqrt((1.0 - after) / (1.0 - now))
        return _Step(
            embedding=self._denoiser.embed(torch.tensor([timestep])),
            clean=math.sqrt(after) - noisy * math.sqrt(now),
            noisy=noisy,
            signal=math.sqrt(after),
            variance=(1.0 - after) / (1.0 - now) * (1.0 - now / after),
        )

    def suggest(self, condition: Tensor, noise: Tensor) -> Tensor:
        """Returns the motion (B, M) that the data suggest before any command: one step of denoising."""
        return self._denoiser(noise, self._steps[0].embedding, condition)

    def sample(
        self, condition: Tensor, command: Tensor | None, strength: float, tolerance: float, noise: Tensor
    ) -> Tensor:
        """Returns normalised motions (B, M).

        Args:
            condition: (B, width) from :meth:`Denoiser.encode`.
            command: (B, M) normalised commanded motion; None for no guidance.
            strength: weight of the command; 0 ignores it. Per-dimension precision in normalised units.
            tolerance: distance, in standard deviations, at which a finger's command has lost three quarters of it.
            noise: (B, M) standard normal start.
        """
        motion = noise
        for step in self._steps:
            clean = self._denoiser(motion, step.embedding, condition).clamp(-LARGEST, LARGEST)
            motion = step.clean * clean + step.noisy * motion
            if command is not None and strength > 0.0:
                pull = step.variance * strength * trust(command - clean, tolerance)
                motion = motion - pull / (1.0 + pull) * (motion - step.signal * command)
        return motion


def trust(distance: Tensor, tolerance: float) -> Tensor:
    """Returns weights (B, M), 0 to 1 and equal for a finger, of commands so far away (B, M)."""
    weight = (1.0 + _square(distance) / tolerance**2).pow(-2)
    return weight[:, None, :, None].expand_as(_fingers(distance)).reshape_as(distance)


def execution(distance: Tensor, strength: float, radius: float) -> Tensor:
    """Returns the share (B, 4) of each finger's command, so far from the suggested motion (B, M), that is executed.

    ``s / (s + (e / r)^8)``: nearly all inside ``r s^(1/8)``, next to nothing outside.
    """
    far = (_square(distance) / radius**2).pow(4)
    return strength / (strength + far.clamp_min(1e-9))


def _fingers(motion: Tensor) -> Tensor:
    return motion.reshape(len(motion), HORIZON, len(FINGERS), -1)


def _square(distance: Tensor) -> Tensor:
    """Returns (B, 4) mean squares over each finger's numbers."""
    return _fingers(distance).square().mean(dim=(1, 3))
