"""What a driver does with a command before it acts on it: check, clamp, and move targets no faster than allowed."""

from __future__ import annotations

import math
from collections.abc import Mapping

from robomatrix.errors import DriverError
from robomatrix.hardware.driver import RobotCommand, Twist
from robomatrix.robots.spec import JointSpec, RobotSpec


def clamp(spec: RobotSpec, command: RobotCommand) -> RobotCommand:
    """Returns the command within the robot's limits.

    Raises:
        DriverError: a value is not finite, a joint does not exist or takes no commands, or the robot has no base.
            Nothing of such a command is applied.
    """
    joints = {joint.name: joint for joint in spec.joints}
    _refuse(spec, joints, command)
    return RobotCommand(
        positions={n: _bounded(v, joints[n].lower, joints[n].upper) for n, v in command.positions.items()},
        velocities={n: _bounded(v, -joints[n].velocity, joints[n].velocity) for n, v in command.velocities.items()},
        efforts={n: _bounded(v, -joints[n].effort, joints[n].effort) for n, v in command.efforts.items()},
        twist=_bounded_twist(spec, command.twist),
    )


def _refuse(spec: RobotSpec, joints: Mapping[str, JointSpec], command: RobotCommand) -> None:
    for values in (command.positions, command.velocities, command.efforts):
        for name, value in values.items():
            if name not in joints or not joints[name].commanded:
                known = ", ".join(n for n, joint in joints.items() if joint.commanded)
                raise DriverError(f"{spec.name} takes no commands for '{name}'; joints: {known}")
            if not math.isfinite(value):
                raise DriverError(f"command for '{name}' is {value}")
    if command.twist is None:
        return
    if spec.base is None:
        raise DriverError(f"{spec.name} has no mobile base to take a twist")
    if not all(map(math.isfinite, (command.twist.vx, command.twist.vy, command.twist.wz))):
        raise DriverError(f"twist is not finite: {command.twist}")


def _bounded(value: float, lower: float, upper: float) -> float:
    return min(max(float(value), lower), upper)


def _bounded_twist(spec: RobotSpec, twist: Twist | None) -> Twist | None:
    if twist is None or spec.base is None:
        return None
    base = spec.base
    return Twist(
        _bounded(twist.vx, -base.max_vx, base.max_vx),
        _bounded(twist.vy, -base.max_vy, base.max_vy),
        _bounded(twist.wz, -base.max_wz, base.max_wz),
    )


class JointTargets:
    """Where each commanded joint shall be now, on the way to where it was asked to go.

    Joints with an acceleration move as a servo with a built-in motion profile does; the others jump to their target.
    """

    def __init__(self, spec: RobotSpec, acceleration: Mapping[str, float]) -> None:
        """Starts at home; ``acceleration`` by joint [rad/s^2] or [m/s^2]."""
        self._joints = {j.name: j for j in spec.joints if j.commanded and j.kind != "counter"}
        self._acceleration = acceleration
        self.now = {name: joint.home for name, joint in self._joints.items()}
        """Targets for the servos."""
        self._goal = dict(self.now)
        self._speed = dict.fromkeys(self.now, 0.0)
        self._asked: dict[str, float] = {}

    def take(self, command: RobotCommand) -> None:
        """Remembers a clamped command. A velocity moves the target; a position ends that."""
        for name, value in command.positions.items():
            if name in self._goal:
                self._goal[name] = value
                self._asked.pop(name, None)
        self._asked.update({name: value for name, value in command.velocities.items() if name in self._goal})

    def hold(self) -> None:
        """Stays where the targets are now."""
        self._goal = dict(self.now)
        self._speed = dict.fromkeys(self.now, 0.0)
        self._asked.clear()

    def advance(self, period: float) -> Mapping[str, float]:
        """Returns the targets one ``period`` [s] later."""
        for name, joint in self._joints.items():
            asked = self._asked.get(name)
            if name in self._acceleration:
                self._profile(joint, asked, period)
            elif asked is not None:
                self.now[name] = self._goal[name] = _bounded(self.now[name] + asked * period, joint.lower, joint.upper)
            else:
                self.now[name] = self._goal[name]
        return self.now

    def _profile(self, joint: JointSpec, asked: float | None, period: float) -> None:
        """One step of a trapezoidal profile: as fast as allowed and still able to stop at the goal.

        A velocity that was asked for goes on to the joint's limit.
        """
        name, limit = joint.name, joint.velocity
        if asked is not None:
            limit = abs(asked)
            self._goal[name] = joint.upper if asked > 0.0 else joint.lower
        way = self._goal[name] - self.now[name]
        change = self._acceleration[name] * period
        stopping = math.sqrt(2.0 * self._acceleration[name] * abs(way) + change * change / 4.0) - change / 2.0
        wanted = math.copysign(min(limit, stopping), way)
        speed = _bounded(wanted, self._speed[name] - change, self._speed[name] + change)
        if abs(way) <= abs(speed) * period + 1e-9 and abs(speed) <= change + 1e-9:
            speed = way / period
        self._speed[name] = speed
        self.now[name] = _bounded(self.now[name] + speed * period, joint.lower, joint.upper)
