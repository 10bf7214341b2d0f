import math

import numpy as np
import pytest
import torch

from robomatrix.errors import ConfigurationError, PolicyError
from robomatrix.policies.dexgen.controller import DexGenController, load_network
from robomatrix.policies.dexgen.kinematics import HandKinematics
from robomatrix.policies.dexgen.network import NetworkSizes
from robomatrix.robots.loader import load_robot
from robomatrix.training.dexgen.data import DataSettings, generate
from robomatrix.training.dexgen.dataset import TransitionSet, split_shards
from robomatrix.training.dexgen.train import Trainer, TrainingSettings, train_controller

DATA = DataSettings(objects=(("ball", 0.06),), grasps=4, tries=80, shards=2, hands=4, ticks=40)
SETTINGS = TrainingSettings(iterations=12, batch=32, network=NetworkSizes(width=32, encoder=32, dynamics=32))


def silent(line: str) -> None:
    pass


@pytest.fixture(scope="module")
def robot():
    return load_robot("allegro")


@pytest.fixture(scope="module")
def data(robot, tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    generate(robot, DATA, folder, report=silent)
    return folder


@pytest.fixture(scope="module")
def trained(robot, data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    lines: list[str] = []
    figures = train_controller(robot, data, folder, SETTINGS, report=lines.append)
    return folder, figures


def test_training_writes_a_checkpoint_that_acts(robot, trained):
    folder, figures = trained
    assert all(math.isfinite(value) for value in figures.values())
    controller = DexGenController.load(robot, folder / "controller")
    home = np.array([[j.home for j in robot.joints]])
    controller.reset(home)
    assert controller.act(home, home).shape == (1, 16)


def test_the_checkpoint_says_how_it_was_made(robot, trained):
    _, spec = load_network(trained[0] / "controller", robot)
    assert spec.training["iterations"] == 12
    assert spec.training["seed"] == 0
    assert spec.training["samples"] > 50
    assert spec.rate == 10.0


def test_a_stopped_run_goes_on(robot, data, tmp_path):
    train_controller(robot, data, tmp_path, SETTINGS, maximum_seconds=0.0, report=silent)
    lines: list[str] = []
    train_controller(robot, data, tmp_path, SETTINGS, report=lines.append)
    assert lines[0].endswith("iteration 0")
    train_controller(robot, data, tmp_path, SETTINGS, report=lines.append)
    assert lines[-1].endswith("iteration 12")


def test_a_run_with_other_settings_is_refused(robot, data, trained):
    other = TrainingSettings(iterations=13, batch=32, network=SETTINGS.network)
    with pytest.raises(ConfigurationError, match="settings"):
        train_controller(robot, data, trained[0], other, report=silent)


def test_steps_lower_both_losses(robot, data):
    samples = TransitionSet(HandKinematics(robot.urdf), split_shards(data)[0])
    trainer = Trainer(samples, TrainingSettings(iterations=1000, batch=64, rate=5e-3, network=SETTINGS.network))
    losses = [trainer.step() for _ in range(60)]
    for name in ("denoiser", "dynamics"):
        first, last = (sum(step[name] for step in part) for part in (losses[:10], losses[-10:]))
        assert last < 0.8 * first


def test_four_keypoints_are_fingertips_alone(robot, data, tmp_path):
    sizes = NetworkSizes(width=32, encoder=32, dynamics=32, keypoints=4)
    train_controller(robot, data, tmp_path, TrainingSettings(iterations=4, batch=32, network=sizes), report=silent)
    network, _ = load_network(tmp_path / "controller", robot)
    assert network.denoiser.out.out_features == 24
    motion = np.arange(48.0).reshape(2, 8, 3)
    assert network.pick(torch.from_numpy(motion.reshape(1, 48))).tolist()[0] == motion[:, 1::2].reshape(-1).tolist()
    controller = DexGenController.load(robot, tmp_path / "controller")
    home = np.array([[j.home for j in robot.joints]])
    controller.reset(home)
    assert controller.act(home, home).shape == (1, 16)
    with pytest.raises(PolicyError, match="keypoints"):
        NetworkSizes(keypoints=5)
