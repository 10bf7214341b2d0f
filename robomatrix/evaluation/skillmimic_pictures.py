"""Pictures of the player's benchmark: the matrix of transitions, and each skill beside the clip it was learnt from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import ConfigurationError
from robomatrix.evaluation.skillmimic import SECONDS, Arena, TrialNoise
from robomatrix.hardware.court import CourtDriver
from robomatrix.hardware.driver import RobotState
from robomatrix.motions.video import Stage, contact_sheet
from robomatrix.robots.loader import load_robot
from robomatrix.scenes.court import RATE
from robomatrix.session import Session
from robomatrix.skills.registry import registry_for
from robomatrix.skills.skillmimic.observation import SKILLS
from robomatrix.skills.skillmimic.policy import PlayerPolicy
from robomatrix.training.skillmimic.pipeline import load_reference
from robomatrix.training.skillmimic.reference import join

Image = NDArray[np.uint8]
CELL = 96
"""Side of a cell of the matrix [pixels]."""
FRAMES = 8
"""Pictures of a skill."""
SEED, FREE = 8103, 0.75
"""Of the court on which a shot is drawn, and how far from the pelvis's axis the ball has left the hands [m]."""
SIDE = 160
"""Side of a picture of a skill [pixels]."""


def heat_map(transitions: Mapping[str, Mapping[str, Any] | None]) -> Image:
    """Returns the matrix of transitions (first skill down, second across), from red at 0 to green at 1."""
    pairs = {tuple(name.split(" -> ")): result for name, result in transitions.items()}
    rows, columns = (sorted({pair[i] for pair in pairs}, key=SKILLS.index) for i in (0, 1))
    image = np.full(((len(rows) + 1) * CELL, (len(columns) + 1) * CELL, 3), 255, np.uint8)
    for j, name in enumerate(columns):
        _write(image, name, 0, j + 1)
    for i, first in enumerate(rows):
        _write(image, first, i + 1, 0)
        for j, second in enumerate(columns):
            result = pairs.get((first, second))
            if result is not None:
                _fill(image, i + 1, j + 1, float(result["rate"]))
    return image


def _fill(image: Image, row: int, column: int, rate: float) -> None:
    colour = np.array([230.0 - 130.0 * rate, 90.0 + 110.0 * rate, 90.0])
    image[row * CELL + 2 : (row + 1) * CELL - 2, column * CELL + 2 : (column + 1) * CELL - 2] = colour.astype(np.uint8)
    _write(image, f"{100 * rate:.0f} %", row, column)


def _write(image: Image, text: str, row: int, column: int) -> None:
    import cv2

    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.5, 1)
    place = (column * CELL + (CELL - width) // 2, row * CELL + (CELL + height) // 2)
    cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (20, 20, 20), 1, cv2.LINE_AA)


def skills_beside_clips(policy: PlayerPolicy, run: Path, labels: Sequence[str]) -> Image:
    """Returns, for each label, a row of the reference and below it a row of what the policy did from the same start.

    Raises:
        ConfigurationError: the run has no references, or none for a label.
    """
    path = run / "reference.npz"
    if not path.exists():
        raise ConfigurationError(f"{path}: no references; `robomatrix train skillmimic --run {run}` makes them")
    made = [run / f"{label}.npz" for label in labels]
    reference = join([load_reference(part)[0] for part in (path, *made) if part.exists()])
    stage = Stage(Arena(policy, 1).model, SIDE, SIDE)
    images: list[Image] = []
    for label in labels:
        starts = reference.starts()
        clips = starts[reference.label[starts] == SKILLS.index(label)]
        if not len(clips):
            raise ConfigurationError(f"{path}: no clip of '{label}'")
        length = int(reference.last()[clips[-1]] - clips[-1])
        steps = np.linspace(0, min(length, int(SECONDS[label] * RATE)) - 3, FRAMES).astype(int)
        images += [stage.draw(reference.qpos[clips[-1] + 2 + step]) for step in steps]
        images += [stage.draw(qpos) for qpos in _rollout(policy, label, steps)]
    stage.close()
    return contact_sheet(images, FRAMES)


def _rollout(policy: PlayerPolicy, label: str, steps: NDArray[np.int_]) -> list[NDArray[np.float64]]:
    """States of an undisturbed trial from the label's last start after given numbers of control steps."""
    arena = Arena(policy, 1)
    qpos, qvel = policy.starts(label)
    arena.place(qpos[-1:].copy(), qvel[-1:].copy(), TrialNoise().scaled(0.0), 0)
    states = [arena.sim.qpos[0].copy()]
    for step in range(int(steps[-1])):
        arena.step(label, step)
        states.append(arena.sim.qpos[0].copy())
    return [states[step] for step in steps]


class _Recording(CourtDriver):
    """The court, with what happened on it."""

    def step(self) -> RobotState:
        state = super().step()
        self.track = [*getattr(self, "track", []), self.data.qpos.copy()]
        return state


def shot_on_court(seed: int) -> Image:
    """Returns four moments of picking the ball up and shooting it by the skills, with the ball's way so far."""
    driver = _Recording(load_robot("player"))
    driver.reset(seed)
    with Session(driver, None, registry_for("player")) as session:
        session.run_skill("pick_up_ball")
        begun = len(driver.track)
        session.run_skill("shoot_ball")
        track = np.array(driver.track)
        stage = Stage(driver.model, 360, 420)
        stage.view.distance, stage.view.azimuth, stage.view.elevation = 5.6, 90.0, -3.0
        stage.aim = np.array([1.2, 0.0, 1.75])
        top, hoop = begun + int(np.argmax(track[begun:, -5])), float(driver.model.body("hoop").pos[2])
        out = int(np.argmax(np.linalg.norm(track[:, -7:-5] - track[:, :2], axis=1)[begun:] > FREE)) + begun
        within = top + int(np.argmax(track[top:, -5] < hoop))
        moments = (begun // 2, out - 3, top, within)
        images = [stage.draw(track[m], balls=track[max(begun, out - 3) : m : 4, -7:-4]) for m in moments]
        stage.close()
    return contact_sheet(images, len(images))


def write_pictures(policy: PlayerPolicy, report: Mapping[str, Any], run: Path, folder: Path) -> None:
    """Writes ``transitions.png``, ``skills.png`` and ``shot.png``; raises as :func:`skills_beside_clips`."""
    import cv2

    folder.mkdir(parents=True, exist_ok=True)
    labels = [label for label in policy.trained if label != "stand"]
    pictures = {"skills": skills_beside_clips(policy, run, labels)}
    if "transitions" in report:
        pictures["transitions"] = heat_map(report["transitions"])
    if "set_shot" in labels:
        pictures["shot"] = shot_on_court(SEED)
    for name, image in pictures.items():
        cv2.imwrite(str(folder / f"{name}.png"), image[:, :, ::-1])
