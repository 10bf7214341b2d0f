"""Robot and room in MuJoCo."""

from __future__ import annotations

import math
from collections.abc import Mapping

import mujoco
import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import DriverError
from robomatrix.hardware.driver import Array, JointState
from robomatrix.hardware.mujoco.joints import JointReader
from robomatrix.hardware.mujoco.painter import Painter
from robomatrix.hardware.mujoco.robot import IMU_SENSORS, ROLL, SERVO, robot_spec
from robomatrix.hardware.mujoco.room import SLIDE, add_room
from robomatrix.hardware.simulated.engine import Hit, Motion, Pose
from robomatrix.robots.simulation import SimulationSpec
from robomatrix.robots.spec import CameraSpec, RobotSpec
from robomatrix.scenes.catalogue import COLOURS, LIT, PLATE
from robomatrix.scenes.layout import Layout
from robomatrix.world import Vector3

SEEN_BY_RAYS = np.array([1, 0, 0, 0, 0, 0], np.uint8)
"""Geom groups: the world, not the robot."""


class MujocoEngine:
    """Implements :class:`robomatrix.hardware.simulated.engine.Engine`."""

    def __init__(self, robot: RobotSpec, simulation: SimulationSpec, layout: Layout) -> None:
        """Compiles the model and puts the robot at home."""
        spec = robot_spec(robot, simulation, layout.start)
        add_room(spec, layout)
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        self._painter = Painter(self.model)
        self._substeps = max(1, round(1.0 / robot.rate / self.model.opt.timestep))
        self.model.opt.timestep = 1.0 / robot.rate / self._substeps
        self._base = self.model.body(robot.base_link).id
        commanded = [j.name for j in robot.joints if j.commanded and j.kind != "counter"]
        self._servos = {name: self.model.actuator(SERVO + name).id for name in commanded}
        self._reader = JointReader(robot, simulation, self.model, self.data)
        self._radius = simulation.base.wheel_radius if simulation.base else 1.0
        wheels = simulation.base.wheels if simulation.base else ()
        self._pulls = np.array([self.model.actuator(SERVO + w).id for w in wheels], int)
        self._rolls = np.array([self.model.actuator(ROLL + w).id for w in wheels], int)
        self._go_home(robot, simulation)

    def _go_home(self, robot: RobotSpec, simulation: SimulationSpec) -> None:
        for joint in robot.joints:
            if joint.kind == "counter":
                continue
            if joint.name not in simulation.sums:
                self.data.joint(joint.name).qpos[0] = joint.home
            if joint.name in self._servos:
                self.data.ctrl[self._servos[joint.name]] = joint.home
        mujoco.mj_forward(self.model, self.data)

    def advance(self, targets: Mapping[str, float], rims: Array | None, pulls: Array | None) -> None:
        """Simulates one control period."""
        for name, target in targets.items():
            self.data.ctrl[self._servos[name]] = target
        if rims is not None and pulls is not None:
            self.data.ctrl[self._pulls] = pulls
            self.data.ctrl[self._rolls] = rims / self._radius
        mujoco.mj_step(self.model, self.data, self._substeps)
        if not np.isfinite(self.data.qacc).all():
            raise DriverError("the simulation diverged; reset it")

    def time(self) -> float:
        """Returns the simulated time [s]."""
        return float(self.data.time)

    def mass(self) -> float:
        """Returns the robot's mass [kg]."""
        return float(self.model.body_subtreemass[self._base])

    def joints(self, count: int) -> JointState:
        """Returns the joints of the robot's specification."""
        return self._reader.read(count)

    def ground(self) -> Array:
        """Returns the speeds along the lines the wheels pull on [m/s]."""
        return self.data.actuator_velocity[self._pulls]

    def motion(self) -> Motion:
        """Returns how the base moves."""
        return Motion(*(self.data.sensor(name).data for name in IMU_SENSORS))

    def link(self, name: str) -> Pose:
        """Returns where a link's frame is."""
        body = self.data.body(name)
        return Pose(body.xpos, body.xmat.reshape(3, 3))

    item = link

    def displacement(self, drawer_id: str) -> float:
        """Returns how far a drawer was pulled out [m]."""
        return float(self.data.joint(drawer_id + SLIDE).qpos[0])

    def ray(self, origin: Array, direction: Array, reach: float) -> Hit | None:
        """Returns what a ray meets first."""
        geom = np.full(1, -1, np.int32)
        distance = mujoco.mj_ray(self.model, self.data, origin, direction, SEEN_BY_RAYS, 1, -1, geom, None)
        if not 0.0 <= distance <= reach:
            return None
        item = self.model.body(self.model.geom_bodyid[geom[0]]).name
        return Hit(distance, item, self.model.geom(geom[0]).name.removeprefix(f"{item}_"))

    def light_up(self, target_id: str) -> None:
        """Recolours a target's plate."""
        self.model.geom(f"{target_id}_{PLATE}").rgba[:3] = COLOURS[LIT]

    def place(self, item_id: str, position: Vector3, yaw: float) -> None:
        """Puts an item at rest at a world pose."""
        joint = self.data.joint(item_id)
        joint.qpos[:] = [*position, math.cos(yaw / 2), 0.0, 0.0, math.sin(yaw / 2)]
        joint.qvel[:] = 0.0
        mujoco.mj_forward(self.model, self.data)

    def slide(self, drawer_id: str, displacement: float) -> None:
        """Sets how far a drawer is pulled out [m]."""
        joint = self.data.joint(drawer_id + SLIDE)
        joint.qpos[0], joint.qvel[0] = displacement, 0.0
        mujoco.mj_forward(self.model, self.data)

    def picture(self, camera: CameraSpec) -> NDArray[np.uint8]:
        """Returns the image of a robot camera at its own size."""
        return self.render(camera.name, camera.width, camera.height)

    def render(self, camera: str, width: int, height: int) -> NDArray[np.uint8]:
        """Returns the image of a camera of the model."""
        return self._painter.paint(self.data, camera, width, height)

    def close(self) -> None:
        """Frees the off-screen contexts."""
        self._painter.close()
