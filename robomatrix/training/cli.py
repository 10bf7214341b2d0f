"""``robomatrix train``: one sub-command for each family."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from robomatrix.errors import UnknownNameError

train_app = typer.Typer(help="Train a policy; resumable, with fixed seeds.", no_args_is_help=True)


@train_app.command("skillblender")
def skillblender(
    name: Annotated[str, typer.Argument(help="A primitive such as walk, or a task of SkillBench such as far_reach.")],
    robot: Annotated[str, typer.Option(help="Humanoid to train: g1, h1 or h1_2.")] = "g1",
    samples: Annotated[float, typer.Option(help="Control steps in all; 0 takes the recipe's.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 1,
    threads: Annotated[int, typer.Option(help="Worker threads of the simulation and of the learner.", min=1)] = 2,
    run: Annotated[Path | None, typer.Option(help="Folder of checkpoint and log; goes on if it has one.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the policy; default: the run's folder.")] = None,
    episodes: Annotated[int, typer.Option(help="Of the evaluation at the end; 0 leaves it out.")] = 200,
    method: Annotated[str, typer.Option(help="For tasks: blend, or a baseline: scalar, no_walking, ppo.")] = "blend",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Train a SkillBlender primitive or a blended task, evaluate it and export it."""
    import torch

    from robomatrix.training.progress import Bar
    from robomatrix.training.skillblender.recipes import RECIPES, make
    from robomatrix.training.skillblender.task_recipes import TASK_SAMPLES, make_task
    from robomatrix.training.skillblender.tasks import RULES

    if name not in (*RECIPES, *RULES):
        raise UnknownNameError("primitive or task", name, (*RECIPES, *RULES))
    torch.set_num_threads(threads)
    suffix = "" if method == "blend" else f"_{method}"
    folder = run or Path("runs") / "skillblender" / f"{robot}_{name}{suffix}"
    policy, task = out or folder / "policy", name in RULES
    target = int(samples or (TASK_SAMPLES if task else RECIPES[name].samples))
    with Bar(target, quiet=as_json) as bar:
        maker = partial(make_task, method=method) if task else make
        facts = maker(robot, name, folder, policy, target, seed, threads, bar.update)
    metrics = _evaluated(robot, name, policy, episodes, task, facts) if episodes else {}
    report = {**facts, **metrics, "policy": str(policy)}
    typer.echo(json.dumps(report) if as_json else "\n".join(f"{key}: {value}" for key, value in report.items()))


@train_app.command("reflex")
def reflex(
    robot: Annotated[str, typer.Option(help="Humanoid: g1, h1 or h1_2.")] = "g1",
    generations: Annotated[int, typer.Option(help="Of the search.", min=1)] = 25,
    worlds: Annotated[int, typer.Option(help="Candidates of a generation.", min=20)] = 384,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 1,
    standing: Annotated[bool, typer.Option("--standing", help="For the skills that stand, not for walking.")] = False,
    threads: Annotated[int, typer.Option(help="Worker threads of the simulation.", min=1)] = 2,
) -> None:
    """Search a humanoid's balance reflex, which its gait stands on; prints the gains."""
    from robomatrix.robots.humanoid import humanoid
    from robomatrix.training.skillblender.reflex_search import ReflexTrial, SquatTrial, search

    def tell(generation: int, mean: float, elite: float, found: object) -> None:
        typer.echo(f"generation {generation}: mean {mean:.3f}, elite {elite:.3f} of 2.5", err=True)

    trial = (SquatTrial if standing else ReflexTrial)(humanoid(robot), worlds, seed, threads)
    typer.echo(repr(search(trial, generations, each=tell)))


def _evaluated(
    robot: str, name: str, folder: Path, episodes: int, task: bool, facts: dict[str, Any]
) -> dict[str, float]:
    """Evaluates an exported policy and writes its metrics.json."""
    from robomatrix.evaluation.skillbench import evaluate_task_folder
    from robomatrix.evaluation.skillblender import evaluate_folder
    from robomatrix.policies.checkpoint import load_checkpoint, save_checkpoint

    metrics = evaluate_task_folder(folder, robot, name) if task else evaluate_folder(folder, robot, episodes)
    checkpoint = load_checkpoint(folder)
    save_checkpoint(folder, checkpoint.spec, checkpoint.tensors, {**facts, **metrics})
    return metrics


@train_app.command("dexgen")
def dexgen(
    name: Annotated[str, typer.Argument(help="data, starts, controller or rotate.")],
    robot: Annotated[str, typer.Option(help="Hand.")] = "allegro",
    folder: Annotated[Path, typer.Option(help="Of the data; the controller's run is beside it.")] = Path(
        "runs/dexgen/data"
    ),
    shards: Annotated[int, typer.Option(help="Of data in all; one holds about 10,000 kept transitions.", min=2)] = 200,
    workers: Annotated[int, typer.Option(help="Processes for data, threads for training.", min=1)] = 1,
    iterations: Annotated[int, typer.Option(help="Gradient steps of the whole training.", min=1)] = 30_000,
    minutes: Annotated[float, typer.Option(help="Stop training after so long; call again to go on.")] = 1e9,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    keypoints: Annotated[int, typer.Option(help="That the controller predicts: 8, or 4 for the ablation.")] = 8,
) -> None:
    """Generate in-hand motion, train the DexGen controller on it, or train rotation; all go on where they stopped."""
    from robomatrix.training.dexgen.command import train_controller, train_data, train_rotation, train_starts

    if name == "data":
        train_data(robot, folder, shards, workers, seed, typer.echo)
    elif name == "starts":
        train_starts(robot, folder.parent / "starts", seed=seed, report=typer.echo)
    elif name == "controller":
        run = folder.parent / ("controller" if keypoints == 8 else f"controller_k{keypoints}")
        figures = train_controller(robot, folder, run, iterations, minutes, workers, seed, keypoints, typer.echo)
        typer.echo(json.dumps(figures))
    elif name == "rotate":
        run = folder.parent / "rotate"
        typer.echo(json.dumps(train_rotation(robot, folder, run, minutes, workers, seed, typer.echo)))
    else:
        raise UnknownNameError("part of dexgen", name, ("data", "starts", "controller", "rotate"))


@train_app.command("skillmimic")
def skillmimic(
    clips: Annotated[Path, typer.Option(help="Folder of motion clips (.pt BallPlay, .npz neutral).")],
    labels: Annotated[str, typer.Option(help="Comma-separated skills; every clip of these, in full.")] = "",
    samples: Annotated[int, typer.Option(help="Control steps of PPO on the teacher; 0 takes it as it is.", min=0)] = 0,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 1,
    threads: Annotated[int, typer.Option(help="Worker threads of the simulation and of the learner.", min=1)] = 1,
    run: Annotated[Path, typer.Option(help="Folder of the stages; goes on if it has some.")] = Path("runs/skillmimic"),
    out: Annotated[Path | None, typer.Option(help="Folder of the policy; default: inside the run's folder.")] = None,
) -> None:
    """Learn basketball skills from clips: references, teacher, label-only student."""
    from robomatrix.training.skillmimic.pipeline import Recipe, train

    own = {"labels": tuple(filter(None, labels.split(","))), "cuts": ()} if labels else {}
    recipe = Recipe(teacher_samples=samples, seed=seed, threads=threads, **own)
    spec = train(clips, run, out or run / "policy", recipe, lambda text: typer.echo(text, err=True))
    typer.echo(json.dumps({"policy": str(out or run / "policy"), "training": dict(spec.training)}))


@train_app.command("planner")
def planner(
    steps: Annotated[int, typer.Option(help="Gradient steps of the whole training.", min=1)] = 12000,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 1,
    threads: Annotated[int, typer.Option(help="Of the learner.", min=1)] = 1,
    rate: Annotated[float, typer.Option(help="Highest learning rate.", min=1e-5)] = 2e-3,
    width: Annotated[int, typer.Option(help="Of the model; twice that of --start doubles it.", min=32)] = 128,
    start: Annotated[str, typer.Option(help="Folder of a planner model to begin with.")] = "",
    run: Annotated[Path, typer.Option(help="Folder of the checkpoint; goes on if it has one.")] = Path("runs/planner"),
    out: Annotated[Path | None, typer.Option(help="Folder of the model; default: inside the run's folder.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Train the compact planner model on generated instructions and goal programs."""
    from robomatrix.training.planner.recipe import Recipe, train

    def tell(at: Any) -> None:
        unseen = "" if at.unseen is None else f" ({at.unseen:.3f} on unseen frames)"
        typer.echo(f"step {at.step}: loss {at.loss:.4f}, exact {at.exact:.3f}{unseen}, {at.seconds:.0f} s", err=True)

    recipe = Recipe(steps=steps, rate=rate, seed=seed, threads=threads, width=width, start=start)
    report = train(recipe, run, out or run / "model", tell)
    typer.echo(json.dumps(report) if as_json else "\n".join(f"{key}: {value}" for key, value in report.items()))


def register(application: typer.Typer) -> None:
    """Hangs ``train`` into the ``robomatrix`` command."""
    application.add_typer(train_app, name="train")
