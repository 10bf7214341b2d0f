"""Finds a rhythm of the fingers that turns objects, by the cross-entropy method: each group of worlds tries its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robomatrix.policies.dexgen.turning import PERIOD, RAMP, FingerGait, twist_and_tilt
from robomatrix.robots.spec import RobotSpec
from robomatrix.training.dexgen.grasps import Grasps
from robomatrix.training.dexgen.turning_worlds import QUICK, Physics, TurningWorlds

Array = NDArray[np.float64]

SECONDS = 5.0
"""Length of a trial."""
FASTEST = 1.5
"""Turning faster than this is worth no more [rad/s]."""
DROP = 0.3
"""What a drop costs [rad/s]."""
SPREAD = np.concatenate([np.full(48, 0.08), [0.08]])
"""Of the search around the best drawn gait: joints [rad], frequency [Hz]."""
SMALLEST = 0.03
ELITE = 0.15
TRIALS = 3
"""Of a gait with each shape."""
_DRAWS = 4
"""Populations drawn freely before the search closes in on the best."""
_SIZE = 0.06
"""Of the objects of the search [m]."""


def unflatten(vector: Array) -> FingerGait:
    """Returns the gait of (49,) centre, cosine, sine, frequency."""
    return FingerGait(vector[:16], vector[16:32], vector[32:48], float(np.clip(vector[48], 0.2, 1.5)))


def draw(middle: Array, rng: np.random.Generator) -> Array:
    """Returns a random gait (49,): fingers press and lift a quarter period off their sideways sweep.

    Args:
        middle: (16,) servo targets around which the fingers move.
        rng: source of everything random.
    """
    size, phase = np.zeros(16), np.zeros(16)
    wave, alternating = np.arange(3) / 3.0 * rng.choice([-1, 1]), np.array([0.0, 0.5, 0.0])
    fingers = [rng.random(3), rng.random() + wave, rng.random() + alternating][rng.integers(3)]
    press = rng.choice([-0.25, 0.25])
    size[[0, 4, 8]] = rng.uniform(0.1, 0.45, 3)
    bent = np.arange(16) % 4 != 0
    size[bent], size[12] = rng.uniform(0.03, 0.35, 12), rng.uniform(0.03, 0.35)
    phase[:12] = np.repeat(fingers, 4)
    phase[12:] = rng.random() + np.array([0.0, rng.choice([0.0, 0.5]), 0.0, 0.0])
    phase[bent] += press + rng.normal(0.0, 0.05, 12)
    angle = 2.0 * np.pi * phase
    centre = middle + rng.normal(0.0, 0.12, 16)
    return np.concatenate([centre, size * np.cos(angle), size * np.sin(angle), [rng.uniform(0.4, 1.1)]])


def score(worlds: TurningWorlds, vectors: Array, direction: float, seconds: float = SECONDS) -> tuple[Array, Array]:
    """Returns the worth of each gait and the share of its worlds that kept the object, (G,) both.

    A gait is tried in successive worlds. Its worth is the speed of turning in the wanted direction [rad/s], less
    tilting and drops.

    Args:
        worlds: reset before; a multiple of ``len(vectors)``.
        vectors: (G, 49) gaits.
        direction: 1 to turn left, -1 right.
        seconds: length of the trial.
    """
    count, each = len(worlds), len(worlds) // len(vectors)
    own = np.repeat(vectors, each, axis=0)
    phase, start, before = np.zeros(count), worlds.targets.copy(), worlds.poses.copy()
    total, alive = np.zeros(count), np.ones(count, dtype=bool)
    for tick in range(round(seconds / PERIOD)):
        phase += np.clip(own[:, 48], 0.2, 1.5) * PERIOD
        angle = 2.0 * np.pi * phase[:, None]
        rhythm = own[:, :16] + own[:, 16:32] * np.cos(angle) + own[:, 32:48] * np.sin(angle)
        worlds.step(start + min(1.0, (tick + 1) * PERIOD / RAMP) * (rhythm - start))
        turned, tilted = twist_and_tilt(worlds.poses, before)
        before = worlds.poses.copy()
        alive &= ~worlds.dropped
        gain = np.clip(direction * turned, -FASTEST * PERIOD, FASTEST * PERIOD)
        total += alive * (gain - 0.15 * np.minimum(tilted, 0.3))
    worth = (total / seconds - DROP * ~alive).reshape(len(vectors), each)
    return worth.mean(axis=1), alive.reshape(len(vectors), each).mean(axis=1)


class GaitSearch:
    """A resumable search; the same grasps are used for all gaits of a generation and drawn anew for the next.

    Attributes:
        generation: how many are done.
    """

    def __init__(
        self,
        robot: RobotSpec,
        grasps: Sequence[Grasps],
        direction: float,
        population: int,
        seed: int,
        threads: int = 1,
        physics: Physics = QUICK,
    ) -> None:
        """Tries ``population`` gaits at a time on every shape among the grasps of 60 mm objects."""
        self._grasps = [g for g in grasps if abs(g.held.size - _SIZE) < 1e-6]
        self._rng = np.random.default_rng([seed, 1, int(direction > 0.0)])
        self._direction, self._population = direction, population
        self._each = TRIALS * len(self._grasps)
        self._worlds = TurningWorlds(robot, self._grasps, population * self._each, self._rng, 1, threads, physics)
        self._middle = np.concatenate([g.targets for g in grasps]).mean(axis=0)
        self._mean, self._spread = np.zeros(49), SPREAD.copy()
        self.generation = 0

    @property
    def gait(self) -> FingerGait:
        """The best known."""
        return unflatten(self._mean)

    def advance(self) -> str:
        """Does one generation and returns a line about it."""
        if self.generation == 0:
            self._mean = self._drawn()
        vectors = self._mean + self._spread * self._rng.standard_normal((self._population, 49))
        vectors[0] = self._mean
        worth, held = self._try(vectors)
        best = np.argsort(-worth)[: max(2, round(ELITE * self._population))]
        self._mean = 0.3 * self._mean + 0.7 * vectors[best].mean(axis=0)
        self._spread = 0.5 * self._spread + 0.5 * np.maximum(vectors[best].std(axis=0), SMALLEST)
        self.generation += 1
        return (
            f"generation {self.generation}: all {worth.mean():.3f}, best {worth[best].mean():.3f}, mean {worth[0]:.3f}"
            f" rad/s; {held.mean():.0%} held"
        )

    def _drawn(self) -> Array:
        """Returns the best of freely drawn gaits, after a second trial of the better ones."""
        rounds = [np.array([draw(self._middle, self._rng) for _ in range(self._population)]) for _ in range(_DRAWS)]
        worth = np.concatenate([self._try(vectors)[0] for vectors in rounds])
        order = np.argsort(-worth)[: self._population]
        better = np.concatenate(rounds)[order]
        return better[np.argmax(worth[order] + self._try(better)[0])]

    def _try(self, vectors: Array) -> tuple[Array, Array]:
        rows = np.tile(self._rng.integers(1 << 30, size=self._each), len(vectors))
        self._worlds.reset(np.arange(len(self._worlds)), rows)
        return score(self._worlds, vectors, self._direction)

    def save(self, path: Path) -> None:
        """Writes what :meth:`load` needs."""
        np.savez(path, mean=self._mean, spread=self._spread, generation=self.generation)

    def load(self, path: Path) -> None:
        """Goes on from :meth:`save`."""
        with np.load(path, allow_pickle=False) as file:
            self._mean, self._spread = file["mean"], file["spread"]
            self.generation = int(file["generation"])
        self._rng = np.random.default_rng([self.generation, int(self._direction > 0.0)])
