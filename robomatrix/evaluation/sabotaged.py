"""What came of sabotaged runs: the report, and a journal from which an interrupted benchmark goes on."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from robomatrix.errors import ConfigurationError


@dataclass(frozen=True)
class Run:
    """One sabotaged run."""

    case: str
    fault: str
    seed: int
    verdict: str
    """``false success``, ``true success`` (the fault did no harm), ``failure``, ``hung`` or ``unprepared``."""
    message: str
    wall: float
    """[s]."""


@dataclass(frozen=True)
class Report:
    """All sabotaged runs."""

    runs: tuple[Run, ...]
    wall: float
    """[s]."""

    @property
    def counted(self) -> int:
        """Runs in which the fault happened."""
        return sum(run.verdict != "unprepared" for run in self.runs)

    @property
    def reached(self) -> bool:
        """True if nothing hung and no success was a false one."""
        return all(run.verdict not in ("false success", "hung") for run in self.runs)

    def to_json(self) -> dict[str, Any]:
        """Returns plain data: verdicts by case and fault, and every run that went wrong."""
        table: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
        for run in self.runs:
            table[run.case][run.fault][run.verdict] += 1
        wrong = [asdict(run) for run in self.runs if run.verdict in ("false success", "hung")]
        return {
            "suite": "sabotage", "runs": self.counted, "reached": self.reached, "wall_s": round(self.wall, 1),
            "verdicts": table, "wrong": wrong,
        }  # fmt: skip

    def table(self) -> Table:
        """Returns one line for each case and fault, for people."""
        table = Table("case", "fault", "runs", "failed rightly", "no harm", "false success", "hung")
        groups: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for run in self.runs:
            groups[run.case, run.fault][run.verdict] += 1
        for (case, fault), found in groups.items():
            verdicts = [found[v] for v in ("failure", "true success", "false success", "hung")]
            table.add_row(case, fault, str(sum(verdicts)), *map(str, verdicts))
        return table


def write_journal(journal: Path | None, job: tuple[str, int], results: Sequence[Run]) -> None:
    """Adds what came of a path and a seed to the journal, where there is one."""
    if journal is not None:
        journal.parent.mkdir(parents=True, exist_ok=True)
        with journal.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"path": job[0], "seed": job[1], "runs": [asdict(r) for r in results]}) + "\n")


def read_journal(journal: Path | None) -> dict[tuple[str, int], list[Run]]:
    """Returns what earlier calls have finished, by path and seed; ConfigurationError for a damaged file."""
    if journal is None or not journal.exists():
        return {}
    try:
        lines = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
        return {(line["path"], line["seed"]): [Run(**run) for run in line["runs"]] for line in lines}
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"'{journal}' is no journal of this benchmark: {error}") from error
