"""Distils teachers that see the reference into one student that sees only itself, the ball and a skill label (DAgger).

The student acts, the teachers say what they would have done in the states it gets into (Ross et al. 2011). The share of
episodes that a teacher drives falls to zero over the first iterations. Standing still gets its own label: the end of
every clip is shown under the skill's label and under ``stand``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from robomatrix.robots.loader import load_robot
from robomatrix.skills.skillmimic.observation import LABELS, body_and_ball, with_label
from robomatrix.training.simulation import BatchSimulation
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
    arms: float = 1.0
    """How much more than by their stiffness the errors of the arms count."""
    hidden: tuple[int, ...] = (512, 256)
    learning_rate: float = 1e-3
    final_rate: float = 1e-4
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

    @property
    def hidden(self) -> tuple[int, ...]:
        """Widths of the hidden layers."""
        return tuple(m.out_features for m in self.network if isinstance(m, torch.nn.Linear))[:-1]

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        """Returns what a checkpoint holds: mean, std, w0, b0, w1, ..."""
        layers = [m for m in self.network if isinstance(m, torch.nn.Linear)]
        tensors = {"mean": self.mean.numpy(), "std": self.std.numpy()}
        for i, layer in enumerate(layers):
            tensors |= {f"w{i}": layer.weight.detach().numpy(), f"b{i}": layer.bias.detach().numpy()}
        return tensors


def make_student(observation: Array, joints: int, config: DistillConfig, plain: int) -> Student:
    """Returns an untrained student normalised by a sample of observations (n, d), but for the last ``plain`` inputs."""
    torch.manual_seed(config.seed)
    sizes = [observation.shape[1], *config.hidden, joints]
    layers: list[torch.nn.Module] = []
    for n, o in zip(sizes, sizes[1:], strict=False):
        layers += [torch.nn.Linear(n, o), torch.nn.ELU()]
    std = torch.from_numpy(observation.std(axis=0)).float().clamp_min(0.1)
    std[-plain:] = 1.0
    mean = torch.from_numpy(observation.mean(axis=0)).float()
    mean[-plain:] = 0.0
    home = np.array([j.home for j in load_robot("player").joints], float)
    return Student(torch.nn.Sequential(*layers[:-1]), mean, std, home)


class Lesson(Protocol):
    """Worlds in which the student acts and a teacher says what it would do."""

    sim: BatchSimulation
    plain: int
    """How many of the last things seen are not normalised."""

    def draw(self) -> None:
        """Begins a round."""

    def seen(self) -> Array:
        """Returns (n, d) what the student sees."""

    def emphasis(self) -> Array:
        """Returns (n,) how much the present states count."""

    def wanted(self) -> Array:
        """Returns (n, J) the servo targets of the teacher [rad]."""

    def advance(self, targets: Array) -> int:
        """One control step; starts worlds anew where an episode is over; returns how many failed."""


class ClipLesson:
    """The teacher's environment as a lesson: clips are followed, some of their ends go by the label ``stand``."""

    plain = len(LABELS)

    def __init__(self, env: TeacherEnv, teacher: Actor, stand_share: float = 0.6) -> None:
        self.env, self.teacher, self.stand_share = env, teacher, stand_share
        self.sim = env.sim
        self.draw()

    def draw(self) -> None:
        """Chooses who is told to stand once it stands."""
        self._stands = self.env.rng.random(self.env.num_envs) < self.stand_share

    def seen(self) -> Array:
        """Returns (n, d) what the student sees."""
        return with_label(body_and_ball(self.sim.qpos, self.sim.qvel), self.labels())

    def emphasis(self) -> Array:
        """Returns (n,) one: all states count alike."""
        return np.ones(self.sim.worlds)

    def labels(self) -> NDArray[np.int64]:
        """Returns (n,) the clips' labels, or ``stand`` at their ends."""
        env = self.env
        over = env.last[env.frame] - env.frame < HOLD_FRAMES - 15
        return np.where(self._stands & over, STAND, env.reference.label[env.frame])

    def wanted(self) -> Array:
        """Returns (n, J) the servo targets of the teacher [rad]."""
        return self.env.targets(self.teacher(self.env.observation()))

    def advance(self, targets: Array) -> int:
        """One control step; restarts episodes that failed or ended."""
        env, before = self.env, self.env.frame
        env.advance(targets)
        failed = env.failed(env.errors())
        env.restart(before, failed, env.ended(before) & ~failed)
        return int(failed.sum())


class Distillation:
    """The student, its lessons, and the growing set of shown states."""

    def __init__(self, lessons: Sequence[Lesson], config: DistillConfig) -> None:
        self.lessons, self.config = lessons, config
        self.rng = np.random.default_rng(config.seed)
        robot = load_robot("player")
        first = np.concatenate([_warm_up(lesson) for lesson in lessons])
        self.student = make_student(first, len(robot.joints), config, lessons[0].plain)
        parameters = self.student.network.parameters()
        self.optimizer = torch.optim.Adam(parameters, lr=config.learning_rate)
        decay = (config.final_rate / config.learning_rate) ** (1.0 / config.iterations)
        self.schedule = torch.optim.lr_scheduler.ExponentialLR(self.optimizer, decay)
        gains = torch.tensor([j.stiffness for j in robot.joints], dtype=torch.float32)
        arms = torch.tensor([config.arms if _in_arm(j.name) else 1.0 for j in robot.joints])
        self.weight = arms * gains / gains.mean()
        self.shown: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []

    def iterate(self) -> dict[str, float]:
        """Shows one round of states and fits the student to all that are kept; returns the round's figures."""
        share = max(0.0, 1.0 - len(self.student.log) / self.config.teacher_iterations)
        ended = [self._show(lesson, share) for lesson in self.lessons]
        self.shown = self.shown[-self.config.buffer * len(self.lessons) :]
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

    def _show(self, lesson: Lesson, share: float) -> float:
        worlds = lesson.sim.worlds
        driven = self.rng.random(worlds) < share
        noisy = (self.rng.random(worlds) < 0.5)[:, None] * self.config.action_noise
        seen, wanted, emphasis, failures = [], [], [], 0
        lesson.draw()
        for _ in range(self.config.steps):
            observation, target = lesson.seen(), lesson.wanted()
            seen.append(observation)
            wanted.append(target)
            emphasis.append(lesson.emphasis())
            acted = np.where(driven[:, None], target, self.student(observation))
            failures += lesson.advance(acted + noisy * self.rng.standard_normal(acted.shape))
        shown = np.concatenate(seen), np.concatenate(wanted) - self.student.home, np.concatenate(emphasis)
        self.shown.append(tuple(torch.from_numpy(part).float() for part in shown))
        return failures / worlds

    def _fit(self) -> float:
        seen, wanted, emphasis = (torch.cat(parts) for parts in zip(*self.shown, strict=True))
        inputs = (seen - self.student.mean) / self.student.std
        losses = []
        for _ in range(self.config.updates):
            batch = torch.from_numpy(self.rng.integers(len(inputs), size=self.config.batch))
            gap = self.student.network(inputs[batch]) - wanted[batch]
            loss = (emphasis[batch, None] * self.weight * gap**2).mean()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            losses.append(float(loss.detach()))
        return float(np.mean(losses))


def _warm_up(lesson: Lesson) -> Array:
    """States that the teacher gets into, for the normaliser."""
    seen = []
    for _ in range(40):
        seen.append(lesson.seen())
        lesson.advance(lesson.wanted())
    return np.concatenate(seen)


def _in_arm(joint: str) -> bool:
    return any(part in joint for part in ("clavicle", "shoulder", "elbow", "forearm", "wrist"))
