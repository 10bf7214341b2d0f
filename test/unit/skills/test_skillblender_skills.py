"""The shipped policies through the simulated robot, by joints, IMU and odometry only."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("mujoco")

from robomatrix.errors import PolicyError, PreconditionError
from robomatrix.hardware.driver import JointState, RobotState
from robomatrix.hardware.mujoco.humanoid_driver import MujocoHumanoidDriver
from robomatrix.policies.checkpoint import load_checkpoint, policy_folder, save_checkpoint
from robomatrix.robots.loader import load_robot
from robomatrix.skills.base import ErrorCode, Failed, Observation, Outcome, Succeeded
from robomatrix.skills.registry import registry_for
from robomatrix.skills.runner import SkillRunner
from robomatrix.skills.skillblender.controller import Controller
from robomatrix.skills.skillblender.feedforward import GAIT_FREQUENCY
from robomatrix.skills.skillblender.library import load_policy, policy_from
from robomatrix.skills.skillblender.primitives import Walk
from robomatrix.world import World

ROBOT = load_robot("g1")


class Bench:
    """Driver and runner in lockstep, with the idle skill between skills as the skill server has it."""

    def __init__(self, seed: int = 3) -> None:
        self.driver = MujocoHumanoidDriver(ROBOT)
        self.state = self.driver.reset(seed)
        self.runner = SkillRunner(ROBOT, registry_for(ROBOT.name))

    def rest(self, seconds: float) -> None:
        for _ in range(round(seconds * ROBOT.rate)):
            self.driver.write(self.runner.rest(Observation(self.state, World())))
            self.state = self.driver.step()

    def do(self, name: str, cancel: float = float("inf"), **arguments) -> Outcome:
        refused = self.runner.start(name, arguments)
        if refused:
            return refused
        begun = self.state.stamp
        while self.runner.busy:
            if self.state.stamp - begun > cancel:
                self.runner.cancel()
                break
            self.driver.write(self.runner.tick(Observation(self.state, World())))
            self.state = self.driver.step()
        return self.runner.outcome


@pytest.fixture
def bench():
    made = Bench()
    yield made
    made.driver.close()


def test_idle_robot_balances_and_withstands_a_shove(bench):
    bench.rest(1.0)
    bench.driver.push((0.25, 0.15))
    bench.rest(4.0)
    assert bench.driver.base_height() == pytest.approx(0.77, abs=0.02)


def test_squat_reaches_its_height_and_the_robot_rises_when_idle(bench):
    bench.rest(0.4)
    outcome = bench.do("squat", height=0.5, hold=0.4)
    assert isinstance(outcome, Succeeded) and bench.driver.base_height() == pytest.approx(0.5, abs=0.03)
    bench.rest(2.0)
    assert bench.driver.base_height() == pytest.approx(0.77, abs=0.03)


def test_walk_to_arrives_by_the_true_pose_and_stands(bench):
    bench.rest(0.2)
    assert isinstance(bench.do("walk_to", x=0.8), Succeeded)
    x, y, _ = bench.driver.base_pose()
    assert np.hypot(x - 0.8, y) < 0.25
    bench.rest(1.0)
    assert bench.driver.base_height() > 0.73


def test_cancelled_walk_does_not_fall(bench):
    bench.rest(0.5)
    outcome = bench.do("walk", cancel=1.5, vx=0.5, duration=9.0)
    assert outcome.code is ErrorCode.CANCELED
    bench.rest(3.0)
    assert bench.driver.base_height() > 0.73


def test_hand_reaches_its_point_after_a_walk(bench):
    bench.rest(0.2)
    bench.do("walk", vx=0.4, duration=1.5)
    outcome = bench.do("reach", hand="left", forward=0.12, up=0.1, hold=0.2)
    assert isinstance(outcome, Succeeded) and outcome.metrics["hand_error"] < 0.03
    bench.rest(1.0)
    assert bench.driver.base_height() > 0.73


def test_fall_is_reported(bench):
    bench.runner.start("stand", {"duration": 5.0})
    bench.driver.push((4.0, 0.0))
    while bench.runner.busy:
        bench.driver.write(bench.runner.tick(Observation(bench.state, World())))
        bench.state = bench.driver.step()
    assert isinstance(bench.runner.outcome, Failed) and bench.runner.outcome.code is ErrorCode.FELL
    assert bench.do("walk", vx=0.3).code is ErrorCode.PRECONDITION


def changed(state: RobotState, **joints) -> RobotState:
    return replace(state, joints=replace(state.joints, **joints))


def test_state_without_a_joint_or_with_nan_or_without_imu_is_refused(bench):
    state = bench.state
    joints = state.joints
    short = JointState(*(v[1:] for v in (joints.names, joints.position, joints.velocity, joints.effort)))
    with pytest.raises(PreconditionError, match="lacks joint 'left_hip_pitch_joint'"):
        Controller(ROBOT, replace(state, joints=short))
    controller = Controller(ROBOT, state)
    with pytest.raises(PreconditionError, match="not finite"):
        controller.feel(changed(state, velocity=np.full(29, np.nan)))
    with pytest.raises(PreconditionError, match="needs its IMU"):
        controller.feel(replace(state, imu=None))


def test_controller_takes_over_the_targets_the_servos_have(bench):
    for _ in range(5):
        bench.driver.write(bench.runner.rest(Observation(bench.state, World())))
        bench.state = bench.driver.step()
    sent = bench.runner.rest(Observation(bench.state, World())).positions
    bench.driver.write(bench.runner.rest(Observation(bench.state, World())))
    taken = Controller(ROBOT, bench.driver.step()).command().positions
    assert max(abs(taken[name] - sent[name]) for name in sent) < 0.05


@pytest.mark.parametrize(
    ("arguments", "said"),
    [({"height": 0.2}, "from 0.4 to 0.78"), ({}, "squat.height is required"), ({"height": float("nan")}, "from 0.4")],
)
def test_arguments_out_of_range_are_refused(bench, arguments, said):
    outcome = bench.do("squat", **arguments)
    assert outcome.code is ErrorCode.INVALID_ARGUMENTS and said in outcome.message


def test_policy_for_another_robot_or_with_another_joint_order_is_refused(tmp_path):
    checkpoint = load_checkpoint(policy_folder("skillblender", "g1", "squat"))
    with pytest.raises(PolicyError, match="made for robot 'g1', not 'h1_2'"):
        policy_from(checkpoint, "h1_2")
    joints = checkpoint.spec.joints
    swapped = replace(checkpoint.spec, joints=(joints[1], joints[0], *joints[2:]), home=())
    save_checkpoint(tmp_path, swapped, checkpoint.tensors)
    with pytest.raises(PolicyError, match="joint 0 is left_hip_roll_joint in the policy and left_hip_pitch_joint here"):
        policy_from(load_checkpoint(tmp_path), "g1")


@pytest.mark.parametrize("name", ["walk", "squat", "reach"])
def test_shipped_weights_are_small(name):
    load_policy("g1", name)
    assert (policy_folder("skillblender", "g1", name) / "policy.safetensors").stat().st_size < 2_000_000


def test_a_place_ahead_is_meant_from_where_the_robot_stands(bench):
    bench.rest(0.2)
    bench.do("walk", wz=0.8, duration=1.9)
    x, y, yaw = bench.driver.base_pose()
    assert isinstance(bench.do("walk_to", x=0.7, frame="robot"), Succeeded)
    ahead = np.array(bench.driver.base_pose()[:2]) - [x, y]
    assert yaw > 0.8 and ahead == pytest.approx([0.7 * np.cos(yaw), 0.7 * np.sin(yaw)], abs=0.25)


def test_standing_still_is_not_walking_slowly():
    slow = Walk(ROBOT, {"vx": 0.1, "vy": 0.0, "wz": 0.0, "duration": 2.0})
    wanted, still = np.array([0.1, 0.0, 0.0]), np.zeros(3)
    assert slow._judge(still, wanted).code is ErrorCode.GOAL_NOT_REACHED
    assert isinstance(slow._judge(0.7 * wanted, wanted), Succeeded)
    assert isinstance(slow._judge(np.array([0.02, 0.0, 0.03]), still), Succeeded)
    assert isinstance(slow._judge(np.array([0.5, 0.1, 0.1]), np.array([0.6, 0.1, 0.0])), Succeeded)


def test_the_gaits_clock_goes_on_from_one_skill_to_the_next(bench):
    before = Controller(ROBOT, bench.state)
    stand = load_policy("g1", "walk")
    for _ in range(7):
        bench.driver.write(before.step(stand.function, stand.network, np.zeros(3), bench.state))
        bench.state = bench.driver.step()
    after = Controller(ROBOT, bench.state)
    assert (after.phase - before.phase) % 1.0 == pytest.approx(GAIT_FREQUENCY / ROBOT.rate)


def test_one_foot_steps_where_it_shall_stand_and_the_other_stays(bench):
    bench.rest(0.4)
    feet = [bench.driver._data.sensor(f"{side}_foot_position").data.copy() for side in ("left", "right")]
    outcome = bench.do("step", foot="left", forward=0.15)
    assert isinstance(outcome, Succeeded) and outcome.metrics["foot_error"] < 0.04
    moved = [
        (bench.driver._data.sensor(f"{side}_foot_position").data - before)[:2]
        for side, before in zip(("left", "right"), feet, strict=True)
    ]
    assert moved[0] - moved[1] == pytest.approx([0.15, 0.0], abs=0.06) and np.linalg.norm(moved[1]) < 0.06
    bench.rest(1.5)
    assert bench.driver.base_height() > 0.73
