"""``rotate`` turns what is in the hand about the palm's normal by a learnt finger gait; ``regrasp`` grips it anew."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import PreconditionError
from robomatrix.skills.base import ErrorCode, Failed, Observation, Outcome, Running, Steps, Succeeded
from robomatrix.skills.dexgen import specs
from robomatrix.skills.dexgen.grip import LEAST_GRIP, grip_effort, joint_command, require_grip, servo_targets
from robomatrix.skills.dexgen.hold import HandSkill
from robomatrix.skills.dexgen.palm import in_hand, in_palm, within_reach
from robomatrix.skills.spec import SkillSpec

Array = NDArray[np.float64]

TOLERANCE = math.radians(12.0)
"""The object has turned as asked within this angle [rad]."""
EARLY = math.radians(4.0)
"""The fingers stop so much before the angle [rad]."""
SETTLE = 1.0
"""Time to come to rest before angle and grip are judged [s]."""
FIRM_WITHIN = 5.0
"""Time at rest until the grip must be firm [s]."""
STALE = 0.5
"""A tracked object not seen for longer is unknown, and the fingers stop [s]."""
GIVE_UP = 2.0
"""The skill ends after so long without the tracker [s]."""


class Tracked:
    """The object in the hand as a tracking system sees it, with a heading that does not jump at half a turn."""

    def __init__(self, observation: Observation) -> None:
        """Raises PreconditionError if nothing is tracked in the hand."""
        near = in_hand(observation.world)
        if len(near) != 1:
            found = ", ".join(sorted(o.name for o in near)) or "none"
            raise PreconditionError(f"one tracked object must be in the hand; there are: {found}")
        self._id = near[0].id
        self.heading = 0.0
        """Since the start [rad]."""
        self._yaw = near[0].yaw
        self.size = float(max(near[0].size))
        self.place = in_palm(near[0])
        self._stamp = near[0].stamp
        self.age = 0.0
        """Of what is known [s]."""

    def update(self, observation: Observation) -> None:
        """Takes in what is tracked now."""
        seen = observation.world.objects.get(self._id)
        self._stamp = self._stamp if seen is None else seen.stamp
        self.age = observation.state.stamp - self._stamp
        if seen is None or self.age > STALE:
            return
        self.heading += math.remainder(seen.yaw - self._yaw, math.tau)
        self._yaw, self.place = seen.yaw, in_palm(seen)

    @property
    def lost(self) -> bool:
        """True if the object has left the hand."""
        return not within_reach(self.place)


class Course:
    """Which way to turn: a new grip at rest, then turning until shortly before the angle, then rest."""

    def __init__(self, wanted: float | None) -> None:
        """Takes the angle [rad], left is positive; None to rest only, whatever the object does."""
        self.wanted = wanted
        self.direction = 0.0
        """1 left, -1 right, 0 at rest."""
        self.done = False
        """True after a rest at the angle, with a firm grip."""
        self.rest = 0.0
        """For how long the fingers have been keeping still [s]."""
        self._rested = 0.0

    def update(self, heading: float, firm: bool, now: float) -> None:
        """Takes in by how much the object has turned [rad], whether it is gripped firmly, and the time [s]."""
        left = 0.0 if self.wanted is None else self.wanted - heading
        if self.direction:
            if self.direction * left < EARLY:
                self.direction, self._rested = 0.0, now
        elif now - self._rested >= SETTLE and abs(left) > TOLERANCE:
            self.direction = math.copysign(1.0, left)
        else:
            self.done = firm and now - self._rested >= SETTLE
        self.rest = 0.0 if self.direction else now - self._rested

    def progress(self, heading: float) -> float:
        """Returns the share of the angle that is done, 0 to 1."""
        return min(max(heading / self.wanted, 0.0), 1.0) if self.wanted else 1.0


class InHandMotion(HandSkill):
    """A skill of the learnt in-hand motion: sees joint states and the tracked object's place and heading."""

    def check(self, observation: Observation) -> None:
        """Raises PreconditionError if nothing is gripped, or no tracking system sees it."""
        require_grip(observation.state)
        Tracked(observation)

    def move(self, observation: Observation, course: Course) -> Generator[Running, Observation, Outcome]:
        """Runs the policy along a course to its end."""
        from robomatrix.policies.dexgen.turning import TurningPolicy

        thing, policy, joints = Tracked(observation), TurningPolicy.load(self.robot), observation.state.joints
        targets = servo_targets(self.robot, joints)
        policy.reset(targets, joints.position, thing.place, 0.0)
        while not course.done:
            if thing.age <= STALE:
                position = observation.state.joints.position
                targets = policy.act(position, thing.place, thing.heading, course.direction, thing.size)
            phase = "turning" if course.direction else "settling"
            observation = yield Running(joint_command(self.robot, targets), phase, course.progress(thing.heading))
            thing.update(observation)
            failure = self._failure(thing, course)
            if failure:
                return failure
            course.update(thing.heading, grip_effort(observation.state) >= LEAST_GRIP, self.elapsed)
        turned = math.degrees(thing.heading)
        return Succeeded({"turned_deg": turned, "grip_effort": grip_effort(observation.state)})

    def _failure(self, thing: Tracked, course: Course) -> Failed | None:
        turned = {"turned_deg": math.degrees(thing.heading)}
        if thing.lost:
            return Failed(ErrorCode.OBJECT_LOST, f"the object fell after {self.elapsed:.1f} s", turned, holding=None)
        if thing.age > GIVE_UP:
            return Failed(ErrorCode.NOT_FOUND, f"the tracking system has been silent for {thing.age:.1f} s", turned)
        if course.rest > FIRM_WITHIN:
            return Failed(ErrorCode.GRASP_FAILED, "the object lies loose in the hand", turned)
        return None


class Rotate(InHandMotion):
    """Turns the object, judges the angle at rest, and goes on or back until it is right and the grip firm."""

    spec: ClassVar[SkillSpec] = specs.ROTATE

    def run(self, observation: Observation) -> Steps:
        """Turns by the angle."""
        return (yield from self.move(observation, Course(math.radians(float(self.arguments["angle_deg"])))))


class Regrasp(InHandMotion):
    """Takes the fingers from the grip they have to the middle of the learnt motion, without turning."""

    spec: ClassVar[SkillSpec] = specs.REGRASP

    def run(self, observation: Observation) -> Steps:
        """Closes anew and waits until the grip is firm."""
        return (yield from self.move(observation, Course(None)))
