"""Distils teachers that see the reference into one student that sees only itself, the ball and a skill label (DAgger).

The student acts, the teachers say what they would have done in the states it gets into (Ross et al. 2011). The share of
episodes that a teacher drives falls to zero over the first iterations. Standing still gets its own label: the end of
every clip is shown under the skill's label and under ``stand``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from robomatrix.robots.loader import load_robot
from robomatrix.skills.skillmimic.observation import LABELS, body_and_ball, with_label
from robomatrix.training.skillmimic.env import TeacherEnv
from robomatrix.training.skillmimic.reference import HOLD_FRAMES

Array = NDArray[np.float64]
Actor = Callable[[Array], Array]
"""Teacher: its observation (n, d) to its mean action (n, J)."""
STAND = LABELS.index("stand")


@dataclass(frozen=True)
class DistillConfig:
    """Figures of the distillation."""

    iterations: int = 450
    steps: int = 16
    """Control steps of an iteration, in every world."""
    teacher_iterations: int = 6
    """Over these the teachers' share of the driving falls to zero."""
    buffer: int = 80
    """Iterations kept."""
    updates: int = 30
    """Gradient steps of an iteration."""
    batch: int = 1024
    hidden: tuple[int, ...] = (512, 256)
    learning_rate: float = 1e-3
    final_rate: float = 1e-4
    stand_share: float = 0.35
    """Share of standing frames that are shown as ``stand``."""
    action_noise: float = 0.03
    """Noise on the driven targets, half of the worlds [rad]."""
    seed: int = 1


@dataclass
class Student:
    """Network, normaliser and the pose its outputs count from."""

    network: torch.nn.Sequential
    mean: torch.Tensor
    std: torch.Tensor
    home: Array
    log: list[dict[str, float]] = field(default_factory=list)

    @torch.no_grad()
    def __call__(self, observation: Array) -> Array:
        """Returns (n, J) servo targets [rad]."""
        x = (torch.from_numpy(observation).float() - self.mean) / self.std
        return self.network(x).double().numpy() + self.home

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        """Returns what a checkpoint holds: mean, std, w0, b0, w1, ..."""
        layers = [m for m in self.network if isinstance(m, torch.nn.Linear)]
        tensors = {"mean": self.mean.numpy(), "std": self.std.numpy()}
        for i, layer in enumerate(layers):
            tensors |= {f"w{i}": layer.weight.detach().numpy(), f"b{i}": layer.bias.detach().numpy()}
        return tensors


def make_student(observation: Array, joints: int, config: DistillConfig) -> Student:
    """Returns an untrained student normalised by a sample of observations (n, d)."""
    torch.manual_seed(config.seed)
    sizes = [observation.shape[1], *config.hidden, joints]
    layers: list[torch.nn.Module] = []
    for n, o in zip(sizes, sizes[1:], strict=False):
        layers += [torch.nn.Linear(n, o), torch.nn.ELU()]
    std = torch.from_numpy(observation.std(axis=0)).float().clamp_min(0.1)
    std[-len(LABELS) :] = 1.0
    mean = torch.from_numpy(observation.mean(axis=0)).float()
    mean[-len(LABELS) :] = 0.0
    home = np.array([j.home for j in load_robot("player").joints], float)
    return Student(torch.nn.Sequential(*layers[:-1]), mean, std, home)


def student_observation(env: TeacherEnv, label: NDArray[np.int64]) -> Array:
    """Returns (n, d) what the student sees in a teacher's environment."""
    return with_label(body_and_ball(env.sim.qpos, env.sim.qvel), label)


class Distillation:
    """The student, the teachers with their environments, and the growing set of shown states."""

    def __init__(self, envs: Sequence[TeacherEnv], teachers: Sequence[Actor], config: DistillConfig) -> None:
        self.envs, self.teachers, self.config = envs, teachers, config
        self.rng = np.random.default_rng(config.seed)
        first = np.concatenate([self._warm_up(env, teacher) for env, teacher in zip(envs, teachers, strict=True)])
        self.student = make_student(first, envs[0].num_actions, config)
        parameters = self.student.network.parameters()
        self.optimizer = torch.optim.Adam(parameters, lr=config.learning_rate)
        decay = (config.final_rate / config.learning_rate) ** (1.0 / config.iterations)
        self.schedule = torch.optim.lr_scheduler.ExponentialLR(self.optimizer, decay)
        gains = torch.from_numpy(envs[0].stiffness).float()
        self.weight = gains / gains.mean()
        self.shown: list[tuple[torch.Tensor, torch.Tensor]] = []

    def _warm_up(self, env: TeacherEnv, teacher: Actor) -> Array:
        seen = []
        for _ in range(40):
            before = env.frame
            env.advance(env.targets(teacher(env.observation())))
            seen.append(student_observation(env, env.reference.label[env.frame]))
            self._restart(env, before)
        return np.concatenate(seen)

    def _restart(self, env: TeacherEnv, before: NDArray[np.int64]) -> int:
        failed = env.failed(env.errors())
        env.restart(before, failed, env.ended(before) & ~failed)
        return int(failed.sum())

    def iterate(self) -> dict[str, float]:
        """Shows one round of states and fits the student to all that are kept; returns the round's figures."""
        share = max(0.0, 1.0 - len(self.student.log) / self.config.teacher_iterations)
        ended = [self._show(env, teacher, share) for env, teacher in zip(self.envs, self.teachers, strict=True)]
        self.shown = self.shown[-self.config.buffer * len(self.envs) :]
        loss = self._fit()
        self.schedule.step()
        log = {"loss": loss, "share": share, "failures": float(np.mean(ended))}
        self.student.log.append(log)
        return log

    def save(self, path: Path) -> None:
        """Writes all but the shown states, which a resumed training gathers anew; atomic."""
        saved = {
            "network": self.student.network.state_dict(),
            "normaliser": (self.student.mean, self.student.std),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "log": self.student.log,
        }
        torch.save(saved, path.with_suffix(".tmp"))
        path.with_suffix(".tmp").replace(path)

    def resume(self, path: Path) -> None:
        """Goes on where :meth:`save` left off; does nothing when there is no such file."""
        if path.exists():
            saved = torch.load(path, weights_only=True)
            self.student.network.load_state_dict(saved["network"])
            self.student.mean, self.student.std = saved["normaliser"]
            self.student.log = saved["log"]
            self.optimizer.load_state_dict(saved["optimizer"])
            self.schedule.load_state_dict(saved["schedule"])

    def _show(self, env: TeacherEnv, teacher: Actor, share: float) -> float:
        driven = self.rng.random(env.num_envs) < share
        stand = self.rng.random(env.num_envs) < self.config.stand_share
        noisy = (self.rng.random(env.num_envs) < 0.5)[:, None] * self.config.action_noise
        seen, wanted, failures = [], [], 0
        for _ in range(self.config.steps):
            over = env.last[env.frame] - env.frame < HOLD_FRAMES - 15
            label = np.where(stand & over, STAND, env.reference.label[env.frame])
            observation = student_observation(env, label)
            target = env.targets(teacher(env.observation()))
            seen.append(observation)
            wanted.append(target)
            acted = np.where(driven[:, None], target, self.student(observation))
            before = env.frame
            env.advance(acted + noisy * self.rng.standard_normal(acted.shape))
            failures += self._restart(env, before)
        inputs = torch.from_numpy(np.concatenate(seen)).float()
        self.shown.append((inputs, torch.from_numpy(np.concatenate(wanted) - self.student.home).float()))
        return failures / env.num_envs

    def _fit(self) -> float:
        inputs = (torch.cat([s for s, _ in self.shown]) - self.student.mean) / self.student.std
        wanted = torch.cat([w for _, w in self.shown])
        losses = []
        for _ in range(self.config.updates):
            batch = torch.from_numpy(self.rng.integers(len(inputs), size=self.config.batch))
            gap = self.student.network(inputs[batch]) - wanted[batch]
            loss = (self.weight * gap**2).mean()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            losses.append(float(loss.detach()))
        return float(np.mean(losses))
