"""PPO on a batched environment with rsl-rl's algorithm, storage and networks; logs, resumes, fixed seeds."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from rsl_rl.algorithms import PPO
from rsl_rl.models import MLPModel
from rsl_rl.storage import RolloutStorage
from tensordict import TensorDict


class VectorEnv(Protocol):
    """What the learner drives: many worlds behind tensors."""

    num_envs: int
    num_actions: int

    def observations(self) -> TensorDict:
        """Returns the groups ``actor`` and ``critic``, each (num_envs, size)."""

    def step(self, action: torch.Tensor) -> tuple[TensorDict, torch.Tensor, torch.Tensor, dict]:
        """Takes (num_envs, num_actions); returns observations, rewards, dones and extras (time_outs, log)."""


@dataclass(frozen=True)
class PpoConfig:
    """Hyper-parameters; the defaults suit small networks on a few hundred worlds."""

    horizon: int = 24
    """Control steps of an iteration."""
    epochs: int = 4
    minibatches: int = 4
    hidden: tuple[int, ...] = (256, 128)
    gamma: float = 0.99
    lam: float = 0.95
    clip: float = 0.2
    entropy: float = 0.004
    learning_rate: float = 1e-3
    learning_rate_limit: float = 2e-3
    desired_kl: float = 0.01
    initial_std: float = 0.6
    seed: int = 1


@dataclass
class Progress:
    """Where a training stands; saved with every checkpoint."""

    iteration: int = 0
    samples: int = 0
    seconds: float = 0.0


def actor_network(observation: TensorDict, actions: int, config: PpoConfig) -> MLPModel:
    """Returns a normalising MLP with a Gaussian of state-independent spread."""
    spread = {"class_name": "GaussianDistribution", "init_std": config.initial_std, "std_range": (0.05, 2.0)}
    return MLPModel(
        observation, {"actor": ["actor"]}, "actor", actions, config.hidden, "elu", True, distribution_cfg=spread
    )


class Learner:
    """One training: environment, networks, optimiser, log and checkpoints under a run folder."""

    def __init__(
        self,
        env: VectorEnv,
        config: PpoConfig,
        run: Path,
        actor: Callable[[TensorDict], MLPModel] | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> None:
        """Builds networks and storage; ``actor`` makes another policy than a plain MLP from the observations."""
        torch.manual_seed(config.seed)
        self.env, self.config, self.run = env, config, run
        self.progress = Progress()
        observation = env.observations()
        policy = actor(observation) if actor else actor_network(observation, env.num_actions, config)
        with torch.no_grad():
            last = [m for m in policy.modules() if isinstance(m, torch.nn.Linear) and m.weight.requires_grad][-1]
            last.weight.mul_(0.01)
            last.bias.zero_()
        critic = MLPModel(observation, {"critic": ["critic"]}, "critic", 1, config.hidden, "elu", True)
        storage = RolloutStorage("rl", env.num_envs, config.horizon, observation, [env.num_actions], "cpu")
        self.algorithm = PPO(
            policy,
            critic,
            storage,
            num_learning_epochs=config.epochs,
            num_mini_batches=config.minibatches,
            clip_param=config.clip,
            gamma=config.gamma,
            lam=config.lam,
            entropy_coef=config.entropy,
            learning_rate=config.learning_rate,
            desired_kl=config.desired_kl,
        )
        self._observation = observation
        run.mkdir(parents=True, exist_ok=True)
        (run / "config.json").write_text(json.dumps({"ppo": asdict(config), **(meta or {})}, indent=1, default=str))

    def learn(self, samples: int, each: Callable[[Progress, dict[str, float]], None] | None = None) -> Progress:
        """Trains until ``samples`` control steps in all; calls ``each`` after an iteration with its averages."""
        self.algorithm.train_mode()
        while self.progress.samples < samples:
            started = time.perf_counter()
            log = self._iterate()
            self.progress.iteration += 1
            self.progress.samples += self.env.num_envs * self.config.horizon
            self.progress.seconds += time.perf_counter() - started
            self._record(log)
            if each:
                each(self.progress, log)
            if self.progress.iteration % 20 == 0:
                self.save()
        self.save()
        return self.progress

    def _iterate(self) -> dict[str, float]:
        sums: dict[str, list[float]] = {}
        with torch.inference_mode():
            for _ in range(self.config.horizon):
                action = self.algorithm.act(self._observation)
                self._observation, reward, done, extras = self.env.step(action)
                self.algorithm.process_env_step(self._observation, reward, done, extras)
                for name, value in extras["log"].items():
                    sums.setdefault(name, []).append(value)
            self.algorithm.compute_returns(self._observation)
        losses = self.algorithm.update()
        self._bound_rate()
        log = {name: _mean(values) for name, values in sums.items()}
        spread = float(self.algorithm.actor.output_std.detach().mean())
        return {**log, **losses, "std": spread, "rate": self.algorithm.learning_rate}

    def _bound_rate(self) -> None:
        self.algorithm.learning_rate = min(self.algorithm.learning_rate, self.config.learning_rate_limit)

    def _record(self, log: dict[str, float]) -> None:
        path = self.run / "progress.csv"
        row = {**asdict(self.progress), **log}
        fresh = not path.exists()
        with path.open("a", newline="") as file:
            writer = csv.DictWriter(file, list(row))
            if fresh:
                writer.writeheader()
            writer.writerow({k: f"{v:.6g}" for k, v in row.items()})

    def save(self) -> None:
        """Writes the checkpoint from which :meth:`resume` goes on; atomic."""
        path = self.run / "checkpoint.pt"
        torch.save({**self.algorithm.save(), "progress": asdict(self.progress)}, path.with_suffix(".tmp"))
        path.with_suffix(".tmp").replace(path)

    def resume(self, path: Path | None = None) -> bool:
        """Loads the newest checkpoint of the run (or another's weights); returns whether there was one."""
        source = path or self.run / "checkpoint.pt"
        if not source.exists():
            return False
        saved = torch.load(source, weights_only=True)
        self.algorithm.load(saved, None, True)
        if path is None:
            self.progress = Progress(**saved["progress"])
        return True


def _mean(values: list[float]) -> float:
    finite = [v for v in values if v == v]
    return sum(finite) / len(finite) if finite else float("nan")
