"""Plane geometry of a robot among things: poses, footprints and their distances. Metres and radians, ``odom`` frame."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robomatrix.hardware.driver import Odometry
from robomatrix.world import SceneObject

Point = tuple[float, float]
ROUND = frozenset({"can", "bottle", "ball", "cup", "bin", "person"})
"""Categories whose footprint is a disc."""


def wrap(angle: float) -> float:
    """Returns the same direction from -pi to pi [rad]."""
    return math.remainder(angle, 2.0 * math.pi)


@dataclass(frozen=True)
class Pose2:
    """Position [m] and heading [rad] in the plane."""

    x: float
    y: float
    yaw: float = 0.0

    @classmethod
    def of(cls, odometry: Odometry) -> Pose2:
        """Returns where the base is, by odometry."""
        return cls(float(odometry.position[0]), float(odometry.position[1]), odometry.yaw)

    @property
    def point(self) -> Point:
        """The position alone."""
        return (self.x, self.y)

    def distance(self, point: Point) -> float:
        """Returns the distance to a point [m]."""
        return math.hypot(point[0] - self.x, point[1] - self.y)

    def bearing(self, point: Point) -> float:
        """Returns the direction of a point, seen from here, relative to the heading [rad]."""
        return wrap(math.atan2(point[1] - self.y, point[0] - self.x) - self.yaw)

    def local(self, point: Point) -> Point:
        """Returns a point of the world in this frame: forward, left."""
        dx, dy = point[0] - self.x, point[1] - self.y
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        return (c * dx + s * dy, c * dy - s * dx)

    def world(self, point: Point) -> Point:
        """Returns a point of this frame in the world."""
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        return (self.x + c * point[0] - s * point[1], self.y + s * point[0] + c * point[1])

    def ahead(self, forward: float, left: float = 0.0) -> Pose2:
        """Returns the pose so far forward and left of this one, with the same heading."""
        return Pose2(*self.world((forward, left)), self.yaw)


@dataclass(frozen=True)
class Footprint:
    """A rectangle, rounded by ``radius``; a disc where both half lengths are 0."""

    pose: Pose2
    half_length: float
    half_width: float
    radius: float = 0.0

    @classmethod
    def of(cls, thing: SceneObject) -> Footprint:
        """Returns what a thing covers of the floor, seen from above."""
        pose = Pose2(thing.position[0], thing.position[1], thing.yaw)
        if thing.category in ROUND:
            return cls(pose, 0.0, 0.0, max(thing.size[0], thing.size[1]) / 2.0)
        return cls(pose, thing.size[0] / 2.0, thing.size[1] / 2.0)

    def distance(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns the signed distance of points (N, 2) to the outline [m] (N,); negative inside."""
        c, s = math.cos(self.pose.yaw), math.sin(self.pose.yaw)
        dx, dy = points[:, 0] - self.pose.x, points[:, 1] - self.pose.y
        qx = np.abs(c * dx + s * dy) - self.half_length
        qy = np.abs(c * dy - s * dx) - self.half_width
        outside = np.hypot(np.maximum(qx, 0.0), np.maximum(qy, 0.0))
        return outside + np.minimum(np.maximum(qx, qy), 0.0) - self.radius

    def contains(self, point: Point, margin: float = 0.0) -> bool:
        """True if the point lies inside, or no more than ``margin`` [m] outside."""
        return bool(self.distance(np.array([point]))[0] <= margin)

    def extent(self, direction: float) -> float:
        """Returns how far the outline reaches from the centre along a direction of the world [m]."""
        angle = wrap(direction - self.pose.yaw)
        c, s = abs(math.cos(angle)), abs(math.sin(angle))
        along = self.half_length / c if c > 1e-9 else math.inf
        across = self.half_width / s if s > 1e-9 else math.inf
        return min(along, across) + self.radius
