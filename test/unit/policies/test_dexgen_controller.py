from dataclasses import asdict

import numpy as np
import pytest
import torch

from robomatrix.errors import PolicyError
from robomatrix.policies.checkpoint import save_checkpoint
from robomatrix.policies.dexgen.controller import ControllerSettings, DexGenController, load_network
from robomatrix.policies.dexgen.diffusion import GuidedSampler, execution, noise_schedule, trust
from robomatrix.policies.dexgen.kinematics import HandKinematics
from robomatrix.policies.dexgen.network import ControllerNetwork, NetworkSizes
from robomatrix.policies.dexgen.observation import MOTION_SIZE, TERMS
from robomatrix.policies.spec import PolicySpec
from robomatrix.robots.loader import load_robot

SIZES = NetworkSizes(width=32, encoder=32, dynamics=32)


@pytest.fixture(scope="module")
def robot():
    return load_robot("allegro")


@pytest.fixture
def network():
    torch.manual_seed(0)
    return ControllerNetwork(SIZES).eval()


@pytest.fixture
def folder(tmp_path, robot, network):
    spec = PolicySpec(
        family="dexgen",
        name="controller",
        robot=robot.name,
        rate=10.0,
        joints=robot.joint_names,
        observation=TERMS,
        outputs=robot.joint_names,
        action_scale=1.0,
        hidden=(),
        parameters={"network": asdict(SIZES)},
    )
    save_checkpoint(tmp_path, spec, {k: v.numpy() for k, v in network.state_dict().items()})
    return tmp_path


class Constant(torch.nn.Module):
    """A denoiser that is sure of one motion."""

    def __init__(self, motion):
        super().__init__()
        self.motion = motion

    def embed(self, timestep):
        return torch.zeros(1, 8)

    def forward(self, noisy, embedding, condition):
        return self.motion.expand_as(noisy)


def drawn(strength, steps=8, tolerance=1e6):
    prior, command = torch.full((MOTION_SIZE,), 1.0), torch.full((3, MOTION_SIZE), -1.0)
    noise = torch.randn(3, MOTION_SIZE, generator=torch.Generator().manual_seed(0))
    return GuidedSampler(Constant(prior), steps).sample(torch.zeros(3, 8), command, strength, tolerance, noise)


@pytest.mark.parametrize("steps", [4, 8, 12])
def test_without_guidance_the_prior_is_sampled(steps):
    assert torch.allclose(drawn(0.0, steps), torch.ones(3, MOTION_SIZE), atol=0.05)


@pytest.mark.parametrize("steps", [4, 8, 12])
def test_steps_are_those_of_the_diffusers_scheduler(network, steps):
    condition, noise = torch.zeros(2, 32), torch.randn(2, MOTION_SIZE, generator=torch.Generator().manual_seed(1))
    scheduler, motion = noise_schedule(), noise
    scheduler.set_timesteps(steps)
    with torch.inference_mode():
        for timestep in scheduler.timesteps:
            clean = network.denoiser(motion, network.denoiser.embed(timestep[None]), condition)
            motion = scheduler.step(clean, timestep, motion).prev_sample
        folded = GuidedSampler(network.denoiser, steps).sample(condition, None, 0.0, 1.0, noise)
    assert torch.allclose(folded, motion, atol=1e-4)


def test_guidance_of_any_strength_stays_between_prior_and_command():
    for strength in (0.1, 1.0, 30.0, 1e6):
        sample = drawn(strength)
        assert torch.isfinite(sample).all()
        assert sample.min() >= -1.1
        assert sample.max() <= 1.1


def test_stronger_guidance_comes_closer_to_the_command():
    torch.manual_seed(0)
    denoiser = ControllerNetwork(SIZES).eval().denoiser
    command = torch.full((16, MOTION_SIZE), 2.0)
    noise = torch.randn(16, MOTION_SIZE)
    condition = denoiser.encode(torch.zeros(16, 240), torch.zeros(16, 2))
    with torch.inference_mode():
        samples = [GuidedSampler(denoiser, 8).sample(condition, command, s, 1e6, noise) for s in (0.0, 1.0, 100.0)]
    distances = [float((s - command).norm()) for s in samples]
    assert distances[0] > distances[1] > distances[2]


def test_targets_are_inside_the_limits_and_repeat_with_the_seed(robot, network):
    kinematics = HandKinematics(robot.urdf)
    positions = np.tile([j.home for j in robot.joints], (4, 1))
    runs = []
    for _ in range(2):
        controller = DexGenController(network, kinematics, seed=5)
        controller.reset(positions)
        runs.append([controller.act(positions, positions + 1.0) for _ in range(3)][-1])
    assert np.array_equal(*runs)
    assert (runs[0] >= kinematics.lower).all()
    assert (runs[0] <= kinematics.upper).all()


def test_only_the_finger_that_is_far_away_loses_its_weight():
    distance = torch.full((1, 2, 4, 6), 0.1)
    distance[:, :, 3] = 8.0
    weights = trust(distance.reshape(1, -1), 1.0).reshape(2, 4, 6)
    assert weights[:, :3].min() > 0.97
    assert weights[:, 3].max() < 1e-3
    assert trust(torch.ones(1, MOTION_SIZE), 1.0)[0, 0] == pytest.approx(0.25)


def test_near_commands_are_executed_and_far_ones_are_not():
    distance = torch.full((1, 2, 4, 6), 0.5)
    distance[:, :, 1], distance[:, :, 3] = 1.1, 2.5
    shares = execution(distance.reshape(1, -1), 8.0, 0.85)[0]
    assert shares[0] > 0.99
    assert shares[1] == pytest.approx(0.5, abs=0.01)
    assert shares[3] < 0.002
    assert execution(torch.zeros(1, MOTION_SIZE), 0.0, 0.85).max() == 0.0


def test_a_command_that_the_data_suggest_is_met_exactly_unless_commands_are_ignored(robot, network):
    home = np.array([[j.home for j in robot.joints]])
    network.motion_std[:] = 1.0  # metres: all commands are near
    reached = []
    for strength in (8.0, 0.0):
        controller = DexGenController(network, HandKinematics(robot.urdf), ControllerSettings(strength, radius=9.0))
        controller.reset(home)
        reached.append(np.abs(controller.act(home, home + 0.05) - home - 0.05).max())
    assert reached[0] < 1e-6
    assert reached[1] > 0.01


@pytest.mark.parametrize("name", ["tolerance", "radius", "loosening"])
def test_settings_that_must_be_positive_say_so(name):
    with pytest.raises(PolicyError, match=name):
        ControllerSettings(**{name: 0.0})


def test_wild_commands_pull_less_than_small_ones():
    torch.manual_seed(0)
    denoiser = ControllerNetwork(SIZES).eval().denoiser
    condition, noise = denoiser.encode(torch.zeros(16, 240), torch.zeros(16, 2)), torch.zeros(16, MOTION_SIZE)
    command = torch.randn(16, MOTION_SIZE)
    moved = []
    with torch.inference_mode():
        free = GuidedSampler(denoiser, 8).sample(condition, None, 0.0, 1.0, noise)
        for size in (1.0, 30.0):
            made = GuidedSampler(denoiser, 8).sample(condition, size * command, 3.0, 1.0, noise)
            moved.append(float((made - free).norm()))
    assert moved[1] < 0.1 * moved[0]


def test_a_row_that_starts_anew_forgets_its_history(robot, network):
    kinematics = HandKinematics(robot.urdf)
    home = np.array([j.home for j in robot.joints])
    moved, fresh = (DexGenController(network, kinematics, seed=1) for _ in range(2))
    moved.reset(home[None])
    for _ in range(4):
        moved.act(home[None] + 0.2, None)
    moved.reset_row(0, home)
    fresh.reset(home[None])
    noise = torch.Generator().manual_seed(9)
    moved._random, fresh._random = noise, noise.clone_state()
    assert np.allclose(moved.act(home[None], None), fresh.act(home[None], None))


def test_a_checkpoint_loads_and_acts_as_the_network_it_was_made_from(folder, robot, network):
    home = np.array([[j.home for j in robot.joints]])
    loaded = DexGenController.load(robot, folder, seed=2)
    direct = DexGenController(network, HandKinematics(robot.urdf), seed=2)
    loaded.reset(home)
    direct.reset(home)
    assert np.allclose(loaded.act(home, home), direct.act(home, home))


def test_a_checkpoint_of_another_hand_is_refused(folder):
    with pytest.raises(PolicyError, match="allegro"):
        load_network(folder, load_robot("leap"))


def test_another_network_size_is_refused(folder, robot):
    path = folder / "spec.yaml"
    path.write_text(path.read_text().replace("width: 32", "width: 64"))
    with pytest.raises(PolicyError, match="size mismatch"):
        load_network(folder, robot)


@pytest.mark.parametrize(
    "settings",
    [
        {"strength": -1.0},
        {"strength": float("nan")},
        {"tolerance": 0.0},
        {"temperature": 2.0},
        {"steps": 0},
        {"mode": "fast"},
    ],
)
def test_wrong_settings_are_refused(settings):
    with pytest.raises(PolicyError):
        ControllerSettings(**settings)
