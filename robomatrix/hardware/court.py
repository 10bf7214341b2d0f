"""The player on its court, simulated by MuJoCo: the same model that the policies were trained in.

A driver of its own because the world is: 240 Hz physics with measured restitution, a ball of real weight and a
thrower. The ball is reported in :meth:`objects`; the skills read it from the world's objects as a tracker on the
court would give it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import DriverError
from robomatrix.hardware.driver import CameraFrame, Imu, JointState, Odometry, RobotCommand, RobotState
from robomatrix.hardware.targets import clamp
from robomatrix.robots.spec import RobotSpec
from robomatrix.world import SceneObject

Array = NDArray[np.float64]
GRAVITY = 9.81
LOB_FROM = np.array([1.389, 0.317, 0.787])
"""Where a throw begins: ahead, left, height [m]; eight control periods later it is where the catch's clip begins."""
LOB_VELOCITY = np.array([-1.562, -0.532, 3.639])
"""[m/s]."""
LOB_SPREAD = 0.02
"""By so much throws begin elsewhere [m]."""


class CourtDriver:
    """Implements :class:`robomatrix.hardware.driver.SimulatedDriver` for the robot ``player``."""

    def __init__(
        self, robot: RobotSpec, scene: str | None = None, throws: Sequence[float] = (), **options: Any
    ) -> None:
        """Chooses the robot; nothing is built before :meth:`connect` or :meth:`reset`.

        Args:
            robot: the player.
            scene: must be ``court`` or None.
            throws: when somebody throws the ball to the player, in rising order [s].
            options: no others are known; a name given is an error.

        Raises:
            DriverError: another robot, scene or an option was asked for, or times that are none.
        """
        if robot.name != "player" or scene not in (None, "court") or options:
            wrong = f"{robot.name}, {scene}" + (f", {options}" if options else "")
            raise DriverError(f"the court driver drives 'player' on scene 'court' with the option throws, not {wrong}")
        if not all(isinstance(at, (int, float)) and at >= 0.0 for at in throws) or list(throws) != sorted(throws):
            raise DriverError(f"throws must be rising times in seconds, such as [2.0, 9.5], not {list(throws)}")
        self.spec = robot
        self._throws = tuple(float(at) for at in throws)
        self.timestep = 1.0 / robot.rate
        self._thrown = 0
        self._rng = np.random.default_rng(0)
        self._model: Any = None
        self._data: Any = None
        self._renderer: Any = None

    def connect(self) -> None:
        """Builds the world of seed 0 unless :meth:`reset` has built one."""
        if self._data is None:
            self.reset(0)

    def close(self) -> None:
        """Lets the simulation go; idempotent."""
        if self._renderer is not None:
            self._renderer.close()
        self._model = self._data = self._renderer = None

    def reset(self, seed: int) -> RobotState:
        """Puts the player into its home pose, the ball before its feet, moved by up to 5 cm as ``seed`` says."""
        import mujoco

        from robomatrix.scenes.court import build_model, court

        stance = court()["player"]
        self._model = self._model or build_model(self.spec.name, hoop=True)
        self._data = mujoco.MjData(self._model)
        home = np.array([j.home for j in self.spec.joints], float)
        self._data.qpos[2] = stance["height"]
        self._data.qpos[3:7] = stance["orientation"]
        self._data.qpos[7:-7] = home
        self._thrown, self._rng = 0, np.random.default_rng(seed)
        self._data.qpos[-7:-5] += self._rng.uniform(-0.05, 0.05, 2)
        self._data.ctrl[:] = home
        mujoco.mj_forward(self._model, self._data)
        return self.read()

    def place(self, qpos: Array, qvel: Array) -> RobotState:
        """Puts robot and ball into a state: positions (nq,) and velocities (nv,) of the model."""
        import mujoco

        self.connect()
        self._data.qpos[:], self._data.qvel[:] = qpos, qvel
        self._data.ctrl[:] = qpos[7:-7]
        mujoco.mj_forward(self._model, self._data)
        return self.read()

    def throw(self, start: Array, target: Array, flight: float) -> None:
        """Puts the ball at ``start`` (3,) [m] on the parabola that reaches ``target`` (3,) after ``flight`` [s]."""
        fall = np.array([0.0, 0.0, 0.5 * GRAVITY * flight**2])
        self._launch(start, (np.asarray(target) - start + fall) / flight)

    def _launch(self, start: Array, velocity: Array) -> None:
        data = self._simulation
        data.qpos[-7:-4] = start
        data.qvel[-6:-3], data.qvel[-3:] = velocity, 0.0

    def _throw_when_due(self) -> None:
        """Lobs the ball as in the clip that the catch was learnt from, 1.5 m ahead of the player, to its chest."""
        due = self._throws[self._thrown : self._thrown + 1]
        if not due or self._data.time < due[0]:
            return
        self._thrown += 1
        pelvis = self.read().odometry
        cos, sin = np.cos(pelvis.yaw), np.sin(pelvis.yaw)
        turn = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
        start = LOB_FROM + self._rng.uniform(-LOB_SPREAD, LOB_SPREAD, 3)
        self._launch([*pelvis.position[:2], 0.0] + turn @ start, turn @ LOB_VELOCITY)

    def push(self, velocity: Array) -> None:
        """Adds a velocity (3,) to the player's pelvis [m/s]."""
        self._simulation.qvel[:3] += velocity

    def read(self) -> RobotState:
        """Returns the newest state."""
        data = self._simulation
        w, x, y, z = data.qpos[3:7]
        orientation = np.array([x, y, z, w])
        turn = data.xmat[self._model.body(self.spec.base_link).id].reshape(3, 3)
        joints = JointState(
            self.spec.joint_names, data.qpos[7:-7].copy(), data.qvel[6:-6].copy(), data.actuator_force.copy()
        )
        return RobotState(
            stamp=float(data.time),
            joints=joints,
            imu=Imu(orientation, data.qvel[3:6].copy(), turn.T @ [0.0, 0.0, GRAVITY]),
            odometry=Odometry(data.qpos[:3].copy(), orientation, turn.T @ data.qvel[:3], data.qvel[3:6].copy()),
        )

    def frame(self, camera: str) -> CameraFrame | None:
        """The player has no camera."""
        raise DriverError(f"no camera '{camera}'; the player has none")

    def write(self, command: RobotCommand) -> RobotCommand:
        """Clamps a command and sets the servos' targets."""
        applied = clamp(self.spec, command)
        for name, value in applied.positions.items():
            self._simulation.ctrl[self.spec.joint_names.index(name)] = value
        return applied

    def stop(self) -> None:
        """Holds the joints where they are asked to be now; never raises."""

    def step(self) -> RobotState:
        """Advances by one control period."""
        import mujoco

        steps = round(self.timestep / self._model.opt.timestep) if self._model is not None else 0
        mujoco.mj_step(self._model, self._simulation, steps)
        self._throw_when_due()
        if not np.isfinite(self._data.qacc).all():
            raise DriverError("the simulation diverged; reset it")
        return self.read()

    def objects(self) -> tuple[SceneObject, ...]:
        """Returns ball and hoop."""
        data = self._simulation
        hoop = self._model.body("hoop").pos
        stamp = float(data.time)
        ball = SceneObject(
            "ball", "ball", "ball", "orange", tuple(data.qpos[-7:-4]), size=(0.24, 0.24, 0.24), stamp=stamp
        )
        return ball, SceneObject("hoop", "hoop", "target", "red", tuple(hoop), size=(0.46, 0.46, 0.02), stamp=stamp)

    def tracked(self) -> tuple[SceneObject, ...]:
        """Returns ball and hoop as a court's tracker would report them; here the simulator's truth stands in for it."""
        return self.objects()

    def render(self, camera: str, width: int, height: int) -> NDArray[np.uint8]:
        """Returns a picture (height, width, 3) from the side of the player; ``camera`` must be ``overview``."""
        import mujoco

        if camera != "overview":
            raise DriverError(f"no camera '{camera}'; cameras: overview")
        if self._renderer is None:
            self._renderer = mujoco.Renderer(self._model, height, width)
        view = mujoco.MjvCamera()
        x, y = self._simulation.qpos[:2]
        view.lookat[:] = [x + 1.0, y, 1.5]  # between player and hoop: both are in the picture
        view.distance, view.azimuth, view.elevation = 5.6, 110.0, -8.0
        self._renderer.update_scene(self._simulation, view)
        return self._renderer.render()

    @property
    def model(self) -> Any:
        """The MuJoCo model, for evaluation."""
        self.connect()
        return self._model

    @property
    def data(self) -> Any:
        """The MuJoCo state, for evaluation."""
        return self._simulation

    @property
    def _simulation(self) -> Any:
        if self._data is None:
            raise DriverError("the simulation is not connected; call connect() or reset(seed) first")
        return self._data
