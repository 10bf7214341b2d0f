"""How the joints of a foreign robot map to ours: names, units, signs, offsets, and the form of its messages.

Conventions covered: ros2_control's ``forward_command_controller`` (``Float64MultiArray`` in a fixed order) and
``joint_trajectory_controller`` (``JointTrajectory`` with names and a time from start), the Allegro hand's ``joint_cmd``
and the LEAP hand's ``cmd_leap`` (``JointState``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np

from robomatrix.errors import ConfigurationError, DriverError
from robomatrix.hardware.driver import JointState, RobotCommand
from robomatrix.resources import load_yaml
from robomatrix.robots.spec import RobotSpec

CommandForm = Literal["joint_state", "array", "trajectory"]
Interface = Literal["position", "velocity", "effort"]

UNITS = {"rad": 1.0, "deg": math.pi / 180.0, "m": 1.0, "mm": 1e-3, "turn": math.tau}
"""Size of one unit of the foreign robot in ours."""


@dataclass(frozen=True)
class JointMapping:
    """One of our joints on the foreign robot: ``ours = sign * unit * theirs + offset``."""

    name: str
    """Ours."""
    theirs: str
    sign: float = 1.0
    unit: str = "rad"
    offset: float = 0.0
    """Our position where theirs is zero [rad] or [m]."""

    def __post_init__(self) -> None:
        if self.sign not in (1, -1):
            raise ConfigurationError(f"joint '{self.name}': sign {self.sign} is neither 1 nor -1")
        if self.unit not in UNITS:
            raise ConfigurationError(f"joint '{self.name}': unit '{self.unit}' is not one of {', '.join(UNITS)}")
        if not math.isfinite(self.offset):
            raise ConfigurationError(f"joint '{self.name}': offset {self.offset} is not finite")

    @property
    def scale(self) -> float:
        """Our units for one of theirs, with the sign; also holds for velocities."""
        return self.sign * UNITS[self.unit]

    def to_ours(self, position: float) -> float:
        """Returns our position."""
        return self.scale * position + self.offset

    def to_theirs(self, position: float) -> float:
        """Returns their position."""
        return (position - self.offset) / self.scale


@dataclass(frozen=True)
class TopicsSettings:
    """What the ``topics`` driver is told of a robot."""

    joints: tuple[JointMapping, ...]
    form: CommandForm = "joint_state"
    """joint_state: names and values; array: values in the order of ``joints``; trajectory: names, values and a time."""
    interface: Interface = "position"
    """What the robot takes."""
    state_topic: str = "joint_states"
    command_topic: str = "joint_commands"
    twist_topic: str = "cmd_vel"
    odometry_topic: str = "odom"
    imu_topic: str = "imu"
    """Of a robot with a base; names without a leading slash are in the root namespace."""
    rate: float = 20.0
    """States a second that the robot must send at least [Hz]."""
    checks: int = 10
    """States that must agree in a row before anything may move."""
    max_age: float = 0.25
    """A state older than this closes the gate [s]."""
    slack: float = 0.05
    """How far beyond our limits a measured joint may be and still agree [rad] or [m]."""
    max_step: float = 0.5
    """The first command after the gate opened may be no further from the measured position [rad] or [m]."""
    horizon: float = 0.1
    """Time from start of a trajectory's one point [s]."""

    @classmethod
    def parse(cls, robot: RobotSpec, data: Mapping[str, Any]) -> TopicsSettings:
        """Builds the settings from plain data.

        ``joints`` maps our joint names to theirs, either as a name or as ``{theirs, sign, unit, offset}``; joints of
        the robot that are not named keep their own name.

        Raises:
            ConfigurationError: a key, a joint or a value is wrong; lists what exists.
        """
        known = [f.name for f in fields(cls)]
        unknown = sorted(set(data) - set(known))
        if unknown:
            raise ConfigurationError(f"unknown topics settings {', '.join(unknown)}; known: {', '.join(known)}")
        values = dict(data)
        values["joints"] = _mappings(robot, values.get("joints") or {})
        settings = cls(**values)
        settings._validate()
        return settings

    @classmethod
    def load(cls, robot: RobotSpec, path: Path) -> TopicsSettings:
        """Reads the settings from a YAML file; ConfigurationError names the file."""
        try:
            return cls.parse(robot, load_yaml(path))
        except ConfigurationError as error:
            raise ConfigurationError(f"{path}: {error}") from error

    def _validate(self) -> None:
        for key, choices in (("form", ("joint_state", "array", "trajectory")), ("interface", _INTERFACES)):
            if getattr(self, key) not in choices:
                raise ConfigurationError(f"{key} '{getattr(self, key)}' is not one of {', '.join(choices)}")
        for key in ("rate", "checks", "max_age", "max_step", "horizon"):
            if not getattr(self, key) > 0:
                raise ConfigurationError(f"{key} must be positive, not {getattr(self, key)}")
        theirs = [joint.theirs for joint in self.joints]
        doubled = sorted({name for name in theirs if theirs.count(name) > 1})
        if doubled:
            raise ConfigurationError(f"their joints {', '.join(doubled)} stand for more than one of ours")


_INTERFACES = ("position", "velocity", "effort")


def _mappings(robot: RobotSpec, data: Mapping[str, Any]) -> tuple[JointMapping, ...]:
    commanded = [joint.name for joint in robot.joints if joint.commanded and joint.kind != "counter"]
    unknown = sorted(set(data) - set(commanded))
    if unknown:
        raise ConfigurationError(
            f"{robot.name} has no joints {', '.join(unknown)} to command; it has {', '.join(commanded)}"
        )
    return tuple(_mapping(name, data.get(name, name)) for name in commanded)


def _mapping(name: str, data: Any) -> JointMapping:
    if isinstance(data, str):
        return JointMapping(name, data)
    try:
        return JointMapping(name, **{"theirs": name, **data})
    except TypeError as error:
        raise ConfigurationError(f"joint '{name}': {error}") from error


@dataclass(frozen=True, eq=False)
class ForeignState:
    """A ``sensor_msgs/JointState`` as it came."""

    names: Sequence[str]
    position: Sequence[float]
    velocity: Sequence[float] = ()
    effort: Sequence[float] = ()
    received: float = 0.0
    """When it came, on the node's clock [s]."""


@dataclass(frozen=True)
class ForeignCommand:
    """What the node publishes, in the foreign robot's order, names and units."""

    names: tuple[str, ...]
    values: tuple[float, ...]
    horizon: float
    """Time from start, for a trajectory [s]."""


class Translator:
    """Turns foreign states into ours and our commands into theirs."""

    def __init__(self, robot: RobotSpec, settings: TopicsSettings) -> None:
        self.robot, self.settings = robot, settings

    def state(self, foreign: ForeignState) -> JointState:
        """Returns our joints; what the robot does not measure is zero.

        Raises:
            DriverError: a joint that was mapped is missing, or lengths disagree; lists what came.
        """
        index = {name: i for i, name in enumerate(foreign.names)}
        missing = [j.theirs for j in self.settings.joints if j.theirs not in index]
        if missing:
            raise DriverError(
                f"the robot reports no joints {', '.join(missing)}; it reports {', '.join(foreign.names)}"
            )
        if len(foreign.position) != len(index):
            raise DriverError(f"{len(foreign.position)} positions came for {len(foreign.names)} different joint names")
        names = self.robot.joint_names
        columns = np.zeros((3, len(names)))
        for joint in self.settings.joints:
            ours, theirs = names.index(joint.name), index[joint.theirs]
            columns[0, ours] = joint.to_ours(foreign.position[theirs])
            columns[1, ours] = joint.scale * foreign.velocity[theirs] if theirs < len(foreign.velocity) else 0.0
            columns[2, ours] = foreign.effort[theirs] / joint.scale if theirs < len(foreign.effort) else 0.0
        return JointState(names, *columns)

    def command(self, command: RobotCommand, held: Mapping[str, float]) -> ForeignCommand:
        """Returns their command; joints that are not commanded keep what is ``held``.

        Args:
            command: Ours, within the limits.
            held: Last value by joint, in our units; those of the ``interface``.
        """
        wanted = {"position": command.positions, "velocity": command.velocities, "effort": command.efforts}
        values = {**held, **wanted[self.settings.interface]}
        convert = {
            "position": lambda j, v: j.to_theirs(v),
            "velocity": lambda j, v: v / j.scale,
            "effort": lambda j, v: v * j.scale,
        }[self.settings.interface]
        joints = self.settings.joints
        return ForeignCommand(
            tuple(j.theirs for j in joints),
            tuple(convert(j, values.get(j.name, 0.0)) for j in joints),
            self.settings.horizon,
        )
