"""SkillBench's furniture (arXiv 2506.09366, section IV): sizes, places and the ranges that starts are drawn from.

Origin is where the robot stands at first, x is where it looks; metres and kilograms. The shapes are our own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import UnknownNameError
from robomatrix.world import SceneObject

Array = NDArray[np.float64]
Range = tuple[float, float]

SCENE_PREFIX = "bench_"
"""Scenes of config/scenes with this prefix are SkillBench's."""
DOORS = ("left_door", "right_door")
"""Names of the doors' bodies and hinges, and ids of the doors."""
WALL_FRONT = 1.475
"""Of the wall with the button, 5 cm thick."""
BUTTON_ASIDE: Range = (-0.5, 0.5)
CABINET_DISTANCE = 1.5
"""To the middle of the cabinet."""
HINGE_LEAD = 0.21
"""Of the doors' hinges before the cabinet's middle."""
HINGE_ASIDE = 0.32
DOOR_WIDTH, DOOR_THICKNESS = 0.31, 0.02
CABINET_HEIGHT = 0.5
DOOR_RANGE: Range = (0.0, 1.57)
DOOR_START = 1.0
"""How far the doors stand open at first [rad]."""
DOOR_DAMPING = 5.0
"""[N m s/rad]."""
GOAL_DISTANCE, GOAL_WIDTH, GOAL_HEIGHT, GOAL_DEPTH = 5.0, 4.0, 2.0, 1.0
BALL_RADIUS = 0.2
BALL_AHEAD: Range = (0.5, 1.0)
BALL_ASIDE: Range = (-0.3, 0.3)
BALL_MASS: Range = (0.3, 0.5)
TABLE_SIZE = (0.9, 1.5, 0.05)
TABLE_DISTANCE = 1.0
BOX_EDGE = 0.1
BOX_AHEAD: Range = (-0.45, -0.35)
"""Of the table's middle."""
BOX_ASIDE: Range = (-0.3, 0.3)
BOX_MASS = 1.0
TRANSFER_MASS = 0.01
PACKAGE_AHEAD: Range = (0.5, 0.7)
PACKAGE_ASIDE: Range = (-0.05, 0.05)
PACKAGE_MASS: Range = (0.1, 2.0)
PACKAGE_FRICTION = 5.0


@dataclass(frozen=True)
class Bench:
    """What depends on the robot's size [m]."""

    far: tuple[float, float, float]
    """Largest distance of a far-reaching goal from the resting hands, ahead, aside and up."""
    button: Range
    """Height of the button."""
    cabinet: float
    """Height of the cabinet's middle."""
    table: float
    """Height of the middle of the tables' boards."""
    package: tuple[float, float, float]
    """Size."""
    lift: Range
    """By how much a package is lifted."""

    @property
    def board(self) -> float:
        """Height at which things stand on a table."""
        return self.table + 0.5 * TABLE_SIZE[2]


_TALL = Bench((2.0, 2.0, 0.5), (0.5, 1.5), 1.0, 0.975, (0.5, 0.1, 1.0), (0.3, 0.6))
BENCHES: Mapping[str, Bench] = MappingProxyType(
    {"g1": Bench((1.25, 1.25, 0.25), (0.4, 1.0), 0.7, 0.7, (0.5, 0.1, 0.7), (0.2, 0.4)), "h1": _TALL, "h1_2": _TALL}
)
SCENES = ("empty", "button", "cabinet", "football", "table", "two_tables", "package")


def bench_for(robot: str) -> Bench:
    """Returns the sizes for a robot; UnknownNameError lists the robots that have some."""
    if robot not in BENCHES:
        raise UnknownNameError("robot of SkillBench", robot, BENCHES)
    return BENCHES[robot]


def bench_scene(scene: str) -> str:
    """Returns which of SkillBench's scenes a scene of config/scenes shows; ``empty`` for all others."""
    return scene.removeprefix(SCENE_PREFIX) if scene.startswith(SCENE_PREFIX) else "empty"


def things(
    scene: str, robot: str, place: Sequence[float], openness: Sequence[float], stamp: float = 0.0
) -> tuple[SceneObject, ...]:
    """Returns a scene's things in the world.

    Args:
        scene: One of :data:`SCENES`.
        robot: Its size decides on the things' sizes.
        place: Where the loose thing, the button or the cabinet is (3,) [m].
        openness: Of the cabinet's doors, 0 to 1.
        stamp: When they were seen [s].
    """

    def thing(kind: str, colour: str, position: Sequence[float], size: Sequence[float], **more: float) -> SceneObject:
        at, extent = (tuple(float(v) for v in values) for values in (position, size))
        return SceneObject(f"{kind}_1", f"{colour} {kind}", kind, colour, at, size=extent, stamp=stamp, **more)

    sizes = bench_for(robot)
    if scene == "empty":
        return ()
    if scene == "button":
        return (thing("button", "red", place, (0.02, 0.06, 0.06)),)
    if scene == "cabinet":
        cabinet = thing(
            "cabinet", "brown", place, (2.0 * HINGE_LEAD, 2.0 * HINGE_ASIDE, CABINET_HEIGHT), openness=max(openness)
        )
        parts = [(name, name.replace("_", " "), "door", "blue", cabinet.position) for name in DOORS]
        doors = (SceneObject(*part, openness=o, stamp=stamp) for part, o in zip(parts, openness, strict=True))
        return (cabinet, *doors)
    if scene == "football":
        goal = (GOAL_DISTANCE - 0.5 * GOAL_DEPTH, 0.0, 0.5 * GOAL_HEIGHT)
        net = thing("goal", "white", goal, (GOAL_DEPTH, GOAL_WIDTH, GOAL_HEIGHT))
        return thing("ball", "red", place, [2 * BALL_RADIUS] * 3), net
    if scene == "package":
        return (thing("package", "brown", place, sizes.package),)
    table = thing("table", "brown", (TABLE_DISTANCE, 0.0, sizes.table), TABLE_SIZE)
    behind = replace(table, id="table_2", name="brown table behind", position=(-TABLE_DISTANCE, 0.0, sizes.table))
    return thing("box", "red", place, [BOX_EDGE] * 3), table, *((behind,) if scene == "two_tables" else ())


def place(scene: str, bench: Bench, rng: np.random.Generator, n: int) -> Array:
    """Returns where the scene's loose thing starts (n, 3); for scenes without one, its button or cabinet."""
    if scene == "button":
        return _points(np.full(n, WALL_FRONT), rng.uniform(*BUTTON_ASIDE, n), rng.uniform(*bench.button, n))
    if scene == "cabinet":
        return np.tile([CABINET_DISTANCE, 0.0, bench.cabinet], (n, 1))
    if scene == "football":
        return _points(rng.uniform(*BALL_AHEAD, n), rng.uniform(*BALL_ASIDE, n), np.full(n, BALL_RADIUS))
    if scene in ("table", "two_tables"):
        ahead, height = TABLE_DISTANCE + rng.uniform(*BOX_AHEAD, n), bench.board + 0.5 * BOX_EDGE
        return _points(ahead, rng.uniform(*BOX_ASIDE, n), np.full(n, height))
    if scene == "package":
        height = np.full(n, 0.5 * bench.package[2])
        return _points(rng.uniform(*PACKAGE_AHEAD, n), rng.uniform(*PACKAGE_ASIDE, n), height)
    return np.zeros((n, 3))


def _points(x: Array, y: Array, z: Array) -> Array:
    return np.stack([x, y, z], -1)
