"""A sampled layout as bodies of a MuJoCo model specification."""

from __future__ import annotations

import math

import mujoco
import numpy as np

from robomatrix.hardware.mujoco.robot import ROBOT, WORLD
from robomatrix.hardware.simulated.driver import OVERVIEW
from robomatrix.scenes.catalogue import COLOURS, DRAWER_TRAVEL, FLOOR, SKY, WALL, Part, parts
from robomatrix.scenes.layout import Item, Layout, Light
from robomatrix.world import Vector3

SLIDE = "_slide"
"""A drawer's joint is its id and this."""

_TYPES = {
    "box": mujoco.mjtGeom.mjGEOM_BOX,
    "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
    "capsule": mujoco.mjtGeom.mjGEOM_CAPSULE,
    "sphere": mujoco.mjtGeom.mjGEOM_SPHERE,
}
_BALL_FRICTION = (0.8, 0.005, 0.001)


def add_room(spec: mujoco.MjSpec, layout: Layout) -> None:
    """Adds floor, walls, light, the overview camera and every item of the layout."""
    _options(spec)
    _shell(spec, layout)
    _light(spec, layout.light)
    _overview(spec, layout)
    for item in layout.items:
        add_item(spec, item)


def _options(spec: mujoco.MjSpec) -> None:
    spec.option.timestep = 0.004
    # Not an implicit one: damping a servo after the constraint forces were found lets what it holds slip.
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_EULER
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.option.impratio = 50.0
    spec.option.noslip_iterations = 2
    spec.option.enableflags |= mujoco.mjtEnableBit.mjENBL_SLEEP
    spec.visual.quality.offsamples = 0
    spec.visual.quality.shadowsize = 0
    spec.visual.quality.numslices = 20
    spec.visual.quality.numstacks = 12
    spec.visual.map.znear = 0.01
    sky = spec.add_texture(name="sky", type=mujoco.mjtTexture.mjTEXTURE_SKYBOX, width=32, height=192)
    sky.builtin, sky.rgb1, sky.rgb2 = mujoco.mjtBuiltin.mjBUILTIN_GRADIENT, SKY, SKY


def _rgba(colour: Vector3, light: Light | None = None) -> list[float]:
    tint = light.tint if light else (1.0, 1.0, 1.0)
    return [*(min(1.0, c * t) for c, t in zip(colour, tint, strict=True)), 1.0]


def _solid(geom: mujoco.MjsGeom) -> None:
    geom.contype, geom.conaffinity = WORLD, ROBOT | WORLD


def _shell(spec: mujoco.MjSpec, layout: Layout) -> None:
    width, depth = layout.size
    room = spec.worldbody
    floor = room.add_geom(name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[width / 2, depth / 2, 1.0])
    floor.rgba = _rgba(FLOOR, layout.light)
    _solid(floor)
    if not layout.wall_height:
        return
    half, t = layout.wall_height / 2, 0.02
    for x, y, hx, hy in ((1, 0, t, depth / 2), (-1, 0, t, depth / 2), (0, 1, width / 2, t), (0, -1, width / 2, t)):
        wall = room.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, size=[hx, hy, half])
        wall.pos = [x * (width / 2 + t), y * (depth / 2 + t), half]
        wall.rgba = _rgba(WALL, layout.light)
        _solid(wall)


def _light(spec: mujoco.MjSpec, light: Light) -> None:
    spec.visual.headlight.ambient = [light.ambient] * 3
    spec.visual.headlight.diffuse = [0.15] * 3
    spec.visual.headlight.specular = [0.0] * 3
    direction = [0.5 * math.cos(light.azimuth), 0.5 * math.sin(light.azimuth), -1.0]
    lamp = spec.worldbody.add_light(name="lamp", type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL, dir=direction)
    lamp.diffuse = [light.diffuse * t for t in light.tint]
    lamp.specular, lamp.ambient, lamp.castshadow = [0.0] * 3, [0.0] * 3, False


def _overview(spec: mujoco.MjSpec, layout: Layout) -> None:
    """Looks down from above one side, tilted so that the room fills the picture."""
    width, depth = layout.size
    height, tilt = 0.78 * max(width, depth), math.radians(32)
    camera = spec.worldbody.add_camera(name=OVERVIEW, fovy=60.0)
    camera.pos = [0.0, -height * math.tan(tilt) - 0.1 * depth, height]
    camera.quat = [math.cos(tilt / 2), math.sin(tilt / 2), 0.0, 0.0]


def add_item(spec: mujoco.MjSpec, item: Item) -> None:
    """Adds one item: fixed, free, or a drawer on its slide."""
    half = item.yaw / 2
    body = spec.worldbody.add_body(name=item.id, pos=item.position, quat=[math.cos(half), 0.0, 0.0, math.sin(half)])
    geoms = [_part(body, item, part) for part in parts(item.category, item.size)]
    if not item.mass:
        return
    if item.category == "drawer":
        _slide(body, item)
    else:
        body.add_freejoint(name=item.id)
    volumes = [_volume(geom) for geom in geoms]
    for geom, volume in zip(geoms, volumes, strict=True):
        geom.mass = item.mass * volume / sum(volumes)


def _slide(body: mujoco.MjsBody, item: Item) -> None:
    joint = body.add_joint(name=item.id + SLIDE, type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[1.0, 0.0, 0.0])
    joint.limited, joint.range = True, [0.0, DRAWER_TRAVEL]
    joint.damping[0], joint.frictionloss = 4.0, 0.8


def _part(body: mujoco.MjsBody, item: Item, part: Part) -> mujoco.MjsGeom:
    geom = body.add_geom(type=_TYPES[part.shape], pos=part.position)
    if part.name:
        geom.name = f"{item.id}_{part.name}"
    a, b, _ = part.size
    geom.size = [s / 2 for s in part.size] if part.shape == "box" else [a, b / 2, 0.0]
    geom.quat = _quaternion(part)
    geom.rgba = _rgba(COLOURS[part.colour or item.colour])
    geom.friction = [0.8, 0.005, 0.0001]
    if part.solid:
        _solid(geom)
    else:
        geom.contype = geom.conaffinity = 0
        geom.mass = 0.0
    if part.shape == "sphere":
        geom.condim, geom.friction = 6, _BALL_FRICTION
    if item.category == "drawer":
        geom.contype, geom.conaffinity = WORLD, ROBOT | WORLD
    return geom


def _quaternion(part: Part) -> list[float]:
    """Roll about x, then pitch about y, then yaw about z, all fixed axes: (w, x, y, z)."""
    result = np.array([1.0, 0.0, 0.0, 0.0])
    for axis, angle in enumerate((part.roll, part.pitch, part.yaw)):
        turn = np.zeros(4)
        turn[0], turn[1 + axis] = math.cos(angle / 2), math.sin(angle / 2)
        product = np.zeros(4)
        mujoco.mju_mulQuat(product, turn, result)
        result = product
    return result.tolist()


def _volume(geom: mujoco.MjsGeom) -> float:
    """Of a solid geom, up to a factor; 0 for what is only seen."""
    if geom.contype == 0:
        return 0.0
    a, b, c = geom.size
    if geom.type == mujoco.mjtGeom.mjGEOM_BOX:
        return 8.0 * a * b * c
    if geom.type == mujoco.mjtGeom.mjGEOM_SPHERE:
        return 4.0 / 3.0 * math.pi * a**3
    return 2.0 * math.pi * a * a * b
