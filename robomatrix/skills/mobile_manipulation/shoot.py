"""Aim the blaster by the camera and fire until the target's plate lights up."""

from __future__ import annotations

import math

from robomatrix.errors import PreconditionError
from robomatrix.hardware.driver import Twist
from robomatrix.skills.base import ErrorCode, Failed, Observation, Steps, Succeeded
from robomatrix.skills.mobile_manipulation import specs
from robomatrix.skills.mobile_manipulation.body import Body, GiveUp, ManipulationSkill, Motion
from robomatrix.skills.mobile_manipulation.geometry import wrap
from robomatrix.skills.mobile_manipulation.navigation import TURN_RATE, turn_to
from robomatrix.world import SceneObject

YAW, PITCH, BLASTER = "gimbal_yaw", "gimbal_pitch", "blaster"
RANGE = 4.0
"""A target further away needs move_to first [m]."""
BEADS = 6
"""No more shots at one target."""
PIVOT_Z = 0.205
"""Height of the gimbal's pitch axis [m]."""
BARREL = -0.012
"""Of the barrel's line over the pitch axis [m]."""
AIMED = 0.006
"""Remaining error of the gimbal's joints that is good enough to fire [rad]."""
FLIGHT = 1.2
"""How long after a shot the plate may light up in the image [s]."""


class Shoot(ManipulationSkill):
    """Hits a target."""

    spec = specs.SHOOT

    def check(self, observation: Observation) -> None:
        """Needs a blaster and a known target in range; never a person."""
        world, name = observation.world, self.text("target")
        if BLASTER not in self.robot.joint_names:
            raise PreconditionError(f"{self.robot.name} has no blaster")
        if name not in world.objects:
            raise PreconditionError(f"'{name}' was not seen yet; look_around or move_to it first")
        if world.objects[name].category != "target":
            raise PreconditionError(f"'{name}' is a {world.objects[name].category}; only targets are shot at")
        distance = Body(self.robot, observation).pose.distance(world.objects[name].position[:2])
        if distance > RANGE:
            raise PreconditionError(f"'{name}' is {distance:.2f} m away; move_to it first")

    def perform(self, body: Body) -> Steps:
        """Fires up to BEADS times; fails with TARGET_MISSED or NOT_FOUND."""
        name = self.text("target")
        yield from _turn_toward(body, name)
        before = body.thing(name).hits
        for bead in range(1, BEADS + 1):
            body.enter("aim", bead / (BEADS + 1.0))
            yield from aim(body, name)
            body.enter("fire", bead / (BEADS + 1.0))
            yield from _fire(body, name, before)
            if body.thing(name).hits > before:
                return Succeeded({"beads": bead})
        return Failed(ErrorCode.TARGET_MISSED, f"{BEADS} beads did not light up '{name}'")


def aim(body: Body, name: str) -> Motion[None]:
    """Points the barrel at the middle of the plate, by the newest sighting; GiveUp(NOT_FOUND) where none comes."""
    end, steady = body.now + 3.0, 0
    while steady < 4:
        yaw, pitch = _angles(body, body.thing(name))
        yield from body.step(positions={YAW: yaw, PITCH: pitch})
        joints = body.observation.state.joints
        error = max(abs(joints[YAW] - yaw), abs(joints[PITCH] - pitch))
        steady = steady + 1 if error < AIMED and body.sees(name, 0.5) else 0
        if body.now > end:
            raise GiveUp(ErrorCode.NOT_FOUND, f"'{name}' is not in sight of the gimbal's camera")


def plate(target: SceneObject) -> tuple[float, float, float]:
    """Returns the middle of a target's plate: a disc as wide as the target, at its upper end."""
    x, y, z = target.position
    return (x, y, z + (target.size[2] - target.size[1]) / 2.0)


def _turn_toward(body: Body, name: str) -> Motion[None]:
    body.enter("turn", 0.05)
    limit = body.now + 5.0
    while body.now < limit:
        error = body.pose.bearing(body.thing(name).position[:2])
        if abs(error) < 0.1:
            break
        yield from body.step(Twist(wz=turn_to(error, TURN_RATE)), {YAW: 0.0, PITCH: 0.0})
    yield from body.halt()
    yield from body.wait(0.3)


def _angles(body: Body, target: SceneObject) -> tuple[float, float]:
    x, y, z = plate(target)
    ahead, left = body.pose.local((x, y))
    distance = math.hypot(ahead, left)
    pitch = math.atan2(z - PIVOT_Z, distance) - math.atan2(BARREL, distance)
    yaw_limit, pitch_limit = body.robot.joint(YAW), body.robot.joint(PITCH)
    yaw = min(max(wrap(math.atan2(left, ahead)), yaw_limit.lower), yaw_limit.upper)
    return yaw, min(max(pitch, pitch_limit.lower), pitch_limit.upper)


def _fire(body: Body, name: str, before: int) -> Motion[None]:
    count = body.observation.state.joints[BLASTER] + 1.0
    end = body.now + FLIGHT
    while body.now < end and body.thing(name).hits <= before:
        yield from body.step(positions={BLASTER: count})
