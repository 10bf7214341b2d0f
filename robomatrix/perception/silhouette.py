"""Fits simple solids to the outlines of image regions.

The outline of a convex solid in the image is told by its support function: how far it reaches along each direction.
A fit finds the pose and size whose projected support function is closest to the measured one, weighed against what is
known of the category's size, in the least-squares sense (Gauss-Newton over many hypotheses at once). What is hidden
behind something else or beyond the image's border is left out. The cost left over tells which hypothesis is best, the
curvature how sure the result is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from robomatrix.hardware.driver import Array
from robomatrix.perception.detector import DIRECTIONS
from robomatrix.perception.projection import View

STEP = 1e-4
"""Of the numerical derivative, in metres or radians."""
ITERATIONS = 8
SETTLED = 0.02
"""Iteration ends when no cost falls by more."""
_RIM = np.arange(12) * (2.0 * np.pi / 12)


class Solid(Protocol):
    """A family of convex shapes. The first three parameters are x, y and the height of the bottom in odom [m]."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters."""

    def points(self, parameters: Array, eye: Array) -> Array:
        """Returns points (..., n, 3) whose projected convex hull is the outline seen from ``eye``."""

    def extent(self, parameters: Array) -> tuple[float, float, float]:
        """Returns the size along the shape's own x, y, z [m]."""


@dataclass(frozen=True)
class Upright:
    """A body of revolution that stands: can, bottle, round bin."""

    profile: tuple[tuple[float, float], ...] = ((1.0, 0.0), (1.0, 1.0))
    """Rims as (share of the radius, share of the height)."""
    parameters: tuple[str, ...] = ("x", "y", "z", "radius", "height")

    def points(self, parameters: Array, eye: Array) -> Array:
        """See Solid; the rims' points start at the side towards the eye so that the nearest and farthest are exact."""
        x, y, z, radius, height = np.moveaxis(parameters, -1, 0)[..., None]
        angle = np.arctan2(eye[1] - y, eye[0] - x) + _RIM
        rims = []
        for radial, vertical in self.profile:
            ring = np.abs(radius) * radial
            level = np.broadcast_to(z + height * vertical, angle.shape)
            rims.append(np.stack([x + ring * np.cos(angle), y + ring * np.sin(angle), level], axis=-1))
        return np.concatenate(rims, axis=-2)

    def extent(self, parameters: Array) -> tuple[float, float, float]:
        """See Solid."""
        diameter = 2.0 * abs(float(parameters[3]))
        return diameter, diameter, float(parameters[4])


@dataclass(frozen=True)
class Lying:
    """A cylinder that lies on its side, its axis along the heading."""

    parameters: tuple[str, ...] = ("x", "y", "z", "yaw", "radius", "height")

    def points(self, parameters: Array, eye: Array) -> Array:
        """See Solid: the rims."""
        del eye
        x, y, z, yaw, radius, height = np.moveaxis(parameters, -1, 0)[..., None]
        across, up = radius * np.cos(_RIM), radius * (1.0 + np.sin(_RIM))
        rims = []
        for end in (-0.5, 0.5):
            along = end * height
            px = x + along * np.cos(yaw) - across * np.sin(yaw)
            py = y + along * np.sin(yaw) + across * np.cos(yaw)
            rims.append(np.stack([px, py, z + up], axis=-1))
        return np.concatenate(rims, axis=-2)

    def extent(self, parameters: Array) -> tuple[float, float, float]:
        """See Solid."""
        diameter = 2.0 * abs(float(parameters[4]))
        return float(parameters[5]), diameter, diameter


@dataclass(frozen=True)
class Sphere:
    """A ball that rests on its lowest point."""

    parameters: tuple[str, ...] = ("x", "y", "z", "radius")

    def points(self, parameters: Array, eye: Array) -> Array:
        """See Solid: the circle in which the cone of sight touches the ball, as a slightly larger polygon."""
        center = parameters[..., :3].copy()
        radius = np.abs(parameters[..., 3:4])
        center[..., 2:] += radius
        sight = center - eye
        distance = np.maximum(np.linalg.norm(sight, axis=-1, keepdims=True), radius * 1.01)
        axis = sight / distance
        side = np.stack([-axis[..., 1], axis[..., 0], np.zeros_like(axis[..., 0])], axis=-1)
        side /= np.maximum(np.linalg.norm(side, axis=-1, keepdims=True), 1e-9)
        up = np.cross(axis, side)
        ratio = radius / distance
        middle = center - axis * radius * ratio
        ring = (radius * np.sqrt(1.0 - ratio**2) * _POLYGON)[..., None]
        cos, sin = np.cos(_RIM)[:, None], np.sin(_RIM)[:, None]
        return middle[..., None, :] + ring * (side[..., None, :] * cos + up[..., None, :] * sin)

    def extent(self, parameters: Array) -> tuple[float, float, float]:
        """See Solid."""
        diameter = 2.0 * abs(float(parameters[3]))
        return diameter, diameter, diameter


_POLYGON = 2.0 / (1.0 + np.cos(np.pi / len(_RIM)))
"""Makes a polygon's mean reach that of the circle."""
_CORNERS = np.array([[i, j, k] for i in (-0.5, 0.5) for j in (-0.5, 0.5) for k in (0.0, 1.0)])


@dataclass(frozen=True)
class Cuboid:
    """A box that stands; length lies along its heading."""

    parameters: tuple[str, ...] = ("x", "y", "z", "yaw", "length", "width", "height")

    def points(self, parameters: Array, eye: Array) -> Array:
        """See Solid: the eight corners."""
        del eye
        local = _CORNERS * parameters[..., None, 4:7]
        cos, sin = np.cos(parameters[..., 3:4]), np.sin(parameters[..., 3:4])
        x = parameters[..., 0:1] + cos * local[..., 0] - sin * local[..., 1]
        y = parameters[..., 1:2] + sin * local[..., 0] + cos * local[..., 1]
        return np.stack([x, y, parameters[..., 2:3] + local[..., 2]], axis=-1)

    def extent(self, parameters: Array) -> tuple[float, float, float]:
        """See Solid."""
        length, width, height = np.abs(parameters[4:7])
        return float(length), float(width), float(height)


@dataclass(frozen=True)
class Tray:
    """A drawer as far as it stands out: a box told by the middle of its front's lower edge, which looks along yaw."""

    parameters: tuple[str, ...] = ("x", "y", "z", "yaw", "depth", "width", "height")
    thinnest: float = 0.008
    """Thickness of the front [m]."""

    def points(self, parameters: Array, eye: Array) -> Array:
        """See Solid: the eight corners."""
        moved = parameters.copy()
        moved[..., 4] = np.maximum(parameters[..., 4], self.thinnest)
        moved[..., 0] -= moved[..., 4] / 2.0 * np.cos(moved[..., 3])
        moved[..., 1] -= moved[..., 4] / 2.0 * np.sin(moved[..., 3])
        return Cuboid().points(moved, eye)

    def extent(self, parameters: Array) -> tuple[float, float, float]:
        """See Solid."""
        depth, width, height = np.abs(parameters[4:7])
        return float(depth), float(width), float(height)


@dataclass(frozen=True)
class Disc:
    """A thin round plate that stands upright and faces its heading."""

    parameters: tuple[str, ...] = ("x", "y", "z", "yaw", "diameter")

    def points(self, parameters: Array, eye: Array) -> Array:
        """See Solid: the edge."""
        del eye
        radius = parameters[..., 4:5] / 2.0 * _POLYGON
        across, up = radius * np.cos(_RIM), radius * np.sin(_RIM)
        x = parameters[..., 0:1] - np.sin(parameters[..., 3:4]) * across
        y = parameters[..., 1:2] + np.cos(parameters[..., 3:4]) * across
        return np.stack([x, y, parameters[..., 2:3] + parameters[..., 4:5] / 2.0 + up], axis=-1)

    def extent(self, parameters: Array) -> tuple[float, float, float]:
        """See Solid."""
        return 0.0, float(parameters[4]), float(parameters[4])


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """What to fit: a start, what is known beforehand, and what was measured."""

    start: Array
    """(p,) parameters to begin with."""
    expected: Array
    """(p,) parameters as known beforehand; only those with a finite deviation count."""
    deviation: Array
    """(p,) standard deviation of that knowledge; infinite where nothing is known."""
    outline: Array
    """(24,) measured support function [px]."""
    weight: Array
    """(24,) 1 where the outline is the thing's own, 0 where it is hidden."""


@dataclass(frozen=True, eq=False)
class Fit:
    """The best parameters of one hypothesis."""

    parameters: Array
    covariance: Array
    """(p, p)."""
    cost: float
    """Half the sum of squared residuals, in standard deviations: the negative log-likelihood but for a constant."""
    residual: float
    """Root mean square of the outline's residuals [px]."""


def fit(solid: Solid, view: View, hypotheses: Sequence[Hypothesis], sigma: float) -> list[Fit]:
    """Fits one family of shapes to several hypotheses at once.

    Args:
        solid: the family.
        view: the camera.
        hypotheses: what to fit.
        sigma: standard deviation of an outline measurement [px].
    """
    if not hypotheses:
        return []
    expected = np.stack([h.expected for h in hypotheses])
    stiffness = 1.0 / np.stack([h.deviation for h in hypotheses]) ** 2
    outline = np.stack([h.outline for h in hypotheses])
    weight = np.stack([h.weight for h in hypotheses])
    best = np.stack([h.start for h in hypotheses])
    damping = np.full(len(hypotheses), 1e-3)
    residual, jacobian = _linearised(solid, view, best, outline)
    cost = _cost(residual, weight, sigma, best - expected, stiffness)
    for _ in range(ITERATIONS):
        normal, gradient = _normal_equations(residual, jacobian, weight / sigma**2, best - expected, stiffness)
        diagonal = np.einsum("bii->bi", normal)
        damped = normal + np.einsum("bi,ij->bij", damping[:, None] * (diagonal + 1e-6), np.eye(best.shape[1]))
        trial = best - np.linalg.solve(damped, gradient[..., None])[..., 0]
        trial_residual, trial_jacobian = _linearised(solid, view, trial, outline)
        trial_cost = _cost(trial_residual, weight, sigma, trial - expected, stiffness)
        better = trial_cost < cost
        settled = np.all(np.where(better, cost - trial_cost, 0.0) < SETTLED)
        best, residual = _chosen(better, trial, best), _chosen(better, trial_residual, residual)
        jacobian, cost = _chosen(better, trial_jacobian, jacobian), _chosen(better, trial_cost, cost)
        damping = np.where(better, damping * 0.2, damping * 20.0)
        if settled:
            break
    normal, _ = _normal_equations(residual, jacobian, weight / sigma**2, best - expected, stiffness)
    covariance = np.linalg.inv(normal + 1e-6 * np.eye(best.shape[1]))
    error = np.sqrt(np.sum(weight * residual**2, axis=1) / np.maximum(weight.sum(axis=1), 1.0))
    return [Fit(*row) for row in zip(best, covariance, cost.tolist(), error.tolist(), strict=True)]


def support(solid: Solid, view: View, parameters: Array) -> Array:
    """Returns how far shapes (..., p) reach along each of DIRECTIONS in the image: (..., 24) [px]."""
    pixels = view.project(solid.points(parameters, view.position))
    return (pixels @ DIRECTIONS.T).max(axis=-2)


def _linearised(solid: Solid, view: View, parameters: Array, outline: Array) -> tuple[Array, Array]:
    count = parameters.shape[1]
    varied = parameters[:, None, :] + np.concatenate([np.zeros((1, count)), STEP * np.eye(count)])
    reach = support(solid, view, varied)
    jacobian = (reach[:, 1:] - reach[:, :1]) / STEP
    return reach[:, 0] - outline, np.swapaxes(jacobian, 1, 2)


def _cost(residual: Array, weight: Array, sigma: float, offset: Array, stiffness: Array) -> Array:
    return 0.5 * (np.sum(weight * residual**2, axis=1) / sigma**2 + np.sum(stiffness * offset**2, axis=1))


def _normal_equations(
    residual: Array, jacobian: Array, weight: Array, offset: Array, stiffness: Array
) -> tuple[Array, Array]:
    weighted = jacobian * weight[..., None]
    normal = np.swapaxes(weighted, 1, 2) @ jacobian
    normal[:, np.arange(normal.shape[1]), np.arange(normal.shape[1])] += stiffness
    gradient = np.einsum("bkp,bk->bp", weighted, residual) + stiffness * offset
    return normal, gradient


def _chosen(condition: Array, yes: Array, no: Array) -> Array:
    return np.where(condition.reshape(-1, *[1] * (yes.ndim - 1)), yes, no)
