"""Arms that move on their own while a skill of the legs is learnt, as a reaching skill's would."""

from __future__ import annotations

import numpy as np

from robomatrix.robots.humanoid import Humanoid
from robomatrix.training.skillblender.env import HumanoidEnv, Ids

SPREAD = (0.4, *(1.3, 0.6, 0.8, 1.2) * 2)
"""Largest offset of waist, shoulder pitch, roll, yaw and elbow from home [rad]."""
HOLD = (1.0, 4.0)
"""Time until a new target [s]."""
RATE = 2.0
"""Of the joints [rad/s]."""


class MovingArms:
    """Overrides waist and arms in a share of the episodes."""

    def __init__(self, robot: Humanoid, worlds: int, share: float, rest: float) -> None:
        """Arms that do not move are held at home if ``rest`` is 0, and left to the policy if it is NaN."""
        self.joints = np.array([i for i in range(len(robot.joints)) if i not in robot.legs])
        self.moving = np.zeros(worlds, dtype=bool)
        self._share, self._rest = share, rest
        self._target = np.zeros((worlds, self.joints.size))
        self._offset = np.zeros((worlds, self.joints.size))
        self._due = np.zeros(worlds)

    def reset(self, env: HumanoidEnv, ids: Ids) -> None:
        """Draws whether the arms move in worlds that begin an episode."""
        self.moving[ids] = env.rng.random(ids.size) < self._share
        self._offset[ids] = self._target[ids] = 0.0
        self._due[ids] = 0.0
        env.override[np.ix_(ids, self.joints)] = np.where(self.moving[ids], 0.0, self._rest)[:, None]

    def advance(self, env: HumanoidEnv) -> None:
        """Moves the arms a step."""
        self._due -= env.dt
        due = np.flatnonzero(self.moving & (self._due <= 0))
        if due.size:
            self._target[due] = env.rng.uniform(-1, 1, (due.size, self.joints.size)) * SPREAD
            self._due[due] = env.rng.uniform(*HOLD, due.size)
        limit = RATE * env.dt
        self._offset += np.clip(self._target - self._offset, -limit, limit)
        env.override[:, self.joints] = np.where(self.moving[:, None], self._offset, self._rest)
