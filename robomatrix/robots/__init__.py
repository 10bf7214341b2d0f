"""Robot specifications: what a robot is, apart from who drives it."""

from robomatrix.robots.loader import load_robot, load_simulation, robot_names
from robomatrix.robots.spec import RobotSpec

__all__ = ["RobotSpec", "load_robot", "load_simulation", "robot_names"]
