"""A sampled layout as PyBullet bodies; every item becomes a small URDF, as that gives each part its colour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pybullet_utils.bullet_client import BulletClient

from robomatrix.scenes.catalogue import COLOURS, DRAWER_TRAVEL, FLOOR, WALL, Part, parts
from robomatrix.scenes.layout import Item, Layout
from robomatrix.world import Vector3

ROBOT, WORLD = 2, 1
"""Collision groups; the robot touches the world and never itself."""
FRICTION = 0.8
ROLLING_FRICTION = 0.0005
"""Of balls [m]."""
SLIDE_FRICTION = 0.8
"""Of a drawer [N]."""
WALL_THICKNESS = 0.04


@dataclass(frozen=True)
class Body:
    """An item that was loaded."""

    body: int
    link: int
    """-1 for the base; a drawer's tray is link 0 of its rail."""
    names: tuple[str, ...]
    """Names of the parts in the order of their visual shapes."""


def add_room(client: BulletClient, layout: Layout) -> Mapping[str, Body]:
    """Loads floor, walls and items; returns the bodies by item id."""
    with TemporaryDirectory() as folder:
        for name, size, position, colour in _shell(layout):
            part = Part("box", size)
            path = _write(Path(folder), name, _link("body", (part,), {"": colour}, 0.0, size))
            _load(client, path, position, 0.0, fixed=True)
        return {item.id: _add(client, Path(folder), item) for item in layout.items}


def _shell(layout: Layout) -> Iterator[tuple[str, Vector3, Vector3, Vector3]]:
    """Name, size, centre and colour of what encloses the room."""
    width, depth = layout.size
    t, h = WALL_THICKNESS, layout.wall_height
    yield "floor", (width, depth, 1.0), (0.0, 0.0, -0.5), FLOOR
    if not h:
        return
    for sign in (-1, 1):
        yield f"wall_x{sign}", (t, depth, h), (sign * (width + t) / 2, 0.0, h / 2), WALL
        yield f"wall_y{sign}", (width, t, h), (0.0, sign * (depth + t) / 2, h / 2), WALL


def _add(client: BulletClient, folder: Path, item: Item) -> Body:
    shapes = parts(item.category, item.size)
    colours = {"": COLOURS[item.colour], **COLOURS}
    names = tuple(part.name for part in shapes)
    if item.category == "drawer":
        tray = _link("tray", shapes, colours, item.mass, item.size)
        body = _load(client, _write(folder, item.id, _rail(tray)), item.position, item.yaw, fixed=True)
        client.setJointMotorControl2(body, 0, client.VELOCITY_CONTROL, force=SLIDE_FRICTION)
        client.changeDynamics(body, 0, lateralFriction=FRICTION, jointDamping=4.0)
        return Body(body, 0, names)
    path = _write(folder, item.id, _link("body", shapes, colours, item.mass, item.size))
    body = _load(client, path, item.position, item.yaw, fixed=not item.mass)
    if item.category == "ball":
        client.changeDynamics(body, -1, rollingFriction=ROLLING_FRICTION, spinningFriction=ROLLING_FRICTION)
    return Body(body, -1, names)


def _load(client: BulletClient, path: str, position: Vector3, yaw: float, fixed: bool) -> int:
    turn = client.getQuaternionFromEuler((0.0, 0.0, yaw))
    body = client.loadURDF(
        path, position, turn, useFixedBase=fixed, flags=client.URDF_USE_INERTIA_FROM_FILE | client.URDF_ENABLE_SLEEPING
    )
    client.changeDynamics(body, -1, lateralFriction=FRICTION, linearDamping=0.0, angularDamping=0.0)
    for link in range(-1, client.getNumJoints(body)):
        client.setCollisionFilterGroupMask(body, link, WORLD, WORLD | ROBOT)
    return int(body)


def _write(folder: Path, name: str, links: str) -> str:
    path = folder / f"{name}.urdf"
    path.write_text(f'<robot name="{name}">{links}</robot>', encoding="utf-8")
    return str(path)


def _rail(tray: str) -> str:
    still = '<inertial><mass value="0"/><inertia ixx="0" iyy="0" izz="0" ixy="0" ixz="0" iyz="0"/></inertial>'
    limit = f'<limit lower="0" upper="{DRAWER_TRAVEL}" effort="100" velocity="10"/>'
    ends = '<parent link="rail"/><child link="tray"/><axis xyz="1 0 0"/>'
    return f'<link name="rail">{still}</link>{tray}<joint name="slide" type="prismatic">{ends}{limit}</joint>'


def _link(name: str, shapes: tuple[Part, ...], colours: Mapping[str, Vector3], mass: float, size: Vector3) -> str:
    """A link of primitives; its inertia is that of a solid block of its size."""
    x, y, z = size
    inertia = [mass / 12 * (a * a + b * b) for a, b in ((y, z), (x, z), (x, y))]
    axes = " ".join(f'{axis}="{value:.9g}"' for axis, value in zip(("ixx", "iyy", "izz"), inertia, strict=True))
    inertial = f'<inertial><mass value="{mass:.9g}"/><inertia {axes} ixy="0" ixz="0" iyz="0"/></inertial>'
    visual = "".join(_visual(part, index, colours[part.colour]) for index, part in enumerate(shapes))
    collision = "".join(f"<collision>{_placed(part)}</collision>" for part in shapes if part.solid)
    return f'<link name="{name}">{inertial}{visual}{collision}</link>'


def _visual(part: Part, index: int, colour: Vector3) -> str:
    rgba = " ".join(f"{c:.3f}" for c in colour)
    material = f'<material name="m{index}"><color rgba="{rgba} 1"/></material>'
    return f"<visual>{_placed(part)}{material}</visual>"


def _placed(part: Part) -> str:
    x, y, z = part.position
    origin = f'<origin xyz="{x:.6g} {y:.6g} {z:.6g}" rpy="{part.roll:.6g} {part.pitch:.6g} {part.yaw:.6g}"/>'
    return f"{origin}<geometry>{_geometry(part)}</geometry>"


def _geometry(part: Part) -> str:
    a, b, c = part.size
    if part.shape == "box":
        return f'<box size="{a:.6g} {b:.6g} {c:.6g}"/>'
    if part.shape == "sphere":
        return f'<sphere radius="{a:.6g}"/>'
    return f'<{part.shape} radius="{a:.6g}" length="{b:.6g}"/>'
