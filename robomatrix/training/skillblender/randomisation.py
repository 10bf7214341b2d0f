"""Domain randomisation: pushes, delay, noise, and variants of the model in friction and mass."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from robomatrix.hardware.mujoco.skillbench import OBJECT


@dataclass(frozen=True)
class Randomisation:
    """Ranges; zero switches a part off."""

    variants: int = 64
    """Models that differ in friction and mass, dealt to the worlds in turn."""
    friction: tuple[float, float] = (0.6, 1.6)
    """Sliding friction of the floor."""
    mass: float = 3.0
    """Added to or taken from the torso, at most [kg]."""
    push_interval: float = 4.0
    """Mean time between pushes [s]."""
    push_speed: float = 0.2
    """Largest change of the horizontal velocity, each axis [m/s]."""
    push_spin: float = 0.4
    """Largest change of the angular velocity, each axis [rad/s]."""
    delay: float = 0.5
    """Largest latency of an action in control steps, up to 1; 0.5 is the paper's 10 ms."""
    noise: float = 0.6
    """Level of the observation noise."""
    reset_angle: float = 0.05
    """Of each joint at the start [rad]."""
    reset_speed: float = 0.2
    """Of the pelvis at the start, each axis [m/s]."""
    load: tuple[float, float] | None = None
    """Mass of the task's object [kg]; None leaves the model's."""


NOMINAL = Randomisation(
    variants=1, friction=(1.0, 1.0), mass=0.0, push_speed=0.0, push_spin=0.0, delay=0.0, noise=0.0, reset_speed=0.0
)
"""Nothing random but a little of the first pose."""


def variants(spec: mujoco.MjSpec, ranges: Randomisation, seed: int) -> list[mujoco.MjModel]:
    """Returns models of equal sizes with friction and torso mass drawn from the ranges."""
    rng = np.random.default_rng(seed)
    models = []
    for _ in range(max(1, ranges.variants)):
        model = spec.compile()
        model.geom("floor").friction[0] = rng.uniform(*ranges.friction)
        model.body("torso_link").mass[0] += rng.uniform(-ranges.mass, ranges.mass)
        if ranges.load is not None:
            _load(model, rng.uniform(*ranges.load))
        mujoco.mj_setConst(model, mujoco.MjData(model))
        models.append(model)
    return models


def _load(model: mujoco.MjModel, mass: float) -> None:
    """Gives the task's object another mass, evenly spread as before."""
    body = model.body(OBJECT)
    body.inertia[:] *= mass / body.mass[0]
    body.mass[0] = mass
