"""How the set shot is aimed, and the lesson of its expert."""

from __future__ import annotations

from dataclasses import replace

import mujoco
import numpy as np
import pytest
from numpy.typing import NDArray
from support.clips import made_clip

from robomatrix.motions.edit import relabel_contact
from robomatrix.motions.retarget import PLAYER, retarget
from robomatrix.resources import share
from robomatrix.scenes.court import RATE, build_model, court
from robomatrix.skills.skillmimic.ball_in_hand import CREEPING, HIGH
from robomatrix.skills.skillmimic.observation import (
    CLOCK_KNOTS,
    LABELS,
    SKILLS,
    body_and_ball,
    expert_terms,
    heading,
    posture,
)
from robomatrix.training.skillmimic import aiming, clocked
from robomatrix.training.skillmimic.aiming import (
    AimConfig,
    AimLaw,
    GripView,
    came_down,
    design_changes,
    fit_aim,
    hoop_of,
)
from robomatrix.training.skillmimic.bounce import BounceDesign, make_bounce
from robomatrix.training.skillmimic.clocked import (
    FIRST,
    ClockedConfig,
    ClockedLesson,
    held_starts,
    period,
)
from robomatrix.training.skillmimic.distill import Distillation, DistillConfig
from robomatrix.training.skillmimic.flight import flown
from robomatrix.training.skillmimic.hands import TwoHands
from robomatrix.training.skillmimic.pipeline import Recipe, teach_experts
from robomatrix.training.skillmimic.reference import Reference, make_reference
from robomatrix.training.skillmimic.shooting import ShotLesson
from robomatrix.training.skillmimic.shot import ShotDesign, make_shot

Array = NDArray[np.float64]
HEIGHT = 0
"""Column of the features with the ball's height between the palms."""


@pytest.fixture(scope="module")
def shot() -> Reference:
    motion = retarget(relabel_contact(made_clip()), PLAYER, share())
    clip = make_reference(build_model(), motion, LABELS.index("pick_up"))
    return make_shot(build_model(), clip.qpos[0], clip.qpos[-1], LABELS.index("set_shot"), ShotDesign())


def law_of(shot: Reference, height: float = 1.0, change: float = 0.1) -> AimLaw:
    """One figure, which moves every joint by ``change`` a step and grows with the ball's height between the palms."""
    hoop = hoop_of(shot.qpos[-1])
    matrix = np.zeros((GripView(hoop).features(shot.qpos[:1]).shape[1], 1))
    matrix[HEIGHT] = height
    return AimLaw(np.full((1, len(shot), 31), change), matrix, 16, hoop)


def lesson_of(shot: Reference, worlds: int, held_share: float = 0.0, **changes: object) -> ShotLesson:
    config = replace(ClockedConfig(worlds=worlds, noise=(0.0, 0.0), held_share=held_share, pushes=0.0), **changes)
    gains = np.zeros((len(shot), 31, 74), np.float32)
    starts = shot.qpos[:1] + np.eye(len(shot.qpos[0]))[2] * 0.01, 0.0 * shot.qvel[:1]
    return ShotLesson(shot, gains, law_of(shot), starts, config)


def test_a_ball_comes_down_where_its_parabola_does(shot: Reference) -> None:
    empty, hoop = shot.qpos[-1], hoop_of(shot.qpos[-1])
    ahead = np.append(heading(empty[None, 3:7])[0], 0.0)
    time, rise = 0.9, 6.5
    start = hoop - 1.5 * ahead * time - [0.0, 0.0, rise * time - 4.905 * time**2]
    along, left, apex = came_down(start[None], (1.5 * ahead + [0, 0, rise])[None], hoop, empty)[0]
    assert (along, left) == pytest.approx((0.0, 0.0), abs=1e-9)
    assert apex == pytest.approx(start[2] + rise**2 / 19.62)
    aside = np.array([-ahead[1], ahead[0], 0.0])
    assert came_down(start[None] + 0.3 * aside, (1.5 * ahead + [0, 0, rise])[None], hoop, empty)[0, 1] == pytest.approx(
        0.3
    )
    assert court()["hoop"]["position"][2] == hoop[2]


def test_the_grip_sees_a_ball_that_lies_higher_between_the_palms(shot: Reference) -> None:
    view, raised = GripView(hoop_of(shot.qpos[-1])), shot.qpos[0].copy()
    raised[-5] += 0.02
    held, higher = view.grips(np.stack([shot.qpos[0], raised]))
    assert (higher - held)[:, 1].mean() == pytest.approx(0.02, abs=0.004)
    assert np.ptp((higher - held)[:, 1]) < 0.01


def test_a_step_of_the_design_changes_the_push_and_neither_the_wait_nor_the_end(shot: Reference, monkeypatch) -> None:
    monkeypatch.setattr(aiming, "STEPS", (("apex", None, 0.35),))
    changes = design_changes(build_model(), shot, ShotDesign())
    assert changes.shape == (1, len(shot), 31)
    release = int(shot.contact.all(axis=1).sum()) - 1
    moved = np.abs(changes[0]).max(axis=1)
    assert moved[release - 8 : release].max() > 0.05
    assert moved[:8].max() < 1e-5
    assert moved[-20:].max() < 1e-5


def test_the_law_takes_away_a_miss_that_follows_from_the_grip(shot: Reference, monkeypatch) -> None:
    rng = np.random.default_rng(0)
    slope, jacobian = np.array([-0.4, 0.1, 0.0]), np.array([[0.2, 0.0, 0.1], [0.0, 0.1, 0.0]])

    def thrown(reference, gains, law, view, random, starts, config, seed) -> tuple[Array, Array, Array]:
        features = rng.standard_normal((len(random), len(law.matrix))) * 0.5
        features[:, -1] = 1.0
        steps = law.steps(features) + random
        outcome = np.outer(features[:, HEIGHT], slope) + steps @ jacobian + [0.1, 0.0, config.apex]
        return features, steps, outcome + 0.01 * rng.standard_normal(outcome.shape)

    monkeypatch.setattr(aiming, "throw_all", thrown)
    said: list[str] = []
    law = fit_aim(
        shot, np.zeros(0), np.zeros((2, len(shot), 31)), ([], []), AimConfig(trials=200, rounds=3), said.append
    )
    features, _, outcome = thrown(None, None, law, None, np.zeros((200, 2)), None, AimConfig(), 0)
    before = outcome - law.steps(features) @ jacobian
    assert np.abs(outcome[:, :2]).mean() < 0.4 * np.abs(before[:, :2]).mean()
    assert [text.split(":")[0] for text in said] == ["aim 1/3", "aim 2/3", "aim 3/3"]


def test_the_expert_sees_the_time_and_the_hoop_and_what_it_should_do_follows_the_grip(shot: Reference) -> None:
    lesson = lesson_of(shot, 3)
    assert lesson.seen().shape == (3, sum(term.size for term in expert_terms(31)))
    before = lesson.seen()[:, -CLOCK_KNOTS:].argmax(axis=1)
    plain = []
    for frame in range(FIRST, 17):
        assert lesson.env.frame.tolist() == [frame] * 3
        lesson.sim.qpos[0, -5] += 0.002
        plain.append(lesson.wanted() - np.clip(lesson.env.targets(np.zeros((3, 31))), *lesson.env.limits))
        lesson.advance(lesson.wanted())
    assert np.abs(plain[:-1]).max() < 1e-9
    higher = np.median(plain[-1], axis=1)
    assert higher[0] > higher[1] + 0.02
    assert before.tolist() == [0, 0, 0]
    assert lesson.seen()[:, -CLOCK_KNOTS:].argmax(axis=1).tolist() == [5, 5, 5]
    ahead = lesson.seen()[0, -CLOCK_KNOTS - 2 :][:2]
    remembered = lesson.seen()[0, 78:][:38]
    assert np.abs(remembered - posture(body_and_ball(lesson.sim.qpos, lesson.sim.qvel))[0]).max() > 1e-4
    assert np.linalg.norm(ahead) == pytest.approx(np.linalg.norm(lesson.law.hoop[:2] - lesson.sim.qpos[0, :2]))


def test_some_episodes_start_as_the_ball_was_picked_up_and_the_push_counts_more(shot: Reference) -> None:
    lesson = lesson_of(shot, 40, held_share=0.5)
    lifted = lesson.sim.qpos[:, 2] > shot.qpos[0, 2] + 0.005
    assert 8 <= lifted.sum() <= 32
    release = int(shot.contact.all(axis=1).sum()) - 1
    lesson.env.frame[:] = release - 2
    assert lesson.emphasis().tolist() == [ClockedConfig().emphasis] * 40
    lesson.env.frame[:] = 5
    assert lesson.emphasis().tolist() == [1.0] * 40


def test_an_expert_learns_from_its_lesson(shot: Reference) -> None:
    lesson = lesson_of(shot, 6)
    config = DistillConfig(iterations=4, teacher_iterations=99, steps=1, updates=40, batch=32, hidden=(32,), arms=3.0)
    rounds = Distillation([lesson], config)
    arm, leg = (rounds.weight[i] for i in (4, 19))
    assert arm / leg == pytest.approx(3.0 * 400.0 / 500.0, rel=1e-3)
    losses = [rounds.iterate()["loss"] for _ in range(4)]
    assert losses[-1] < 0.5 * losses[0]
    assert rounds.student.hidden == (32,)


def test_states_with_the_ball_are_those_a_policy_gets_into_by_picking_it_up(shot: Reference, monkeypatch) -> None:
    monkeypatch.setattr(clocked, "PICKING", 5)
    monkeypatch.setattr(clocked, "SETTLING", 3 / RATE)
    told: list[str] = []

    def hold(qpos: Array, qvel: Array, label: str) -> Array:
        told.append(label)
        return np.repeat(shot.qpos[0, 7:-7][None], len(qpos), axis=0)

    def kept(height: float) -> Array:
        told.clear()
        start = shot.qpos[0].copy()
        start[-5] += height
        return held_starts(hold, start, 0.0 * shot.qvel[0], 2, 0.0, 1)[0]

    assert kept(-0.5).shape == (0, len(shot.qpos[0]))
    assert told == ["pick_up"] * 5 + ["stand"] * round(CREEPING * RATE)
    thrown = kept(0.3)[:, -5]
    assert thrown == pytest.approx(shot.qpos[0, -5] + 0.3 - 4.905 * (8 / RATE) ** 2, abs=0.01)
    assert len(thrown) == 2
    assert thrown.min() > HIGH


def test_a_bounce_comes_back_to_the_hands_that_wait_for_it(shot: Reference) -> None:
    design, model = BounceDesign(), build_model()
    bounce = make_bounce(model, shot.qpos[0], SKILLS.index("bounce"), design)
    free = np.flatnonzero(~bounce.contact.any(axis=1))
    assert len(free) == free[-1] - free[0] + 1
    assert bounce.ball[free, 2].min() < 0.2
    assert np.linalg.norm(bounce.qvel[free[0] - 2, -6:-3]) > 0.7 * design.speed
    assert np.linalg.norm(bounce.qvel[free[-1] + 2, -6:-3]) < 0.4
    assert bounce.ball[free[-1] + 1, 2] > 0.9
    hands = TwoHands(model, bounce.qpos[0], heading(bounce.qpos[:1, 3:7])[0])
    middle = (free[0] + free[-1]) // 2
    for frame, gap in ((free[0] - 1, 0.1185), (middle, 0.1185 + design.apart)):
        left, right = (palm.place for palm in hands.palms(bounce.qpos[frame]))
        assert np.linalg.norm(left - right) == pytest.approx(2 * gap, abs=0.02)
    np.testing.assert_allclose(bounce.ball[-1], bounce.ball[0], atol=1e-6)


def test_a_flight_with_a_bounce_is_foretold_as_the_simulator_has_it() -> None:
    model = build_model()
    data = mujoco.MjData(model)
    data.qpos[-7:-4], data.qvel[-6:-3] = [2.0, 0.0, 1.0], [0.3, 0.0, -3.3]
    start, velocity = data.qpos[None, -7:-4].copy(), data.qvel[None, -6:-3].copy()
    for step in range(1, 41):
        mujoco.mj_step(model, data, 4)
        if step in (6, 40):
            told = flown(start, velocity, np.array([[step / RATE]]))[0]
            np.testing.assert_allclose(told, data.qpos[-7:-4], atol=0.05)


def test_a_bounce_is_taught_again_and_again_with_a_clock_that_begins_again(shot: Reference) -> None:
    bounce = make_bounce(build_model(), shot.qpos[0], SKILLS.index("bounce"), BounceDesign())
    config = ClockedConfig(worlds=2, noise=(0.0, 0.0), held_share=0.0, linger=1.0, repeated=1.0, pushes=0.0)
    starts = shot.qpos[:1], 0.0 * shot.qvel[:1]
    lesson = ClockedLesson(bounce, np.zeros((len(bounce), 31, 74), np.float32), starts, config)
    last = len(bounce) - 1
    lesson.env.frame[:] = last - 4
    lesson.sim.reset(np.arange(2), np.repeat(bounce.qpos[last - 4][None], 2, 0), np.zeros((2, len(bounce.qvel[0]))))
    lesson.advance(lesson.wanted())
    assert lesson.env.frame.tolist() == [last - 3] * 2
    before = lesson.sim.qpos.copy()
    lesson.advance(lesson.wanted())
    assert lesson.env.frame.tolist() == [FIRST] * 2
    assert np.abs(lesson.sim.qpos - before).max() < 0.05
    assert period(bounce) == pytest.approx((last - 2 - FIRST) / RATE)
    np.testing.assert_array_equal(lesson.seen()[:, -CLOCK_KNOTS - 2 :][:, :3], [[0, 0, 1]] * 2)


SHORT = DistillConfig(iterations=3, steps=2, teacher_iterations=1, buffer=2, updates=1, batch=8, hidden=(8,))


def test_experts_learn_also_where_the_student_picks_nothing_up_and_go_on_where_they_stopped(shot, tmp_path) -> None:
    clip = replace(shot, label=np.full(len(shot), SKILLS.index("bounce")))
    made = {"bounce": (clip, np.zeros((len(clip), 31, 74), np.float32))}
    recipe = Recipe(bouncing=ClockedConfig(worlds=2, linger=1.0, distill=SHORT), holders=((2, 0.0),))
    home, said = clip.qpos[0, 7:-7], []

    def idle(qpos, qvel, label):
        return np.repeat(home[None], len(qpos), axis=0)

    expert = teach_experts(made, idle, None, tmp_path, recipe, said.append)["bounce"]
    assert said[0] == "experts learn from 0 balls that the student has picked up"
    assert len(expert.student.log) == 3
    assert expert.period == pytest.approx(period(clip))
    again = teach_experts(made, idle, None, tmp_path, recipe, said.append)["bounce"]
    for name, tensor in expert.tensors("bounce").items():
        np.testing.assert_array_equal(again.tensors("bounce")[name], tensor)


def test_without_made_skills_there_are_no_experts(tmp_path) -> None:
    assert teach_experts({}, lambda *_: np.zeros(0), None, tmp_path, Recipe()) == {}
