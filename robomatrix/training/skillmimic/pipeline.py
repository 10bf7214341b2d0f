"""``robomatrix train skillmimic``: from a folder of clips to a student policy, in resumable stages.

Stages leave their results in the run folder and are skipped when these are there: references (retargeted clips with
torques and feedback), teacher (PPO on the residual), student (DAgger), experts, export.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tensordict import TensorDict

from robomatrix.errors import ConfigurationError
from robomatrix.motions.chain import chain, in_place
from robomatrix.motions.clip import Clip
from robomatrix.motions.edit import cut, lift_ball, relabel_contact, resample
from robomatrix.motions.library import find_clips, load_clip
from robomatrix.motions.retarget import mapping_for, retarget
from robomatrix.policies.spec import PolicySpec
from robomatrix.resources import share
from robomatrix.robots.loader import load_robot
from robomatrix.scenes.court import RATE, build_model
from robomatrix.skills.skillmimic.observation import LABELS, SKILLS, body_and_ball, with_label
from robomatrix.training.ppo import Learner, PpoConfig
from robomatrix.training.skillmimic.aiming import AimConfig, AimLaw, design_changes, fit_aim, hoop_of
from robomatrix.training.skillmimic.arm import fit_arm
from robomatrix.training.skillmimic.balance import level
from robomatrix.training.skillmimic.bounce import BounceDesign, make_bounce
from robomatrix.training.skillmimic.catching import CatchConfig, make_sure
from robomatrix.training.skillmimic.clocked import Act, ClockedConfig, ClockedLesson, Starts, held_starts, period
from robomatrix.training.skillmimic.distill import ClipLesson, Distillation, DistillConfig, Lesson, Student
from robomatrix.training.skillmimic.dribble import DribbleConfig, DribbleLesson, DribbleStance, crouch
from robomatrix.training.skillmimic.env import EnvConfig, TeacherEnv
from robomatrix.training.skillmimic.exporting import Expert, export, start_states
from robomatrix.training.skillmimic.feedback import feedback_gains
from robomatrix.training.skillmimic.letting_go import parting_targets
from robomatrix.training.skillmimic.reference import Reference, join, make_reference, make_stance
from robomatrix.training.skillmimic.search import clip_of
from robomatrix.training.skillmimic.shooting import ShotLesson
from robomatrix.training.skillmimic.shot import ShotDesign, make_shot

Log = Callable[[str], None]
Taught = tuple[Reference, NDArray[np.float32]]
"""What a teacher follows, and its feedback gains."""
ROBOT = "player"
FASTEST, STRONGEST = 45.0, 1000.0
"""A retargeting with faster joints [rad/s] or larger torques [N m] has jumped between two solutions; it is left out."""
TEACHER = PpoConfig(
    gamma=0.97, entropy=0.0, learning_rate=3e-4, learning_rate_limit=1e-3, desired_kl=0.06, initial_std=0.25
)


@dataclass(frozen=True)
class Cut:
    """A stretch of a clip. One that ends in mid-step cannot be stood still after."""

    name: str
    """End of the file's name."""
    start: int = 0
    stop: int | None = None


@dataclass(frozen=True)
class Recipe:
    """What is learnt and for how long."""

    labels: tuple[str, ...] = ("pick_up", "catch", "pass")
    cuts: tuple[Cut, ...] = (
        Cut("pick_016", 20, 140),
        Cut("catch_013", 10, 48),
        Cut("016pickle_pass_001"),
    )
    """Clips that are taken; empty takes every clip of the labels in full."""
    teacher_samples: int = 0
    """Control steps of PPO on the teacher's residual; 0 leaves the controller as it is."""
    worlds: int = 256
    noise: tuple[float, float] = (0.0, 1.35)
    """Factors on the noise of the starts: beyond that of the benchmark."""
    linger: float = 150.0
    """Steps for which the student's episodes go on standing after a clip, on average."""
    chained: float = 0.6
    """Share of the student's finished episodes that go on with another skill."""
    pushes: float = 0.3
    """Half width of the pushes of the pelvis in the student's episodes [m/s]."""
    threads: int = 1
    catch: CatchConfig | None = field(default_factory=CatchConfig)
    """How the teacher's catch is made sure; None leaves it as the clip has it."""
    shot: ShotDesign | None = field(default_factory=ShotDesign)
    """The set shot, made from the postures in which the pass starts and ends; None leaves it out."""
    aim: AimConfig = field(default_factory=AimConfig)
    shooting: ClockedConfig = field(default_factory=ClockedConfig)
    """How the set shot's expert learns."""
    bounce: BounceDesign | None = field(default_factory=BounceDesign)
    """The bounce with both hands, made from the posture in which the pass starts; None leaves it out."""
    bouncing: ClockedConfig = field(default_factory=lambda: ClockedConfig(linger=1.0, repeated=0.95))
    """How the bounce's expert learns."""
    holders: tuple[tuple[int, float], ...] = ((128, 0.005), (64, 0.025))
    """Worlds in which the student picks the ball up for the experts, and the half width of the joints' errors [rad]."""
    dribblers: int = 0
    """Worlds in which the dribble is taught; 0 leaves it out."""
    distill: DistillConfig = field(default_factory=DistillConfig)
    seed: int = 1


def say(text: str) -> None:
    """Prints a line of progress."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def choose_clips(folder: Path, recipe: Recipe) -> list[Clip]:
    """Returns the clips of a recipe, cut. Raises ConfigurationError when a label of the recipe has no clip."""
    unknown = [label for label in recipe.labels if label not in LABELS]
    if unknown:
        raise ConfigurationError(f"unknown skill label '{unknown[0]}'; labels: {', '.join(LABELS)}")
    files = find_clips([folder])
    everything = [(path, Cut(path.stem)) for path in files]
    wanted = [(path, c) for c in recipe.cuts for path in files if path.stem.endswith(c.name)] or everything
    clips = [cut(clip, c.start, c.stop or len(clip)) for clip, c in ((load_clip(path), c) for path, c in wanted)]
    lacking = [label for label in recipe.labels if label not in {clip.label for clip in clips}]
    if lacking:
        raise ConfigurationError(f"{folder}: no clip shows {', '.join(lacking)}")
    return [clip for clip in clips if clip.label in recipe.labels]


def make_references(clips: Sequence[Clip], log: Log = say) -> Reference:
    """Returns all clips, retargeted and made physical, laid end to end; unusable ones are left out with a reason."""
    mapping, model, found = mapping_for(ROBOT), build_model(ROBOT), []
    radius = float(model.geom("ball").size[0])
    for clip in chain([lift_ball(relabel_contact(resample(source, RATE)), radius) for source in clips]):
        motion = retarget(clip, mapping, share())
        if in_place(clip):
            motion = level(model, motion)
        reference = make_reference(model, motion, LABELS.index(clip.label))
        pace, torque = np.abs(reference.qvel[:, 6:-6]).max(), np.abs(reference.torque).max()
        verdict = "left out, it jumps" if pace > FASTEST or torque > STRONGEST else clip.label
        log(f"{clip.name}: {len(reference)} frames, points {1e3 * motion.body_error:.0f} mm off, {verdict}")
        if verdict == clip.label:
            found.append(reference)
    if not found:
        raise ConfigurationError("no clip could be retargeted without jumps")
    return join(found)


def save_reference(reference: Reference, gains: NDArray[np.float32], path: Path) -> None:
    """Writes references and feedback gains; the file appears only once it is complete."""
    part = path.with_suffix(".part.npz")
    np.savez(part, gains=gains, **{f.name: getattr(reference, f.name) for f in fields(Reference)})
    part.replace(path)


def load_reference(path: Path) -> tuple[Reference, NDArray[np.float32]]:
    """Reads what :func:`save_reference` wrote."""
    with np.load(path, allow_pickle=False) as data:
        return Reference(**{f.name: data[f.name] for f in fields(Reference)}), data["gains"]


def prepare(clips: Path, run: Path, recipe: Recipe, log: Log = say) -> tuple[Reference, NDArray[np.float32]]:
    """Stage 1: references and feedback gains, of the clips and of what is made from them."""
    path = run / "reference.npz"
    if not path.exists():
        run.mkdir(parents=True, exist_ok=True)
        reference = make_references(choose_clips(clips, recipe), log)
        gains, starts = _gains(reference), reference.starts()
        parts = [_sure(clip_of(reference, i), gains[reference.clip == i], recipe, log) for i in range(len(starts))]
        reference, gains = join([part for part, _ in parts]), np.concatenate([part for _, part in parts])
        save_reference(reference, gains, path)
    return load_reference(path)


def prepare_made(reference: Reference, run: Path, recipe: Recipe) -> dict[str, Taught]:
    """Stage 1, skills that no clip shows: made from the postures in which the pass starts and ends."""
    passes = np.flatnonzero(reference.label == LABELS.index("pass"))
    if not len(passes):
        return {}
    model, held, empty = build_model(ROBOT), reference.qpos[passes[0]], reference.qpos[reference.last()[passes[0]]]
    makers: dict[str, Callable[[int], Reference]] = {}
    if recipe.shot is not None:
        makers["set_shot"] = lambda index: make_shot(model, held, empty, index, recipe.shot)
    if recipe.bounce is not None:
        makers["bounce"] = lambda index: make_bounce(model, held, index, recipe.bounce)
    for label, make in makers.items():
        path = run / f"{label}.npz"
        if not path.exists():
            made = make(SKILLS.index(label))
            save_reference(made, _gains(made), path)
    return {label: load_reference(run / f"{label}.npz") for label in makers}


def _sure(
    clip: Reference, gains: NDArray[np.float32], recipe: Recipe, log: Log
) -> tuple[Reference, NDArray[np.float32]]:
    """A clip and its gains: a catch with offsets that hold more balls, where the recipe searches for them."""
    if recipe.catch is not None and LABELS[clip.label[0]] == "catch":
        clip = make_sure(clip, gains, recipe.catch, log)
    return clip, gains


def _gains(reference: Reference) -> NDArray[np.float32]:
    zeros = np.zeros((len(reference), 1, 1), np.float32)
    targets = TeacherEnv(reference, EnvConfig(worlds=1), zeros).open_loop
    return feedback_gains(build_model(ROBOT), reference, targets)


def make_dribble_stance(reference: Reference) -> DribbleStance | None:
    """Returns the crouch of a dribble, with the feet of the clips' standing ends; None without ends of both kinds."""
    model = build_model(ROBOT)
    ends = reference.last()[reference.starts()]
    empty = [end for end in ends if not reference.contact[end].any()]
    holds = [end for end in ends if reference.contact[end].any()]
    if not empty or not holds:
        return None
    stance = make_stance(model, crouch(model, reference.qpos[empty[0]]), LABELS.index("dribble"))
    zeros = np.zeros((len(stance), 1, 1), np.float32)
    targets = TeacherEnv(stance, EnvConfig(worlds=1), zeros).open_loop
    gains = feedback_gains(model, stance, targets)
    holding = TeacherEnv(reference, EnvConfig(worlds=1), np.zeros((len(reference), 1, 1), np.float32)).open_loop
    parting = parting_targets(model, reference.qpos[holds[0]], holding[holds[0]])
    arm = fit_arm(model, stance.qpos[-1])
    return DribbleStance(stance.qpos[-1], targets[-1], gains[-1], arm, reference.qpos[holds[0]], parting)


def teacher_env(reference: Reference, gains: NDArray[np.float32], recipe: Recipe, seed: int) -> TeacherEnv:
    """Returns the environment of stage 2."""
    config = EnvConfig(worlds=recipe.worlds, threads=recipe.threads, seed=seed, noise_scale=recipe.noise)
    return TeacherEnv(reference, config, gains)


def train_teacher(
    reference: Reference, gains: NDArray[np.float32], run: Path, recipe: Recipe, log: Log = say
) -> Learner:
    """Stage 2: PPO on the residual; goes on where it stopped."""
    learner = Learner(teacher_env(reference, gains, recipe, recipe.seed), TEACHER, run / "teacher")
    learner.resume()
    learner.learn(
        recipe.teacher_samples, lambda p, row: log(f"teacher {p.samples} samples, reward {row['reward']:.3f}")
    )
    return learner


def teacher_actor(learner: Learner) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Returns the teacher's mean action as a function of its observation (n, d)."""
    learner.algorithm.eval_mode()

    @torch.no_grad()
    def act(observation: NDArray[np.float64]) -> NDArray[np.float64]:
        seen = torch.from_numpy(observation).float()
        group = TensorDict({"actor": seen, "critic": seen}, [len(observation)])
        return learner.algorithm.actor(group).double().numpy()

    return act


def distil(
    reference: Reference, gains: NDArray[np.float32], learner: Learner, recipe: Recipe,
    stance: DribbleStance | None = None, log: Log = say,
) -> Student:  # fmt: skip
    """Stage 3: the label-only student; goes on where it stopped. Its learning curve goes to ``student.csv``."""
    run = learner.run.parent
    config = EnvConfig(
        worlds=recipe.worlds, threads=recipe.threads, seed=recipe.seed + 1, noise_scale=recipe.noise,
        linger=recipe.linger, chained=recipe.chained, pushes=recipe.pushes,
    )  # fmt: skip
    lessons: list[Lesson] = [ClipLesson(TeacherEnv(reference, config, gains), teacher_actor(learner))]
    if stance is not None:
        playing = DribbleConfig(worlds=recipe.dribblers, threads=recipe.threads, seed=recipe.seed + 2)
        lessons.append(DribbleLesson(stance, playing))
    rounds = Distillation(lessons, recipe.distill)
    _learn(rounds, run / "student.pt", log)
    curve = [f"{i + 1},{row['loss']:.6f},{row['failures']:.4f}" for i, row in enumerate(rounds.student.log)]
    (run / "student.csv").write_text("\n".join(["iteration,loss,failures", *curve]) + "\n", encoding="utf-8")
    return rounds.student


def _learn(rounds: Distillation, path: Path, log: Log) -> None:
    """Goes on to the last iteration from where ``path`` stopped."""
    rounds.resume(path)
    for iteration in range(len(rounds.student.log), rounds.config.iterations):
        row = rounds.iterate()
        if iteration % 10 == 9 or iteration + 1 == rounds.config.iterations:
            text = f"loss {row['loss']:.5f} failures {row['failures']:.3f}"
            log(f"{path.stem} {iteration + 1}/{rounds.config.iterations} {text}")
            rounds.save(path)


def aim_law(
    shot: Reference, gains: NDArray[np.float32], starts: Starts, run: Path, recipe: Recipe, log: Log = say
) -> AimLaw:
    """Stage 3, the set shot: how its push answers the grip; kept in ``aim.npz``."""
    path = run / "aim.npz"
    if not path.exists():
        changes = design_changes(build_model(ROBOT), shot, recipe.shot)
        law = fit_aim(shot, gains, changes, starts, recipe.aim, log)
        np.savez(path, changes=law.changes, matrix=law.matrix)
    with np.load(path, allow_pickle=False) as data:
        return AimLaw(data["changes"], data["matrix"], recipe.aim.frame, hoop_of(shot.qpos[-1]))


def teach_experts(
    made: Mapping[str, Taught], act: Act, start: Starts | None, run: Path, recipe: Recipe, log: Log = say
) -> dict[str, Expert]:
    """Stage 3, skills that no clip shows: their experts; goes on where it stopped.

    Args:
        made: what :func:`prepare_made` returns.
        act: a policy that picks the ball up; experts learn from how it then holds the ball.
        start: the state (nq,), (nv,) in which that begins; None where the policy has not learnt it.
        run: folder of the stage's results.
        recipe: all figures.
        log: gets lines of progress.
    """
    if not made:
        return {}
    starts = _holding(act, start, recipe)
    log(f"experts learn from {len(starts[0])} balls that the student has picked up")
    experts = {}
    for label, taught in made.items():
        if label == "set_shot":
            law = aim_law(*taught, starts, run, recipe, log)
            config, until = recipe.shooting, float("inf")
            lesson: Lesson = ShotLesson(*taught, law, starts, config)
        else:
            config, until = recipe.bouncing, period(taught[0])
            lesson = ClockedLesson(*taught, starts, config)
        rounds = Distillation([lesson], config.distill)
        _learn(rounds, run / f"{label}.pt", log)
        experts[label] = Expert(rounds.student, taught[0], until)
    return experts


def _holding(act: Act, start: Starts | None, recipe: Recipe) -> Starts:
    """States in which the policy holds a ball that it has picked up; none where it cannot."""
    if start is None:
        model = build_model(ROBOT)
        return np.zeros((0, model.nq)), np.zeros((0, model.nv))
    held = [held_starts(act, *start, worlds, joints, worlds) for worlds, joints in recipe.holders]
    return np.concatenate([q for q, _ in held]), np.concatenate([v for _, v in held])


def _picking(reference: Reference) -> Starts | None:
    """The state in which picking up from rest begins, None where no clip shows it."""
    starts = start_states(reference)
    if "start_qpos_pick_up" not in starts:
        return None
    return starts["start_qpos_pick_up"][-1].astype(float), starts["start_qvel_pick_up"][-1].astype(float)


def acting(student: Student) -> Act:
    """Returns the common student as a policy."""
    limits = np.array([[j.lower, j.upper] for j in load_robot(ROBOT).joints]).T

    def act(qpos: NDArray[np.float64], qvel: NDArray[np.float64], label: str) -> NDArray[np.float64]:
        labels = np.full(len(qpos), LABELS.index(label))
        return np.clip(student(with_label(body_and_ball(qpos, qvel), labels)), *limits)

    return act


def train(clips: Path, run: Path, out: Path, recipe: Recipe | None = None, log: Log = say) -> PolicySpec:
    """Runs all stages, goes on where an earlier call stopped, and writes the policy to ``out``.

    Raises:
        ConfigurationError: clips are missing or malformed; names the file and what is wrong.
    """
    recipe = recipe or Recipe()
    torch.set_num_threads(recipe.threads)
    began = time.perf_counter()
    reference, gains = prepare(clips, run, recipe, log)
    learner = train_teacher(reference, gains, run, recipe, log)
    stance = make_dribble_stance(reference) if recipe.dribblers else None
    student = distil(reference, gains, learner, recipe, stance, log)
    made = prepare_made(reference, run, recipe)
    experts = teach_experts(made, acting(student), _picking(reference), run, recipe, log)
    training = {
        "command": "robomatrix train skillmimic",
        "seed": recipe.seed,
        "teacher_samples": learner.progress.samples,
        "teacher_seconds": round(learner.progress.seconds, 1),
        "student_samples": recipe.distill.iterations * recipe.distill.steps * recipe.worlds,
        "seconds": round(time.perf_counter() - began, 1),
    }
    return export(student, reference, out, training, stance, experts)
