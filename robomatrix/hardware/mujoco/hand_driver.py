"""A dexterous hand with an object in it, simulated by MuJoCo: a fixed mount, no base, no camera on the robot."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import ConfigurationError, DriverError
from robomatrix.hardware.driver import CameraFrame, JointState, RobotCommand, RobotState, Twist
from robomatrix.hardware.mujoco.hand import (
    CENTRE,
    DROP_DISTANCE,
    OBJECT,
    OVERVIEW,
    TIMESTEP,
    ObjectSpec,
    Shape,
    build_model,
)
from robomatrix.hardware.mujoco.painter import Painter
from robomatrix.hardware.targets import JointTargets, clamp
from robomatrix.resources import resource
from robomatrix.robots.mirror import Reflection, trained_hand
from robomatrix.robots.spec import RobotSpec
from robomatrix.scenes.catalogue import COLOURS
from robomatrix.scenes.description import load_scene
from robomatrix.world import SceneObject

SHAPES: Mapping[str, Shape] = {"block": "cube", "ball": "ball", "can": "cylinder"}
"""Scene category to the shape in the hand."""
GRAVITY = {"up": (-9.81, 0.0, 0.0), "sideways": (0.0, 9.81, 0.0), "down": (9.81, 0.0, 0.0)}
"""By where the palm looks, in the palm frame of a right hand [m/s^2]."""
TRACKING_NOISE = (0.001, 0.01)
"""Of the modelled tracking system: standard deviation of a coordinate [m] and of the heading [rad]."""
_MOUNT = np.array([[0.0, 0.0, 1.0], [0.0, -1.0, 0.0], [1.0, 0.0, 0.0]])
"""Palm frame to mount frame: the mount's z is the palm's normal, its x points along the fingers."""


class MujocoHandDriver:
    """Implements :class:`robomatrix.hardware.driver.SimulatedDriver` for robots whose base is a hand's mount.

    It is also a :class:`~robomatrix.hardware.driver.TrackingDriver`: no camera of the hand sees what is in it.

    A reset puts the object into a grasp that ``models/dexgen/<robot>/starts`` lists, a left hand into its mirror image.
    The odom frame is the mount with the palm up, whatever the true attitude is.
    """

    def __init__(
        self,
        robot: RobotSpec,
        scene: str | None = None,
        overrides: Mapping[str, Any] | None = None,
        attitude: str = "up",
    ) -> None:
        """Chooses object and attitude (``up``, ``sideways`` or ``down``); nothing is built before a reset."""
        if attitude not in GRAVITY:
            raise ConfigurationError(f"no attitude '{attitude}'; attitudes: {', '.join(GRAVITY)}")
        self.spec = robot
        self.scene = load_scene(scene or robot.scenes[0], overrides)
        self.attitude = attitude
        self.timestep = 1.0 / robot.rate
        held = self.scene.objects[0] if self.scene.objects else None
        if held is None or held.category not in SHAPES:
            raise ConfigurationError(f"scene {self.scene.name}: the first object must be one of {', '.join(SHAPES)}")
        self._held = held
        self._reflection = Reflection.of(robot)
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
        """Puts an object into the hand; ``seed`` draws grasp, mass and friction."""
        self.close()
        rng = np.random.default_rng(seed)
        positions, targets, pose, size = self._draw_start(rng)
        held = ObjectSpec(SHAPES[self._held.category], size, rng.uniform(0.05, 0.15), rng.uniform(0.7, 1.0))
        self._colour = str(rng.choice(list(self._held.colours)))
        self._size = (size, size, size)
        self._model = model = build_model(self.spec, held, COLOURS[self._colour])
        model.opt.gravity[:] = self._reflection.sides * GRAVITY[self.attitude]
        self._data = mujoco.MjData(model)
        self._data.qpos[:16], self._data.qpos[16:], self._data.ctrl[:] = positions, pose, targets
        mujoco.mj_forward(model, self._data)
        self._registered = self._data.body(OBJECT).xmat.reshape(3, 3).copy()
        self._tracking = np.random.default_rng([seed, 1])
        self._painter = Painter(model)
        self._targets = JointTargets(self.spec, {})
        self._targets.now.update(zip(self.spec.joint_names, targets, strict=True))
        self._targets.hold()
        return self.read()

    def _draw_start(self, rng: np.random.Generator) -> tuple[NDArray, NDArray, NDArray, float]:
        hand = trained_hand(self.spec).name
        path = resource("models", "dexgen", hand, "starts", f"{SHAPES[self._held.category]}.npz")
        try:
            with np.load(path, allow_pickle=False) as file:
                row = int(rng.integers(len(file["positions"])))
                rows = [file[name][row].astype(np.float64) for name in ("positions", "targets", "poses")]
                return rows[0], rows[1], self._reflection.pose(rows[2]), float(file["held"][0])
        except (OSError, KeyError, ValueError) as error:
            raise DriverError(f"{path}: no grasps to start from: {error}") from error

    def read(self) -> RobotState:
        """Returns the newest state; effort is what the servos exert."""
        self._require()
        joints = JointState(
            names=self.spec.joint_names,
            position=self._data.qpos[:16].copy(),
            velocity=self._data.qvel[:16].copy(),
            effort=self._data.actuator_force[:16].copy(),
        )
        return RobotState(stamp=float(self._data.time), joints=joints)

    def write(self, command: RobotCommand) -> RobotCommand:
        """Clamps and remembers a command; a standing base is what a hand always has."""
        self._require()
        applied = clamp(self.spec, replace(command, twist=None) if command.twist == Twist() else command)
        self._targets.take(applied)
        return applied

    def stop(self) -> None:
        """Keeps the grip: the joints stay where they are asked to be now."""
        if self._model is not None:
            self._targets.hold()

    def step(self) -> RobotState:
        """Advances by one control period."""
        self._require()
        now = self._targets.advance(self.timestep)
        self._data.ctrl[:] = [now[name] for name in self.spec.joint_names]
        mujoco.mj_step(self._model, self._data, round(self.timestep / TIMESTEP))
        return self.read()

    def frame(self, camera: str) -> CameraFrame | None:
        """Raises DriverError: the hand carries no camera."""
        raise DriverError(f"no camera '{camera}'; {self.spec.name} has none")

    def render(self, camera: str, width: int, height: int) -> NDArray[np.uint8]:
        """Returns a picture of ``overview``, which looks into the hand."""
        self._require()
        if camera != OVERVIEW:
            raise DriverError(f"no camera '{camera}'; cameras: {OVERVIEW}")
        return self._painter.paint(self._data, camera, width, height)

    def objects(self) -> tuple[SceneObject, ...]:
        """Returns the object in the frame of the mount, for evaluation only.

        Its yaw is by how much it has turned about the palm's normal since the reset (swing-twist decomposition).
        """
        self._require()
        turned = self._turned()
        place = _MOUNT @ self._data.body(OBJECT).xpos
        category, colour = self._held.category, self._colour
        return (
            SceneObject(
                id=f"{category}_1",
                name=f"{colour} {category}",
                category=category,
                colour=colour,
                position=(float(place[0]), float(place[1]), float(place[2])),
                yaw=math.atan2(turned[1, 0] - turned[0, 1], turned[0, 0] + turned[1, 1]),
                size=self._size,
                stamp=float(self._data.time),
            ),
        )

    def _turned(self) -> NDArray:
        """Returns the object's rotation since the reset (3, 3) in the frame of the mount."""
        return _MOUNT @ self._data.body(OBJECT).xmat.reshape(3, 3) @ self._registered.T @ _MOUNT.T

    @property
    def tilt(self) -> float:
        """By how much the object has tipped over since the reset, whatever it has turned [rad]; for evaluation only."""
        self._require()
        return math.acos(min(max(float(self._turned()[2, 2]), -1.0), 1.0))

    def tracked(self) -> tuple[SceneObject, ...]:
        """Returns what a motion-capture system beside the hand reports: the object with :data:`TRACKING_NOISE`.

        The system registered the object at the reset, as such systems do: its heading counts from there.
        """
        (seen,) = self.objects()
        length, angle = TRACKING_NOISE
        place = np.array(seen.position) + self._tracking.normal(0.0, length, 3)
        x, y, z = (float(value) for value in place)
        return (replace(seen, position=(x, y, z), yaw=seen.yaw + float(self._tracking.normal(0.0, angle))),)

    @property
    def holds(self) -> bool:
        """Whether the object is still in the hand, for evaluation only."""
        self._require()
        return bool(np.linalg.norm(self._data.body(OBJECT).xpos - CENTRE) < DROP_DISTANCE)

    def _require(self) -> None:
        if self._model is None:
            raise DriverError("the simulation is not connected; call connect() or reset(seed) first")
