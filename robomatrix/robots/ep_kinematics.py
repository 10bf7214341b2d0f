"""Kinematics of the EP's arm: the angles of its two servos, and where the gripper's tip is.

Two links of equal length: the right servo turns the upper arm, the left one the forearm, both against the chassis.
With the servo angles r and l, the upper arm stands at ``ZERO_RIGHT - r`` above the horizon and the forearm, seen from
its far end, at ``ZERO_LEFT - l``; the wrist is their difference. Rods keep the gripper level. The figures are those
that robomaster_sim was fitted with. Positions are of the tip between the finger pads, in the base frame: x forward, z
above the floor [m].
"""

from __future__ import annotations

import math

LINK = 0.12
"""Length of either link [m]."""
ZERO_RIGHT, ZERO_LEFT = 1.5359, 2.6442
"""Angles of the links at servo angle 0 [rad]."""
RIGHT = (-0.274, 1.384)
"""Limits of the right servo [rad]."""
LEFT = (-0.7993, 1.7313)
"""Limits of the left servo [rad]."""
DIFFERENCE = (-0.3473, 1.2147)
"""Limits of right minus left [rad]: how far the elbow folds and stretches."""
SHOULDER = (-0.00157, 0.1253 + 0.00523)
"""Of the shoulder in the base frame, x and z [m]."""
TIP = (0.124, -0.039)
"""Of the tip from the wrist, x and z [m]."""
CLEAR_X, CLEAR_Z = 0.25, 0.135
"""Below ``CLEAR_Z`` the tip must stay ahead of ``CLEAR_X``, or the gripper meets the chassis [m]."""


def tip_position(arm_right: float, arm_left: float) -> tuple[float, float]:
    """Returns the tip's x and z [m] for the servo angles [rad]."""
    right, left = ZERO_RIGHT - arm_right, ZERO_LEFT - arm_left
    x = SHOULDER[0] + TIP[0] + LINK * (math.cos(right) - math.cos(left))
    z = SHOULDER[1] + TIP[1] + LINK * (math.sin(right) - math.sin(left))
    return x, z


def arm_joints(x: float, z: float) -> tuple[float, float]:
    """Returns the servo angles (arm_right, arm_left) [rad] that bring the tip to x, z or, out of reach, near it.

    The wrist's way from the shoulder is a chord of length 2 LINK sin(spread) at right angles to the mean of the two
    link angles, so spread and mean follow without iteration; each is then kept within what the servos allow.
    """
    if z < CLEAR_Z:
        x = max(x, CLEAR_X)
    dx, dz = x - SHOULDER[0] - TIP[0], z - SHOULDER[1] - TIP[1]
    rest = (ZERO_LEFT - ZERO_RIGHT) / 2.0
    spread = math.asin(min(1.0, math.hypot(dx, dz) / (2.0 * LINK)))
    spread = _within(spread, rest + DIFFERENCE[0] / 2.0, rest + DIFFERENCE[1] / 2.0)
    mean = math.atan2(dz, dx) + math.pi / 2.0
    lowest = max(ZERO_RIGHT - RIGHT[1] + spread, ZERO_LEFT - LEFT[1] - spread)
    highest = min(ZERO_RIGHT - RIGHT[0] + spread, ZERO_LEFT - LEFT[0] - spread)
    mean = _within(mean, lowest, highest)
    return ZERO_RIGHT - (mean - spread), ZERO_LEFT - (mean + spread)


def nearest(x: float, z: float) -> tuple[float, float]:
    """Returns the point near x, z [m] that :func:`arm_joints` really goes to."""
    return tip_position(*arm_joints(x, z))


def reachable(x: float, z: float, tolerance: float = 1e-3) -> bool:
    """Tells whether the tip can be brought within ``tolerance`` [m] of x, z."""
    return math.dist((x, z), nearest(x, z)) <= tolerance


def furthest(z: float) -> float:
    """Returns the largest x the tip reaches at height z [m]; ValueError where it reaches none."""
    rest = (ZERO_LEFT - ZERO_RIGHT + DIFFERENCE[1]) / 2.0
    reach, dz = 2.0 * LINK * math.sin(rest), z - SHOULDER[1] - TIP[1]
    if abs(dz) > reach:
        raise ValueError(f"the tip reaches no point {z:g} m above the floor")
    return nearest(SHOULDER[0] + TIP[0] + math.sqrt(reach**2 - dz**2), z)[0]


def _within(value: float, lower: float, upper: float) -> float:
    return min(max(value, lower), upper)
