"""The belief about the scene as markers, for RViz, Foxglove and whoever else draws ``visualization_msgs``."""

from __future__ import annotations

import math

from geometry_msgs.msg import Pose, Vector3
from std_msgs.msg import ColorRGBA
from visualization_msgs.msg import Marker, MarkerArray

from robomatrix.world import SceneObject, World
from robomatrix_nodes import conversions

COLOURS = {
    "red": (0.85, 0.1, 0.1),
    "green": (0.1, 0.65, 0.2),
    "blue": (0.15, 0.3, 0.85),
    "yellow": (0.95, 0.85, 0.1),
    "orange": (0.95, 0.5, 0.1),
    "purple": (0.55, 0.2, 0.7),
    "pink": (0.95, 0.5, 0.7),
    "brown": (0.45, 0.28, 0.12),
    "white": (0.95, 0.95, 0.95),
    "black": (0.08, 0.08, 0.08),
}
"""Of things whose colour is known by name; others are grey."""
GREY = (0.55, 0.55, 0.55)
THINNEST = 0.01
"""What is flatter is not drawn by viewers [m]."""
LETTERS = 0.08
"""Height of names [m]."""


def to_markers(world: World, frame: str) -> MarkerArray:
    """A box and a name for each thing; replaces what was drawn before."""
    markers = [Marker(action=Marker.DELETEALL)]
    for number, item in enumerate(world.objects.values()):
        markers += [_box(item, number), _name(item, number)]
    for marker in markers:
        marker.header.frame_id, marker.header.stamp = frame, conversions.to_time(world.stamp)
    return MarkerArray(markers=markers)


def _box(item: SceneObject, number: int) -> Marker:
    pose = Pose()
    pose.position.x, pose.position.y, pose.position.z = map(float, item.position)
    pose.orientation.z, pose.orientation.w = math.sin(item.yaw / 2.0), math.cos(item.yaw / 2.0)
    x, y, z = (max(float(s), THINNEST) for s in item.size)
    colour = _colour(COLOURS.get(item.colour, GREY), 0.8)
    return Marker(ns="box", id=number, type=Marker.CUBE, pose=pose, scale=Vector3(x=x, y=y, z=z), color=colour)


def _name(item: SceneObject, number: int) -> Marker:
    pose = Pose()
    x, y, z = map(float, item.position)
    pose.position.x, pose.position.y, pose.position.z = x, y, z + float(item.size[2]) / 2.0 + LETTERS
    colour = _colour((1.0, 1.0, 1.0), 1.0)
    kind, text = Marker.TEXT_VIEW_FACING, item.name or item.id
    return Marker(ns="name", id=number, type=kind, pose=pose, scale=Vector3(z=LETTERS), color=colour, text=text)


def _colour(rgb: tuple[float, float, float], opacity: float) -> ColorRGBA:
    return ColorRGBA(r=rgb[0], g=rgb[1], b=rgb[2], a=opacity)
