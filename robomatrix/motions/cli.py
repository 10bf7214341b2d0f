"""``robomatrix motions``: look into clips, retarget them, draw them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(no_args_is_help=True, help="Motion clips: inspect, retarget to a robot, draw as a video.")
Paths = Annotated[list[Path], typer.Argument(help="Clips (.pt BallPlay, .npz neutral) or folders of them.")]
Clip = Annotated[Path, typer.Argument(help="One clip.")]
Robot = Annotated[str, typer.Option(help="Robot to retarget to.")]
Mirror = Annotated[bool, typer.Option("--mirror", help="Exchange left and right.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


def register(application: typer.Typer) -> None:
    """Hangs the commands into the application (entry-point group ``robomatrix.commands``)."""
    application.add_typer(app, name="motions")


@app.command()
def inspect(
    paths: Paths, loops: Annotated[int, typer.Option(help="Loop points to list.")] = 0, as_json: JsonFlag = False
) -> None:
    """Lists what clips hold: skill, length, travel, ball speed, touches before and after relabelling, loop points."""
    from robomatrix.motions.library import find_clips

    rows = [_summary(path, loops) for path in find_clips(paths)]
    if as_json:
        sys.stdout.write(json.dumps({"clips": rows}) + "\n")
        return
    for row in rows:
        sys.stdout.write(_line(row) + "\n")


def _summary(path: Path, loops: int) -> dict[str, Any]:
    import numpy as np

    from robomatrix.motions.edit import loop_points, relabel_contact, runs
    from robomatrix.motions.library import load_clip

    clip = load_clip(path)
    pelvis = clip.body("Pelvis")
    found = loop_points(clip, count=loops) if loops else []
    return {
        "file": str(path),
        "label": clip.label,
        "frames": len(clip),
        "seconds": round(clip.duration, 2),
        "travel": round(float(np.linalg.norm(pelvis[-1, :2] - pelvis[0, :2])), 2),
        "fastest_ball": round(float(np.linalg.norm(clip.ball_velocity(), axis=1).max()), 1),
        "touches": runs(clip.contact),
        "relabelled": runs(relabel_contact(clip).contact),
        "loops": [(p.start, p.stop, round(p.body_error, 3), round(p.ball_error, 3)) for p in found],
    }


def _line(row: dict[str, Any]) -> str:
    text = f"{row['file']}: {row['label']}, {row['seconds']} s, travels {row['travel']} m"
    text += f", ball up to {row['fastest_ball']} m/s"
    loops = "".join(f"\n  loop {a}-{b}: body {x} m, ball {y} m" for a, b, x, y in row["loops"])
    return f"{text}, touches {row['touches']} (relabelled {row['relabelled']}){loops}"


@app.command()
def retarget(
    clip: Clip,
    out: Annotated[Path, typer.Option(help="Motion file to write (.npz).")],
    robot: Robot = "player",
    mirror: Mirror = False,
) -> None:
    """Retargets a clip to a robot by inverse kinematics and writes joint angles, ball and contacts."""
    from robomatrix.motions.retarget import save_motion

    _, motion = _retargeted(clip, robot, mirror)
    save_motion(motion, out)
    errors = f"points {1000 * motion.body_error:.0f} mm off, grip {1000 * motion.hold_error:.1f} mm"
    sys.stdout.write(f"{out}: {len(motion)} frames, {errors}\n")


@app.command()
def play(
    clip: Clip,
    out: Annotated[Path, typer.Option(help="Video to write (.mp4).")],
    robot: Robot = "player",
    mirror: Mirror = False,
    every: Annotated[int, typer.Option(min=1, help="Draw every n-th frame.")] = 2,
) -> None:
    """Draws a clip's skeleton beside the robot that follows it."""
    from robomatrix.motions.video import comparison, write_video
    from robomatrix.scenes.court import build_model

    source, motion = _retargeted(clip, robot, mirror)
    images = comparison(source, motion, build_model(robot), range(0, len(motion), every))
    write_video(images, out, motion.rate / every)
    sys.stdout.write(f"{out}: {len(images)} pictures\n")


def _retargeted(path: Path, robot: str, mirrored: bool) -> tuple[Any, Any]:
    from robomatrix.motions.edit import mirror, relabel_contact
    from robomatrix.motions.library import load_clip
    from robomatrix.motions.retarget import mapping_for, retarget
    from robomatrix.resources import share

    mapping = mapping_for(robot)
    clip = relabel_contact(load_clip(path))
    clip = mirror(clip) if mirrored else clip
    return clip, retarget(clip, mapping, share())
