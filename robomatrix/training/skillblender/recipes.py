"""How each primitive is trained: task, environment, PPO and curriculum, by name; and how a run becomes a policy."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import UnknownNameError
from robomatrix.hardware.mujoco.humanoid import servo_sag
from robomatrix.policies.checkpoint import load_checkpoint, policy_folder, save_checkpoint
from robomatrix.policies.network import Mlp
from robomatrix.policies.spec import PolicySpec
from robomatrix.robots.humanoid import Humanoid, humanoid
from robomatrix.robots.loader import load_robot
from robomatrix.skills.skillblender.feedforward import GAIT_FREQUENCY
from robomatrix.skills.skillblender.functions import SkillFunction, SquatFunction
from robomatrix.skills.skillblender.kinematics import Chain, hand_chains
from robomatrix.skills.skillblender.library import ARM, FAMILY, STOOP, load_policy, reach_far, reach_over_squat
from robomatrix.skills.skillblender.observation import ACTION_SCALE
from robomatrix.training.export import actor_state, mlp_tensors
from robomatrix.training.ppo import Learner, PpoConfig, Progress
from robomatrix.training.skillblender.arm import train_arm, train_stoop
from robomatrix.training.skillblender.env import EnvConfig, HumanoidEnv, Starts, Task
from robomatrix.training.skillblender.standing import Reach, Squat, SquatRanges
from robomatrix.training.skillblender.starts import after_walking
from robomatrix.training.skillblender.step import Step
from robomatrix.training.skillblender.walk import Walk
from robomatrix.training.warm_start import warm_start

Tensors = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Curriculum:
    """Linear ramps over samples: (value at the start, samples at which 1 is reached, samples at which it begins)."""

    level: tuple[float, float, float]
    """Of pushes, delay and noise."""
    strictness: tuple[float, float, float]
    """Of penalties."""
    calm: tuple[float, float] = (np.inf, np.inf)
    """Samples from which the reward for exploring fades and at which it is gone."""

    def apply(self, env: HumanoidEnv, learner: Learner) -> None:
        """Sets the environment's difficulty and how much exploring is worth."""
        samples, (begin, end) = learner.progress.samples, self.calm
        env.level, env.strictness = ramp(self.level, samples), ramp(self.strictness, samples)
        left = 1.0 if samples <= begin else np.clip((end - samples) / max(1.0, end - begin), 0.0, 1.0)
        learner.algorithm.entropy_coef = float(left) * learner.config.entropy


def ramp(shape: tuple[float, float, float], samples: float) -> float:
    """Returns the value of a ramp, 0 to 1."""
    start, full, begin = shape
    return float(np.clip(start + (1.0 - start) * (samples - begin) / max(1.0, full - begin), start, 1.0))


@dataclass(frozen=True)
class Recipe:
    """One primitive's training."""

    task: Callable[[Humanoid, int, Tensors], Task]
    """Makes the task for a number of worlds, given tensors prepared before."""
    samples: float
    """Control steps that the shipped policy took."""
    env: EnvConfig
    ppo: PpoConfig
    curriculum: Curriculum
    prepare: Callable[[Humanoid, int], Tensors] = lambda robot, seed: {}
    """Supervised learning beforehand; its tensors ship with the policy."""
    starts: Callable[[str, EnvConfig], Starts | None] = lambda robot, config: None
    """States for the share ``env.started`` of the episodes to begin in."""
    parent: str = ""
    """Primitive that ships, whose network a fresh training starts from; none if empty."""


ABOVE = ((-0.28, -0.25, -0.35), (0.42, 0.42, 0.82))
"""Box of the goals of a tall robot's left hand in its tasks, from where it rests [m]."""


def _upper(robot: Humanoid) -> tuple[tuple[Chain, Chain], NDArray[np.float64], NDArray[np.float64]]:
    """The chains to the hands, home angles (d,) and limits (d, 2) [rad]."""
    description = load_robot(robot.name)
    joints = [description.joint(name) for name in robot.joints]
    home, limits = np.array([j.home for j in joints]), np.array([(j.lower, j.upper) for j in joints])
    return hand_chains(robot, description.urdf), home, limits


def make_far_reach(robot: str, folder: Path, seed: int = 1, steps: int = 6000) -> PolicySpec:
    """Learns the arm's inverse kinematics up to far above the head and writes it as the reach that tasks blend.

    Balance is the reflex's alone: the correcting network is zero.
    """
    body = humanoid(robot)
    (chains, home, limits), started = _upper(body), time.process_time()
    arm = train_arm(body, chains[0], home, limits, lambda angles: servo_sag(body, angles), steps, seed, ABOVE)
    function = reach_far(body, {ARM + name: value for name, value in arm.items()})
    inputs, outputs = sum(term.size for term in function.terms), len(function.outputs)
    zero = {"mean": np.zeros(inputs), "std": np.ones(inputs)}
    zero |= {"w0": np.zeros((outputs, inputs)), "b0": np.zeros(outputs)}
    parameters = {"gait_frequency": GAIT_FREQUENCY, "feed_forward": type(function).__name__}
    facts = {
        "command": f"robomatrix.training.skillblender.recipes.make_far_reach('{robot}', folder, seed={seed})",
        "seed": seed,
        "samples": 0,
        "supervised_steps": steps,
        "processor_seconds": round(time.process_time() - started),
    }
    spec = humanoid_policy(robot, function.name, function, body.joints, (), parameters, facts)
    tensors = {**{ARM + name: value for name, value in arm.items()}, **zero}
    return save_checkpoint(folder, spec, {name: value.astype(np.float32) for name, value in tensors.items()})


def prepare_reach(robot: Humanoid, seed: int) -> Tensors:
    """Returns the tensors of the arm's inverse kinematics, and of how far to squat and to turn the waist for goals."""
    chains, home, limits = _upper(robot)
    arm = train_arm(robot, chains[0], home, limits, lambda angles: servo_sag(robot, angles), steps=3000, seed=seed)
    stoop = train_stoop(robot, chains, home, limits, steps=3000, seed=seed)
    parts = ((ARM, arm), (STOOP, stoop))
    return {prefix + name: value for prefix, tensors in parts for name, value in tensors.items()}


def busy_squat(function: SquatFunction, worlds: int) -> Squat:
    """Returns squatting as it is learnt: under arms that work in seven of ten episodes."""
    return Squat(function, worlds, SquatRanges(function.lowest - 0.02, moving_arms=0.7))


def walked(robot: str, config: EnvConfig) -> Starts:
    """Returns states after a walk of the policy that ships."""
    return after_walking(load_policy(robot, "walk"), config.worlds, config.seed, config.threads)


RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        "walk": Recipe(
            task=lambda robot, worlds, tensors: Walk(robot, worlds),
            samples=2e7,
            env=EnvConfig(),
            ppo=PpoConfig(initial_std=0.3, desired_kl=0.015, entropy=0.001),
            curriculum=Curriculum(level=(0.0, 4e6, 1e6), strictness=(0.3, 2e6, 0.0), calm=(1.5e7, 1.6e7)),
        ),
        "reach": Recipe(
            task=lambda robot, worlds, tensors: Reach(reach_over_squat(robot, tensors), worlds),
            samples=3e6,
            env=EnvConfig(episode=10.0, started=0.4),
            ppo=PpoConfig(initial_std=0.15, desired_kl=0.015, gamma=0.98, entropy=0.0005),
            curriculum=Curriculum(level=(0.5, 5e5, 0.0), strictness=(1.0, 1.0, 0.0)),
            prepare=prepare_reach,
            starts=walked,
        ),
        "step": Recipe(
            task=lambda robot, worlds, tensors: Step(robot, worlds),
            samples=4e6,
            env=EnvConfig(episode=12.0, started=0.3),
            ppo=PpoConfig(initial_std=0.3, desired_kl=0.015, gamma=0.98, entropy=0.001),
            curriculum=Curriculum(level=(0.3, 2e6, 5e5), strictness=(0.5, 1e6, 0.0)),
            starts=walked,
            parent="walk",
        ),
        "squat": Recipe(
            task=lambda robot, worlds, tensors: busy_squat(SquatFunction(robot), worlds),
            samples=3e6,
            env=EnvConfig(episode=10.0, started=0.4),
            ppo=PpoConfig(initial_std=0.15, desired_kl=0.015, gamma=0.98, entropy=0.0005),
            curriculum=Curriculum(level=(0.5, 5e5, 0.0), strictness=(1.0, 1.0, 0.0)),
            starts=walked,
        ),
    }
)


def recipe(name: str) -> Recipe:
    """Returns a primitive's recipe; UnknownNameError lists those that exist."""
    if name not in RECIPES:
        raise UnknownNameError("primitive", name, RECIPES)
    return RECIPES[name]


def train(
    robot: str,
    name: str,
    run: Path,
    samples: float | None = None,
    seed: int = 1,
    threads: int = 2,
    each: Callable[[Progress, dict[str, float]], None] | None = None,
) -> Progress:
    """Trains a primitive, going on from the run's checkpoint if there is one; returns where it stands."""
    plan, body = recipe(name), humanoid(robot)
    tensors = _prepared(plan, body, run, seed)
    config = replace(plan.env, seed=seed, threads=threads)
    starts = plan.starts(robot, config)
    env = HumanoidEnv(body, plan.task(body, config.worlds, tensors), config, starts=starts)
    learner = Learner(env, replace(plan.ppo, seed=seed), run, meta={"robot": robot, "name": name, "seed": seed})
    if not learner.resume() and plan.parent:
        parent = load_checkpoint(policy_folder(FAMILY, robot, plan.parent))
        warm_start(learner.algorithm.actor, env.task.function.terms, parent)
    plan.curriculum.apply(env, learner)

    def after(progress: Progress, log: dict[str, float]) -> None:
        plan.curriculum.apply(env, learner)
        if each:
            each(progress, log)

    return learner.learn(int(samples or plan.samples), after)


def _prepared(plan: Recipe, robot: Humanoid, run: Path, seed: int) -> Tensors:
    from safetensors.numpy import load_file, save_file

    path = run / "prepared.safetensors"
    if not path.exists():
        run.mkdir(parents=True, exist_ok=True)
        save_file(plan.prepare(robot, seed), path)
    return load_file(path)


def humanoid_policy(
    robot: str,
    name: str,
    function: SkillFunction,
    outputs: tuple[str, ...],
    hidden: tuple[int, ...],
    parameters: Mapping[str, Any],
    training: Mapping[str, Any],
) -> PolicySpec:
    """Returns the specification of a policy of this family, dated today.

    Args:
        robot: Name of the humanoid.
        name: Of the primitive or task.
        function: What the policy sees.
        outputs: What it gives, by joint.
        hidden: Widths of its layers.
        parameters: What else its use depends on.
        training: How it came about.
    """
    body, description = humanoid(robot), load_robot(robot)
    return PolicySpec(
        family=FAMILY,
        name=name,
        robot=robot,
        rate=description.rate,
        joints=body.joints,
        observation=function.terms,
        outputs=outputs,
        action_scale=ACTION_SCALE,
        hidden=hidden,
        home=tuple(description.joint(j).home for j in body.joints),
        parameters=dict(parameters),
        training={"date": time.strftime("%Y-%m-%d"), **training},
    )


def export(
    robot: str,
    name: str,
    run: Path,
    folder: Path,
    training: Mapping[str, Any],
    metrics: Mapping[str, Any] | None = None,
) -> PolicySpec:
    """Writes a run's newest weights as a policy folder; ``training`` says how they came about."""
    from safetensors.numpy import load_file

    body, plan = humanoid(robot), recipe(name)
    prepared = load_file(run / "prepared.safetensors") if (run / "prepared.safetensors").exists() else {}
    tensors = {**prepared, **mlp_tensors(actor_state(run))}
    function = plan.task(body, 1, prepared).function
    outputs = tuple(body.joints[i] for i in function.outputs)
    parameters = {"gait_frequency": GAIT_FREQUENCY, "feed_forward": type(function).__name__}
    spec = humanoid_policy(robot, name, function, outputs, plan.ppo.hidden, parameters, training)
    sizes = (spec.observation_size, *spec.hidden, len(spec.outputs))
    Mlp(tensors, sizes, spec.activation)  # refuses weights that do not fit before they are written
    return save_checkpoint(folder, spec, tensors, metrics)


def make(
    robot: str,
    name: str,
    run: Path,
    folder: Path,
    samples: int,
    seed: int,
    threads: int,
    each: Callable[[Progress, dict[str, float]], None] | None = None,
) -> dict[str, Any]:
    """Trains a primitive and exports it; returns how it was made: command, seed, samples, seconds."""
    progress = train(robot, name, run, samples, seed, threads, each=each)
    facts = made(robot, name, progress, seed)
    export(robot, name, run, folder, facts)
    return facts


def made(robot: str, name: str, progress: Progress, seed: int) -> dict[str, Any]:
    """Returns how a policy came about: command, seed, samples, seconds."""
    command = f"robomatrix train skillblender {name} --robot {robot} --samples {progress.samples} --seed {seed}"
    return {"command": command, "seed": seed, "samples": progress.samples, "seconds": round(progress.seconds)}
