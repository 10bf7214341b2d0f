"""``robomatrix train dexgen`` data, starts, controller and rotate."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from robomatrix.hardware.mujoco.hand import ObjectSpec
from robomatrix.hardware.mujoco.hand_driver import SHAPES
from robomatrix.robots.loader import load_robot
from robomatrix.training.dexgen.data import DataSettings, generate
from robomatrix.training.dexgen.grasps import GraspFinder, firm_grasps

Report = Callable[[str], None]
FOLDER = Path("runs/dexgen")


def train_data(
    robot: str = "allegro",
    folder: Path = FOLDER / "data",
    shards: int = 200,
    workers: int = 1,
    seed: int = 0,
    report: Report = print,
) -> Mapping[str, object]:
    """Generates held random motion; run it again to go on or, with more shards, to add.

    Args:
        robot: a hand that ``robomatrix robots`` lists.
        folder: where grasps, shards and manifest go.
        shards: in all; one holds about 10,000 kept transitions.
        workers: processes.
        seed: of everything drawn.
        report: takes a line of progress.

    Returns:
        The manifest: settings, and of every shard what was simulated, kept and dropped.
    """
    return generate(load_robot(robot), DataSettings(shards=shards, seed=seed), folder, workers, report)


def train_starts(
    robot: str = "allegro", folder: Path = FOLDER / "starts", count: int = 24, seed: int = 0, report: Report = print
) -> None:
    """Finds firm grasps for the simulated hand to start from and writes ``<shape>.npz`` files.

    Args:
        robot: the hand.
        folder: for the files; they are read from ``models/dexgen/<robot>/starts``.
        count: of grasps for each object.
        seed: of everything drawn.
        report: takes a line of progress.
    """
    hand = load_robot(robot)
    folder.mkdir(parents=True, exist_ok=True)
    for number, shape in enumerate(dict.fromkeys(SHAPES.values())):
        finder = GraspFinder(hand, ObjectSpec(shape, 0.06), np.random.default_rng([seed, 3, number]))
        starts = firm_grasps(hand, finder.find(8 * count, 80 * count), count)
        starts.save(folder / f"{shape}.npz")
        report(f"{shape}: {len(starts)} firm grasps")


def train_controller(
    robot: str = "allegro",
    data: Path = FOLDER / "data",
    folder: Path = FOLDER / "controller",
    iterations: int = 30_000,
    minutes: float = math.inf,
    threads: int = 1,
    seed: int = 0,
    keypoints: int = 8,
    report: Report = print,
) -> Mapping[str, float]:
    """Trains on generated data; goes on where an earlier call with the same settings stopped.

    Args:
        robot: the hand that the data is of.
        data: the folder of :func:`train_data`.
        folder: of the run; the checkpoint is in its ``controller``.
        iterations: gradient steps of the whole run.
        minutes: this call stops after so long.
        threads: of the processor.
        seed: of everything drawn.
        keypoints: that the controller predicts, 8 or 4.
        report: takes a line of progress.

    Returns:
        Validation figures on a shard that was left out.
    """
    import torch

    from robomatrix.policies.dexgen.network import NetworkSizes
    from robomatrix.training.dexgen.train import TrainingSettings
    from robomatrix.training.dexgen.train import train_controller as train

    torch.set_num_threads(threads)
    settings = TrainingSettings(iterations=iterations, seed=seed, network=NetworkSizes(keypoints=keypoints))
    return train(load_robot(robot), data, folder, settings, 60.0 * minutes, report)


def train_rotation(
    robot: str = "allegro",
    data: Path = FOLDER / "data",
    folder: Path = FOLDER / "rotate",
    minutes: float = math.inf,
    threads: int = 1,
    seed: int = 0,
    report: Report = print,
) -> Mapping[str, object]:
    """Searches a finger gait and trains corrections on it; goes on where an earlier call stopped.

    Args:
        robot: the hand.
        data: folder of :func:`train_data`, for its grasps; those that are missing are found.
        folder: of the run; the checkpoint is in its ``rotate``.
        minutes: the learning stops after so long.
        threads: of the processor.
        seed: of everything drawn.
        report: takes a line of progress.

    Returns:
        How the checkpoint was made.
    """
    import torch

    from robomatrix.training.dexgen.turning import TurningRecipe, train_turning

    torch.set_num_threads(threads)
    recipe = TurningRecipe(seed=seed)
    return train_turning(load_robot(robot), data, folder, recipe, threads, 60.0 * minutes, report).training
