"""The lesson from which the set shot's expert learns: the made shot, aimed by how the ball lies in the hands."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robomatrix.training.skillmimic.aiming import AimLaw, GripView
from robomatrix.training.skillmimic.clocked import ClockedConfig, ClockedLesson, Starts
from robomatrix.training.skillmimic.reference import Reference

Array = NDArray[np.float64]


class ShotLesson(ClockedLesson):
    """A lesson whose teacher changes its push by the law."""

    def __init__(
        self, shot: Reference, gains: NDArray[np.float32], law: AimLaw, starts: Starts, config: ClockedConfig
    ) -> None:
        """``starts`` are states in which a player who has picked the ball up stands."""
        self.law, self.hoop, self._view = law, law.hoop, GripView(law.hoop)
        self._steps = np.zeros((config.worlds, len(law.changes)))
        super().__init__(shot, gains, starts, config)

    def wanted(self) -> Array:
        """Returns (n, J) the servo targets of the teacher [rad]."""
        env = self.env
        looking = np.flatnonzero(env.frame == self.law.frame)
        if len(looking):
            self._steps[looking] = self.law.steps(self._view.features(env.sim.qpos[looking]))
        following = np.minimum(env.frame + 1, env.last[env.frame])
        return np.clip(super().wanted() + self.law.changed(following, self._steps), *env.limits)

    def _begin(self, ids: NDArray[np.intp]) -> None:
        self._steps[ids] = 0.0
        super()._begin(ids)
