"""Places detections in odom: which category, resting on what, where, how large, how sure.

Every category that a region may be, on every surface that may carry it, is fitted to the outline; the evidence
(likelihood of the outline and of the size, with Laplace's approximation for what is left uncertain) tells them apart.
What is already known well is only fitted again from where it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from robomatrix.hardware.driver import Array
from robomatrix.perception.categories import CategoryModel
from robomatrix.perception.detector import Detection, PixelBox
from robomatrix.perception.hypotheses import FARTHEST, distance, own_outline, starts, worth_fitting
from robomatrix.perception.projection import View
from robomatrix.perception.silhouette import Fit, Hypothesis, Solid, fit
from robomatrix.perception.surfaces import FLOOR, Surface
from robomatrix.perception.visibility import holds, overlap

LEAST_SHOWN = 0.25
"""Share of the measured outline that must be the thing's own, or nothing is fitted."""
SURFACE_SLACK = 0.02
"""Standard deviation of how far a thing may stand over the edge of what carries it [m]."""
VAGUE = 1.0
"""Deviation of the place from which a reading is useless [m]."""
PARTLY = 0.85
"""Share of the outline below which what is known of the shape is used."""
ROLLED = 60.0
"""How far from where it is expected a loose thing may show [px]."""
FAMILIAR = 0.3
"""Overlap in the image from which a detection may be a known thing."""


@dataclass(frozen=True, eq=False)
class Placement:
    """One reading of a detection."""

    category: str
    parameters: Array
    """(p,) of the category's solid: x, y, height of the bottom in odom, shape [m], [rad]."""
    covariance: Array
    """(p, p) of the parameters."""
    evidence: float
    """Log-evidence; differences between readings of one detection count."""
    surface: Surface
    residual: float
    """Misfit of the outline [px]."""
    oddity: float
    """Half the squared misfit of size and surface, in standard deviations."""
    detection: Detection
    shown: Array
    """(24,) 1 where the outline was taken for its own."""

    @property
    def shown_share(self) -> float:
        """Share of the measured outline that was taken for its own."""
        return float(self.shown.sum() / self.detection.measured.sum())

    def plausible(self, misfit: float, oddity: float) -> bool:
        """Tells whether outline and size agree well enough to believe it.

        Args:
            misfit: allowed misfit [px]; large regions may have a little more.
            oddity: allowed oddity.
        """
        left, top, right, bottom = self.detection.box
        return self.residual <= max(misfit, 0.03 * max(right - left, bottom - top)) and self.oddity <= oddity


@dataclass(frozen=True, eq=False)
class Known:
    """A thing that is expected in the image."""

    colours: frozenset[str]
    box: PixelBox
    """Where it is expected [px]."""
    parameters: Mapping[str, Array]
    """By category that it may be."""
    shapes: Mapping[str, tuple[Array, Array]]
    """By category the shape that was measured, and its deviation: helps where the outline is partly hidden."""
    surface: Surface
    certain: bool
    """Whether other readings may be left out."""
    loose: bool = False
    """Whether it may be anywhere near."""


@dataclass(frozen=True, eq=False)
class _Candidate:
    detection: int
    model: CategoryModel
    surface: Surface
    hypothesis: Hypothesis
    blocked: tuple[Surface, ...]
    """Where it cannot be, because something else is there."""


class Placer:
    """Turns detections into placements."""

    def __init__(self, categories: Mapping[str, CategoryModel], sigma: float, misfit: float, oddity: float) -> None:
        """Takes the known categories, the deviation of an outline measurement [px] and what is plausible."""
        self._categories = categories
        self._sigma = sigma
        self._misfit, self._oddity = misfit, oddity

    def place(
        self,
        view: View,
        detections: Sequence[Detection],
        surfaces: Sequence[Surface] = (FLOOR,),
        known: Sequence[Known] = (),
    ) -> list[tuple[Placement, ...]]:
        """Returns for every detection its readings, the likeliest first; none where nothing fits."""
        readings: list[list[Placement]] = [[] for _ in detections]
        familiar = [_familiar(d, known) for d in detections]
        again = [c for i, k in enumerate(familiar) if k for c in self._again(view, i, detections[i], surfaces, k)]
        self._fit(view, detections, again, readings)
        open_ = [i for i, k in enumerate(familiar) if not (k and k.certain and self._settled(readings[i]))]
        for rare in (False, True):
            new = [c for i in open_ for c in self._candidates(view, i, detections[i], surfaces, familiar[i], rare)]
            self._fit(view, detections, new, readings)
            open_ = [i for i in open_ if not self._settled(readings[i])]
        return [tuple(sorted(r, key=lambda p: -p.evidence)) for r in readings]

    def _settled(self, readings: Sequence[Placement]) -> bool:
        return any(r.plausible(self._misfit, self._oddity) for r in readings)

    def _fit(
        self,
        view: View,
        detections: Sequence[Detection],
        candidates: Sequence[_Candidate],
        readings: Sequence[list[Placement]],
    ) -> None:
        groups: dict[Solid, list[_Candidate]] = {}
        for candidate in candidates:
            groups.setdefault(candidate.model.solid, []).append(candidate)
        for solid, group in groups.items():
            fits = fit(solid, view, [c.hypothesis for c in group], self._sigma)
            for candidate, result in zip(group, fits, strict=True):
                placement = _placement(view, candidate, result, detections[candidate.detection])
                if placement is not None:
                    readings[candidate.detection].append(placement)

    def _again(
        self, view: View, index: int, detection: Detection, surfaces: Sequence[Surface], known: Known
    ) -> Iterator[_Candidate]:
        """Yields a known thing where it was, or lifted by the gripper."""
        for category in sorted(set(known.parameters) & set(detection.likelihoods)):
            start = known.parameters[category]
            yield from self._candidate(index, detection, category, known.surface, surfaces, [start], known)
            for surface in surfaces:
                if surface.kind == "held" and worth_fitting(view, detection, self._categories[category], surface):
                    lifted = np.concatenate([surface.center, [surface.height], start[3:]])
                    yield from self._candidate(index, detection, category, surface, surfaces, [lifted], known)

    def _candidates(
        self,
        view: View,
        index: int,
        detection: Detection,
        surfaces: Sequence[Surface],
        known: Known | None,
        rare: bool,
    ) -> Iterator[_Candidate]:
        for category in sorted(detection.likelihoods):
            model = self._categories[category]
            for surface in surfaces if rare == (model.rarity > 0.0) else ():
                if worth_fitting(view, detection, model, surface):
                    begin = starts(view, detection, model, surface)
                    yield from self._candidate(index, detection, category, surface, surfaces, begin, known)

    def _candidate(
        self,
        index: int,
        detection: Detection,
        category: str,
        surface: Surface,
        surfaces: Sequence[Surface],
        begin: Sequence[Array],
        known: Known | None,
    ) -> Iterator[_Candidate]:
        model = self._categories[category]
        weight = own_outline(detection, surface, model)
        measured = float(detection.measured.sum())
        if weight.sum() < max(LEAST_SHOWN * measured, 3.0) or surface.kind not in model.rests_on:
            return
        shape, spread = model.expected, model.deviation
        if known is not None and category in known.shapes and weight.sum() < PARTLY * measured:
            shape, spread = _combined(shape, spread, *known.shapes[category])
        expected = np.concatenate([[0.0, 0.0, surface.height + model.base], shape])
        deviation = np.concatenate([[np.inf, np.inf, model.rests_on[surface.kind]], spread])
        blocked = tuple(s for s in surfaces if s.kind in ("top", "inside")) if surface.kind == "floor" else ()
        for start in begin:
            hypothesis = Hypothesis(start, expected, deviation, detection.outline, weight)
            yield _Candidate(index, model, surface, hypothesis, blocked if model.graspable else ())


def _combined(mean: Array, deviation: Array, other: Array, other_deviation: Array) -> tuple[Array, Array]:
    """Returns mean and deviation of two independent pieces of knowledge; infinite where neither knows anything."""
    weight, other_weight = 1.0 / deviation**2, 1.0 / other_deviation**2
    total = weight + other_weight
    known = total > 0.0
    combined = np.where(known, (weight * mean + other_weight * other) / np.where(known, total, 1.0), mean)
    return combined, np.where(known, 1.0 / np.sqrt(np.where(known, total, 1.0)), np.inf)


def _familiar(detection: Detection, known: Sequence[Known]) -> Known | None:
    """Returns the known thing that a detection most likely is."""
    x, y = detection.center
    rated = [
        (max(overlap(detection.box, k.box), FAMILIAR * (k.loose and holds(k.box, x, y, ROLLED))), i)
        for i, k in enumerate(known)
        if detection.colour in k.colours
    ]
    best = max(rated, default=(0.0, 0))
    return known[best[1]] if best[0] >= FAMILIAR else None


def _placement(view: View, candidate: _Candidate, result: Fit, detection: Detection) -> Placement | None:
    parameters, model, hypothesis = result.parameters, candidate.model, candidate.hypothesis
    if not np.all(np.isfinite(parameters)) or distance(view, parameters) > FARTHEST:
        return None
    if view.depth(parameters[:3]) < 0.05 or float(np.trace(result.covariance[:2, :2])) > VAGUE**2:
        return None
    if model.facing:
        parameters = _facing(view, parameters)
    off = candidate.surface.outside_by(float(parameters[0]), float(parameters[1])) / SURFACE_SLACK
    for other in candidate.blocked:
        off = max(off, other.inside_by(float(parameters[0]), float(parameters[1])) / SURFACE_SLACK)
    oddity = 0.5 * float(np.sum(((parameters - hypothesis.expected) / hypothesis.deviation) ** 2)) + 0.5 * off**2
    spread = hypothesis.deviation[3:]
    hidden = float(detection.measured.sum() - hypothesis.weight.sum())
    evidence = 0.5 * float(np.linalg.slogdet(result.covariance)[1]) + np.log(detection.likelihoods[model.name])
    evidence -= model.rarity + result.cost + 0.5 * hidden + 0.5 * off**2
    evidence -= float(np.sum(np.log(spread[np.isfinite(spread)])))
    return Placement(
        model.name,
        parameters,
        result.covariance,
        float(evidence),
        candidate.surface,
        result.residual,
        oddity,
        detection,
        hypothesis.weight,
    )


def _facing(view: View, parameters: Array) -> Array:
    """Returns the same shape told with the heading that looks towards the camera."""
    sight = view.position[:2] - parameters[:2]
    turned = parameters.copy()
    if np.cos(parameters[3]) * sight[0] + np.sin(parameters[3]) * sight[1] < 0.0:
        turned[3] += np.pi
    return turned
