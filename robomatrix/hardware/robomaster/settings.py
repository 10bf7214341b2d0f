"""Parameters of the RoboMaster driver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from robomatrix.errors import ConfigurationError
from robomatrix.hardware.robomaster.protocol import PUSH_RATES, Ports

Connection = Literal["ap", "usb", "station", "address"]

ADDRESSES = {"ap": "192.168.2.1", "usb": "192.168.42.2"}
"""Where the robot is when it opens the network itself."""


@dataclass(frozen=True)
class RobomasterSettings:
    """How the robot is reached, and what its documentation leaves open; ``robomatrix doctor`` helps to find it out."""

    connection: Connection = "ap"
    """ap: its own Wi-Fi; usb: RNDIS; station: on our network, found by its broadcast; address: ``host`` is given."""
    host: str = ""
    """Address for ``connection: address``; the emulator is at 127.0.0.1."""
    ports: Ports = Ports()
    listen: str = "0.0.0.0"  # noqa: S104
    """Local address that the push datagrams are taken on."""
    timeout: float = 0.5
    """An answer that is later than this means that the link is lost [s]."""
    connect_timeout: float = 3.0
    """[s]; for station mode also the wait for the broadcast."""
    deadman: float = 0.3
    """Without a write for this long the base is stopped [s]."""
    rate: float = 50.0
    """Commands a second at most [Hz]."""
    push_rate: int = 50
    """Pose reports a second; one of the robot's rates."""
    first_retry: float = 0.1
    """Wait before the first reconnection [s]; doubled up to ``last_retry``."""
    last_retry: float = 2.0
    """[s]."""
    arm_unit: float = 0.01
    """Length of one unit of ``robotic_arm`` [m]: 0.01 as documented, 0.001 on some firmware."""
    wheels: tuple[str, str, str, str] = ("front_right", "front_left", "rear_right", "rear_left")
    """Which wheel w1 to w4 are: this is the text SDK's order; the Python SDK's has the rear ones exchanged."""
    gripper_level: int = 2
    """Force of the gripper, 1 to 4."""
    gripper_time: float = 0.8
    """How long the gripper takes from one end to the other [s]; between the ends its opening is estimated by time."""
    camera: bool = True
    """Whether the video stream is opened."""
    intrinsics: tuple[float, float, float, float] | None = None
    """fx, fy, cx, cy [px] at the stream's own size ``video_size``; the robot's nominal camera when missing."""
    video_size: tuple[int, int] = (1280, 720)
    """Size that ``intrinsics`` are for."""
    video_latency: float = 0.0
    """Subtracted from the arrival time of an image to get its stamp [s]."""

    def __post_init__(self) -> None:
        if self.connection not in ("ap", "usb", "station", "address"):
            raise ConfigurationError(f"connection '{self.connection}' is not one of ap, usb, station, address")
        if self.connection == "address" and not self.host:
            raise ConfigurationError("connection 'address' needs 'host'")
        if self.push_rate not in PUSH_RATES:
            raise ConfigurationError(f"push_rate {self.push_rate} is not one of {', '.join(map(str, PUSH_RATES))}")
        if sorted(self.wheels) != sorted(type(self).wheels):
            raise ConfigurationError(f"wheels must name each of {', '.join(sorted(type(self).wheels))} once")
        if self.gripper_level not in (1, 2, 3, 4):
            raise ConfigurationError(f"gripper_level {self.gripper_level} is not 1 to 4")
        if not self.arm_unit > 0.0 or not self.deadman > 0.0 or not self.timeout > 0.0:
            raise ConfigurationError("arm_unit, deadman and timeout must be positive")

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> RobomasterSettings:
        """Builds the settings from plain data; ConfigurationError lists the keys that exist."""
        known = [f.name for f in fields(cls)]
        unknown = sorted(set(data) - set(known))
        if unknown:
            raise ConfigurationError(f"unknown robomaster settings {', '.join(unknown)}; known: {', '.join(known)}")
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in data.items()
        }
        try:
            if isinstance(values.get("ports"), Mapping):
                values["ports"] = Ports(**values["ports"])
            return cls(**values)
        except TypeError as error:
            raise ConfigurationError(f"robomaster settings: {error}") from error
