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
from robomatrix.training.skillblender.blend import BlendModel
from robomatrix.training.skillblender.env import EnvConfig, HumanoidEnv
from robomatrix.training.skillblender.guide import guided_output
from robomatrix.training.skillblender.tasks import BenchTask

Array = NDArray[np.float64]
LOGIT_SHARE = 0.3
"""Of an error of a weight's logit in the loss."""


@dataclass(frozen=True)
class ImitationConfig:
    """How long and how hard."""

    rounds: int = 4
    """The guide acts in the first, the learner in the others."""
    steps: int = 90
    """Control steps of a round, in every world."""
    keep: int = 2
    """Every which step is learnt from."""
    passes: int = 4
    """Through all that was seen so far, after a round; twice as many after the last."""
    batch: int = 1024
    learning_rate: float = 1e-3
    noise: float = 0.1
    """Of the action while pairs are gathered, in units of ACTION_SCALE."""
    decay: float = 0.6
    """Of the learning rate from round to round."""
    worlds: int = EnvConfig.worlds

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


def imitate(actor: BlendModel, env: HumanoidEnv, blend: Blend, config: ImitationConfig, seed: int) -> list[float]:
    """Trains a blend's sub-goals and weights to be the guide's; returns the mean squared error after each round."""
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam([p for p in actor.parameters() if p.requires_grad], lr=config.learning_rate)
    seen: list[torch.Tensor] = []
    wanted: list[torch.Tensor] = []
    losses = []
    for turn in range(config.rounds):
        _gather(actor, env, blend, config, turn > 0, seen, wanted)
        optimiser.param_groups[0]["lr"] = config.learning_rate * config.decay**turn
        passes = config.passes * (2 if turn == config.rounds - 1 else 1)
        pairs = TensorDict({"actor": torch.cat(seen), "wanted": torch.cat(wanted)}, batch_size=[sum(map(len, seen))])
        losses.append(_fit(actor, optimiser, pairs, (passes, config.batch), generator))
    return losses


def _gather(
    actor: BlendModel,
    env: HumanoidEnv,
    blend: Blend,
    config: ImitationConfig,
    own: bool,
    seen: list[torch.Tensor],
    wanted: list[torch.Tensor],
) -> None:
    observation = env.observations()
    for step in range(config.steps):
        target = guided_output(env.task, env, blend).astype(np.float32)
        with torch.inference_mode():
            output = actor.output(observation).numpy() if own else target
        if step % config.keep == 0:
            actor.update_normalization(observation)
            seen.append(observation["actor"])
            wanted.append(torch.from_numpy(_clamped(target, blend)))
        action = blend.action(output, env.felt.astype(np.float32), env.phase.astype(np.float32))
        noise = config.noise * env.rng.standard_normal(action.shape)
        observation, *_ = env.step(torch.from_numpy((action + noise).astype(np.float32)))


def _clamped(output: NDArray[np.float32], blend: Blend) -> NDArray[np.float32]:
    """The same with sub-goals within their limits, beyond which the blend does not listen."""
    goals = np.concatenate(blend.goals(output), -1)
    return np.concatenate([goals, output[:, goals.shape[-1] :]], -1).astype(np.float32)


def _importance(blend: Blend) -> torch.Tensor:
    """What an error of each entry of the output counts: sub-goals as shares of half their limit, weights little."""
    goals = [np.full(skill.function.goal_size, 2.0 / skill.function.goal_limit) for skill in blend.skills]
    weights = np.full(len(blend.skills) * blend.weights_each, LOGIT_SHARE)
    return torch.as_tensor(np.concatenate([*goals, weights]), dtype=torch.float32)


def _fit(
    actor: BlendModel,
    optimiser: torch.optim.Optimizer,
    pairs: TensorDict,
    passes_and_batch: tuple[int, int],
    generator: torch.Generator,
) -> float:
    """Goes through all pairs some times; returns the mean error of the last."""
    (passes, batch), importance = passes_and_batch, _importance(actor.blend)
    errors: list[float] = []
    for _ in range(passes):
        errors = []
        for rows in torch.randperm(len(pairs), generator=generator).split(batch):
            chosen = pairs[rows]
            loss = ((actor.output(chosen) - chosen["wanted"]) * importance).square().mean()
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(actor.parameters(), 1.0)
            optimiser.step()
            errors.append(loss.item())
    return float(np.mean(errors))
