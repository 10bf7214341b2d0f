"""How far the start of an episode is off the clip."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StartNoise:
    """Uniform errors of the start state, half widths."""

    joints: float = 0.05
    """[rad]."""
    velocities: float = 0.1
    """Of pelvis [m/s, rad/s] and joints [rad/s]."""
    ball: float = 0.05
    """[m], flying or held."""
    lying: float = 0.08
    """[m], a ball on the floor: more than a benchmark's, since a court's ball lies where it came to rest."""
    ball_velocity: float = 0.2
    """[m/s]."""
