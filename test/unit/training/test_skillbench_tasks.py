import numpy as np
import pytest
import torch

from robomatrix.errors import UnknownNameError
from robomatrix.robots.humanoid import humanoid
from robomatrix.scenes import skillbench as bench
from robomatrix.skills.skillblender.views import VIEWS
from robomatrix.training.skillblender.env import EnvConfig, HumanoidEnv
from robomatrix.training.skillblender.guide import GUIDES, guided_output
from robomatrix.training.skillblender.imitation import ImitationConfig, guided_action, imitate, running_blend
from robomatrix.training.skillblender.randomisation import NOMINAL
from robomatrix.training.skillblender.task_recipes import bench_task, used_skills
from robomatrix.training.skillblender.tasks import RULES, BenchTask, Scatter, task_env, task_rules

G1 = humanoid("g1")
SIZES = bench.bench_for("g1")
REST = np.array([0.24, 0.15, 0.1, 0.24, -0.15, 0.1])


def worlds(name: str, n: int = 8, seed: int = 1) -> HumanoidEnv:
    env = task_env(BenchTask(name, G1, n, REST), EnvConfig(n, 1, seed=seed, randomisation=NOMINAL))
    env.age[:] = 0
    return env


def goals(name: str, n: int = 2000) -> tuple[np.ndarray, dict]:
    task, rng = BenchTask(name, G1, n, REST), np.random.default_rng(0)
    start = bench.place(task.view.scene, SIZES, rng, n)
    return start, dict(task.rules.goals(task, rng, start))


def test_far_goals_lie_in_the_papers_range_for_the_robot():
    _, drawn = goals("far_reach")
    centre = drawn["left_goal"] - (REST[:3] + [0, 0, G1.height])
    assert centre.min() > -0.16 and centre[:, :2].max() < 1.25 + 0.16 and centre[:, 2].max() < 0.25 + 0.16
    assert np.abs(drawn["left_goal"] - drawn["right_goal"])[:, 2].max() <= 2 * G1.reach_radius


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("box_push", (0.0, -0.5, 0.0), (0.1, 0.5, 0.0)),
        ("package_lift", (0.0, 0.0, 0.2), (0.0, 0.0, 0.4)),
        ("package_carry", (0.3, -0.3, 0.2), (1.0, 0.3, 0.4)),
    ],
)
def test_things_shall_be_moved_by_what_the_paper_says(name, low, high):
    start, drawn = goals(name)
    way = drawn["goal"] - start
    assert (way.min(0) >= np.array(low) - 1e-9).all() and (way.max(0) <= np.array(high) + 1e-9).all()
    assert np.ptp(way, 0) == pytest.approx(np.array(high) - low, abs=0.02)


def test_the_box_is_transferred_to_the_other_table_and_the_ball_into_the_goal():
    start, drawn = goals("box_transfer")
    assert drawn["goal"][:, 0].max() == pytest.approx(-0.55, abs=0.01) and (drawn["goal"][:, 2] == start[:, 2]).all()
    _, drawn = goals("football_shoot")
    assert (drawn["goal"][:, 0] == 5.0).all() and np.abs(drawn["goal"][:, 1]).max() <= 2.0


@pytest.mark.parametrize("name", sorted(RULES))
def test_every_task_shows_what_its_policy_is_told_and_rewards_a_smaller_error(name):
    env = worlds(name)
    assert env.observations()["actor"].shape == (8, env.task.function.goal_size + 6 + 3 * 21 + 2)
    before = env.task.rewards(env)
    assert env.task.error(env).min() > 0 and not env.task.finished(env).any()
    if env.task.view.doors:
        env.simulation.qpos[:, -2:] = 0.1
        assert (env.task.rewards(env)["doors"] > before["doors"]).all()
        assert env.task.error(env) == pytest.approx(0.1)
    elif "goal" in env.task.fixed:
        place = int(env.simulation.model.joint("object").qposadr[0])
        env.simulation.qpos[:, place : place + 3] = env.task.fixed["goal"]
        assert env.task.error(env).max() == 0.0


def test_loose_things_rest_where_they_were_put():
    for name in ("box_push", "package_lift", "football_shoot"):
        env = worlds(name)
        start = env.task.points(env)["object"].copy()
        env.simulation.qpos[:, 0] -= 2.0
        for _ in range(25):
            env.observations()
            env.advance(np.zeros((8, env.num_actions)))
        assert np.abs(env.task.points(env)["object"] - start).max() < 0.004


def test_package_and_ball_differ_in_mass_as_the_paper_says():
    for name, (low, high) in (("package_lift", bench.PACKAGE_MASS), ("football_shoot", bench.BALL_MASS)):
        task = BenchTask(name, G1, 32, REST)
        env = task_env(task, EnvConfig(32, 1, randomisation=NOMINAL.__class__(variants=32)))
        masses = [float(model.body("object").mass[0]) for model in env.simulation._models]
        assert low <= min(masses) < low + 0.2 * (high - low) and high - 0.2 * (high - low) < max(masses) <= high


def test_the_button_is_measured_on_the_wall_only_and_the_hands_weigh_more_on_small_robots():
    assert VIEWS["button_press"].axes == (1, 2)
    weights = [task_rules("package_lift", robot).pulls[1].weight for robot in ("g1", "h1")]
    assert weights == [10.0, 5.0]


def test_unknown_names_list_those_that_exist():
    with pytest.raises(UnknownNameError, match="box_push, box_transfer, button_press"):
        bench_task("g1", "box_pull", 1)
    with pytest.raises(UnknownNameError, match="no_walking"):
        used_skills(bench_task("g1", "box_push", 1), "no_legs")


def test_a_baseline_goes_without_walking():
    task = bench_task("g1", "box_push", 1)
    assert used_skills(task, "blend") == ("walk", "reach") and used_skills(task, "no_walking") == ("reach",)


def test_guides_ask_for_what_the_blend_can_do():
    assert set(GUIDES) == set(RULES) == set(VIEWS)
    env = task_env(bench_task("g1", "box_push", 8), EnvConfig(8, 1, randomisation=NOMINAL))
    blend = running_blend(G1, ("walk", "reach"))
    output = guided_output(env.task, env, blend)
    assert output.shape == (8, blend.size) and np.abs(output[:, :2]).max() <= 1.0
    weights = blend.weights(output)
    assert weights[:, 0, :12].min() > 0.98 and weights[:, 1, 13:].min() > 0.98


def test_the_guide_reaches_far_with_nothing_learnt_above_the_primitives():
    env = task_env(bench_task("g1", "far_reach", 8), EnvConfig(8, 1, episode=1e6, seed=500, randomisation=NOMINAL))
    blend = running_blend(G1, ("walk", "reach"))
    before = env.task.error(env).mean()
    for _ in range(250):
        env.observations()
        env.advance(guided_action(env, blend).astype(float))
    assert before > 0.5 and np.median(env.task.error(env)) < 0.05


def test_imitation_comes_closer_to_the_guide():
    from robomatrix.training.ppo import PpoConfig
    from robomatrix.training.skillblender.blend import BlendModel, frozen_blend

    torch.manual_seed(0)
    env = task_env(bench_task("g1", "far_reach", 16), EnvConfig(16, 1, randomisation=NOMINAL))
    actor = BlendModel(env.observations(), frozen_blend("g1", ("walk", "reach")), PpoConfig(hidden=(32,)))
    config = ImitationConfig(rounds=3, steps=20, keep=1, passes=10, batch=160)
    losses = imitate(actor, env, running_blend(G1, ("walk", "reach")), config, 1)
    assert losses[-1] < 0.7 * losses[0]


def test_half_of_the_robots_begin_where_a_walk_may_have_ended():
    task = BenchTask("box_push", G1, 40, REST)
    task.scatter = Scatter((-0.6, 0.2), 0.3, 0.35)
    env = task_env(task, EnvConfig(40, 1, seed=3, randomisation=NOMINAL))
    moved = np.abs(env.simulation.qpos[:, 0]) > 0.0
    assert 8 < moved.sum() < 32
    assert env.simulation.qpos[:, 0].min() >= -0.6 and env.simulation.qpos[:, 0].max() <= 0.2
    assert np.abs(env.signals.yaw[moved]).max() <= 0.35 and (env.signals.yaw[~moved] == 0.0).all()


def test_the_guide_pushes_the_box_where_it_shall_be_and_keeps_it_on_the_table():
    env = worlds("box_push", 10, seed=500)
    blend = running_blend(G1, env.task.skills)
    for _ in range(400):
        env.observations()
        env.advance(guided_action(env, blend))
    assert (env.task.error(env) < 0.05).mean() >= 0.8
    assert (env.task.points(env)["object"][:, 2] > 0.7).mean() >= 0.9


@pytest.mark.parametrize("robot", ["g1", "h1"])
def test_hands_go_round_the_doors_and_push_them_from_outside(robot):
    env = task_env(bench_task(robot, "cabinet_close", 8), EnvConfig(8, 1, randomisation=NOMINAL))
    task, guide = env.task, GUIDES["cabinet_close"]
    env.simulation.qpos[:, -2:] = 1.0
    env.signals.hands[:] = [[0.9, 0.3, 1.0], [0.9, -0.3, 1.0]]
    far = guide(task, env, task.points(env))
    assert (far.hands[:, 0, 1] > 0.4).all() and (far.hands[:, 1, 1] < -0.4).all()
    env.signals.hands[:] = [[1.2, 0.45, 1.0], [1.2, -0.45, 1.0]]
    beside = guide(task, env, task.points(env))
    assert (np.abs(beside.hands[..., 1]) < 0.3).all()
    env.signals.hands[:] = [[1.2, 0.1, 1.0], [1.2, -0.1, 1.0]]
    inside = guide(task, env, task.points(env))
    assert (inside.hands[..., 0] < 1.0).all()


def test_the_h1_2_raises_its_hands_only_on_the_legs_of_the_squat():
    env = task_env(bench_task("h1_2", "far_reach", 4), EnvConfig(4, 1, episode=1e6, seed=500, randomisation=NOMINAL))
    task, rest = env.task, env.task.rest
    assert task.skills == ("walk", "reach", "squat") and bench_task("h1", "far_reach", 1).skills == ("walk", "reach")
    away = GUIDES["far_reach"](task, env, task.points(env))
    assert not away.squats.any() and np.abs(away.hands - env.signals.hands).max() < 0.1
    task.fixed["left_goal"][:], task.fixed["right_goal"][:] = rest + [0.0, 0.0, 0.5]
    env.signals.velocity[:] = 0.0
    there = GUIDES["far_reach"](task, env, task.points(env))
    assert there.squats.all() and (there.hands[..., 2] > env.signals.hands[..., 2] + 0.4).all()


def test_a_hand_is_held_back_until_the_robot_has_squatted():
    env = task_env(bench_task("h1_2", "button_press", 4), EnvConfig(4, 1, episode=1e6, seed=500, randomisation=NOMINAL))
    guide, task = GUIDES["button_press"], env.task
    task.fixed["start"][:] = [1.48, 0.24, 0.7]
    env.signals.velocity[:], env.signals.position[:, :2] = 0.0, [1.03, 0.0]
    before = guide(task, env, task.points(env))
    assert before.squats.all() and (before.height < -0.25).all() and (before.hands[:, 0, 0] < 1.4).all()
    env.signals.position[:, 2] += before.height
    after = guide(task, env, task.points(env))
    assert (after.hands[:, 0, 0] > 1.4).all() and (after.hands[:, 0, 2] < 0.75).all()
