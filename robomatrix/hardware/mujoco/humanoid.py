"""MuJoCo models of the humanoids, for the driver and for training: URDF plus floor, servos and sensors."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from robomatrix.robots.humanoid import Humanoid
from robomatrix.robots.loader import load_robot
from robomatrix.robots.spec import JointSpec

Array = NDArray[np.float64]
TIMESTEP = 0.02 / 3
"""[s]; three steps a control period."""
ARMATURE = 0.02
"""Inertia of motor and gear at each joint [kg m^2]."""
SOLVER = (8, 8)
"""Iterations, line-search iterations; with three, feet on slippery floors jump though nothing pushes them."""
FLOOR = "floor"
HAND_BIT = 2
"""Collision bit of what hands can touch; the feet touch the floor only."""


def humanoid_spec(robot: Humanoid, freeze: bool = False) -> mujoco.MjSpec:
    """Returns the model on a floor with a position servo on every joint and the sensors that training reads.

    With ``freeze`` joints that no policy moves (wrists, waist roll and pitch) are welded, and only the feet touch the
    floor, both of which make a step faster.
    """
    description = load_robot(robot.name)
    spec = _free(description.urdf.read_text())
    spec.option.timestep = TIMESTEP
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.disableflags |= mujoco.mjtDisableBit.mjDSBL_ISLAND
    spec.option.iterations, spec.option.ls_iterations = SOLVER
    floor = spec.worldbody.add_geom(name=FLOOR, type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0, 0, 1], priority=1)
    floor.friction, floor.rgba = [1.0, 0.005, 0.0001], [0.55, 0.6, 0.58, 1]
    for joint in list(spec.joints):
        if joint.type == mujoco.mjtJoint.mjJNT_FREE:
            continue
        if freeze and joint.name not in robot.joints:
            spec.delete(joint)
        else:
            _servo(spec, joint, description.joint(joint.name))
    _collisions(spec, robot, everything=not freeze)
    _sensors(spec, robot)
    return spec


def _free(urdf: str) -> mujoco.MjSpec:
    """Parses a URDF without fusing links, and lets its root move freely."""
    compiler = '<mujoco><compiler discardvisual="false" fusestatic="false"/></mujoco>'
    spec = mujoco.MjSpec.from_string(urdf.replace("</robot>", f"{compiler}</robot>"))
    spec.worldbody.first_body().add_freejoint(name="root")
    return spec


def _servo(spec: mujoco.MjSpec, joint: mujoco.MjsJoint, description: JointSpec) -> None:
    joint.armature = ARMATURE
    joint.actfrclimited = mujoco.mjtLimited.mjLIMITED_FALSE
    actuator = spec.add_actuator(name=joint.name, target=joint.name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
    actuator.set_to_position(kp=description.stiffness, kv=description.damping)
    actuator.forcelimited, actuator.forcerange = True, [-description.effort, description.effort]


def _collisions(spec: mujoco.MjSpec, robot: Humanoid, everything: bool) -> None:
    """Feet (or ``everything``) meet the floor, hands meet what carries HAND_BIT; the robot never meets itself."""
    for body in spec.bodies:
        for geom in body.geoms:
            if geom.name == FLOOR:
                continue
            solid = geom.contype != 0
            bits = (everything or body.name in robot.feet) + HAND_BIT * (body.name in robot.hands)
            geom.contype, geom.conaffinity = 0, bits if solid else 0
            geom.group = 3 if solid else 1


def _sensors(spec: mujoco.MjSpec, robot: Humanoid) -> None:
    spec.body("pelvis").add_site(name="imu", group=5)
    kind, site = mujoco.mjtSensor, mujoco.mjtObj.mjOBJ_SITE
    inertial = (("gyro", kind.mjSENS_GYRO), ("accelerometer", kind.mjSENS_ACCELEROMETER))
    for name, what in inertial:
        spec.add_sensor(name=name, type=what, objtype=site, objname="imu")
    for side, body in zip(("left", "right"), robot.feet, strict=True):
        foot = spec.body(body)
        geom = next(g for g in foot.geoms if g.group == 3)
        sole = geom.pos - np.array([0, 0, geom.size[2]])
        foot.add_site(name=f"{side}_foot", pos=sole, group=5)
        foot.add_site(name=f"{side}_sole", pos=geom.pos, type=mujoco.mjtGeom.mjGEOM_BOX, size=geom.size + 0.01, group=5)
        spec.add_sensor(name=f"{side}_touch", type=kind.mjSENS_TOUCH, objtype=site, objname=f"{side}_sole")
        for name, what in (("position", kind.mjSENS_FRAMEPOS), ("velocity", kind.mjSENS_FRAMELINVEL)):
            spec.add_sensor(name=f"{side}_foot_{name}", type=what, objtype=site, objname=f"{side}_foot")
    for side, body in zip(("left", "right"), robot.hands, strict=True):
        spec.body(body).add_site(name=f"{side}_hand", pos=robot.hand_point, group=5)
        spec.add_sensor(name=f"{side}_hand_position", type=kind.mjSENS_FRAMEPOS, objtype=site, objname=f"{side}_hand")


def home_pose(robot: Humanoid) -> Array:
    """Returns the policies' home angles (d,) [rad]."""
    description = load_robot(robot.name)
    return np.array([description.joint(name).home for name in robot.joints])


def servo_sag(robot: Humanoid, angles: Array) -> Array:
    """Returns how far upright robots' joints give way under gravity, base held: (n, d) -> (n, d) [rad].

    Only the arms' figures mean something, as the legs carry the body over the feet.
    """
    model = humanoid_spec(robot, freeze=True).compile()
    data = mujoco.MjData(model)
    joints = [model.joint(name) for name in robot.joints]
    q, v = [int(j.qposadr[0]) for j in joints], [int(j.dofadr[0]) for j in joints]
    stiffness = np.array([model.actuator(name).gainprm[0] for name in robot.joints])
    torque = np.zeros_like(angles)
    for row, pose in zip(torque, angles, strict=True):
        data.qpos[q] = pose
        mujoco.mj_forward(model, data)
        row[:] = data.qfrc_bias[v]
    return torque / stiffness
