"""What a detector gives: regions of one image, each with its outline and what it may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from robomatrix.hardware.driver import Array, CameraFrame

BACKGROUND = ""
"""Colour name of what is nothing in particular: floor, walls, shadows."""
SELF = "self"
"""Colour name of the robot's own body."""
OUTSIDE = "outside"
"""Colour name of what lies beyond the image."""

_ANGLES = np.arange(24) * (2.0 * np.pi / 24)
DIRECTIONS: Array = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=-1)
"""(24, 2) unit vectors in the image (x right, y down), every 15 degrees, in which outlines are measured."""

PixelBox = tuple[float, float, float, float]
"""Left, top, right, bottom [px]."""


@dataclass(frozen=True, eq=False)
class Detection:
    """One region of the image."""

    likelihoods: Mapping[str, float]
    """How well each category fits by looks alone; larger is better, missing means impossible."""
    colour: str
    box: PixelBox
    confidence: float
    """0 to 1."""
    outline: Array
    """(24,) how far the region reaches along each of DIRECTIONS (its support function) [px]."""
    beyond: tuple[str, ...]
    """(24) colour of what lies just outside at the extreme of each direction, BACKGROUND or OUTSIDE; "" for a free
    edge, which is the thing's own outline."""
    measured: Array = field(default_factory=lambda: np.ones(len(DIRECTIONS)))
    """(24,) 1 where the outline was measured at all."""
    beside: tuple[str, ...] = (BACKGROUND,) * len(DIRECTIONS)
    """(24) colour of the next region in each direction, before or behind it; BACKGROUND if there is none."""
    touching: frozenset[str] = frozenset()
    """Colours of all regions that it touches."""
    beneath: str = BACKGROUND
    """Colour of the region just below the middle of its lower edge; BACKGROUND if there is none."""
    contour: NDArray[np.int32] | None = None
    """(n, 1, 2) outermost pixels of the region, if it is known."""
    fill: float = 1.0
    """Area of the region over that of its convex hull."""

    @property
    def category(self) -> str:
        """The most likely category."""
        return max(self.likelihoods, key=lambda c: self.likelihoods[c])

    @property
    def center(self) -> Array:
        """(2,) middle of the box [px]."""
        left, top, right, bottom = self.box
        return np.array([(left + right) / 2.0, (top + bottom) / 2.0])


class Detector(Protocol):
    """Finds things in an image; learned or not, the layers above cannot tell."""

    def detect(self, frame: CameraFrame, own_body: NDArray[np.uint8] | None = None) -> tuple[Detection, ...]:
        """Returns the detections of one image, in a fixed order.

        Args:
            frame: the image.
            own_body: (height, width), non-zero where it shows the robot itself, which is not to be reported.
        """


def boxed(
    likelihoods: Mapping[str, float], colour: str, box: PixelBox, confidence: float, width: int, height: int
) -> Detection:
    """Returns a detection of which only the box is known, in an image of ``width`` by ``height``."""
    left, top, right, bottom = box
    corners = np.array([[left, top], [right, top], [left, bottom], [right, bottom]], float)
    beyond, measured = [BACKGROUND] * len(DIRECTIONS), np.zeros(len(DIRECTIONS))
    for index, free in ((0, right < width - 1), (6, bottom < height - 1), (12, left > 1), (18, top > 1)):
        measured[index] = 1.0
        beyond[index] = BACKGROUND if free else OUTSIDE
    outline = (corners @ DIRECTIONS.T).max(axis=0)
    return Detection(likelihoods, colour, box, confidence, outline, tuple(beyond), measured)
