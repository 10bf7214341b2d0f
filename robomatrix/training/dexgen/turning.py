"""``robomatrix train dexgen rotate``: search of a finger gait, PPO on corrections of it, export."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from robomatrix.policies.checkpoint import save_checkpoint
from robomatrix.policies.dexgen.turning import ACTION_SCALE, TERMS, WAYS, FingerGait
from robomatrix.policies.spec import PolicySpec
from robomatrix.robots.spec import RobotSpec
from robomatrix.training.dexgen.data import DataSettings, generate_grasps, grasp_path
from robomatrix.training.dexgen.gait_search import GaitSearch
from robomatrix.training.dexgen.grasps import Grasps
from robomatrix.training.dexgen.turning_env import TurningEnv, TurningTask
from robomatrix.training.dexgen.turning_worlds import EXACT, QUICK, TurningWorlds
from robomatrix.training.export import actor_state, mlp_tensors
from robomatrix.training.ppo import Learner, PpoConfig, Progress

Report = Callable[[str], None]


@dataclass(frozen=True)
class TurningRecipe:
    """Everything that changes the result."""

    generations: int = 25
    """Of the search for each gait."""
    population: int = 40
    samples: int = 2_500_000
    """Control steps of PPO with quick physics ..."""
    exact_samples: int = 1_000_000
    """... and afterwards as exact as the hand is evaluated."""
    worlds: int = 360
    variants: int = 8
    """Of every object: mass, friction and size drawn anew."""
    seed: int = 1
    task: TurningTask = TurningTask()
    ppo: PpoConfig = PpoConfig(
        horizon=16, gamma=0.97, initial_std=0.5, entropy=0.0, desired_kl=0.016, hidden=(256, 128)
    )


def train_turning(
    robot: RobotSpec,
    data: Path,
    run: Path,
    recipe: TurningRecipe,
    threads: int = 1,
    maximum_seconds: float = math.inf,
    report: Report = print,
) -> PolicySpec:
    """Trains, goes on where an earlier call stopped, and writes the checkpoint into ``run / "rotate"``.

    Args:
        robot: the hand.
        data: folder with the grasps of ``train dexgen data``; those that are missing are found.
        run: folder of the training.
        recipe: must equal that of an earlier call that is resumed.
        threads: of simulation and learner.
        maximum_seconds: PPO stops after so much time; the rest waits for the next call.
        report: takes lines of progress.
    """
    run.mkdir(parents=True, exist_ok=True)
    grasps = _grasps(robot, data, report)
    gaits = find_gaits(robot, grasps, run, recipe, threads, report)
    end = time.perf_counter() + maximum_seconds
    stages = ((QUICK, recipe.samples), (EXACT, recipe.samples + recipe.exact_samples))
    for number, (physics, samples) in enumerate(stages):
        rng = np.random.default_rng([recipe.seed, 2, number])
        worlds = TurningWorlds(robot, grasps, recipe.worlds, rng, recipe.variants, threads, physics)
        learner = Learner(TurningEnv(worlds, gaits, recipe.task, rng), recipe.ppo, run / "ppo", meta=asdict(recipe))
        learner.resume()
        _learn(learner, samples, end, report)
    return export_turning(robot, gaits, learner.progress, recipe, run)


def _grasps(robot: RobotSpec, data: Path, report: Report) -> list[Grasps]:
    settings = DataSettings()
    generate_grasps(robot, settings, data, report)
    return [Grasps.load(grasp_path(data, shape, size)) for shape, size in settings.objects]


def find_gaits(
    robot: RobotSpec, grasps: Sequence[Grasps], run: Path, recipe: TurningRecipe, threads: int, report: Report
) -> tuple[FingerGait, ...]:
    """Returns a gait for each of :data:`WAYS`; searches for those that the folder does not have to the end."""
    found = []
    for way, direction in zip(WAYS, (1.0, -1.0), strict=True):
        search = GaitSearch(robot, grasps, direction, recipe.population, recipe.seed, threads)
        path = run / f"gait_{way}.npz"
        if path.exists():
            search.load(path)
        while search.generation < recipe.generations:
            report(f"{way}: {search.advance()}")
            search.save(path)
        found.append(search.gait)
    return tuple(found)


class _TimeIsUp(Exception):
    """Raised inside the learner's callback."""


def _learn(learner: Learner, samples: int, end: float, report: Report) -> None:
    def each(progress: Progress, log: dict[str, float]) -> None:
        if progress.iteration % 10 == 0:
            figures = ", ".join(f"{n} {log[n]:.3f}" for n in ("speed", "drops", "turning", "tilting", "std"))
            report(f"{progress.samples} samples, {progress.seconds:.0f} s: {figures}")
        if time.perf_counter() > end:
            raise _TimeIsUp

    try:
        learner.learn(samples, each)
    except _TimeIsUp:
        learner.save()


def export_turning(
    robot: RobotSpec, gaits: Sequence[FingerGait], progress: Progress, recipe: TurningRecipe, run: Path
) -> PolicySpec:
    """Writes gaits and network as a checkpoint."""
    training: dict[str, Any] = {
        "command": "robomatrix train dexgen rotate",
        "seed": recipe.seed,
        "generations": recipe.generations,
        "samples": progress.samples,
        "seconds": round(progress.seconds),
    }
    spec = PolicySpec(
        family="dexgen",
        name="rotate",
        robot=robot.name,
        rate=10.0,
        joints=robot.joint_names,
        observation=TERMS,
        outputs=robot.joint_names,
        action_scale=ACTION_SCALE,
        hidden=recipe.ppo.hidden,
        parameters={"frequency": {way: gait.frequency for way, gait in zip(WAYS, gaits, strict=True)}},
        training=training,
    )
    tensors = mlp_tensors(actor_state(run / "ppo"))
    for way, gait in zip(WAYS, gaits, strict=True):
        tensors |= {f"{way}_{n}": getattr(gait, n).astype(np.float32) for n in ("centre", "cosine", "sine")}
    return save_checkpoint(run / "rotate", spec, tensors)
