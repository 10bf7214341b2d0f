"""A camera that hangs: it repeats its last image with new stamps, while the base moves on."""

from __future__ import annotations

import numpy as np

from robomatrix.hardware.driver import CameraFrame, Odometry

_MOVED = 0.02
"""From how far the base has moved on an image cannot be the same to the pixel [m], [rad]."""


class RepeatedImages:
    """Tells images that were seen before from new ones, by their pixels and the odometry."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def seen(self, frame: CameraFrame, odometry: Odometry) -> bool:
        """Returns whether a camera's image is the one before although the base has moved since that was new."""
        pose = np.array([*odometry.position[:2], odometry.yaw])
        last = self._last.get(frame.camera)
        if last is None or not np.array_equal(last[0], frame.image):
            self._last[frame.camera] = frame.image, pose
            return False
        moved = pose - last[1]
        moved[2] = np.arctan2(np.sin(moved[2]), np.cos(moved[2]))
        return bool(np.abs(moved).max() > _MOVED)
