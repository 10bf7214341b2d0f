"""The robot's states of the last second or so: where it was when an image was taken."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from dataclasses import replace

import numpy as np

from robomatrix.hardware.driver import Array, Odometry, RobotState

LENGTH = 64
"""States that are kept."""


class StateHistory:
    """Finds the state of an image's stamp, between two states that are known."""

    def __init__(self) -> None:
        """Starts empty."""
        self._states: deque[RobotState] = deque(maxlen=LENGTH)

    def note(self, state: RobotState) -> None:
        """Remembers a state; one that is no newer than the newest is not needed."""
        if not self._states or state.stamp > self._states[-1].stamp:
            self._states.append(state)

    def at(self, stamp: float) -> RobotState:
        """Returns the state at a time [s], on a straight line between its neighbours; beyond them the nearest.

        Raises:
            IndexError: no state was noted.
        """
        after = bisect_left(self._states, stamp, key=lambda state: state.stamp)
        if after == len(self._states):
            return self._states[-1]
        new = self._states[after]
        if after == 0 or new.stamp == stamp:
            return new
        old = self._states[after - 1]
        if old.odometry is None or new.odometry is None:
            return min(old, new, key=lambda state: abs(state.stamp - stamp))
        share = (stamp - old.stamp) / (new.stamp - old.stamp)
        position = _between(old.joints.position, new.joints.position, share)
        joints = replace(new.joints, position=position)
        return replace(new, stamp=stamp, joints=joints, odometry=_odometry(old.odometry, new.odometry, share))


def _odometry(old: Odometry, new: Odometry, share: float) -> Odometry:
    turned = _between(np.copysign(1.0, old.orientation @ new.orientation) * old.orientation, new.orientation, share)
    return Odometry(
        _between(old.position, new.position, share),
        turned / np.linalg.norm(turned),
        _between(old.linear_velocity, new.linear_velocity, share),
        _between(old.angular_velocity, new.angular_velocity, share),
    )


def _between(old: Array, new: Array, share: float) -> Array:
    return np.asarray(old) + share * (np.asarray(new) - np.asarray(old))
