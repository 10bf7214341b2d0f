"""Pictures from PyBullet's software renderer."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from pybullet_utils.bullet_client import BulletClient

from robomatrix.hardware.driver import Array
from robomatrix.hardware.simulated.engine import Pose
from robomatrix.scenes.catalogue import SKY
from robomatrix.scenes.layout import Layout, Light

NEAR, FAR = 0.01, 20.0
"""What is nearer or further is not drawn [m]."""
BACKGROUND = 0.99999
"""Depth value beyond which nothing was drawn."""


def paint_view(
    client: BulletClient, light: Light, optical: Pose, fov: float, width: int, height: int
) -> NDArray[np.uint8]:
    """Returns the (height, width, 3) RGB picture seen from an optical frame.

    Args:
        client: The physics server.
        light: Of the room.
        optical: Frame with z forward and y down.
        fov: Vertical angle of view [rad].
        width: [px].
        height: [px].
    """
    forward, up = optical.rotation[:, 2], -optical.rotation[:, 1]
    view = client.computeViewMatrix(optical.position.tolist(), (optical.position + forward).tolist(), up.tolist())
    projection = client.computeProjectionMatrixFOV(math.degrees(fov), width / height, NEAR, FAR)
    _, _, colours, depth, _ = client.getCameraImage(
        width,
        height,
        view,
        projection,
        lightDirection=[3.0 * math.cos(light.azimuth), 3.0 * math.sin(light.azimuth), 6.0],
        lightColor=[min(1.0, t) for t in light.tint],
        lightAmbientCoeff=light.ambient,
        lightDiffuseCoeff=light.diffuse,
        lightSpecularCoeff=0.0,
        shadow=0,
        renderer=client.ER_TINY_RENDERER,
        flags=client.ER_NO_SEGMENTATION_MASK,
    )
    image = np.array(colours, np.uint8).reshape(height, width, 4)[..., :3]
    image[np.asarray(depth).reshape(height, width) > BACKGROUND] = _sky(light)
    return image


def _sky(light: Light) -> Array:
    return 255.0 * np.clip(np.array(SKY) * light.tint, 0.0, 1.0)


def paint_overview(client: BulletClient, layout: Layout, width: int, height: int) -> NDArray[np.uint8]:
    """Returns the room from above one side."""
    room_width, depth = layout.size
    up, tilt = 0.78 * max(room_width, depth), math.radians(32)
    right = np.array([1.0, 0.0, 0.0])
    forward = np.array([0.0, math.sin(tilt), -math.cos(tilt)])
    pose = Pose(
        np.array([0.0, -up * math.tan(tilt) - 0.1 * depth, up]), np.stack([right, np.cross(forward, right), forward], 1)
    )
    return paint_view(client, layout.light, pose, math.radians(60.0), width, height)
