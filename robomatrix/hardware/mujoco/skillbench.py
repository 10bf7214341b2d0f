"""SkillBench's scenes as parts of a humanoid's MuJoCo model: wall, cabinet, goal and ball, tables, box, package."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import mujoco
import numpy as np

from robomatrix.errors import UnknownNameError
from robomatrix.hardware.mujoco.humanoid import FLOOR, HAND_BIT, TIMESTEP, humanoid_spec
from robomatrix.robots.humanoid import Humanoid
from robomatrix.scenes import skillbench as bench
from robomatrix.world import SceneObject

OBJECT = "object"
"""Name of the loose thing's body, geometry and joint."""
HARD = 1000.0
"""Weight of the light box's contact parameters: with the usual ones it is soft as dough between two hands."""
PATCH = 0.02
"""Friction of the light box against being twisted [m]: a hand touches it with a patch, not in a point."""
ESTIMATE_NOISE = 0.004
"""Of a tracked position, each axis and reading [m]."""
WOOD, WHITE, RED, BLUE = (0.65, 0.5, 0.34, 1), (0.85, 0.85, 0.86, 1), (0.82, 0.25, 0.2, 1), (0.25, 0.42, 0.72, 1)
Colour = tuple[float, float, float, float]
Vector = Sequence[float]
BOX, SPHERE = mujoco.mjtGeom.mjGEOM_BOX, mujoco.mjtGeom.mjGEOM_SPHERE


def bench_spec(robot: Humanoid, scene: str, freeze: bool = False) -> mujoco.MjSpec:
    """Returns the humanoid's model in a scene of SkillBench; every solid part of the robot meets the scene's things.

    Raises:
        UnknownNameError: there is no such scene; lists those that exist.
    """
    if scene not in _BUILDERS:
        raise UnknownNameError("scene of SkillBench", scene, _BUILDERS)
    spec = humanoid_spec(robot, freeze)
    if scene != "empty":
        _touchable(spec)
    _BUILDERS[scene](spec, bench.bench_for(robot.name))
    return spec


def _touchable(spec: mujoco.MjSpec) -> None:
    for body in spec.bodies:
        for geom in body.geoms:
            if geom.name != FLOOR and geom.group == 3:
                geom.conaffinity |= HAND_BIT


def _fixed(spec: mujoco.MjSpec, name: str, size: Vector, position: Vector, colour: Colour = WOOD) -> None:
    geom = spec.worldbody.add_geom(name=name, type=BOX, size=0.5 * np.asarray(size), pos=position)
    geom.contype = geom.conaffinity = HAND_BIT
    geom.rgba = colour


def _loose(spec: mujoco.MjSpec, kind: mujoco.mjtGeom, size: Vector, mass: float, colour: Colour) -> mujoco.MjsGeom:
    body = spec.worldbody.add_body(name=OBJECT)
    body.add_freejoint(name=OBJECT)
    geom = body.add_geom(name=OBJECT, type=kind, size=size, mass=mass)
    geom.contype, geom.conaffinity, geom.rgba = HAND_BIT, HAND_BIT | 1, colour
    return geom


def _empty(spec: mujoco.MjSpec, sizes: bench.Bench) -> None:
    """Nothing but the floor."""


def _button(spec: mujoco.MjSpec, sizes: bench.Bench) -> None:
    _fixed(spec, "wall", (0.05, 2.0, 3.0), (bench.WALL_FRONT + 0.025, 0.0, 1.5), WHITE)


def _cabinet(spec: mujoco.MjSpec, sizes: bench.Bench) -> None:
    height, front = bench.CABINET_HEIGHT, bench.CABINET_DISTANCE - bench.HINGE_LEAD
    deep = (bench.HINGE_LEAD + 0.1) * 0.9
    middle = (front + 0.02 + 0.5 * deep, 0.0, sizes.cabinet)
    _fixed(spec, "cabinet", (deep, 2.0 * bench.HINGE_ASIDE, height), middle)
    spec.geom("cabinet").conaffinity = 0
    for name, side in zip(bench.DOORS, (1.0, -1.0), strict=True):
        door = spec.worldbody.add_body(name=name, pos=[front, side * bench.HINGE_ASIDE, sizes.cabinet])
        hinge = door.add_joint(name=name, type=mujoco.mjtJoint.mjJNT_HINGE, axis=[0, 0, -side])
        hinge.limited, hinge.range, hinge.damping = True, bench.DOOR_RANGE, [bench.DOOR_DAMPING, 0, 0]
        half = (0.5 * bench.DOOR_THICKNESS, 0.5 * bench.DOOR_WIDTH, 0.5 * height)
        panel = door.add_geom(name=name, type=BOX, size=half, pos=[0, -side * half[1], 0], mass=1.5)
        panel.contype, panel.conaffinity, panel.rgba = HAND_BIT, 0, BLUE


def _football(spec: mujoco.MjSpec, sizes: bench.Bench) -> None:
    width, height, depth = bench.GOAL_WIDTH, bench.GOAL_HEIGHT, bench.GOAL_DEPTH
    _fixed(spec, "goal_back", (0.05, width, height), (bench.GOAL_DISTANCE, 0.0, 0.5 * height), WHITE)
    for name, side in (("goal_left", 1.0), ("goal_right", -1.0)):
        middle = (bench.GOAL_DISTANCE - 0.5 * depth, side * 0.5 * width, 0.5 * height)
        _fixed(spec, name, (depth, 0.05, height), middle, WHITE)
    ball = _loose(spec, SPHERE, [bench.BALL_RADIUS, 0, 0], float(np.mean(bench.BALL_MASS)), RED)
    ball.condim, ball.friction, ball.priority = 6, [1.0, 0.005, 0.01], 2


def _table(spec: mujoco.MjSpec, sizes: bench.Bench) -> None:
    _board(spec, "table", bench.TABLE_DISTANCE, sizes)
    _loose(spec, BOX, [0.5 * bench.BOX_EDGE] * 3, bench.BOX_MASS, RED)


def _two_tables(spec: mujoco.MjSpec, sizes: bench.Bench) -> None:
    _table(spec, sizes)
    _board(spec, "back_table", -bench.TABLE_DISTANCE, sizes)
    box = spec.geom(OBJECT)
    box.mass, box.solmix = bench.TRANSFER_MASS, HARD
    box.solref[0], box.solimp[:2] = 2.1 * TIMESTEP, [0.99, 0.995]
    box.condim, box.friction, box.priority = 4, [1.0, PATCH, 0.0001], 2


def _board(spec: mujoco.MjSpec, name: str, distance: float, sizes: bench.Bench) -> None:
    _fixed(spec, name, bench.TABLE_SIZE, (distance, 0.0, sizes.table))


def _package(spec: mujoco.MjSpec, sizes: bench.Bench) -> None:
    half = [0.5 * v for v in sizes.package]
    _loose(spec, BOX, half, float(np.mean(bench.PACKAGE_MASS)), WOOD).friction = [bench.PACKAGE_FRICTION, 0.005, 0.0001]


_BUILDERS: Mapping[str, Callable[[mujoco.MjSpec, bench.Bench], None]] = MappingProxyType(
    {
        "empty": _empty,
        "button": _button,
        "cabinet": _cabinet,
        "football": _football,
        "table": _table,
        "two_tables": _two_tables,
        "package": _package,
    }
)


def arrange(
    model: mujoco.MjModel, data: mujoco.MjData, scene: str, robot: Humanoid, rng: np.random.Generator
) -> Vector:
    """Puts the scene's things where a draw wants them; returns where its button, cabinet or loose thing is (3,)."""
    start = bench.place(scene, bench.bench_for(robot.name), rng, 1)[0]
    if scene == "cabinet":
        data.qpos[[int(model.joint(name).qposadr[0]) for name in bench.DOORS]] = bench.DOOR_START
    elif scene not in ("empty", "button"):
        place = int(model.joint(OBJECT).qposadr[0])
        data.qpos[place : place + 3] = start
    return start


def things(data: mujoco.MjData, scene: str, robot: Humanoid, start: Vector) -> tuple[SceneObject, ...]:
    """Returns the scene's true things in the world; ``start`` is what :func:`arrange` gave."""
    doors = bench.DOORS if scene == "cabinet" else ()
    openness = [float(data.joint(name).qpos[0]) / bench.DOOR_RANGE[1] for name in doors]
    place = start if scene in ("empty", "button", "cabinet") else data.body(OBJECT).xpos
    return bench.things(scene, robot.name, place, openness, float(data.time))


def estimated(true: Sequence[SceneObject], rng: np.random.Generator) -> tuple[SceneObject, ...]:
    """Returns the things as a tracker reports them: positions with noise."""
    return tuple(
        replace(thing, position=tuple(v + ESTIMATE_NOISE * rng.standard_normal() for v in thing.position))
        for thing in true
    )
