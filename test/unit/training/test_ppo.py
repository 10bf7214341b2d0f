import csv

import pytest
import torch
from tensordict import TensorDict

from robomatrix.training.export import actor_state, mlp_tensors
from robomatrix.training.ppo import Learner, PpoConfig


class Follow:
    """One-step worlds: the reward is highest where the action equals the observation's first entry."""

    num_envs, num_actions = 64, 1

    def __init__(self, seed: int = 0) -> None:
        self.generator = torch.Generator().manual_seed(seed)
        self._draw()

    def _draw(self) -> None:
        self.seen = torch.rand(self.num_envs, 3, generator=self.generator) * 2 - 1

    def observations(self) -> TensorDict:
        return TensorDict({"actor": self.seen, "critic": self.seen}, batch_size=[self.num_envs])

    def step(self, action):
        reward = -((action[:, 0] - self.seen[:, 0]) ** 2)
        self._draw()
        done = torch.ones(self.num_envs, dtype=torch.long)
        return self.observations(), reward, done, {"log": {"miss": float(-reward.mean())}}


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


CONFIG = PpoConfig(horizon=8, hidden=(16,), learning_rate=1e-2, learning_rate_limit=1e-2, desired_kl=0.05, seed=3)


def test_it_learns_and_logs(tmp_path):
    learner = Learner(Follow(), CONFIG, tmp_path)
    learner.learn(25 * 64 * 8)
    rows = list(csv.DictReader((tmp_path / "progress.csv").open()))
    assert len(rows) == 25
    assert float(rows[-1]["miss"]) < 0.7 * float(rows[0]["miss"])
    assert int(float(rows[-1]["samples"])) == 25 * 64 * 8


def test_same_seed_gives_the_same_weights(tmp_path):
    for name in ("a", "b"):
        Learner(Follow(), CONFIG, tmp_path / name).learn(2 * 64 * 8)
    first, second = (mlp_tensors(actor_state(tmp_path / name)) for name in ("a", "b"))
    assert all((first[key] == second[key]).all() for key in first)


def test_resume_goes_on_where_it_stopped(tmp_path):
    Learner(Follow(), CONFIG, tmp_path).learn(2 * 64 * 8)
    again = Learner(Follow(), CONFIG, tmp_path)
    assert again.resume()
    assert again.progress.samples == 2 * 64 * 8
    assert not Learner(Follow(), CONFIG, tmp_path / "fresh").resume()


def test_exported_tensors_compute_what_the_actor_computes(tmp_path):
    from robomatrix.policies.network import Mlp

    learner = Learner(Follow(), CONFIG, tmp_path)
    learner.learn(64 * 8)
    observation = Follow(9).observations()
    expected = learner.algorithm.actor.eval()(observation).detach().numpy()
    network = Mlp(mlp_tensors(actor_state(tmp_path)), (3, 16, 1))
    assert abs(network(observation["actor"].numpy()) - expected).max() < 1e-5
