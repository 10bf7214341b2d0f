"""What the joints of a hand tell of the grip: servo targets from efforts, and whether something is still held."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import PreconditionError
from robomatrix.hardware.driver import JointState, RobotCommand, RobotState
from robomatrix.robots.spec import RobotSpec

Array = NDArray[np.float64]

LEAST_GRIP = 0.6
"""Sum of all servos' efforts in a grip; the weight of free fingers takes 0.2 to 0.5 (measured, Allegro) [N m]."""
LOST_SHARE = 0.4
"""A grip that falls below this share of what it was is lost ..."""
LOST_TICKS = 5
"""... after so many ticks in a row."""


def servo_targets(robot: RobotSpec, joints: JointState) -> Array:
    """Returns the targets (16,) [rad] that a hand's position servos are pulling to, from what they exert.

    A servo exerts ``stiffness (target - position) - damping velocity`` up to its limit; a saturated one is taken to
    pull to where it would just saturate.
    """
    stiffness = np.array([joint.stiffness for joint in robot.joints])
    damping = np.array([joint.damping for joint in robot.joints])
    lower, upper = np.array([(joint.lower, joint.upper) for joint in robot.joints]).T
    return np.clip(joints.position + (joints.effort + damping * joints.velocity) / stiffness, lower, upper)


def grip_effort(state: RobotState) -> float:
    """Returns the sum of the efforts of all joints [N m]."""
    return float(np.abs(state.joints.effort).sum())


def joint_command(robot: RobotSpec, targets: Array) -> RobotCommand:
    """Returns the command for servo targets (16,) [rad] in the robot's joint order."""
    return RobotCommand(positions=dict(zip(robot.joint_names, map(float, targets), strict=True)))


class GripMonitor:
    """Notices that the object has gone: the fingers reach their targets and stop pushing."""

    def __init__(self, state: RobotState, patience: int = LOST_TICKS) -> None:
        """Takes the grip at the start as the measure, and how many ticks it may be weak."""
        self.start = grip_effort(state)
        self._patience, self._low = patience, 0

    def lost(self, state: RobotState) -> bool:
        """Takes in a new state; returns True once the grip has been weak for too long."""
        weak = grip_effort(state) < max(LEAST_GRIP, LOST_SHARE * self.start)
        self._low = self._low + 1 if weak else 0
        return self._low >= self._patience


def require_grip(state: RobotState) -> None:
    """Raises PreconditionError if the fingers press on nothing."""
    effort = grip_effort(state)
    if effort < LEAST_GRIP:
        raise PreconditionError(
            f"nothing is in the hand: its joints exert {effort:.2f} N m together, a grip takes {LEAST_GRIP:g} or more"
        )
