"""What ``robomatrix doctor`` checks, each finding with its remedy."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

from robomatrix.errors import RobomatrixError
from robomatrix.robots.spec import RobotSpec


@dataclass(frozen=True)
class Finding:
    """One thing that was checked."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""
    """What to do where it is not ok."""


SETUP = "run scripts/setup"
MODULES = ("numpy", "scipy", "cv2", "mujoco", "pybullet", "torch", "transformers", "pydantic", "yaml", "av")


def diagnose(robot: str | None = None, driver_options: str = "", motion: bool = False) -> list[Finding]:
    """Returns what was found on this machine and, if one is named, about a robot.

    Args:
        robot: A robot that shall be reached as well.
        driver_options: Where the real machine is, as a YAML mapping; its own access point when empty.
        motion: Whether a robot may be moved a little to find out what its firmware means.

    Raises:
        UnknownNameError: there is no such robot.
    """
    os.environ.setdefault("MUJOCO_GL", "egl")  # read when MuJoCo is imported
    findings = [_python(), *(_module(name) for name in MODULES), _ros(), _interfaces(), _rendering()]
    return findings + (_robot(robot, driver_options, motion) if robot else [])


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", sys.version_info >= (3, 11), version, "use Python 3.11 or newer")


def _module(name: str) -> Finding:
    """Looks a module up without importing it: that would take seconds, and some print when imported."""
    found = importlib.util.find_spec(name) is not None
    return Finding(name, found, "installed" if found else "missing", SETUP)


def _ros() -> Finding:
    def version() -> str:
        importlib.import_module("rclpy")
        return os.environ.get("ROS_DISTRO", "from wheels")

    return _try("rclpy", version, f"{SETUP}, or source a ROS 2 installation (Jazzy or later)")


def _interfaces() -> Finding:
    def check() -> str:
        # Without a build the folder of that name imports as an empty namespace: only a class proves it.
        return importlib.import_module("robomatrix_interfaces.action").ExecuteTask.__name__ + " found"

    return _try("robomatrix_interfaces", check, f"{SETUP}, or colcon build and source the workspace")


def _rendering() -> Finding:
    def check() -> str:
        mujoco = importlib.import_module("mujoco")
        model = mujoco.MjModel.from_xml_string("<mujoco><worldbody><geom size='1'/></worldbody></mujoco>")
        with mujoco.Renderer(model, 16, 16) as renderer:
            renderer.update_scene(mujoco.MjData(model))
            renderer.render()
        return f"MuJoCo draws off-screen ({os.environ['MUJOCO_GL']})"

    return _try("rendering", check, "install libegl1 and libgl1-mesa-dri, or set MUJOCO_GL=osmesa with libosmesa6")


def _robot(name: str, driver_options: str, motion: bool) -> list[Finding]:
    from robomatrix.robots.loader import load_robot
    from robomatrix.skills.registry import registry_for

    spec = load_robot(name)
    found = [
        Finding(f"{name} model", spec.urdf.is_file(), str(spec.urdf), "restore the file"),
        Finding(f"{name} skills", len(registry_for(name)) > 0, f"{len(registry_for(name))} skills", SETUP),
    ]
    return found + (_reach(spec, driver_options, motion) if "robomaster" in spec.drivers else [])


def _reach(robot: RobotSpec, driver_options: str, motion: bool) -> list[Finding]:
    """Looks for the real machine."""
    from robomatrix.hardware.robomaster import RobomasterSettings
    from robomatrix.hardware.robomaster.probe import probe
    from robomatrix.resources import parse_mapping

    settings = RobomasterSettings.parse(parse_mapping(driver_options, "driver options"))
    return [Finding(f"{robot.name} {p.name}", p.ok, p.detail, p.remedy) for p in probe(robot, settings, motion)]


def _try(name: str, check: Callable[[], str], remedy: str) -> Finding:
    try:
        return Finding(name, True, check())
    except (ImportError, AttributeError, OSError, RuntimeError, RobomatrixError) as error:
        return Finding(name, False, f"{type(error).__name__}: {error}", remedy)
