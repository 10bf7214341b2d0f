"""A dexterous hand with an object in it as a MuJoCo model, in the frame of the palm.

Contact settings decide whether grasps hold: with fewer solver iterations or a small ``impratio`` objects creep out of a
grasp that friction would hold (docs/dexgen.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import mujoco
import numpy as np

from robomatrix.errors import ConfigurationError
from robomatrix.robots.spec import RobotSpec

Shape = Literal["cube", "cylinder", "ball", "capsule", "handle"]
SHAPES: tuple[Shape, ...] = ("cube", "cylinder", "ball", "capsule", "handle")

TIMESTEP = 0.005
"""Physics step [s]."""
PALM = "palm"
"""Link that fingers close on; its x is the palm's normal, its z points along the fingers."""
OBJECT = "object"
"""Body in the hand."""
CENTRE = (0.055, 0.0, 0.035)
"""Middle of the space between palm and fingertips, in the palm frame [m]."""
DROP_DISTANCE = 0.13
"""An object further than this from the centre is lost [m]."""

OVERVIEW = "overview"
"""Camera that looks into the hand."""

_ARMATURE = 1e-3
_CAMERA = ((0.27, -0.22, 0.26), (0.03, 0.0, 0.02))
"""Where the camera is and what it looks at, in the palm frame [m]."""


@dataclass(frozen=True)
class ObjectSpec:
    """What is in the hand."""

    shape: Shape = "cube"
    size: float = 0.06
    """Edge or diameter; capsules and handles are longer [m]."""
    mass: float = 0.1
    """[kg]."""
    friction: float = 0.8
    """Sliding coefficient of the object and of the hand."""


def _geometry(spec: ObjectSpec) -> list[tuple[mujoco.mjtGeom, tuple[float, float, float], float]]:
    """Returns (type, half sizes, position along z) of the shape's parts."""
    half, types = spec.size / 2.0, mujoco.mjtGeom
    parts = {
        "cube": [(types.mjGEOM_BOX, (half, half, half), 0.0)],
        "cylinder": [(types.mjGEOM_CYLINDER, (half, half, 0.0), 0.0)],
        "ball": [(types.mjGEOM_SPHERE, (half, 0.0, 0.0), 0.0)],
        "capsule": [(types.mjGEOM_CAPSULE, (0.8 * half, 0.6 * half, 0.0), 0.0)],
        "handle": [
            (types.mjGEOM_BOX, (0.6 * half, 0.6 * half, half), 0.0),
            (types.mjGEOM_CAPSULE, (0.2 * half, 0.8 * half, 0.0), 1.6 * half),
        ],
    }
    if spec.shape not in parts:
        raise ConfigurationError(f"no object shape '{spec.shape}'; shapes: {', '.join(SHAPES)}")
    return parts[spec.shape]


def _add_object(world: mujoco.MjsBody, spec: ObjectSpec, colour: tuple[float, float, float]) -> None:
    body = world.add_body(name=OBJECT, pos=list(CENTRE))
    body.add_freejoint(name=OBJECT)
    parts = _geometry(spec)
    for kind, size, height in parts:
        body.add_geom(type=kind, size=list(size), pos=[0.0, 0.0, height], mass=spec.mass / len(parts))
    for geom in body.geoms:
        geom.contype, geom.conaffinity = 0, 3
        geom.rgba = [*colour, 1.0]


def _prepare_hand(spec: mujoco.MjSpec, robot: RobotSpec) -> None:
    """Rounds the segments, sets contact groups (fingers do not touch the palm) and puts servos on the joints."""
    palm = spec.body(PALM)
    palm.pos, palm.quat = [0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]
    for geom in spec.geoms:
        if geom.contype == 0:
            spec.delete(geom)
            continue
        if geom.type == mujoco.mjtGeom.mjGEOM_CYLINDER:
            geom.type = mujoco.mjtGeom.mjGEOM_CAPSULE
        geom.contype, geom.conaffinity = (1, 0) if geom.parent.name == PALM else (2, 2)
    for joint in robot.joints:
        spec.joint(joint.name).armature = _ARMATURE
        servo = spec.add_actuator(name=joint.name, target=joint.name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        servo.set_to_position(kp=joint.stiffness, kv=joint.damping)
        servo.forcelimited, servo.forcerange = True, [-joint.effort, joint.effort]
        servo.ctrllimited, servo.ctrlrange = True, [joint.lower, joint.upper]


def _add_view(spec: mujoco.MjSpec) -> None:
    place, target = (np.array(v) for v in _CAMERA)
    back = (place - target) / np.linalg.norm(place - target)
    right = np.cross([1.0, 0.0, 0.0], back)
    right /= np.linalg.norm(right)
    quaternion = np.empty(4)
    mujoco.mju_mat2Quat(quaternion, np.stack([right, np.cross(back, right), back], axis=1).flatten())
    spec.worldbody.add_camera(name=OVERVIEW, pos=list(place), quat=list(quaternion), fovy=40.0)
    spec.worldbody.add_light(pos=[0.6, -0.3, 0.4], dir=[-0.8, 0.4, -0.5], castshadow=False)


def build_model(
    robot: RobotSpec, held: ObjectSpec, colour: tuple[float, float, float] = (0.2, 0.45, 0.8)
) -> mujoco.MjModel:
    """Returns the compiled hand with the object, world frame = palm frame, gravity off.

    Joint and actuator order are the robot's; ``qpos`` is (16 joints, object position, object quaternion w x y z).
    """
    spec = mujoco.MjSpec.from_file(str(robot.urdf))
    spec.compiler.fusestatic = False
    _prepare_hand(spec, robot)
    _add_object(spec.worldbody, held, colour)
    _add_view(spec)
    for geom in spec.geoms:
        geom.condim, geom.friction = 4, [held.friction, 0.005, 0.0001]
        geom.solref, geom.solimp = [0.01, 1.0], [0.9, 0.97, 0.002, 0.5, 2.0]
    option = spec.option
    option.timestep, option.gravity = TIMESTEP, [0.0, 0.0, 0.0]
    option.integrator, option.cone = mujoco.mjtIntegrator.mjINT_IMPLICITFAST, mujoco.mjtCone.mjCONE_ELLIPTIC
    option.impratio, option.iterations, option.ls_iterations = 100.0, 10, 20
    return spec.compile()
