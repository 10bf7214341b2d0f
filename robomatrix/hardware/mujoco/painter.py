"""Off-screen pictures of a MuJoCo world."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

LARGEST = (1920, 1080)
"""Width and height of the largest picture [px]."""


class Painter:
    """Draws pictures; one off-screen context for each picture size, made when first asked for."""

    def __init__(self, model: mujoco.MjModel) -> None:
        self._model = model
        self._renderers: dict[tuple[int, int], mujoco.Renderer] = {}
        model.vis.global_.offwidth, model.vis.global_.offheight = LARGEST

    def paint(self, data: mujoco.MjData, camera: str, width: int, height: int) -> NDArray[np.uint8]:
        """Returns the (height, width, 3) RGB picture of a camera of the model."""
        renderer = self._renderers.get((width, height))
        if renderer is None:
            renderer = self._renderers[(width, height)] = mujoco.Renderer(self._model, height, width)
            for flag in (mujoco.mjtRndFlag.mjRND_SHADOW, mujoco.mjtRndFlag.mjRND_REFLECTION):
                renderer.scene.flags[flag] = False
        renderer.update_scene(data, camera)
        return renderer.render()

    def close(self) -> None:
        """Frees the contexts; idempotent."""
        for renderer in self._renderers.values():
            renderer.close()
        self._renderers.clear()
