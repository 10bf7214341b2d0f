"""Pictures of SkillBench: for each task a clip, and a strip of one rollout over the error of all against time."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
from numpy.typing import NDArray

from robomatrix.evaluation.skillbench import SEEDS, Act, roll
from robomatrix.hardware.mujoco.humanoid_driver import OVERVIEW, add_overview
from robomatrix.hardware.mujoco.painter import Painter
from robomatrix.hardware.mujoco.skillbench import bench_spec
from robomatrix.motions.video import contact_sheet, write_video
from robomatrix.robots.humanoid import humanoid
from robomatrix.skills.skillblender.views import view_of
from robomatrix.training.skillblender.env import HumanoidEnv

Array = NDArray[np.float64]
Image = NDArray[np.uint8]
FRAMES, WIDTH, HEIGHT = 8, 200, 220
"""Pictures of a strip and their size [pixels]."""
STEP = 0.02
"""Of control [s]."""
EVERY = 5
"""Control steps from one picture of a clip to the next."""
GLASS = 0.25
"""Opacity of a wall between the camera and the robot."""
PLOT = 160
"""Height of the plot [pixels]."""


def picture(robot: str, name: str, act: Act, folder: Path) -> None:
    """Writes ``<robot>_<task>.png`` and ``<robot>_<task>.mp4`` of a policy's rollouts on the first seed."""
    import cv2

    states: list[Array] = []
    found = roll(robot, name, act, SEEDS[0], watch=lambda env: states.append(_first(env)))
    body = humanoid(robot)
    spec = bench_spec(body, view_of(name).scene, freeze=True)
    add_overview(spec, body.height)
    if (wall := spec.geom("wall")) is not None:
        wall.rgba[3] = GLASS
    painter, data = Painter(model := spec.compile()), mujoco.MjData(model)
    images = [_drawn(painter, model, data, qpos) for qpos in states[::EVERY]]
    painter.close()
    chosen = [images[i] for i in np.linspace(0, len(images) - 1, FRAMES).astype(int)]
    sheet = np.concatenate([contact_sheet(chosen, FRAMES), curve(found.track, view_of(name).threshold)])
    folder.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / f"{robot}_{name}.png"), sheet[:, :, ::-1])
    write_video(images, folder / f"{robot}_{name}.mp4", 1.0 / (STEP * EVERY))


def _first(env: HumanoidEnv) -> Array:
    return env.simulation.qpos[0].copy()


def _drawn(painter: Painter, model: mujoco.MjModel, data: mujoco.MjData, qpos: Array) -> Image:
    data.qpos[:] = qpos
    mujoco.mj_forward(model, data)
    return painter.paint(data, OVERVIEW, WIDTH, HEIGHT).copy()


def curve(track: Array, threshold: float) -> Image:
    """Returns a plot (PLOT, FRAMES * WIDTH, 3) of errors over time (steps, n).

    Each rollout is grey, their mean blue, the threshold red.
    """
    import cv2

    image = np.full((PLOT, FRAMES * WIDTH, 3), 255, np.uint8)
    top = 1.05 * max(float(track.max()), threshold)
    across = np.linspace(0, FRAMES * WIDTH - 1, len(track))

    def line(values: Array, colour: tuple[int, int, int], thick: int) -> None:
        points = np.stack([across, (PLOT - 1) * (1.0 - values / top)], -1).round().astype(np.int32)
        cv2.polylines(image, [points], False, colour, thick, cv2.LINE_AA)

    for values in track.T:
        line(values, (205, 205, 205), 1)
    line(track.mean(1), (40, 80, 200), 2)
    line(np.full(len(track), threshold), (210, 50, 40), 1)
    seconds, mean = len(track) * STEP, float(track[-1].mean())
    text = f"error over {seconds:.0f} s, 0 to {top:.2f}; mean at the end {mean:.3f}, threshold {threshold:g}"
    cv2.putText(image, text, (8, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (20, 20, 20), 1, cv2.LINE_AA)
    return image
