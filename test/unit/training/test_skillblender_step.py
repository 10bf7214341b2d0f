import numpy as np
import pytest

from robomatrix.robots.humanoid import humanoid
from robomatrix.training.skillblender.env import EnvConfig, HumanoidEnv
from robomatrix.training.skillblender.randomisation import NOMINAL
from robomatrix.training.skillblender.step import NARROW, Step, StepRanges, in_heading, step_contacts

G1 = humanoid("g1")


def stepping(worlds: int, **ranges: float) -> HumanoidEnv:
    task = Step(G1, worlds, StepRanges(**ranges))
    return HumanoidEnv(G1, task, EnvConfig(worlds, 1, episode=60.0, randomisation=NOMINAL))


def advance(env: HumanoidEnv, steps: int) -> None:
    for _ in range(steps):
        env.observations()
        env.advance(np.zeros((env.num_envs, env.num_actions)))


def test_feet_have_their_goals_where_they_stand_until_the_first_is_drawn():
    env = stepping(4)
    assert np.abs(env.task.error(env)).max() < 0.03


def test_goals_move_one_foot_on_the_papers_circle_and_never_onto_the_other():
    env = stepping(128, paper=1.0, home=0.0)
    env.task.due[:] = 0.0
    advance(env, 1)
    task, worlds = env.task, np.arange(128)
    apart = task.target[:, 0] - task.target[:, 1]
    offset = in_heading(task.heading, apart) - [0.0, task.function.width]
    narrow = np.isclose(in_heading(task.heading, apart)[:, 1], NARROW)
    assert np.linalg.norm(offset[~narrow], axis=-1) == pytest.approx(np.full((~narrow).sum(), 0.15))
    assert np.abs(task.error(env)[worlds, 1 - task.moving]).max() < 0.01
    assert set(task.moving) == {0, 1}


def test_the_feed_forward_alone_lifts_the_moving_foot_and_keeps_the_robot_up():
    env = stepping(16, paper=1.0, home=0.0, hold=(9.0, 9.0))
    env.task.due[:] = 0.0
    advance(env, 1)
    worlds, moving, highest = np.arange(16), env.task.moving, np.zeros(16)
    for _ in range(40):
        advance(env, 1)
        highest = np.maximum(highest, env.signals.feet[worlds, moving, 2])
    assert not env.fallen().any() and highest.mean() > 0.01


def test_contacts_of_a_step_want_only_the_lacking_foot_up():
    contact, lift = np.array([[0.0, 1.0]]), np.array([[1.0, -1.0]])
    assert step_contacts(contact, lift, np.array([[1.0, 0.0]])) == [1.0]
    assert step_contacts(contact, lift, np.array([[0.0, 0.0]])) == [0.0]
    assert step_contacts(contact, -lift, np.array([[1.0, 0.0]])) == [0.0]
