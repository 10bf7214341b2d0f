"""Pictures of motions: a clip's skeleton beside the robot that follows it, and any track of simulator states."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import ConfigurationError
from robomatrix.motions.clip import Clip
from robomatrix.motions.retarget import RobotMotion

if TYPE_CHECKING:
    import mujoco

Array = NDArray[np.float64]
Image = NDArray[np.uint8]
BONES = (
    ("Pelvis", "L_Hip"), ("L_Hip", "L_Knee"), ("L_Knee", "L_Ankle"), ("L_Ankle", "L_Toe"),
    ("Pelvis", "R_Hip"), ("R_Hip", "R_Knee"), ("R_Knee", "R_Ankle"), ("R_Ankle", "R_Toe"),
    ("Pelvis", "Spine"), ("Spine", "Chest"), ("Chest", "Neck"), ("Neck", "Head"),
    ("Chest", "L_Shoulder"), ("L_Shoulder", "L_Elbow"), ("L_Elbow", "L_Wrist"), ("L_Wrist", "L_Middle3"),
    ("Chest", "R_Shoulder"), ("R_Shoulder", "R_Elbow"), ("R_Elbow", "R_Wrist"), ("R_Wrist", "R_Middle3"),
)  # fmt: skip
BALL_RADIUS = 0.12


class Stage:
    """Draws states of a model from one side, with a skeleton beside it where one is given."""

    def __init__(self, model: mujoco.MjModel, width: int = 480, height: int = 480) -> None:
        import mujoco

        model.vis.global_.offwidth = max(model.vis.global_.offwidth, width)
        model.vis.global_.offheight = max(model.vis.global_.offheight, height)
        self.model, self.data = model, mujoco.MjData(model)
        self.renderer = mujoco.Renderer(model, height, width)
        self.view = mujoco.MjvCamera()
        self.view.distance, self.view.azimuth, self.view.elevation = 3.4, 60.0, -10.0
        self.aim = np.array([0.0, 0.0, 0.9])
        """(3,) what the camera looks at, from under the pelvis [m]."""

    def draw(
        self, qpos: Array, bones: Array | None = None, balls: Sequence[Array] = (), turn: float = 0.0
    ) -> Image:  # fmt: skip
        """Returns a picture of a state.

        Args:
            qpos: (nq,) or its first entries.
            bones: (B, 2, 3) ends of a skeleton's bones [m].
            balls: (3,) each; pale balls: the skeleton's, or where the ball was before [m].
            turn: added to the camera's azimuth [degrees].
        """
        import mujoco

        self.data.qpos[: len(qpos)] = qpos
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_camlight(self.model, self.data)
        self.view.lookat[:] = [*qpos[:2], 0.0] + self.aim
        azimuth = self.view.azimuth
        self.view.azimuth = azimuth + turn
        self.renderer.update_scene(self.data, self.view)
        self.view.azimuth = azimuth
        for start, end in bones if bones is not None else ():
            self._bone(start, end)
        for ball in balls:
            self._ball(ball)
        return self.renderer.render()

    def _geom(self) -> mujoco.MjvGeom:
        scene = self.renderer.scene
        scene.ngeom += 1
        return scene.geoms[scene.ngeom - 1]

    def _bone(self, start: Array, end: Array) -> None:
        import mujoco

        geom, colour = self._geom(), np.array([0.1, 0.6, 0.35, 1.0], np.float32)
        mujoco.mjv_initGeom(geom, mujoco.mjtGeom.mjGEOM_CAPSULE, np.zeros(3), np.zeros(3), np.zeros(9), colour)
        mujoco.mjv_connector(geom, mujoco.mjtGeom.mjGEOM_CAPSULE, 0.02, start, end)

    def _ball(self, centre: Array) -> None:
        import mujoco

        size, colour = np.full(3, BALL_RADIUS), np.array([0.95, 0.7, 0.3, 0.7], np.float32)
        mujoco.mjv_initGeom(self._geom(), mujoco.mjtGeom.mjGEOM_SPHERE, size, centre, np.eye(3).ravel(), colour)

    def close(self) -> None:
        """Frees the off-screen context."""
        self.renderer.close()


def skeleton(clip: Clip, frame: int, offset: Array) -> Array:
    """Returns (B, 2, 3) bones of one frame, moved by ``offset`` (3,) [m]."""
    names = [bone for bone in BONES if bone[0] in clip.bodies and bone[1] in clip.bodies]
    return np.array([[clip.body(a)[frame] + offset, clip.body(b)[frame] + offset] for a, b in names]).reshape(-1, 2, 3)


def comparison(clip: Clip, motion: RobotMotion, model: mujoco.MjModel, frames: Sequence[int]) -> list[Image]:
    """Returns pictures of the robot with the clip's skeleton a step aside."""
    stage, offset = Stage(model), np.array([0.0, 1.0, 0.0])
    images = [
        stage.draw(_with_ball(model, motion, f), skeleton(clip, f, offset), [clip.ball_position[f] + offset])
        for f in frames
    ]
    stage.close()
    return images


def _with_ball(model: mujoco.MjModel, motion: RobotMotion, frame: int) -> Array:
    ball = [*motion.ball_position[frame], *motion.ball_orientation[frame]]
    return np.concatenate([motion.qpos[frame], ball]) if model.nq > motion.qpos.shape[1] else motion.qpos[frame]


def write_video(images: Sequence[Image], path: Path, rate: float) -> None:
    """Writes an MP4. Raises ConfigurationError when there is nothing to write or no encoder."""
    import cv2

    if not images:
        raise ConfigurationError(f"{path}: no frames to write")
    height, width = images[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), rate, (width, height))
    if not writer.isOpened():
        raise ConfigurationError(f"{path}: cannot be written as an MP4")
    for image in images:
        writer.write(np.ascontiguousarray(image[:, :, ::-1]))
    writer.release()


def contact_sheet(images: Sequence[Image], columns: int) -> Image:
    """Returns the images in rows of ``columns``; the last row is filled with white."""
    blank = np.full_like(images[0], 255)
    filled = [*images, *[blank] * (-len(images) % columns)]
    rows = [np.concatenate(filled[i : i + columns], axis=1) for i in range(0, len(filled), columns)]
    return np.concatenate(rows, axis=0)
