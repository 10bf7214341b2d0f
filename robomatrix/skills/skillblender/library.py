"""The trained skills that ship, loaded once a process: ``models/skillblender/<robot>/<name>``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import PolicyError
from robomatrix.policies.checkpoint import Checkpoint, load_checkpoint, policy_folder
from robomatrix.policies.network import Mlp
from robomatrix.policies.spec import PolicySpec
from robomatrix.robots.humanoid import Humanoid, humanoid
from robomatrix.robots.loader import load_robot
from robomatrix.skills.skillblender.blend import Blend, BlendNetwork, Primitive, ScalarBlend
from robomatrix.skills.skillblender.functions import (
    Network,
    SkillFunction,
    SquatFunction,
    StepFunction,
    WalkFunction,
    WholeBody,
)
from robomatrix.skills.skillblender.kinematics import Chain, hand_chains
from robomatrix.skills.skillblender.observation import body_terms
from robomatrix.skills.skillblender.reach_functions import ReachFar, ReachFunction, ReachOverSquat, ReachOverWalk

FAMILY = "skillblender"
PRIMITIVES = (WalkFunction, ReachFunction, SquatFunction, StepFunction)
ARM_HIDDEN = (64, 64)
"""Hidden layers of the arm's inverse kinematics."""
ARM, STOOP = "arm.", "stoop."
"""Prefixes of its tensors and of those that say how far to squat, in reach's checkpoint."""
Legs = TypeVar("Legs", bound=SkillFunction)


@dataclass(frozen=True, eq=False)
class Policy:
    """A primitive skill with its network."""

    spec: PolicySpec
    function: SkillFunction
    network: Network


@cache
def load_policy(robot: str, name: str) -> Policy:
    """Returns a shipped primitive.

    Raises:
        PolicyError: it does not exist, is damaged, or does not fit the robot or this version's observation.
    """
    return policy_from(load_checkpoint(policy_folder(FAMILY, robot, name)), robot)


@cache
def blended_primitive(robot: str, name: str) -> Policy:
    """Returns a primitive as the robot's tasks blend it (``blended/<name>``); raises as :func:`load_policy` does."""
    return policy_from(blended_checkpoint(robot, name), robot)


def blended_checkpoint(robot: str, name: str) -> Checkpoint:
    """Returns the checkpoint of :func:`blended_primitive`; PolicyError if it is missing or damaged."""
    return load_checkpoint(policy_folder(FAMILY, robot, f"blended/{name}"))


def policy_from(checkpoint: Checkpoint, robot: str) -> Policy:
    """Checks a checkpoint against the robot and binds its network; PolicyError names the first difference."""
    spec, description = checkpoint.spec, humanoid(robot)
    spec.require(load_robot(robot))
    function = make_function(spec.name, description, checkpoint)
    spec.require(load_robot(robot), function.terms)
    spec.require_joints(description.joints)
    sizes = (spec.observation_size, *spec.hidden, len(spec.outputs))
    return Policy(spec, function, Mlp(checkpoint.tensors, sizes, spec.activation))


@cache
def load_task(robot: str, name: str) -> Policy:
    """Returns a shipped task's policy with the primitives that it blends; raises as :func:`load_policy` does."""
    return task_policy(load_checkpoint(policy_folder(FAMILY, robot, name)), robot)


def task_policy(checkpoint: Checkpoint, robot: str) -> Policy:
    """Binds a task's checkpoint to the robot's primitives; PolicyError names the first difference."""
    spec, description = checkpoint.spec, humanoid(robot)
    if "skills" not in spec.parameters:
        raise PolicyError(f"{spec.name} is no task of {FAMILY}: its spec lists no skills")
    function = WholeBody(description, spec.observation[: -len(body_terms(len(spec.joints))) - 1])
    spec.require(load_robot(robot), function.terms)
    spec.require_joints(description.joints)
    blend = _blend_of(spec, robot)
    outputs = blend.size if blend else len(spec.outputs)
    high_level = Mlp(checkpoint.tensors, (spec.observation_size, *spec.hidden, outputs), spec.activation)
    return Policy(spec, function, BlendNetwork(blend, high_level) if blend else high_level)


def _blend_of(spec: PolicySpec, robot: str) -> Blend | None:
    """The blend over exactly the primitives that a task's spec names; None for a plain network, which names none."""
    primitives = tuple(blended_primitive(robot, name) for name in spec.parameters["skills"])
    for primitive, digest in zip(primitives, spec.parameters["weights"], strict=True):
        if primitive.spec.weights != digest:
            raise PolicyError(f"{spec.name} was trained over another version of {primitive.spec.name}")
    kind = ScalarBlend if spec.parameters.get("method") == "scalar" else Blend
    return kind(tuple(Primitive(p.function, p.network) for p in primitives)) if primitives else None


def make_function(name: str, robot: Humanoid, checkpoint: Checkpoint) -> SkillFunction:
    """Returns the function of a primitive; ``reach`` takes the arm's network from the checkpoint."""
    plain = {function.name: function for function in (WalkFunction, SquatFunction, StepFunction)}
    if name in plain:
        return plain[name](robot)
    if name == ReachFunction.name:
        make = _REACHES.get(checkpoint.spec.parameters.get("feed_forward"), reach_function)
        return make(robot, checkpoint.tensors)
    raise PolicyError(f"'{name}' is no primitive of {FAMILY}; primitives: {', '.join(p.name for p in PRIMITIVES)}")


def arm_network(tensors: dict[str, np.ndarray]) -> Mlp:
    """Returns the arm's inverse kinematics: hand offsets (n, 3) [m] to joint offsets (n, 4) [rad]."""
    return Mlp(tensors, (3, *ARM_HIDDEN, 4), prefix=ARM)


def reach_function(robot: Humanoid, tensors: dict[str, np.ndarray]) -> ReachFunction:
    """Returns reaching with the arm's inverse kinematics among the tensors."""
    return ReachFunction(robot, *both_arms(robot), arm_network(tensors))


def reach_far(robot: Humanoid, tensors: dict[str, np.ndarray]) -> ReachFar:
    """Returns the same of a robot whose arm's network knows what lies far above."""
    return ReachFar(robot, *both_arms(robot), arm_network(tensors))


def reach_over_walk(robot: Humanoid, tensors: dict[str, np.ndarray]) -> ReachOverWalk:
    """Returns reaching over the legs of the walk that ships; raises as :func:`load_policy` does."""
    return ReachOverWalk(robot, *both_arms(robot), arm_network(tensors), _legs(robot, WalkFunction))


def reach_over_squat(robot: Humanoid, tensors: dict[str, np.ndarray]) -> ReachOverSquat:
    """Returns reaching over the legs of the walk and the squat that ship; raises as :func:`load_policy` does."""
    stoop = Mlp(tensors, (6, *ARM_HIDDEN, 2), prefix=STOOP)
    legs = _legs(robot, WalkFunction), _legs(robot, SquatFunction)
    return ReachOverSquat(robot, *both_arms(robot), (arm_network(tensors), stoop), *legs)


_REACHES = {
    f.__name__: make
    for f, make in ((ReachFar, reach_far), (ReachOverWalk, reach_over_walk), (ReachOverSquat, reach_over_squat))
}
"""By the name of the feed-forward that a policy was learnt over."""


def _legs(robot: Humanoid, kind: type[Legs]) -> tuple[Legs, Network]:
    policy = load_policy(robot.name, kind.name)
    assert isinstance(policy.function, kind)
    return policy.function, policy.network


def both_arms(robot: Humanoid) -> tuple[tuple[Chain, Chain], NDArray[np.float64]]:
    """Returns the chains to the hands, and the home angles (d,) [rad]."""
    description = load_robot(robot.name)
    home = np.array([description.joint(name).home for name in robot.joints])
    return hand_chains(robot, description.urdf), home
