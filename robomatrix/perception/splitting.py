"""Parts a region in two where a known container and something of its colour have run together in the image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from robomatrix.hardware.driver import Array
from robomatrix.perception.colour_shape import Contour, Image, Surroundings, outlined
from robomatrix.perception.detector import Detection

WIDENED = 0.03
"""Share of its width by which a container's silhouette is widened for errors of its place."""
LEAST_WIDENED = 2.0
"""The least of it [px]."""
PART = 12.0
"""Least area of what sticks out [px^2]."""
SHARE = 0.4
"""Share of a container's silhouette that a region must fill to be taken for it."""


@dataclass(frozen=True, eq=False)
class Silhouette:
    """Where a known container is expected."""

    colour: str
    points: Array
    """(n, 2) pixels; their convex hull is the silhouette."""


def split(detections: Sequence[Detection], containers: Sequence[Silhouette], own_body: Image) -> tuple[Detection, ...]:
    """Returns the detections, those that are more than a container in parts: the container first, then the rest."""
    return tuple(part for detection in detections for part in _parts(detection, containers, own_body))


def _parts(detection: Detection, containers: Sequence[Silhouette], own_body: Image) -> Iterator[Detection]:
    for container in containers if detection.contour is not None else ():
        if container.colour == detection.colour:
            regions = _divided(detection.contour, container, own_body.shape)
            if len(regions) > 1:
                around = Surroundings(own_body.shape, [(detection.colour, r) for r in regions], own_body)
                for index, region in enumerate(regions):
                    yield outlined(detection.colour, detection.likelihoods, region, index, around)
                return
    yield detection


def _divided(contour: Contour, container: Silhouette, shape: tuple[int, ...]) -> list[Contour]:
    """Returns the part of a region within a silhouette and the parts that stick out; one part if nothing does."""
    left, top, width, height = cv2.boundingRect(contour)
    corner = np.array([left, top]) - 1
    frame = (height + 2, width + 2)
    region, hull = np.zeros(frame, np.uint8), np.zeros(frame, np.uint8)
    cv2.drawContours(region, [contour - corner.astype(np.int32)], -1, 255, cv2.FILLED)
    limit = np.array([shape[1], shape[0]])
    points = np.clip(container.points, -limit, 2 * limit)
    cv2.fillConvexPoly(hull, cv2.convexHull((points - corner - 0.5).round().astype(np.int32)), 255)
    if np.count_nonzero(region & hull) < SHARE * max(np.count_nonzero(hull), 1):
        return [contour]
    reach = int(np.ceil(max(LEAST_WIDENED, WIDENED * float(np.ptp(points[:, 0])))))
    hull = cv2.dilate(hull, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    inner = _largest(region & hull)
    rest = [c for c in _contours(region & ~hull) if cv2.contourArea(c) >= PART]
    if inner is None or not rest:
        return [contour]
    return [c + corner.astype(np.int32) for c in (inner, *sorted(rest, key=cv2.contourArea, reverse=True))]


def _largest(mask: NDArray[np.uint8]) -> Contour | None:
    return max(_contours(mask), key=cv2.contourArea, default=None)


def _contours(mask: NDArray[np.uint8]) -> Sequence[Contour]:
    return cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
