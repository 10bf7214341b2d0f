"""What ``bench planner`` runs: sets of instructions by name, and the compact planner's parts against each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robomatrix.errors import UnknownNameError
from robomatrix.evaluation.planner import Item, Report, handwritten, run
from robomatrix.scheduling.plan import Planner
from robomatrix.scheduling.planners import make_planner
from robomatrix.scheduling.planners.compact import CompactModel, CompactPlanner, default_model
from robomatrix.skills.registry import registry_for
from robomatrix.skills.spec import SkillSpec

if TYPE_CHECKING:
    from robomatrix.training.planner.frames import Split

HANDWRITTEN = {
    "handwritten": "planner_bench.yaml",
    "crowd": "planner_bench_crowd.yaml",
    "crowd2": "planner_bench_crowd2.yaml",
    "crowd3": "planner_bench_crowd3.yaml",
    "crowd4": "planner_bench_crowd4.yaml",
    "crowd5": "planner_bench_crowd5.yaml",
    "crowd6": "planner_bench_crowd6.yaml",
    "hazards3": "planner_bench_hazards3.yaml",
    "hazards4": "planner_bench_hazards4.yaml",
    "skills": "planner_bench_skills.yaml",
    "partly": "planner_bench_partly.yaml",
    "partly-dev": "planner_bench_partly_dev.yaml",
}
GENERATED: dict[str, Split] = {"generated": "test", "old-frames": "old", "tuning": "tune", "seen-frames": "train"}
SETS = (*HANDWRITTEN, *GENERATED)


def items_of(name: str, count: int, seed: int | None) -> list[Item]:
    """Returns a set of instructions.

    Args:
        name: one of :data:`SETS`.
        count: of the generated sets.
        seed: of the generated sets; None takes the test's own.

    Raises:
        UnknownNameError: there is no such set.
    """
    if name in HANDWRITTEN:
        return handwritten(HANDWRITTEN[name])
    if name not in SETS:
        raise UnknownNameError("set", name, SETS)
    from robomatrix.evaluation.planner_generated import TEST_SEED, generated

    return generated(count, TEST_SEED if seed is None else seed, GENERATED[name])


@cache
def skills_for(robot: str) -> Sequence[SkillSpec]:
    """Returns the skills that a robot offers."""
    return tuple(skill.spec for skill in registry_for(robot))


def score(planner: Planner, items: Sequence[Item]) -> Report:
    """Returns the scores of a planner on a set."""
    return Report(list(run(planner, items, skills_for)))


def variants(model: Path | None) -> Mapping[str, Callable[[], Planner]]:
    """Returns the planners of the ablation: rules, the model without and with its grammar, both together."""
    folder = model or default_model()
    return {
        "rules alone": lambda: make_planner("rules"),
        "model alone, no grammar": lambda: CompactModel(folder, constrained=False),
        "model alone": lambda: CompactModel(folder),
        "both": lambda: CompactPlanner(CompactModel(folder)),
    }


def ablation(items: Sequence[Item], model: Path | None = None) -> dict[str, dict[str, Any]]:
    """Returns the summary of each variant on the same instructions."""
    return {name: score(make(), items).summary() for name, make in variants(model).items()}
