"""Search of a finger gait, the environment of turning, and the pipeline from grasps to a policy."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from robomatrix.errors import PolicyError
from robomatrix.hardware.mujoco.hand import ObjectSpec
from robomatrix.policies.dexgen.turning import PERIOD, FingerGait, TurningPolicy
from robomatrix.robots.loader import load_robot
from robomatrix.training.dexgen.gait_search import GaitSearch, score
from robomatrix.training.dexgen.grasps import GraspFinder, Grasps
from robomatrix.training.dexgen.turning import TurningRecipe, export_turning
from robomatrix.training.dexgen.turning_env import TurningEnv, TurningTask
from robomatrix.training.dexgen.turning_worlds import TurningWorlds
from robomatrix.training.ppo import Learner

ALLEGRO = load_robot("allegro")


@pytest.fixture(scope="module")
def grasps():
    return [GraspFinder(ALLEGRO, ObjectSpec("ball", 0.06), np.random.default_rng(4)).find(3, 60)]


def still_gait(grasps):
    return FingerGait(grasps[0].targets.mean(axis=0), np.zeros(16), np.zeros(16), 0.5)


def an_env(grasps, count=4, **task):
    rng = np.random.default_rng(0)
    worlds = TurningWorlds(ALLEGRO, grasps, count, rng)
    return TurningEnv(worlds, [still_gait(grasps)] * 2, TurningTask(**task), rng)


def test_turning_the_wanted_way_pays_and_the_other_way_costs(grasps):
    env = an_env(grasps)
    env.direction[:] = [1.0, 1.0, -1.0, 0.0]
    before = env.worlds.poses.copy()
    turned = np.array([0.05, -0.05, 0.05, 0.05])
    none = np.zeros(4)
    terms = env._rewards(turned, none, env.turner.action, none.astype(bool))
    assert terms["turning"] == pytest.approx([0.56, -0.56, -0.56, 0.0])
    assert terms["rest"] == pytest.approx([0.0, 0.0, 0.0, -0.2])
    assert terms["grip"][:3].tolist() == [0.0] * 3
    assert 0.1 < terms["grip"][3] <= 0.3, "a firm rest pays"
    assert np.array_equal(before, env.worlds.poses)


def test_a_drop_ends_the_episode_and_is_no_time_out(grasps):
    env = an_env(grasps)
    env.age[:] = 3
    env.worlds.poses[1, :3] = [0.5, 0.0, 0.0]
    _, reward, done, extras = env.step(torch.zeros(4, 16))
    assert done.tolist() == [0, 1, 0, 0]
    assert extras["time_outs"].tolist() == [0, 0, 0, 0]
    assert float(reward[1]) < -7.0
    assert env.age.tolist() == [4, 0, 4, 4]
    assert np.linalg.norm(env.worlds.poses[1, :3]) < 0.2, "in a grasp again"


def test_old_episodes_end_as_time_outs(grasps):
    env = an_env(grasps, episode=2.0)
    env.age[:] = [19, 0, 0, 0]
    _, _, done, extras = env.step(torch.zeros(4, 16))
    assert done.tolist() == [1, 0, 0, 0]
    assert extras["time_outs"].tolist() == [1, 0, 0, 0]


def test_reached_angles_are_followed_by_rest_and_then_by_others(grasps):
    env = an_env(grasps, resting=0.0)
    env.direction[:], env._goal[:], env._still[:] = 1.0, 0.05, 0.3
    env._follow_goals()
    assert env.direction.tolist() == [0.0] * 4
    for _ in range(round(0.3 / PERIOD)):
        env._follow_goals()
    assert set(np.abs(env.direction)) == {1.0}


def test_a_gait_that_lets_go_is_worth_less_than_one_that_holds(grasps):
    worlds = TurningWorlds(ALLEGRO, grasps, 4, np.random.default_rng(0))
    holding = np.concatenate([grasps[0].targets[0], np.zeros(32), [0.5]])
    flinging = holding.copy()
    flinging[:16] = np.tile([0.0, -0.19, -0.17, -0.2], 4)
    flinging[16:32] = np.tile([0.0, 1.2, 1.2, 0.0], 4)
    worlds.reset(np.arange(4), np.zeros(4, dtype=int))
    worth, held = score(worlds, np.array([holding, flinging]), 1.0, seconds=2.0)
    assert held[0] == 1.0
    assert worth[0] > worth[1] + 0.1


def test_the_search_goes_on_where_it_stopped(grasps, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "robomatrix.training.dexgen.gait_search.score", lambda w, v, d: (-np.abs(v[:, 48] - 0.9), v[:, 0])
    )
    search = GaitSearch(ALLEGRO, grasps, 1.0, 12, seed=1)
    for _ in range(4):
        search.advance()
    search.save(tmp_path / "gait.npz")
    again = GaitSearch(ALLEGRO, grasps, 1.0, 12, seed=1)
    again.load(tmp_path / "gait.npz")
    assert again.generation == 4
    assert np.array_equal(again.gait.centre, search.gait.centre)
    for _ in range(6):
        again.advance()
    assert again.gait.frequency == pytest.approx(0.9, abs=0.05), "the best by that measure"


def test_a_trained_policy_can_be_loaded_and_acts_as_in_training(grasps, tmp_path):
    env = an_env(grasps)
    recipe = replace(TurningRecipe(), samples=8)
    learner = Learner(env, replace(recipe.ppo, horizon=2, minibatches=1, hidden=(8,)), tmp_path / "ppo")
    learner.learn(8)
    recipe = replace(recipe, ppo=learner.config)
    spec = export_turning(ALLEGRO, [still_gait(grasps)] * 2, learner.progress, recipe, tmp_path)
    assert spec.training["samples"] == 8
    policy = TurningPolicy.load(ALLEGRO, tmp_path / "rotate")
    grip = grasps[0]
    policy.reset(grip.targets[0], grip.positions[0], grip.poses[0, :3], 0.0)
    targets, positions, place = (np.tile(v[0], (4, 1)) for v in (grip.targets, grip.positions, grip.poses[:, :3]))
    env.turner.reset(np.arange(4), targets, positions, place, np.zeros(4))
    seen = env.turner.observe(positions, place, np.zeros(4), np.ones(4), np.full(4, 0.06))
    with torch.inference_mode():
        learner.algorithm.actor.eval()
        action = learner.algorithm.actor({"actor": torch.from_numpy(seen).float()})
    expected = env.turner.act(action.numpy().astype(float))[0]
    made = policy.act(grip.positions[0], grip.poses[0, :3], 0.0, 1.0, 0.06)
    assert made == pytest.approx(expected, abs=1e-4)


def test_another_hands_policy_is_refused(grasps, tmp_path):
    env = an_env(grasps)
    recipe = replace(TurningRecipe(), samples=8)
    learner = Learner(env, replace(recipe.ppo, horizon=2, minibatches=1, hidden=(8,)), tmp_path / "ppo")
    learner.learn(8)
    recipe = replace(recipe, ppo=learner.config)
    export_turning(replace(ALLEGRO, name="leap"), [still_gait(grasps)] * 2, learner.progress, recipe, tmp_path)
    with pytest.raises(PolicyError, match="made for robot 'leap'"):
        TurningPolicy.load(ALLEGRO, tmp_path / "rotate")


def test_grasps_outside_the_set_wrap_around(grasps):
    worlds = TurningWorlds(ALLEGRO, grasps, 2, np.random.default_rng(0))
    worlds.reset(np.arange(2), np.array([1, 1 + len(grasps[0])]))
    assert np.array_equal(worlds.positions[0], worlds.positions[1])
    assert isinstance(grasps[0], Grasps)


def test_some_are_asked_to_keep_still(grasps):
    env = an_env(grasps, count=200, resting=0.5)
    assert not env.direction.any(), "all begin with a new grip"
    env._draw(np.arange(200))
    assert np.mean(env.direction == 0.0) == pytest.approx(0.5, abs=0.12)
    assert np.mean(env.direction[env.direction != 0.0]) == pytest.approx(0.0, abs=0.3)
