"""Finds coloured things by segmentation in hue, saturation and value (OpenCV)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from robomatrix.hardware.driver import Array, CameraFrame
from robomatrix.perception.categories import ColourModel, PerceptionModel
from robomatrix.perception.detector import BACKGROUND, DIRECTIONS, OUTSIDE, SELF, Detection

Image = NDArray[np.uint8]
Contour = NDArray[np.int32]
"""(n, 1, 2) pixels."""

LOOKOUT = 3.0
"""How far outside of an outline the neighbour is looked up [px]; nearer, two colours still mix."""
MIN_SOLID = 3.0
"""Area inside the contour's pixel centres below which a region is a fringe between two colours [px^2]."""
MAX_REGIONS = 250
EVERY = 4
"""Pixels of a contour from one to the next whose neighbours are looked at."""
_ACROSS = int(LOOKOUT) * np.array([[[-1, 0]], [[1, 0]], [[0, -1]], [[0, 1]]])
_IN_FRONT = 1_000_000
EDGE = 0.5
"""From the outermost pixel centre to the edge [px]."""


class ColourTable:
    """Names the colour of every pixel by one table look-up."""

    def __init__(self, colours: Sequence[ColourModel]) -> None:
        """Fills the table; where ranges overlap, the first colour wins."""
        self.names = (BACKGROUND, *(c.name for c in colours))
        hue, saturation, value = np.meshgrid(
            np.arange(256) * (360.0 / 256.0), (np.arange(32) + 0.5) / 32, (np.arange(32) + 0.5) / 32, indexing="ij"
        )
        table = np.zeros(hue.shape, np.uint8)
        for index, colour in reversed(list(enumerate(colours, start=1))):
            table[colour.covers(hue, saturation, value)] = index
        self._table = table.ravel()

    def label(self, image: Image) -> Image:
        """Returns the index into ``names`` of every pixel (height, width) of an RGB image."""
        hue, saturation, value = cv2.split(cv2.cvtColor(image, cv2.COLOR_RGB2HSV_FULL))
        index = hue.astype(np.uint32) << 10
        index |= (saturation >> 3).astype(np.uint32) << 5
        index |= value >> 3
        return self._table[index]


class ColourShapeDetector:
    """Connected regions of one colour; their categories follow from colour here and from size and shape later."""

    def __init__(self, model: PerceptionModel) -> None:
        """Takes the known colours and categories."""
        self._colours = ColourTable(model.colours)
        self._likelihoods = {
            colour: MappingProxyType({n: 1.0 for n, c in sorted(model.categories.items()) if colour in c.colours})
            for colour in self._colours.names
        }

    def detect(self, frame: CameraFrame, own_body: Image | None = None) -> tuple[Detection, ...]:
        """Returns the coloured regions, the largest first."""
        labels = self._colours.label(frame.image)
        if own_body is not None:
            labels[own_body > 0] = 0
        regions = self._regions(labels)
        around = Surroundings(labels.shape, regions, own_body)
        return tuple(
            outlined(name, self._likelihoods[name], contour, index, around)
            for index, (name, contour) in enumerate(regions)
            if self._likelihoods[name]
        )

    def _regions(self, labels: Image) -> list[tuple[str, Contour]]:
        counts = np.bincount(labels.ravel(), minlength=len(self._colours.names))
        regions = []
        for index, name in enumerate(self._colours.names):
            if index == 0 or counts[index] < MIN_SOLID:
                continue
            mask = cv2.compare(labels, index, cv2.CMP_EQ)
            contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            regions += [(name, c) for c in contours if len(c) >= 4 and cv2.contourArea(c) >= MIN_SOLID]
        regions.sort(key=lambda r: -len(r[1]))
        return regions[:MAX_REGIONS]


class Surroundings:
    """Who is next to a region, and in front of it."""

    def __init__(self, shape: tuple[int, int], regions: Sequence[tuple[str, Contour]], own_body: Image | None) -> None:
        """Draws a map of the regions; index 0 is background, then come the regions, the body and the outside."""
        self._names = (BACKGROUND, *(name for name, _ in regions), SELF, OUTSIDE)
        self._body, self._outside = len(regions) + 1, len(regions) + 2
        lowest = [int(contour[:, 0, 1].max()) for _, contour in regions]
        self._bottoms = np.array([-1, *lowest, _IN_FRONT, _IN_FRONT])
        self._owners = np.zeros(shape, np.uint8)
        for index, (_, contour) in enumerate(regions, start=1):
            cv2.drawContours(self._owners, [contour], -1, index, cv2.FILLED)
        if own_body is not None:
            self._owners[own_body > 0] = self._body

    def beyond(self, extremes: Array, region: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Tells what lies outside of a region at its extreme points (24, 2) along DIRECTIONS.

        An extreme next to something that covers the region may not be its own: what is covered may reach further.

        Returns:
            For each what covers the region there (a colour, SELF, OUTSIDE, or BACKGROUND if nothing does), and the
            colour of the next region there, covering or covered.
        """
        height, width = self._owners.shape
        columns, rows = np.floor(extremes + _offsets()).astype(int).transpose(2, 0, 1)
        inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        owners = self._owners[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)].astype(int)
        owners = np.where(inside, owners, self._outside)
        owners[owners == region + 1] = 0
        covering = np.where(self._bottoms[owners] > self._bottoms[region + 1] + 1, owners, 0)
        regions = np.where(owners < self._body, owners, 0)
        return self._first(covering), self._first(regions)

    def touching(self, contour: Contour, region: int) -> frozenset[str]:
        """Returns the colours of all regions next to a contour."""
        height, width = self._owners.shape
        points = contour[::EVERY, 0] + _ACROSS
        rows, columns = np.clip(points[..., 1], 0, height - 1), np.clip(points[..., 0], 0, width - 1)
        owners = set(np.unique(self._owners[rows, columns]).tolist()) - {0, region + 1}
        return frozenset(self._names[i] for i in owners if i < self._body)

    def at(self, x: float, y: float) -> str:
        """Returns the colour of the region at a pixel, BACKGROUND if there is none."""
        height, width = self._owners.shape
        owner = int(self._owners[min(int(y), height - 1), min(int(x), width - 1)])
        return self._names[owner] if 0 < owner < self._body else BACKGROUND

    def _first(self, owners: Array) -> tuple[str, ...]:
        """Returns for each column the name of its first owner that is not background."""
        first = np.take_along_axis(owners, (owners > 0).argmax(axis=0)[None], axis=0)[0]
        return tuple(self._names[i] for i in first.tolist())


def _offsets() -> Array:
    """Returns (5, 24, 2) where to look from the extremes: outwards, then left, right, up and down [px]."""
    return np.concatenate([LOOKOUT * DIRECTIONS[None], np.repeat(_ACROSS, len(DIRECTIONS), axis=1)])


def outlined(
    colour: str,
    likelihoods: Mapping[str, float],
    contour: Contour,
    index: int,
    around: Surroundings,
    confidence: float | None = None,
) -> Detection:
    """Returns the detection of a region, the ``index``-th in ``around``; its size tells the confidence if missing."""
    points = contour[:, 0, :] + 0.5
    reach = points @ DIRECTIONS.T
    extreme = points[reach.argmax(axis=0)]
    beyond, beside = around.beyond(extreme, index)
    left, top, width, height = cv2.boundingRect(contour)
    area = cv2.contourArea(contour) + 0.5 * len(contour) + 1.0
    hull = cv2.convexHull(contour)
    hull_area = cv2.contourArea(hull) + 0.5 * cv2.arcLength(hull, True) + 1.0
    return Detection(
        likelihoods,
        colour,
        (float(left), float(top), float(left + width), float(top + height)),
        float(min(1.0, 0.4 + area / 100.0)) if confidence is None else confidence,
        reach.max(axis=0) + EDGE,
        beyond,
        beside=beside,
        contour=contour,
        touching=around.touching(contour, index),
        beneath=around.at(left + width / 2.0, top + height + LOOKOUT - 1.0),
        fill=float(min(area / hull_area, 1.0)),
    )
