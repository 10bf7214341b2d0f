"""Pinhole geometry between an image and the ``odom`` frame.

Pixels are continuous: pixel (column i, row j) covers [i, i + 1) x [j, j + 1), so its centre is (i + 0.5, j + 0.5).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robomatrix.hardware.driver import Array, CameraFrame, Odometry

NEAREST = 0.02
"""Points closer than this in front of the camera are projected as if they were here [m]."""


@dataclass(frozen=True, eq=False)
class View:
    """Where a camera stands and how it projects."""

    intrinsics: Array
    """(3, 3) pinhole matrix [px]."""
    position: Array
    """(3,) optical centre in odom [m]."""
    rotation: Array
    """(3, 3) optical frame to odom."""
    width: int
    height: int

    @staticmethod
    def of(frame: CameraFrame, odometry: Odometry) -> View:
        """Returns the view of an image in odom, with the odometry of the image's stamp."""
        base = rotation_matrix(odometry.orientation)
        height, width = frame.image.shape[:2]
        position = np.asarray(odometry.position, float) + base @ np.asarray(frame.position, float)
        return View(np.asarray(frame.intrinsics, float), position, base @ frame.rotation, width, height)

    def rays(self, pixels: Array) -> Array:
        """Returns the unit directions (..., 3) in odom of pixels (..., 2)."""
        k = self.intrinsics
        x = (pixels[..., 0] - k[0, 2]) / k[0, 0]
        y = (pixels[..., 1] - k[1, 2]) / k[1, 1]
        optical = np.stack([x, y, np.ones_like(x)], axis=-1)
        optical /= np.linalg.norm(optical, axis=-1, keepdims=True)
        return optical @ self.rotation.T

    def project(self, points: Array) -> Array:
        """Returns the pixels (..., 2) of odom points (..., 3); points behind the camera land far outside the image."""
        optical = (points - self.position) @ self.rotation
        depth = np.maximum(optical[..., 2:], NEAREST)
        return optical[..., :2] / depth * (self.intrinsics[0, 0], self.intrinsics[1, 1]) + self.intrinsics[:2, 2]

    def depth(self, points: Array) -> Array:
        """Returns the distances (...) of odom points (..., 3) along the optical axis, negative behind [m]."""
        return (points - self.position) @ self.rotation[:, 2]

    def on_plane(self, pixels: Array, height: float) -> Array:
        """Returns where the pixels (..., 2) meet the level plane at ``height``: (..., 3), NaN if they never do."""
        rays = self.rays(pixels)
        with np.errstate(divide="ignore", invalid="ignore"):
            distance = (height - self.position[2]) / rays[..., 2]
            distance = np.where(distance > 0.0, distance, np.nan)
            return self.position + rays * distance[..., None]

    def contains(self, pixels: Array, margin: float = 0.0) -> Array:
        """Tells which pixels (..., 2) lie in the image, at least ``margin`` px from its border."""
        low, high = pixels >= margin, pixels <= np.array([self.width, self.height]) - margin
        return np.all(low & high, axis=-1)


def rotation_matrix(quaternion: Array) -> Array:
    """Returns the (3, 3) matrix of a unit quaternion (x, y, z, w)."""
    x, y, z, w = quaternion
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def to_base(points: Array, odometry: Odometry) -> Array:
    """Returns odom points (..., 3) in the base frame."""
    return (points - odometry.position) @ rotation_matrix(odometry.orientation)


def to_odom(points: Array, odometry: Odometry) -> Array:
    """Returns base-frame points (..., 3) in odom."""
    return points @ rotation_matrix(odometry.orientation).T + odometry.position
