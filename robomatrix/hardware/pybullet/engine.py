"""Robot and room in PyBullet."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import pybullet
from numpy.typing import NDArray
from pybullet_utils.bullet_client import BulletClient

from robomatrix.errors import DriverError
from robomatrix.hardware.driver import Array, JointState
from robomatrix.hardware.mecanum import GRAVITY, WheelServos
from robomatrix.hardware.pybullet.painter import paint_overview, paint_view
from robomatrix.hardware.pybullet.robot import PybulletRobot
from robomatrix.hardware.pybullet.room import WORLD, add_room
from robomatrix.hardware.simulated.driver import OVERVIEW
from robomatrix.hardware.simulated.engine import Hit, Motion, Pose
from robomatrix.robots.simulation import SimulationSpec
from robomatrix.robots.spec import CameraSpec, RobotSpec
from robomatrix.scenes.catalogue import COLOURS, LIT, PLATE
from robomatrix.scenes.layout import Layout
from robomatrix.world import Vector3


@contextmanager
def _standard_output_kept() -> Iterator[None]:
    """Sends what PyBullet's C code prints to standard error, as standard output may carry a program's answer."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


TIMESTEP = 0.004
"""Of physics [s]."""


class PybulletEngine:
    """Implements :class:`robomatrix.hardware.simulated.engine.Engine`."""

    def __init__(self, robot: RobotSpec, simulation: SimulationSpec, layout: Layout) -> None:
        """Starts a physics server in this process and fills it."""
        with _standard_output_kept():
            self._client = BulletClient(pybullet.DIRECT)
        self._spec, self._base, self._layout = robot, simulation.base, layout
        self._substeps = max(1, round(1.0 / robot.rate / TIMESTEP))
        self._timestep = 1.0 / robot.rate / self._substeps
        self._steps = 0
        client = self._client
        client.setGravity(0.0, 0.0, -GRAVITY)
        client.setPhysicsEngineParameter(
            fixedTimeStep=self._timestep, numSolverIterations=60, enableConeFriction=1, deterministicOverlappingPairs=1
        )
        self._bodies = add_room(client, layout)
        self._items = {(b.body, b.link): item for item, b in self._bodies.items()}
        self.robot = PybulletRobot(client, robot, simulation, layout.start)
        self._pull = WheelServos(self._base, self.robot.mass).pull if self._base else 0.0
        self._cameras = {camera.name: camera for camera in robot.cameras}
        self._acceleration = np.array([0.0, 0.0, GRAVITY])

    def advance(self, targets: Mapping[str, float], rims: Array | None, pulls: Array | None) -> None:
        """Simulates one control period."""
        self.robot.move(targets)
        if self._base is not None and rims is not None:
            self.robot.roll(rims, self._base)
        before = self._world_velocity()
        for _ in range(self._substeps):
            if self._base is not None and pulls is not None:
                self.robot.pull(pulls, self._pull, self._base)
            self._client.stepSimulation()
        self._steps += self._substeps
        change = (self._world_velocity() - before) / (self._substeps * self._timestep)
        if not np.isfinite(change).all():
            raise DriverError("the simulation diverged; reset it")
        self._acceleration = self.link(self._spec.base_link).rotation.T @ (change + (0.0, 0.0, GRAVITY))

    def _world_velocity(self) -> Array:
        return np.array(self._client.getBaseVelocity(self.robot.body)[0])

    def time(self) -> float:
        """Returns the simulated time [s]."""
        return self._steps * self._timestep

    def mass(self) -> float:
        """Returns the robot's mass [kg]."""
        return self.robot.mass

    def joints(self, count: int) -> JointState:
        """Returns the joints of the robot's specification."""
        return self.robot.joints(count)

    def ground(self) -> Array:
        """Returns the speeds along the lines the wheels pull on [m/s]."""
        return self.robot.ground(self._base) if self._base else np.zeros(0)

    def motion(self) -> Motion:
        """Returns how the base moves; the acceleration is that over the last control period."""
        return Motion(*self.robot.velocity(), self._acceleration)

    def link(self, name: str) -> Pose:
        """Returns where a link's frame is."""
        return self.robot.link(name)

    def item(self, item_id: str) -> Pose:
        """Returns where an item is."""
        body = self._bodies[item_id]
        if body.link < 0:
            position, turn = self._client.getBasePositionAndOrientation(body.body)
        else:
            position, turn = self._client.getLinkState(body.body, body.link, computeForwardKinematics=True)[4:6]
        return Pose(np.array(position), np.array(self._client.getMatrixFromQuaternion(turn)).reshape(3, 3))

    def displacement(self, drawer_id: str) -> float:
        """Returns how far a drawer was pulled out [m]."""
        return float(self._client.getJointState(self._bodies[drawer_id].body, 0)[0])

    def ray(self, origin: Array, direction: Array, reach: float) -> Hit | None:
        """Returns what a ray meets first."""
        end = (origin + reach * direction).tolist()
        (found,) = self._client.rayTestBatch([origin.tolist()], [end], collisionFilterMask=WORLD)
        body, link, fraction, point = found[:4]
        if body < 0:
            return None
        item = self._items.get((body, link), "")
        return Hit(fraction * reach, item, self._part(item, np.array(point)))

    def _part(self, item_id: str, point: Array) -> str:
        """PyBullet does not tell the part; of a target, the plate is what lies above its lower edge."""
        if not item_id or self._layout.item(item_id).category != "target":
            return ""
        item = self._layout.item(item_id)
        return PLATE if point[2] > item.position[2] + item.size[2] / 2 - item.size[1] else ""

    def light_up(self, target_id: str) -> None:
        """Recolours a target's plate."""
        body = self._bodies[target_id]
        self._client.changeVisualShape(body.body, body.link, body.names.index(PLATE), rgbaColor=[*COLOURS[LIT], 1.0])

    def place(self, item_id: str, position: Vector3, yaw: float) -> None:
        """Puts an item at rest at a world pose."""
        body, client = self._bodies[item_id].body, self._client
        client.resetBasePositionAndOrientation(body, position, client.getQuaternionFromEuler((0.0, 0.0, yaw)))
        client.resetBaseVelocity(body, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
        client.changeDynamics(body, -1, activationState=client.ACTIVATION_STATE_WAKE_UP)

    def slide(self, drawer_id: str, displacement: float) -> None:
        """Sets how far a drawer is pulled out [m]."""
        self._client.resetJointState(self._bodies[drawer_id].body, 0, displacement)

    def picture(self, camera: CameraSpec) -> NDArray[np.uint8]:
        """Returns the image of a robot camera at its own size."""
        return self.render(camera.name, camera.width, camera.height)

    def render(self, camera: str, width: int, height: int) -> NDArray[np.uint8]:
        """Returns the image of a robot camera or of ``overview``."""
        if camera == OVERVIEW:
            return paint_overview(self._client, self._layout, width, height)
        spec = self._cameras[camera]
        fov = 2.0 * math.atan(spec.height / 2.0 / spec.focal)
        return paint_view(self._client, self._layout.light, self.link(spec.link), fov, width, height)

    def close(self) -> None:
        """Stops the physics server; idempotent."""
        if self._client.isConnected():
            self._client.disconnect()
