"""RoboMaster EP and S1 over DJI's plaintext SDK (TCP and UDP)."""

from robomatrix.hardware.robomaster.driver import RobomasterDriver, make_robomaster
from robomatrix.hardware.robomaster.settings import RobomasterSettings

__all__ = ["RobomasterDriver", "RobomasterSettings", "make_robomaster"]
