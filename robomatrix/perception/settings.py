"""How the tracker changes its mind."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrackerSettings:
    """How belief changes; a track's confidence is the logistic function of its log-odds."""

    start: float = -1.0
    """Log-odds after the first sighting; a sighting's worth less where the foot is hidden."""
    seen: float = 1.0
    """Added by every further sighting."""
    missed: float = 0.8
    """Taken off when the thing should have been seen and was not."""
    most: float = 4.0
    least: float = -2.5
    """Below, the track ends."""
    confirmed: float = 0.9
    """From here on it is part of the world."""
    contradiction: float = 15.0
    """Log-evidence by which a better reading of another kind rules out that a sighting belongs to a track."""
    margin: float = 3.0
    """Log-evidence by which its kind must lead for an id to be given."""
    gate: float = 16.0
    """Largest squared distance of a sighting from its track, in standard deviations."""
    overlap: float = 0.5
    """Overlap in the image from which a sighting belongs to a track however far it seems off in depth."""
    patience: float = 2.0
    """How long an unconfirmed track waits for its next sighting [s]."""
    misfit: float = 2.0
    """Largest misfit of the outline with which a track may begin [px]."""
    oddity: float = 9.0
    """Largest oddity of size with which a track may begin."""
    fill: float = 0.6
    """Least share of its convex hull that a region must fill for a track to begin."""
    moved: float = 0.5
    """How far a thing that is missed may have been moved to be found again as the same [m]."""
    leniency: float = 1.5
    """Factor on misfit and oddity for a sighting of a known track."""
    range_error: tuple[float, float] = (0.003, 0.010)
    """Systematic error along the line of sight: constant [m] and share of the distance."""
    cross_error: tuple[float, float] = (0.002, 0.004)
    """The same across it."""
    hidden_error: float = 4.0
    """Growth of the deviation with the hidden share of the outline: a part can be taken for another whole."""
    cut_error: float = 40.0
    """The same where the image's border cuts a thing with a heading."""
