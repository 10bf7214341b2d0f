"""Where tracked things are, seen from the palm."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robomatrix.world import SceneObject, World

Array = NDArray[np.float64]

REACH = 0.13
"""An object further than this from the middle of the hand is not in it [m]."""
CENTRE = np.array([0.055, 0.0, 0.035])
"""Of the hand, in the palm frame [m]."""
_PALM = np.array([[0.0, 0.0, 1.0], [0.0, -1.0, 0.0], [1.0, 0.0, 0.0]])
"""Mount frame (palm's normal up, fingers forward) to the palm frame, in which policies see things."""


def in_palm(thing: SceneObject) -> Array:
    """Returns a tracked object's place (3,) in the palm frame [m]."""
    return from_mount(np.array(thing.position))


def from_mount(vector: Array) -> Array:
    """Returns (forward, left, up) of the mount (3,) in the palm frame."""
    return _PALM @ vector


def within_reach(place: Array) -> bool:
    """Tells whether a place (3,) in the palm frame [m] is in the hand."""
    return bool(np.linalg.norm(place - CENTRE) < REACH)


def in_hand(world: World) -> list[SceneObject]:
    """Returns the tracked things in the hand."""
    return [o for o in world.objects.values() if within_reach(in_palm(o))]
