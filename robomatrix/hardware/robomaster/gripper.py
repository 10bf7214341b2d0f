"""The gripper over an SDK that only opens, closes and says whether an end is reached."""

from __future__ import annotations

from robomatrix.hardware.robomaster.settings import RobomasterSettings
from robomatrix.robots.spec import RobotSpec

CLOSED, BETWEEN, OPEN = 0, 1, 2
"""What the robot reports."""

_GRIPPED = 0.3
"""Share of the opening that is assumed for something in the gripper."""
_PATIENCE = 1.5
"""Times its closing time after which a gripper that is not closed holds something."""
_STEP = 0.004
"""Change of the target [m] that counts as a new wish."""


class GripperEstimate:
    """Chooses between opening and closing, and estimates the opening by time between the reported ends.

    A target in between becomes the nearer end.
    """

    def __init__(self, robot: RobotSpec, settings: RobomasterSettings) -> None:
        joint = next((j for j in robot.joints if j.name == "gripper"), None)
        self._span = joint.upper if joint is not None else 0.0
        self._force = joint.effort * settings.gripper_level / 4.0 if joint is not None else 0.0
        self._time = settings.gripper_time
        self._target: float | None = None
        self._direction: str | None = None
        self._changed = 0.0
        self._opening = self._span
        self._now: float | None = None

    def direction(self, target: float, status: int | None, now: float) -> str | None:
        """Returns ``open``, ``close`` or None (nothing asked so far) for a target opening [m]."""
        if self._target is not None and abs(target - self._target) < _STEP:
            return self._direction
        opening, _ = self.estimate(status, now)
        self._target = target
        wish = self._wish(target, opening)
        if wish is not None and wish != self._direction:
            self._direction, self._changed = wish, now
        return self._direction

    def _wish(self, target: float, opening: float) -> str | None:
        """Returns the nearer end: what once began to close goes on until something stops it."""
        at_an_end = not 0.05 * self._span < target < 0.95 * self._span
        if abs(target - opening) < _STEP and not at_an_end:
            return None
        return "close" if target < self._span / 2.0 else "open"

    def estimate(self, status: int | None, now: float) -> tuple[float, float]:
        """Returns opening [m] and the force on the joint [N]: nonzero when it closed for longer than closing takes."""
        elapsed, self._now = 0.0 if self._now is None else max(now - self._now, 0.0), now
        if status == CLOSED:
            self._opening = 0.0
        elif status == OPEN:
            self._opening = self._span
        else:
            self._opening += elapsed * self._speed()
            # Between the ends by the robot's own word.
            self._opening = min(max(self._opening, _GRIPPED * self._span), 0.95 * self._span)
        return self._opening, -self._force if self._stalled(status, now) else 0.0

    def _speed(self) -> float:
        if self._direction is None:
            return 0.0
        # Closing is taken for slower than it is: a grip must not be believed before an empty gripper had time to close.
        return self._span / self._time * (1.0 if self._direction == "open" else -(1.0 - _GRIPPED) / _PATIENCE)

    def _stalled(self, status: int | None, now: float) -> bool:
        return self._direction == "close" and status == BETWEEN and now - self._changed > _PATIENCE * self._time
