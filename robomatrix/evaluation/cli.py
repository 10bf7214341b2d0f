"""``robomatrix bench``: one sub-command for each suite; a table for people, JSON with ``--json``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from robomatrix.scheduling.planners import DEFAULT

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
        self._task = self._progress.add_task(what, total=None)

    def __enter__(self) -> _Ticker:
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()

    def __call__(self, item: Any) -> None:
        self._progress.advance(self._task)


def give(report: Any, as_json: bool, out: Path | None) -> None:
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
    give(report, as_json, out)


@app.command()
def sabotage(
    runs: Annotated[int, typer.Option(help="Of every pair of case and fault.", min=1)] = 10,
    cases: Cases = "",
    seed: SeedOption = 50_000,
    processes: Processes = 2,
    journal: Annotated[Path | None, typer.Option(help="Keep what is finished here, and go on from it.")] = None,
    out: OutOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Sabotaged runs, of which not one may be reported as a success."""
    from robomatrix.evaluation import sabotage as suite

    names = tuple(filter(None, cases.split(",")))
    chosen = {"cases": names} if names else {}
    with _Ticker("runs", as_json) as tick:
        report = suite.run(**chosen, runs=runs, seed0=seed, processes=processes, on_run=tick, journal=journal)
    give(report, as_json, out)


@app.command()
def faults(
    drivers: Annotated[str, typer.Option(help="Comma-separated drivers.")] = "mujoco,pybullet,mock,robomaster,topics",
    markdown: Annotated[Path | None, typer.Option(help="Also write the table of docs/reliability.md here.")] = None,
    out: OutOption = None,
    as_json: JsonFlag = False,
) -> None:
    """What every fault does on every driver it fits, and how soon the robot is safe."""
    from robomatrix.evaluation import fault_matrix as suite

    with _Ticker("faults", as_json) as tick:
        report = suite.run(tuple(drivers.split(",")), tick)
    if markdown is not None:
        markdown.write_text(report.markdown() + "\n", encoding="utf-8")
    give(report, as_json, out)


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
    name: Annotated[str, typer.Option("--planner", help="Planner: compact, rules, transformers, openai.")] = DEFAULT,
    model: Annotated[str, typer.Option(help="Its model, by name or local folder.")] = "",
    chosen: Annotated[
        str,
        typer.Option(
            "--set",
            help="handwritten, crowd to crowd6, hazards3, hazards4, skills, partly(-dev), generated, old-frames, "
            "tuning, seen-frames.",
        ),
    ] = "handwritten",
    items: Annotated[
        Path | None, typer.Option(help="Instructions with goals instead (JSON lines, as for `plan --batch`).")
    ] = None,
    count: Annotated[int, typer.Option(help="Of generated instructions.", min=1)] = 1000,
    seed: Annotated[int | None, typer.Option(help="Of generated or fuzzed ones; default: the test's own.")] = None,
    ablation: Annotated[bool, typer.Option("--ablation", help="Rules, compact model and both, side by side.")] = False,
    fuzz: Annotated[int, typer.Option(help="Feed so many random and hostile inputs instead of a set.", min=0)] = 0,
    faults: Annotated[bool, typer.Option("--faults", help="Also list what went wrong.")] = False,
    out: OutOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Instructions over all robots, scored by the goal that a symbolic simulation of the plan reaches."""
    from robomatrix.evaluation import planner_suite as suite
    from robomatrix.evaluation.planner import GOOD, external
    from robomatrix.scheduling.planners import make_planner

    if fuzz:
        from robomatrix.evaluation.planner_fuzz import fuzz as feed

        with _Ticker("inputs", as_json) as tick:
            data = feed(make_planner(name, **({"model": model} if model else {})), fuzz, seed or 0, tick).to_json()
    else:
        asked = external(items) if items else suite.items_of(chosen, count, seed)
        if ablation:
            data = suite.ablation(asked, Path(model) if model else None)
        else:
            report = suite.score(make_planner(name, **({"model": model} if model else {})), asked)
            data = report.summary()
            bad = [s for s in report.scored if s.verdict not in GOOD]
            data |= {"faults": [f"{s.verdict.value}: {s.item.instruction}: {s.note}" for s in bad]} if faults else {}
    text = json.dumps({"suite": "planner", "planner": name, "set": chosen, **data}, indent=None if as_json else 1)
    if out is not None:
        out.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")


@app.command("skillblender")
def skillblender(
    robot: Annotated[str, typer.Option(help="Humanoid.")] = "g1",
    names: Annotated[str, typer.Option(help="Comma-separated skills and tasks; default: all that ship.")] = "",
    episodes: Annotated[int, typer.Option(help="Of every primitive.", min=1)] = 200,
    seed: Annotated[int, typer.Option(help="Of the primitives; training used seeds below 1000.")] = 1000,
    compare: Annotated[Path | None, typer.Option(help="Folder of baselines' runs, to measure beside.")] = None,
    pictures: Annotated[Path | None, typer.Option(help="Folder for a clip and a plot of each skill and task.")] = None,
    out: OutOption = None,
    as_json: JsonFlag = False,
) -> None:
    """The humanoid's primitives under pushes, noise and randomisation, and SkillBench's tasks beside the paper's."""
    from robomatrix.evaluation import skillbench, skillblender

    chosen = tuple(filter(None, names.split(",")))
    report = skillbench.report(robot, chosen, compare, pictures)
    primitives = tuple(name for name in chosen if name not in report.tasks)
    if primitives or not chosen:
        report.primitives.update(skillblender.run(robot, primitives, episodes, seed))
        if pictures is not None:
            _film_primitives(robot, primitives, pictures)
    give(report, as_json, out)


def _film_primitives(robot: str, names: tuple[str, ...], folder: Path) -> None:
    from robomatrix.evaluation.humanoid_pictures import SCENES, write_pictures
    from robomatrix.evaluation.skillblender import shipped
    from robomatrix.skills.skillblender.library import load_policy

    for name in names or shipped(robot):
        if name in SCENES:
            write_pictures(load_policy(robot, name), folder)


@app.command("humanoid-sessions")
def humanoid_sessions(
    instruction: Annotated[str, typer.Argument(help="What to do, in plain language.")],
    robot: Annotated[str, typer.Option(help="Humanoid.")] = "g1",
    scene: Annotated[str, typer.Option(help="Where.")] = "plain",
    episodes: Annotated[int, typer.Option(help="Worlds.", min=1)] = 20,
    seed: SeedOption = 100_000,
    out: OutOption = None,
    as_json: JsonFlag = False,
) -> None:
    """An instruction through planner, skills, safety gate and driver, in lockstep."""
    from robomatrix.evaluation.humanoid_sessions import run

    with _Ticker("episodes", as_json) as tick:
        report = run(robot, scene, instruction, range(seed, seed + episodes), tick)
    give(report, as_json, out)


@app.command("humanoid-transfer")
def humanoid_transfer(
    robot: Annotated[str, typer.Option(help="Humanoid.")] = "g1",
    seconds: Annotated[float, typer.Option(help="Of each walk.", min=1.0)] = 20.0,
    out: OutOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Does the walk that was learnt in MuJoCo also walk in PyBullet?"""
    from robomatrix.evaluation.humanoid_transfer import run

    give(run(robot, seconds), as_json, out)


@app.command("dexgen")
def dexgen(
    robot: Annotated[str, typer.Option(help="Hand.")] = "allegro",
    folder: Annotated[Path, typer.Option(help="For grasps and tallies; an interrupted run goes on.")] = Path(
        "runs/dexgen/bench"
    ),
    seconds: Annotated[float, typer.Option(help="Simulated, of each hand in each cell.", min=0.1)] = 60.0,
    seeds: Annotated[int, typer.Option(help="How many.", min=1)] = 1,
    seed: SeedOption = 100_000,
    methods: Annotated[str, typer.Option(help="Comma-separated, such as direct,lowpass:0.15; default: all.")] = "",
    corruptions: Annotated[str, typer.Option(help="Comma-separated; default: all.")] = "",
    policy: Annotated[Path | None, typer.Option(help="Controller's folder; default: the one that ships.")] = None,
    picture: Annotated[Path | None, typer.Option(help="PNG of time to drop against goals a minute.")] = None,
) -> None:
    """Time to drop and goals a minute, assisted and not, under the paper's corruptions and harder faults."""
    from robomatrix.evaluation.dexgen import suite
    from robomatrix.evaluation.dexgen.figures import table
    from robomatrix.robots.loader import load_robot

    settings = suite.SuiteSettings(
        seconds=seconds,
        seeds=tuple(range(seed, seed + seeds)),
        methods=tuple(filter(None, methods.split(","))) or suite.METHODS,
        corruptions=tuple(filter(None, corruptions.split(","))) or tuple(suite.CORRUPTIONS),
    )
    with _Ticker("cells", False) as tick:
        tallies = suite.run(load_robot(robot), settings, folder, policy, report=tick)
    sys.stdout.write(table(tallies, lambda t: f"{t.corruption} {t.method}") + "\n")
    if picture is not None:
        import cv2

        from robomatrix.evaluation.dexgen import pictures

        cv2.imwrite(str(picture), pictures.picture(tallies)[:, :, ::-1])


@app.command("hand-latency")
def hand_latency(
    robot: Annotated[str, typer.Option(help="Hand.")] = "allegro",
    count: Annotated[int, typer.Option(help="Control steps.", min=1)] = 500,
    steps: Annotated[int, typer.Option(help="Of denoising.", min=1)] = 8,
) -> None:
    """Wall and processor time of a control step of the foundation controller on one thread; JSON in milliseconds."""
    import numpy as np

    from robomatrix.evaluation.dexgen.latency import control_step_times
    from robomatrix.robots.loader import load_robot

    taken = 1e3 * control_step_times(load_robot(robot), count, steps)
    figures = {
        kind: {f"p{q}": round(float(np.percentile(taken[:, column], q)), 2) for q in (50, 90, 99)}
        for column, kind in enumerate(("wall", "processor"))
    }
    sys.stdout.write(json.dumps({"steps": steps, "count": count, **figures}) + "\n")


@app.command("rotation")
def rotation(
    robot: Annotated[str, typer.Option(help="Hand.")] = "allegro",
    trials: Annotated[int, typer.Option(help="For every object and way.", min=1)] = 17,
    angle: Annotated[float, typer.Option(help="To the left and to the right [deg].")] = 90.0,
    seed: SeedOption = 100_000,
    out: OutOption = None,
) -> None:
    """Success of turning objects in the hand, palm up, through skill runner and driver; JSON with intervals."""
    from robomatrix.evaluation.dexgen.rotation import summary, turn_trials
    from robomatrix.robots.loader import load_robot

    report = summary(turn_trials(load_robot(robot), trials, seed, (angle, -angle)))
    text = json.dumps(report, indent=1)
    if out is not None:
        out.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")


@app.command("open-palm")
def open_palm(
    robot: Annotated[str, typer.Option(help="Hand.")] = "allegro",
    trials: Annotated[int, typer.Option(help="For every object and attitude.", min=1)] = 10,
    seed: SeedOption = 100_000,
) -> None:
    """Whether an object survives an operator who opens the hand for 2 s, assisted and direct; one line each."""
    from robomatrix.evaluation.dexgen.open_palm import palm_trials
    from robomatrix.robots.loader import load_robot

    found = list(palm_trials(load_robot(robot), trials, seed))
    for attitude, assisted in dict.fromkeys((t.attitude, t.assisted) for t in found):
        group = [t for t in found if (t.attitude, t.assisted) == (attitude, assisted)]
        held, ended = sum(t.held for t in group), sum(t.held and t.finished for t in group)
        way = "assisted" if assisted else "direct"
        sys.stdout.write(f"{attitude} {way}: {held} of {len(group)} held, {ended} to the end\n")


@app.command("translation")
def translation(
    robot: Annotated[str, typer.Option(help="Hand.")] = "allegro",
    trials: Annotated[int, typer.Option(help="For every object and way.", min=1)] = 5,
    distance: Annotated[float, typer.Option(help="[m].", min=0.001, max=0.015)] = 0.01,
    attitude: Annotated[str, typer.Option(help="Where the palm looks: up, sideways or down.")] = "up",
    seed: SeedOption = 100_000,
    out: OutOption = None,
) -> None:
    """Success of shifting objects in the hand through skill runner and driver; JSON with intervals."""
    from robomatrix.evaluation.dexgen.translation import shift_trials, summary
    from robomatrix.robots.loader import load_robot

    report = summary(shift_trials(load_robot(robot), trials, seed, distance, attitude))
    text = json.dumps(report, indent=1)
    if out is not None:
        out.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")


@app.command("skillmimic")
def skillmimic(
    policy: Annotated[Path | None, typer.Option(help="Checkpoint folder; default: the one that ships.")] = None,
    trials: Annotated[int, typer.Option(help="Of each figure.", min=1)] = 100,
    seed: SeedOption = 1000,
    only: Annotated[str | None, typer.Option(help="One part: skills, transitions or pushes.")] = None,
    out: OutOption = None,
    pictures: Annotated[Path | None, typer.Option(help="Folder for pictures; needs --run.")] = None,
    run: Annotated[Path, typer.Option(help="The training's folder, for its references.")] = Path("runs/skillmimic"),
) -> None:
    """Success of the player's skills under noise, switches between skills, and pushes; JSON with intervals."""
    from robomatrix.evaluation.skillmimic import evaluate

    report = evaluate(policy, trials, seed, only)
    text = json.dumps(report, indent=1)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text + "\n", encoding="utf-8")
    if pictures is not None:
        from robomatrix.evaluation.skillmimic_pictures import write_pictures
        from robomatrix.robots.loader import load_robot
        from robomatrix.skills.skillmimic.policy import PlayerPolicy

        write_pictures(PlayerPolicy(load_robot("player"), policy), report, run, pictures)
    sys.stdout.write(text + "\n")
