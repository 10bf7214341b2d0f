"""``translate`` shifts what is in the hand: all fingertips go the same way, led by the tracked place of the object.

Nothing of it is learnt: differential kinematics of the fingers, and a loop that is closed by the tracking system.
"""

from __future__ import annotations

from collections import deque
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from robomatrix.policies.dexgen.kinematics import HandKinematics
from robomatrix.skills.base import ErrorCode, Failed, Observation, Running, Steps, Succeeded
from robomatrix.skills.dexgen import specs
from robomatrix.skills.dexgen.grip import joint_command, require_grip, servo_targets
from robomatrix.skills.dexgen.hold import HandSkill
from robomatrix.skills.dexgen.palm import from_mount
from robomatrix.skills.dexgen.rotate import GIVE_UP, STALE, Tracked
from robomatrix.skills.spec import SkillSpec

Array = NDArray[np.float64]

TOLERANCE = 0.0025
"""The object is where it was wanted within this [m]."""
GAIN = 0.3
"""Share of the error that a tick makes up for."""
FASTEST = 0.0015
"""In a tick and along an axis [m]."""
CALM = 10
"""Ticks of which the mean place is judged."""
GIVE_UP_MOVING = 10.0
"""The fingers do not reach further if it takes longer [s]."""


class Translate(HandSkill):
    """Carries the object along, judges its mean place over a second, and keeps the new grip."""

    spec: ClassVar[SkillSpec] = specs.TRANSLATE

    def check(self, observation: Observation) -> None:
        """Raises PreconditionError if nothing is gripped, or no tracking system sees it."""
        require_grip(observation.state)
        Tracked(observation)

    def run(self, observation: Observation) -> Steps:
        """Moves until the place is right."""
        wanted = np.array([float(self.arguments[name]) for name in ("forward", "left", "up")])
        thing, kinematics = Tracked(observation), HandKinematics(self.robot.urdf)
        targets = servo_targets(self.robot, observation.state.joints)
        places = deque([thing.place], maxlen=CALM)
        for _ in range(CALM - 1):  # where it is, less the tracker's noise
            observation = yield Running(joint_command(self.robot, targets), "settling", 0.0)
            thing.update(observation)
            places.append(thing.place)
        start = np.mean(places, axis=0)
        goal = start + from_mount(wanted)
        while not self._arrived(places, goal):
            if thing.age <= STALE:
                step = np.clip(GAIN * (goal - np.mean(list(places)[-3:], axis=0)), -FASTEST, FASTEST)
                moved = targets + kinematics.carry(targets, step)
                targets = np.clip(moved, kinematics.lower, kinematics.upper)
            progress = 1.0 - float(np.linalg.norm(goal - thing.place) / max(np.linalg.norm(wanted), 1e-3))
            observation = yield Running(joint_command(self.robot, targets), "shifting", min(max(progress, 0.0), 1.0))
            thing.update(observation)
            places.append(thing.place)
            failure = self._failure(thing, places, goal)
            if failure:
                return failure
        return Succeeded({"error_mm": 1e3 * float(np.linalg.norm(np.mean(places, axis=0) - goal))})

    @staticmethod
    def _arrived(places: deque[Array], goal: Array) -> bool:
        seen = np.array(places)
        return bool(np.linalg.norm(seen.mean(axis=0) - goal) < TOLERANCE)

    def _failure(self, thing: Tracked, places: deque[Array], goal: Array) -> Failed | None:
        left = 1e3 * float(np.linalg.norm(np.mean(places, axis=0) - goal))
        if thing.lost:
            return Failed(ErrorCode.OBJECT_LOST, f"the object fell after {self.elapsed:.1f} s", holding=None)
        if thing.age > GIVE_UP:
            return Failed(ErrorCode.NOT_FOUND, f"the tracking system has been silent for {thing.age:.1f} s")
        if self.elapsed > GIVE_UP_MOVING:
            message = f"the fingers carry the object no further; {left:.0f} mm are left"
            return Failed(ErrorCode.GOAL_NOT_REACHED, message, {"error_mm": left})
        return None
