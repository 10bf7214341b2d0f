"""Says in a sentence what a plan brings about."""

from __future__ import annotations

from collections.abc import Sequence

from robomatrix.scheduling.plan import PlanStep
from robomatrix.scheduling.scene import START, PlanningScene
from robomatrix.scheduling.symbolic import Literal


def sentence(scene: PlanningScene, goals: Sequence[Literal], steps: Sequence[PlanStep]) -> str:
    """Returns what will be so when the plan is done."""
    if not steps:
        return "Nothing to do: it is so already."
    said = [part for goal in goals if (part := _said(scene, goal))]
    return f"Then {_joined(said)}." if said else f"{len(steps)} step{'s' if len(steps) > 1 else ''}."


def _said(scene: PlanningScene, goal: Literal) -> str:
    names = ["the start" if a == START else f"the {scene.name_of(a)}" for a in goal.arguments]
    match goal.predicate, goal.negated:
        case "on", False:
            return f"{names[0]} is at {names[1]}"
        case "holding", False:
            return f"I hold {names[0]}"
        case "open", negated:
            return f"{names[0]} is {'closed' if negated else 'open'}"
        case "at", False:
            return f"I am at {names[0]}"
        case "crossed", False:
            return f"I have crossed {names[0]}"
        case "shot", False:
            return f"{names[0]} has been hit"
        case _:
            return ""


def _joined(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]
