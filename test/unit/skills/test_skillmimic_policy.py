from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from robomatrix.errors import PolicyError, PreconditionError, UnknownNameError
from robomatrix.hardware.driver import Imu, JointState, Odometry, RobotState
from robomatrix.motions.rotations import from_yaw, multiply, rotate
from robomatrix.policies.checkpoint import load_checkpoint, save_checkpoint
from robomatrix.policies.spec import PolicySpec
from robomatrix.robots.loader import load_robot
from robomatrix.skills.base import ErrorCode, Failed, Observation, Running, Succeeded
from robomatrix.skills.registry import registry_for
from robomatrix.skills.runner import SkillRunner
from robomatrix.skills.skillmimic import skills
from robomatrix.skills.skillmimic.ball_in_hand import BounceBall, PassTo, ShootBall
from robomatrix.skills.skillmimic.basketball import PATIENCE, Catch, PickUpBall, Stand
from robomatrix.skills.skillmimic.observation import (
    CLOCK_KNOTS,
    LABELS,
    body_and_ball,
    expert_terms,
    gravity_direction,
    heading,
    posture,
    terms,
)
from robomatrix.skills.skillmimic.policy import BallTracker, Cue, PlayerPolicy, Watch, configuration
from robomatrix.skills.skillmimic.specs import SPECS
from robomatrix.world import SceneObject, World

ROBOT = load_robot("player")
JOINTS = len(ROBOT.joints)
SIZE = sum(term.size for term in terms(JOINTS))
AHEAD = (2.4, 0.0, 3.05)
"""A hoop straight ahead."""


def checkpoint(folder: Path, **changes: object) -> Path:
    """A policy whose output is 0.01 rad on every joint under label ``catch`` and zero else."""
    rng = np.random.default_rng(0)
    tensors = {
        "mean": np.zeros(SIZE), "std": np.ones(SIZE),
        "w0": np.zeros((8, SIZE)), "b0": np.zeros(8), "w1": np.zeros((JOINTS, 8)), "b1": np.zeros(JOINTS),
        "start_qpos_catch": rng.normal(size=(2, 14 + JOINTS)), "start_qvel_catch": np.zeros((2, 12 + JOINTS)),
    }  # fmt: skip
    tensors["w0"][0, SIZE - len(LABELS) + LABELS.index("catch")] = 1.0
    tensors["w1"][:, 0] = 0.01
    spec = PolicySpec(
        family="skillmimic", name="ball_skills", robot="player", rate=60.0, joints=ROBOT.joint_names,
        observation=terms(JOINTS), outputs=ROBOT.joint_names, action_scale=1.0, hidden=(8,),
        home=tuple(float(j.home) for j in ROBOT.joints), 
        parameters={"labels": list(LABELS), "trained": ["catch", "pick_up", "pass", "stand"]},
    )  # fmt: skip
    save_checkpoint(folder, replace(spec, **changes), tensors)
    return folder


def state(stamp: float = 0.0, height: float = 0.95, yaw: float = 0.0) -> RobotState:
    orientation = np.array([0.0, 0.0, np.sin(yaw / 2), np.cos(yaw / 2)])
    joints = JointState(ROBOT.joint_names, np.zeros(JOINTS), np.zeros(JOINTS), np.zeros(JOINTS))
    still = np.zeros(3)
    return RobotState(
        stamp, joints, Imu(orientation, still, still), Odometry(np.array([0.0, 0.0, height]), orientation, still, still)
    )


def seen(robot: RobotState, ball: tuple[float, float, float] | None) -> Observation:
    objects = {} if ball is None else {"ball": SceneObject("ball", "ball", "ball", "orange", ball, stamp=robot.stamp)}
    return Observation(robot, World(robot.stamp, objects))


def with_hoop(sight: Observation, place: tuple[float, float, float] = (2.4, 0.3, 3.05)) -> Observation:
    hoop = SceneObject("hoop", "hoop", "target", "red", place)
    return replace(sight, world=World(sight.world.stamp, {**sight.world.objects, "hoop": hoop}))


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = checkpoint(tmp_path / "policy")
    monkeypatch.setattr("robomatrix.skills.skillmimic.policy.policy_folder", lambda *_: folder)
    return folder


def test_the_observation_does_not_know_where_the_player_stands_or_looks() -> None:
    rng = np.random.default_rng(3)
    qpos, qvel = rng.normal(size=(1, 14 + JOINTS)), rng.normal(size=(1, 12 + JOINTS))
    qpos[:, 3:7] = [[0.9, 0.1, -0.2, np.sqrt(1 - 0.86)]]
    turn = from_yaw(np.array([1.3]))
    moved, faster = qpos.copy(), qvel.copy()
    for block in (slice(0, 3), slice(-7, -4)):
        moved[:, block] = rotate(turn, qpos[:, block]) + [3.0, -2.0, 0.0]
    moved[:, 3:7] = multiply(turn, qpos[:, 3:7])
    for block in (slice(0, 3), slice(-6, -3)):
        faster[:, block] = rotate(turn, qvel[:, block])
    np.testing.assert_allclose(body_and_ball(moved, faster), body_and_ball(qpos, qvel), atol=1e-9)


def test_the_observation_has_the_length_of_its_terms() -> None:
    observation = body_and_ball(np.ones((2, 14 + JOINTS)), np.ones((2, 12 + JOINTS)))
    assert observation.shape == (2, SIZE - len(LABELS))


def test_upright_gravity_points_down_and_heading_follows_yaw() -> None:
    q = from_yaw(np.array([0.0, np.pi / 2]))
    np.testing.assert_allclose(gravity_direction(q), [[0, 0, -1], [0, 0, -1]], atol=1e-12)
    np.testing.assert_allclose(heading(q), [[1, 0], [0, 1]], atol=1e-12)


def test_the_label_chooses_what_the_network_does(tmp_path: Path) -> None:
    policy = PlayerPolicy(ROBOT, checkpoint(tmp_path))
    qpos, qvel = np.zeros((1, 14 + JOINTS)), np.zeros((1, 12 + JOINTS))
    qpos[:, 3] = 1.0
    home = np.array([j.home for j in ROBOT.joints])
    np.testing.assert_allclose(policy.targets(qpos, qvel, "catch")[0] - home, 0.01, atol=1e-6)
    np.testing.assert_allclose(policy.targets(qpos, qvel, "pass")[0], home, atol=1e-6)
    with pytest.raises(
        UnknownNameError, match="unknown skill label 'dunk'.*Known: catch, dribble, pass, pick_up, set_shot, stand"
    ):
        policy.targets(qpos, qvel, "dunk")
    with pytest.raises(UnknownNameError, match="Known: catch"):
        policy.starts("pass")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"robot": "g1"}, "made for robot 'g1', not 'player'"),
        ({"joints": ("tail", *ROBOT.joint_names[1:])}, "no joint 'tail'"),
        ({"observation": (*terms(JOINTS)[:-2], terms(JOINTS)[-1], terms(JOINTS)[-2])}, "observation term 7"),
        ({"parameters": {"labels": ["catch"]}}, "labels"),
    ],
)
def test_a_policy_for_something_else_is_refused(changes: dict, expected: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=expected):
        PlayerPolicy(ROBOT, checkpoint(tmp_path, **changes))


def test_an_altered_checkpoint_is_refused(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path)
    weights = folder / "policy.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\1")
    with pytest.raises(PolicyError, match="damaged or altered"):
        PlayerPolicy(ROBOT, folder)
    data = yaml.safe_load((folder / "spec.yaml").read_text())
    (folder / "spec.yaml").write_text(yaml.safe_dump({**data, "extra": 1}))
    with pytest.raises(PolicyError, match="unknown key 'extra'"):
        PlayerPolicy(ROBOT, folder)


def test_the_tracker_finds_the_velocity_from_two_sightings() -> None:
    tracker = BallTracker()
    tracker.see(seen(state(0.0), (1.0, 0.0, 1.0)))
    ball = tracker.see(seen(state(0.1), (0.8, 0.0, 1.1)))
    np.testing.assert_allclose(ball.velocity, [-2.0, 0.0, 1.0], atol=1e-9)
    with pytest.raises(PreconditionError, match="no ball is in sight"):
        tracker.see(seen(state(0.2), None))


def test_a_state_with_nan_or_without_odometry_is_refused() -> None:
    ball = BallTracker().see(seen(state(), (1.0, 0.0, 1.0)))
    broken = state()
    broken.joints.position[3] = np.nan
    with pytest.raises(PreconditionError, match="not finite"):
        configuration(broken, ball)
    with pytest.raises(PreconditionError, match="odometry"):
        configuration(replace(state(), odometry=None), ball)


@pytest.mark.parametrize(
    ("skill", "ball", "robot", "expected"),
    [
        (PickUpBall, (0.3, 0.0, 0.12), state(height=0.2), "lies on the floor"),
        (PickUpBall, None, state(), "no ball is in sight"),
        (Catch, (0.3, 0.0, 1.1), state(), "already has the ball"),
        (PassTo, (1.4, 0.0, 0.12), state(), "does not have the ball; it is 1.40 m away"),
    ],
)
def test_a_skill_that_cannot_start_says_what_is_missing(skill, ball, robot, expected: str, shipped: Path) -> None:
    outcome = skill(ROBOT, {}).tick(seen(robot, ball))
    assert isinstance(outcome, Failed)
    assert outcome.code is ErrorCode.PRECONDITION
    assert expected in outcome.message


def run_on(skill, ball_at, yaw: float = 0.0, until: float = 20.0):
    """Ticks a player that does not move, with the ball where ``ball_at`` has it at a time, to the outcome."""
    for step in range(int(60 * until)):
        result = skill.tick(seen(state(step / 60, yaw=yaw), ball_at(step / 60)))
        if not isinstance(result, Running):
            return result, step / 60
    raise AssertionError("it never ended")


@pytest.mark.parametrize(
    ("ball", "yaw", "expected"),
    [
        ((2.3, 0.0, 0.12), 0.0, "out of reach: 2.30 m ahead"),
        ((0.0, -0.12, 0.12), 0.0, "-0.12 m to the left, 0.12 m high; it must lie -0.12 to"),
        ((0.3, 0.0, 0.12), np.pi, "out of reach: -0.30 m ahead"),
    ],
)
def test_a_ball_out_of_reach_is_left_alone(ball, yaw: float, expected: str, shipped: Path) -> None:
    outcome, after = run_on(PickUpBall(ROBOT, {}), lambda time: ball, yaw)
    assert isinstance(outcome, Failed)
    assert outcome.code is ErrorCode.PRECONDITION
    assert expected in outcome.message
    assert after < 0.2


def test_a_ball_that_rolls_near_is_waited_for_and_one_that_rolls_away_is_not(shipped: Path) -> None:
    def passing(time: float) -> tuple[float, float, float]:
        return (1.5 - 0.5 * time, 0.0, 0.12)

    outcome, after = run_on(PickUpBall(ROBOT, {}), passing)
    assert "out of reach: -0.5" in outcome.message
    assert after == pytest.approx(4.0, abs=0.1)
    outcome, after = run_on(PickUpBall(ROBOT, {}), lambda time: (1.5 + 0.5 * time, 0.0, 0.12))
    assert "out of reach: 1.5" in outcome.message
    assert after < 0.2
    coming = PickUpBall(ROBOT, {})
    for step in range(240):
        rolled = (max(1.0 - 0.5 * step / 60, 0.0), 0.0, 0.12)
        phase = coming.tick(seen(state(step / 60), rolled)).phase
        assert phase == ("waiting for the ball to lie still" if step < 122 else "pick_up_ball")


def test_a_ball_that_is_in_the_hands_need_not_be_picked_up(shipped: Path) -> None:
    outcome, after = run_on(PickUpBall(ROBOT, {}), lambda time: (0.35, 0.0, 1.1))
    assert isinstance(outcome, Succeeded)
    assert outcome.holding == "ball"
    assert after < 0.2


def test_what_the_player_holds_is_seen_also_while_nothing_is_asked(shipped: Path) -> None:
    runner = SkillRunner(ROBOT, registry_for("player"))
    for step, (ball, held) in enumerate([((0.35, 0.0, 1.1), "ball"), ((0.35, 0.0, 0.5), None)]):
        runner.rest(seen(state(step / 60), ball))
        assert runner.holding == held


def test_a_ball_that_slips_before_the_throw_is_no_throw(shipped: Path) -> None:
    skill, outcome = PassTo(ROBOT, {}), None
    for step in range(120):  # it sways, so that the pass does not begin
        outcome = skill.tick(seen(swaying(step / 60), (0.35, 0.0, max(1.1 - 0.05 * step, 0.12))))
        if not isinstance(outcome, Running):
            break
    assert isinstance(outcome, Failed)
    assert outcome.code is ErrorCode.OBJECT_LOST
    assert outcome.holding is None


def test_picking_up_succeeds_only_with_the_ball_held_high_for_a_while(shipped: Path) -> None:
    skill = PickUpBall(ROBOT, {})
    for step in range(50):
        result = skill.tick(seen(state(step / 60), (0.05, 0.0, 0.12) if step < 10 else (0.35, 0.0, 1.1)))
        if not isinstance(result, Running):
            break
    assert isinstance(result, Succeeded)
    assert result.holding == "ball"
    assert step == pytest.approx(42, abs=2)


def swaying(stamp: float) -> RobotState:
    still = state(stamp)
    return replace(still, joints=replace(still.joints, velocity=np.ones(JOINTS)))


def test_a_player_that_sways_comes_to_rest_before_it_bends_down_but_not_for_ever(shipped: Path) -> None:
    ball = (0.05, 0.0, 0.12)
    skill = PickUpBall(ROBOT, {})
    phases = [skill.tick(seen(swaying(step / 60), ball)).phase for step in range(9)]
    assert phases[-1] == "coming to rest"
    assert skill.tick(seen(state(0.2), ball)).phase == "pick_up_ball"
    restless = PickUpBall(ROBOT, {})
    phases = [restless.tick(seen(swaying(step / 60), ball)).phase for step in range(int(60 * PATIENCE) + 9)]
    assert set(phases[8:-3]) == {"coming to rest"}
    assert phases[-1] == "pick_up_ball"


def test_a_thrown_ball_is_not_kept_waiting(shipped: Path) -> None:
    skill = Catch(ROBOT, {})
    phases = [skill.tick(seen(swaying(step / 60), (1.5 - 0.05 * step, 0.0, 1.0))).phase for step in range(8)]
    assert phases == ["waiting for the ball"] * 5 + ["catch"] * 3


def test_a_catch_that_is_dropped_is_over(shipped: Path) -> None:
    def dropped(time: float) -> tuple[float, float, float]:
        return (max(1.5 - 2.0 * time, 0.4), 0.0, max(1.0 - 1.5 * max(time - 0.6, 0.0), 0.12))

    outcome, after = run_on(Catch(ROBOT, {}), dropped)
    assert isinstance(outcome, Failed)
    assert (outcome.code, outcome.holding) == (ErrorCode.OBJECT_LOST, None)
    assert after == pytest.approx(1.1, abs=0.05)


def test_a_ball_that_flies_by_is_not_caught(shipped: Path) -> None:
    skill = Catch(ROBOT, {})
    skill.tick(seen(state(0.0), (0.8, 0.8, 1.0)))
    assert skill.tick(seen(state(1 / 60), (0.85, 0.85, 1.0))).phase == "waiting for the ball"


def test_while_nothing_is_asked_the_player_stands(shipped: Path) -> None:
    registry = registry_for("player")
    assert registry.idle is Stand
    runner = SkillRunner(ROBOT, registry)
    command = runner.rest(seen(state(0.0), (0.05, 0.0, 0.12)))
    assert command is not None
    assert len(command.positions) == JOINTS
    stand = Stand(ROBOT, {"duration": 0.5})
    results = [stand.tick(seen(state(step / 60), (2.0, 0.0, 0.12))) for step in range(32)]
    assert all(isinstance(result, Running) for result in results[:30])
    assert any(isinstance(result, Succeeded) for result in results[30:])


def test_a_fall_is_reported_as_a_fall(shipped: Path) -> None:
    skill = Catch(ROBOT, {})
    skill.tick(seen(state(0.0), (3.0, 0.0, 1.0)))
    outcome = skill.tick(seen(state(1 / 60, height=0.3), (2.9, 0.0, 1.0)))
    assert isinstance(outcome, Failed)
    assert outcome.code is ErrorCode.FELL


def test_a_pass_that_goes_sideways_missed(shipped: Path) -> None:
    def outcome_of(velocity: tuple[float, float]) -> Succeeded | Failed:
        skill = PassTo(ROBOT, {})
        result = skill.tick(seen(state(0.0), (0.35, 0.0, 1.2)))
        for step in range(1, 60):
            t = max(step - 2, 0) / 60
            result = skill.tick(seen(state(step / 60), (0.35 + velocity[0] * t, velocity[1] * t, 1.2)))
            if not isinstance(result, Running):
                return result
        raise AssertionError("the pass never ended")

    assert isinstance(outcome_of((5.0, 0.3)), Succeeded)
    missed = outcome_of((2.0, 4.0))
    assert isinstance(missed, Failed)
    assert missed.code is ErrorCode.TARGET_MISSED
    assert "63 degrees off" in missed.message


def with_expert(folder: Path, shared: Path, label: str = "set_shot") -> Path:
    """The shared checkpoint with an expert, whose joints rise with the clock's second knot."""
    found = load_checkpoint(shared)
    size = sum(term.size for term in expert_terms(JOINTS))
    own = {
        "mean": np.zeros(size), "std": np.ones(size), "w0": np.zeros((4, size)), "b0": np.zeros(4),
        "w1": np.zeros((JOINTS, 4)), "b1": np.zeros(JOINTS),
    }  # fmt: skip
    own["w0"][0, size - CLOCK_KNOTS + 1], own["w1"][:, 0] = 1.0, 0.02
    parameters = {
        "labels": list(LABELS),
        "trained": [label, "catch", "stand"],
        "experts": {label: {"hidden": [4], "period": 99.0}},
    }
    tensors = {**found.tensors, **{f"{label}.{name}": value for name, value in own.items()}}
    save_checkpoint(folder, replace(found.spec, parameters=parameters), tensors)
    return folder


def test_an_expert_sees_the_time_since_its_label_was_set_and_leaves_the_others_as_they_are(tmp_path: Path) -> None:
    shared = checkpoint(tmp_path / "shared")
    policy, before = PlayerPolicy(ROBOT, with_expert(tmp_path / "both", shared)), PlayerPolicy(ROBOT, shared)
    qpos, qvel = before.starts("catch")
    home, hoop = np.array([j.home for j in ROBOT.joints]), np.array([2.4, 0.0, 3.05])
    for elapsed, share in ((0.0, 0.0), (0.025, 0.5), (0.05, 1.0), (0.2, 0.0), (98.0, 0.0)):
        targets = policy.targets(qpos, qvel, "set_shot", Cue(elapsed, posture(body_and_ball(qpos, qvel)), hoop))
        np.testing.assert_allclose(targets[0] - home, 0.02 * share, atol=1e-5)
    np.testing.assert_array_equal(policy.targets(qpos, qvel, "catch"), before.targets(qpos, qvel, "catch"))
    assert policy.experts == ("set_shot",)
    with pytest.raises(PreconditionError, match="how long it has lasted"):
        policy.targets(qpos, qvel, "set_shot")


def test_what_is_remembered_is_the_posture_a_quarter_second_after_the_label_was_set() -> None:
    watch, seen_so_far = Watch({}), []
    for step in range(40):
        qpos, qvel = np.full((1, 14 + JOINTS), float(step)), np.full((1, 12 + JOINTS), -5.0)
        qpos[:, 3:7] = [[1.0, 0.0, 0.0, 0.0]]
        cue = watch.cue("set_shot" if step >= 10 else "stand", 3.0 + step / 60, (qpos, qvel), None)
        seen_so_far.append(cue.remembered[0, 0])
        assert cue.remembered.shape == (1, 7 + JOINTS)
        assert cue.remembered.min() > -5.0
    assert cue.elapsed == pytest.approx(29 / 60)
    assert seen_so_far[10:26] == [*range(10, 25), 24]
    assert seen_so_far[-1] == 24


def test_the_velocity_of_a_flying_ball_is_that_of_now_and_a_bounce_does_not_spoil_it() -> None:
    tracker, errors = BallTracker(), []
    for step in range(60):
        t = step / 60
        before, bounced = step <= 30, max(t - 0.5, 0.0)
        height = 1.5 - 4.905 * t * t if before else 0.27375 + 3.9 * bounced - 4.905 * bounced**2
        ball = tracker.see(seen(state(t), (1.0 + 2.0 * t, 0.0, height)))
        errors.append(ball.velocity - [2.0, 0.0, -9.81 * t if before else 3.9 - 9.81 * bounced])
    worst = np.abs(errors).max(axis=1)
    np.testing.assert_allclose(worst[2:31], 0.0, atol=1e-6)
    assert worst[31] < 0.1
    np.testing.assert_allclose(worst[32:], 0.0, atol=1e-6)


def test_a_ball_out_of_sight_is_shown_at_the_edge_of_what_was_trained() -> None:
    policy = PlayerPolicy(ROBOT)
    qpos, qvel = policy.starts("stand")
    qpos, qvel = np.repeat(qpos[:1], 2, axis=0), np.repeat(qvel[:1], 2, axis=0)
    qpos[:, -7:-5] = qpos[:, :2] + [[3.0, 4.0], [30.0, 40.0]]
    qvel[:, -6:-3] = [[1.0, 0.0, 0.0], [9.0, 9.0, 0.0]]
    near, far = policy.targets(qpos, qvel, "stand")
    np.testing.assert_array_equal(near, far)
    qpos[0, -7:-5] = qpos[0, :2] + [1.5, 2.0]
    assert np.abs(policy.targets(qpos, qvel, "stand")[0] - far).max() > 1e-4


def test_a_clock_that_begins_again_remembers_the_posture_of_each_beat() -> None:
    watch, elapsed, remembered = Watch({"bounce": 0.5}), [], []
    for step in range(70):
        qpos, qvel = np.full((1, 14 + JOINTS), float(step)), np.zeros((1, 12 + JOINTS))
        qpos[:, 3:7] = [[1.0, 0.0, 0.0, 0.0]]
        cue = watch.cue("bounce", 7.0 + step / 60, (qpos, qvel), None)
        elapsed.append(cue.elapsed)
        remembered.append(cue.remembered[0, 0])
    np.testing.assert_allclose(elapsed, np.arange(70) % 30 / 60, atol=1e-9)
    assert remembered[14:31] == [*[14] * 16, 30]
    assert remembered[44:61] == [*[44] * 16, 60]


def test_a_torn_expert_is_refused(tmp_path: Path) -> None:
    found = load_checkpoint(with_expert(tmp_path / "whole", checkpoint(tmp_path / "shared")))
    tensors = {name: tensor for name, tensor in found.tensors.items() if name != "set_shot.w1"}
    save_checkpoint(tmp_path / "torn", found.spec, tensors)
    with pytest.raises(PolicyError, match="tensor 'set_shot.w1' is missing"):
        PlayerPolicy(ROBOT, tmp_path / "torn")


def test_the_clock_of_a_shot_starts_as_it_begins_and_not_while_the_player_comes_to_rest(tmp_path, monkeypatch) -> None:
    folder = with_expert(tmp_path / "both", checkpoint(tmp_path / "shared"))
    monkeypatch.setattr("robomatrix.skills.skillmimic.policy.policy_folder", lambda *_: folder)
    skill, ball = ShootBall(ROBOT, {}), (0.35, 0.0, 1.1)
    rest = skill.tick(with_hoop(seen(swaying(10.0), ball)))
    assert rest.phase == "coming to rest"
    results = [skill.tick(with_hoop(seen(state(10.0 + step / 60), ball))) for step in range(1, 60)]
    began = [result.phase for result in results].index("shoot_ball")
    moves = [result.command.positions["waist_yaw"] - ROBOT.joint("waist_yaw").home for result in results[began:]]
    assert np.argmax(moves) == 3
    assert moves[3] == pytest.approx(0.02, abs=1e-4)


def test_a_shot_waits_for_a_ball_that_lies_low_between_the_palms_but_not_for_ever(tmp_path, monkeypatch) -> None:
    folder = with_expert(tmp_path / "both", checkpoint(tmp_path / "shared"))
    monkeypatch.setattr("robomatrix.skills.skillmimic.policy.policy_folder", lambda *_: folder)

    def shoots_after(rate: float, height: float = 1.08) -> float:
        skill = ShootBall(ROBOT, {})
        for step in range(400):
            t = step / 60
            if skill.tick(with_hoop(seen(state(t), (0.35, 0.0, height + rate * t)))).phase == "shoot_ball":
                return t
        return np.inf

    assert shoots_after(0.01) == pytest.approx(2.0, abs=0.05)
    assert shoots_after(0.0) == pytest.approx(4.0, abs=0.05)
    assert shoots_after(0.0, 1.12) == pytest.approx(0.5, abs=0.05)
    assert shoots_after(-0.01, 1.04) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    ("place", "said"),
    [(None, "no hoop is in sight"), ((4.0, 0.3, 3.05), "4.00 m ahead"), ((2.4, -0.6, 3.05), "-0.60 m to the left")],
)
def test_nobody_shoots_at_a_hoop_that_is_not_straight_ahead(place, said: str, tmp_path: Path, monkeypatch) -> None:
    folder = with_expert(tmp_path / "both", checkpoint(tmp_path / "shared"))
    monkeypatch.setattr("robomatrix.skills.skillmimic.policy.policy_folder", lambda *_: folder)
    sight = seen(state(), (0.35, 0.0, 1.1))
    outcome = ShootBall(ROBOT, {}).tick(sight if place is None else with_hoop(sight, place))
    assert isinstance(outcome, Failed)
    assert outcome.code is ErrorCode.PRECONDITION
    assert said in outcome.message


def test_planners_may_count_on_what_the_policy_does_and_a_missing_one_explains_itself(tmp_path, monkeypatch) -> None:
    folder = checkpoint(tmp_path / "policy", parameters={"labels": list(LABELS), "trained": ["set_shot", "stand"]})
    monkeypatch.setattr("robomatrix.skills.skillmimic.policy.policy_folder", lambda *_: folder)
    assert [skill.offered(ROBOT) for skill in (Stand, ShootBall, PickUpBall)] == [True, True, False]
    (folder / "spec.yaml").unlink()
    assert PickUpBall.offered(ROBOT)


@pytest.mark.parametrize(
    ("aside", "rise", "said"),
    [(0.0, 7.0, None), (0.6, 7.0, "missed"), (0.0, 1.0, "rose to"), (0.0, 4.0, "never came down")],
)
def test_a_shot_must_come_down_in_the_hoop(aside: float, rise: float, said: str | None, tmp_path, monkeypatch) -> None:
    parameters = {"labels": list(LABELS), "trained": ["set_shot", "stand"]}
    folder = checkpoint(tmp_path / "policy", parameters=parameters)
    monkeypatch.setattr("robomatrix.skills.skillmimic.policy.policy_folder", lambda *_: folder)
    skill = ShootBall(ROBOT, {})
    skill.tick(with_hoop(seen(state(0.0), (0.35, 0.0, 1.8)), AHEAD))
    result = None
    for step in range(1, 180):
        t = max(step / 60 - 0.6, 0.0)
        ball = (0.35 + 1.68 * t, aside * min(t, 1.0), 1.8 + rise * t - 4.905 * t * t)
        result = skill.tick(with_hoop(seen(state(step / 60), ball), AHEAD))
        if not isinstance(result, Running):
            break
    if said is None:
        assert isinstance(result, Succeeded)
        assert result.metrics["miss"] < 0.1
    else:
        assert isinstance(result, Failed)
        assert result.code is ErrorCode.TARGET_MISSED
        assert said in result.message


def bounced_height(time: float) -> float:
    """Held at 1.1 m for a second, on the floor half a second later, back in the hands after another half."""
    phase = time % 2.0
    return 1.1 if phase < 1.0 else 0.12 + 0.98 * abs(2.0 * (phase - 1.5))


@pytest.mark.parametrize(("away", "said"), [(99.0, None), (3.4, "got away after 2 of 3 bounces")])
def test_a_bounce_is_counted_until_the_ball_is_held_again(away: float, said: str | None, tmp_path, monkeypatch) -> None:
    folder = with_expert(tmp_path / "both", checkpoint(tmp_path / "shared"), "bounce")
    monkeypatch.setattr("robomatrix.skills.skillmimic.policy.policy_folder", lambda *_: folder)
    skill = BounceBall(ROBOT, {"times": 3})
    result = skill.tick(seen(state(0.0), (0.35, 0.0, 1.1)))
    for step in range(1, 900):
        t = step / 60
        result = skill.tick(seen(state(t), (0.35 + max(t - away, 0.0), 0.0, bounced_height(t))))
        if not isinstance(result, Running):
            break
    if said is None:
        assert isinstance(result, Succeeded)
        assert result.metrics["bounces"] == 3
        assert result.holding == "ball"
        assert t == pytest.approx(6.5, abs=0.2)
    else:
        assert isinstance(result, Failed)
        assert result.code is ErrorCode.TARGET_MISSED
        assert said in result.message


def test_nobody_bounces_a_ball_that_is_not_in_the_hands(tmp_path: Path, monkeypatch) -> None:
    folder = with_expert(tmp_path / "both", checkpoint(tmp_path / "shared"), "bounce")
    monkeypatch.setattr("robomatrix.skills.skillmimic.policy.policy_folder", lambda *_: folder)
    outcome = BounceBall(ROBOT, {"times": 3}).tick(seen(state(0.0), (1.5, 0.0, 0.12)))
    assert isinstance(outcome, Failed)
    assert outcome.code is ErrorCode.PRECONDITION
    assert "does not have the ball" in outcome.message


def test_every_skill_has_a_spec_and_names_the_player() -> None:
    assert tuple(skill.spec for skill in skills()) == SPECS
    assert all(spec.robots == ("player",) for spec in SPECS)


def test_without_a_policy_nothing_starts_and_the_message_says_how_to_make_one(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("robomatrix.skills.skillmimic.policy.policy_folder", lambda *_: tmp_path / "none")
    outcome = Catch(ROBOT, {}).tick(seen(state(), (3.0, 0.0, 1.0)))
    assert isinstance(outcome, Failed)
    assert outcome.code is ErrorCode.PRECONDITION
    assert "robomatrix train skillmimic" in outcome.message
