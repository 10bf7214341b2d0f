"""``robomatrix run`` and ``robomatrix up``: the nodes in one process over real DDS."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from robomatrix.cli import JsonFlag, emit
from robomatrix.evaluation import cli as bench
from robomatrix.scheduling.planners import DEFAULT

Robot = Annotated[str, typer.Option(help="Robot; see `robomatrix robots`.")]
Driver = Annotated[str, typer.Option(help="Driver; default: the robot's first, see `robomatrix robots --json`.")]
DriverOptions = Annotated[str, typer.Option(help="Options of the driver, such as '{host: 127.0.0.1}'.")]
Scene = Annotated[str, typer.Option(help="Simulated scene; default: the robot's own.")]
Planner = Annotated[str, typer.Option(help="Planner: rules, compact, transformers, openai.")]
Model = Annotated[str, typer.Option(help="Model of the planner, by name or local folder.")]
Seed = Annotated[int, typer.Option(help="Seed of a simulated scene.")]


LOCKSTEP_TIMEOUT = 0.2
"""Long enough that a planner that thinks does not let the world go on, so that a run repeats exactly [s]."""


def register(app: typer.Typer) -> None:
    """Hangs the commands into the application, and the stack's benchmark beside the others."""
    app.command()(run)
    app.command()(up)
    bench.app.command("stack")(stack)


def run(
    instruction: Annotated[str, typer.Argument(help="What to do, in plain language.")],
    robot: Robot = "ep",
    scene: Scene = "",
    driver: Driver = "",
    driver_options: DriverOptions = "",
    planner: Planner = DEFAULT,
    model: Model = "",
    seed: Seed = 0,
    speed: Annotated[float, typer.Option(help="Simulation speed; 0: as fast as possible.", min=0.0)] = 0.0,
    video: Annotated[Path | None, typer.Option(help="Write a video of the run (.mp4).")] = None,
    picture: Annotated[Path | None, typer.Option(help="Write a picture of the run (.png).")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Plan only; nothing moves.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Brings a robot up, carries one instruction out, and reports plan, steps, durations and success."""
    from robomatrix_nodes.run import Outputs, run_instruction
    from robomatrix_nodes.stack import StackSettings

    settings = StackSettings(
        robot=robot,
        driver=driver,
        driver_options=driver_options,
        scene=scene,
        planner=planner,
        model=model,
        seed=seed,
        speed=speed,
        lockstep_timeout=LOCKSTEP_TIMEOUT,
    )
    report = run_instruction(instruction, settings, Outputs(video, picture), dry_run, quiet=as_json)
    emit(report.to_json(), as_json, report.lines())
    if not report.success:
        raise typer.Exit(1)


def up(
    robot: Robot = "ep",
    scene: Scene = "",
    driver: Driver = "",
    driver_options: DriverOptions = "",
    planner: Planner = DEFAULT,
    model: Model = "",
    seed: Seed = 0,
    speed: Annotated[float, typer.Option(help="Simulation speed as a multiple of real time.", min=0.01)] = 1.0,
    open_network: Annotated[bool, typer.Option(help="Let other machines see the nodes.")] = False,
) -> None:
    """Brings a robot's nodes up and stays until it is interrupted."""
    from robomatrix_nodes.stack import Stack, StackSettings

    settings: dict[str, Any] = {"robot": robot, "driver": driver, "driver_options": driver_options, "scene": scene}
    settings |= {"planner": planner, "model": model}
    with Stack(StackSettings(**settings, seed=seed, speed=speed, open_network=open_network)) as stack:
        emit({}, False, [f"{robot} is up in namespace /{robot}; Ctrl-C ends it"])
        try:
            stack.spin_until(lambda: False)
        except KeyboardInterrupt:
            return


def stack(
    repeats: Annotated[int, typer.Option(help="Turns on the spot that are timed.", min=1)] = 5,
    goals: Annotated[int, typer.Option(help="Goals that are timed.", min=1)] = 40,
    out: bench.OutOption = None,
    as_json: JsonFlag = False,
) -> None:
    """The nodes over DDS in one process: real-time factor, and how soon a goal moves the robot."""
    from robomatrix_nodes import benchmark

    bench.give(benchmark.run(repeats, goals), as_json, out)
