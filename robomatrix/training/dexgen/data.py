"""Generates what the controller learns from: held random motion in shards with a manifest; resumable, multi-process."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import ConfigurationError
from robomatrix.hardware.mujoco.hand import ObjectSpec
from robomatrix.robots.spec import RobotSpec
from robomatrix.training.dexgen.disturbances import Disturbances
from robomatrix.training.dexgen.grasps import GraspFinder, Grasps
from robomatrix.training.dexgen.primitives import Bounds, MotionPlanner
from robomatrix.training.dexgen.simulation import PALM_DOWN, PALM_UP, HandBatch

Array = NDArray[np.float64]

MANIFEST = "manifest.json"
TICKS_BEFORE_DROP = 20
"""What is thrown away before an object falls: 2 s, as in the paper."""
COLUMNS = {
    "positions": np.float16,
    "targets": np.float16,
    "wanted": np.float16,
    "poses": np.float32,
    "gravity": np.float16,
}
"""Of a shard, with their precision."""


@dataclass(frozen=True)
class DataSettings:
    """What is generated. Everything that changes the data is in here, and so in the manifest."""

    objects: tuple[tuple[str, float], ...] = tuple(
        (shape, size) for shape in ("cube", "cylinder", "ball") for size in (0.05, 0.06, 0.07)
    ) + (("handle", 0.06), ("handle", 0.07))
    """(shape, size [m])."""
    grasps: int = 300
    """Wanted for each object."""
    tries: int = 3000
    """Closings at most for each object."""
    shards: int = 60
    hands: int = 32
    """Simulated side by side in a shard."""
    ticks: int = 400
    """Control steps of each hand in a shard."""
    seed: int = 0
    mass: tuple[float, float] = (0.03, 0.2)
    friction: tuple[float, float] = (0.6, 1.1)
    scale: tuple[float, float] = (0.95, 1.05)
    stiffness: tuple[float, float] = (0.8, 1.1)
    push: float = 0.02
    """Chance of a push in a tick."""


@dataclass
class _Episode:
    """One hand from a placement to a drop or to the shard's end."""

    positions: list[Array] = field(default_factory=list)
    targets: list[Array] = field(default_factory=list)
    """In force when the positions were measured ..."""
    wanted: list[Array] = field(default_factory=list)
    """... and what was intended instead, before anything disturbed it."""
    poses: list[Array] = field(default_factory=list)
    gravity: list[Array] = field(default_factory=list)


def generate_grasps(robot: RobotSpec, settings: DataSettings, folder: Path, report: Callable[[str], None]) -> None:
    """Finds the grasp sets that are not in ``folder`` yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (shape, size) in enumerate(settings.objects):
        path = grasp_path(folder, shape, size)
        if path.exists():
            continue
        finder = GraspFinder(robot, ObjectSpec(shape, size), np.random.default_rng([settings.seed, 1, number]))
        grasps = finder.find(settings.grasps, settings.tries)
        grasps.save(path)
        report(f"{path.stem}: {len(grasps)} grasps, {grasps.keep_rate:.0%} of {grasps.tries} closings held")


def grasp_path(folder: Path, shape: str, size: float) -> Path:
    """Returns the file of one object's grasps."""
    return folder / f"grasps_{shape}_{round(size * 1000)}.npz"


def generate(
    robot: RobotSpec, settings: DataSettings, folder: Path, workers: int = 1, report: Callable[[str], None] = print
) -> Mapping[str, object]:
    """Writes grasp sets and shards into ``folder`` and returns the manifest. Goes on where an earlier run ended.

    Raises:
        ConfigurationError: the folder holds data made with other settings.
    """
    generate_grasps(robot, settings, folder, report)
    manifest = _open_manifest(robot, settings, folder)
    done: dict[str, dict[str, float]] = manifest["shards"]  # type: ignore[assignment]
    missing = [n for n in range(settings.shards) if shard_name(n) not in done]
    for number, counts in _shards(robot, settings, folder, missing, workers):
        done[shard_name(number)] = counts
        _write_manifest(folder, manifest)
        report(f"{shard_name(number)}: {counts['kept']} kept of {counts['simulated']}, {counts['seconds']:.1f} s")
    return manifest


def shard_name(number: int) -> str:
    """Returns the file name of a shard."""
    return f"shard_{number:04d}.npz"


def _shards(
    robot: RobotSpec, settings: DataSettings, folder: Path, numbers: Sequence[int], workers: int
) -> Iterator[tuple[int, dict[str, float]]]:
    if workers <= 1:
        for number in numbers:
            yield number, generate_shard(robot, settings, folder, number)
        return
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        jobs = {pool.submit(generate_shard, robot, settings, folder, number): number for number in numbers}
        for job in as_completed(jobs):
            yield jobs[job], job.result()


def _open_manifest(robot: RobotSpec, settings: DataSettings, folder: Path) -> dict[str, object]:
    wanted = {"robot": robot.name, "settings": json.loads(json.dumps(asdict(replace(settings, shards=0))))}
    path = folder / MANIFEST
    if not path.exists():
        return {**wanted, "shards": {}}
    found = json.loads(path.read_text())
    for key, value in wanted.items():
        if found.get(key) != value:
            raise ConfigurationError(f"{path} was made with another {key}; use a new folder or the same settings")
    return found


def _write_manifest(folder: Path, manifest: Mapping[str, object]) -> None:
    draft = folder / f"{MANIFEST}.new"
    draft.write_text(json.dumps(manifest, indent=1))
    draft.replace(folder / MANIFEST)


def generate_shard(robot: RobotSpec, settings: DataSettings, folder: Path, number: int) -> dict[str, float]:
    """Simulates and writes one shard; returns its counts. Its content depends on the settings' seed and its number."""
    started = time.perf_counter()
    rng = np.random.default_rng([settings.seed, 2, number])
    shape, size = settings.objects[number % len(settings.objects)]
    grasps = Grasps.load(grasp_path(folder, shape, size))
    collector = Collector(robot, settings, grasps, rng)
    episodes = collector.run()
    kept = _write_shard(folder / shard_name(number), episodes, collector.finished)
    return {
        "object": number % len(settings.objects),
        "kept": kept,
        "simulated": settings.hands * settings.ticks,
        "drops": sum(collector.finished),
        "seconds": round(time.perf_counter() - started, 2),
    }


def _write_shard(path: Path, episodes: Sequence[_Episode], dropped: Sequence[bool]) -> int:
    """Writes the ticks of all episodes end to end and returns how many."""
    rows: dict[str, list[Array]] = {name: [] for name in (*COLUMNS, "survival")}
    lengths = []
    for episode, fell in zip(episodes, dropped, strict=True):
        length = len(episode.positions) - (TICKS_BEFORE_DROP if fell else 0)
        if length < 8:
            continue
        lengths.append(length)
        for name in COLUMNS:
            rows[name].append(np.array(getattr(episode, name)[:length]))
        left = np.arange(length)[::-1] + TICKS_BEFORE_DROP if fell else np.full(length, 10_000)
        rows["survival"].append(left)
    arrays = {k: np.concatenate(v) if v else np.zeros(0) for k, v in rows.items()}
    arrays = {k: a.astype(COLUMNS.get(k, np.uint16)) for k, a in arrays.items()}
    np.savez_compressed(path, lengths=np.array(lengths, dtype=np.int32), **arrays)
    return sum(lengths)


class Collector:
    """Runs random motions on many hands and records them.

    Attributes:
        finished: of each returned episode, whether it ended with a drop.
    """

    def __init__(self, robot: RobotSpec, settings: DataSettings, grasps: Grasps, rng: np.random.Generator) -> None:
        self.finished: list[bool] = []
        self._settings, self._grasps, self._rng = settings, grasps, rng
        objects = [self._draw_object(grasps.held) for _ in range(settings.hands)]
        self._hands = HandBatch(robot, objects)
        kinematics = self._hands.kinematics
        self._bounds = Bounds(kinematics.lower, kinematics.upper)
        self._planner = MotionPlanner(grasps, self._bounds, rng)
        self._disturbances = Disturbances(rng)
        for index in range(settings.hands):
            self._hands.scale_stiffness(index, rng.uniform(*settings.stiffness))
        count = settings.hands
        self._plans: list[Array] = [np.zeros((0, 16))] * count
        self._errors: list[Array] = [np.zeros((0, 16))] * count
        self._targets, self._wanted = np.zeros((count, 16)), np.zeros((count, 16))
        self._gravity, self._spin = np.zeros((count, 3)), np.zeros((count, 3))
        self._noise, self._noise_size = np.zeros((count, 16)), np.zeros(count)
        self._frozen = np.zeros((count, 16), dtype=bool)
        self._force = np.zeros((count, 3))

    def run(self) -> list[_Episode]:
        """Returns the episodes of all hands."""
        open_episodes = [self._begin(index) for index in range(len(self._hands))]
        closed: list[_Episode] = []
        for _ in range(self._settings.ticks):
            self._record(open_episodes)
            self._advance()
            for index in np.flatnonzero(self._hands.dropped):
                closed.append(open_episodes[index])
                self.finished.append(True)
                open_episodes[index] = self._begin(index)
        self.finished.extend([False] * len(open_episodes))
        return closed + open_episodes

    def _draw_object(self, nominal: ObjectSpec) -> ObjectSpec:
        s, rng = self._settings, self._rng
        return replace(
            nominal,
            size=nominal.size * rng.uniform(*s.scale),
            mass=rng.uniform(*s.mass),
            friction=rng.uniform(*s.friction),
        )

    def _begin(self, index: int) -> _Episode:
        rng, row = self._rng, self._rng.integers(len(self._grasps))
        start = self._grasps.targets[row]
        self._hands.place(index, self._grasps.positions[row], start, self._grasps.poses[row])
        self._plans[index] = np.tile(start, (rng.integers(3, 10), 1))
        self._errors[index] = np.zeros((len(self._plans[index]), 16))
        self._targets[index] = self._wanted[index] = start
        self._noise[index], self._force[index] = 0.0, 0.0
        self._noise_size[index] = rng.uniform(0.0, 0.08)
        draw = rng.normal(size=3)
        kind = rng.random()
        direction = PALM_DOWN if kind < 0.4 else PALM_UP if kind < 0.6 else draw
        self._gravity[index] = direction / np.linalg.norm(direction)
        self._spin[index] = rng.normal(size=3) * rng.choice([0.0, 0.3])
        return _Episode()

    def _record(self, episodes: Sequence[_Episode]) -> None:
        positions, poses = self._hands.positions, self._hands.poses
        for index, episode in enumerate(episodes):
            episode.positions.append(positions[index])
            episode.targets.append(self._targets[index].copy())
            episode.wanted.append(self._wanted[index].copy())
            episode.poses.append(poses[index])
            episode.gravity.append(self._gravity[index].copy())

    def _advance(self) -> None:
        positions, poses = self._hands.positions, self._hands.poses
        for index in range(len(self._hands)):
            if not len(self._plans[index]):
                self._plans[index] = self._planner.plan(positions[index], self._wanted[index], poses[index])
                self._frozen[index] = self._rng.random(16) < self._rng.choice([0.0, 0.2], p=[0.8, 0.2])
            if not len(self._errors[index]):
                self._errors[index] = self._disturbances.draw(positions[index], self._wanted[index])
            self._disturb(index)
        self._wanted = np.array([plan[0] for plan in self._plans])
        errors = np.array([rows[0] for rows in self._errors])
        self._plans = [plan[1:] for plan in self._plans]
        self._errors = [rows[1:] for rows in self._errors]
        sizes = self._noise_size[:, None]
        self._noise = 0.8 * self._noise + 0.6 * sizes * self._rng.normal(size=self._noise.shape)
        moved = self._bounds.clip(self._wanted + self._noise + errors)
        self._targets = np.where(self._frozen, self._targets, moved)
        self._hands.step(self._targets)

    def _disturb(self, index: int) -> None:
        turned = self._gravity[index] + 0.1 * np.cross(self._spin[index], self._gravity[index])
        self._gravity[index] = turned / np.linalg.norm(turned)
        self._hands.turn(index, self._gravity[index])
        self._force[index] *= 0.9
        if self._rng.random() < self._settings.push:
            self._force[index] = self._rng.normal(size=3) * self._hands.objects[index].mass
        self._hands.push(index, self._force[index])
