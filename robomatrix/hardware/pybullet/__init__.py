"""The PyBullet driver; pictures come from its software renderer and need no graphics system."""

from robomatrix.hardware.pybullet.driver import PybulletDriver

__all__ = ["PybulletDriver"]
