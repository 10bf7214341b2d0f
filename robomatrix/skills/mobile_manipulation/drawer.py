"""Pull a drawer open by its knob and push it shut; how far it is open is judged by sight."""

from __future__ import annotations

import math
from abc import abstractmethod

from robomatrix.errors import PreconditionError
from robomatrix.skills.base import ErrorCode, Failed, Observation, Steps, Succeeded
from robomatrix.skills.mobile_manipulation import specs
from robomatrix.skills.mobile_manipulation.body import Body, GiveUp, ManipulationSkill, Motion
from robomatrix.skills.mobile_manipulation.geometry import Pose2
from robomatrix.skills.mobile_manipulation.hand import (
    CARRY_X,
    CARRY_Z,
    GRASP_DEPTH,
    OPEN,
    close_gripper,
    lower_to,
    open_gripper,
)
from robomatrix.skills.mobile_manipulation.move_to import sight
from robomatrix.skills.mobile_manipulation.navigation import back_off, settle
from robomatrix.world import SceneObject

ATTEMPTS = 3
REACHABLE = 1.0
"""[m]."""
OPEN_ENOUGH, SHUT_ENOUGH = 0.85, 0.06
"""Perceived openness from which a drawer counts as open, and up to which as shut: stricter than 0.8 and 0.1,
which are asked, since sight is off by a few hundredths."""
TRAVEL = 0.2
"""How far a drawer comes out [m]."""
KNOB = 0.04
"""From a drawer's front to the axis of its knob [m]."""
KNOB_RISE = 0.005
"""Of the knob over the middle of the front [m]."""
KNOB_WIDTH = (0.012, 0.035)
"""Between the pads when they hold the knob [m]."""
REACH = 0.30
"""Of the finger tips while working on a drawer [m]."""
PAD_FRONT = 0.017
"""The pads end so far before the point between the finger tips [m]."""
AWAY = 0.28
"""Moved back after pulling and pushing, to see what came of it [m]."""
LOOK_FROM = 0.62
"""From the base's centre to the drawer's front when judging [m]."""


class _DrawerSkill(ManipulationSkill):
    def check(self, observation: Observation) -> None:
        """Needs an empty gripper and a known drawer nearby."""
        world, target = observation.world, self.text("target")
        if world.holding is not None:
            raise PreconditionError(f"the gripper holds '{world.holding}'; release it first")
        if target not in world.objects:
            raise PreconditionError(f"'{target}' was not seen yet; look_around or move_to it first")
        thing = world.objects[target]
        if thing.openness is None:
            raise PreconditionError(f"a {thing.category} does not open")
        distance = Body(self.robot, observation).pose.distance(front(thing).point)
        if distance > REACHABLE:
            raise PreconditionError(f"'{target}' is {distance:.2f} m away; move_to it first")

    def perform(self, body: Body) -> Steps:
        """Tries up to three times; fails with MECHANISM_FAILED, NOT_FOUND or BLOCKED."""
        target = self.text("target")
        for attempts in range(ATTEMPTS + 1):
            drawer, openness = yield from inspect(body, target)
            if self.done(openness):
                return Succeeded({"openness": openness, "attempts": attempts})
            if attempts < ATTEMPTS:
                yield from self.work(body, drawer, openness)
        return Failed(ErrorCode.MECHANISM_FAILED, f"'{target}' is open by {openness:.0%}")

    @abstractmethod
    def done(self, openness: float) -> bool:
        """Whether a drawer seen open by this share is as it should be."""

    @abstractmethod
    def work(self, body: Body, drawer: SceneObject, openness: float) -> Motion[None]:
        """Moves the drawer once."""


class Open(_DrawerSkill):
    """Pulls a drawer open."""

    spec = specs.OPEN

    def done(self, openness: float) -> bool:
        """True where it is open."""
        return openness >= OPEN_ENOUGH

    def work(self, body: Body, drawer: SceneObject, openness: float) -> Motion[None]:
        """Pulls once."""
        return _pull(body, drawer, openness)


class Close(_DrawerSkill):
    """Pushes a drawer shut."""

    spec = specs.CLOSE

    def done(self, openness: float) -> bool:
        """True where it is shut."""
        return openness <= SHUT_ENOUGH

    def work(self, body: Body, drawer: SceneObject, openness: float) -> Motion[None]:
        """Pushes once."""
        return _push(body, drawer, openness)


def front(drawer: SceneObject) -> Pose2:
    """Returns the middle of a drawer's front, with its outward heading."""
    return Pose2(drawer.position[0], drawer.position[1], drawer.yaw).ahead(drawer.size[0] / 2.0)


def inspect(body: Body, target: str) -> Motion[tuple[SceneObject, float]]:
    """Stands square before a drawer, far enough to see it whole, and returns it as seen from there, and its openness.

    It looks before it approaches and again when it has arrived, since what was just moved is not where it was believed.
    GiveUp(BLOCKED) where it does not arrive: with odometry that is not to be trusted, a drawer that stays looks pushed.
    GiveUp(NOT_FOUND) where the cabinet is not seen round it: then nobody knows how far it is open.
    """
    body.enter("look", 0.1)
    yield from lower_to(body, CARRY_X, CARRY_Z)
    for _ in range(2):
        yield from _look(body, target)
        place = before(body.thing(target), LOOK_FROM)
        if not (yield from settle(body, place, speed=0.4, position=0.03, heading=0.05)):
            raise GiveUp(ErrorCode.BLOCKED, f"the base does not get to where it sees all of '{target}'")
    since = body.now
    yield from _look(body, target)
    drawer = yield from sight(body, target)
    if drawer.stamp <= since:
        raise GiveUp(ErrorCode.NOT_FOUND, f"'{target}' is not seen from where it should be")
    if drawer.openness is None:
        raise GiveUp(ErrorCode.NOT_FOUND, f"how far '{target}' is open cannot be seen: its cabinet is not where it was")
    return drawer, drawer.openness


def _look(body: Body, target: str) -> Motion[None]:
    """Stands still until the drawer was seen three times over, or for a second."""
    since, sightings, last = body.now, 0, body.now
    while sightings < 3 and body.now < since + 1.0:
        yield from body.step()
        stamp = body.thing(target).stamp
        if stamp > last:
            sightings, last = sightings + 1, stamp


def before(drawer: SceneObject, distance: float) -> Pose2:
    """Returns the pose that looks square at a drawer's front from a distance [m]."""
    place = front(drawer).ahead(distance)
    return Pose2(place.x, place.y, place.yaw + math.pi)


def _pull(body: Body, drawer: SceneObject, openness: float) -> Motion[None]:
    body.enter("reach", 0.3)
    yield from open_gripper(body, 0.07)
    yield from lower_to(body, REACH, drawer.position[2] + KNOB_RISE)
    yield from settle(body, before(drawer, REACH - GRASP_DEPTH + KNOB), speed=0.25, position=0.008, heading=0.03)
    body.enter("grip", 0.5)
    width = yield from close_gripper(body)
    if KNOB_WIDTH[0] <= width <= KNOB_WIDTH[1]:
        body.enter("pull", 0.6)
        yield from back_off(body, TRAVEL * (1.0 - openness) + 0.03, 0.3)
    body.enter("let go", 0.8)
    yield from open_gripper(body, OPEN)
    yield from back_off(body, AWAY)


def _push(body: Body, drawer: SceneObject, openness: float) -> Motion[None]:
    body.enter("reach", 0.3)
    yield from open_gripper(body, OPEN)
    yield from lower_to(body, REACH, drawer.position[2] + KNOB_RISE)
    body.enter("push", 0.5)
    shut = front(drawer).ahead(-TRAVEL * openness + REACH + PAD_FRONT - 0.015)
    yield from settle(body, Pose2(shut.x, shut.y, shut.yaw + math.pi), speed=0.35, position=0.01, heading=0.1)
    yield from back_off(body, AWAY)
