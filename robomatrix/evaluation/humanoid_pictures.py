"""Pictures of the humanoid's primitives: a film, some of its frames in a row, and goal against achieved over time."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import mujoco
import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import UnknownNameError
from robomatrix.evaluation.skillblender import Trial, planar_velocity
from robomatrix.hardware.mujoco.humanoid import FLOOR
from robomatrix.motions.video import Stage, contact_sheet, write_video
from robomatrix.robots.humanoid import humanoid
from robomatrix.skills.skillblender.library import Policy
from robomatrix.training.skillblender.env import HumanoidEnv, Task
from robomatrix.training.skillblender.randomisation import NOMINAL
from robomatrix.training.skillblender.standing import Reach, ReachRanges, Squat
from robomatrix.training.skillblender.step import Step, StepRanges
from robomatrix.training.skillblender.walk import Walk, WalkRanges

Array = NDArray[np.float64]
Image = NDArray[np.uint8]
Curves = Mapping[str, tuple[float, float]]
"""Name with unit to (goal, achieved) of this moment."""
SIDE = 320
"""Of a picture [pixels]."""
FRAMES = 6
"""Pictures in a row."""
PANEL = (900, 130)
"""Width and height of one curve's chart [pixels]."""
SMOOTH = 36
"""Control steps over which velocities are averaged: one gait cycle."""
RUNNING = 20
"""Iterations of a learning curve's running mean."""
FLOOR_COLOUR = (0.85, 0.87, 0.85, 1.0)
GREY, BLUE, INK = (150, 150, 150), (30, 90, 200), (20, 20, 20)


@dataclass(frozen=True, eq=False)
class Film:
    """What one robot did."""

    dt: float
    """Of a control step [s]."""
    qpos: Array
    """(steps, nq)."""
    curves: Mapping[str, Array]
    """Name with unit to (steps, 2): goal and achieved."""


def _walk(policy: Policy) -> tuple[Task, Callable[[HumanoidEnv], Curves]]:
    task = Walk(humanoid(policy.spec.robot), 1, WalkRanges(hold=(3.0, 3.0), standing=0.0, moving_arms=0.0, ramped=0.0))

    def curves(env: HumanoidEnv) -> Curves:
        names = ("vx [m/s]", "vy [m/s]", "wz [rad/s]")
        pairs = zip(task.command[0], planar_velocity(env)[0], strict=True)
        return dict(zip(names, pairs, strict=True))

    return task, curves


def _reach(policy: Policy) -> tuple[Task, Callable[[HumanoidEnv], Curves]]:
    task = Reach(policy.function, 1, ReachRanges(hold=(2.0, 2.0), rest=0.1))

    def curves(env: HumanoidEnv) -> Curves:
        pairs = ((side, k) for side in (0, 1) for k in range(3))
        hands = env.signals.hands[0]
        return {f"{('left', 'right')[s]} hand {'xyz'[k]} [m]": (task.target[0, s, k], hands[s, k]) for s, k in pairs}

    return task, curves


def _squat(policy: Policy) -> tuple[Task, Callable[[HumanoidEnv], Curves]]:
    task, height = Squat(policy.function, 1), humanoid(policy.spec.robot).height

    def curves(env: HumanoidEnv) -> Curves:
        return {"height [m]": (height + task.change[0], env.signals.position[0, 2])}

    return task, curves


def _step(policy: Policy) -> tuple[Task, Callable[[HumanoidEnv], Curves]]:
    task = Step(humanoid(policy.spec.robot), 1, StepRanges(hold=(2.5, 2.5)))

    def curves(env: HumanoidEnv) -> Curves:
        pairs, feet = ((side, k) for side in (0, 1) for k in range(2)), env.signals.feet[0]
        places = {f"{('left', 'right')[s]} foot {'xy'[k]} [m]": (task.target[0, s, k], feet[s, k]) for s, k in pairs}
        return places | {"highest sole [m]": (0.0, feet[:, 2].max())}

    return task, curves


SCENES = {"walk": _walk, "reach": _reach, "squat": _squat, "step": _step}


def film(policy: Policy, seconds: float = 15.0, seed: int = 1000) -> Film:
    """Returns what a primitive does with random goals and no disturbance; UnknownNameError if it is none."""
    if policy.spec.name not in SCENES:
        raise UnknownNameError("primitive", policy.spec.name, SCENES)
    task, curves = SCENES[policy.spec.name](policy)
    trial = Trial(policy, task, 1, NOMINAL, seed)
    states: list[Array] = []
    values: dict[str, list[tuple[float, float]]] = {}
    for _ in range(round(seconds / trial.env.dt)):
        trial.step()
        states.append(trial.env.simulation.qpos[0].copy())
        for name, pair in curves(trial.env).items():
            values.setdefault(name, []).append(pair)
    found = {name: np.array(pairs) for name, pairs in values.items()}
    for name, pairs in found.items():
        if policy.spec.name == "walk":
            kernel = np.ones(SMOOTH) / SMOOTH
            found[name] = np.stack([pairs[:, 0], np.convolve(pairs[:, 1], kernel)[: len(pairs)]], -1)
    return Film(trial.env.dt, np.array(states), found)


def chart(shown: Film) -> Image:
    """Returns goal (grey) and achieved (blue) over time, a panel for each curve."""
    rows = shown.curves.items()
    return np.concatenate([_panel(f"{name}, 0 to {len(pairs) * shown.dt:.0f} s", pairs) for name, pairs in rows])


def learning_chart(progress: Path, names: Sequence[str]) -> Image:
    """Returns columns of a training's progress.csv over its samples: every iteration grey, their running mean blue."""
    with progress.open(newline="") as file:
        rows = list(csv.DictReader(file))
    samples = float(rows[-1]["samples"]) / 1e6
    panels = []
    for name in names:
        values = np.array([float(row[name]) for row in rows])
        values = values[np.isfinite(values)]
        mean = np.convolve(values, np.ones(RUNNING) / RUNNING, mode="valid")
        mean = np.concatenate([np.full(len(values) - len(mean), mean[0]), mean])
        panels.append(_panel(f"{name}, 0 to {samples:.1f} M samples", np.stack([values, mean], -1)))
    return np.concatenate(panels)


def _panel(label: str, pairs: Array) -> Image:
    import cv2

    width, height = PANEL
    image = np.full((height, width, 3), 255, np.uint8)
    low, high = float(pairs.min()), float(pairs.max())
    spare = max(0.05, 0.1 * (high - low))
    low, high = low - spare, high + spare
    x = np.linspace(60, width - 10, len(pairs))
    for column, colour in ((0, GREY), (1, BLUE)):
        y = (height - 10) - (pairs[:, column] - low) / (high - low) * (height - 20)
        line = np.stack([x, y], -1).round().astype(np.int32)
        cv2.polylines(image, [line.reshape(-1, 1, 2)], False, colour, 2, cv2.LINE_AA)
    for text, place in ((f"{high:.2f}", (4, 18)), (f"{low:.2f}", (4, height - 8)), (label, (70, 18))):
        cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, INK, 1, cv2.LINE_AA)
    return image


def _stage(model: mujoco.MjModel) -> Stage:
    stage = Stage(model, SIDE, SIDE)
    model.vis.headlight.ambient[:], model.vis.headlight.diffuse[:] = 0.45, 0.6
    model.geom(FLOOR).rgba[:] = FLOOR_COLOUR
    stage.view.distance = 2.4
    return stage


def write_pictures(policy: Policy, folder: Path, seconds: float = 15.0) -> list[Path]:
    """Writes film (MP4), frames in a row and chart (PNG) of a primitive; returns their paths."""
    import cv2

    folder.mkdir(parents=True, exist_ok=True)
    task, _ = SCENES[policy.spec.name](policy)
    shown = film(policy, seconds)
    stage = _stage(Trial(policy, task, 1, NOMINAL, 0).env.simulation.model)
    images = [stage.draw(state) for state in shown.qpos[::2]]
    stage.close()
    row = contact_sheet(images[:: max(1, len(images) // FRAMES)][:FRAMES], FRAMES)
    stem = folder / f"{policy.spec.robot}_{policy.spec.name}"
    paths = [stem.with_name(f"{stem.name}{end}") for end in (".mp4", ".png", "_curves.png")]
    write_video(images, paths[0], 0.5 / shown.dt)
    for path, image in zip(paths[1:], (row, chart(shown)), strict=True):
        cv2.imwrite(str(path), np.ascontiguousarray(image[:, :, ::-1]))
    return paths
