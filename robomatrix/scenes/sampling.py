"""Draws a layout from a scene description by rejection: nothing overlaps and the robot has room everywhere."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from robomatrix.errors import SceneError
from robomatrix.scenes.catalogue import DRAWER_LIFT
from robomatrix.scenes.description import Fixture, Graspable, Range, SceneSpec
from robomatrix.scenes.layout import Item, Layout, Light, Pose2, drawer_closed
from robomatrix.world import Vector3

LAYOUT_TRIES = 200
ITEM_TRIES = 80
FLOOR_CLEARANCE = 0.45
"""Free floor round anything that is to be grasped from the floor [m]."""
START_CLEARANCE = 0.42
"""From the robot's centre at the start to anything [m]."""
TABLE_SPACING = 0.2
"""Between the centres of things on a table [m]."""
EDGE_DISTANCE = (0.05, 0.09)
"""From a table's front edge to the centre of a thing on it [m]."""
SIDE_DISTANCE = 0.15
"""From a table's other edges to the centre of a thing on it [m]."""


@dataclass(frozen=True)
class _Kind:
    """Ranges of a graspable category: diameter, height [m], mass [kg]."""

    diameter: Range
    height: Range
    mass: Range


GRASPABLES: Mapping[str, _Kind] = MappingProxyType(
    {
        "can": _Kind((0.058, 0.066), (0.1, 0.12), (0.08, 0.25)),
        "bottle": _Kind((0.054, 0.062), (0.15, 0.165), (0.1, 0.25)),
        "ball": _Kind((0.058, 0.068), (0.0, 0.0), (0.03, 0.1)),
        "block": _Kind((0.045, 0.055), (0.045, 0.055), (0.05, 0.15)),
    }
)
"""Categories that the gripper can hold. A ball's height is its diameter."""


@dataclass(frozen=True)
class _Area:
    """A rectangle along the room's axes and the free floor that it asks for."""

    x: float
    y: float
    half_x: float
    half_y: float
    clearance: float

    def gap(self, other: _Area) -> float:
        dx = abs(self.x - other.x) - self.half_x - other.half_x
        dy = abs(self.y - other.y) - self.half_y - other.half_y
        if dx > 0.0 and dy > 0.0:
            return math.hypot(dx, dy)
        return max(dx, dy)

    def clear_of(self, other: _Area) -> bool:
        return self.gap(other) >= max(self.clearance, other.clearance)


class _Rejected(Exception):
    """A draw that does not fit; the caller draws again."""


def sample_layout(scene: SceneSpec, seed: int) -> Layout:
    """Returns the layout that ``seed`` gives; the same seed always gives the same one.

    Raises:
        SceneError: no layout fits; the scene is too full.
    """
    rng = np.random.default_rng(seed)
    for _ in range(LAYOUT_TRIES):
        try:
            return _Sampler(scene, rng).layout()
        except _Rejected as rejected:
            reason = rejected
    raise SceneError(f"scene {scene.name} is too full: {reason}")


class _Sampler:
    """One attempt at a layout."""

    def __init__(self, scene: SceneSpec, rng: np.random.Generator) -> None:
        self.scene, self.rng = scene, rng
        self.items: list[Item] = []
        self.areas: list[_Area] = []

    def layout(self) -> Layout:
        for fixture in self.scene.fixtures:
            self._place_fixtures(fixture)
        start = self._start()
        for graspable in self.scene.objects:
            for colour in self._colours(graspable.colours, graspable.count):
                self._place_graspable(graspable, colour)
        scene = self.scene
        return Layout(scene.name, scene.size, scene.wall_height, start, tuple(self.items), self._light())

    def _draw(self, interval: Range) -> float:
        return float(self.rng.uniform(*interval))

    def _colours(self, colours: tuple[str, ...], count: tuple[int, int]) -> list[str]:
        """As many colours as things; no colour twice before all were used."""
        number = int(self.rng.integers(count[0], count[1] + 1))
        rounds = [self.rng.permutation(len(colours)) for _ in range(math.ceil(number / len(colours)))]
        return [colours[i] for order in rounds for i in order][:number]

    def _id(self, category: str) -> str:
        return f"{category}_{1 + sum(item.category == category for item in self.items)}"

    def _start(self) -> Pose2:
        spec = self.scene.start
        for _ in range(ITEM_TRIES):
            x, y, yaw = self._draw(spec.x), self._draw(spec.y), self._draw(spec.yaw)
            area = _Area(x, y, 0.0, 0.0, START_CLEARANCE)
            if self._fits(area):
                self.areas.append(area)
                return (x, y, yaw)
        raise _Rejected("no room for the robot")

    def _fits(self, area: _Area, wall: float = 0.0) -> bool:
        width, depth = self.scene.size
        inside = abs(area.x) + area.half_x + wall <= width / 2 and abs(area.y) + area.half_y + wall <= depth / 2
        return inside and all(area.clear_of(other) for other in self.areas)

    def _place_fixtures(self, fixture: Fixture) -> None:
        for colour in self._colours(fixture.colours, fixture.count):
            item = self._fixture(fixture, colour)
            self.items.append(item)
            if item.category == "cabinet":
                self.items.append(self._drawer_of(item))

    def _fixture(self, fixture: Fixture, colour: str) -> Item:
        for _ in range(ITEM_TRIES):
            size: Vector3 = tuple(self._draw(s) for s in fixture.size)
            pose = (self._draw(fixture.x), self._draw(fixture.y), self._draw(fixture.yaw))
            areas = list(_areas(pose, size, fixture))
            if all(self._fits(area) for area in areas):
                self.areas += areas
                position = (pose[0], pose[1], size[2] / 2)
                mass = self._draw(fixture.mass)
                return Item(self._id(fixture.category), fixture.category, colour, position, pose[2], size, mass)
        raise _Rejected(f"no room for a {fixture.category}")

    def _drawer_of(self, cabinet: Item) -> Item:
        size = (cabinet.size[0] - 0.03, cabinet.size[1] - 0.05, 0.1)
        position = drawer_closed(cabinet, size, DRAWER_LIFT)
        return Item(self._id("drawer"), "drawer", "beige", position, cabinet.yaw, size, 0.6, cabinet.id)

    def _place_graspable(self, graspable: Graspable, colour: str) -> None:
        kind = GRASPABLES[graspable.category]
        diameter = self._draw(kind.diameter)
        size = (diameter, diameter, self._draw(kind.height) or diameter)
        on = graspable.places[self.rng.integers(len(graspable.places))]
        x, y, z, support = self._on_floor(graspable, diameter) if on == "floor" else self._on_table(on)
        position = (x, y, z + size[2] / 2)
        mass, yaw = self._draw(kind.mass), self._draw((-math.pi, math.pi))
        name = self._id(graspable.category)
        self.items.append(Item(name, graspable.category, colour, position, yaw, size, mass, support))

    def _on_floor(self, graspable: Graspable, diameter: float) -> tuple[float, float, float, str]:
        width, depth = (s / 2 - FLOOR_CLEARANCE for s in self.scene.size)
        for _ in range(ITEM_TRIES):
            x = self._draw(graspable.x or (-width, width))
            y = self._draw(graspable.y or (-depth, depth))
            area = _Area(x, y, diameter / 2, diameter / 2, FLOOR_CLEARANCE)
            if self._fits(area):
                self.areas.append(area)
                return x, y, 0.0, "floor"
        raise _Rejected(f"no room for a {graspable.category} on the floor")

    def _on_table(self, category: str) -> tuple[float, float, float, str]:
        tables = [item for item in self.items if item.category == category]
        if not tables:
            raise _Rejected(f"there is no {category} to stand on")
        table = tables[self.rng.integers(len(tables))]
        taken = [item.position for item in self.items if item.support == table.id]
        half = table.size[1] / 2 - SIDE_DISTANCE
        for _ in range(ITEM_TRIES):
            forward, left = table.size[0] / 2 - self._draw(EDGE_DISTANCE), self._draw((-half, half))
            c, s = math.cos(table.yaw), math.sin(table.yaw)
            x, y = table.position[0] + c * forward - s * left, table.position[1] + s * forward + c * left
            if all(math.dist((x, y), other[:2]) >= TABLE_SPACING for other in taken):
                return x, y, table.size[2], table.id
        raise _Rejected(f"no room on {table.id}")

    def _light(self) -> Light:
        spec = self.scene.light
        tint: Vector3 = tuple(self._draw((1.0 - spec.tint, 1.0 + spec.tint)) for _ in range(3))
        return Light(self._draw(spec.ambient), self._draw(spec.diffuse), self._draw((-math.pi, math.pi)), tint)


def _areas(pose: Pose2, size: Vector3, fixture: Fixture) -> Iterator[_Area]:
    """The floor that a fixture covers, and the floor before its front that must stay free."""
    x, y, yaw = pose
    c, s = math.cos(yaw), math.sin(yaw)
    half_x = (abs(c) * size[0] + abs(s) * size[1]) / 2
    half_y = (abs(s) * size[0] + abs(c) * size[1]) / 2
    yield _Area(x, y, half_x, half_y, fixture.clearance)
    if fixture.front:
        ahead = (size[0] + fixture.front) / 2
        across, along = size[1] / 2, fixture.front / 2 - 0.01
        yield _Area(
            x + c * ahead, y + s * ahead, abs(c) * along + abs(s) * across, abs(s) * along + abs(c) * across, 0.0
        )
