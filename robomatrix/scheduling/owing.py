"""What a new plan still owes: goals of the one before that it says nothing about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from robomatrix.scheduling.scene import PlanningScene
from robomatrix.scheduling.symbolic import Literal

LASTING = ("on", "open", "holding")
"""Predicates of goals that have to hold in the end."""


def still_owed(before: Sequence[str], asked: PlanningScene, now: Sequence[str], scene: PlanningScene) -> list[str]:
    """Returns the goals of the last plan that the new one says nothing about: what fell beside is not done.

    A thing that was lost from sight and is seen again goes by a new id; it is known by its name.

    Args:
        before: goals of the last plan.
        asked: the scene that it was made for.
        now: goals of the new plan.
        scene: the present one.
    """
    named = {Literal.parse(goal).arguments[:1] for goal in now}
    names = {scene.name_of(*one) for one in named if one}
    owed = []
    for text in before:
        goal = Literal.parse(text)
        if goal.predicate not in LASTING or goal.arguments[:1] in named:
            continue
        name = asked.name_of(goal.arguments[0])
        if scene.entity(goal.arguments[0]) is not None:
            owed.append(text)
        elif name not in names:
            alike = [o.id for o in scene.objects if o.name == name]
            found = alike[0] if len(alike) == 1 else goal.arguments[0]
            owed.append(str(replace(goal, arguments=(found, *goal.arguments[1:]))))
    return owed
