"""``hold`` keeps the grip, ``release`` opens the hand."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from robomatrix.hardware.driver import RobotCommand
from robomatrix.skills.base import ErrorCode, Failed, Observation, Running, Skill, Steps, Succeeded
from robomatrix.skills.dexgen import specs
from robomatrix.skills.dexgen.grip import GripMonitor, grip_effort, joint_command, require_grip, servo_targets
from robomatrix.skills.dexgen.palm import in_hand
from robomatrix.skills.spec import SkillSpec

_OPEN_TIME = 1.0
_OPEN = np.array([0.0, 0.05, 0.05, 0.05] * 3 + [0.4, 0.1, 0.05, 0.05])
"""Straight fingers, the thumb turned aside [rad]."""
_REACHED = 0.12


class HandSkill(Skill):
    """A skill of a hand on a fixed mount: at rest it keeps its targets, and there is no base to stop."""

    def stopping(self) -> RobotCommand:
        """Keeps the grip."""
        return RobotCommand()


class Hold(HandSkill):
    """Keeps the servo targets, and with them the force of the grip, and watches that the object stays."""

    spec: ClassVar[SkillSpec] = specs.HOLD

    def check(self, observation: Observation) -> None:
        """Raises PreconditionError if nothing is in the hand."""
        require_grip(observation.state)

    def run(self, observation: Observation) -> Steps:
        """Holds for the duration."""
        duration = float(self.arguments["duration"])
        targets = servo_targets(self.robot, observation.state.joints)
        monitor = GripMonitor(observation.state)
        while self.elapsed < duration:
            observation = yield Running(joint_command(self.robot, targets), "holding", self.elapsed / duration)
            if monitor.lost(observation.state):
                return Failed(ErrorCode.OBJECT_LOST, f"the object slipped out after {self.elapsed:.1f} s", holding=None)
        return Succeeded({"grip_effort": grip_effort(observation.state)})


class Release(HandSkill):
    """Opens fingers and thumb, then checks that they are open and, where there is a tracker, that the palm is empty."""

    spec: ClassVar[SkillSpec] = specs.RELEASE

    def run(self, observation: Observation) -> Steps:
        """Opens within a second and waits until the fingers are there."""
        start = servo_targets(self.robot, observation.state.joints)
        opened = np.clip(_OPEN, [j.lower for j in self.robot.joints], [j.upper for j in self.robot.joints])
        while self.elapsed < _OPEN_TIME + 0.5:
            share = min(1.0, self.elapsed / _OPEN_TIME)
            targets = start + share * (opened - start)
            observation = yield Running(joint_command(self.robot, targets), "opening", share)
        error = float(np.abs(observation.state.joints.position - opened).max())
        if error > _REACHED:
            return Failed(ErrorCode.RELEASE_FAILED, f"a finger is {error:.2f} rad from being open; is it blocked?")
        lying = in_hand(observation.world)
        if lying:
            names = ", ".join(o.name for o in lying)
            return Failed(ErrorCode.RELEASE_FAILED, f"the fingers are open, and the palm still carries: {names}")
        return Succeeded({"largest_error": error}, holding=None)
