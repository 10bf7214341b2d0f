"""Where episodes begin other than at home: as other skills leave the robot, feet apart and body still swinging."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from robomatrix.robots.humanoid import Humanoid, humanoid
from robomatrix.skills.skillblender.library import Policy
from robomatrix.training.skillblender.env import EnvConfig, HumanoidEnv, Starts, Task
from robomatrix.training.skillblender.randomisation import Randomisation
from robomatrix.training.skillblender.walk import Walk, WalkRanges

Array = NDArray[np.float64]
FADE = 0.6
"""In which a walk's command goes to zero [s]; as the skills do it."""
STAND = 0.6
"""Standing after that [s]."""


def after_walking(policy: Policy, worlds: int, seed: int, threads: int = 1, seconds: float = 2.5) -> Starts:
    """Walks at random commands for some seconds, stops, and returns the worlds that still stand.

    Args:
        policy: A walk.
        worlds: To walk in; each gives one start.
        seed: Of commands and disturbances.
        threads: Of the simulation.
        seconds: Of walking before the stop.
    """
    robot = humanoid(policy.spec.robot)
    task = Walk(robot, worlds, WalkRanges(moving_arms=0.0, standing=0.0, ramped=0.0, hold=(1e6, 1e6)))
    env = _env(robot, task, worlds, seed, threads)
    wanted, alive = task.command.copy(), np.ones(worlds, bool)
    for step in range(round((seconds + FADE + STAND) / env.dt)):
        task.order(wanted * np.clip(1.0 - (step * env.dt - seconds) / FADE, 0.0, 1.0))
        observation = env.observations()["actor"].numpy()
        env.advance(np.asarray(policy.network(observation), dtype=np.float64))
        alive &= ~env.fallen()
    return _taken(env, alive)


def _env(robot: Humanoid, task: Task, worlds: int, seed: int, threads: int) -> HumanoidEnv:
    config = EnvConfig(worlds, threads, episode=1e6, seed=seed, randomisation=replace(Randomisation(), variants=16))
    env = HumanoidEnv(robot, task, config)
    env.level = 0.5
    return env


def _taken(env: HumanoidEnv, chosen: NDArray[np.bool_]) -> Starts:
    env.simulation.close()
    sim = env.simulation
    return Starts(*(value[chosen].copy() for value in (sim.qpos, sim.qvel, sim.sensors, env.action)))
