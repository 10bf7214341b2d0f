"""Robots by name: ``config/robots/<name>.yaml`` over the limits that stand in the robot's URDF."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from robomatrix.errors import ConfigurationError, UnknownNameError
from robomatrix.resources import load_yaml, names, resource
from robomatrix.robots.simulation import SimulationSpec, simulation_from
from robomatrix.robots.spec import BaseSpec, CameraSpec, JointSpec, RangeSpec, RobotSpec


def robot_names() -> tuple[str, ...]:
    """Returns the robots that ``config/robots`` describes, sorted."""
    return names("config/robots")


@cache
def load_robot(name: str) -> RobotSpec:
    """Returns a robot's specification.

    Raises:
        UnknownNameError: there is no such robot; lists those that are.
        ConfigurationError: its description is malformed; names the place.
    """
    data = _description(name)
    path = resource("config", "robots", f"{name}.yaml")
    try:
        urdf = resource(data["urdf"])
        limits = _urdf_joints(urdf) if urdf.suffix == ".urdf" else {}
        return RobotSpec(
            name=data["name"],
            text=data["text"],
            urdf=urdf,
            base_link=data["base_link"],
            joints=tuple(JointSpec(name=n, **{**limits.get(n, {}), **(j or {})}) for n, j in data["joints"].items()),
            rate=float(data["rate"]),
            drivers=tuple(data["drivers"]),
            scenes=tuple(data["scenes"]),
            base=BaseSpec(**data["base"]) if "base" in data else None,
            cameras=tuple(_camera(c) for c in data.get("cameras", ())),
            ranges=tuple(RangeSpec(**r) for r in data.get("ranges", ())),
            imu=data.get("imu", True),
            odometry=data.get("odometry", True),
            mirror_of=data.get("mirror_of", ""),
        )
    except KeyError as error:
        raise ConfigurationError(f"{path}: {error} is missing") from error
    except TypeError as error:
        raise ConfigurationError(f"{path}: {error}") from error


@cache
def load_simulation(name: str) -> SimulationSpec:
    """Returns what a simulator needs to know of a robot; raises as :func:`load_robot` does."""
    return simulation_from(_description(name).get("simulation", {}), f"config/robots/{name}.yaml: simulation")


def _description(name: str) -> dict[str, Any]:
    known = robot_names()
    if name not in known:
        raise UnknownNameError("robot", name, known)
    return load_yaml(resource("config", "robots", f"{name}.yaml"))


def _camera(data: Mapping[str, Any]) -> CameraSpec:
    """A camera's YAML gives the diagonal field of view in degrees, as data sheets do."""
    data = dict(data)
    diagonal = math.hypot(data["width"], data["height"])
    focal = diagonal / 2.0 / math.tan(math.radians(data.pop("diagonal_fov")) / 2.0)
    return CameraSpec(focal=focal, **data)


def _urdf_joints(path: Path) -> dict[str, dict[str, Any]]:
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    return {str(j.get("name")): _urdf_joint(j) for j in root.iter("joint") if j.get("type") not in (None, "fixed")}


def _urdf_joint(joint: ElementTree.Element) -> dict[str, Any]:
    limit = joint.find("limit")
    values = dict(limit.attrib) if limit is not None else {}
    return {
        "kind": joint.get("type"),
        "lower": float(values.get("lower", -math.inf)),
        "upper": float(values.get("upper", math.inf)),
        "velocity": float(values.get("velocity", math.inf)),
        "effort": float(values.get("effort", math.inf)),
    }
