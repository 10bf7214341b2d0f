"""The world of the player: robot, floor, ball, hoop and the sensors that rewards and success rules read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import mujoco
import numpy as np

from robomatrix.resources import load_yaml, resource
from robomatrix.robots.loader import load_robot

RATE = 60.0
"""Control rate [Hz]."""
SUBSTEPS = 4
POINTS = ("pelvis", "torso", "head", "left_knee", "right_knee", "left_ankle", "right_ankle", "left_toe", "right_toe",
          "left_elbow", "right_elbow", "left_palm", "right_palm")  # fmt: skip
"""Sites whose positions the reward compares."""
HANDS = ("left_hand", "right_hand")
_BODY_GEOMS = ("pelvis", "abdomen", "chest", "head", "left_thigh", "right_thigh", "left_shank", "right_shank")
_FLOOR, _BALL = 1, 4
"""Collision bits, as in urdf/player.xml."""


def court() -> Mapping[str, Any]:
    """Returns the court's description."""
    return load_yaml(resource("config", "court.yaml"))


@cache
def build_model(robot: str = "player", hoop: bool = False) -> mujoco.MjModel:
    """Returns the model: the robot with its servos, floor and ball; joints in the order robot, ball.

    Args:
        robot: name in ``config/robots``.
        hoop: adds hoop and backboard (slower; only shots need them).
    """
    spec = mujoco.MjSpec.from_file(str(load_robot(robot).urdf))
    description = court()
    _set_options(spec, description)
    _add_floor_and_ball(spec, description)
    if hoop:
        _add_hoop(spec, description)
    _add_servos(spec, robot)
    _add_sensors(spec)
    return spec.compile()


def _set_options(spec: mujoco.MjSpec, description: Mapping[str, Any]) -> None:
    spec.option.timestep = description["timestep"]
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.iterations = 4
    spec.option.ls_iterations = 8
    spec.option.disableflags |= mujoco.mjtDisableBit.mjDSBL_ISLAND


def _add_floor_and_ball(spec: mujoco.MjSpec, description: Mapping[str, Any]) -> None:
    world = spec.worldbody
    world.add_geom(
        name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[20, 20, 0.1], contype=_FLOOR, conaffinity=0,
        friction=description["floor"]["friction"], rgba=[0.72, 0.55, 0.38, 1],
    )  # fmt: skip
    world.add_light(pos=[0, -2, 6], dir=[0, 0.3, -1], castshadow=True)
    spec.visual.headlight.ambient = [0.35, 0.35, 0.35]
    spec.add_texture(
        name="sky", type=mujoco.mjtTexture.mjTEXTURE_SKYBOX, builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=[0.8, 0.87, 0.95], rgb2=[0.95, 0.95, 0.95], width=64, height=384,
    )  # fmt: skip
    ball = description["ball"]
    body = world.add_body(name="ball", pos=ball["position"])
    body.add_freejoint(name="ball")
    body.add_geom(
        name="ball", type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[ball["radius"], 0, 0], mass=ball["mass"], contype=_BALL,
        conaffinity=_FLOOR, priority=1, condim=4, friction=ball["friction"], solref=ball["solref"],
        rgba=[0.9, 0.42, 0.1, 1],
    )  # fmt: skip
    body.add_site(name="ball", size=[0.01, 0, 0])


def _add_hoop(spec: mujoco.MjSpec, description: Mapping[str, Any]) -> None:
    hoop, board = description["hoop"], description["backboard"]
    body = spec.worldbody.add_body(name="hoop", pos=hoop["position"])
    angles = np.linspace(0.0, 2.0 * np.pi, 17)
    ring = hoop["radius"] * np.stack([np.cos(angles), np.sin(angles), 0.0 * angles], axis=1)
    for i in range(16):
        body.add_geom(
            name=f"rim_{i}", type=mujoco.mjtGeom.mjGEOM_CAPSULE, fromto=[*ring[i], *ring[i + 1]],
            size=[hoop["rim"], 0, 0], contype=_FLOOR, conaffinity=0, rgba=[0.9, 0.3, 0.1, 1],
        )  # fmt: skip
    body.add_geom(
        name="backboard", type=mujoco.mjtGeom.mjGEOM_BOX, size=[0.02, board["width"] / 2, board["height"] / 2],
        pos=[board["offset"], 0, 0.38], contype=_FLOOR, conaffinity=0, rgba=[0.95, 0.95, 0.97, 0.6],
    )  # fmt: skip


def _add_servos(spec: mujoco.MjSpec, robot: str) -> None:
    """One position servo a joint; its force range is the joint's effort limit."""
    for joint in load_robot(robot).joints:
        servo = spec.add_actuator(name=joint.name, target=joint.name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        servo.set_to_position(kp=joint.stiffness, kv=joint.damping)
        servo.forcelimited = True
        servo.forcerange = [-joint.effort, joint.effort]


def _add_sensors(spec: mujoco.MjSpec) -> None:
    for site in (*POINTS, "ball"):
        spec.add_sensor(
            name=f"{site}_position",
            type=mujoco.mjtSensor.mjSENS_FRAMEPOS,
            objtype=mujoco.mjtObj.mjOBJ_SITE,
            objname=site,
        )
    for hand in HANDS:
        _add_contact(spec, f"{hand}_ball", mujoco.mjtObj.mjOBJ_BODY, hand)
    for geom in _BODY_GEOMS:
        _add_contact(spec, f"{geom}_touches_ball", mujoco.mjtObj.mjOBJ_GEOM, geom)


def _add_contact(spec: mujoco.MjSpec, name: str, kind: mujoco.mjtObj, part: str) -> None:
    """Number of contacts between a part of the robot and the ball, from true geometry pairs."""
    found, any_contact, one = 1, 0, 1
    spec.add_sensor(
        name=name, type=mujoco.mjtSensor.mjSENS_CONTACT, objtype=kind, objname=part,
        reftype=mujoco.mjtObj.mjOBJ_GEOM, refname="ball", intprm=[found, any_contact, one],
    )  # fmt: skip
