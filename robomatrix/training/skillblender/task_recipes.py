"""How a SkillBench task's blend, and each baseline, is trained and exported."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from robomatrix.errors import UnknownNameError
from robomatrix.policies.checkpoint import save_checkpoint
from robomatrix.policies.spec import PolicySpec
from robomatrix.robots.humanoid import humanoid
from robomatrix.skills.skillblender.blend import Blend, ScalarBlend
from robomatrix.skills.skillblender.library import blended_primitive
from robomatrix.training.export import actor_state, mlp_tensors
from robomatrix.training.ppo import Learner, PpoConfig, Progress
from robomatrix.training.skillblender.env import EnvConfig, HumanoidEnv
from robomatrix.training.skillblender.imitation import ImitationConfig, imitate, running_blend
from robomatrix.training.skillblender.recipes import humanoid_policy, made
from robomatrix.training.skillblender.tasks import BenchTask, Scatter, task_env

TASK_PPO = PpoConfig(
    initial_std=0.06, desired_kl=0.002, gamma=0.99, learning_rate=3e-5, learning_rate_limit=1e-4, entropy=0.0
)
SCRATCH_PPO = PpoConfig(gamma=0.99)
"""Of the baselines, which set out from nothing."""
TASK_SAMPLES = 3.5e5
"""Default of a training; one that is spent by the imitation ends there."""
IMITATION = ImitationConfig()
LONG_IMITATION = ImitationConfig(rounds=6, steps=250, keep=5, passes=14, decay=0.75)
WHOLE_IMITATION = ImitationConfig(rounds=4, steps=320, keep=4, passes=14, decay=0.75, worlds=256)
"""Rounds as long as it takes to do a task."""
LONGER_IMITATION = replace(WHOLE_IMITATION, rounds=6, keep=3)
LEAN_IMITATION = replace(WHOLE_IMITATION, keep=2, passes=8, worlds=128)
IMITATIONS: Mapping[tuple[str, str], ImitationConfig] = MappingProxyType(
    {
        **{("g1", name): IMITATION for name in ("far_reach", "football_shoot")},
        **{("g1", name): LONG_IMITATION for name in ("button_press", "box_push")},
        **{("h1_2", name): LEAN_IMITATION for name in ("cabinet_close", "football_shoot")},
        ("h1_2", "far_reach"): LONGER_IMITATION,
    }
)
"""By robot and task; all others take :data:`WHOLE_IMITATION`."""
SCATTER: Mapping[str, Scatter] = MappingProxyType({"box_push": Scatter((-0.6, 0.25), 0.3, 0.35)})
"""By task: places where half of the training's episodes begin, as a walk may end there."""
CRITIC_FIRST = 10
"""Iterations in which only the critic learns, so that a good start is not forgotten."""
DISTURBED = 0.3
"""Share of the primitives' pushes, delay and noise under which tasks are learnt."""
METHODS: Mapping[str, type[Blend] | None] = MappingProxyType(
    {"blend": Blend, "scalar": ScalarBlend, "no_walking": Blend, "ppo": None}
)
"""The paper's method and the baselines that learn; None is a plain network."""


def bench_task(robot: str, name: str, worlds: int) -> BenchTask:
    """Returns a task of a robot; UnknownNameError lists the tasks."""
    return BenchTask(name, humanoid(robot), worlds, blended_primitive(robot, "reach").function.rest)


def used_skills(task: BenchTask, method: str) -> tuple[str, ...]:
    """Returns the primitives that a method blends for a task; UnknownNameError lists the methods."""
    if method not in METHODS:
        raise UnknownNameError("method", method, METHODS)
    return tuple(name for name in task.skills if method != "no_walking" or name != "walk")


def train_task(
    robot: str,
    name: str,
    run: Path,
    samples: float = TASK_SAMPLES,
    seed: int = 1,
    threads: int = 2,
    each: Callable[[Progress, dict[str, float]], None] | None = None,
    method: str = "blend",
) -> Progress:
    """Trains a task's blend over the robot's shipped primitives, or a baseline; goes on from the run's checkpoint."""
    from robomatrix.training.skillblender.blend import BlendModel, frozen_blend

    imitation = IMITATIONS.get((robot, name), WHOLE_IMITATION)
    worlds = imitation.worlds if method == "blend" else EnvConfig.worlds
    task, config = bench_task(robot, name, worlds), replace(TASK_PPO, seed=seed)
    task.scatter = SCATTER.get(name)
    env = task_env(task, EnvConfig(worlds, episode=task.rules.seconds, seed=seed, threads=threads))
    env.level = DISTURBED
    kind, skills = METHODS[method], used_skills(task, method)
    actor = kind and (lambda seen: BlendModel(seen, frozen_blend(robot, skills, kind), config))
    meta = {"robot": robot, "name": name, "seed": seed, "method": method}
    learner = Learner(env, config if method == "blend" else replace(SCRATCH_PPO, seed=seed), run, actor, meta)
    if not learner.resume() and method == "blend":
        _begin(learner, env, imitation, each)
    if method == "blend" and not learner.progress.iteration and learner.progress.samples < samples:
        _value(learner, env, each)
    return learner.learn(int(samples), each)


Each = Callable[[Progress, dict[str, float]], None] | None


def _begin(learner: Learner, env: HumanoidEnv, config: ImitationConfig, each: Each) -> None:
    """Imitates the guide."""
    started, progress, actor = time.perf_counter(), learner.progress, learner.algorithm.actor
    losses = imitate(actor, env, running_blend(env.robot, env.task.skills), config, learner.config.seed)
    progress.samples += config.samples * env.num_envs
    progress.seconds += time.perf_counter() - started
    if each:
        each(progress, {f"imitation_{i}": loss for i, loss in enumerate(losses)})


def _value(learner: Learner, env: HumanoidEnv, each: Each) -> None:
    """Lets the critic alone find out what the start is worth."""
    actor = learner.algorithm.actor
    actor.requires_grad_(False)
    learner.learn(learner.progress.samples + CRITIC_FIRST * env.num_envs * learner.config.horizon, each)
    actor.requires_grad_(True)


def export_task(
    robot: str, name: str, run: Path, folder: Path, training: Mapping[str, Any], method: str = "blend"
) -> PolicySpec:
    """Writes a task's newest high-level weights as a policy folder; it names the primitives it was trained over."""
    task = bench_task(robot, name, 1)
    skills = [blended_primitive(robot, skill).spec for skill in used_skills(task, method) if METHODS[method]]
    parameters = {"method": method, "skills": [s.name for s in skills], "weights": [s.weights for s in skills]}
    spec = humanoid_policy(robot, name, task.function, humanoid(robot).joints, TASK_PPO.hidden, parameters, training)
    return save_checkpoint(folder, spec, mlp_tensors(actor_state(run)))


def make_task(
    robot: str,
    name: str,
    run: Path,
    folder: Path,
    samples: int,
    seed: int,
    threads: int,
    each: Callable[[Progress, dict[str, float]], None] | None = None,
    method: str = "blend",
) -> dict[str, Any]:
    """Trains a task's blend or a baseline and exports it; returns how it was made: command, seed, samples, seconds."""
    progress = train_task(robot, name, run, samples, seed, threads, each, method)
    facts = made(robot, name, progress, seed)
    facts["command"] += "" if method == "blend" else f" --method {method}"
    export_task(robot, name, run, folder, facts, method)
    return facts
