"""``robomatrix run`` and ``robomatrix up``: the nodes in one process over real DDS."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from robomatrix.cli import JsonFlag, emit
from robomatrix.errors import ConfigurationError
from robomatrix.evaluation import cli as bench
from robomatrix.scheduling.planners import DEFAULT

Robot = Annotated[str, typer.Option(help="Robot; see `robomatrix robots`.")]
Driver = Annotated[str, typer.Option(help="Driver; default: the robot's first, see `robomatrix robots --json`.")]
DriverOptions = Annotated[str, typer.Option(help="Options of the driver, such as '{host: 127.0.0.1}'.")]
Scene = Annotated[str, typer.Option(help="Simulated scene; default: the robot's first that fits.")]
Planner = Annotated[str, typer.Option(help="Planner: compact, rules, transformers, openai.")]
Model = Annotated[str, typer.Option(help="Model of the planner, by name or local folder.")]
Seed = Annotated[int, typer.Option(help="Seed of a simulated scene.")]
Record = Annotated[Path | None, typer.Option(help="Write a recording (.mcap) for Foxglove, PlotJuggler, rosbag2.")]
Snapshots = Annotated[Path | None, typer.Option(help="Folder for recordings of the 30 s before a skill failed.")]
View = Annotated[bool, typer.Option("--view", help="Serve viewers such as Foxglove on this machine.")]
ViewPort = Annotated[int, typer.Option(help="Port for viewers; 0: a free one.", min=0, max=65535)]


LOCKSTEP_TIMEOUT = 0.2
"""Long enough that a planner that thinks does not let the world go on, so that a run repeats exactly [s]."""


def register(app: typer.Typer) -> None:
    """Hangs the commands into the application, and the stack's benchmark beside the others."""
    app.command()(run)
    app.command()(up)
    app.command()(replay)
    bench.app.command("stack")(stack)
    bench.app.command("recovery")(recovery)
    bench.app.command("bringup")(bringup)
    bench.app.command("soak")(soak)
    bench.app.command("stops")(stops)


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
    record: Record = None,
    snapshots: Snapshots = None,
    view: View = False,
    view_port: ViewPort = 8765,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Plan only; nothing moves.")] = False,
    confirm: Annotated[bool, typer.Option("--confirm", help="Show the plan and ask before anything moves.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Brings a robot up, carries one instruction out, and reports plan, steps, durations and success.

    In a terminal the robot's questions ("Which can: the red can or the blue can?") can be answered; elsewhere a
    question ends the run.
    """
    from robomatrix_nodes.run import Manner, Outputs, run_instruction
    from robomatrix_nodes.stack import StackSettings

    settings = StackSettings(
        robot=robot,
        driver=driver,
        driver_options=driver_options,
        scene=scene or ("" if driver else _room(instruction, robot, seed)),
        planner=planner,
        model=model,
        seed=seed,
        speed=speed,
        lockstep_timeout=LOCKSTEP_TIMEOUT,
        record=str(record or ""),
        snapshots=str(snapshots or ""),
        view=view,
        view_port=view_port,
    )
    talks = sys.stdin.isatty() and not as_json
    if confirm and not talks:
        raise ConfigurationError("--confirm asks in a terminal, and there is none here (or --json was given)")
    manner = Manner(dry_run, confirm, as_json, _ask if talks else None)
    report = run_instruction(instruction, settings, Outputs(video, picture), manner)
    emit(report.to_json(), as_json, report.lines())
    if not report.success:
        raise typer.Exit(1)


def _ask(question: str) -> str:
    """Puts a question to the terminal; the end of the input gives up."""
    try:
        return input(f"{question}\n> ")
    except EOFError:
        return ""


def _room(instruction: str, robot: str, seed: int) -> str:
    """Returns the robot's simulated scene in which an instruction makes sense; empty where there is no choice."""
    from robomatrix.robots.loader import load_robot
    from robomatrix.scheduling.simulated import fitting_scene
    from robomatrix.skills.registry import registry_for

    spec = load_robot(robot)
    if len(spec.scenes) < 2:
        return ""
    return fitting_scene(instruction, spec, (skill.spec for skill in registry_for(robot)), seed)


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
    record: Record = None,
    snapshots: Snapshots = None,
    view: View = False,
    view_port: ViewPort = 8765,
) -> None:
    """Brings a robot's nodes up and stays until it is interrupted."""
    from robomatrix_nodes.stack import Stack, StackSettings

    settings: dict[str, Any] = {"robot": robot, "driver": driver, "driver_options": driver_options, "scene": scene}
    settings |= {"planner": planner, "model": model, "record": str(record or ""), "snapshots": str(snapshots or "")}
    settings |= {"view": view, "view_port": view_port}
    try:
        with Stack(StackSettings(**settings, seed=seed, speed=speed, open_network=open_network)) as stack:
            viewers = f"; viewers: ws://127.0.0.1:{stack.recorder.port}" if view else ""
            emit({}, False, [f"{robot} is up in namespace /{robot}{viewers}; Ctrl-C ends it"])
            stack.spin_until(lambda: False)
    except KeyboardInterrupt:
        return


def replay(
    file: Annotated[Path, typer.Argument(help="Recording (.mcap).")],
    video: Annotated[Path | None, typer.Option(help="Write a video with plan and steps as captions (.mp4).")] = None,
    speed: Annotated[float, typer.Option(help="Multiple of the robot's time; 0: as fast as possible.", min=0.0)] = 0.0,
    as_json: JsonFlag = False,
) -> None:
    """Plays a recording into perception and scheduler and compares; or makes a video of it. Nothing moves."""
    from robomatrix_nodes.recording import reader
    from robomatrix_nodes.recording import video as videos
    from robomatrix_nodes.recording.replay import replay as play

    if video is None:
        report = play(file, speed)
        emit(report.to_json(), as_json, report.lines())
        return
    recording = reader.Recording(file)
    frames = videos.film(recording, video)
    lines = [f"wrote {video}, {frames} frames", recording.note]
    emit({"video": str(video), "frames": frames, "note": recording.note}, as_json, list(filter(None, lines)))


def stack(
    repeats: Annotated[int, typer.Option(help="Turns on the spot that are timed.", min=1)] = 5,
    goals: Annotated[int, typer.Option(help="Goals that are timed.", min=1)] = 40,
    out: bench.OutOption = None,
    as_json: JsonFlag = False,
) -> None:
    """The nodes over DDS in one process: real-time factor, and how soon a goal moves the robot."""
    from robomatrix_nodes import benchmark

    bench.give(benchmark.run(repeats, goals), as_json, out)


def recovery(
    victims: Annotated[str, typer.Option(help="Comma-separated nodes; default: all.")] = "",
    repeats: Annotated[int, typer.Option(help="Of every node.", min=1)] = 3,
    out: bench.OutOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Kills one of the nodes' processes while the robot moves: what stops, what is told, what comes back."""
    from robomatrix_nodes import recovery as suite

    names = tuple(filter(None, victims.split(","))) or suite.NODES
    bench.give(suite.run(names, repeats), as_json, out)


def bringup(
    runs: Annotated[int, typer.Option(help="How many in a row.", min=1)] = 200,
    robot: Robot = "ep",
    out: bench.OutOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Brings the nodes up and down, many times in a row: failures, and processes that are left behind."""
    from robomatrix_nodes import bringup as suite

    bench.give(suite.run(runs, robot), as_json, out)


def soak(
    minutes: Annotated[float, typer.Option(help="How long.", min=0.05)] = 60.0,
    out: bench.OutOption = None,
    as_json: JsonFlag = False,
) -> None:
    """The whole stack at work for long, recorded: memory, files, threads and pace."""
    from robomatrix_nodes import soak as suite

    bench.give(suite.run(minutes), as_json, out)


def stops(
    count: Annotated[int, typer.Option(help="Emergency stops; half as many ends of the commands.", min=2)] = 100,
    out: bench.OutOption = None,
    as_json: JsonFlag = False,
) -> None:
    """How soon a robot is told to stand, with every queue full: emergency stop, and when commands cease."""
    from robomatrix_nodes import stops as suite

    bench.give(suite.run(count, count // 2), as_json, out)
