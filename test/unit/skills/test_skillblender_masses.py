import mujoco
import numpy as np
import pytest
import torch

from robomatrix.hardware.mujoco.humanoid import home_pose, humanoid_spec
from robomatrix.robots.humanoid import humanoid
from robomatrix.skills.skillblender.functions import SquatFunction
from robomatrix.skills.skillblender.masses import upper_body


class Model:
    """The frozen robot in given poses."""

    def __init__(self, name: str) -> None:
        self.robot = humanoid(name)
        self.model = humanoid_spec(self.robot, freeze=True).compile()
        self.data = mujoco.MjData(self.model)
        self._q = [int(self.model.joint(j).qposadr[0]) for j in self.robot.joints]

    def centre(self, angles: np.ndarray) -> np.ndarray:
        """Returns the centre of mass in the frame of the upright pelvis (3,) [m]."""
        self.data.qpos[:] = self.model.qpos0
        self.data.qpos[:7] = [0, 0, 0, 1, 0, 0, 0]
        self.data.qpos[self._q] = angles
        mujoco.mj_forward(self.model, self.data)
        return self.data.subtree_com[0].copy()

    def over_feet(self, angles: np.ndarray) -> np.ndarray:
        """Returns how far the centre of mass is ahead of and to the left of the soles' middle (2,) [m]."""
        centre = self.centre(angles)
        soles = [self.data.sensor(f"{side}_foot_position").data for side in ("left", "right")]
        return (centre - np.mean(soles, 0))[:2]


def poses(robot, n: int = 6) -> np.ndarray:
    arms = [i for i in range(len(robot.joints)) if i not in robot.legs]
    angles = np.tile(home_pose(robot), (n, 1))
    angles[1:, arms] += np.random.default_rng(3).uniform(-1.2, 1.2, (n - 1, len(arms)))
    return angles


@pytest.mark.parametrize("name", ["g1", "h1", "h1_2"])
def test_upper_body_moves_the_centre_of_mass_as_the_simulator_says(name):
    model = Model(name)
    angles = poses(model.robot)
    centres = np.array([model.centre(row) for row in angles])
    upper = upper_body(model.robot)
    assert upper.mass == pytest.approx(model.model.body_mass.sum(), rel=1e-6)
    balance = upper.balance(angles)
    assert balance - balance[0] == pytest.approx(centres - centres[0], abs=1e-9)
    assert np.abs(balance - balance[0])[:, :2].max() > 0.005
    assert upper.balance(torch.as_tensor(angles)).numpy() == pytest.approx(balance, abs=1e-12)


@pytest.mark.parametrize("name", ["g1", "h1", "h1_2"])
def test_squat_keeps_the_centre_of_mass_over_the_feet_when_the_arms_work(name):
    model = Model(name)
    squat, angles, home = SquatFunction(model.robot), poses(model.robot), home_pose(model.robot)
    body = np.zeros((len(angles), 6 + 3 * len(home)))
    body[:, 5], body[:, 6 : 6 + len(home)] = -1.0, angles - home
    counter = squat.counter(body, np.zeros((len(angles), 1)))
    assert counter[0] == pytest.approx(0.0, abs=1e-9)
    still = model.over_feet(home)
    before = np.array([model.over_feet(row) - still for row in angles])
    after = np.array([model.over_feet(row) - still for row in angles + counter])
    assert np.abs(after[:, 0]).max() < 0.25 * np.abs(before[:, 0]).max()
    if model.robot.ankle_roll("left") is not None:
        assert np.abs(after[:, 1]).max() < 0.4 * np.abs(before[:, 1]).max()
