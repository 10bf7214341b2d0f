"""Many hands with objects, palm up, stepped together in C for training in-hand motion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import mujoco
import numpy as np
from numpy.typing import NDArray

from robomatrix.hardware.mujoco.hand import DROP_DISTANCE, TIMESTEP, ObjectSpec, build_model
from robomatrix.policies.dexgen.kinematics import HandKinematics
from robomatrix.robots.spec import RobotSpec
from robomatrix.training.dexgen.grasps import Grasps
from robomatrix.training.dexgen.simulation import CONTROL_PERIOD, GRAVITY, HAND_CENTRE, PALM_UP
from robomatrix.training.simulation import BatchSimulation

Array = NDArray[np.float64]
Ids = NDArray[np.intp]


@dataclass(frozen=True)
class Physics:
    """How exactly contacts are solved: less exact is faster, and lets grips creep."""

    timestep: float = TIMESTEP
    """[s]"""
    cone: mujoco.mjtCone = mujoco.mjtCone.mjCONE_ELLIPTIC
    impratio: float = 100.0
    iterations: int = 10
    line_search: int = 20


EXACT = Physics()
"""As the hand is evaluated."""
QUICK = Physics(0.01, mujoco.mjtCone.mjCONE_PYRAMIDAL, 3.0, 8, 10)
"""A third of the time. Elliptic cones solved with fewer iterations, or with longer steps, let objects explode."""
MASS = (0.04, 0.18)
FRICTION = (0.65, 1.1)


class TurningWorlds:
    """Hands that are reset into random grasps of the objects they were built with.

    Rows of all arrays are worlds; world ``i`` has the grasps ``i % len(grasps)``.
    """

    def __init__(
        self,
        robot: RobotSpec,
        grasps: Sequence[Grasps],
        count: int,
        rng: np.random.Generator,
        variants: int = 1,
        threads: int = 1,
        physics: Physics = EXACT,
    ) -> None:
        """Builds ``variants`` models of each object; all but the first have random mass, friction and size."""
        self.kinematics = HandKinematics(robot.urdf)
        self._servos = np.array([(joint.stiffness, joint.damping, joint.effort) for joint in robot.joints]).T
        self._grasps, self._rng = list(grasps), rng
        held = [self._vary(g.held) if variant else g.held for variant in range(variants) for g in grasps]
        models = [_palm_up(build_model(robot, thing), physics) for thing in held]
        self._simulation = BatchSimulation(models, count, round(CONTROL_PERIOD / physics.timestep), threads)
        self.targets = np.zeros((count, 16))
        self.sizes = np.array([grasps[i % len(grasps)].held.size for i in range(count)])
        self.reset(np.arange(count))

    def _vary(self, held: ObjectSpec) -> ObjectSpec:
        rng = self._rng
        size = held.size * rng.uniform(0.97, 1.03)
        return replace(held, size=size, mass=rng.uniform(*MASS), friction=rng.uniform(*FRICTION))

    def __len__(self) -> int:
        return len(self.targets)

    def reset(self, ids: Ids, rows: Ids | None = None) -> None:
        """Puts some worlds into random grasps, or into the given rows of their grasp sets, at rest."""
        qpos = np.zeros((len(ids), 23))
        for place, world in enumerate(ids):
            grasps = self._grasps[world % len(self._grasps)]
            row = int(self._rng.integers(len(grasps))) if rows is None else int(rows[place]) % len(grasps)
            qpos[place] = np.concatenate([grasps.positions[row], grasps.poses[row]])
            self.targets[world] = grasps.targets[row]
        self._simulation.reset(ids, qpos, np.zeros((len(ids), 22)))

    def step(self, targets: Array) -> None:
        """Advances all worlds by a control period with servo targets (N, 16) [rad]."""
        self.targets = np.clip(targets, self.kinematics.lower, self.kinematics.upper)
        self._simulation.step(self.targets)

    @property
    def positions(self) -> Array:
        """(N, 16) [rad]."""
        return self._simulation.qpos[:, :16]

    @property
    def poses(self) -> Array:
        """(N, 7) in the palm frame."""
        return self._simulation.qpos[:, 16:]

    @property
    def velocities(self) -> Array:
        """(N, 22) of joints and object."""
        return self._simulation.qvel

    @property
    def grip(self) -> Array:
        """(N,) sum of what the servos exert [N m]."""
        stiffness, damping, limit = self._servos
        effort = stiffness * (self.targets - self.positions) - damping * self.velocities[:, :16]
        return np.abs(np.clip(effort, -limit, limit)).sum(axis=1)

    @property
    def dropped(self) -> NDArray[np.bool_]:
        """(N,) whether the object has left the hand."""
        return np.linalg.norm(self.poses[:, :3] - HAND_CENTRE, axis=1) > DROP_DISTANCE


def _palm_up(model: mujoco.MjModel, physics: Physics) -> mujoco.MjModel:
    model.opt.gravity[:] = GRAVITY * PALM_UP
    model.opt.timestep = physics.timestep
    model.opt.cone, model.opt.impratio = physics.cone, physics.impratio
    model.opt.iterations, model.opt.ls_iterations = physics.iterations, physics.line_search
    return model
