"""A hand and an object in MuJoCo, many copies side by side, in the frame of the palm.

The wrist does not move; its attitude is the direction of gravity.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import ConfigurationError
from robomatrix.hardware.mujoco.hand import CENTRE, DROP_DISTANCE, OBJECT, TIMESTEP, ObjectSpec, build_model
from robomatrix.policies.dexgen.kinematics import HandKinematics
from robomatrix.robots.spec import RobotSpec

Array = NDArray[np.float64]

CONTROL_PERIOD = 0.1
"""Of the controller, as in the paper [s]."""
SUBSTEPS = round(CONTROL_PERIOD / TIMESTEP)
GRAVITY = 9.81
PALM_UP = np.array([-1.0, 0.0, 0.0])
"""Direction of gravity in the palm frame."""
SIDEWAYS = np.array([0.0, 1.0, 0.0])
PALM_DOWN = np.array([1.0, 0.0, 0.0])
ATTITUDES = {"up": PALM_UP, "sideways": SIDEWAYS, "down": PALM_DOWN}
HAND_CENTRE = np.array(CENTRE)
"""In the palm frame [m]."""


@dataclass(frozen=True, eq=False)
class Imagined:
    """The end of an imagined motion."""

    held: bool
    pose: Array
    """(7,) of the object."""
    speed: float
    """Of the object [m/s]."""


class HandBatch:
    """Hands that are stepped one after the other, each with its own object and attitude.

    Arrays have one row per hand; poses are (x, y, z, qw, qx, qy, qz) in the palm frame.
    """

    def __init__(self, robot: RobotSpec, objects: Sequence[ObjectSpec]) -> None:
        self.kinematics = HandKinematics(robot.urdf)
        if robot.joint_names != self.kinematics.joint_names:
            raise ConfigurationError(f"{robot.name}: joints must be listed as {', '.join(self.kinematics.joint_names)}")
        self.objects = list(objects)
        compiled = {o: build_model(robot, o) for o in set(objects)}
        self._models = [copy.copy(compiled[o]) for o in objects]
        self._data = [mujoco.MjData(model) for model in self._models]

    def __len__(self) -> int:
        return len(self._data)

    def place(self, index: int, positions: Array, targets: Array, pose: Array) -> None:
        """Puts one hand and its object somewhere, at rest."""
        data = self._data[index]
        mujoco.mj_resetData(self._models[index], data)
        data.qpos[:16], data.qpos[16:], data.ctrl[:] = positions, pose, targets
        mujoco.mj_forward(self._models[index], data)

    def turn(self, index: int, direction: Array) -> None:
        """Sets the direction of gravity in the palm frame (unit vector; zero for none) of one hand."""
        self._models[index].opt.gravity[:] = GRAVITY * direction

    def push(self, index: int, force: Array) -> None:
        """Pushes one object with a force in the palm frame [N] until the next call."""
        self._data[index].xfrc_applied[-1, :3] = force

    def scale_stiffness(self, index: int, factor: float) -> None:
        """Makes the servos of one hand stiffer or softer than the robot's specification."""
        model = self._models[index]
        model.actuator_gainprm[:, 0] *= factor
        model.actuator_biasprm[:, 1] *= factor

    def step(self, targets: Array, substeps: int = SUBSTEPS) -> None:
        """Advances all hands with servo targets (N, 16) [rad]."""
        for model, data, target in zip(self._models, self._data, targets, strict=True):
            data.ctrl[:] = target
            mujoco.mj_step(model, data, substeps)

    @property
    def positions(self) -> Array:
        """(N, 16) joint positions [rad]."""
        return np.array([d.qpos[:16] for d in self._data])

    @property
    def poses(self) -> Array:
        """(N, 7) object poses."""
        return np.array([d.qpos[16:] for d in self._data])

    @property
    def object_speeds(self) -> Array:
        """(N,) linear speed of the objects [m/s]."""
        return np.array([np.linalg.norm(d.qvel[16:19]) for d in self._data])

    @property
    def grips(self) -> Array:
        """(N,) what all servos of a hand exert together [N m]."""
        return np.array([np.abs(d.actuator_force).sum() for d in self._data])

    @property
    def dropped(self) -> NDArray[np.bool_]:
        """(N,) whether the object has left the hand."""
        return np.linalg.norm(self.poses[:, :3] - HAND_CENTRE, axis=1) > DROP_DISTANCE

    def touching(self, index: int) -> frozenset[str]:
        """Returns the fingers (``index`` ... ``thumb``) and ``palm`` that touch the object."""
        model, data = self._models[index], self._data[index]
        bodies = {
            model.geom_bodyid[geom]
            for contact in data.contact
            if model.body(model.geom_bodyid[contact.geom2]).name == OBJECT
            or model.body(model.geom_bodyid[contact.geom1]).name == OBJECT
            for geom in (contact.geom1, contact.geom2)
        }
        return frozenset(model.body(b).name.split("_")[0] for b in bodies) - {OBJECT}

    def imagine(self, index: int, targets: Array) -> Imagined:
        """Returns what would come of servo targets (T, 16) for one hand, which stays as it is."""
        model, kind = self._models[index], mujoco.mjtState.mjSTATE_INTEGRATION
        state = np.empty(mujoco.mj_stateSize(model, kind))
        mujoco.mj_getState(model, self._data[index], state, kind)
        data = mujoco.MjData(model)
        mujoco.mj_setState(model, data, state, kind)
        for target in targets:
            data.ctrl[:] = target
            mujoco.mj_step(model, data, SUBSTEPS)
            if np.linalg.norm(data.qpos[16:19] - HAND_CENTRE) > DROP_DISTANCE:
                return Imagined(False, data.qpos[16:].copy(), np.inf)
        return Imagined(True, data.qpos[16:].copy(), float(np.linalg.norm(data.qvel[16:19])))
