"""Which of several robots takes an instruction: the one that is named, else the first that can."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from robomatrix.errors import PlanningError
from robomatrix.scheduling.plan import PlanResult

_BEFORE = r"^\s*(hey |hello |ok |tell |let |ask |have |the )*"
_ORDER = {"ok": 0, "clarify": 1, "refuse": 2}


def addressed(instruction: str, robots: Iterable[str]) -> tuple[str | None, str]:
    """Returns the robot that an instruction speaks to ("ep, put ...", "tell s1 to ...", "stop, s1"), and what it hears.

    None, with the instruction unchanged, where it speaks to nobody in particular.
    """
    for name in sorted(robots, key=len, reverse=True):
        first = rf"{_BEFORE}{re.escape(name)}( robot)?\s*(,|:|to\b|should\b|must\b)?\s+(?P<told>.*)"
        last = rf"(?P<told>.*\S)\s*,\s*{re.escape(name)}( robot)?\s*[.!]*\s*"
        for pattern in (first, last):
            match = re.fullmatch(pattern, instruction, re.IGNORECASE | re.DOTALL)
            if match:
                return name, match["told"]
    return None, instruction


def preferred(answers: Mapping[str, PlanResult]) -> str:
    """Returns the robot whose answer is the best: the first plan, else the first question, else the first refusal.

    Raises:
        PlanningError: there is no robot.
    """
    if not answers:
        raise PlanningError("no robot is connected")
    return min(answers, key=lambda name: _ORDER[answers[name].status])
