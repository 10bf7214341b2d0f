"""``robomatrix bench``: one sub-command for each suite; a table for people, JSON with ``--json``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, TaskID

app = typer.Typer(help="Measure: success rates with confidence intervals, latencies, faults.", no_args_is_help=True)
JsonFlag = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
OutOption = Annotated[Path | None, typer.Option(help="Also write the JSON report to this file.")]
SeedOption = Annotated[int, typer.Option(help="First seed; development used seeds below 100000.")]
Processes = Annotated[int, typer.Option(help="Worker processes.", min=1)]
Cases = Annotated[str, typer.Option(help="Comma-separated cases; default: all of the suite.")]


def register(application: typer.Typer) -> None:
    """Hangs ``bench`` into the ``robomatrix`` command."""
    application.add_typer(app, name="bench")


class _Ticker:
    """Counts what is finished on standard error while a suite runs."""

    def __init__(self, what: str, quiet: bool) -> None:
        self._progress = Progress(console=Console(file=sys.stderr, quiet=quiet), transient=True)
        self._task: TaskID = self._progress.add_task(what, total=None)

    def __enter__(self) -> _Ticker:
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()

    def __call__(self, item: Any) -> None:
        self._progress.advance(self._task)


def _give(report: Any, as_json: bool, out: Path | None) -> None:
    """Prints and writes a report; exit code 1 where it misses its targets."""
    data = report.to_json()
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    if as_json:
        sys.stdout.write(json.dumps(data) + "\n")
    else:
        Console().print(report.table())
    if not report.reached:
        raise typer.Exit(1)


@app.command("mobile-manipulation")
def mobile_manipulation(
    cases: Cases = "",
    episodes: Annotated[int, typer.Option(help="Of every case; 0: 100 for a skill, 50 for a task.")] = 0,
    seed: SeedOption = 100_000,
    processes: Processes = 2,
    driver: Annotated[str, typer.Option(help="Simulator.")] = "mujoco",
    out: OutOption = None,
    as_json: JsonFlag = False,
) -> None:
    """The meta-skills and the six tasks, perceived through the camera."""
    from robomatrix.evaluation import mobile_manipulation as suite

    names = tuple(filter(None, cases.split(","))) or (*suite.SKILLS, *suite.TASKS)
    with _Ticker("episodes", as_json) as tick:
        report = suite.run(names, episodes or None, seed, processes, driver, tick)
    _give(report, as_json, out)


@app.command()
def sabotage(
    runs: Annotated[int, typer.Option(help="Of every pair of case and fault.", min=1)] = 10,
    cases: Cases = "",
    seed: SeedOption = 50_000,
    processes: Processes = 2,
    out: OutOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Sabotaged runs, of which not one may be reported as a success."""
    from robomatrix.evaluation import sabotage as suite

    names = tuple(filter(None, cases.split(",")))
    chosen = {"cases": names} if names else {}
    with _Ticker("runs", as_json) as tick:
        report = suite.run(**chosen, runs=runs, seed0=seed, processes=processes, on_run=tick)
    _give(report, as_json, out)


@app.command()
def faults(
    drivers: Annotated[str, typer.Option(help="Comma-separated drivers.")] = "mujoco,pybullet,mock,robomaster",
    out: OutOption = None,
    as_json: JsonFlag = False,
) -> None:
    """What every fault does on every driver it fits, and how soon the robot is safe."""
    from robomatrix.evaluation import fault_matrix as suite

    with _Ticker("faults", as_json) as tick:
        report = suite.run(tuple(drivers.split(",")), tick)
    _give(report, as_json, out)


@app.command()
def hardware(
    quick: Annotated[bool, typer.Option("--quick", help="A tenth of everything.")] = False, out: OutOption = None
) -> None:
    """The EP driver against its emulator: latencies, cuts, losses, soak, fuzzing. Prints JSON."""
    from robomatrix.evaluation import hardware as suite

    text = json.dumps(suite.report(quick), indent=1)
    if out is not None:
        out.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")


@app.command()
def planner(
    name: Annotated[str, typer.Option("--planner", help="Planner.")] = "rules",
    model: Annotated[str, typer.Option(help="Its model, by name or local folder.")] = "",
    items: Annotated[
        Path | None, typer.Option(help="Instructions with goals (YAML); default: the shipped ones.")
    ] = None,
    out: OutOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Hand-written instructions over all robots, scored by the goal that a symbolic simulation reaches."""
    from robomatrix.evaluation import planner as suite
    from robomatrix.scheduling.planners import make_planner
    from robomatrix.skills.registry import registry_for

    def skills_for(robot: str) -> list[Any]:
        return [skill.spec for skill in registry_for(robot)]

    chosen = make_planner(name, **({"model": model} if model else {}))
    asked = suite.external(items) if items else suite.handwritten()
    summary = suite.Report(list(suite.run(chosen, asked, skills_for))).summary()
    text = json.dumps({"suite": "planner", "planner": name, **summary}, indent=None if as_json else 1)
    if out is not None:
        out.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")
