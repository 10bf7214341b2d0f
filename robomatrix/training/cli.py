"""``robomatrix train``: one sub-command for each family."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

train_app = typer.Typer(help="Train a policy; resumable, with fixed seeds.", no_args_is_help=True)


@train_app.command("skillblender")
def skillblender(
    name: Annotated[str, typer.Argument(help="Primitive: walk, reach or squat.")],
    robot: Annotated[str, typer.Option(help="Humanoid to train: g1, h1 or h1_2.")] = "g1",
    samples: Annotated[float, typer.Option(help="Control steps in all; 0 takes the recipe's.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 1,
    threads: Annotated[int, typer.Option(help="Worker threads of the simulation and of the learner.", min=1)] = 2,
    run: Annotated[Path | None, typer.Option(help="Folder of checkpoint and log; goes on if it has one.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the policy; default: the run's folder.")] = None,
    episodes: Annotated[int, typer.Option(help="Of the evaluation at the end; 0 leaves it out.")] = 200,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Train a SkillBlender primitive, evaluate it and export it."""
    import torch

    from robomatrix.evaluation.skillblender import evaluate
    from robomatrix.policies.checkpoint import load_checkpoint, save_checkpoint
    from robomatrix.skills.skillblender.library import policy_from
    from robomatrix.training.progress import Bar
    from robomatrix.training.skillblender.recipes import export, recipe, train

    torch.set_num_threads(threads)
    folder = run or Path("runs") / "skillblender" / f"{robot}_{name}"
    target = int(samples or recipe(name).samples)
    with Bar(target, quiet=as_json) as bar:
        progress = train(robot, name, folder, target, seed, threads, bar.update)
    command = f"robomatrix train skillblender {name} --robot {robot} --samples {target} --seed {seed}"
    facts = {"command": command, "seed": seed, "samples": progress.samples, "seconds": round(progress.seconds)}
    policy_path = out or folder / "policy"
    export(robot, name, folder, policy_path, facts)
    metrics: dict[str, float] = {}
    if episodes:
        checkpoint = load_checkpoint(policy_path)
        metrics = evaluate(policy_from(checkpoint, robot), episodes)
        save_checkpoint(policy_path, checkpoint.spec, checkpoint.tensors, {**facts, **metrics})
    if as_json:
        typer.echo(json.dumps({**facts, **metrics, "policy": str(policy_path)}))
    else:
        typer.echo("\n".join(f"{key}: {value}" for key, value in {**facts, **metrics, "policy": policy_path}.items()))


def register(application: typer.Typer) -> None:
    """Hangs ``train`` into the ``robomatrix`` command."""
    application.add_typer(train_app, name="train")
