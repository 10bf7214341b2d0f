"""A humanoid on flat ground or in a SkillBench scene in MuJoCo: servos, IMU, joints and an odometry estimate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import DriverError
from robomatrix.hardware.driver import CameraFrame, Imu, JointState, Odometry, RobotCommand, RobotState, Twist
from robomatrix.hardware.mujoco import skillbench
from robomatrix.hardware.mujoco.painter import Painter
from robomatrix.hardware.odometry import quaternion, roll_pitch_yaw
from robomatrix.hardware.targets import clamp
from robomatrix.robots.humanoid import humanoid
from robomatrix.robots.spec import RobotSpec
from robomatrix.scenes.description import load_scene
from robomatrix.scenes.skillbench import bench_scene
from robomatrix.world import SceneObject

OVERVIEW = "overview"
GYRO_NOISE = 0.01
"""Per reading [rad/s]."""
JOINT_NOISE = 0.003
"""Per reading [rad]."""
RATE_NOISE = 0.05
"""Per reading [rad/s]."""
DRIFT = 0.01
"""Of the odometry: relative error of the way, drawn once a reset, each axis."""


class MujocoHumanoidDriver:
    """Implements :class:`robomatrix.hardware.driver.SimulatedDriver`.

    The odometry stands for a humanoid's state estimator: the true pose with a relative error of the way, drawn once a
    reset. Use one instance from one thread.
    """

    def __init__(self, robot: RobotSpec, scene: str | None = None, overrides: Mapping[str, Any] | None = None) -> None:
        """Chooses the scene; nothing is built before :meth:`connect` or :meth:`reset`."""
        self.spec, self._humanoid = robot, humanoid(robot.name)
        self.scene = load_scene(scene or robot.scenes[0], overrides)
        self.timestep = 1.0 / robot.rate
        self._model: mujoco.MjModel | None = None

    def connect(self) -> None:
        """Builds the world of seed 0 unless :meth:`reset` has built one."""
        if self._model is None:
            self.reset(0)

    def close(self) -> None:
        """Lets the simulation go; idempotent."""
        if self._model is not None:
            self._painter.close()
            self._model = None

    def reset(self, seed: int) -> RobotState:
        """Stands the robot on its feet in the home pose; ``seed`` draws the errors of the sensors."""
        self.close()
        self._bench = bench_scene(self.scene.name)
        spec = skillbench.bench_spec(self._humanoid, self._bench)
        add_overview(spec, self._humanoid.height)
        self._model = model = spec.compile()
        self._data = data = mujoco.MjData(model)
        self._rng = np.random.default_rng([seed, 2])
        self._drift = 1.0 + DRIFT * self._rng.standard_normal(2)
        joints = [model.joint(name) for name in self.spec.joint_names]
        self._q = [int(j.qposadr[0]) for j in joints]
        self._v = [int(j.dofadr[0]) for j in joints]
        self._u = [model.actuator(name).id for name in self.spec.joint_names]
        data.qpos[2] = self._humanoid.height
        data.qpos[self._q] = data.ctrl[self._u] = [j.home for j in self.spec.joints]
        self._start = skillbench.arrange(model, data, self._bench, self._humanoid, np.random.default_rng([seed, 3]))
        mujoco.mj_forward(model, data)
        self._painter = Painter(model)
        self._substeps = round(self.timestep / model.opt.timestep)
        return self.read()

    def read(self) -> RobotState:
        """Returns the newest state; effort is what the servos exert."""
        self._require()
        data, noise = self._data, self._rng.standard_normal
        joints = JointState(
            names=self.spec.joint_names,
            position=data.qpos[self._q] + JOINT_NOISE * noise(len(self._q)),
            velocity=data.qvel[self._v] + RATE_NOISE * noise(len(self._v)),
            effort=data.actuator_force[self._u].copy(),
        )
        roll, pitch, yaw = roll_pitch_yaw(data.body(self.spec.base_link).xmat.reshape(3, 3))
        orientation = quaternion(roll, pitch, yaw)
        gyro = data.sensor("gyro").data + GYRO_NOISE * noise(3)
        imu = Imu(orientation, gyro, data.sensor("accelerometer").data.copy())
        return RobotState(stamp=float(data.time), joints=joints, imu=imu, odometry=self._odometry(orientation, gyro))

    def _odometry(self, orientation: NDArray[np.float64], gyro: NDArray[np.float64]) -> Odometry:
        body = self._data.body(self.spec.base_link)
        position = body.xpos.copy()
        position[:2] *= self._drift
        velocity = body.xmat.reshape(3, 3).T @ self._data.qvel[:3]
        return Odometry(position, orientation, velocity, gyro)

    def write(self, command: RobotCommand) -> RobotCommand:
        """Clamps a command and sets the servos; joints that are not named keep their target."""
        self._require()
        applied = clamp(self.spec, replace(command, twist=None) if command.twist == Twist() else command)
        for name, value in applied.positions.items():
            self._data.ctrl[self._model.actuator(name).id] = value
        return applied

    def stop(self) -> None:
        """Keeps the servos' targets: a humanoid that goes limp falls."""

    def step(self) -> RobotState:
        """Advances by one control period."""
        self._require()
        mujoco.mj_step(self._model, self._data, self._substeps)
        if not np.isfinite(self._data.qacc).all():
            raise DriverError("the simulation diverged; reset it")
        return self.read()

    def frame(self, camera: str) -> CameraFrame | None:
        """Raises DriverError: the humanoid carries no camera."""
        raise DriverError(f"no camera '{camera}'; {self.spec.name} has none")

    def render(self, camera: str, width: int, height: int) -> NDArray[np.uint8]:
        """Returns a picture of ``overview``, which follows the robot."""
        self._require()
        if camera != OVERVIEW:
            raise DriverError(f"no camera '{camera}'; cameras: {OVERVIEW}")
        return self._painter.paint(self._data, camera, width, height)

    def objects(self) -> tuple[SceneObject, ...]:
        """Returns the scene's true things; none on bare ground."""
        self._require()
        return skillbench.things(self._data, self._bench, self._humanoid, self._start)

    def tracked(self) -> tuple[SceneObject, ...]:
        """Returns the things as a tracking system of the place reports them: by name, with noise."""
        return skillbench.estimated(self.objects(), self._rng)

    def base_pose(self) -> tuple[float, float, float]:
        """Returns the pelvis' true x, y [m] and heading [rad] in the odom frame, for evaluation only."""
        self._require()
        body = self._data.body(self.spec.base_link)
        return float(body.xpos[0]), float(body.xpos[1]), roll_pitch_yaw(body.xmat.reshape(3, 3))[2]

    def base_height(self) -> float:
        """Returns the pelvis' true height [m], for evaluation only."""
        self._require()
        return float(self._data.body(self.spec.base_link).xpos[2])

    def push(self, velocity: tuple[float, float]) -> None:
        """Changes the pelvis' horizontal velocity [m/s], as a shove does; for tests and evaluation."""
        self._require()
        self._data.qvel[:2] += velocity

    def _require(self) -> None:
        if self._model is None:
            raise DriverError("the simulation is not connected; call connect() or reset(seed) first")


def add_overview(spec: mujoco.MjSpec, height: float) -> None:
    """A camera that follows the robot from the front right, light and a floor with a pattern to see motion by."""
    spec.visual.headlight.ambient, spec.visual.headlight.diffuse = [0.45] * 3, [0.5] * 3
    spec.add_texture(
        name="floor",
        type=mujoco.mjtTexture.mjTEXTURE_2D,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_CHECKER,
        rgb1=[0.62, 0.66, 0.64],
        rgb2=[0.52, 0.57, 0.55],
        width=256,
        height=256,
    )
    material = spec.add_material(name="floor", texrepeat=[2, 2], texuniform=True)
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = "floor"
    floor = spec.geom("floor")
    floor.material, floor.rgba = "floor", [1, 1, 1, 1]
    sky = spec.add_texture(name="sky", type=mujoco.mjtTexture.mjTEXTURE_SKYBOX)
    sky.builtin = mujoco.mjtBuiltin.mjBUILTIN_FLAT
    sky.width, sky.height, sky.rgb1 = 64, 64, [0.78, 0.82, 0.86]
    away, up = 1.8 * height, 0.4 * height
    angle = math.atan2(up + 0.12 * height, 1.414 * away)
    c, s = math.cos(angle), math.sin(angle)
    right, upward = np.array([0.707, 0.707, 0.0]), np.array([-0.707 * s, 0.707 * s, c])
    _camera(spec, [away, -away, up], right, upward)


def _camera(spec: mujoco.MjSpec, position: list[float], right: NDArray, upward: NDArray) -> None:
    matrix = np.stack([right, upward, np.cross(right, upward)], 1)
    orientation = np.zeros(4)
    mujoco.mju_mat2Quat(orientation, matrix.ravel())
    mode = mujoco.mjtCamLight.mjCAMLIGHT_TRACK
    spec.body("pelvis").add_camera(name=OVERVIEW, mode=mode, pos=position, quat=orientation, fovy=40)
