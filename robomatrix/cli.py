"""The ``robomatrix`` command. Its commands come from this package and, by entry points, from others.

Human output by default, one JSON object on standard output with ``--json``. Exit code 0 only on success, 1 on failure,
2 on bad usage.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any

import typer

from robomatrix.errors import ConfigurationError, RobomatrixError
from robomatrix.scheduling.planners import DEFAULT

ENTRY_POINT_GROUP = "robomatrix.commands"
"""Each entry is a ``register(app)`` that hangs its commands into the application."""

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
JsonFlag = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


@app.callback()
def describe() -> None:
    """Tell a robot in plain language what to do; learned skills do it, in simulation and on hardware."""


def emit(data: Any, as_json: bool, lines: list[str]) -> None:
    """Prints ``data`` as JSON, or ``lines`` for people."""
    sys.stdout.write((json.dumps(data, ensure_ascii=False) if as_json else "\n".join(lines)) + "\n")


@app.command()
def robots(as_json: JsonFlag = False) -> None:
    """Lists the robots."""
    from robomatrix.robots.loader import load_robot, robot_names

    specs = [load_robot(name) for name in robot_names()]
    data = [{"name": s.name, "text": s.text, "drivers": s.drivers, "scenes": s.scenes} for s in specs]
    emit({"robots": data}, as_json, [f"{s.name:10} {s.text}" for s in specs])


@app.command()
def scenes(as_json: JsonFlag = False) -> None:
    """Lists the simulated scenes."""
    from robomatrix.resources import names

    found = names("config/scenes")
    emit({"scenes": found}, as_json, list(found))


@app.command()
def drivers(as_json: JsonFlag = False) -> None:
    """Lists the drivers."""
    from robomatrix.hardware.registry import driver_names

    found = driver_names()
    emit({"drivers": found}, as_json, list(found))


@app.command()
def skills(
    robot: Annotated[str, typer.Option(help="Whose skills; see `robomatrix robots`.")] = "ep", as_json: JsonFlag = False
) -> None:
    """Lists the skills of a robot with their parameters and conditions."""
    from robomatrix.robots.loader import load_robot
    from robomatrix.skills.registry import registry_for

    specs = [skill.spec for skill in registry_for(load_robot(robot).name)]
    data = [
        {
            "name": s.name,
            "text": s.text,
            "parameters": [{"name": p.name, "type": p.type, "unit": p.unit, "text": p.text} for p in s.parameters],
            "preconditions": [str(c) for c in s.preconditions],
            "effects": [str(c) for c in s.effects],
        }
        for s in specs
    ]
    lines = [f"{s.name}({', '.join(p.name for p in s.parameters)})\n    {s.text}" for s in specs]
    emit({"robot": robot, "skills": data}, as_json, lines)


@app.command()
def plan(
    instruction: Annotated[str, typer.Argument(help="What to do, in plain language.")] = "",
    scene: Annotated[
        str, typer.Option(help="Planning scene: a JSON file, or the name of a simulated scene.")
    ] = "office",
    robot: Annotated[str | None, typer.Option(help="Robot; default: the one the scene names.")] = None,
    planner: Annotated[str, typer.Option(help="Planner: compact, rules, transformers, openai.")] = DEFAULT,
    model: Annotated[str, typer.Option(help="Model of the planner, by name or local folder.")] = "",
    seed: Annotated[int, typer.Option(help="Seed of a simulated scene.")] = 0,
    batch: Annotated[Path | None, typer.Option(help='JSON lines of {"id", "instruction", "scene"}.')] = None,
    out: Annotated[Path | None, typer.Option(help="Where the answers of a batch go; default: standard output.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Plans an instruction; nothing moves, and no ROS is needed."""
    from robomatrix.scheduling.command import PlanCommand

    command = PlanCommand(planner, model or None, robot)
    if batch is not None:
        command.run_batch(batch, out)
        return
    answer = command.run(instruction, command.load_scene(scene, seed))
    steps = [
        f"{i + 1}. {s['skill']}({', '.join(map(str, s['arguments'].values()))})" for i, s in enumerate(answer["steps"])
    ]
    emit(answer, as_json, [f"{answer['status']}: {answer['message']}", *steps])
    if answer["status"] != "ok":
        raise typer.Exit(1)


@app.command()
def doctor(
    robot: Annotated[str | None, typer.Option(help="Also check that this robot can be reached.")] = None,
    driver_options: Annotated[str, typer.Option(help="Where it is, such as '{connection: usb}'.")] = "",
    motion: Annotated[bool, typer.Option("--motion", help="Let it turn a little to find out more.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Checks the machine and says how to mend what is missing."""
    from robomatrix.diagnosis import diagnose

    findings = diagnose(robot, driver_options, motion)
    lines = [
        f"{'ok  ' if f.ok else 'FAIL'} {f.name:22} {f.detail}" + ("" if f.ok else f"\n     {f.remedy}")
        for f in findings
    ]
    data = {"ok": all(f.ok for f in findings), "findings": [vars(f) for f in findings]}
    emit(data, as_json, lines)
    if not data["ok"]:
        raise typer.Exit(1)


def main() -> None:
    """Entry point; errors of ours become one line and exit code 2 (bad usage) or 1."""
    own = {command.callback.__name__ for command in app.registered_commands if command.callback}
    if not own.intersection(sys.argv[1:2]):  # these start without paying for what the others import
        for entry in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda e: e.name):
            entry.load()(app)
    try:
        app()
    except ConfigurationError as error:
        _fail(error, 2)
    except RobomatrixError as error:
        _fail(error, 1)


def _fail(error: RobomatrixError, code: int) -> None:
    if "--json" in sys.argv:
        sys.stdout.write(json.dumps({"error": str(error)}, ensure_ascii=False) + "\n")
    sys.stderr.write(f"robomatrix: {error}\n")
    sys.exit(code)
