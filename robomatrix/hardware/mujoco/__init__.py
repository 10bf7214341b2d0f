"""The MuJoCo driver. Without a display MuJoCo draws off-screen through EGL unless ``MUJOCO_GL`` says otherwise."""

import os

if not os.environ.get("DISPLAY"):
    os.environ.setdefault("MUJOCO_GL", "egl")

from robomatrix.hardware.mujoco.driver import MujocoDriver

__all__ = ["MujocoDriver"]
