"""From students to the checkpoint folder that ships."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robomatrix.policies.checkpoint import save_checkpoint
from robomatrix.policies.spec import PolicySpec
from robomatrix.robots.loader import load_robot
from robomatrix.scenes.court import RATE
from robomatrix.skills.skillmimic.observation import CLOCK_KNOTS, LABELS, SKILLS, terms
from robomatrix.skills.skillmimic.policy import NAME
from robomatrix.training.skillmimic.distill import Student
from robomatrix.training.skillmimic.dribble import DribbleConfig, DribbleLesson, DribbleStance
from robomatrix.training.skillmimic.reference import Reference


@dataclass(frozen=True, eq=False)
class Expert:
    """The network of one skill."""

    student: Student
    reference: Reference
    """What it was taught to do."""
    period: float
    """After how long its clock begins again [s]."""

    def tensors(self, label: str) -> dict[str, NDArray[np.float32]]:
        """Returns what a checkpoint holds of it: its network, and where tests of it begin.

        An expert that was shown no hoop does not look where there may be one.
        """
        tensors = self.student.tensors()
        unseen = [-CLOCK_KNOTS - 2 + i for i in (0, 1) if tensors["mean"][-CLOCK_KNOTS - 2 + i] == 0.0]
        tensors["w0"] = tensors["w0"].copy()
        tensors["w0"][:, unseen] = 0.0
        starts = {name: state for name, state in start_states(self.reference).items() if name.endswith(label)}
        return {**{f"{label}.{name}": tensor for name, tensor in tensors.items()}, **starts}

    def to_dict(self) -> dict[str, Any]:
        """Returns what the spec says of it."""
        return {"hidden": list(self.student.hidden), "period": self.period}


def start_states(reference: Reference, stance: DribbleStance | None = None) -> dict[str, NDArray[np.float32]]:
    """Returns the states from which tests of each skill begin: frame 2 of its clips, and their standing ends.

    A dribble begins with the ball in the air, or in both hands.
    """
    tensors: dict[str, NDArray[np.float32]] = {}
    starts, last = reference.starts(), reference.last()
    for index in np.unique(reference.label):
        frames = starts[reference.label[starts] == index] + 2
        tensors[f"start_qpos_{SKILLS[index]}"] = reference.qpos[frames].astype(np.float32)
        tensors[f"start_qvel_{SKILLS[index]}"] = reference.qvel[frames].astype(np.float32)
    ends = last[starts]
    tensors["start_qpos_stand"] = reference.qpos[ends].astype(np.float32)
    tensors["start_qvel_stand"] = 0.0 * reference.qvel[ends].astype(np.float32)
    if stance is not None:
        lesson = DribbleLesson(stance, DribbleConfig(worlds=1, apex=(0.9, 0.9)))
        qpos, qvel = lesson.start(1, np.zeros((1, 1)))
        tensors["start_qpos_dribble"] = np.stack([qpos[0], stance.holding]).astype(np.float32)
        tensors["start_qvel_dribble"] = np.stack([qvel[0], 0.0 * qvel[0]]).astype(np.float32)
    return tensors


def export(
    student: Student, reference: Reference, folder: Path, training: Mapping[str, Any],
    stance: DribbleStance | None = None, experts: Mapping[str, Expert] | None = None,
) -> PolicySpec:  # fmt: skip
    """Writes the checkpoint folder: the common student, and the ``experts`` by label."""
    robot, experts = load_robot("player"), experts or {}
    trained = [LABELS[i] for i in np.unique(reference.label)]
    tensors = {**student.tensors(), **start_states(reference, stance)}
    for label, expert in experts.items():
        tensors |= expert.tensors(label)
    spec = PolicySpec(
        family="skillmimic",
        name=NAME,
        robot=robot.name,
        rate=RATE,
        joints=robot.joint_names,
        observation=terms(len(robot.joints)),
        outputs=robot.joint_names,
        action_scale=1.0,
        hidden=student.hidden,
        home=tuple(float(j.home) for j in robot.joints),
        parameters={
            "labels": list(LABELS),
            "trained": [*trained, "stand", *(["dribble"] if stance else []), *experts],
            "experts": {label: expert.to_dict() for label, expert in experts.items()},
        },
        training=training,
    )
    return save_checkpoint(folder, spec, tensors)
