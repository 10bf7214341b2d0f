"""Which of several robots takes an instruction: the one that is named, else the first that can."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from robomatrix.errors import PlanningError
from robomatrix.scheduling.plan import Planner, PlanRequest, PlanResult
from robomatrix.scheduling.scene import PlanningScene
from robomatrix.skills.spec import SkillSpec

_BEFORE = r"^\s*(hey |hello |ok |tell |let |ask |have |the )*"


@dataclass(frozen=True)
class Candidate:
    """A connected robot: what it sees and what it can do."""

    scene: PlanningScene
    skills: Sequence[SkillSpec]


def choose_robot(planner: Planner, instruction: str, robots: Mapping[str, Candidate]) -> tuple[str, PlanResult]:
    """Returns the robot that is to carry an instruction out, and its plan.

    A robot that is spoken to ("ep, put ...", "tell s1 to ...") gets the instruction whether it can or not. Otherwise
    every robot is asked in order; the first plan wins, then the first question, then the first refusal.

    Raises:
        PlanningError: there is no robot.
    """
    if not robots:
        raise PlanningError("no robot is connected")
    named, rest = _addressed(instruction, robots)
    if named is not None:
        return named, _plan(planner, rest, robots[named])
    answers = {name: _plan(planner, instruction, robot) for name, robot in robots.items()}
    order = {"ok": 0, "clarify": 1, "refuse": 2}
    best = min(answers, key=lambda name: order[answers[name].status])
    return best, answers[best]


def _plan(planner: Planner, instruction: str, robot: Candidate) -> PlanResult:
    return planner.plan(PlanRequest(instruction, robot.scene, tuple(robot.skills)))


def _addressed(instruction: str, robots: Mapping[str, Candidate]) -> tuple[str | None, str]:
    """Returns the robot that an instruction speaks to, and what it is told."""
    for name in sorted(robots, key=len, reverse=True):
        pattern = rf"{_BEFORE}{re.escape(name)}( robot)?\s*(,|:|to\b|should\b|must\b)?\s+"
        match = re.match(pattern, instruction, re.IGNORECASE)
        if match:
            return name, instruction[match.end() :]
    return None, instruction
