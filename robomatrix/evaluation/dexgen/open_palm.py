"""The open-palm test: grip, all fingers stretched for two seconds, grip again, through driver and ``follow``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from robomatrix.evaluation.dexgen.rotation import CATEGORIES, Rig
from robomatrix.robots.spec import RobotSpec
from robomatrix.skills.base import OperatorCommand, Succeeded
from robomatrix.skills.dexgen.grip import servo_targets

GRIP, OPEN = 1.0, 2.0
"""Time of the grip before and after, and of the opened palm [s]."""


@dataclass(frozen=True)
class PalmTrial:
    """One opened palm."""

    category: str
    attitude: str
    seed: int
    assisted: bool
    held: bool
    """Whether the object is in the hand at the end, by the truth."""
    finished: bool
    """Whether the skill came to its end."""


def palm_trial(robot: RobotSpec, category: str, attitude: str, seed: int, assisted: bool) -> PalmTrial:
    """Opens the palm once."""
    rig = Rig(robot, category, seed, attitude)
    rig.settle()
    began = rig.state.stamp
    targets = servo_targets(robot, rig.state.joints)
    straight = np.where(np.arange(16) % 4 == 0, targets, 0.0)

    def operator(stamp: float) -> OperatorCommand:
        command = straight if GRIP <= stamp - began < GRIP + OPEN else targets
        return OperatorCommand(stamp, dict(zip(robot.joint_names, command, strict=True)), assisted=assisted)

    outcome = rig.perform("follow", operator, duration=2.0 * GRIP + OPEN)
    held = rig.driver.holds
    rig.driver.close()
    return PalmTrial(category, attitude, seed, assisted, held, isinstance(outcome, Succeeded))


def palm_trials(
    robot: RobotSpec, count: int, seed: int, attitudes: Sequence[str] = ("up", "sideways", "down")
) -> Iterator[PalmTrial]:
    """Yields ``count`` trials on successive seeds for every object and attitude, assisted and direct."""
    for attitude in attitudes:
        for assisted in (True, False):
            for category in CATEGORIES:
                for offset in range(count):
                    yield palm_trial(robot, category, attitude, seed + offset, assisted)
