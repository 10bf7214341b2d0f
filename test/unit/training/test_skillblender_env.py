import numpy as np
import pytest
import torch

from robomatrix.errors import UnknownNameError
from robomatrix.robots.humanoid import HUMANOIDS, humanoid
from robomatrix.skills.skillblender.feedforward import REFLEXES, STANCES
from robomatrix.skills.skillblender.functions import SquatFunction
from robomatrix.training.skillblender import rewards
from robomatrix.training.skillblender.env import EnvConfig, HumanoidEnv, Starts
from robomatrix.training.skillblender.randomisation import NOMINAL, Randomisation
from robomatrix.training.skillblender.recipes import RECIPES, Curriculum, ramp, recipe
from robomatrix.training.skillblender.reflex_search import START, ReflexTrial, SquatTrial, flatten, unflatten
from robomatrix.training.skillblender.standing import Squat, SquatRanges, paper_goals, turned
from robomatrix.training.skillblender.walk import Walk, WalkRanges


def squatting(worlds: int = 4, randomisation: Randomisation = NOMINAL, seed: int = 1) -> HumanoidEnv:
    task = Squat(SquatFunction(humanoid("g1")), worlds)
    return HumanoidEnv(humanoid("g1"), task, EnvConfig(worlds, 1, episode=4.0, seed=seed, randomisation=randomisation))


def test_tracking_rewards_have_their_closed_form():
    assert rewards.tracking(np.array([[0.3, 0.4]]), 0.25) == pytest.approx([np.exp(-1.0)])
    assert rewards.kernel(np.array([[0.1, -0.3]]), 4.0) == pytest.approx([np.exp(-0.8)])


def test_contact_reward_wants_the_swinging_foot_up_and_both_down_when_standing():
    lift, walking, standing = np.array([[1.0, -1.0]]), np.ones(1), np.zeros(1)
    left_up, both = np.array([[0.0, 1.0]]), np.ones((1, 2))
    assert rewards.contact_match(left_up, lift, walking) == [1.0]
    assert rewards.contact_match(both, lift, walking) == [0.0]
    assert rewards.contact_match(both, lift, standing) == [1.0]


def test_clearance_counts_only_the_swinging_foot():
    height, lift = np.array([[0.02, 0.0]]), np.array([[1.0, -1.0]])
    assert rewards.clearance_lack(height, lift, np.ones(1), 0.08) == pytest.approx([0.06])


def test_the_left_foot_is_aside_of_the_right_one_in_the_heading_and_less_than_nothing_where_legs_cross():
    feet = np.array([[[0.1, 0.2, 0.0], [0.0, -0.2, 0.0]]])
    assert rewards.aside(feet, np.zeros(1)) == pytest.approx([0.4])
    assert rewards.aside(feet, np.full(1, np.pi / 2)) == pytest.approx([-0.1])


def test_walking_pays_for_feet_nearer_than_half_their_distance_at_home():
    task = Walk(humanoid("h1"), 2)
    env = HumanoidEnv(humanoid("h1"), task, EnvConfig(2, 1, randomisation=NOMINAL))
    env.observations()
    env.advance(np.zeros((2, env.num_actions)))
    env.signals.feet[:] = [[[0.0, 0.1, 0.0], [0.0, -0.1, 0.0]], [[0.0, -0.05, 0.0], [0.0, 0.05, 0.0]]]
    env.signals.yaw[:] = 0.0
    apart = task.function.gait.odometry.apart[1]
    assert env.task.rewards(env)["crossing"] == pytest.approx([10 * min(0.0, 0.2 - apart / 2), -10 * (apart / 2 + 0.1)])


def test_squatting_pays_for_leaning_sideways_and_not_for_leaning_forwards():
    env = squatting(3)
    env.signals.body.gravity[:] = [[0.0, 0.0, -1.0], [0.0, 0.1, -0.995], [0.1, 0.0, -0.995]]
    assert env.task.rewards(env)["level"] == pytest.approx([0.0, -0.15, 0.0])


def test_squat_table_reaches_its_heights_without_any_learning():
    env = squatting()
    env.task.final[:] = [0.0, -0.1, -0.25, -0.37]
    env.task._due[:] = 1e9
    for _ in range(150):
        env.observations()
        env.advance(np.zeros((4, env.num_actions)))
        env.task._due[:] = 1e9
        env.task.final[:] = [0.0, -0.1, -0.25, -0.37]
    assert not env.fallen().any()
    assert np.abs(env.task.error(env)).max() < 0.03


def test_same_seed_repeats_exactly():
    runs = []
    for _ in range(2):
        env = squatting(randomisation=Randomisation(variants=2), seed=7)
        action = torch.full((4, env.num_actions), 0.1)
        runs.append([env.step(action)[0]["critic"].numpy() for _ in range(10)][-1])
    assert (runs[0] == runs[1]).all()


def test_a_fall_ends_the_episode_with_its_penalty_and_a_fresh_start():
    env = squatting()
    env.simulation.qpos[2, 3:7] = [0.6, 0.0, 0.8, 0.0]
    _, reward, done, extras = env.step(torch.zeros(4, env.num_actions))
    assert done.tolist() == [0, 0, 1, 0]
    assert reward[2] == -1.0 and extras["time_outs"].sum() == 0
    assert env.simulation.qpos[2, 3] == 1.0 and env.age[2] == 0


def test_a_time_out_is_told_apart_from_a_fall():
    env = squatting()
    env.age[:] = env.max_episode_length - 1
    _, _, done, extras = env.step(torch.zeros(4, env.num_actions))
    assert done.all() and extras["time_outs"].all()


def test_walking_commands_stay_in_their_ranges_and_some_are_to_stand():
    task = Walk(humanoid("g1"), 256, WalkRanges(ramped=0.0))
    HumanoidEnv(humanoid("g1"), task, EnvConfig(256, 1, randomisation=NOMINAL))
    command = task.command
    assert (command.min(0) >= [-0.5, -0.5, -1.0]).all() and (command.max(0) <= [1.0, 0.5, 1.0]).all()
    assert 0.1 < (command == 0.0).all(-1).mean() < 0.45


def test_ramped_commands_come_in_little_by_little():
    task = Walk(humanoid("g1"), 64, WalkRanges(ramped=1.0, standing=0.0, hold=(9.0, 9.0)))
    env = HumanoidEnv(humanoid("g1"), task, EnvConfig(64, 1, randomisation=NOMINAL))
    assert (task.command == 0.0).all()
    for _ in range(10):
        task.advance(env)
    first = np.abs(task.command).max()
    assert 0.0 < first <= 2.5 * 10 * env.dt + 1e-9
    for _ in range(140):
        task.advance(env)
    assert np.abs(task.command).max() > 0.6


def test_paper_goals_lie_on_its_part_of_the_sphere():
    goals = paper_goals(humanoid("g1"), np.random.default_rng(0), 500)
    assert np.linalg.norm(goals.reshape(-1, 3), axis=-1) == pytest.approx(np.full(1000, 0.15))
    assert goals[:, 0].min() >= -0.05 and goals[:, 1].min() >= -0.05 and goals[:, 4].max() <= 0.05


@pytest.mark.parametrize("name", HUMANOIDS)
def test_reflex_vectors_keep_their_gains(name):
    assert unflatten(flatten(START)) == START


def test_ramps_hold_their_ends():
    shape = (0.3, 3e6, 1e6)
    assert [ramp(shape, s) for s in (0, 1e6, 2e6, 9e6)] == pytest.approx([0.3, 0.3, 0.65, 1.0])


def test_unknown_primitive_lists_those_that_exist():
    with pytest.raises(UnknownNameError, match="reach, squat, step, walk"):
        recipe("wal")
    assert set(RECIPES) == {"walk", "reach", "squat", "step"}


def test_episodes_begin_in_given_starts():
    env = squatting()
    qpos, qvel = env.simulation.qpos[:1].copy(), env.simulation.qvel[:1].copy()
    qpos[0, :2] = [3.0, -1.0]
    action = np.full((1, 21), 0.3)
    starts = Starts(qpos, qvel, env.simulation.sensors[:1].copy(), action)
    task = Squat(SquatFunction(humanoid("g1")), 4)
    config = EnvConfig(4, 1, episode=4.0, randomisation=NOMINAL, started=1.0)
    started = HumanoidEnv(humanoid("g1"), task, config, starts=starts)
    assert started.simulation.qpos[:, :2] == pytest.approx(np.tile([3.0, -1.0], (4, 1)))
    assert (started.action == 0.3).all() and (started.previous_action == 0.3).all()


def test_exploring_is_worth_less_and_less_and_then_nothing():
    class Algorithm:
        entropy_coef = 1.0

    class Learner:
        algorithm, config = Algorithm(), recipe("walk").ppo
        progress = type("Progress", (), {"samples": 0.0})()

    shape, env, worth = Curriculum((1.0, 1.0, 0.0), (1.0, 1.0, 0.0), calm=(1e6, 2e6)), squatting(), []
    for samples in (0.0, 1e6, 1.5e6, 3e6):
        Learner.progress.samples = samples
        shape.apply(env, Learner)
        worth.append(Learner.algorithm.entropy_coef)
    assert worth == pytest.approx([0.001, 0.001, 0.0005, 0.0])


def test_points_turn_about_the_vertical():
    assert turned(np.array([np.pi / 2]), np.array([[[1.0, 0.0, 0.3]]]))[0, 0] == pytest.approx([0.0, 1.0, 0.3])


def test_arms_that_move_on_their_own_leave_the_legs_to_the_policy():
    ranges = SquatRanges(0.5, moving_arms=0.5)
    task = Squat(SquatFunction(humanoid("g1")), 12, ranges)
    env = HumanoidEnv(humanoid("g1"), task, EnvConfig(12, 1, seed=2, randomisation=NOMINAL))
    for _ in range(30):
        env.advance(np.zeros((12, env.num_actions)))
    arms, legs = task._arms.joints, list(humanoid("g1").legs)
    moving = task._arms.moving
    assert 0 < moving.sum() < 12 and np.isnan(env.override[:, legs]).all()
    assert np.isnan(env.override[np.ix_(~moving, arms)]).all()
    assert np.abs(env.override[np.ix_(moving, arms)]).max() > 0.2


@pytest.mark.parametrize("name", ["g1", "h1", "h1_2"])
def test_the_reflex_found_stays_up_longer_than_the_one_the_search_began_with(name):
    trial = ReflexTrial(humanoid(name), 32, seed=5, threads=1)
    found, begun = (trial.score([reflex] * 32, steps=100) for reflex in (REFLEXES[name], START))
    assert found[0].mean() > begun[0].mean() + 0.3 and found[1].mean() > begun[1].mean() + 0.3


@pytest.mark.parametrize("name", ["h1", "h1_2"])
def test_the_stance_found_squats_better_than_the_one_the_search_began_with(name):
    trial = SquatTrial(humanoid(name), 32, seed=5, threads=1)
    found, begun = (trial.score([reflex] * 32, steps=150, noise=0.02) for reflex in (STANCES[name], START))
    assert found[0].mean() > begun[0].mean() + 0.03 and found[1].mean() > 0.8
