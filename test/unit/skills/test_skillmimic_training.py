"""Reference, feedback, environment and distillation on a clip that the test makes itself."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import mujoco
import numpy as np
import pytest
import torch
from scipy.spatial import ConvexHull
from support.clips import made_clip

from robomatrix.errors import ConfigurationError
from robomatrix.motions.clip import save_npz
from robomatrix.motions.edit import relabel_contact
from robomatrix.motions.retarget import PLAYER, retarget
from robomatrix.resources import share
from robomatrix.robots.loader import load_robot
from robomatrix.scenes.court import RATE, build_model, court
from robomatrix.skills.skillmimic.observation import LABELS, heading, into_heading
from robomatrix.skills.skillmimic.policy import PlayerPolicy
from robomatrix.training.skillmimic.arm import fit_arm
from robomatrix.training.skillmimic.balance import Legs, level
from robomatrix.training.skillmimic.catching import CatchConfig, make_sure
from robomatrix.training.skillmimic.distill import ClipLesson, Distillation, DistillConfig
from robomatrix.training.skillmimic.dribble import DribbleConfig, DribbleLesson, DribbleStance, crouch
from robomatrix.training.skillmimic.env import EnvConfig, TeacherEnv
from robomatrix.training.skillmimic.exporting import export
from robomatrix.training.skillmimic.feedback import feedback_gains
from robomatrix.training.skillmimic.hands import TwoHands
from robomatrix.training.skillmimic.letting_go import parting_targets
from robomatrix.training.skillmimic.pipeline import Cut, Recipe, choose_clips, load_reference, save_reference, train
from robomatrix.training.skillmimic.reference import Reference, join, make_reference, make_stance
from robomatrix.training.skillmimic.reward import RewardWeights, contact_matters, imitation_reward
from robomatrix.training.skillmimic.search import SearchConfig, cross_entropy, splines, with_targets
from robomatrix.training.skillmimic.shot import ShotDesign, make_shot

LABEL = LABELS.index("pick_up")


@pytest.fixture(scope="module")
def reference() -> Reference:
    motion = retarget(relabel_contact(made_clip()), PLAYER, share())
    return make_reference(build_model(), motion, LABEL)


def env_of(reference: Reference, worlds: int = 4, **changes: object) -> TeacherEnv:
    gains = np.zeros((len(reference), 31, 74), np.float32)
    return TeacherEnv(reference, replace(EnvConfig(worlds=worlds, noise_scale=(0.0, 0.0)), **changes), gains)


def test_a_dropped_ball_bounces_as_the_measured_one() -> None:
    model = build_model()
    data = mujoco.MjData(model)
    data.qpos[-7:-4] = [2.0, 0.0, 1.6]
    heights = []
    for _ in range(360):
        mujoco.mj_step(model, data)
        heights.append(data.qpos[-5])
    low = int(np.argmin(heights[:240]))
    rebound = np.sqrt((max(heights[low:]) - 0.12) / (1.6 - 0.12))
    assert 0.74 < rebound < 0.84
    assert model.body("ball").mass[0] == pytest.approx(0.62)
    assert model.body_subtreemass[model.body("pelvis").id] == pytest.approx(72.0, abs=0.5)


def test_the_hoop_is_where_the_court_has_it() -> None:
    model = build_model(hoop=True)
    np.testing.assert_allclose(model.body("hoop").pos, court()["hoop"]["position"])


def test_the_reference_holds_the_ball_and_then_lets_it_fly(reference: Reference) -> None:
    assert reference.contact[:26].all()
    released = np.flatnonzero(~reference.contact.any(axis=1))[0]
    flight = reference.ball[released + 2 : released + 9]
    np.testing.assert_allclose(np.diff(flight[:, 2], 2) * RATE**2, -9.81, atol=0.05)


def test_standing_needs_the_weight_and_the_legs_carry_it(reference: Reference) -> None:
    knee = build_model().actuator("left_knee").id
    assert 20.0 < np.abs(reference.torque[:20, knee]).mean() < 250.0
    assert np.abs(reference.torque).max() < 600.0


def test_palms_move_as_they_are_told(reference: Reference) -> None:
    np.testing.assert_allclose(reference.shift_points[10, -2:], np.tile(np.eye(3), (2, 1, 1)), atol=0.12)
    np.testing.assert_allclose(reference.shift_points[10, 0], 0.0, atol=1e-9)


def test_a_levelled_motion_keeps_its_feet_and_its_centre_of_mass_stays_deep_between_them() -> None:
    model, motion = build_model(), retarget(relabel_contact(made_clip()), PLAYER, share())
    legs, levelled = Legs(model), level(model, motion)
    legs.see(motion.qpos[-1])
    feet, middle = legs.stand(), legs.safe(legs.centre())
    hull = ConvexHull(legs.data.geom_xpos[legs.soles, :2])
    depth = -(hull.equations[:, :2] @ middle + hull.equations[:, 2]).max()
    assert depth > 0.06
    for qpos in levelled.qpos:
        legs.see(qpos)
        np.testing.assert_allclose(legs.stand()[0], feet[0], atol=1e-3)
        np.testing.assert_allclose(legs.centre(), middle, atol=0.02)
    np.testing.assert_array_equal(levelled.qpos[:, 3:7], motion.qpos[:, 3:7])
    way = levelled.qpos[:, :2] - motion.qpos[:, :2]
    np.testing.assert_allclose(levelled.ball_position[:, :2] - motion.ball_position[:, :2], way, atol=0.02)


def test_joined_references_keep_their_clips_apart(reference: Reference) -> None:
    both = join([reference, reference])
    assert list(both.starts()) == [0, len(reference)]
    assert both.last()[3] == len(reference) - 1
    assert both.touch[len(reference) + 3] == reference.touch[3] + len(reference)


def test_the_reference_survives_the_disk(reference: Reference, tmp_path: Path) -> None:
    gains = np.ones((len(reference), 2, 3), np.float32)
    save_reference(reference, gains, tmp_path / "r.npz")
    back, same = load_reference(tmp_path / "r.npz")
    np.testing.assert_array_equal(back.qpos, reference.qpos)
    np.testing.assert_array_equal(same, gains)


def test_the_feedback_answers_a_lean_with_the_legs_and_never_with_the_arms(reference: Reference) -> None:
    env = env_of(reference, worlds=1)
    gains = feedback_gains(env.model, reference, env.open_loop, stride=40)
    names = env.model.nu
    arms = [i for i in range(names) if any(k in env.model.actuator(i).name for k in ("shoulder", "elbow", "wrist"))]
    ankle = env.model.actuator("left_ankle_pitch").id
    np.testing.assert_allclose(gains[10][arms], 0.0, atol=1e-9)
    assert 0.02 < np.abs(gains[10][ankle]).max() <= np.abs(gains).max() < 15.0


def test_an_exact_imitation_earns_one_and_every_error_costs() -> None:
    names = ("body", "joints", "ball", "relative", "hands", "others")
    none = {name: np.zeros(1) for name in names}
    assert imitation_reward(none, RewardWeights())[0] == 1.0
    for name in names:
        assert imitation_reward({**none, name: np.full(1, 0.1)}, RewardWeights())[0] < 0.999
    without = RewardWeights(hand_contact=0.0, other_contact=0.0)
    assert imitation_reward({**none, "hands": np.full(1, 2.0)}, without)[0] == 1.0
    lost = {**none, "ball": np.full(1, 1.0)}
    assert imitation_reward(lost, RewardWeights())[0] < 1e-3 < imitation_reward(lost, RewardWeights(additive=True))[0]


def test_contact_is_not_judged_next_to_a_change() -> None:
    contact = np.repeat([[False], [True]], 10, axis=0)
    matters = contact_matters(contact, np.zeros(20, int))
    np.testing.assert_array_equal(np.flatnonzero(~matters[:, 0]), [7, 8, 9, 10, 11, 12])
    assert contact_matters(contact, np.repeat([0, 1], 10)).all()


def test_the_environment_follows_the_reference_for_a_while(reference: Reference) -> None:
    env = env_of(reference)
    frame = np.full(4, 2)
    env.place(np.arange(4), frame, reference.qpos[frame].copy(), reference.qvel[frame].copy())
    for _ in range(12):
        env.advance(env.targets(np.zeros((4, 31))))
    errors = env.errors()
    assert errors["distance"].max() < 0.06
    assert not env.failed(errors).any()
    assert env.hands.all()


def test_a_displaced_ball_displaces_the_palms(reference: Reference) -> None:
    env = env_of(reference, worlds=1)
    frame = np.array([5])
    qpos = reference.qpos[frame].copy()
    qpos[0, -7] += 0.05
    env.place(np.arange(1), frame, qpos, reference.qvel[frame].copy())
    np.testing.assert_allclose(env.shift, [[0.05, 0.0, 0.0]], atol=1e-12)
    moved = env.posture(frame) - reference.qpos[frame, 7:-7]
    np.testing.assert_allclose(moved, reference.shift_joints[frame] @ [0.05, 0.0, 0.0], atol=1e-12)


def test_a_world_goes_on_with_a_clip_that_starts_as_its_own_ends(reference: Reference) -> None:
    env = env_of(join([reference, reference]), worlds=3, alike=10.0)
    assert not len(env.follow_on(np.arange(3)[env.reference.contact[env.last[env.frame]].any(axis=1)]))
    env.frame[:] = 5
    before = env.sim.qpos.copy()
    assert list(env.follow_on(np.array([0, 2]))) == [0, 2]
    assert env.frame[1] == 5 and set(env.frame[[0, 2]]) <= {2, len(reference) + 2}
    np.testing.assert_array_equal(env.sim.qpos, before)
    env.config = replace(env.config, alike=0.0)
    assert not len(env.follow_on(np.array([1])))


def test_a_lying_ball_starts_further_off_than_one_in_flight(reference: Reference) -> None:
    env = env_of(reference, worlds=64, noise_scale=(1.0, 1.0), first_frame=1.0)

    def off() -> np.ndarray:
        return np.abs(env.sim.qpos[:, -7:-5] - reference.ball[env.frame, :2])

    env.flying[:], env.approach[:] = False, True
    env.reset(np.arange(64))
    assert 0.07 < off().max() <= env.config.noise.lying
    env.flying[:] = True
    env.reset(np.arange(64))
    assert 0.045 < off().max() <= env.config.noise.ball


def test_the_ball_of_a_skill_that_follows_is_displaced_too(reference: Reference) -> None:
    untouched = replace(reference, contact=np.zeros_like(reference.contact))
    env = env_of(untouched, worlds=16, noise_scale=(1.0, 1.0), alike=10.0)
    assert len(env.follow_on(np.arange(16))) == 16
    off = np.abs(env.sim.qpos[:, -7:-4] - reference.ball[env.frame])
    assert off[:, 2].max() < 1e-12
    assert 0.03 < off[:, :2].max() <= env.config.noise.lying


def test_the_arms_make_up_for_the_sway_before_a_touch(reference: Reference) -> None:
    env = env_of(reference, worlds=1)
    frame = np.array([5])
    qpos = reference.qpos[frame].copy()
    qpos[0, 0] += 0.05
    env.place(np.arange(1), frame, qpos, reference.qvel[frame].copy())
    np.testing.assert_allclose(env.posture(frame), reference.qpos[frame, 7:-7], atol=1e-9)
    env.approach[:] = True
    moved = env.posture(frame) - reference.qpos[frame, 7:-7]
    expected = reference.shift_joints[frame] @ [-0.05 * env.config.sway * env._strength(frame)[0], 0.0, 0.0]
    np.testing.assert_allclose(moved, expected, atol=1e-9)


def test_the_same_seed_repeats_and_another_does_not(reference: Reference) -> None:
    def rollout(seed: int) -> np.ndarray:
        env = env_of(reference, seed=seed, noise_scale=(0.0, 1.0))
        for _ in range(5):
            env.step(torch.zeros(4, 31))
        return env.sim.qpos.copy()

    np.testing.assert_array_equal(rollout(1), rollout(1))
    assert np.abs(rollout(1) - rollout(2)).max() > 1e-3


def test_a_student_learns_to_act_like_its_teacher(reference: Reference, tmp_path: Path) -> None:
    env = env_of(reference, worlds=8, noise_scale=(0.0, 0.5), linger=40.0, chained=0.6)
    config = DistillConfig(iterations=5, teacher_iterations=5, steps=10, updates=80, batch=128, hidden=(32,))
    lesson = ClipLesson(env, lambda seen: np.zeros((len(seen), 31)), stand_share=0.0)
    rounds = Distillation([lesson], config)
    untrained = rounds.student(lesson.seen())
    before = np.abs(untrained - lesson.wanted()).mean()
    for _ in range(5):
        rounds.iterate()
    after = np.abs(rounds.student(lesson.seen()) - lesson.wanted()).mean()
    assert after < 0.65 * before
    rounds.save(tmp_path / "student.pt")
    again = Distillation([lesson], config)
    again.resume(tmp_path / "student.pt")
    seen = lesson.seen()
    np.testing.assert_array_equal(again.student(seen), rounds.student(seen))
    assert len(again.student.log) == 5
    export(rounds.student, reference, tmp_path / "policy", {"seed": 1})
    from robomatrix.robots.loader import load_robot

    policy = PlayerPolicy(load_robot("player"), tmp_path / "policy")
    exact = np.clip(rounds.student(seen), *env.limits)
    np.testing.assert_allclose(policy.targets(env.sim.qpos, env.sim.qvel, "pick_up"), exact, atol=1e-4)
    assert policy.starts("pick_up")[0].shape == (1, 45)


@pytest.fixture(scope="module")
def stance(reference: Reference) -> DribbleStance:
    """A crouch without feedback: enough to look at the arm."""
    model = build_model()
    still = make_stance(model, crouch(model, reference.qpos[0]), LABELS.index("dribble"))
    targets = TeacherEnv(still, EnvConfig(worlds=1), np.zeros((len(still), 1, 1), np.float32)).open_loop[-1]
    arm = fit_arm(model, still.qpos[-1], 300)
    parting = parting_targets(model, reference.qpos[10], reference.qpos[10, 7:-7])
    return DribbleStance(
        still.qpos[-1], targets, np.zeros((31, 74), np.float32), arm, reference.qpos[10].copy(), parting
    )


def test_a_crouch_lowers_the_pelvis_over_feet_that_stay(reference: Reference) -> None:
    model = build_model()
    data = mujoco.MjData(model)
    feet = []
    for qpos in (reference.qpos[0], low := crouch(model, reference.qpos[0])):
        data.qpos[:] = qpos
        mujoco.mj_kinematics(model, data)
        feet.append(data.xpos[model.body("left_foot").id].copy())
    assert low[2] == pytest.approx(reference.qpos[0, 2] - 0.2)
    np.testing.assert_allclose(feet[0], feet[1], atol=2e-3)


def test_the_arm_puts_the_palm_where_it_is_asked_face_down(stance: DribbleStance) -> None:
    model = build_model()
    data = mujoco.MjData(model)
    data.qpos[:] = stance.qpos
    data.qpos[7 + stance.arm.joints] = stance.arm(np.array([[0.36, -0.1, 0.95, 0.0, 0.0]]))[0]
    mujoco.mj_kinematics(model, data)
    palm = data.site("right_palm")
    place = into_heading(heading(stance.qpos[None, 3:7]), (palm.xpos - stance.qpos[:3] * [1, 1, 0])[None])[0]
    np.testing.assert_allclose(place, [0.36, -0.1, 0.95], atol=0.015)
    assert palm.xmat.reshape(3, 3)[2, 1] < -0.98


def test_the_palm_strikes_a_ball_that_has_risen_to_it_and_no_other(stance: DribbleStance) -> None:
    lesson = DribbleLesson(stance, DribbleConfig(worlds=2, noise_scale=(0.0, 0.0), pushes=0.0))
    qpos, qvel = lesson.start(2, np.zeros((2, 1)))
    qpos[:, -5] = [0.88, 0.3]
    qvel[:, -4] = [0.0, 3.0]
    lesson.place(np.arange(2), qpos, qvel)
    lesson.palms[:, 1, 2] = 1.0
    arms = lesson.wanted()[:, stance.arm.joints]
    over = np.add(lesson.law.spot, lesson.law.contact)
    here = np.concatenate([[*over, 1.0, *lesson.law.tilt]])[None]
    down = stance.arm.slope(here, 2)[0]
    moved = (arms - stance.arm(here)) @ down / (down @ down)
    assert moved[0] < -0.25
    assert moved[1] > -0.15
    lesson.move(lesson.wanted())
    assert not lesson.failed().any()


def test_hands_that_part_let_the_ball_drop(stance: DribbleStance) -> None:
    lesson = DribbleLesson(stance, DribbleConfig(worlds=2, noise_scale=(0.0, 0.0), pushes=0.0, holding=1.0))
    np.testing.assert_array_equal(lesson.wanted()[0], np.clip(stance.parting, *lesson.limits))
    for _ in range(20):
        lesson.move(lesson.wanted())
    assert (lesson.sim.qpos[:, -5] < stance.holding[-5] - 0.2).all()
    assert not np.allclose(lesson.wanted()[0], np.clip(stance.parting, *lesson.limits))


def test_a_search_finds_the_offsets_that_cost_least() -> None:
    wanted = np.array([[0.3, -0.2], [0.1, 0.0], [0.0, 0.5]])

    def cost(tried: np.ndarray) -> tuple[np.ndarray, str]:
        return np.sum((tried - wanted) ** 2, axis=(1, 2)), "text"

    said: list[str] = []
    found = cross_entropy(cost, (3, 2), SearchConfig(60, 20, 0.3), said.append)
    np.testing.assert_allclose(found, wanted, atol=0.03)
    assert said == ["10/20: text", "20/20: text"]


def test_a_reference_can_be_given_the_targets_that_lead_along_it(reference: Reference) -> None:
    env = env_of(reference, worlds=1)
    applied = env.open_loop + 0.05 * np.sin(np.arange(len(reference)))[:, None]
    np.testing.assert_allclose(env_of(with_targets(reference, applied, env), worlds=1).open_loop, applied, atol=1e-9)


def test_splines_are_one_at_their_knot_and_nothing_far_from_it() -> None:
    weights = splines(60, [20, 26, 32], (6, 6))
    np.testing.assert_allclose(weights[[20, 26, 32]], np.eye(3), atol=1e-12)
    np.testing.assert_allclose(weights[[5, 50]], 0.0, atol=1e-12)


@pytest.fixture(scope="module")
def shot(reference: Reference) -> Reference:
    return make_shot(build_model(), reference.qpos[0], reference.qpos[-1], LABELS.index("set_shot"), ShotDesign())


def test_a_shot_carries_the_ball_between_the_palms_and_sends_it_where_it_aims(shot: Reference) -> None:
    design, held = ShotDesign(), shot.contact.all(axis=1)
    release = int(held.sum()) - 1
    assert held[: release + 1].all()
    assert not shot.contact[release + 1 :].any()
    goal = shot.qpos[-1, :2] + court()["hoop"]["position"][0] * heading(shot.qpos[-1:, 3:7])[0]
    hands = TwoHands(build_model(), shot.qpos[0], goal - shot.qpos[0, :2])
    ball = hands.local(shot.ball)
    np.testing.assert_allclose(ball[release], design.release, atol=1e-9)
    for palm in hands.palms(shot.qpos[release]):
        assert np.linalg.norm(palm.place - design.release) == pytest.approx(0.1185, abs=0.006)
    highest = int(np.argmax(ball[:, 2]))
    through = highest + int(np.argmax(ball[highest:, 2] < court()["hoop"]["position"][2]))
    hoop = [np.linalg.norm(goal - shot.qpos[0, :2]), 0.0]
    np.testing.assert_allclose(ball[through, :2], np.add(hoop, design.aim), atol=0.05)
    assert ball[:, 2].max() == pytest.approx(design.apex, abs=0.01)


def test_a_shot_starts_and_ends_at_rest_and_is_never_at_rest_between(shot: Reference) -> None:
    release = int(shot.contact.all(axis=1).sum()) - 1
    speed = np.linalg.norm(np.diff(shot.ball[: release + 1], axis=0), axis=1) * RATE
    assert speed[:8].max() < 1e-6
    assert speed[-1] > 6.0
    assert speed[16:].min() > 0.03
    np.testing.assert_allclose(shot.qvel[-20:, :-6], 0.0, atol=1e-9)


def test_two_hands_follow_palms_and_mirror_postures(reference: Reference) -> None:
    hands = TwoHands(build_model(), reference.qpos[0], np.array([1.0, 0.0]))
    start = reference.qpos[0]
    wanted = [replace(palm, place=palm.place + [0.02, 0.0, 0.05]) for palm in hands.palms(start)]
    found = hands.palms(hands.solve(start, wanted, start, 30))
    for palm, goal in zip(found, wanted, strict=True):
        np.testing.assert_allclose(palm.place, goal.place, atol=0.006)
        assert palm.normal @ goal.normal > 0.99
    posture = hands.posture(start, {"elbow": -1.0, "shoulder_yaw": 0.4})
    names = hands.names
    assert posture[7 + names.index("right_elbow")] == -1.0
    assert posture[7 + names.index("right_shoulder_yaw")] == -0.4


def test_a_catch_gets_offsets_about_its_touch_and_keeps_its_postures(reference: Reference) -> None:
    backwards = {f.name: getattr(reference, f.name)[::-1].copy() for f in fields(Reference)}
    touch = int(np.argmax(backwards["contact"].any(axis=1)))
    catch = Reference(**{**backwards, "qvel": -backwards["qvel"], "touch": np.full(len(reference), touch)})
    gains = np.zeros((len(catch), 31, 74), np.float32)
    said: list[str] = []
    config = CatchConfig(draws=2, watched=14, search=SearchConfig(6, 10, 0.05))
    sure = make_sure(catch, gains, config, said.append)
    assert said[0].startswith("catch 10/10: ")
    assert said[0].endswith(" of 2 held")
    np.testing.assert_array_equal(sure.qpos, catch.qpos)
    moved = np.abs(env_of(sure, worlds=1).open_loop - env_of(catch, worlds=1).open_loop).max(axis=1)
    assert moved[touch - 2 : touch + 5].min() > 1e-3
    assert moved[: touch - 23].max() < 1e-9


def test_clips_are_chosen_by_label_and_a_lacking_one_is_named(tmp_path: Path) -> None:
    save_npz(made_clip(), tmp_path / "mine.npz")
    (whole,) = choose_clips(tmp_path, Recipe(labels=("pick_up",), cuts=()))
    assert (whole.name, len(whole)) == ("mine", 40)
    (part,) = choose_clips(tmp_path, Recipe(labels=("pick_up",), cuts=(Cut("ine", 5, 30),)))
    assert len(part) == 25
    with pytest.raises(ConfigurationError, match="no clip shows catch"):
        choose_clips(tmp_path, Recipe(labels=("pick_up", "catch"), cuts=()))
    with pytest.raises(ConfigurationError, match="unknown skill label 'dunk'; labels: pick_up"):
        choose_clips(tmp_path, Recipe(labels=("dunk",)))


def test_a_users_own_clip_is_learnt_from_beginning_to_end(tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    save_npz(made_clip(), tmp_path / "clips" / "mine.npz")
    short = DistillConfig(iterations=1, steps=2, teacher_iterations=1, buffer=1, updates=1, batch=8, hidden=(8,))
    recipe = Recipe(labels=("pick_up",), cuts=(), worlds=2, distill=short)
    spec = train(tmp_path / "clips", tmp_path / "run", tmp_path / "policy", recipe, lambda _: None)
    assert spec.parameters["trained"] == ["pick_up", "stand"]
    policy = PlayerPolicy(load_robot("player"), tmp_path / "policy")
    assert policy.experts == ()
    assert np.isfinite(policy.targets(*policy.starts("pick_up"), "pick_up")).all()
    again = train(tmp_path / "clips", tmp_path / "run", tmp_path / "again", recipe, lambda _: None)
    assert again.weights == spec.weights
