"""Where in the image a known thing should be, and whether it could be seen there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from robomatrix.hardware.driver import Array
from robomatrix.perception.detector import PixelBox
from robomatrix.perception.projection import View
from robomatrix.perception.silhouette import Solid, support

MARGIN = 8.0
"""From the image's border [px]."""
SMALLEST = 5.0
"""Least extent of what can be relied on to be detected [px]."""
FARTHEST = 3.0
"""[m]."""
COVERED = 0.25
"""Share of the box that may be behind other things."""


def predicted_box(view: View, solid: Solid, parameters: Array) -> PixelBox | None:
    """Returns where a thing is expected in the image; None if it is behind the camera."""
    if view.depth(parameters[:3]) < 0.1:
        return None
    reach = support(solid, view, parameters)
    return (-float(reach[12]), -float(reach[18]), float(reach[0]), float(reach[6]))


def in_image(view: View, box: PixelBox) -> PixelBox:
    """Returns the part of a box that lies in the image; empty where there is none."""
    left, right = (min(max(x, 0.0), float(view.width)) for x in (box[0], box[2]))
    top, bottom = (min(max(y, 0.0), float(view.height)) for y in (box[1], box[3]))
    return (left, top, right, bottom)


def in_plain_view(
    view: View, box: PixelBox, distance: float, nearer: Sequence[PixelBox], own_body: NDArray[np.uint8]
) -> bool:
    """Tells whether a thing in ``box`` could not have been overlooked.

    Args:
        view: the camera.
        box: where it should be.
        distance: from the camera [m].
        nearer: boxes of what stands in front of it.
        own_body: (height, width) non-zero where the robot sees itself.
    """
    left, top, right, bottom = box
    if distance > FARTHEST or min(right - left, bottom - top) < SMALLEST:
        return False
    if left < MARGIN or top < MARGIN or right > view.width - MARGIN or bottom > view.height - MARGIN:
        return False
    if any(covered(box, other) > COVERED for other in nearer):
        return False
    patch = own_body[int(top) : int(np.ceil(bottom)), int(left) : int(np.ceil(right))]
    return np.count_nonzero(patch) <= COVERED * patch.size


def covered(box: PixelBox, other: PixelBox) -> float:
    """Returns the share of ``box`` that ``other`` covers."""
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    area = max((box[2] - box[0]) * (box[3] - box[1]), 1e-9)
    return max(width, 0.0) * max(height, 0.0) / area


def overlap(box: PixelBox, other: PixelBox) -> float:
    """Returns the intersection of two boxes over their union."""
    width = max(min(box[2], other[2]) - max(box[0], other[0]), 0.0)
    height = max(min(box[3], other[3]) - max(box[1], other[1]), 0.0)
    both = width * height
    areas = sum((b[2] - b[0]) * (b[3] - b[1]) for b in (box, other))
    return both / max(areas - both, 1e-9)


def holds(box: PixelBox, x: float, y: float, slack: float) -> bool:
    """Tells whether a pixel lies in a box widened by ``slack`` px."""
    return box[0] - slack <= x <= box[2] + slack and box[1] - slack <= y <= box[3] + slack
