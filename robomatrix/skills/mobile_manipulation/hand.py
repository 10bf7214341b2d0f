"""Arm and gripper of the EP: straight motions of the finger tips, closing on things, and feeling the grip."""

from __future__ import annotations

import math
from dataclasses import dataclass

from robomatrix.robots.ep_kinematics import arm_joints, nearest, reachable, tip_position
from robomatrix.skills.base import ErrorCode
from robomatrix.skills.mobile_manipulation.body import Body, GiveUp, Motion
from robomatrix.world import SceneObject

RIGHT, LEFT, GRIPPER = "arm_right", "arm_left", "gripper"
PALM = "palm"
"""Name of the range sensor between the pads."""
CLOSING = 1.0
"""Time in which the pads close when nothing is between them any more [s]."""
STILL, AT_REST = 0.0006, 4
"""Pads that move by less than this [m] in so many periods on end are at rest."""
LOOSE, FALL = 0.0005, 0.08
"""Pads further apart than they were by this [m] are parting; a thing is in the palm for this long afterwards [s]."""
PALM_NEAR = 0.11
"""The sensor's shortest reading with its noise: something is in the hand [m]."""
OPEN = 0.1
"""Distance between the pads when fully open [m]."""
EMPTY = 0.018
"""A closed gripper with less between its pads holds nothing [m]."""
ARM_SPEED = 0.3
"""Of the finger tips [m/s]."""
ARRIVED = 0.008
"""[m]."""
CARRY_X = 0.235
"""Where the finger tips are while driving [m]."""
CARRY_Z = 0.155
"""Height of the finger tips while driving with nothing in the gripper [m]."""
HEIGHTS = (0.03, 0.24)
"""Lowest and highest position of the finger tips [m]."""
GRASP_DEPTH = 0.012
"""The finger tips reach so far past the middle of what they grasp, which the pads push ahead a little [m]."""
HELD_DEPTH = 0.0
"""The middle of a held thing lies so far behind the finger tips: measured in simulation, deviation 0.009 [m]."""
BUMPER = 0.155
"""Front of the chassis [m]."""
EDGE_GAP = 0.025
"""Kept between the chassis and the side of what it works on [m]."""
DEEPEST = 0.32
"""Furthest that the finger tips reach over a table [m]."""
FLOOR_REACH = 0.30
"""Where the finger tips are when taking from the floor [m]."""
GRASP_HEIGHT = 0.075
"""Tall things are taken no higher above their foot than this [m]."""


@dataclass(frozen=True)
class Reach:
    """A point in the arm's plane, in the base frame."""

    x: float
    """Forward [m]."""
    z: float
    """Above the floor [m]."""


def grip_height(thing: SceneObject) -> float:
    """Returns how far above its foot a thing is taken [m]."""
    return min(thing.size[2] / 2.0, GRASP_HEIGHT)


def has_arm(body: Body) -> bool:
    """True if the robot has the EP's arm."""
    return RIGHT in body.robot.joint_names


def tip(body: Body) -> Reach:
    """Returns where the finger tips are, by the measured joints."""
    joints = body.observation.state.joints
    return Reach(*tip_position(joints[RIGHT], joints[LEFT]))


def aperture(body: Body) -> float:
    """Returns the measured distance between the pads [m]."""
    return body.observation.state.joints[GRIPPER]


def palm_near(body: Body) -> bool:
    """True if the range sensor in the palm sees something between the pads."""
    return body.observation.state.ranges.get(PALM, math.inf) <= PALM_NEAR


def palm_covered(body: Body) -> bool:
    """True unless the range sensor in the palm says that nothing is between the pads."""
    return body.observation.state.ranges.get(PALM, 0.0) <= PALM_NEAR


def reach(body: Body, x: float, z: float, speed: float = ARM_SPEED) -> Motion[bool]:
    """Moves the finger tips in a straight line to (x, z); False when they do not arrive.

    Raises:
        GiveUp: UNREACHABLE where the point lies out of the arm's reach.
    """
    start = tip(body)
    if not reachable(x, z, ARRIVED / 2.0):
        raise GiveUp(ErrorCode.UNREACHABLE, f"the arm cannot reach x {x:.3f} m, z {z:.3f} m")
    duration = math.dist((start.x, start.z), (x, z)) / speed
    begun = body.now
    while body.now < begun + duration + 1.0:
        share = min((body.now - begun) / duration, 1.0) if duration > 0.0 else 1.0
        point = Reach(start.x + share * (x - start.x), start.z + share * (z - start.z))
        body.positions.update(_servos(point))
        if share >= 1.0 and math.dist((tip(body).x, tip(body).z), (x, z)) < ARRIVED:
            return True
        yield from body.step()
    return False


def lower_to(body: Body, x: float, z: float, speed: float = ARM_SPEED) -> Motion[bool]:
    """Moves the finger tips to the reachable point nearest to (x, z); False when they do not arrive."""
    return (yield from reach(body, *nearest(x, z), speed))


def open_gripper(body: Body, width: float = OPEN, limit: float = 1.5) -> Motion[None]:
    """Opens the gripper to a width [m]."""
    end = body.now + limit
    while abs(aperture(body) - width) > 0.004 and body.now < end:
        yield from body.step(positions={GRIPPER: width})


def close_gripper(body: Body, limit: float = 2.0) -> Motion[float]:
    """Closes the gripper until it is closed or something stops it; returns the width between the pads [m]."""
    end, width, still = body.now + limit, aperture(body), 0
    while body.now < end and still < AT_REST:
        yield from body.step(positions={GRIPPER: 0.0})
        still = still + 1 if abs(aperture(body) - width) < STILL and body.now > end - limit + 0.3 else 0
        width = aperture(body)
    return width


def tuck(body: Body) -> Motion[None]:
    """Brings the arm into its driving position; a robot without one does nothing."""
    if not has_arm(body):
        return
    point = tip(body)
    held = body.world.holding is not None
    height = max(point.z, CARRY_Z) if held else CARRY_Z
    yield from lower_to(body, CARRY_X, min(height, HEIGHTS[1]))


def await_pads(body: Body) -> Motion[None]:
    """Gives pads that nothing keeps apart any more the time to close: while they move, or where the palm is bare."""
    if not palm_covered(body):
        yield from body.wait(CLOSING)
    end, width, still = body.now + CLOSING, aperture(body), 0
    while body.now < end and still < AT_REST:
        yield from body.step()
        still = still + 1 if abs(aperture(body) - width) < STILL else 0
        width = aperture(body)


def guard_grip(body: Body) -> None:
    """From now on the skill fails with OBJECT_LOST as soon as the gripper closes on nothing."""
    held = body.world.holding
    if held is None or not has_arm(body):
        return

    def check() -> None:
        if aperture(body) < EMPTY:
            raise GiveUp(ErrorCode.OBJECT_LOST, f"'{held}' slipped out of the gripper", holding=None)

    body.guards.append(check)


def guard_release(body: Body) -> None:
    """From now on the skill fails with OBJECT_LOST if the palm is bare before or just as the pads begin to part.

    What is let go needs longer to fall out of the palm's beam: somebody has taken it.
    """
    held, closed = body.world.holding, aperture(body)
    parting: float | None = None

    def check() -> None:
        nonlocal parting
        if parting is None and aperture(body) > closed + LOOSE:
            parting = body.now
        if not palm_covered(body) and (parting is None or body.now - parting < FALL):
            raise GiveUp(ErrorCode.OBJECT_LOST, f"'{held}' was gone before the gripper opened", holding=None)

    body.guards.append(check)


def _servos(point: Reach) -> dict[str, float]:
    right, left = arm_joints(point.x, point.z)
    return {RIGHT: right, LEFT: left}
