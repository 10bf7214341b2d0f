"""A robot's URDF as a MuJoCo model specification: free base, servos, couplings, cameras and sensors added."""

from __future__ import annotations

import math
from collections.abc import Mapping

import mujoco

from robomatrix.errors import ConfigurationError
from robomatrix.hardware.mecanum import GAIN, SIDES, WheelServos
from robomatrix.robots.simulation import MecanumSpec, SimulationSpec, Sum
from robomatrix.robots.spec import CameraSpec, JointSpec, RobotSpec
from robomatrix.scenes.layout import Pose2

ROBOT_GROUP = 3
"""Geom group of what the robot collides with; rays leave it out and cameras do not draw it."""
VISUAL_GROUP = 1
ROBOT, WORLD = 1, 2
"""Collision bits: the robot touches the world and never itself."""
SERVO = "servo_"
ROLL = "roll_"
"""Actuators that turn the wheels; they carry no load."""
IMU_SITE = "imu"
IMU_SENSORS = {
    "velocimeter": mujoco.mjtSensor.mjSENS_VELOCIMETER,
    "gyro": mujoco.mjtSensor.mjSENS_GYRO,
    "accelerometer": mujoco.mjtSensor.mjSENS_ACCELEROMETER,
}

_PAD_FRICTION = (1.4, 0.02, 0.0005)
_WHEEL_ARMATURE = 1e-3
_ROLL_GAIN = 0.05


def robot_spec(robot: RobotSpec, simulation: SimulationSpec, start: Pose2) -> mujoco.MjSpec:
    """Returns the robot alone, standing on the floor at ``start``.

    Raises:
        ConfigurationError: the URDF cannot be read or lacks a name that the robot's description uses.
    """
    try:
        spec = mujoco.MjSpec.from_file(str(robot.urdf))
    except ValueError as error:
        raise ConfigurationError(f"{robot.urdf}: {error}") from error
    spec.modelname = robot.name
    _place(spec, robot, start, simulation.height)
    _sort_geoms(spec, simulation)
    _couple(spec, simulation)
    for joint in robot.joints:
        _servo(spec, joint, simulation)
    if simulation.base is not None:
        _wheels(spec, robot, simulation.base)
    for camera in robot.cameras:
        _camera(spec, camera)
    _imu(spec, robot)
    return spec


def _body(spec: mujoco.MjSpec, name: str) -> mujoco.MjsBody:
    body = spec.body(name)
    if body is None:
        raise ConfigurationError(f"the URDF has no link '{name}'; links: {', '.join(b.name for b in spec.bodies)}")
    return body


def _place(spec: mujoco.MjSpec, robot: RobotSpec, start: Pose2, height: float) -> None:
    base = _body(spec, robot.base_link)
    x, y, yaw = start
    base.pos = [x, y, height]
    base.quat = [math.cos(yaw / 2), 0.0, 0.0, math.sin(yaw / 2)]
    base.add_freejoint(name="base")


def _sort_geoms(spec: mujoco.MjSpec, simulation: SimulationSpec) -> None:
    """Tells what collides from what is seen, and gives the finger pads their rubber."""
    for body in spec.bodies:
        for geom in body.geoms:
            if geom.contype == 0:
                geom.group = VISUAL_GROUP
                continue
            geom.group = ROBOT_GROUP
            geom.contype, geom.conaffinity = ROBOT, WORLD
            if body.name in simulation.pads:
                geom.condim, geom.priority = 4, 1
                geom.friction = _PAD_FRICTION
                geom.solref = [0.008, 1.0]


def _tendon(spec: mujoco.MjSpec, name: str, terms: Sum) -> mujoco.MjsTendon:
    tendon = spec.add_tendon(name=name)
    for joint, weight in terms.items():
        tendon.wrap_joint(joint, weight)
    return tendon


def _couple(spec: mujoco.MjSpec, simulation: SimulationSpec) -> None:
    """Adds sums as tendons; zeros are stiff servos, as tendon constraints would keep the world from sleeping."""
    for name, terms in simulation.sums.items():
        _tendon(spec, name, terms)
    for name, zero in simulation.zeros.items():
        _tendon(spec, name, zero.joints)
        _position_servo(spec, name, mujoco.mjtTrn.mjTRN_TENDON, zero.stiffness, zero.damping)
    armature = simulation.armature
    for joint in spec.joints:
        if joint.type != mujoco.mjtJoint.mjJNT_FREE:
            joint.armature = armature.get(joint.name, 0.0) if isinstance(armature, Mapping) else armature


def _servo(spec: mujoco.MjSpec, joint: JointSpec, simulation: SimulationSpec) -> None:
    if not joint.commanded or joint.kind == "counter":
        return
    transmission = mujoco.mjtTrn.mjTRN_TENDON if joint.name in simulation.sums else mujoco.mjtTrn.mjTRN_JOINT
    actuator = _position_servo(spec, joint.name, transmission, joint.stiffness, joint.damping)
    actuator.forcelimited, actuator.forcerange = True, [-joint.effort, joint.effort]


def _position_servo(
    spec: mujoco.MjSpec, target: str, transmission: mujoco.mjtTrn, stiffness: float, damping: float
) -> mujoco.MjsActuator:
    """Force = stiffness (control - position) - damping velocity."""
    actuator = spec.add_actuator(name=SERVO + target, target=target, trntype=transmission)
    actuator.gaintype, actuator.biastype = mujoco.mjtGain.mjGAIN_FIXED, mujoco.mjtBias.mjBIAS_AFFINE
    actuator.gainprm[0] = stiffness
    actuator.biasprm[1:3] = [-stiffness, -damping]
    return actuator


def _wheels(spec: mujoco.MjSpec, robot: RobotSpec, base: MecanumSpec) -> None:
    """Puts each wheel on a frictionless tread and lets a servo pull the base at its contact point."""
    frame = _body(spec, robot.base_link)
    pull = WheelServos(base, total_mass(spec)).pull
    for index, name in enumerate(base.wheels):
        wheel = spec.joint(name).parent
        for geom in wheel.geoms:
            geom.condim, geom.priority = 1, 1
        x, y = wheel.pos[0], wheel.pos[1]
        frame.add_site(name=name, pos=[x, y, 0.0], group=5)
        _wheel_servo(spec, name, float(SIDES[index]), pull)
        spec.joint(name).armature = _WHEEL_ARMATURE
        roll = spec.add_actuator(name=ROLL + name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        roll.set_to_velocity(_ROLL_GAIN)


def _wheel_servo(spec: mujoco.MjSpec, name: str, side: float, pull: float) -> None:
    actuator = spec.add_actuator(name=SERVO + name, target=name, trntype=mujoco.mjtTrn.mjTRN_SITE)
    actuator.gear = [1.0, side, 0.0, 0.0, 0.0, 0.0]
    actuator.gaintype, actuator.biastype = mujoco.mjtGain.mjGAIN_FIXED, mujoco.mjtBias.mjBIAS_AFFINE
    actuator.gainprm[0] = GAIN
    actuator.biasprm[2] = -GAIN
    actuator.forcelimited, actuator.forcerange = True, [-pull, pull]


def total_mass(spec: mujoco.MjSpec) -> float:
    """Returns the sum of the masses of all bodies [kg]."""
    return float(sum(body.mass for body in spec.bodies))


def _camera(spec: mujoco.MjSpec, camera: CameraSpec) -> None:
    """MuJoCo looks along -z with y up; the link is an optical frame, z forward and y down."""
    fovy = 2.0 * math.atan(camera.height / 2.0 / camera.focal)
    body = _body(spec, camera.link)
    body.add_camera(name=camera.name, quat=[0.0, 1.0, 0.0, 0.0], fovy=math.degrees(fovy))


def _imu(spec: mujoco.MjSpec, robot: RobotSpec) -> None:
    _body(spec, robot.base_link).add_site(name=IMU_SITE, group=5)
    for name, kind in IMU_SENSORS.items():
        spec.add_sensor(name=name, type=kind, objtype=mujoco.mjtObj.mjOBJ_SITE, objname=IMU_SITE)
