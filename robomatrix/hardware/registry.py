"""Drivers by name, our own and those of installed packages (entry-point group ``robomatrix.drivers``)."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any, get_type_hints

from robomatrix.errors import UnknownNameError
from robomatrix.hardware.driver import Driver, SimulatedDriver
from robomatrix.robots.loader import load_robot, robot_names
from robomatrix.robots.spec import RobotSpec

ENTRY_POINT_GROUP = "robomatrix.drivers"


def driver_names() -> tuple[str, ...]:
    """Returns the registered drivers, sorted."""
    return tuple(sorted({entry.name for entry in entry_points(group=ENTRY_POINT_GROUP)}))


def make_driver(name: str, robot: RobotSpec, scene: str | None = None, **options: Any) -> Driver:
    """Returns an unconnected driver.

    Args:
        name: As registered; ``mujoco`` is the MuJoCo driver of any robot, also where that is ``mujoco_hand``.
        robot: The robot it shall drive.
        scene: For simulators, the world to build; the robot's first scene when missing. Real robots ignore it.
        options: Passed on to the driver.

    Raises:
        UnknownNameError: there is no such driver, or it does not drive this robot; lists those that do.
        ConfigurationError: the driver does not take these options.
    """
    own = next((known for known in robot.drivers if known == name or known.startswith(f"{name}_")), None)
    entry = _entry(own or name)
    if own is None and name in _for_other_robots():
        raise UnknownNameError(f"driver for {robot.name}", name, robot.drivers)
    factory = entry.load()
    return factory(robot, scene, **options)


def simulates(name: str) -> bool:
    """Tells, without opening it, whether a driver brings a world and a time of its own.

    Judged by its class, or by what its factory is annotated to return; one that says nothing counts as a real robot's.

    Raises:
        UnknownNameError: there is no such driver; lists those that exist.
    """
    factory = _entry(name).load()
    kind = factory if isinstance(factory, type) else get_type_hints(factory).get("return")
    return all(hasattr(kind, method) for method in vars(SimulatedDriver) if not method.startswith("_"))


def _entry(name: str) -> EntryPoint:
    found = {entry.name: entry for entry in entry_points(group=ENTRY_POINT_GROUP)}
    if name not in found:
        raise UnknownNameError("driver", name, found)
    return found[name]


def _for_other_robots() -> set[str]:
    """Drivers that our robots' descriptions list; those of other packages know themselves what they drive."""
    return {driver for name in robot_names() for driver in load_robot(name).drivers}
