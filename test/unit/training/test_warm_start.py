import numpy as np
import pytest
import torch
from tensordict import TensorDict

from robomatrix.errors import PolicyError
from robomatrix.policies.checkpoint import load_checkpoint, policy_folder
from robomatrix.policies.network import Mlp
from robomatrix.policies.spec import Term
from robomatrix.training.ppo import PpoConfig, actor_network
from robomatrix.training.warm_start import warm_start

WALK = load_checkpoint(policy_folder("skillblender", "g1", "walk"))
FRESH = Term("foot_errors", 4, "m")
TERMS = (FRESH, *(t for t in WALK.spec.observation if t.name not in ("velocity", "turning_rate")))


def actor(outputs: int):
    sizes = sum(t.size for t in TERMS)
    seen = TensorDict({"actor": torch.zeros(2, sizes), "critic": torch.zeros(2, sizes)}, batch_size=[2])
    return actor_network(seen, outputs, PpoConfig(hidden=WALK.spec.hidden))


def test_what_both_observe_acts_as_before_and_what_is_new_does_nothing():
    network, rng = actor(len(WALK.spec.outputs)), np.random.default_rng(0)
    warm_start(network, TERMS, WALK)
    network.eval()
    shared = rng.normal(size=(3, sum(t.size for t in TERMS) - 4)).astype(np.float32)
    mean = WALK.tensors["mean"][:3]
    old = np.concatenate([np.tile(mean, (3, 1)), shared], -1)
    sizes = (WALK.spec.observation_size, *WALK.spec.hidden, len(WALK.spec.outputs))
    expected = Mlp(WALK.tensors, sizes, WALK.spec.activation)(old)
    for errors in (np.zeros((3, 4)), np.ones((3, 4))):
        new = torch.tensor(np.concatenate([errors, shared], -1), dtype=torch.float32)
        found = network(TensorDict({"actor": new}, batch_size=[3])).detach().numpy()
        assert found == pytest.approx(expected, abs=1e-4)


def test_a_network_of_another_shape_is_no_start():
    with pytest.raises(PolicyError, match="walk is no start: layer 2"):
        warm_start(actor(5), TERMS, WALK)
