"""What goes wrong between an operator's intention and the command.

The paper's four corruptions, and faults that no filter removes: bias, delay, wrong scale, stretched fingers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import UnknownNameError

Array = NDArray[np.float64]

ACTION_SCALE = 0.5
"""Radians of one unit of action, for the corruptions that the paper defines on actions in [-1, 1]."""
FAULT_PERIOD = 60
"""Ticks between two openings or lifts (6 s) ..."""
FAULT_LENGTH = 20
"""... which last 2 s."""


class Corruption:
    """Turns intended servo targets into commands for a batch of hands. The base passes them through."""

    def __init__(self, count: int, rng: np.random.Generator) -> None:
        self.count, self._rng = count, rng

    def reset(self, row: int) -> None:
        """A new object was put into one hand."""

    def __call__(self, positions: Array, intended: Array) -> Array:
        """Returns commands (N, 16) for joint positions (N, 16) and intended targets (N, 16) [rad]."""
        return intended


class Additive(Corruption):
    """Independent noise on every action (paper, simulated experiments)."""

    def __init__(self, size: float, count: int, rng: np.random.Generator, hold: float = 0.0) -> None:
        """``hold`` is the chance that a joint's noise stays the same for another tick."""
        super().__init__(count, rng)
        self._size, self._hold = size, hold
        self._noise = np.zeros((count, 16))

    def __call__(self, positions: Array, intended: Array) -> Array:
        """Adds noise to the actions."""
        fresh = self._rng.uniform(-self._size, self._size, (self.count, 16))
        self._noise = np.where(self._rng.random((self.count, 16)) < self._hold, self._noise, fresh)
        action = np.clip((intended - positions) / ACTION_SCALE, -1.0, 1.0) + self._noise
        return positions + ACTION_SCALE * np.clip(action, -1.0, 1.0)


class Multiplicative(Corruption):
    """Actions shrunk by a factor drawn every tick (paper, simulated experiments)."""

    def __init__(self, size: float, count: int, rng: np.random.Generator) -> None:
        super().__init__(count, rng)
        self._size = size

    def __call__(self, positions: Array, intended: Array) -> Array:
        """Shrinks the actions."""
        action = np.clip((intended - positions) / ACTION_SCALE, -1.0, 1.0)
        return positions + ACTION_SCALE * action * self._rng.uniform(0.0, self._size, (self.count, 1))


class Bias(Corruption):
    """A constant error of every joint, new with every object: a badly calibrated glove."""

    def __init__(self, size: float, count: int, rng: np.random.Generator) -> None:
        super().__init__(count, rng)
        self._size = size
        self._bias = rng.uniform(-size, size, (count, 16))

    def reset(self, row: int) -> None:
        """Draws another bias."""
        self._bias[row] = self._rng.uniform(-self._size, self._size, 16)

    def __call__(self, positions: Array, intended: Array) -> Array:
        """Adds the bias."""
        return intended + self._bias


class Delay(Corruption):
    """Commands that come late."""

    def __init__(self, ticks: int, count: int, rng: np.random.Generator) -> None:
        super().__init__(count, rng)
        self._ticks = ticks
        self._queues: list[deque[Array]] = [deque(maxlen=ticks + 1) for _ in range(count)]

    def reset(self, row: int) -> None:
        """Forgets what has not arrived."""
        self._queues[row].clear()

    def __call__(self, positions: Array, intended: Array) -> Array:
        """Returns the intention of some ticks ago."""
        for queue, target in zip(self._queues, intended, strict=True):
            queue.append(target)
        return np.array([queue[0] for queue in self._queues])


class Scale(Corruption):
    """Joint angles that are all too small: an operator with another hand size."""

    def __init__(self, factor: float, count: int, rng: np.random.Generator) -> None:
        super().__init__(count, rng)
        self._factor = factor

    def __call__(self, positions: Array, intended: Array) -> Array:
        """Scales the angles."""
        return self._factor * intended


class Slip(Corruption):
    """For 2 s out of every 6 the operator stretches fingers: the whole hand, or one finger drawn each time."""

    def __init__(self, fingers: int, count: int, rng: np.random.Generator) -> None:
        super().__init__(count, rng)
        self._fingers = fingers
        self._clock = rng.integers(FAULT_PERIOD, size=count)
        self._which = np.zeros((count, 4), dtype=bool)

    def reset(self, row: int) -> None:
        """Starts a calm time."""
        self._clock[row] = 0

    def __call__(self, positions: Array, intended: Array) -> Array:
        """Stretches fingers while the fault lasts."""
        self._clock += 1
        for row in np.flatnonzero(self._clock % FAULT_PERIOD == FAULT_PERIOD - FAULT_LENGTH):
            self._which[row] = False
            self._which[row, self._rng.permutation(4)[: self._fingers]] = True
        now = (self._clock % FAULT_PERIOD >= FAULT_PERIOD - FAULT_LENGTH)[:, None] & self._which
        stretched = np.repeat(now, 4, axis=1)
        stretched[:, [0, 4, 8, 12]] = False
        return np.where(stretched, 0.0, intended)


CORRUPTIONS: Mapping[str, Callable[[int, np.random.Generator], Corruption]] = MappingProxyType(
    {
        "none": Corruption,
        "additive_0.75": partial(Additive, 0.75),
        "additive_1.5": partial(Additive, 1.5),
        "multiplicative_0.5": partial(Multiplicative, 0.5),
        "multiplicative_1.0": partial(Multiplicative, 1.0),
        "held_0.75": partial(Additive, 0.75, hold=0.9),
        "bias_0.25": partial(Bias, 0.25),
        "delay_0.3s": partial(Delay, 3),
        "scale_0.7": partial(Scale, 0.7),
        "open_palm": partial(Slip, 4),
        "lifted_finger": partial(Slip, 1),
    }
)
"""By name; the first four after ``none`` are the paper's."""


def corruption(name: str, count: int, rng: np.random.Generator) -> Corruption:
    """Returns a corruption for ``count`` hands; UnknownNameError lists those there are."""
    if name not in CORRUPTIONS:
        raise UnknownNameError("corruption", name, CORRUPTIONS)
    return CORRUPTIONS[name](count, rng)
