"""What a simulator needs to know of a robot beyond its specification: couplings, traction, sensor noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from robomatrix.errors import ConfigurationError

Sum = Mapping[str, float]


@dataclass(frozen=True)
class Zero:
    """A weighted sum of URDF joints that rods or gears hold at zero."""

    joints: Sum
    stiffness: float
    """[N m/rad] or [N/m]."""
    damping: float
    """[N m s/rad] or [N s/m]."""


@dataclass(frozen=True)
class MecanumSpec:
    """A base on four mecanum wheels; wheels in the order front left, front right, rear left, rear right."""

    wheels: tuple[str, ...]
    """Names of the wheel joints."""
    wheel_radius: float
    """[m]."""
    half_length: float
    """From the centre to an axle [m]."""
    half_width: float
    """From the centre to a wheel's middle plane [m]."""
    traction: float
    """Largest pull of all wheels together over the robot's weight."""
    acceleration: float
    """Ramp of the commanded velocity [m/s^2]."""
    turn_acceleration: float
    """Ramp of the commanded yaw rate [rad/s^2]."""


@dataclass(frozen=True)
class BlasterSpec:
    """A bead blaster: a counter joint and the link it shoots from, along x."""

    joint: str
    link: str
    dispersion: float
    """Standard deviation of a bead's direction about each axis [rad]."""
    reach: float
    """[m]."""


@dataclass(frozen=True)
class NoiseSpec:
    """Errors of the simulated sensors, as standard deviations."""

    odometry_scale: float = 0.0
    """Relative error of each wheel's circumference, drawn once a reset."""
    gyro_bias: float = 0.0
    """Drawn once a reset [rad/s]."""
    gyro_noise: float = 0.0
    """Per reading [rad/s]."""
    accelerometer_noise: float = 0.0
    """Per reading [m/s^2]."""
    range_fraction: float = 0.0
    """Per reading, relative."""


@dataclass(frozen=True)
class SimulationSpec:
    """The ``simulation`` section of ``config/robots/<name>.yaml``."""

    sums: Mapping[str, Sum] = field(default_factory=dict)
    """Commanded joints that are weighted sums of URDF joints."""
    zeros: Mapping[str, Zero] = field(default_factory=dict)
    """Couplings of the mechanism."""
    armature: Mapping[str, float] | float = 0.0
    """Inertia of motor and gear by URDF joint, or the same for all [kg m^2] or [kg]."""
    height: float = 0.0
    """Of the base link above the floor at the start [m]."""
    acceleration: Mapping[str, float] = field(default_factory=dict)
    """Of the motion profile by commanded joint [rad/s^2] or [m/s^2]; a joint without one jumps to its target."""
    pads: tuple[str, ...] = ()
    """Links with rubber on them."""
    base: MecanumSpec | None = None
    blaster: BlasterSpec | None = None
    noise: NoiseSpec = NoiseSpec()


def simulation_from(data: Mapping[str, Any], where: str) -> SimulationSpec:
    """Builds the section from plain data; ConfigurationError names the place of an unknown or missing key."""
    sections = {"base": MecanumSpec, "blaster": BlasterSpec, "noise": NoiseSpec}
    try:
        values = {key: sections[key](**_frozen(value)) if key in sections else value for key, value in data.items()}
        if "zeros" in values:
            values["zeros"] = {name: Zero(**zero) for name, zero in values["zeros"].items()}
        return SimulationSpec(**_frozen(values))
    except TypeError as error:
        raise ConfigurationError(f"{where}: {error}") from error


def _frozen(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
