"""Finds a robot's balance reflex by the cross-entropy method: each world of a batch tries its own gains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple

import numpy as np
from numpy.typing import NDArray

from robomatrix.hardware.mujoco.humanoid import home_pose, humanoid_spec
from robomatrix.robots.humanoid import Humanoid
from robomatrix.skills.skillblender.feedforward import FEATURES, GAIT_FREQUENCY, Reflex, gait, gait_matrix, walking_gate
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
STILL = np.zeros((1, 3))
"""The command for the reflex of the skills that stand."""
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
        walk = gait(self.robot, Reflex())
        object.__setattr__(walk, "sway_lead", leads)
        sim, n, legs = self.simulation, self.worlds, list(self.robot.legs)
        self._start()
        command = self.commands[np.arange(n) % len(self.commands)]
        phase, gate = 0.5 * self.rng.integers(0, 2, n), walking_gate(command)
        standing, total = np.ones(n, bool), np.zeros(n)
        control = np.zeros((n, sim.model.nu))
        for _ in range(steps):
            body = self._body()
            basis = walk.basis(body, phase, command, (gate, gate), walk.odometry.sense(body, phase >= 0.5))
            offset = np.einsum("nf,nfj->nj", basis, matrices)
            offset[:, legs] += noise * self.rng.standard_normal((n, len(legs)))
            control[:, self._u] = self._home + offset
            sim.step(control)
            phase = (phase + GAIT_FREQUENCY * sim.timestep) % 1.0
            standing &= self._stands()
            total += standing * self._worth(command)
            if not standing.any():
                break
        return total / steps, standing

    def _start(self) -> None:
        sim, n = self.simulation, self.worlds
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
        return upright & (sim.qpos[:, 2] > 0.64 * self.robot.height) & np.isfinite(sim.qvel).all(-1)

    def _worth(self, command: Array) -> Array:
        sim = self.simulation
        velocity = rotate_back(sim.qpos[:, 3:7], sim.qvel[:, :3])
        miss = np.square(velocity[:, :2] - command[:, :2]).sum(-1)
        turning = np.square(sim.qvel[:, 5] - command[:, 2])
        return 1.0 + np.exp(-miss / 0.1) + 0.5 * np.exp(-turning / 0.25)


def search(
    robot: Humanoid,
    generations: int = 15,
    worlds: int = 512,
    seed: int = 1,
    start: Reflex = START,
    commands: Array = COMMANDS,
    threads: int = 2,
    each: Callable[[int, float, float, Reflex], None] | None = None,
) -> Reflex:
    """Returns the reflex found; ``each`` hears generation, mean score of all and of the elite, and the present mean."""
    trial = ReflexTrial(robot, worlds, seed, threads, commands)
    mean, spread = flatten(start), flatten(SPREAD)
    free = spread > 0
    for generation in range(generations):
        gains = mean + spread * trial.rng.standard_normal((worlds, mean.size))
        score, _ = trial.score([unflatten(g) for g in gains])
        best = np.argsort(-score)[: round(ELITE * worlds)]
        mean = np.where(free, 0.2 * mean + 0.8 * gains[best].mean(0), mean)
        spread = 0.3 * spread + 0.7 * gains[best].std(0)
        if each:
            each(generation, float(score.mean()), float(score[best].mean()), unflatten(mean))
    return unflatten(mean)


__all__ = ["COMMANDS", "FEATURES", "ReflexTrial", "flatten", "search", "unflatten"]
