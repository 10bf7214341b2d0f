"""SkillBlender's high-level policy (arXiv 2506.09366, III-C): sub-goals and per-joint weights for frozen skills.

One linear output holds the sub-goals of all skills and then, skill by skill, a weight for each joint. Weights pass a
softmax over the skills (equation 1); the action is the weighted sum of the skills' actions (equation 2). Formulas work
on numpy arrays and on torch tensors; on tensors, gradients pass through the frozen skills.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from robomatrix.skills.skillblender.arrays import module_of
from robomatrix.skills.skillblender.functions import Network, SkillFunction

Tensor = Any
"""A numpy array or a torch tensor."""


@dataclass(frozen=True, eq=False)
class Primitive:
    """A frozen skill: its function and its network."""

    function: SkillFunction
    network: Network


@dataclass(frozen=True, eq=False)
class Blend:
    """Frozen skills of one robot, blended joint by joint."""

    skills: tuple[Primitive, ...]

    @property
    def joints(self) -> int:
        """Number of joints."""
        return len(self.skills[0].function.robot.joints)

    @property
    def size(self) -> int:
        """Length of the high-level output: the sum over skills of goal size and weights."""
        return sum(skill.function.goal_size + self.weights_each for skill in self.skills)

    @property
    def weights_each(self) -> int:
        """Number of weights of a skill: one for each joint."""
        return self.joints

    def goals(self, output: Tensor) -> tuple[Tensor, ...]:
        """Returns each skill's sub-goal (n, k), clamped to its limit, of outputs (n, size)."""
        goals, start = [], 0
        for skill in self.skills:
            end, limit = start + skill.function.goal_size, skill.function.goal_limit
            goals.append(module_of(output).clip(output[:, start:end], -limit, limit))
            start = end
        return tuple(goals)

    def weights(self, output: Tensor) -> Tensor:
        """Returns the weights (n, skills, joints); they sum to 1 over the skills (equation 1)."""
        xp, count = module_of(output), len(self.skills)
        logits = output[:, -count * self.weights_each :].reshape(-1, count, self.weights_each)
        raised = xp.exp(logits - _largest(logits))
        return raised / raised.sum(1)[:, None]

    def action(self, output: Tensor, body: Tensor, phase: Tensor) -> Tensor:
        """Returns the action (n, joints) in units of ACTION_SCALE (equation 2)."""
        actions = [
            skill.function.action(skill.network, body, goal, phase)
            for skill, goal in zip(self.skills, self.goals(output), strict=True)
        ]
        return (module_of(output).stack(actions, 1) * self.weights(output)).sum(1)

    def observed_action(self, output: Tensor, observation: Tensor) -> Tensor:
        """Returns the action for outputs (n, size) and a task's observation: goal, body, sine, cosine of the clock."""
        xp, width = module_of(output), 6 + 3 * self.joints
        phase = xp.arctan2(observation[:, -2], observation[:, -1]) / math.tau % 1.0
        return self.action(output, observation[:, -2 - width : -2], phase)


class ScalarBlend(Blend):
    """One weight for each skill instead of one for each joint: the paper's MCP baseline."""

    @property
    def weights_each(self) -> int:
        """Number of weights of a skill."""
        return 1


def _largest(logits: Tensor) -> Tensor:
    """The largest logit over the skills, so that exp cannot overflow."""
    return module_of(logits).amax(logits, 1)[:, None]


@dataclass(frozen=True, eq=False)
class BlendNetwork:
    """A trained high-level network over frozen skills: a task's observation in, the whole action out."""

    blend: Blend
    high_level: Network

    def __call__(self, observation: Tensor) -> Tensor:
        """Returns actions (n, joints) in units of ACTION_SCALE for observations (n, observed)."""
        return self.blend.observed_action(self.high_level(observation), observation)
