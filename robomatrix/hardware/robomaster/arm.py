"""Geometry of the EP's arm: the robot talks of the tip's position, everything above of the two servos' angles.

The robot's origin is its arm's own frame and its tip is the wrist, unlike in :mod:`robomatrix.robots.ep_kinematics`.
Nothing is kept within limits here, as these positions are also measured ones.
"""

from __future__ import annotations

import math

from robomatrix.robots.ep_kinematics import LINK, ZERO_LEFT, ZERO_RIGHT

OFFSET_X, OFFSET_Z = -0.00157, 0.00523
"""From the arm's frame to the servos' axis [m]."""


def tip(right: float, left: float) -> tuple[float, float]:
    """Returns where the gripper's joint is, forward and up in the arm's frame [m], for two servo angles [rad]."""
    upper, fore = ZERO_RIGHT - right, ZERO_LEFT - left
    x = LINK * (math.cos(upper) - math.cos(fore)) + OFFSET_X
    return x, LINK * (math.sin(upper) - math.sin(fore)) + OFFSET_Z


def servos(x: float, z: float) -> tuple[float, float]:
    """Returns the servo angles (right, left) [rad] for a tip position [m]; out of reach the nearest."""
    forward, up = (x - OFFSET_X) / LINK, (z - OFFSET_Z) / LINK
    direction = math.atan2(up, forward)
    bend = math.acos(min(math.hypot(forward, up) / 2.0, 1.0))
    upper, fore = direction + bend, direction - bend + math.pi
    return ZERO_RIGHT - upper, ZERO_LEFT - fore
