"""Sessions whose perception is replaced by the truth, to test what stands on it; never part of a benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from robomatrix.hardware.driver import CameraFrame, RobotState
from robomatrix.hardware.mujoco import MujocoDriver
from robomatrix.robots.loader import load_robot
from robomatrix.session import Session
from robomatrix.skills.mobile_manipulation import skills
from robomatrix.skills.mobile_manipulation.geometry import Pose2, wrap
from robomatrix.skills.registry import SkillRegistry
from robomatrix.world import World


class Truth:
    """Perceives everything, where it is relative to the robot, in the frame of the robot's odometry."""

    def __init__(self, driver: MujocoDriver) -> None:
        self.driver = driver

    def update(self, frame: CameraFrame | None, state: RobotState, holding: str | None = None) -> World:
        """Returns the truth."""
        true = Pose2(*self.driver.base_pose())
        believed = Pose2(float(state.odometry.position[0]), float(state.odometry.position[1]), state.odometry.yaw)
        turn = wrap(believed.yaw - true.yaw)
        things = {}
        for thing in self.driver.objects():
            x, y = believed.world(true.local((thing.position[0], thing.position[1])))
            position = (x, y, thing.position[2])
            things[thing.id] = replace(thing, position=position, yaw=wrap(thing.yaw + turn), stamp=state.stamp)
        return World(state.stamp, things, holding)


class TruthfulSession(Session):
    """Draws no images."""

    def _look(self) -> None:
        if self.state.stamp >= self._next_frame - 1e-9:
            self._next_frame = self.state.stamp + self._camera_period
            self.world = self.perception.update(None, self.state, self.runner.holding)


def open_truthful(robot: str, seed: int, overrides: Mapping[str, Any]) -> Session:
    """Opens a session with perfect sight."""
    spec = load_robot(robot)
    driver = MujocoDriver(spec, overrides=overrides or None)
    driver.reset(seed)
    registry = SkillRegistry(s for s in skills() if robot in s.spec.robots)
    return TruthfulSession(driver, Truth(driver), registry)
