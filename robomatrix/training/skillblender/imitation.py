"""A blend's first steps: it imitates its task's guide in the states that it comes into itself (DAgger)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tensordict import TensorDict

from robomatrix.robots.humanoid import Humanoid
from robomatrix.skills.skillblender.blend import Blend, Primitive
from robomatrix.skills.skillblender.library import blended_primitive
from robomatrix.training.ppo import MLPModel
from robomatrix.training.skillblender.env import HumanoidEnv
from robomatrix.training.skillblender.guide import guided_output
from robomatrix.training.skillblender.tasks import BenchTask

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ImitationConfig:
    """How long and how hard."""

    rounds: int = 4
    """The guide acts in the first, the learner in the others."""
    steps: int = 160
    """Control steps of a round, in every world."""
    keep: int = 2
    """Every which step is learnt from."""
    passes: int = 3
    """Through all that was seen so far, after a round; twice as many after the last."""
    batch: int = 1024
    learning_rate: float = 1e-3
    decay: float = 0.6
    """Of the learning rate from round to round."""

    @property
    def samples(self) -> int:
        """Control steps in each world."""
        return self.rounds * self.steps


def running_blend(robot: Humanoid, skills: tuple[str, ...]) -> Blend:
    """Returns the blended primitives as they run on the robot, in numpy."""
    policies = [blended_primitive(robot.name, name) for name in skills]
    return Blend(tuple(Primitive(p.function, p.network) for p in policies))


Output = Callable[[BenchTask, HumanoidEnv, Blend], Array]
"""Gives the high-level output of a blend (n, size)."""


def guided_action(env: HumanoidEnv, blend: Blend, output: Output = guided_output) -> NDArray[np.float32]:
    """Returns the joint action that the guide of the environment's task leads to (n, joints); after observations()."""
    wanted = output(env.task, env, blend).astype(np.float32)
    return blend.action(wanted, env.felt.astype(np.float32), env.phase.astype(np.float32)).astype(np.float32)


def imitate(actor: MLPModel, env: HumanoidEnv, blend: Blend, config: ImitationConfig, seed: int) -> list[float]:
    """Trains an actor's mean action to be the guide's; returns the mean squared error after each round."""
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam([p for p in actor.parameters() if p.requires_grad], lr=config.learning_rate)
    seen: list[torch.Tensor] = []
    wanted: list[torch.Tensor] = []
    losses = []
    for turn in range(config.rounds):
        _gather(actor, env, blend, config, turn > 0, seen, wanted)
        optimiser.param_groups[0]["lr"] = config.learning_rate * config.decay**turn
        passes = config.passes * (2 if turn == config.rounds - 1 else 1)
        losses.append(_fit(actor, optimiser, torch.cat(seen), torch.cat(wanted), (passes, config.batch), generator))
    return losses


def _gather(
    actor: MLPModel,
    env: HumanoidEnv,
    blend: Blend,
    config: ImitationConfig,
    own: bool,
    seen: list[torch.Tensor],
    wanted: list[torch.Tensor],
) -> None:
    observation = env.observations()
    for step in range(config.steps):
        target = torch.from_numpy(guided_action(env, blend))
        with torch.inference_mode():
            action = actor(observation) if own else target
        if step % config.keep == 0:
            actor.update_normalization(observation)
            seen.append(observation["actor"])
            wanted.append(target)
        observation, *_ = env.step(action + 0.1 * torch.randn_like(action))


def _fit(
    actor: MLPModel,
    optimiser: torch.optim.Optimizer,
    seen: torch.Tensor,
    wanted: torch.Tensor,
    passes_and_batch: tuple[int, int],
    generator: torch.Generator,
) -> float:
    """Goes through all pairs some times; returns the mean error of the last."""
    passes, batch = passes_and_batch
    errors: list[float] = []
    for _ in range(passes):
        errors = []
        for rows in torch.randperm(len(seen), generator=generator).split(batch):
            mean = actor(TensorDict({"actor": seen[rows]}, batch_size=[len(rows)]))
            loss = (mean - wanted[rows]).square().mean()
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(actor.parameters(), 1.0)
            optimiser.step()
            errors.append(loss.item())
    return float(np.mean(errors))
