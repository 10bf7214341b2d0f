from __future__ import annotations

import numpy as np
import pytest

from robomatrix.errors import ConfigurationError
from robomatrix.hardware.driver import RobotCommand
from robomatrix.hardware.mujoco import MujocoDriver
from robomatrix.robots.kinematics import link_pose
from robomatrix.robots.loader import load_robot


@pytest.mark.parametrize("yaw", [-0.4, 0.0, 0.7])
def test_a_gimbal_camera_is_where_the_simulator_has_it(yaw: float) -> None:
    driver = MujocoDriver(load_robot("s1"), "kitchen")
    driver.reset(1)
    for _ in range(100):
        driver.write(RobotCommand(positions={"gimbal_yaw": yaw, "gimbal_pitch": 0.2}))
        state = driver.step()
    frame = driver.frame("front")
    joints = dict(zip(state.joints.names, state.joints.position, strict=True))
    position, rotation = link_pose(driver.spec, driver.spec.cameras[0].link, joints)
    np.testing.assert_allclose(position, frame.position, atol=2e-3)
    np.testing.assert_allclose(rotation, frame.rotation, atol=5e-3)


def test_a_link_without_a_chain_is_told() -> None:
    with pytest.raises(ConfigurationError, match="'tail'"):
        link_pose(load_robot("ep"), "tail", {})
