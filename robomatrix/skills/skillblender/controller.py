"""Between a robot's state and the skill functions: what the body feels, and what the joints are told."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import PreconditionError
from robomatrix.hardware.driver import RobotCommand, RobotState
from robomatrix.robots.humanoid import humanoid
from robomatrix.robots.spec import RobotSpec
from robomatrix.skills.skillblender.feedforward import GAIT_FREQUENCY
from robomatrix.skills.skillblender.functions import Network, SkillFunction
from robomatrix.skills.skillblender.observation import ACTION_SCALE, Proprioception

Array = NDArray[np.float64]
ARM_RATE = 3.0
"""Fastest change of an arm's or the waist's target, so that skills hand over smoothly [rad/s]."""
FALLEN_TILT = 0.6
"""Of the pelvis' up vector along the vertical; below it the robot has fallen (53 degrees)."""


class Controller:
    """Memory of one humanoid between ticks: the last action.

    The gait's clock follows from the state's stamp, so that the next skill's controller goes on with it.
    """

    def __init__(self, robot: RobotSpec, state: RobotState) -> None:
        """Takes over from whatever moved the robot before: the servos' targets follow from the measured effort.

        Raises:
            PreconditionError: the state lacks a joint or the IMU, or holds a value that is not finite.
        """
        self.robot, self.humanoid = robot, humanoid(robot.name)
        self._joints = [robot.joint(name) for name in self.humanoid.joints]
        self._home = np.array([j.home for j in self._joints])
        self._stiffness = np.array([j.stiffness for j in self._joints])
        self._damping = np.array([j.damping for j in self._joints])
        self._places = _places(state, self.humanoid.joints)
        self._others = {j.name: j.home for j in robot.joints if j.name not in self.humanoid.joints}
        self._arms = np.array([i not in self.humanoid.legs for i in range(len(self._joints))])
        self._step = ARM_RATE / robot.rate / ACTION_SCALE
        self.phase = clock(state)
        """Of the gait's clock at the last step, in cycles."""
        self.action = self._present_action(state)
        """Last whole action (d,), in units of ACTION_SCALE."""

    def _present_action(self, state: RobotState) -> Array:
        joints, places = state.joints, self._places
        lead = (joints.effort[places] + self._damping * joints.velocity[places]) / self._stiffness
        return (joints.position[places] + lead - self._home) / ACTION_SCALE

    def feel(self, state: RobotState) -> Array:
        """Returns the body's state (1, 6 + 3 d); raises PreconditionError if a value is missing or not finite."""
        if state.imu is None:
            raise PreconditionError(f"{self.robot.name} needs its IMU to balance")
        joints = state.joints
        body = Proprioception(
            gyro=np.asarray(state.imu.angular_velocity, float)[None],
            gravity=gravity(state.imu.orientation)[None],
            position=(joints.position[self._places] - self._home)[None],
            velocity=joints.velocity[self._places][None],
            action=self.action[None],
        ).vector()
        if not np.isfinite(body).all():
            raise PreconditionError("the state holds a value that is not finite")
        return body

    def fallen(self, state: RobotState) -> bool:
        """Returns whether the pelvis is tilted by more than 53 degrees."""
        return state.imu is not None and -gravity(state.imu.orientation)[2] < FALLEN_TILT

    def step(self, function: SkillFunction, network: Network, goal: Array, state: RobotState) -> RobotCommand:
        """Returns the command of one control step of a skill; the goal (k,) is in the network's units."""
        body = self.feel(state)
        self.phase = clock(state)
        wanted = function.action(network, body, goal[None], np.array([self.phase]))[0]
        self.action = np.where(self._arms, self.action + np.clip(wanted - self.action, -self._step, self._step), wanted)
        return self.command()

    def command(self) -> RobotCommand:
        """Returns joint targets for the last action, within the joints' limits."""
        angles = self._home + ACTION_SCALE * self.action
        targets = {j.name: float(np.clip(a, j.lower, j.upper)) for j, a in zip(self._joints, angles, strict=True)}
        return RobotCommand(positions={**self._others, **targets})


def clock(state: RobotState) -> float:
    """Returns the phase of the gait's clock at a state's stamp, in cycles."""
    return GAIT_FREQUENCY * state.stamp % 1.0


def gravity(orientation: Array) -> Array:
    """Returns the direction of gravity in the body's frame (3,) of a quaternion (x, y, z, w)."""
    x, y, z, w = orientation
    return -np.array([2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)])


def _places(state: RobotState, joints: tuple[str, ...]) -> list[int]:
    missing = [name for name in joints if name not in state.joints.names]
    if missing:
        raise PreconditionError(f"the state lacks joint '{missing[0]}'")
    return [state.joints.names.index(name) for name in joints]
