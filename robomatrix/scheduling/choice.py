"""Which of several robots takes an instruction: the one that is named, else the first that can."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from robomatrix.errors import PlanningError
from robomatrix.scheduling.plan import PlanResult

_BEFORE = r"^\s*(hey |hello |ok |tell |let |ask |have |the )*"
_ORDER = {"ok": 0, "clarify": 1, "refuse": 2}


def addressed(instruction: str, robots: Iterable[str]) -> tuple[str | None, str]:
    """Returns the robot that an instruction speaks to ("ep, put ...", "tell s1 to ..."), and what it is told.

    None, with the instruction unchanged, where it speaks to nobody in particular.
    """
    for name in sorted(robots, key=len, reverse=True):
        pattern = rf"{_BEFORE}{re.escape(name)}( robot)?\s*(,|:|to\b|should\b|must\b)?\s+"
        match = re.match(pattern, instruction, re.IGNORECASE)
        if match:
            return name, instruction[match.end() :]
    return None, instruction


def preferred(answers: Mapping[str, PlanResult]) -> str:
    """Returns the robot whose answer is the best: the first plan, else the first question, else the first refusal.

    Raises:
        PlanningError: there is no robot.
    """
    if not answers:
        raise PlanningError("no robot is connected")
    return min(answers, key=lambda name: _ORDER[answers[name].status])
