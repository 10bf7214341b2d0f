"""Reads the joints of a robot's specification out of MuJoCo: its own joints, sums of them, and counters."""

from __future__ import annotations

import mujoco
import numpy as np

from robomatrix.hardware.driver import JointState
from robomatrix.hardware.mujoco.robot import SERVO
from robomatrix.robots.simulation import SimulationSpec
from robomatrix.robots.spec import RobotSpec


class JointReader:
    """Knows where each joint's position, velocity and force stand; built once a model."""

    def __init__(
        self, robot: RobotSpec, simulation: SimulationSpec, model: mujoco.MjModel, data: mujoco.MjData
    ) -> None:
        self._names, self._data = robot.joint_names, data
        sums = [(i, j.name) for i, j in enumerate(robot.joints) if j.name in simulation.sums]
        own = [(i, j.name) for i, j in enumerate(robot.joints) if j.name not in simulation.sums and j.kind != "counter"]
        forces = [(i, j.name) for i, j in enumerate(robot.joints) if j.commanded and j.kind != "counter"]
        self._counters = [i for i, j in enumerate(robot.joints) if j.kind == "counter"]
        self._own = [i for i, _ in own]
        self._qpos = np.array([model.joint(n).qposadr[0] for _, n in own], int)
        self._qvel = np.array([model.joint(n).dofadr[0] for _, n in own], int)
        self._sums = [i for i, _ in sums]
        self._tendons = np.array([model.tendon(n).id for _, n in sums], int)
        self._forced = [i for i, _ in forces]
        self._actuators = np.array([model.actuator(SERVO + n).id for _, n in forces], int)

    def read(self, count: int) -> JointState:
        """Returns all joints; ``count`` is the position of counter joints."""
        position, velocity, effort = np.zeros((3, len(self._names)))
        data = self._data
        position[self._own], velocity[self._own] = data.qpos[self._qpos], data.qvel[self._qvel]
        position[self._sums], velocity[self._sums] = data.ten_length[self._tendons], data.ten_velocity[self._tendons]
        position[self._counters] = count
        effort[self._forced] = data.actuator_force[self._actuators]
        return JointState(self._names, position, velocity, effort)
