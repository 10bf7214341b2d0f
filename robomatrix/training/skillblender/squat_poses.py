"""Tables of balanced squats: feet flat, centre of mass over the soles, the pelvis as upright as the joints allow."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import ConfigurationError
from robomatrix.hardware.mujoco.humanoid import home_pose, humanoid_spec
from robomatrix.robots.humanoid import Humanoid
from robomatrix.robots.loader import load_robot
from robomatrix.skills.skillblender.squats import SquatTable

Array = NDArray[np.float64]
TILTS = np.arange(0.0, 0.9, 0.01)
"""Pitches of the pelvis that are tried, the smallest first [rad]."""
MARGIN = 0.02
"""To the joints' limits [rad]."""


class _Body:
    """The frozen model in a symmetric pose: hip pitch, knee, ankle pitch of both legs, and the pelvis' pitch."""

    def __init__(self, robot: Humanoid) -> None:
        self.robot = robot
        self.model = humanoid_spec(robot, freeze=True).compile()
        self.data = mujoco.MjData(self.model)
        sides = [(robot.index(f"{s}_hip_pitch_joint"), robot.index(f"{s}_knee_joint"), robot.ankle(s)) for s in _SIDES]
        self.legs = np.array(sides)
        joints = [self.model.joint(name) for name in robot.joints]
        self._q = np.array([int(j.qposadr[0]) for j in joints])
        self._v = np.array([int(j.dofadr[0]) for j in joints])
        self.home = home_pose(robot)
        self.stiffness = np.array([self.model.actuator(name).gainprm[0] for name in robot.joints])
        description = load_robot(robot.name)
        limits = [description.joint(robot.joints[i]) for i in self.legs[0]]
        self.low, self.high = np.array([(j.lower + MARGIN, j.upper - MARGIN) for j in limits]).T

    def set(self, legs: Array, tilt: float) -> None:
        """Takes leg angles (3,) [rad] and the pelvis' pitch [rad]."""
        angles = self.home.copy()
        angles[self.legs] = legs
        self.data.qpos[:] = self.model.qpos0
        self.data.qpos[3:7] = [np.cos(0.5 * tilt), 0.0, np.sin(0.5 * tilt), 0.0]
        self.data.qpos[self._q] = angles
        mujoco.mj_forward(self.model, self.data)

    def miss(self, hip_knee: Array, tilt: float, height: float) -> Array:
        """Returns what height over the sole and centre of mass over its middle lack (2,) [m]; the feet are flat."""
        self.set(self._flat(hip_knee, tilt), tilt)
        sole = self.data.sensor("left_foot_position").data
        above = self.data.qpos[2] - sole[2]
        return np.array([above - height, self.data.subtree_com[0][0] - sole[0]])

    def _flat(self, hip_knee: Array, tilt: float) -> Array:
        return np.append(hip_knee, -tilt - hip_knee.sum())

    def solve(self, start: Array, tilt: float, height: float) -> Array:
        """Returns leg angles (3,) by Newton's method."""
        x = start[:2].copy()
        for _ in range(30):
            miss = self.miss(x, tilt, height)
            columns = [(self.miss(x + 1e-4 * e, tilt, height) - miss) / 1e-4 for e in np.eye(2)]
            x = x - np.clip(np.linalg.lstsq(np.stack(columns, 1), miss, rcond=None)[0], -0.2, 0.2)
        return self._flat(x, tilt)

    def lead(self) -> Array:
        """Returns how far the legs' servos give way in the present pose under the body's weight (3,) [rad]."""
        weight = -self.model.opt.gravity[2] * self.model.body_mass.sum()
        point = np.array([self.data.subtree_com[0][0], 0.0, 0.0])
        force = self.data.qfrc_bias.copy()
        for side, foot in zip(_SIDES, self.robot.feet, strict=True):
            sole = self.data.sensor(f"{side}_foot_position").data
            jacobian = np.zeros((3, self.model.nv))
            point[1:] = sole[1:]
            mujoco.mj_jac(self.model, self.data, jacobian, None, point, self.model.body(foot).id)
            force -= 0.5 * weight * jacobian[2]
        return (force[self._v] / self.stiffness)[self.legs[0]]


_SIDES = ("left", "right")


def squat_table(robot: Humanoid, lowest: float, spacing: float = 0.02) -> SquatTable:
    """Returns the table from standing down to a pelvis height; targets lead by what the servos give way.

    Args:
        robot: Its home pose is the first entry.
        lowest: Height of the pelvis [m].
        spacing: Between entries [m].

    Raises:
        ConfigurationError: no balanced pose is within the joints' limits at some height.
    """
    body, rows = _Body(robot), []
    home = body.home[body.legs[0]]
    legs, first = home.copy(), 0
    for change in -np.arange(0.0, robot.height - lowest + spacing, spacing):
        legs, first = _upright(body, legs, first, robot.height + change)
        rows.append([*(legs + body.lead() - home), TILTS[first]])
    return SquatTable(spacing, np.array(rows))


def _upright(body: _Body, start: Array, first: int, height: float) -> tuple[Array, int]:
    for index in range(first, len(TILTS)):
        legs = body.solve(start, TILTS[index], height)
        settled = np.abs(body.miss(legs[:2], TILTS[index], height)).max() < 1e-4
        if settled and (legs >= body.low).all() and (legs <= body.high).all():
            return legs, index
    raise ConfigurationError(f"{body.robot.name} has no balanced squat at a pelvis height of {height:.2f} m")
