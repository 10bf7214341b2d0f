"""A robot's URDF in PyBullet: where its links and joints stand, and the motors of its joints."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pybullet_utils.bullet_client import BulletClient

from robomatrix.errors import ConfigurationError
from robomatrix.hardware.driver import Array, JointState
from robomatrix.hardware.mecanum import GAIN, SIDES
from robomatrix.hardware.pybullet.room import ROBOT, WORLD
from robomatrix.hardware.simulated.engine import Pose
from robomatrix.robots.simulation import MecanumSpec, SimulationSpec
from robomatrix.robots.spec import RobotSpec
from robomatrix.scenes.layout import Pose2

PAD_FRICTION = 2.0
"""Of finger pads; PyBullet multiplies the two surfaces' values."""
GEAR_FORCE = 200.0
"""Largest force of a gear between two joints [N]."""
ROLL_TORQUE = 0.5
"""Of the motors that turn the unloaded wheels [N m]."""


class PybulletRobot:
    """The loaded robot."""

    def __init__(self, client: BulletClient, robot: RobotSpec, simulation: SimulationSpec, start: Pose2) -> None:
        """Loads the URDF on the floor at ``start`` with its joints at home."""
        self._client, self._robot, self._simulation = client, robot, simulation
        self.body = self._load(start, simulation.height)
        infos = [client.getJointInfo(self.body, i) for i in range(client.getNumJoints(self.body))]
        self._links = {robot.base_link: -1} | {info[12].decode(): info[0] for info in infos}
        moving = {info[1].decode(): info[0] for info in infos if info[2] != client.JOINT_FIXED}
        self._index = moving
        self._motors = [name for name in moving if simulation.base is None or name not in simulation.base.wheels]
        self._solve = self._solver()
        masses = [client.getDynamicsInfo(self.body, link)[0] for link in self._links.values()]
        self.mass = float(sum(masses))
        self._limits = {j.name: j for j in robot.joints}
        self._set_dynamics()
        self._couple()
        self._go_home()

    def _load(self, start: Pose2, height: float) -> int:
        client, (x, y, yaw) = self._client, start
        turn = client.getQuaternionFromEuler((0.0, 0.0, yaw))
        flags = client.URDF_USE_INERTIA_FROM_FILE
        try:
            body = int(client.loadURDF(str(self._robot.urdf), (0.0, 0.0, 0.0), flags=flags))
        except client.error as error:
            raise ConfigurationError(f"{self._robot.urdf}: {error}") from error
        # PyBullet places the centre of mass; the offset to the link's frame comes back out of it.
        offset = client.getDynamicsInfo(body, -1)[3:5]
        place = client.multiplyTransforms((x, y, height), turn, *offset)
        client.resetBasePositionAndOrientation(body, *place)
        self._from_com = client.invertTransform(*offset)
        return body

    def _solver(self) -> Array:
        """Maps the commanded joints, in order, to the motors: sums, zeros and plain joints are all linear."""
        commanded = [j.name for j in self._robot.joints if j.commanded and j.kind != "counter"]
        rows = [self._simulation.sums.get(name, {name: 1.0}) for name in commanded]
        rows += [zero.joints for zero in self._simulation.zeros.values()]
        matrix = np.array([[row.get(motor, 0.0) for motor in self._motors] for row in rows])
        self._commanded = commanded
        return np.linalg.pinv(matrix)[:, : len(commanded)]

    def _set_dynamics(self) -> None:
        client, wheels = self._client, self._simulation.base.wheels if self._simulation.base else ()
        slippery = {self._index[wheel] for wheel in wheels}
        pads = {self._links[link] for link in self._simulation.pads}
        for link in self._links.values():
            friction = 0.0 if link in slippery else PAD_FRICTION if link in pads else 0.5
            client.changeDynamics(
                self.body, link, lateralFriction=friction, linearDamping=0.0, angularDamping=0.0, jointDamping=0.0
            )
            client.setCollisionFilterGroupMask(self.body, link, ROBOT, WORLD)
        for link in pads:
            client.changeDynamics(self.body, link, spinningFriction=0.02, frictionAnchor=1)

    def _couple(self) -> None:
        """Gears pairs of joints that must move alike; longer couplings are left to the motors' common targets."""
        client = self._client
        for zero in self._simulation.zeros.values():
            if len(zero.joints) != 2:
                continue
            (one, w), (other, v) = ((self._index[j], weight) for j, weight in zero.joints.items())
            axis = client.getJointInfo(self.body, one)[13]
            gear = client.createConstraint(
                self.body, one, self.body, other, client.JOINT_GEAR, axis, (0, 0, 0), (0, 0, 0)
            )
            client.changeConstraint(gear, gearRatio=v / w, maxForce=GEAR_FORCE, erp=0.2)

    def _go_home(self) -> None:
        for joint in self._robot.joints:
            if joint.name in self._index:
                self._client.resetJointState(self.body, self._index[joint.name], joint.home)
        self.move({j.name: j.home for j in self._robot.joints})

    def move(self, targets: Mapping[str, float]) -> None:
        """Sets the position targets of the commanded joints."""
        angles = self._solve @ np.array([targets[name] for name in self._commanded])
        self._client.setJointMotorControlArray(
            self.body,
            [self._index[name] for name in self._motors],
            self._client.POSITION_CONTROL,
            targetPositions=angles.tolist(),
            forces=[self._force(name) for name in self._motors],
            positionGains=[0.3] * len(self._motors),
            velocityGains=[1.0] * len(self._motors),
        )

    def _force(self, motor: str) -> float:
        """The limit of the commanded joint that the motor serves."""
        for name, terms in self._simulation.sums.items():
            if motor in terms and self._limits[motor].kind == self._limits[name].kind:
                return self._limits[name].effort
        return self._limits[motor].effort

    def roll(self, rims: Array, base: MecanumSpec) -> None:
        """Turns the unloaded wheels at their rim speeds [m/s]."""
        self._client.setJointMotorControlArray(
            self.body,
            [self._index[wheel] for wheel in base.wheels],
            self._client.VELOCITY_CONTROL,
            targetVelocities=(rims / base.wheel_radius).tolist(),
            forces=[ROLL_TORQUE] * len(base.wheels),
        )

    def pull(self, targets: Array, limit: float, base: MecanumSpec) -> None:
        """Applies the wheels' pulls for the next step of physics."""
        pulls = np.clip(GAIN * (targets - self.ground(base)), -limit, limit)
        frame = self.link(self._robot.base_link)
        force = np.array([pulls.sum(), pulls @ SIDES, 0.0])
        arms = _contacts(base)
        torque = np.array([0.0, 0.0, float((arms[:, 0] * SIDES - arms[:, 1]) @ pulls)])
        world = frame.rotation @ force
        self._client.applyExternalForce(
            self.body, -1, world.tolist(), frame.position.tolist(), self._client.WORLD_FRAME
        )
        self._client.applyExternalTorque(self.body, -1, (frame.rotation @ torque).tolist(), self._client.WORLD_FRAME)

    def ground(self, base: MecanumSpec) -> Array:
        """Returns the (4,) speeds along the lines the wheels pull on [m/s]."""
        velocity, turn = self.velocity()
        arms = _contacts(base)
        return velocity[0] - turn[2] * arms[:, 1] + SIDES * (velocity[1] + turn[2] * arms[:, 0])

    def velocity(self) -> tuple[Array, Array]:
        """Returns linear [m/s] and angular [rad/s] velocity of the base frame, in the base frame."""
        frame = self.link(self._robot.base_link)
        linear, angular = (np.array(v) for v in self._client.getBaseVelocity(self.body))
        centre = np.array(self._client.getBasePositionAndOrientation(self.body)[0])
        x, y, z = frame.position - centre
        p, q, r = angular
        linear += (q * z - r * y, r * x - p * z, p * y - q * x)
        return linear @ frame.rotation, angular @ frame.rotation

    def link(self, name: str) -> Pose:
        """Returns where a link's frame is."""
        client, index = self._client, self._links[name]
        if index < 0:
            com = client.getBasePositionAndOrientation(self.body)
            position, turn = client.multiplyTransforms(*com, *self._from_com)
        else:
            position, turn = client.getLinkState(self.body, index, computeForwardKinematics=True)[4:6]
        return Pose(np.array(position), np.array(client.getMatrixFromQuaternion(turn)).reshape(3, 3))

    def joints(self, count: int) -> JointState:
        """Returns the joints of the specification; ``count`` is the position of counters."""
        states = self._client.getJointStates(self.body, list(self._index.values()))
        own = {name: (s[0], s[1], s[3]) for name, s in zip(self._index, states, strict=True)}
        values = np.array([self._joint(name, own, count) for name in self._robot.joint_names])
        return JointState(self._robot.joint_names, *values.T.copy())

    def _joint(self, name: str, own: Mapping[str, tuple[float, ...]], count: int) -> tuple[float, ...]:
        if name in own:
            return own[name]
        terms = self._simulation.sums.get(name)
        if terms is None:
            return (float(count), 0.0, 0.0)
        position, velocity = (sum(w * own[joint][k] for joint, w in terms.items()) for k in (0, 1))
        effort = max((own[joint][2] for joint in terms), key=abs)
        return (position, velocity, effort)


def _contacts(base: MecanumSpec) -> Array:
    """The (4, 2) points where the wheels stand, in the base frame [m]."""
    x, y = base.half_length, base.half_width
    return np.array([(x, y), (x, -y), (-x, y), (-x, -y)])
