"""One concrete world: what stands where, how big, in which colour. Both simulators build from this."""

from __future__ import annotations

import math
from dataclasses import dataclass

from robomatrix.scenes.catalogue import DRAWER_TRAVEL
from robomatrix.world import SceneObject, Vector3

Pose2 = tuple[float, float, float]
"""x [m], y [m], yaw [rad]."""


@dataclass(frozen=True)
class Item:
    """One thing in the world frame."""

    id: str
    category: str
    colour: str
    position: Vector3
    """Centre of the bounding box [m]."""
    yaw: float
    """Heading of its front [rad]."""
    size: Vector3
    """Extent along its own x, y, z [m]."""
    mass: float = 0.0
    """[kg]; 0 for what is fixed to the floor."""
    support: str = "floor"
    """Id of what it stands on."""

    @property
    def name(self) -> str:
        """What a person would call it."""
        return f"{self.colour} {self.category}"


@dataclass(frozen=True)
class Light:
    """The room's light."""

    ambient: float
    """0 to 1."""
    diffuse: float
    """0 to 1."""
    azimuth: float
    """Where it comes from [rad]."""
    tint: Vector3
    """RGB factors."""


@dataclass(frozen=True)
class Layout:
    """A sampled world."""

    scene: str
    size: tuple[float, float]
    """Of the room, centred on the origin [m]."""
    wall_height: float
    """[m]; 0 for no walls."""
    start: Pose2
    """Of the robot."""
    items: tuple[Item, ...]
    light: Light

    def item(self, item_id: str) -> Item:
        """Returns an item by id; KeyError lists what exists."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise KeyError(f"no '{item_id}' in {self.scene}; items: {', '.join(i.id for i in self.items)}")


def drawer_closed(cabinet: Item, drawer_size: Vector3, lift: float) -> Vector3:
    """Returns the centre of a closed drawer in the world, ``lift`` [m] above the cabinet's foot."""
    forward = (cabinet.size[0] - drawer_size[0]) / 2.0
    x, y, z = cabinet.position
    bottom = z - cabinet.size[2] / 2.0
    return (
        x + forward * math.cos(cabinet.yaw),
        y + forward * math.sin(cabinet.yaw),
        bottom + lift + drawer_size[2] / 2.0,
    )


def in_frame(origin: Pose2, position: Vector3) -> Vector3:
    """Returns a world position in the frame of a planar pose."""
    x, y, yaw = origin
    dx, dy = position[0] - x, position[1] - y
    c, s = math.cos(yaw), math.sin(yaw)
    return (c * dx + s * dy, -s * dx + c * dy, position[2])


def in_world(origin: Pose2, position: Vector3) -> Vector3:
    """Returns a position in the frame of a planar pose in the world; the inverse of :func:`in_frame`."""
    x, y, yaw = origin
    c, s = math.cos(yaw), math.sin(yaw)
    return (x + c * position[0] - s * position[1], y + s * position[0] + c * position[1], position[2])


def scene_object(item: Item, start: Pose2, position: Vector3, yaw: float, **state: float | int | str) -> SceneObject:
    """Returns the true scene object of an item that is now at a world pose, in the odom frame of ``start``."""
    colour = str(state.pop("colour", item.colour))
    heading = math.remainder(yaw - start[2], math.tau)
    name, place = f"{colour} {item.category}", in_frame(start, position)
    return SceneObject(item.id, name, item.category, colour, place, heading, item.size, **state)


def opening(displacement: float) -> float:
    """Returns how far a drawer is open, 0 to 1, from its displacement [m]."""
    return min(1.0, max(0.0, displacement / DRAWER_TRAVEL))
