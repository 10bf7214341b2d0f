"""What a simulator has to offer so that a robot can live in a room of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from robomatrix.hardware.driver import Array, JointState
from robomatrix.robots.spec import CameraSpec
from robomatrix.world import Vector3


@dataclass(frozen=True, eq=False)
class Pose:
    """Of a body in the world."""

    position: Array
    """(3,) [m]."""
    rotation: Array
    """(3, 3), body to world."""


@dataclass(frozen=True, eq=False)
class Motion:
    """Of the base, in its own frame."""

    linear: Array
    """(3,) [m/s]."""
    angular: Array
    """(3,) [rad/s]."""
    acceleration: Array
    """(3,) gravity included [m/s^2]."""


@dataclass(frozen=True)
class Hit:
    """What a ray met first."""

    distance: float
    """[m]."""
    item: str
    """Id of the item, empty for the room itself."""
    part: str
    """Name of the part, empty where it has none."""


class Engine(Protocol):
    """A built world of robot and room. Items are those of the layout; links and joints those of the URDF."""

    def advance(self, targets: Mapping[str, float], rims: Array | None, pulls: Array | None) -> None:
        """Simulates one control period.

        Args:
            targets: Position targets of the commanded joints [rad] or [m].
            rims: (4,) rim speeds of the wheels [m/s]; None without a wheeled base.
            pulls: (4,) targets of the wheels' servos [m/s].

        Raises:
            DriverError: the simulation diverged.
        """

    def time(self) -> float:
        """Returns the simulated time [s]."""

    def mass(self) -> float:
        """Returns the robot's mass [kg]."""

    def joints(self, count: int) -> JointState:
        """Returns the joints of the robot's specification; ``count`` is the position of counter joints."""

    def ground(self) -> Array:
        """Returns the (4,) speeds of the base along the lines the wheels pull on [m/s]."""

    def motion(self) -> Motion:
        """Returns how the base moves."""

    def link(self, name: str) -> Pose:
        """Returns where a link's frame is."""

    def item(self, item_id: str) -> Pose:
        """Returns where an item is, by the centre of its bounding box."""

    def displacement(self, drawer_id: str) -> float:
        """Returns how far a drawer was pulled out [m]."""

    def ray(self, origin: Array, direction: Array, reach: float) -> Hit | None:
        """Returns what a ray of unit ``direction`` meets within ``reach`` [m]; the robot does not stop it."""

    def light_up(self, target_id: str) -> None:
        """Gives a target's plate the colour of one that was struck."""

    def place(self, item_id: str, position: Vector3, yaw: float) -> None:
        """Puts an item at rest at a world pose."""

    def slide(self, drawer_id: str, displacement: float) -> None:
        """Sets how far a drawer is pulled out [m]."""

    def picture(self, camera: CameraSpec) -> NDArray[np.uint8]:
        """Returns the RGB image of a robot camera at its own size."""

    def render(self, camera: str, width: int, height: int) -> NDArray[np.uint8]:
        """Returns an RGB image of a robot camera or of ``overview``."""

    def close(self) -> None:
        """Frees everything; idempotent."""
