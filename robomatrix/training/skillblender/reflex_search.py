"""Finds a robot's balance reflexes by the cross-entropy method: each world of a batch tries its own gains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from robomatrix.hardware.mujoco.humanoid import home_pose, humanoid_spec
from robomatrix.robots.humanoid import Humanoid
from robomatrix.skills.skillblender.feedforward import (
    FEATURES,
    GAIT_FREQUENCY,
    STANCE,
    Gait,
    Reflex,
    gait,
    gait_matrix,
    walking_gate,
)
from robomatrix.skills.skillblender.functions import SquatFunction
from robomatrix.skills.skillblender.observation import Proprioception, rotate_back
from robomatrix.training.simulation import BatchSimulation

Array = NDArray[np.float64]
COMMANDS = np.array(
    [
        [0.3, 0.0, 0.0],
        [0.7, 0.0, 0.0],
        [-0.3, 0.0, 0.0],
        [0.0, 0.3, 0.0],
        [0.0, -0.3, 0.0],
        [0.3, 0.0, 0.6],
        [0.2, 0.0, -0.6],
        [0.4, 0.2, 0.0],
    ]
)
"""What the gait must follow while it is searched for [m/s, m/s, rad/s]."""
DESCENT = 0.4
"""At which squats move while the reflex of the skills that stand is searched for [m/s]."""
START = Reflex(
    lean_speed=0.1,
    ankle_pitch=(0.5, 0.05),
    swing_pitch=(-0.3, 0.0, -0.4),
    stance_roll=(0.5, 0.03),
    swing_roll=(0.5, 0.0, 0.4),
    ankle_roll=(-0.3, 0.05),
)
SPREAD = Reflex(
    lift=0.0,
    sway=0.04,
    sway_lead=0.8,
    lean=0.04,
    lean_speed=0.1,
    ankle_pitch=(0.4, 0.05),
    swing_pitch=(0.4, 0.05, 0.2),
    stance_pitch=0.3,
    stance_roll=(0.4, 0.04),
    swing_roll=(0.4, 0.05, 0.2),
    ankle_roll=(0.3, 0.04),
    turn=0.1,
    stance_pitch_rate=0.05,
)
ELITE = 0.1
"""Share of the worlds that the next generation follows."""


def flatten(reflex: Reflex) -> Array:
    """Returns all gains in one vector."""
    return np.concatenate([np.atleast_1d(value) for value in astuple(reflex)])


def unflatten(vector: Sequence[float]) -> Reflex:
    """Returns the reflex of a vector of :func:`flatten`."""
    values, rest = [], [float(v) for v in vector]
    for value in astuple(START):
        size = np.size(value)
        head, rest = rest[:size], rest[size:]
        values.append(tuple(head) if isinstance(value, tuple) else head[0])
    return Reflex(*values)


@dataclass(frozen=True, eq=False)
class _Tried(Gait):
    """Another gait in each world: matrix (worlds, FEATURES, joints), lead (worlds,)."""

    def stance(self, body: Array) -> Array:
        """Returns joint offsets (worlds, joints) [rad] of robots that stand."""
        felt = np.stack((np.ones(len(body)), body[:, 3], body[:, 1], body[:, 4], body[:, 0]), -1)
        return np.einsum("nf,nfj->nj", felt, self.matrix[:, STANCE])


class ReflexTrial:
    """A batch of worlds that walk with given reflexes and nothing else."""

    def __init__(self, robot: Humanoid, worlds: int, seed: int, threads: int = 2, commands: Array = COMMANDS) -> None:
        self.robot, self.worlds, self.commands = robot, worlds, commands
        self.rng = np.random.default_rng(seed)
        model = humanoid_spec(robot, freeze=True).compile()
        self.simulation = BatchSimulation([model], worlds, 3, threads)
        joints = [model.joint(name) for name in robot.joints]
        self._q = [int(j.qposadr[0]) for j in joints]
        self._v = [int(j.dofadr[0]) for j in joints]
        names = [model.actuator(i).name for i in range(model.nu)]
        self._u = [names.index(name) for name in robot.joints]
        self._home = home_pose(robot)
        self.lowest = 0.64 * robot.height
        """A pelvis below has fallen [m]."""

    def score(self, reflexes: Sequence[Reflex], steps: int = 200, noise: float = 0.05) -> tuple[Array, Array]:
        """Returns scores and whether each world still stands, both (worlds,).

        A step on the feet scores 1, and up to 1.5 more the closer velocity and turning rate are to the command.

        Args:
            reflexes: One for each world.
            steps: Length of the trial in control steps.
            noise: Standard deviation of the disturbance of each leg joint's target [rad].
        """
        matrices = np.stack([gait_matrix(self.robot, reflex) for reflex in reflexes])
        leads = np.array([reflex.sway_lead for reflex in reflexes])
        tried = _Tried(matrices, gait(self.robot, Reflex()).odometry, leads)
        sim, n, legs = self.simulation, self.worlds, list(self.robot.legs)
        self._start()
        standing, total = np.ones(n, bool), np.zeros(n)
        control = np.zeros((n, sim.model.nu))
        for _ in range(steps):
            offset = self._offsets(tried, self._body())
            offset[:, legs] += noise * self.rng.standard_normal((n, len(legs)))
            control[:, self._u] = self._home + offset
            sim.step(control)
            standing &= self._stands()
            total += standing * self._worth()
            if not standing.any():
                break
        return total / steps, standing

    def _offsets(self, tried: _Tried, body: Array) -> Array:
        """Returns the joint offsets (worlds, d) [rad] of a step with the clock's next one."""
        gate, legs = walking_gate(self._command), tried.odometry.sense(body, self._phase >= 0.5)
        basis = tried.basis(body, self._phase, self._command, (gate, gate), legs)
        self._phase = (self._phase + GAIT_FREQUENCY * self.simulation.timestep) % 1.0
        return np.einsum("nf,nfj->nj", basis, tried.matrix)

    def _start(self) -> None:
        sim, n = self.simulation, self.worlds
        self._command = self.commands[np.arange(n) % len(self.commands)]
        self._phase = 0.5 * self.rng.integers(0, 2, n)
        qpos = np.tile(sim.model.qpos0, (n, 1))
        qpos[:, self._q] = self._home + self.rng.uniform(-0.05, 0.05, (n, len(self._q)))
        qpos[:, 2] = self.robot.height
        qvel = np.zeros((n, sim.model.nv))
        qvel[:, :2] = self.rng.uniform(-0.15, 0.15, (n, 2))
        sim.reset(np.arange(n), qpos, qvel)

    def _body(self) -> Array:
        sim = self.simulation
        return Proprioception(
            gyro=sim.qvel[:, 3:6],
            gravity=rotate_back(sim.qpos[:, 3:7], np.array([0.0, 0.0, -1.0])),
            position=sim.qpos[:, self._q] - self._home,
            velocity=sim.qvel[:, self._v],
            action=np.zeros((self.worlds, len(self._q))),
        ).vector()

    def _stands(self) -> NDArray[np.bool_]:
        sim = self.simulation
        upright = rotate_back(sim.qpos[:, 3:7], np.array([0.0, 0.0, -1.0]))[:, 2] < -0.6
        return upright & (sim.qpos[:, 2] > self.lowest) & np.isfinite(sim.qvel).all(-1)

    def _worth(self) -> Array:
        sim, command = self.simulation, self._command
        velocity = rotate_back(sim.qpos[:, 3:7], sim.qvel[:, :3])
        miss = np.square(velocity[:, :2] - command[:, :2]).sum(-1)
        turning = np.square(sim.qvel[:, 5] - command[:, 2])
        return 1.0 + np.exp(-miss / 0.1) + 0.5 * np.exp(-turning / 0.25)


class SquatTrial(ReflexTrial):
    """A batch of worlds that squat to heights of their own with given reflexes and the table of poses, and stay there.

    On the feet scores 1, and up to 1.5 more the closer height and tilt are to the table's.
    """

    def __init__(self, robot: Humanoid, worlds: int, seed: int, threads: int = 2) -> None:
        super().__init__(robot, worlds, seed, threads, np.zeros((1, 3)))
        lowest = SquatFunction(robot, gait(robot, Reflex())).lowest
        self.lowest, self._deepest = 0.7 * lowest, lowest - robot.height

    def _start(self) -> None:
        super()._start()
        self._final, self._change = self.rng.uniform(self._deepest, 0.0, self.worlds), np.zeros(self.worlds)

    def _offsets(self, tried: _Tried, body: Array) -> Array:
        step = DESCENT * self.simulation.timestep
        self._change += np.clip(self._final - self._change, -step, step)
        self._function = SquatFunction(self.robot, tried)
        return self._function.offsets(body, self._change[:, None])

    def _worth(self) -> Array:
        sim = self.simulation
        low = np.abs(self.robot.height + self._change - sim.qpos[:, 2])
        down = rotate_back(sim.qpos[:, 3:7], np.array([0.0, 0.0, -1.0]))[:, :2]
        down[:, :1] -= self._function.tilt(self._change[:, None])
        return 1.0 + np.exp(-low / 0.03) + 0.5 * np.exp(-np.square(down).sum(-1) / 0.02)


def search(
    trial: ReflexTrial,
    generations: int = 15,
    start: Reflex = START,
    each: Callable[[int, float, float, Reflex], None] | None = None,
) -> Reflex:
    """Returns the reflex found; ``each`` hears generation, mean score of all and of the elite, and the present mean."""
    mean, spread = flatten(start), flatten(SPREAD)
    free = spread > 0
    for generation in range(generations):
        gains = mean + spread * trial.rng.standard_normal((trial.worlds, mean.size))
        score, _ = trial.score([unflatten(g) for g in gains])
        best = np.argsort(-score)[: round(ELITE * trial.worlds)]
        mean = np.where(free, 0.2 * mean + 0.8 * gains[best].mean(0), mean)
        spread = 0.3 * spread + 0.7 * gains[best].std(0)
        if each:
            each(generation, float(score.mean()), float(score[best].mean()), unflatten(mean))
    return unflatten(mean)


__all__ = ["COMMANDS", "FEATURES", "ReflexTrial", "SquatTrial", "flatten", "search", "unflatten"]
