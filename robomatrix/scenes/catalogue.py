"""What the things in the scenes are made of: colours and the parts that give a category its shape.

Each part is a primitive in the item's own frame: x to its front, z up, origin in the centre of its bounding box.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from robomatrix.world import Vector3

Shape = Literal["box", "cylinder", "sphere", "capsule"]

COLOURS: Mapping[str, Vector3] = MappingProxyType(
    {
        "red": (0.85, 0.05, 0.05),
        "orange": (1.0, 0.42, 0.0),
        "yellow": (0.95, 0.85, 0.05),
        "green": (0.06, 0.6, 0.12),
        "blue": (0.06, 0.2, 0.85),
        "purple": (0.45, 0.1, 0.65),
        "cyan": (0.0, 0.75, 0.78),
        "magenta": (1.0, 0.0, 0.75),
        "white": (0.95, 0.95, 0.95),
        "beige": (0.8, 0.68, 0.45),
        "grey": (0.45, 0.46, 0.48),
        "brown": (0.36, 0.22, 0.12),
        "black": (0.05, 0.05, 0.05),
    }
)
"""RGB, 0 to 1."""

FLOOR: Vector3 = (0.28, 0.28, 0.29)
WALL: Vector3 = (0.3, 0.37, 0.45)
SKY: Vector3 = (0.3, 0.37, 0.45)
LIT = "magenta"
"""Colour of a target's plate once a bead has struck it."""
PLATE = "plate"
"""Name of the part of a target that counts hits."""
DRAWER_TRAVEL = 0.2
"""How far a drawer opens [m]."""
DRAWER_LIFT = 0.03
"""Of a drawer above its cabinet's foot [m]."""
HANDLE = 0.05
"""How far a drawer's knob stands off its front [m]; not part of the drawer's size."""
THICKNESS = 0.008
"""Of walls of boxes and drawers [m]."""


@dataclass(frozen=True)
class Part:
    """One primitive."""

    shape: Shape
    size: Vector3
    """Box: full extents; cylinder and capsule: radius, length along z, 0; sphere: radius, 0, 0 [m]."""
    position: Vector3 = (0.0, 0.0, 0.0)
    pitch: float = 0.0
    """About y [rad]."""
    roll: float = 0.0
    """About x, before pitch [rad]."""
    yaw: float = 0.0
    """About z, after pitch [rad]."""
    colour: str = ""
    """Of the item where empty."""
    name: str = ""
    solid: bool = True
    """False for what is only seen."""


def _can(size: Vector3) -> Iterator[Part]:
    x, _, z = size
    yield Part("cylinder", (x / 2, z, 0.0))
    yield Part("cylinder", (0.42 * x, 0.001, 0.0), (0.0, 0.0, z / 2), colour="grey", solid=False)


def _bottle(size: Vector3) -> Iterator[Part]:
    """A body of two thirds of the height, shoulders, a neck and a cap."""
    x, _, z = size
    body, neck = 0.66 * z, 0.24 * z
    yield Part("cylinder", (x / 2, body, 0.0), (0.0, 0.0, -z / 2 + body / 2))
    yield Part("cylinder", (x / 5, neck, 0.0), (0.0, 0.0, -z / 2 + body + neck / 2))
    yield Part("cylinder", (x / 4.4, z - body - neck, 0.0), (0.0, 0.0, z / 2 - (z - body - neck) / 2), colour="white")


def _ball(size: Vector3) -> Iterator[Part]:
    yield Part("sphere", (size[0] / 2, 0.0, 0.0))


def _block(size: Vector3) -> Iterator[Part]:
    yield Part("box", size)


def _box(size: Vector3) -> Iterator[Part]:
    """An open top: a bottom and four walls."""
    x, y, z = size
    t = THICKNESS
    yield Part("box", (x, y, t), (0.0, 0.0, -z / 2 + t / 2))
    for side in (-1, 1):
        yield Part("box", (t, y, z), (side * (x - t) / 2, 0.0, 0.0))
        yield Part("box", (x, t, z), (0.0, side * (y - t) / 2, 0.0))


def _bin(size: Vector3) -> Iterator[Part]:
    """A round open top of eight staves."""
    x, _, z = size
    t, staves = THICKNESS, 8
    radius = x / 2 - t / 2
    yield Part("cylinder", (radius, t, 0.0), (0.0, 0.0, -z / 2 + t / 2))
    width = 2.0 * (radius + t / 2) * math.tan(math.pi / staves)
    for k in range(staves):
        angle = math.tau * k / staves
        yield Part("box", (t, width, z), (radius * math.cos(angle), radius * math.sin(angle), 0.0), yaw=angle)


def _table(size: Vector3) -> Iterator[Part]:
    """A slab on a plinth that stands back a little."""
    x, y, z = size
    slab = 0.02
    yield Part("box", (x, y, slab), (0.0, 0.0, z / 2 - slab / 2))
    yield Part("box", (x - 0.06, y - 0.06, z - slab), (0.0, 0.0, -slab / 2), colour="black")


def _cabinet(size: Vector3) -> Iterator[Part]:
    """A shell that is open to the front."""
    x, y, z = size
    t = 0.02
    for side in (-1, 1):
        yield Part("box", (x, t, z), (0.0, side * (y - t) / 2, 0.0))
    yield Part("box", (x, y - 2 * t, t), (0.0, 0.0, (z - t) / 2))
    yield Part("box", (t, y - 2 * t, z - t), (-(x - t) / 2, 0.0, -t / 2))
    yield Part("box", (x - t, y - 2 * t, DRAWER_LIFT - 0.005), (t / 2, 0.0, -z / 2 + (DRAWER_LIFT - 0.005) / 2))


def _drawer(size: Vector3) -> Iterator[Part]:
    """A tray with a front as high as itself and an upright knob on two pins."""
    x, y, z = size
    t, lower = THICKNESS, 0.75 * z
    yield Part("box", (t, y, z), ((x - t) / 2, 0.0, 0.0), name="front")
    yield Part("box", (x, y, t), (0.0, 0.0, -z / 2 + t / 2))
    yield Part("box", (t, y, lower), (-(x - t) / 2, 0.0, (lower - z) / 2))
    for side in (-1, 1):
        yield Part("box", (x, t, lower), (0.0, side * (y - t) / 2, (lower - z) / 2))
    yield Part("cylinder", (0.01, 0.06, 0.0), (x / 2 + HANDLE - 0.01, 0.0, 0.005), colour="black", name="knob")
    for side in (-1, 1):
        pin = (x / 2 + HANDLE / 2 - 0.005, 0.0, 0.005 + side * 0.027)
        yield Part("box", (HANDLE - 0.01, 0.008, 0.006), pin, colour="black")


def _bar(size: Vector3) -> Iterator[Part]:
    """A cable duct: the upper slice of a round bar that lies in the floor, across x."""
    x, y, z = size
    radius = (x * x / 4 + z * z) / (2 * z)
    yield Part("capsule", (radius, y, 0.0), (0.0, 0.0, z / 2 - radius), roll=math.pi / 2)


def _target(size: Vector3) -> Iterator[Part]:
    """A round plate on a post, facing x."""
    x, y, z = size
    post = z - y
    yield Part("cylinder", (y / 2, 0.02, 0.0), (0.0, 0.0, (z - y) / 2), pitch=math.pi / 2, name=PLATE)
    yield Part("cylinder", (y / 2 + 0.012, 0.012, 0.0), (-0.006, 0.0, (z - y) / 2), pitch=math.pi / 2, colour="black")
    yield Part("box", (0.02, 0.02, post), (0.0, 0.0, -z / 2 + post / 2), colour="black")
    yield Part("box", (x, 0.12, 0.02), (0.0, 0.0, -z / 2 + 0.01), colour="black")


PARTS: Mapping[str, Callable[[Vector3], Iterator[Part]]] = MappingProxyType(
    {
        "can": _can,
        "bottle": _bottle,
        "ball": _ball,
        "block": _block,
        "box": _box,
        "bin": _bin,
        "table": _table,
        "cabinet": _cabinet,
        "drawer": _drawer,
        "bar": _bar,
        "target": _target,
    }
)
"""Category to the parts of an item of a given size."""


def parts(category: str, size: Vector3) -> tuple[Part, ...]:
    """Returns the primitives of an item of a category and size; KeyError for an unknown category."""
    return tuple(PARTS[category](size))
