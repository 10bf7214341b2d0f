"""Notices a base that moves otherwise than it is told: commands that something changes, or odometry that lies."""

from __future__ import annotations

import math
from collections import deque

from robomatrix.hardware.driver import Twist
from robomatrix.skills.mobile_manipulation.geometry import Pose2, wrap

SPAN = 2.0
"""The last motion that counts [s]."""
LEAST = 1.0
"""The base must have moved for so long of it; one that stands when told to move is stuck, which skills see to [s]."""
MOVING = 0.03
"""Measured motion from which the base moves [m/s]."""
LEVER = 0.2
"""By which turning counts as motion [m/rad]."""
AGREEMENT = 0.3
"""Correlation of commanded and measured motion below which the base does something else. In good order it is 0.95 to
1 in the simulators and was never below 0.6 over the emulator's network on a busy machine; with noise in place of
commands it is about 0."""


class Obedience:
    """Correlates what the base was told with what it did, while it moved."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float, float, float, float]] = deque()

    def note(self, stamp: float, told: Twist, before: Pose2, after: Pose2, duration: float) -> None:
        """Takes in the motion of one control period, ``duration`` [s] long, that ended at ``stamp``."""
        if duration <= 0.0:
            return
        ahead, left = before.local(after.point)
        turned = LEVER * wrap(after.yaw - before.yaw)
        did = (ahead / duration, left / duration, turned / duration)
        if math.hypot(*did) > MOVING:
            wanted = (told.vx, told.vy, LEVER * told.wz)
            self._samples.append((stamp, duration, _product(wanted, did), _product(wanted, wanted), _product(did, did)))
        while self._samples and self._samples[0][0] <= stamp - SPAN:
            self._samples.popleft()

    def astray(self) -> bool:
        """True if the base has moved for a while and not as it was told."""
        if not self._samples:
            return False
        _, moved, both, told, did = map(sum, zip(*self._samples, strict=True))
        return moved >= LEAST and both < AGREEMENT * math.sqrt(told * did)


def _product(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))
