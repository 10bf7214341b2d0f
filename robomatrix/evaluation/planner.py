"""``bench planner``: instructions with goals, scored by what a symbolic simulation of their plans reaches."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from robomatrix.errors import ConfigurationError
from robomatrix.scheduling.data import read_yaml
from robomatrix.scheduling.language.questions import question
from robomatrix.scheduling.plan import Planner, PlanRequest, PlanResult, PlanStep
from robomatrix.scheduling.scene import PlanningScene
from robomatrix.scheduling.symbolic import Literal, SymbolicState, simulate
from robomatrix.scheduling.validator import planned
from robomatrix.skills.spec import SkillSpec

SkillsFor = Callable[[str], Sequence[SkillSpec]]
"""Robot name -> the skills it offers."""


class Verdict(Enum):
    """What became of an instruction."""

    REACHED = "reached"
    RIGHTLY_DECLINED = "rightly asked or refused"
    ASKED = "asked"
    REFUSED = "refused"
    WRONG = "wrong but executed"


GOOD = (Verdict.REACHED, Verdict.RIGHTLY_DECLINED)


@dataclass(frozen=True)
class Item:
    """An instruction and what it should lead to."""

    instruction: str
    scene: PlanningScene
    goals: tuple[tuple[str, ...], ...] = ()
    """Alternatives, each a conjunction of literals."""
    decline: bool = False
    """A question or a refusal is right."""
    steps: tuple[str, ...] = ()
    """Steps that must occur, in this order, with at least these arguments."""
    moved: frozenset[str] = frozenset()
    """Objects that may move besides those of the goal; ``*`` for any."""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scored:
    """An item, what the planner said and how good that is."""

    item: Item
    result: PlanResult
    verdict: Verdict
    seconds: float
    note: str = ""


@dataclass
class Report:
    """All scores of a run."""

    scored: list[Scored] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """Returns counts, rates and latencies as plain data."""
        counts = Counter(s.verdict.value for s in self.scored)
        times = sorted(s.seconds for s in self.scored)
        total = max(len(times), 1)
        return {
            "instructions": len(times),
            **{verdict.value: counts.get(verdict.value, 0) for verdict in Verdict},
            "good": sum(s.verdict in GOOD for s in self.scored) / total,
            "wrong": counts.get(Verdict.WRONG.value, 0) / total,
            "latency_p50_ms": 1e3 * times[len(times) // 2] if times else 0.0,
            "latency_p95_ms": 1e3 * times[min(int(0.95 * len(times)), len(times) - 1)] if times else 0.0,
            "by_tag": {tag: rate for tag, rate in sorted(self._by_tag().items())},
        }

    def _by_tag(self) -> dict[str, float]:
        tags = {tag for s in self.scored for tag in s.item.tags}
        groups = {tag: [s for s in self.scored if tag in s.item.tags] for tag in tags}
        return {tag: sum(s.verdict in GOOD for s in group) / len(group) for tag, group in groups.items()}


def run(planner: Planner, items: Iterable[Item], skills_for: SkillsFor) -> Iterator[Scored]:
    """Yields the score of each item as it is planned and validated."""
    for item in items:
        skills = tuple(skills_for(item.scene.robot.name))
        request = PlanRequest(item.instruction, item.scene, skills)
        started = time.perf_counter()
        result = planned(planner, request)
        seconds = time.perf_counter() - started
        verdict, note = judge(item, result, {spec.name: spec for spec in skills})
        yield Scored(item, result, verdict, seconds, note)


def judge(item: Item, result: PlanResult, skills: Mapping[str, SkillSpec]) -> tuple[Verdict, str]:
    """Returns how good a result is, and why it is not better."""
    if result.status != "ok":
        if item.decline:
            return Verdict.RIGHTLY_DECLINED, ""
        return (Verdict.ASKED if result.status == "clarify" else Verdict.REFUSED), result.message
    if not item.goals and item.decline:
        if not result.steps and question(item.instruction) is not None:
            return Verdict.RIGHTLY_DECLINED, "answered in words"
        return Verdict.WRONG, "should have been asked or refused"
    simulation = simulate(item.scene, skills, result.steps)
    if simulation.diagnostics:
        return Verdict.WRONG, str(simulation.diagnostics[0])
    missing = _missing(item, simulation.states)
    if missing:
        return Verdict.WRONG, f"not reached: {', '.join(missing)}"
    stray = _stray(item, simulation.final)
    if stray:
        return Verdict.WRONG, f"moved as well: {', '.join(stray)}"
    if not _in_order(item.steps, result.steps):
        return Verdict.WRONG, f"steps {', '.join(map(str, result.steps))}"
    return Verdict.REACHED, ""


def _missing(item: Item, states: Sequence[SymbolicState]) -> list[str]:
    """Returns what the nearest alternative lacks at the end; passing through a place on the way does not count."""
    lacking = [[text for text in goals if not states[-1].holds(Literal.parse(text))] for goals in item.goals]
    return min(lacking, key=len, default=[])


def _stray(item: Item, final: SymbolicState) -> list[str]:
    if "*" in item.moved:
        return []
    named = {argument for goals in item.goals for text in goals for argument in Literal.parse(text).arguments}
    before = SymbolicState.of(item.scene)
    changed = [o.id for o in item.scene.objects if _whereabouts(before, o.id) != _whereabouts(final, o.id)]
    return [id_ for id_ in changed if id_ not in named | item.moved]


def _whereabouts(state: SymbolicState, object_id: str) -> str | None:
    return "gripper" if state.holding == object_id else state.resting.get(object_id)


def _in_order(wanted: Sequence[str], steps: Sequence[PlanStep]) -> bool:
    position = 0
    for step in steps:
        if position < len(wanted) and _same(wanted[position], step):
            position += 1
    return position == len(wanted)


def _same(wanted: str, step: PlanStep) -> bool:
    name, _, rest = wanted.partition("(")
    pairs = [part.split("=") for part in rest.rstrip(")").split(",") if part]
    return name == step.skill and all(_equal(step.arguments.get(k.strip()), v.strip()) for k, v in pairs)


def _equal(value: object, text: str) -> bool:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return abs(value - float(text)) < 1e-3
    return str(value) == text


# --- sources of instructions -----------------------------------------------------------------------------------------


def handwritten(file: str = "planner_bench.yaml") -> list[Item]:
    """Returns a shipped hand-written set."""
    data = read_yaml(file)
    scenes = {name: PlanningScene.parse(scene, f"{file}: {name}") for name, scene in data["scenes"].items()}
    return [_item(entry, scenes[entry["scene"]]) for entry in data["items"]]


def external(path: Path) -> list[Item]:
    """Returns instructions from JSON lines: ``id, instruction, scene`` as for ``plan --batch``, and how to score.

    A line may hold ``goal`` (list of literals), ``any`` (list of such lists), ``ask`` (true) and ``moved``.

    Raises:
        ConfigurationError: a line is not JSON or lacks something; the message names the line.
    """
    items = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            scene = PlanningScene.parse(entry["scene"], f"{path}:{number}")
            items.append(_item({**entry, "say": entry["instruction"], "scene": entry.get("id", "external")}, scene))
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(f"{path}:{number}: {type(error).__name__} {error}") from None
    return items


def _item(entry: Mapping[str, Any], scene: PlanningScene) -> Item:
    goals = [tuple(goals) for goals in entry.get("any", ())]
    if "goal" in entry:
        goals.append(tuple(entry["goal"]))
    moved = entry.get("moved", ())
    return Item(
        entry["say"],
        scene,
        tuple(goals),
        bool(entry.get("ask")),
        tuple(entry.get("steps", ())),
        frozenset([moved] if isinstance(moved, str) else moved),
        (str(entry["scene"]), *entry.get("tags", ())),
    )
