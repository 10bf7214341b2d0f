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
from robomatrix.policies.dexgen.turning import ACTION_SCALE, TERMS, FingerGait
from robomatrix.policies.spec import PolicySpec
from robomatrix.robots.spec import RobotSpec
from robomatrix.training.dexgen.data import DataSettings, generate_grasps, grasp_path
from robomatrix.training.dexgen.gait_search import GaitSearch
from robomatrix.training.dexgen.grasps import Grasps
from robomatrix.training.dexgen.turning_env import TurningEnv, TurningTask
from robomatrix.training.dexgen.turning_worlds import TurningWorlds
from robomatrix.training.export import actor_state, mlp_tensors
from robomatrix.training.ppo import Learner, PpoConfig, Progress

Report = Callable[[str], None]
GAIT_FILE = "gait.npz"


@dataclass(frozen=True)
class TurningRecipe:
    """Everything that changes the result."""

    generations: int = 30
    """Of the search."""
    population: int = 60
    samples: int = 4_000_000
    """Control steps of PPO in all."""
    worlds: int = 360
    variants: int = 8
    """Of every object: mass, friction and size drawn anew."""
    seed: int = 1
    task: TurningTask = TurningTask()
    ppo: PpoConfig = PpoConfig(horizon=16, gamma=0.97, initial_std=0.5, entropy=0.002, hidden=(256, 128))


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
    gait = find_gait(robot, grasps, run, recipe, threads, report)
    rng = np.random.default_rng([recipe.seed, 2])
    worlds = TurningWorlds(robot, grasps, recipe.worlds, rng, recipe.variants, threads)
    learner = Learner(TurningEnv(worlds, gait, recipe.task, rng), recipe.ppo, run / "ppo", meta=asdict(recipe))
    learner.resume()
    _learn(learner, recipe.samples, maximum_seconds, report)
    return export_turning(robot, gait, learner.progress, recipe, run)


def _grasps(robot: RobotSpec, data: Path, report: Report) -> list[Grasps]:
    settings = DataSettings()
    generate_grasps(robot, settings, data, report)
    return [Grasps.load(grasp_path(data, shape, size)) for shape, size in settings.objects]


def find_gait(
    robot: RobotSpec, grasps: Sequence[Grasps], run: Path, recipe: TurningRecipe, threads: int, report: Report
) -> FingerGait:
    """Returns the gait of the run's folder, searched for if it is not there yet or not to the end."""
    search = GaitSearch(robot, grasps, recipe.population, recipe.seed, threads)
    path = run / GAIT_FILE
    if path.exists():
        search.load(path)
    while search.generation < recipe.generations:
        report(search.advance())
        search.save(path)
    return search.gait


class _TimeIsUp(Exception):
    """Raised inside the learner's callback."""


def _learn(learner: Learner, samples: int, maximum_seconds: float, report: Report) -> None:
    end = time.perf_counter() + maximum_seconds

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
    robot: RobotSpec, gait: FingerGait, progress: Progress, recipe: TurningRecipe, run: Path
) -> PolicySpec:
    """Writes gait and network as a checkpoint."""
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
        parameters={"frequency": gait.frequency},
        training=training,
    )
    rhythm = {f"gait_{n}": getattr(gait, n).astype(np.float32) for n in ("centre", "cosine", "sine")}
    return save_checkpoint(run / "rotate", spec, {**mlp_tensors(actor_state(run / "ppo")), **rhythm})
