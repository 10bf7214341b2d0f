"""Rotations as (w, x, y, z) quaternions, over any leading shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def multiply(a: Array, b: Array) -> Array:
    """Returns the Hamilton product of (..., 4) quaternions."""
    aw, ax, ay, az = np.moveaxis(a, -1, 0)
    bw, bx, by, bz = np.moveaxis(b, -1, 0)
    return np.stack(
        [
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ],
        axis=-1,
    )


def conjugate(q: Array) -> Array:
    """Returns the inverse of unit quaternions (..., 4)."""
    return q * np.array([1.0, -1.0, -1.0, -1.0])


def rotate(q: Array, v: Array) -> Array:
    """Returns vectors (..., 3) turned by unit quaternions (..., 4)."""
    u = q[..., 1:]
    t = 2.0 * np.cross(u, v)
    return v + q[..., :1] * t + np.cross(u, t)


def from_rotation_vector(v: Array) -> Array:
    """Returns (..., 4) quaternions of rotation vectors (..., 3) [rad]; any length, so wraps at pi do no harm."""
    angle = np.linalg.norm(v, axis=-1, keepdims=True)
    half = 0.5 * angle
    return np.concatenate([np.cos(half), 0.5 * v * np.sinc(half / np.pi)], axis=-1)


def to_rotation_vector(q: Array) -> Array:
    """Returns rotation vectors (..., 3) no longer than pi [rad]."""
    q = np.where(q[..., :1] < 0.0, -q, q)
    sine = np.linalg.norm(q[..., 1:], axis=-1, keepdims=True)
    angle = 2.0 * np.arctan2(sine, q[..., :1])
    return np.where(sine > 1e-9, angle / np.maximum(sine, 1e-9), 2.0) * q[..., 1:]


def from_matrix(m: Array) -> Array:
    """Returns (..., 4) quaternions of rotation matrices (..., 3, 3)."""
    from scipy.spatial.transform import Rotation

    flat = Rotation.from_matrix(m.reshape(-1, 3, 3)).as_quat()
    return flat[:, [3, 0, 1, 2]].reshape(*m.shape[:-2], 4)


def to_matrix(q: Array) -> Array:
    """Returns (..., 3, 3) rotation matrices."""
    return np.stack([rotate(q, np.broadcast_to(axis, (*q.shape[:-1], 3))) for axis in np.eye(3)], axis=-1)


def from_yaw(yaw: Array) -> Array:
    """Returns (..., 4) turns about z by ``yaw`` (...) [rad]."""
    yaw = np.asarray(yaw, float)
    zero = np.zeros_like(yaw)
    return np.stack([np.cos(yaw / 2), zero, zero, np.sin(yaw / 2)], axis=-1)


def yaw_of(q: Array) -> Array:
    """Returns the heading (...) [rad] of the local x axis."""
    w, x, y, z = np.moveaxis(q, -1, 0)
    return np.arctan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))


def continuous(q: Array) -> Array:
    """Returns a track (T, 4) with the signs chosen so that neighbours lie in one half space."""
    signs = np.where(np.sum(q[1:] * q[:-1], axis=1) < 0.0, -1.0, 1.0)
    return q * np.concatenate([[1.0], np.cumprod(signs)])[:, None]


def angular_velocity(q: Array, rate: float) -> Array:
    """Returns the world angular velocity (T, 3) [rad/s] of a track (T, 4) by central differences."""
    before = np.concatenate([q[:1], q[:-1]])
    after = np.concatenate([q[1:], q[-1:]])
    span = np.full(len(q), 2.0)
    span[0] = span[-1] = 1.0
    return to_rotation_vector(multiply(after, conjugate(before))) * (rate / span)[:, None]
