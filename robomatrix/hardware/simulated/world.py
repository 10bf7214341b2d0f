"""A robot in a room: what its electronics make of commands and measurements, above any physics engine."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import DriverError
from robomatrix.hardware.blaster import Blaster
from robomatrix.hardware.driver import Array, CameraFrame, Imu, Odometry, RobotCommand, RobotState, Twist
from robomatrix.hardware.mecanum import WheelServos
from robomatrix.hardware.odometry import WheelOdometry, quaternion, roll_pitch_yaw
from robomatrix.hardware.simulated.engine import Engine, Motion, Pose
from robomatrix.hardware.targets import JointTargets
from robomatrix.robots.simulation import SimulationSpec
from robomatrix.robots.spec import RangeSpec, RobotSpec
from robomatrix.scenes.catalogue import DRAWER_TRAVEL, LIT, PLATE
from robomatrix.scenes.layout import Item, Layout, Pose2, in_frame, in_world, opening, scene_object
from robomatrix.world import SceneObject, Vector3

TICK = 1e-6
"""Of rounding in stamps [s]."""
BEAM = tuple(math.radians(angle) for angle in (0.0, -5.0, 5.0))
"""Directions within a distance sensor's cone that are probed, about its z axis [rad]."""


class RoomWorld:
    """One run, from reset to close."""

    def __init__(self, robot: RobotSpec, simulation: SimulationSpec, layout: Layout, engine: Engine, seed: int) -> None:
        """Takes a freshly built engine; ``seed`` draws the errors of the sensors."""
        self.robot, self.layout, self.engine = robot, layout, engine
        self.period = 1.0 / robot.rate
        self._rng = np.random.default_rng([seed, 1])
        self._noise = simulation.noise
        self._joints = JointTargets(robot, simulation.acceleration)
        self._wanted = Twist()
        self._frames: dict[str, CameraFrame] = {}
        self._newest: RobotState | None = None
        self._hits = dict.fromkeys((i.id for i in layout.items if i.category == "target"), 0)
        self._wheels = WheelServos(simulation.base, engine.mass()) if simulation.base else None
        self._odometry = WheelOdometry(simulation.base, self._noise, self._rng) if simulation.base else None
        self._blaster: Blaster | None = None
        if simulation.blaster:
            self._blaster = Blaster(simulation.blaster, robot.joint(simulation.blaster.joint), self._rng)

    def take(self, command: RobotCommand) -> None:
        """Remembers a clamped command."""
        self._joints.take(command)
        if command.twist is not None:
            self._wanted = command.twist
        if self._blaster is not None and self._blaster.spec.joint in command.positions:
            self._blaster.ask(command.positions[self._blaster.spec.joint])

    def hold(self) -> None:
        """Asks the base to stand and the joints to stay."""
        self._wanted = Twist()
        self._joints.hold()
        if self._blaster is not None:
            self._blaster.hold()

    def advance(self) -> None:
        """Goes on by one control period."""
        self._newest = None
        pulls = rims = None
        if self._wheels is not None:
            pulls = self._wheels.targets(self._wanted, self.engine.ground(), self.period)
            rims = self._wheels.rims
        self.engine.advance(self._joints.advance(self.period), rims, pulls)
        if self._odometry is not None and rims is not None:
            turn = self.engine.motion().angular[2] + self._noise.gyro_noise * self._rng.standard_normal()
            self._odometry.advance(rims, float(turn), self.period)
        if self._blaster is not None and self._blaster.due(self.engine.time()):
            self._fire(self._blaster)

    def _fire(self, blaster: Blaster) -> None:
        muzzle = self.engine.link(blaster.spec.link)
        hit = self.engine.ray(muzzle.position, blaster.direction(muzzle.rotation), blaster.spec.reach)
        if hit is not None and hit.item in self._hits and hit.part == PLATE:
            self._hits[hit.item] += 1
            self.engine.light_up(hit.item)

    def state(self) -> RobotState:
        """Returns the measurements of this period, drawn once however often they are read."""
        if self._newest is None:
            self._newest = self._measure()
        return self._newest

    def _measure(self) -> RobotState:
        base, motion = self.engine.link(self.robot.base_link), self.engine.motion()
        odometry = self._estimate(base, motion)
        return RobotState(
            stamp=self.engine.time(),
            joints=self.engine.joints(self._blaster.fired if self._blaster else 0),
            imu=self._imu(odometry.orientation, motion),
            odometry=odometry,
            ranges={sensor.name: self._distance(sensor) for sensor in self.robot.ranges},
        )

    def _estimate(self, base: Pose, motion: Motion) -> Odometry:
        """Wheels give odometry; of a robot on legs a state estimator is taken to know where it is."""
        roll, pitch, yaw = roll_pitch_yaw(base.rotation)
        if self._odometry is not None:
            return self._odometry.odometry(roll, pitch)
        position = np.array(in_frame(self.layout.start, _vector(base.position)))
        orientation = quaternion(roll, pitch, yaw - self.layout.start[2])
        return Odometry(position, orientation, motion.linear.copy(), motion.angular.copy())

    def _imu(self, orientation: Array, motion: Motion) -> Imu:
        return Imu(
            orientation=orientation,
            angular_velocity=motion.angular + self._noise.gyro_noise * self._rng.standard_normal(3),
            linear_acceleration=motion.acceleration + self._noise.accelerometer_noise * self._rng.standard_normal(3),
        )

    def _distance(self, sensor: RangeSpec) -> float:
        """The shortest way in the sensor's cone; what is closer than the minimum reads the minimum."""
        factor = 1.0 + self._noise.range_fraction * self._rng.standard_normal()
        link = self.engine.link(sensor.link)
        rays = (link.rotation @ (math.cos(a), math.sin(a), 0.0) for a in BEAM)
        hits = [self.engine.ray(link.position, ray, sensor.maximum) for ray in rays]
        measured = factor * min((hit.distance for hit in hits if hit), default=math.inf)
        return math.inf if measured > sensor.maximum else max(measured, sensor.minimum)

    def frame(self, name: str) -> CameraFrame:
        """Returns the newest image of a robot camera."""
        camera = next((c for c in self.robot.cameras if c.name == name), None)
        if camera is None:
            raise DriverError(f"no camera '{name}'; cameras: {', '.join(c.name for c in self.robot.cameras)}")
        last, now = self._frames.get(name), self.engine.time()
        if last is not None and now - last.stamp <= 1.0 / camera.rate - TICK:
            return last
        base, optical = self.engine.link(self.robot.base_link), self.engine.link(camera.link)
        f = camera.focal
        frame = CameraFrame(
            stamp=now,
            camera=name,
            image=self.engine.picture(camera),
            intrinsics=np.array([[f, 0.0, camera.width / 2.0], [0.0, f, camera.height / 2.0], [0.0, 0.0, 1.0]]),
            position=base.rotation.T @ (optical.position - base.position),
            rotation=base.rotation.T @ optical.rotation,
        )
        self._frames[name] = frame
        return frame

    def base_pose(self) -> Pose2:
        """Returns the base's true x, y, yaw in the odom frame."""
        base = self.engine.link(self.robot.base_link)
        x, y, _ = in_frame(self.layout.start, _vector(base.position))
        return x, y, math.remainder(roll_pitch_yaw(base.rotation)[2] - self.layout.start[2], math.tau)

    def objects(self) -> tuple[SceneObject, ...]:
        """Returns the true objects in the odom frame."""
        return tuple(self._object(item) for item in self.layout.items)

    def _object(self, item: Item) -> SceneObject:
        pose = self.engine.item(item.id)
        state: dict[str, float | int | str] = {"stamp": self.engine.time()}
        if item.category == "drawer":
            state["openness"] = opening(self.engine.displacement(item.id))
        if self._hits.get(item.id):
            state |= {"hits": self._hits[item.id], "colour": LIT}
        yaw = roll_pitch_yaw(pose.rotation)[2]
        return scene_object(item, self.layout.start, _vector(pose.position), yaw, **state)

    def place(self, item_id: str, position: Vector3, yaw: float) -> None:
        """Puts a movable object at rest at a position in the odom frame."""
        item = self._item(item_id)
        if not item.mass or item.category == "drawer":
            raise DriverError(f"'{item_id}' cannot be moved")
        self.engine.place(item_id, in_world(self.layout.start, position), yaw + self.layout.start[2])

    def slide(self, drawer_id: str, openness: float) -> None:
        """Sets how far a drawer is open, 0 to 1."""
        if self._item(drawer_id).category != "drawer":
            raise DriverError(f"'{drawer_id}' is no drawer")
        self.engine.slide(drawer_id, DRAWER_TRAVEL * min(1.0, max(0.0, openness)))

    def _item(self, item_id: str) -> Item:
        try:
            return self.layout.item(item_id)
        except KeyError as error:
            raise DriverError(str(error.args[0])) from None


def _vector(array: NDArray[np.float64]) -> Vector3:
    x, y, z = array.tolist()
    return x, y, z
