"""Does a walk learnt in MuJoCo carry over to PyBullet? Same URDF, same servo gains, another physics engine."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robomatrix.hardware.driver import Imu, JointState, RobotState
from robomatrix.hardware.mujoco.humanoid import ARMATURE
from robomatrix.robots.humanoid import humanoid
from robomatrix.robots.loader import load_robot
from robomatrix.skills.skillblender.controller import Controller
from robomatrix.skills.skillblender.library import Policy, load_policy

Array = NDArray[np.float64]
SUBSTEPS = 20
"""Physics and servo steps of a control period; PyBullet's servos are explicit."""


SPEEDS = (0.0, 0.4, 0.8)
"""[m/s]."""


class PybulletHumanoid:
    """A humanoid on a plane in PyBullet, with the servos of its description."""

    def __init__(self, robot: str, friction: float = 1.0) -> None:
        """Stands the robot in its home pose."""
        import pybullet
        from pybullet_utils.bullet_client import BulletClient

        self.spec = load_robot(robot)
        self._client = client = BulletClient(connection_mode=pybullet.DIRECT)
        client.setGravity(0, 0, -9.81)
        client.setTimeStep(1.0 / self.spec.rate / SUBSTEPS)
        plane = client.createMultiBody(0, client.createCollisionShape(pybullet.GEOM_PLANE))
        client.changeDynamics(plane, -1, lateralFriction=friction)
        start = (0.0, 0.0, humanoid(robot).height)
        self._body = client.loadURDF(str(self.spec.urdf), start, flags=pybullet.URDF_USE_INERTIA_FROM_FILE)
        centre = client.getDynamicsInfo(self._body, -1)[3]
        client.resetBasePositionAndOrientation(self._body, np.add(start, centre), (0, 0, 0, 1))
        self._ids = self._indices()
        self._add_rotors()
        for joint, index in zip(self.spec.joints, self._ids, strict=True):
            client.resetJointState(self._body, index, joint.home)
        client.setJointMotorControlArray(
            self._body, self._ids, pybullet.VELOCITY_CONTROL, forces=[0.0] * len(self._ids)
        )
        self._torque_mode = pybullet.TORQUE_CONTROL
        self._kp = np.array([j.stiffness for j in self.spec.joints])
        self._kd = np.array([j.damping for j in self.spec.joints])
        self._limit = np.array([j.effort for j in self.spec.joints])
        self._target = np.array([j.home for j in self.spec.joints])
        self._effort = np.zeros(len(self._ids))
        self._time = 0.0

    def _indices(self) -> list[int]:
        count = self._client.getNumJoints(self._body)
        names = {self._client.getJointInfo(self._body, i)[1].decode(): i for i in range(count)}
        return [names[name] for name in self.spec.joint_names]

    def _add_rotors(self) -> None:
        """Bullet knows no inertia of motors and gears; it is added to the links that they turn."""
        for index in self._ids:
            inertia = self._client.getDynamicsInfo(self._body, index)[2]
            self._client.changeDynamics(self._body, index, localInertiaDiagonal=np.add(inertia, ARMATURE))

    def _joints(self) -> tuple[Array, Array]:
        states = self._client.getJointStates(self._body, self._ids)
        return np.array([s[0] for s in states]), np.array([s[1] for s in states])

    def read(self) -> RobotState:
        """Returns joints and IMU."""
        position, velocity = self._joints()
        _, orientation = self._client.getBasePositionAndOrientation(self._body)
        rotation = np.array(self._client.getMatrixFromQuaternion(orientation)).reshape(3, 3)
        _, spin = self._client.getBaseVelocity(self._body)
        imu = Imu(np.array(orientation), rotation.T @ np.array(spin), np.zeros(3))
        return RobotState(self._time, JointState(self.spec.joint_names, position, velocity, self._effort.copy()), imu)

    def step(self, targets: dict[str, float]) -> RobotState:
        """Advances one control period towards joint targets [rad]."""
        self._target = np.array([targets[name] for name in self.spec.joint_names])
        for _ in range(SUBSTEPS):
            position, velocity = self._joints()
            wanted = self._kp * (self._target - position) - self._kd * velocity
            self._effort = np.clip(wanted, -self._limit, self._limit)
            self._client.setJointMotorControlArray(self._body, self._ids, self._torque_mode, forces=self._effort)
            self._client.stepSimulation()
        self._time += 1.0 / self.spec.rate
        return self.read()

    def pose(self) -> tuple[float, float, float]:
        """Returns x, y [m] and heading [rad] of the pelvis."""
        (x, y, _), orientation = self._client.getBasePositionAndOrientation(self._body)
        return x, y, self._client.getEulerFromQuaternion(orientation)[2]

    def close(self) -> None:
        """Ends the simulation."""
        self._client.disconnect()


def walk_in_pybullet(policy: Policy, command: tuple[float, float, float], seconds: float = 20.0) -> dict[str, float]:
    """Returns how long the robot stayed on its feet and the mean speed along the command's forward axis.

    Args:
        policy: A walking policy.
        command: (vx, vy, wz) [m/s, rad/s].
        seconds: To walk.
    """
    robot = PybulletHumanoid(policy.spec.robot)
    state = robot.read()
    controller = Controller(robot.spec, state)
    goal, way, last = np.array(command) * policy.function.scale, 0.0, robot.pose()
    while state.stamp < seconds and not controller.fallen(state):
        sent = controller.step(policy.function, policy.network, goal if state.stamp > 0.5 else 0.0 * goal, state)
        state = robot.step(dict(sent.positions))
        pose = robot.pose()
        way += (pose[0] - last[0]) * math.cos(pose[2]) + (pose[1] - last[1]) * math.sin(pose[2])
        last = pose
    robot.close()
    return {"seconds": state.stamp, "fell": float(controller.fallen(state)), "vx": way / max(state.stamp - 0.5, 1e-6)}


@dataclass(frozen=True)
class TransferReport:
    """Walks in PyBullet, by forward velocity that was asked for [m/s]."""

    robot: str
    seconds: float
    walks: Mapping[float, Mapping[str, float]]

    @property
    def reached(self) -> bool:
        """Whether the robot never fell."""
        return not any(walk["fell"] for walk in self.walks.values())

    def to_json(self) -> dict[str, Any]:
        """Returns plain data."""
        return {"suite": "humanoid-transfer", **asdict(self)}

    def table(self) -> Any:
        """Returns a row for each walk."""
        from rich.table import Table

        table = Table("asked [m/s]", "walked [m/s]", "on its feet [s]", title=f"{self.robot} in PyBullet")
        for asked, walk in self.walks.items():
            table.add_row(f"{asked:g}", f"{walk['vx']:.2f}", f"{walk['seconds']:.1f} of {self.seconds:g}")
        return table


def run(robot: str = "g1", seconds: float = 20.0, speeds: tuple[float, ...] = SPEEDS) -> TransferReport:
    """Walks straight ahead at some speeds in PyBullet, with the policy that ships."""
    policy = load_policy(robot, "walk")
    return TransferReport(robot, seconds, {v: walk_in_pybullet(policy, (v, 0.0, 0.0), seconds) for v in speeds})
