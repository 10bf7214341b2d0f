"""The whole comparison: every method under every corruption and seed, resumable, one JSON line for each hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from robomatrix.errors import ConfigurationError
from robomatrix.evaluation.dexgen.figures import table
from robomatrix.evaluation.dexgen.operators import CORRUPTIONS
from robomatrix.evaluation.dexgen.protocol import Cell, Tally
from robomatrix.hardware.mujoco.hand import ObjectSpec, Shape
from robomatrix.robots.spec import RobotSpec
from robomatrix.training.dexgen.grasps import GraspFinder, Grasps

Report = Callable[[str], None]
TALLIES = "tallies.jsonl"

METHODS = (
    "direct",
    "freeze",
    *(f"lowpass:{share}" for share in (0.5, 0.3, 0.15, 0.08, 0.04)),
    *(f"oneeuro:{cutoff}" for cutoff in (1.0, 0.3, 0.1)),
    *(f"dexgen:{strength}" for strength in (0.0, 1.0, 3.0, 8.0, 20.0, 60.0)),
)
"""Whole tuning ranges, so that curves are compared and not points."""


@dataclass(frozen=True)
class SuiteSettings:
    """What is compared; the full protocol of the paper is 1200 s and five seeds."""

    seconds: float = 60.0
    """Simulated, of each hand in each cell."""
    seeds: tuple[int, ...] = (0,)
    methods: tuple[str, ...] = METHODS
    corruptions: tuple[str, ...] = tuple(CORRUPTIONS)
    shapes: tuple[Shape, ...] = ("cube", "cylinder", "ball", "capsule")
    """The capsule is never trained on."""
    size: float = 0.06
    """[m]."""
    grasps: int = 150
    """For each object, drawn with another seed than the training data's."""


def evaluation_grasps(robot: RobotSpec, settings: SuiteSettings, folder: Path, report: Report) -> list[Grasps]:
    """Returns the grasp sets, found once and kept in ``folder``."""
    found = []
    for number, shape in enumerate(settings.shapes):
        path = folder / f"grasps_{shape}_{round(settings.size * 1000)}.npz"
        if not path.exists():
            finder = GraspFinder(robot, ObjectSpec(shape, settings.size), np.random.default_rng([987, number]))
            finder.find(settings.grasps, 20 * settings.grasps).save(path)
            report(f"{path.stem}: found")
        found.append(Grasps.load(path))
    return found


def read_tallies(folder: Path) -> list[Tally]:
    """Returns what a run wrote so far; ConfigurationError if a line is damaged."""
    path = folder / TALLIES
    lines = path.read_text().splitlines() if path.exists() else []
    try:
        return [Tally(**json.loads(line)) for line in lines]
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{path}: {error}") from error


def run(
    robot: RobotSpec,
    settings: SuiteSettings,
    folder: Path,
    controller: Path | None = None,
    report: Report = print,
) -> list[Tally]:
    """Runs the cells that ``folder`` does not have yet.

    Args:
        robot: the hand.
        settings: what to compare.
        folder: for grasps and tallies; an interrupted run goes on there.
        controller: checkpoint folder; the shipped one if None.
        report: takes a line for each finished cell.

    Returns:
        All tallies in the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    grasps = evaluation_grasps(robot, settings, folder, report)
    done = {(t.corruption, t.method, t.seed) for t in read_tallies(folder)}
    for corruption, method, seed in _cells(settings):
        if (corruption, method, seed) in done:
            continue
        tallies = Cell(robot, grasps, method, corruption, seed, folder=controller).run(settings.seconds)
        with (folder / TALLIES).open("a") as file:
            file.writelines(json.dumps(asdict(tally)) + "\n" for tally in tallies)
        report(table(tallies, lambda t: f"{t.corruption} {t.method}"))
    return read_tallies(folder)


def _cells(settings: SuiteSettings) -> Iterator[tuple[str, str, int]]:
    for corruption in settings.corruptions:
        for method in settings.methods:
            for seed in settings.seeds:
                yield corruption, method, seed
