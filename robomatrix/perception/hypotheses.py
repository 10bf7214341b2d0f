"""Which readings of a detection are worth fitting, and where to begin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from robomatrix.hardware.driver import Array
from robomatrix.perception.categories import CategoryModel
from robomatrix.perception.detector import BACKGROUND, DIRECTIONS, OUTSIDE, Detection
from robomatrix.perception.projection import View
from robomatrix.perception.surfaces import Surface
from robomatrix.perception.visibility import holds

FARTHEST = 5.0
"""Nothing is placed beyond this distance [m]."""
GRIPPER_SLACK = 15.0
"""How far from the point between the fingertips a held thing may show [px]."""
_SIDES = {
    "left": np.array([-1.0, 0.0]),
    "right": np.array([1.0, 0.0]),
    "top": np.array([0.0, -1.0]),
    "bottom": np.array([0.0, 1.0]),
}
_SQUARE_YAWS = np.radians([0.0, 30.0, 60.0])
_FRONT_YAWS = np.radians([-60.0, -30.0, 0.0, 30.0, 60.0])
_LONG_YAWS = np.radians([0.0, 30.0, 60.0, 90.0, 120.0, 150.0])


def worth_fitting(view: View, detection: Detection, model: CategoryModel, surface: Surface) -> bool:
    """Rules out what is clearly of the wrong width, or off the surface, before the costly fit."""
    if surface.kind not in model.rests_on or surface.carries not in ("", detection.colour):
        return False
    if model.attached_to and not model.attached_to & detection.touching:
        return False
    whole = not model.period and set(detection.beyond) == {BACKGROUND}
    if model.apart_from & detection.touching and not whole:
        return False
    left, _, right, bottom = detection.box
    free = (BACKGROUND, surface.colour, *model.framed_by)
    hidden = [colour not in free for colour in detection.beyond]
    foot = view.on_plane(np.array([(left + right) / 2.0, bottom]), surface.height + model.base)
    if surface.kind == "floor" and not any(hidden):
        if not np.isfinite(foot[0]):
            return False
        # off the optical axis a pinhole image stretches what is as wide as before
        aslant = float(view.rays(detection.center) @ view.rotation[:, 2])
        width = (right - left) / view.intrinsics[0, 0] * view.depth(foot) * aslant
        return model.narrowest <= width <= model.widest
    if surface.kind == "top":
        return bool(np.isfinite(foot[0])) and surface.outside_by(foot[0], foot[1]) < 0.15
    if surface.kind == "held":
        return _at_gripper(view, detection, surface)
    if surface.kind == "inside":
        ray = view.rays(detection.center)
        reach = distance(view, np.array(surface.center))
        at = view.position[:2] + ray[:2] / max(float(np.hypot(*ray[:2])), 1e-6) * reach
        return surface.outside_by(float(at[0]), float(at[1])) < 0.1
    return True


def _at_gripper(view: View, detection: Detection, surface: Surface) -> bool:
    """Tells whether a detection is where a thing between the fingers would be."""
    point = np.array([*surface.center, surface.height + 0.05])
    if view.depth(point) < 0.05:
        return False
    x, y = view.project(point)
    return holds(detection.box, float(x), float(y), GRIPPER_SLACK)


def own_outline(detection: Detection, surface: Surface, model: CategoryModel) -> Array:
    """Says which directions show the thing's own outline if it rests on ``surface``."""
    free = {BACKGROUND, *model.framed_by, *((surface.colour,) if surface.kind == "top" else ())}
    pairs = zip(detection.beyond, detection.beside, strict=True)
    own = [covering in free and beside not in model.covered_by for covering, beside in pairs]
    weight = detection.measured * np.array(own, float)
    if weight[6] == 0.0 and model.tapered:
        weight[np.abs(DIRECTIONS[:, 1]) < 0.4] = 0.0  # the widest part may be hidden with the foot
    for side in () if not model.visible_from else sorted(set(_SIDES) - model.visible_from):
        weight[DIRECTIONS @ _SIDES[side] > 0.3] = 0.0
    return weight


def starts(view: View, detection: Detection, model: CategoryModel, surface: Surface) -> list[Array]:
    """Returns first guesses: from the lower edge where it is seen, else from the apparent size."""
    left, top, right, bottom = detection.box
    guesses = []
    radius = model.expected_radius
    foot = view.on_plane(np.array([(left + right) / 2.0, bottom]), surface.height + model.base)
    heading = view.rays(np.array([(left + right) / 2.0, (top + bottom) / 2.0]))
    flat = heading[:2] / max(float(np.linalg.norm(heading[:2])), 1e-6)
    if np.isfinite(foot[0]) and distance(view, foot) < FARTHEST and detection.beyond[6] not in (OUTSIDE,):
        guesses.append(foot[:2] + flat * radius)
    else:
        size = max(right - left, (bottom - top) * 2.0 * radius / model.expected_height)
        guesses.append(view.position[:2] + flat * min(2.0 * radius * view.intrinsics[0, 0] / max(size, 2.0), FARTHEST))
    yaws = _yaws(model, float(np.arctan2(flat[1], flat[0])))
    return [_start(guess, surface, model, yaw) for guess in guesses for yaw in yaws]


def _yaws(model: CategoryModel, heading: float) -> Sequence[float | None]:
    if "yaw" not in model.solid.parameters:
        return (None,)
    if model.fronted:
        return tuple(heading + np.pi + _FRONT_YAWS)
    return tuple(heading + (_SQUARE_YAWS if model.square else _LONG_YAWS))


def _start(guess: Array, surface: Surface, model: CategoryModel, yaw: float | None) -> Array:
    shape = model.expected.copy()
    if yaw is not None:
        shape[0] = yaw
    return np.concatenate([guess, [surface.height + model.base], shape])


def distance(view: View, point: Array) -> float:
    """Returns the level distance from the camera to a point (2 or more) [m]."""
    return float(np.hypot(*(point[:2] - view.position[:2])))
