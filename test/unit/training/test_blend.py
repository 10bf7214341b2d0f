import numpy as np
import pytest
import torch
from tensordict import TensorDict

from robomatrix.errors import PolicyError
from robomatrix.policies.checkpoint import load_checkpoint, policy_folder
from robomatrix.policies.network import Mlp
from robomatrix.robots.humanoid import humanoid
from robomatrix.skills.skillblender.blend import ScalarBlend
from robomatrix.training.ppo import PpoConfig
from robomatrix.training.skillblender.blend import BlendModel, FrozenMlp, frozen_blend
from robomatrix.training.skillblender.imitation import running_blend

G1 = humanoid("g1")
JOINTS = len(G1.joints)


def observation(n: int = 5) -> TensorDict:
    drawn = 0.2 * np.random.default_rng(0).normal(size=(n, 3 + 6 + 3 * JOINTS + 2))
    actor = torch.as_tensor(drawn, dtype=torch.float32)
    actor[:, 8] = -1.0
    return TensorDict({"actor": actor}, batch_size=[n])


def model() -> BlendModel:
    torch.manual_seed(0)
    return BlendModel(observation(), frozen_blend("g1", ("walk", "squat")), PpoConfig(hidden=(16,)))


def test_frozen_network_computes_what_the_shipped_one_computes():
    checkpoint = load_checkpoint(policy_folder("skillblender", "g1", "squat"))
    spec = checkpoint.spec
    sizes = (spec.observation_size, *spec.hidden, len(spec.outputs))
    x = np.random.default_rng(1).normal(size=(4, spec.observation_size)).astype(np.float32)
    frozen = FrozenMlp(checkpoint.tensors, len(spec.hidden) + 1)
    assert frozen(torch.as_tensor(x)).numpy() == pytest.approx(Mlp(checkpoint.tensors, sizes)(x), abs=1e-4)
    assert not list(frozen.parameters())


def test_only_the_high_level_learns_and_it_gets_a_gradient_through_the_skills():
    made = model()
    names = {name.split(".")[0] for name, p in made.named_parameters() if p.requires_grad}
    assert names == {"mlp", "distribution"}
    made(observation()).square().sum().backward()
    assert made.mlp[-1].weight.grad[:3].abs().sum() > 0
    assert made.mlp[-1].weight.grad[-2 * JOINTS :].abs().sum() > 0


def test_policy_gradient_acts_on_the_final_joint_action():
    made, seen = model(), observation()
    action = made(seen, stochastic_output=True)
    assert action.shape == (5, JOINTS)
    assert torch.equal(made.output_mean, made(seen))
    assert made.get_output_log_prob(action).shape == (5,)


def test_missing_skill_is_refused():
    with pytest.raises(PolicyError, match="cannot be read"):
        frozen_blend("h1_2", ("step",))


def test_a_scalar_blend_weighs_a_skill_alike_for_all_joints():
    per_joint, scalar = (running_blend(G1, ("walk", "squat")), frozen_blend("g1", ("walk", "squat"), ScalarBlend))
    assert (per_joint.size, scalar.size) == (3 + 1 + 2 * JOINTS, 3 + 1 + 2)
    weights = scalar.weights(torch.tensor([[0.0, 0.0, 0.0, 0.0, 0.0, np.log(3.0)]]))
    assert weights.shape == (1, 2, 1) and weights[0, :, 0].tolist() == pytest.approx([0.25, 0.75])
