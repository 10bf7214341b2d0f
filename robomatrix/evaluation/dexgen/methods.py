"""What may stand between command and hand: nothing, filters, freezing, and the controller. Named by short texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import ConfigurationError, UnknownNameError
from robomatrix.evaluation.dexgen.nearest import NearestMotion
from robomatrix.policies.dexgen.controller import ControllerSettings, DexGenController
from robomatrix.policies.dexgen.kinematics import HandKinematics
from robomatrix.robots.spec import RobotSpec
from robomatrix.training.dexgen.command import FOLDER

Array = NDArray[np.float64]

NEAREST_DATA = FOLDER / "data"
"""Where ``train dexgen data`` writes."""
PERIOD = 0.1
"""Between two commands [s]."""


class Method:
    """Turns commands into servo targets for a batch of hands. The base sends them on directly."""

    def __init__(self, kinematics: HandKinematics) -> None:
        self._kinematics = kinematics

    def reset(self, targets: Array) -> None:
        """Starts with the servo targets in force (N, 16)."""

    def reset_row(self, row: int, target: Array) -> None:
        """A new object was put into one hand with the targets (16,)."""

    def __call__(self, positions: Array, command: Array) -> Array:
        """Returns servo targets (N, 16)."""
        return np.clip(command, self._kinematics.lower, self._kinematics.upper)


class LowPass(Method):
    """First-order filter; ``share`` of the new command enters every tick, 0 freezes."""

    def __init__(self, kinematics: HandKinematics, share: float) -> None:
        super().__init__(kinematics)
        if not 0.0 <= share <= 1.0:
            raise ConfigurationError(f"a low-pass needs a share from 0 to 1, not {share}")
        self._share = share
        self._value = np.zeros((0, 16))

    def reset(self, targets: Array) -> None:
        """Starts with the targets in force."""
        self._value = np.array(targets)

    def reset_row(self, row: int, target: Array) -> None:
        """Starts anew for one hand."""
        self._value[row] = target

    def __call__(self, positions: Array, command: Array) -> Array:
        """Returns the filtered targets."""
        self._value = self._value + self._share * (command - self._value)
        return super().__call__(positions, self._value)


class OneEuro(LowPass):
    """A low-pass that opens with the speed of the signal (Casiez, Roussel, Vogel, CHI 2012)."""

    def __init__(
        self, kinematics: HandKinematics, cutoff: float, slope: float = 0.5, speed_cutoff: float = 1.0
    ) -> None:
        """Cut-off frequency at rest [Hz], its growth per speed [Hz s/rad], and that of the speed's own filter [Hz]."""
        super().__init__(kinematics, 1.0)
        self._cutoff, self._slope, self._speed_share = cutoff, slope, _share(np.array(speed_cutoff))
        self._before, self._speed = np.zeros((0, 16)), np.zeros((0, 16))

    def reset(self, targets: Array) -> None:
        """Starts with the targets in force."""
        super().reset(targets)
        self._before, self._speed = np.array(targets), np.zeros_like(targets)

    def reset_row(self, row: int, target: Array) -> None:
        """Starts anew for one hand."""
        super().reset_row(row, target)
        self._before[row], self._speed[row] = target, 0.0

    def __call__(self, positions: Array, command: Array) -> Array:
        """Returns the filtered targets."""
        self._speed += self._speed_share * ((command - self._before) / PERIOD - self._speed)
        self._before = np.array(command)
        self._share = _share(self._cutoff + self._slope * np.abs(self._speed))  # type: ignore[assignment]
        return super().__call__(positions, command)


def _share(cutoff: Array) -> Array:
    """Returns the share of new signal that a cut-off frequency [Hz] means at this rate."""
    rate = 2.0 * np.pi * cutoff * PERIOD
    return rate / (rate + 1.0)


class Assisted(Method):
    """The controller, optionally behind a low-pass."""

    def __init__(
        self,
        kinematics: HandKinematics,
        robot: RobotSpec,
        folder: Path | None,
        settings: ControllerSettings,
        share: float,
    ) -> None:
        super().__init__(kinematics)
        self._filter = LowPass(kinematics, share)
        self._controller = DexGenController.load(robot, folder, settings=settings)

    def reset(self, targets: Array) -> None:
        """Starts with the targets in force."""
        self._controller.reset(targets)
        self._filter.reset(targets)

    def reset_row(self, row: int, target: Array) -> None:
        """Starts anew for one hand."""
        self._controller.reset_row(row, target)
        self._filter.reset_row(row, target)

    def __call__(self, positions: Array, command: Array) -> Array:
        """Returns the controller's targets."""
        return self._controller.act(positions, self._filter(positions, command))


class Nearest(Method):
    """The nearest neighbour in the data."""

    def __init__(self, kinematics: HandKinematics, weight: float) -> None:
        super().__init__(kinematics)
        self._motions = NearestMotion(kinematics, NEAREST_DATA, weight)
        self._targets = np.zeros((0, 16))

    def reset(self, targets: Array) -> None:
        """Starts with the targets in force."""
        self._targets = np.array(targets)

    def reset_row(self, row: int, target: Array) -> None:
        """Starts anew for one hand."""
        self._targets[row] = target

    def __call__(self, positions: Array, command: Array) -> Array:
        """Returns the targets moved as in the data."""
        moved = self._targets + self._motions.change(positions, self._targets, command)
        self._targets = super().__call__(positions, moved)
        return self._targets.copy()


def _assisted(
    kinematics: HandKinematics,
    robot: RobotSpec,
    folder: Path | None,
    strength: float,
    tolerance: float = ControllerSettings.tolerance,
    share: float = 1.0,
) -> Method:
    return Assisted(kinematics, robot, folder, ControllerSettings(strength=strength, tolerance=tolerance), share)


Maker = Callable[[HandKinematics, RobotSpec, "Path | None", Sequence[float]], Method]

METHODS: Mapping[str, Maker] = MappingProxyType(
    {
        "direct": lambda k, r, f, v: Method(k),
        "freeze": lambda k, r, f, v: LowPass(k, 0.0),
        "lowpass": lambda k, r, f, v: LowPass(k, v[0]),
        "oneeuro": lambda k, r, f, v: OneEuro(k, v[0]),
        "nearest": lambda k, r, f, v: Nearest(k, *(v or [1.0])),
        "dexgen": lambda k, r, f, v: _assisted(k, r, f, *v),
    }
)
"""Name to maker; numbers follow after colons: ``lowpass:0.15``, ``dexgen:0.3:1:0.5`` (strength, tolerance, share),
``nearest:4`` (how much the command counts, the state counting 1)."""


def method(text: str, robot: RobotSpec, folder: Path | None = None) -> Method:
    """Returns the method that a text such as ``dexgen:0.3`` names.

    Raises:
        UnknownNameError: there is no such method; lists those there are.
        ConfigurationError: a number is missing or malformed.
    """
    name, *numbers = text.split(":")
    if name not in METHODS:
        raise UnknownNameError("method", name, METHODS)
    try:
        return METHODS[name](HandKinematics(robot.urdf), robot, folder, [float(n) for n in numbers])
    except (ValueError, IndexError, TypeError) as error:
        raise ConfigurationError(f"method '{text}': numbers must follow the name, as in lowpass:0.15") from error
