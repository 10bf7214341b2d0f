"""Step as a skill of the skill server: one foot to a point of the floor, by joints, IMU and odometry only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robomatrix.hardware.driver import RobotState
from robomatrix.skills.base import ErrorCode, Failed, Observation, Steps, Succeeded
from robomatrix.skills.skillblender import specs
from robomatrix.skills.skillblender.controller import Controller
from robomatrix.skills.skillblender.functions import StepFunction
from robomatrix.skills.skillblender.primitives import HumanoidSkill, heading_rotation, odometry_of, rotation

Array = NDArray[np.float64]
FOOT_TOLERANCE = 0.04
"""Of step's own check [m]."""
CLOSE = 0.03
"""Feet this near count as having arrived [m]."""
RESTED = 0.4
"""They must stay there for so long [s]."""
PATIENCE = 8.0
"""Then the step is over, arrived or not [s]."""
LANDED = 0.02
"""Difference of the ankles' heights up to which both feet stand [m]."""


class Step(HumanoidSkill):
    """Puts one foot down where it shall stand; the other stays."""

    spec = specs.STEP
    policy_name = "step"

    def run(self, observation: Observation) -> Steps:
        """Steps until both feet rest at their places, and measures by joint angles and odometry."""
        controller = Controller(self.robot, observation.state)
        state = yield from self.rise(controller, observation.state)
        if isinstance(state, Failed):
            return state
        target = self._targets(self._ankles(controller, state), odometry_of(state).yaw)
        started, rested = state.stamp, 0.0
        while rested < RESTED and state.stamp - started < PATIENCE:
            error = target - self._ankles(controller, state)[:, :2]
            goal = (error @ heading_rotation(odometry_of(state).yaw)[:2, :2]).ravel()
            before, share = state.stamp, min(1.0, (state.stamp - started) / PATIENCE)
            state = yield from self.follow(controller, self.policy, goal, state, "stepping", share)
            if isinstance(state, Failed):
                return state
            rested = rested + state.stamp - before if self._arrived(target, self._ankles(controller, state)) else 0.0
        return self._judge(target, self._ankles(controller, state))

    @property
    def _moving(self) -> int:
        return ("left", "right").index(str(self.arguments["foot"]))

    def _ankles(self, controller: Controller, state: RobotState) -> Array:
        """Returns the left and the right ankle in the odom frame (2, 3) [m]."""
        function, odometry = self.policy.function, odometry_of(state)
        assert isinstance(function, StepFunction)
        feet = function.feet(controller.feel(state))[0]
        return odometry.position + feet @ rotation(odometry.orientation).T

    def _targets(self, ankles: Array, yaw: float) -> Array:
        """Returns where the ankles shall stand in the odom frame (2, 2) [m]."""
        targets, moving = ankles[:, :2].copy(), self._moving
        outward = self.policy.function.width + float(self.arguments["outward"])
        offset = np.array([float(self.arguments["forward"]), outward * (1.0, -1.0)[moving]])
        targets[moving] = targets[1 - moving] + heading_rotation(yaw)[:2, :2] @ offset
        return targets

    def _arrived(self, target: Array, ankles: Array) -> bool:
        near = np.linalg.norm(target - ankles[:, :2], axis=-1).max() < CLOSE
        return bool(near and abs(ankles[0, 2] - ankles[1, 2]) < LANDED)

    def _judge(self, target: Array, ankles: Array) -> Succeeded | Failed:
        error = np.linalg.norm(target - ankles[:, :2], axis=-1)
        moved, stood = float(error[self._moving]), float(error[1 - self._moving])
        metrics = {"foot_error": moved, "other_foot_error": stood}
        if max(moved, stood) > FOOT_TOLERANCE:
            text = f"the feet are {100 * moved:.1f} and {100 * stood:.1f} cm off, more than {100 * FOOT_TOLERANCE:.0f}"
            return Failed(ErrorCode.GOAL_NOT_REACHED, f"{text} cm", metrics)
        return Succeeded(metrics)
