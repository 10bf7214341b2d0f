"""``follow``: an operator's finger commands, realised by the foundation controller or sent on as they are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from robomatrix.robots.spec import RobotSpec
from robomatrix.skills.base import ErrorCode, Failed, Observation, OperatorCommand, Running, Steps, Succeeded
from robomatrix.skills.dexgen import specs
from robomatrix.skills.dexgen.grip import GripMonitor, joint_command, servo_targets
from robomatrix.skills.dexgen.hold import HandSkill
from robomatrix.skills.spec import SkillSpec

if TYPE_CHECKING:
    from robomatrix.policies.dexgen.controller import DexGenController

Array = NDArray[np.float64]

STALE = 0.5
"""Commands older than this are over: the hand holds [s]."""
PATIENCE = 25
"""Ticks that a grip may be weak: an operator who opens the hand for 2 s by mistake is no loss."""


def checked_command(robot: RobotSpec, command: OperatorCommand, targets: Array) -> tuple[Array | None, str]:
    """Returns commanded targets (16,) inside the limits and "", or None and what is wrong with the command.

    Joints that are not named keep their ``targets``.
    """
    wanted = targets.copy()
    names = robot.joint_names
    for name, value in command.positions.items():
        if name not in names:
            return None, f"no joint '{name}'; joints: {', '.join(names)}"
        if not math.isfinite(value):
            return None, f"the command for '{name}' is {value}"
        joint = robot.joint(name)
        wanted[names.index(name)] = min(max(float(value), joint.lower), joint.upper)
    return wanted, ""


class Follow(HandSkill):
    """Sees joint states and the operator's command, nothing of the object.

    A command that is wrong or too old is not executed: the hand holds with the targets in force until a good one comes.
    """

    spec: ClassVar[SkillSpec] = specs.FOLLOW

    def run(self, observation: Observation) -> Steps:
        """Follows for the duration."""
        duration, controller = float(self.arguments["duration"]), self._controller()
        targets = servo_targets(self.robot, observation.state.joints)
        monitor = GripMonitor(observation.state, PATIENCE)
        held = refused = ticks = 0
        before = ""
        while self.elapsed < duration:
            wanted, phase = self._wanted(observation, targets)
            if controller is not None and wanted is not None and phase == "assisted":
                if before != "assisted":
                    controller.reset(targets[None])
                targets = controller.act(observation.state.joints.position[None], wanted[None])[0]
            elif wanted is not None:
                targets = wanted
            before = phase
            ticks, held, refused = ticks + 1, held + (phase == "holding"), refused + phase.startswith("refused")
            observation = yield Running(joint_command(self.robot, targets), phase, self.elapsed / duration)
            if monitor.lost(observation.state):
                return Failed(ErrorCode.OBJECT_LOST, f"the object was lost after {self.elapsed:.1f} s", holding=None)
        return Succeeded({"ticks": ticks, "ticks_held": held, "ticks_refused": refused})

    def _controller(self) -> DexGenController | None:
        from robomatrix.policies.dexgen.controller import ControllerSettings, DexGenController

        if self.robot.name not in specs.TRAINED:
            return None
        return DexGenController.load(
            self.robot, settings=ControllerSettings(strength=float(self.arguments["strength"]))
        )

    def _wanted(self, observation: Observation, targets: Array) -> tuple[Array | None, str]:
        """Returns what to realise and how: ``assisted``, ``direct``, ``holding`` or ``refused: why``."""
        command = observation.operator
        if command is None or not 0.0 <= observation.state.stamp - command.stamp <= STALE:
            return None, "holding"
        wanted, problem = checked_command(self.robot, command, targets)
        if wanted is None:
            return None, f"refused: {problem}"
        if command.assisted and self.robot.name not in specs.TRAINED:
            return None, f"refused: no controller is trained for {self.robot.name}, commands must be direct"
        return wanted, "assisted" if command.assisted else "direct"
