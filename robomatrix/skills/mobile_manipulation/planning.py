"""Path planning in the plane over perceived things: a grid with true clearances, searched with A*."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robomatrix.skills.mobile_manipulation.geometry import Footprint, Point

CELL = 0.05
"""Side of a grid cell [m]."""
MARGIN = 0.5
"""Free floor kept round start, goal and things [m]."""
DETOUR = 3.0
"""No path goes further out of the way than this [m]."""
COMFORT = 0.15
"""Clearance beyond the robot's radius that a path prefers [m]."""
WHEELS = 0.17
"""From the base's centre to the outer edge of its wheels [m]."""
SQUEEZE = 0.08
"""By so much less than its radius a robot gets by that stands still and square [m]."""
KNOWN_MARGIN = 0.1
"""Floor this far outside of the hull of all things still counts as known [m]."""
ESCAPE = 0.45
"""So far from the start a path may violate the clearance, to get out of a tight place [m]."""
NEIGHBOURS = tuple((i, j, math.hypot(i, j)) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0))

Cell = tuple[int, int]


@dataclass(frozen=True)
class FreeSpace:
    """Where the centre of a round robot may go among footprints."""

    footprints: tuple[Footprint, ...]
    radius: float
    """Of the robot [m]."""
    low: tuple[Footprint, ...] = ()
    """What the robot can drive over, but does so only where there is no other way."""

    def clearance(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns how far the robot's rim stays from the nearest thing at centres (N, 2) [m] (N,)."""
        return _nearest(self.footprints, points) - self.radius

    def price(self, points: NDArray[np.float64], known: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns the factor on the length of a path at centres (N, 2), from 1 where there is room (N,).

        Close to things, on low ones and outside of the hull ``known`` (M, 2), where nobody has looked, a path is dear.
        """
        near = 3.0 * np.clip(1.0 - self.clearance(points) / COMFORT, 0.0, 1.0)
        over = 10.0 * (_nearest(self.low, points) < WHEELS)
        return 1.0 + near + over + 6.0 * (outside(known, points) > KNOWN_MARGIN)

    def free(self, point: Point) -> bool:
        """True if the robot fits at the point and stands on nothing low."""
        at = np.array([point])
        return bool(self.clearance(at)[0] >= 0.0 and _nearest(self.low, at)[0] >= WHEELS - 0.01)

    def tight(self, point: Point) -> bool:
        """True if the robot fits at the point when it turns no further, at the cost of the clearance."""
        return bool(self.clearance(np.array([point]))[0] >= -SQUEEZE)

    def path(self, start: Point, goal: Point) -> list[Point] | None:
        """Returns way points from start to goal, both included, or None where there is no way."""
        line = np.linspace(start, goal, max(2, int(math.dist(start, goal) / (CELL / 2.0)) + 1))
        if bool((self.price(line, self.known(start, goal)) <= 1.0).all()):
            return [start, goal]
        grid = _Grid.around(self, start, goal)
        cells = grid.search(grid.cell(start), grid.cell(goal))
        if cells is None:
            return None
        kept = grid.shortened(cells)
        return [start, *(grid.point(c) for c in kept[1:-1]), goal]

    def known(self, *points: Point) -> NDArray[np.float64]:
        """Returns the hull of all things, the origin and the given points, counter-clockwise (M, 2)."""
        return hull(np.array([(0.0, 0.0), *points, *_corners((*self.footprints, *self.low))]))


@dataclass(frozen=True)
class _Grid:
    origin: Point
    cost: NDArray[np.float64]
    """Factor on the length of a step into the cell; infinite where forbidden."""

    @classmethod
    def around(cls, space: FreeSpace, start: Point, goal: Point) -> _Grid:
        ends = np.array([start, goal])
        corners = np.array([start, goal, *_corners((*space.footprints, *space.low))])
        low = np.maximum(corners.min(axis=0) - MARGIN, ends.min(axis=0) - DETOUR)
        high = np.minimum(corners.max(axis=0) + MARGIN, ends.max(axis=0) + DETOUR)
        shape = np.ceil((high - low) / CELL).astype(int) + 1
        x, y = np.meshgrid(np.arange(shape[0]), np.arange(shape[1]), indexing="ij")
        points = low + CELL * np.stack([x.ravel(), y.ravel()], axis=1)
        clearance, cost = space.clearance(points), space.price(points, space.known(start, goal))
        near = np.hypot(*(points - ends[0]).T) < ESCAPE
        if not space.free(goal):
            near |= np.hypot(*(points - ends[1]).T) < ESCAPE
        cost = np.where(clearance < 0.0, np.where(near, 20.0 - 100.0 * clearance, np.inf), cost)
        return cls((float(low[0]), float(low[1])), cost.reshape(shape))

    def cell(self, point: Point) -> Cell:
        return (round((point[0] - self.origin[0]) / CELL), round((point[1] - self.origin[1]) / CELL))

    def point(self, cell: Cell) -> Point:
        return (self.origin[0] + CELL * cell[0], self.origin[1] + CELL * cell[1])

    def search(self, start: Cell, goal: Cell) -> list[Cell] | None:
        """A* with the straight distance as bound; None where the goal cannot be reached."""
        best: dict[Cell, float] = {start: 0.0}
        parent: dict[Cell, Cell] = {}
        queue: list[tuple[float, Cell]] = [(0.0, start)]
        done: set[Cell] = set()
        while queue:
            _, cell = heapq.heappop(queue)
            if cell == goal:
                return _backwards(parent, cell)
            if cell in done:
                continue
            done.add(cell)
            for neighbour, step in self._steps(cell, goal):
                length = best[cell] + step
                if length < best.get(neighbour, math.inf):
                    best[neighbour], parent[neighbour] = length, cell
                    heapq.heappush(queue, (length + math.dist(neighbour, goal), neighbour))
        return None

    def shortened(self, cells: Sequence[Cell]) -> list[Cell]:
        """Drops the cells that a straight line over no dearer ground makes needless."""
        kept, anchor, dearest = [cells[0]], cells[0], 1.0
        for before, cell in zip(cells, cells[1:], strict=False):
            dearest = max(dearest, float(self.cost[before]))
            if self._dearest_between(anchor, cell) > max(dearest, float(self.cost[cell])):
                kept.append(before)
                anchor, dearest = before, float(self.cost[before])
        return [*kept, cells[-1]]

    def _dearest_between(self, start: Cell, goal: Cell) -> float:
        count = 2 * max(abs(goal[0] - start[0]), abs(goal[1] - start[1]), 1) + 1
        line = np.rint(np.linspace(start, goal, count)).astype(int)
        return float(self.cost[line[:, 0], line[:, 1]].max())

    def _steps(self, cell: Cell, goal: Cell) -> Iterable[tuple[Cell, float]]:
        width, height = self.cost.shape
        for i, j, length in NEIGHBOURS:
            x, y = cell[0] + i, cell[1] + j
            if not (0 <= x < width and 0 <= y < height):
                continue
            # The goal was checked at its exact position; its cell's centre may lie just inside the limit.
            factor = 1.0 if (x, y) == goal else self.cost[x, y]
            if factor < math.inf:
                yield (x, y), length * factor


def hull(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the convex hull of points (N, 2), counter-clockwise (M, 2); Andrew's monotone chain."""
    ordered = sorted({(float(x), float(y)) for x, y in points})
    if len(ordered) < 3:
        return np.array(ordered)
    chains = []
    for sequence in (ordered, ordered[::-1]):
        chain: list[Point] = []
        for point in sequence:
            while len(chain) > 1 and _cross(chain[-2], chain[-1], point) <= 0.0:
                chain.pop()
            chain.append(point)
        chains.append(chain[:-1])
    return np.array(chains[0] + chains[1])


def outside(polygon: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns by how much points (N, 2) lie outside the sides of a convex polygon (M, 2) [m] (N,); 0 inside."""
    if len(polygon) < 3:
        return np.zeros(len(points))
    sides = np.roll(polygon, -1, axis=0) - polygon
    normals = np.stack([sides[:, 1], -sides[:, 0]], axis=1) / np.hypot(sides[:, 0], sides[:, 1])[:, None]
    return np.maximum((points @ normals.T - (polygon * normals).sum(axis=1)).max(axis=1), 0.0)


def _cross(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _nearest(footprints: Iterable[Footprint], points: NDArray[np.float64]) -> NDArray[np.float64]:
    distance = np.full(len(points), np.inf)
    for footprint in footprints:
        np.minimum(distance, footprint.distance(points), out=distance)
    return distance


def _corners(footprints: Iterable[Footprint]) -> Iterable[Point]:
    """Yields the four corners of each footprint, its rounding included."""
    for footprint in footprints:
        half_length, half_width = footprint.half_length + footprint.radius, footprint.half_width + footprint.radius
        for i, j in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
            yield footprint.pose.world((i * half_length, j * half_width))


def _backwards(parent: dict[Cell, Cell], cell: Cell) -> list[Cell]:
    cells = [cell]
    while cell in parent:
        cell = parent[cell]
        cells.append(cell)
    return cells[::-1]
