"""Trains the controller's denoiser and inverse dynamics; resumable, deterministic by seed."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from robomatrix.errors import ConfigurationError
from robomatrix.policies.checkpoint import save_checkpoint
from robomatrix.policies.dexgen.diffusion import TRAINING_STEPS, noise_schedule
from robomatrix.policies.dexgen.kinematics import HandKinematics
from robomatrix.policies.dexgen.network import ControllerNetwork, NetworkSizes
from robomatrix.policies.dexgen.observation import RATE, TERMS
from robomatrix.policies.spec import PolicySpec
from robomatrix.robots.spec import RobotSpec
from robomatrix.training.dexgen.dataset import Batch, TransitionSet, split_shards

Report = Callable[[str], None]
STATE_FILE = "training.safetensors"
PROGRESS_FILE = "training.json"


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that changes the result."""

    iterations: int = 30_000
    batch: int = 256
    rate: float = 8e-4
    """Peak learning rate, after a short warm-up, falling to zero along a cosine."""
    seed: int = 0
    joint_noise: float = 0.01
    """On the histories [rad]."""
    motion_noise: float = 0.03
    """On the inverse dynamics' motions, in normalised units: sampled motions are never exact."""
    average: float = 0.999
    """Decay of the averaged weights that are kept."""
    network: NetworkSizes = NetworkSizes()


class Trainer:
    """One run."""

    def __init__(self, data: TransitionSet, settings: TrainingSettings) -> None:
        self.settings = settings
        self.iteration = 0
        self.seconds = 0.0
        self._data = data
        torch.manual_seed(settings.seed)
        self._rng = np.random.default_rng(settings.seed)
        self.network = ControllerNetwork(settings.network)
        for name, (mean, std) in data.statistics(np.random.default_rng(settings.seed)).items():
            pick = self.network.pick if name == "motion" else Tensor.clone
            getattr(self.network, f"{name}_mean").copy_(pick(mean))
            getattr(self.network, f"{name}_std").copy_(pick(std))
        self.averaged = torch.optim.swa_utils.AveragedModel(
            self.network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(settings.average)
        )
        self._optimiser = torch.optim.AdamW(self.network.parameters(), lr=settings.rate, weight_decay=1e-4)
        self._signal = noise_schedule().alphas_cumprod

    def step(self) -> dict[str, float]:
        """One gradient step; returns its losses."""
        started = time.perf_counter()
        s = self.settings
        for group in self._optimiser.param_groups:
            group["lr"] = s.rate * min(1.0, (self.iteration + 1) / 200) * self._decay()
        batch = self._data.batch(self._rng.integers(len(self._data), size=s.batch), self._rng, s.joint_noise)
        losses = self.losses(batch, self.network, s.motion_noise)
        self._optimiser.zero_grad(set_to_none=True)
        sum(losses.values(), torch.zeros(())).backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self._optimiser.step()
        self.averaged.update_parameters(self.network)
        self.iteration += 1
        self.seconds += time.perf_counter() - started
        return {name: float(value.detach()) for name, value in losses.items()}

    def losses(self, batch: Batch, network: ControllerNetwork, motion_noise: float = 0.0) -> dict[str, Tensor]:
        """Returns the mean squared errors of denoiser and inverse dynamics, in normalised units."""
        history = network.normalise("state", batch.history).flatten(1)
        motion = network.normalise("motion", network.pick(batch.motion))
        change = network.normalise("change", batch.change)
        timestep = torch.randint(0, TRAINING_STEPS, (len(motion),))
        signal = self._signal[timestep][:, None]
        noisy = signal.sqrt() * motion + (1.0 - signal).sqrt() * torch.randn_like(motion)
        clean = network.denoiser(noisy, network.denoiser.embed(timestep), network.denoiser.encode(history, batch.mode))
        made = network.dynamics(history, motion + motion_noise * torch.randn_like(motion))
        mse = nn.functional.mse_loss
        return {"denoiser": mse(clean, motion), "dynamics": mse(made, change)}

    def _decay(self) -> float:
        return 0.5 * (1.0 + math.cos(math.pi * min(1.0, self.iteration / self.settings.iterations)))

    @torch.inference_mode()
    def validate(self, data: TransitionSet, count: int = 8192) -> dict[str, float]:
        """Returns errors of the averaged weights on other data.

        ``dynamics_rmse`` and ``keep_target_rmse`` (of predicting that the targets stay) are in radians.
        """
        rng = np.random.default_rng(1)
        batch = data.batch(rng.integers(len(data), size=count), rng)
        network: ControllerNetwork = self.averaged.module  # type: ignore[assignment]
        losses = {name: float(value) for name, value in self.losses(batch, network).items()}
        history = network.normalise("state", batch.history).flatten(1)
        made = network.restore(
            "change", network.dynamics(history, network.normalise("motion", network.pick(batch.motion)))
        )
        return {
            "denoiser_loss": losses["denoiser"],
            "dynamics_rmse": float((made - batch.change).square().mean().sqrt()),
            "keep_target_rmse": float(batch.change.square().mean().sqrt()),
        }

    def save(self, folder: Path) -> None:
        """Writes what :meth:`resume` needs."""
        tensors = {f"network.{k}": v for k, v in self.network.state_dict().items()}
        tensors |= {f"averaged.{k}": v for k, v in self.averaged.state_dict().items()}
        for index, state in self._optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{index}.{k}": v for k, v in state.items()}
        save_file({k: v.contiguous().clone() for k, v in tensors.items()}, folder / STATE_FILE)
        progress = {"settings": asdict(self.settings), "iteration": self.iteration, "seconds": self.seconds}
        (folder / PROGRESS_FILE).write_text(json.dumps(progress, indent=1))

    def resume(self, folder: Path) -> None:
        """Goes on from :meth:`save`; ConfigurationError if that run had other settings."""
        progress = json.loads((folder / PROGRESS_FILE).read_text())
        if progress["settings"] != json.loads(json.dumps(asdict(self.settings))):
            raise ConfigurationError(f"{folder} holds a run with other settings; use them or a new folder")
        tensors = load_file(folder / STATE_FILE)
        self.network.load_state_dict(_under("network.", tensors))
        self.averaged.load_state_dict(_under("averaged.", tensors))
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in _under("optimiser.", tensors).items():
            index, key = name.split(".", 1)
            state.setdefault(int(index), {})[key] = value
        self._optimiser.load_state_dict({**self._optimiser.state_dict(), "state": state})
        self.iteration, self.seconds = progress["iteration"], progress["seconds"]
        self._rng = np.random.default_rng([self.settings.seed, self.iteration])
        torch.manual_seed(self.settings.seed + self.iteration)


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def train_controller(
    robot: RobotSpec,
    data_folder: Path,
    work_folder: Path,
    settings: TrainingSettings,
    maximum_seconds: float = math.inf,
    report: Report = print,
) -> dict[str, float]:
    """Trains, goes on where an earlier call stopped, and writes the checkpoint into ``work_folder / "controller"``.

    Args:
        robot: the hand that the data is of.
        data_folder: where ``generate`` wrote.
        work_folder: for the run's state.
        settings: of the training; must equal those of an earlier call that is resumed.
        maximum_seconds: stop this call after so much time; the rest waits for the next call.
        report: takes a line of progress.

    Returns:
        The validation figures.
    """
    kinematics = HandKinematics(robot.urdf)
    train_shards, validation_shards = split_shards(data_folder)
    data, validation = TransitionSet(kinematics, train_shards), TransitionSet(kinematics, validation_shards)
    trainer = Trainer(data, settings)
    work_folder.mkdir(parents=True, exist_ok=True)
    if (work_folder / PROGRESS_FILE).exists():
        trainer.resume(work_folder)
    report(f"{len(data)} samples, {data.careful_share:.0%} careful; iteration {trainer.iteration}")
    started, losses = time.perf_counter(), {}
    while trainer.iteration < settings.iterations and time.perf_counter() - started < maximum_seconds:
        losses = trainer.step()
        if trainer.iteration % 500 == 0:
            trainer.save(work_folder)
            report(f"{trainer.iteration}: " + ", ".join(f"{k} {v:.4f}" for k, v in losses.items()))
    trainer.save(work_folder)
    figures = trainer.validate(validation)
    export(trainer, robot, data, figures, work_folder / "controller")
    return figures


def export(
    trainer: Trainer, robot: RobotSpec, data: TransitionSet, figures: Mapping[str, float], folder: Path
) -> PolicySpec:
    """Writes the averaged weights as a checkpoint."""
    settings = trainer.settings
    training: dict[str, Any] = {
        "command": "robomatrix train dexgen controller",
        "seed": settings.seed,
        "samples": len(data),
        "iterations": trainer.iteration,
        "batch": settings.batch,
        "seconds": round(trainer.seconds),
        "result": {name: round(value, 5) for name, value in figures.items()},
    }
    spec = PolicySpec(
        family="dexgen",
        name="controller",
        robot=robot.name,
        rate=RATE,
        joints=robot.joint_names,
        observation=TERMS,
        outputs=robot.joint_names,
        action_scale=1.0,
        hidden=(),
        activation="mish",
        parameters={"network": asdict(settings.network)},
        training=training,
    )
    tensors = {name: value.numpy() for name, value in trainer.averaged.module.state_dict().items()}
    return save_checkpoint(folder, spec, tensors, metrics=dict(figures))
