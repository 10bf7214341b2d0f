"""The blending policy as a network that PPO trains: rsl-rl's actor with the blend before its distribution."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from rsl_rl.models import MLPModel
from tensordict import TensorDict

from robomatrix.skills.skillblender.blend import Blend, Primitive
from robomatrix.skills.skillblender.functions import SkillFunction
from robomatrix.skills.skillblender.library import blended_checkpoint, policy_from
from robomatrix.training.ppo import PpoConfig


class FrozenMlp(torch.nn.Module):
    """A shipped network in torch: its weights are buffers, gradients pass to its input only."""

    def __init__(self, tensors: dict[str, NDArray[np.float32]], layers: int, prefix: str = "") -> None:
        """Takes the tensors mean, std, w0, b0, ... of ``layers`` dense layers."""
        super().__init__()
        self.layers = layers
        for name in ("mean", "std", *(f"{kind}{i}" for i in range(layers) for kind in "wb")):
            self.register_buffer(name, torch.as_tensor(tensors[prefix + name].copy()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Returns (n, outputs) for (n, inputs); the activation is ELU."""
        x = (x - self.mean) / self.std
        for i in range(self.layers):
            x = torch.nn.functional.linear(x, getattr(self, f"w{i}"), getattr(self, f"b{i}"))
            if i < self.layers - 1:
                x = torch.nn.functional.elu(x)
        return x


def frozen_blend(robot: str, skills: Sequence[str], kind: type[Blend] = Blend) -> Blend:
    """Returns the skills that a robot's tasks blend, for training; PolicyError if one is missing or does not fit."""
    return kind(tuple(_frozen(robot, name) for name in skills))


def _frozen(robot: str, name: str) -> Primitive:
    checkpoint = blended_checkpoint(robot, name)
    function: SkillFunction = policy_from(checkpoint, robot).function
    if name == "reach":
        function = _torch_reach(function, checkpoint.tensors)
    return Primitive(function, FrozenMlp(checkpoint.tensors, len(checkpoint.spec.hidden) + 1))


def _torch_reach(function: SkillFunction, tensors: dict[str, NDArray[np.float32]]) -> SkillFunction:
    from robomatrix.skills.skillblender.library import ARM, ARM_HIDDEN, both_arms

    arm = FrozenMlp(tensors, len(ARM_HIDDEN) + 1, ARM)
    return type(function)(function.robot, *both_arms(function.robot), arm)


class BlendModel(MLPModel):
    """Actor whose mean action is a blend of frozen skills."""

    def __init__(self, observation: TensorDict, blend: Blend, config: PpoConfig) -> None:
        """Takes a task's observation: goal, body and clock (see :class:`WholeBody`)."""
        spread = {"class_name": "GaussianDistribution", "init_std": config.initial_std, "std_range": (0.05, 2.0)}
        groups = {"actor": ["actor"]}
        super().__init__(
            observation, groups, "actor", blend.joints, config.hidden, "elu", True, distribution_cfg=spread
        )
        width = self.mlp[-1].in_features
        self.mlp[-1] = torch.nn.Linear(width, blend.size)
        self.blend = blend

    def output(self, obs: TensorDict) -> torch.Tensor:
        """Returns the high-level output: sub-goals and weights' logits (n, size)."""
        return self.mlp(self.get_latent(obs))

    def forward(
        self,
        obs: TensorDict,
        masks: torch.Tensor | None = None,
        hidden_state: None = None,
        stochastic_output: bool = False,
    ) -> torch.Tensor:
        """Returns the (sampled or mean) action (n, joints)."""
        mean = self.blend.observed_action(self.output(obs), obs["actor"])
        if not stochastic_output:
            return mean
        self.distribution.update(mean)
        return self.distribution.sample()
