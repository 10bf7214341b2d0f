"""``robomatrix bench mobile-manipulation``: every meta-skill and six tasks, acted by camera, judged by the truth."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from multiprocessing import get_context
from typing import Any

from rich.table import Table

from robomatrix.errors import ConfigurationError, RobomatrixError, UnknownNameError
from robomatrix.evaluation import mobile_skills, mobile_tasks
from robomatrix.evaluation.episodes import Case, Episode, Opener, open_mujoco, open_pybullet, play
from robomatrix.evaluation.statistics import wilson
from robomatrix.session import Session

CASES: Mapping[str, type[Case]] = {**mobile_skills.CASES, **mobile_tasks.CASES}
SKILLS = ("move_to", "grasp", "position_over", "release", "open", "close", "shoot", "cross", "turn", "go_to")
TASKS = tuple(mobile_tasks.CASES)
TARGETS = {**dict.fromkeys(SKILLS, 0.95), **dict.fromkeys(TASKS, 0.90)}
"""Success rates that the project asks for."""


def open_robomaster(robot: str, seed: int, overrides: Mapping[str, Any]) -> Session:
    """Opens a session through the real driver and the emulator, in real time: use one process."""
    from robomatrix.evaluation.emulated import open_emulated

    return open_emulated(robot, seed, overrides)


OPENERS: Mapping[str, Opener] = {
    "mujoco": open_mujoco,
    "pybullet": open_pybullet,
    "robomaster": open_robomaster,
}
SPARE = 2
"""At most so many seeds are drawn for every episode that counts: not every scene gets as far as every skill."""


@dataclass(frozen=True)
class Line:
    """The result of one skill or task."""

    case: str
    episodes: int
    successes: int
    rate: float
    low: float
    """Of the 95 % Wilson interval."""
    high: float
    target: float
    false_successes: int
    """The robot claimed success, the truth disagrees."""
    mean_duration: float
    """Of the successes, in simulated time [s]."""


@dataclass(frozen=True)
class Report:
    """All lines, and every episode."""

    lines: tuple[Line, ...]
    episodes: tuple[Episode, ...]
    seed0: int
    driver: str
    wall: float
    """[s]."""

    @property
    def reached(self) -> bool:
        """True if every case reached its target rate."""
        return all(line.rate >= line.target for line in self.lines)

    def to_json(self) -> dict[str, Any]:
        """Returns plain data: the lines, and the episodes that did not succeed in full."""
        return {
            "suite": "mobile-manipulation",
            "driver": self.driver,
            "seed0": self.seed0,
            "wall_s": round(self.wall, 1),
            "reached": self.reached,
            "cases": [asdict(line) for line in self.lines],
            "failures": [asdict(e) for e in self.episodes if not e.success],
        }

    def table(self) -> Table:
        """Returns the lines as a table for people."""
        table = Table("case", "episodes", "success", "95 % interval", "target", "false success", "mean [s]")
        for line in self.lines:
            colour = "green" if line.rate >= line.target else "red"
            table.add_row(
                line.case,
                str(line.episodes),
                f"[{colour}]{line.rate:.1%}[/]",
                f"{line.low:.1%} - {line.high:.1%}",
                f"{line.target:.0%}",
                str(line.false_successes),
                f"{line.mean_duration:.1f}",
            )
        return table


def run(
    cases: Sequence[str] = (*SKILLS, *TASKS),
    episodes: int | None = None,
    seed0: int = 0,
    processes: int = 2,
    driver: str = "mujoco",
    on_episode: Callable[[Episode], None] | None = None,
) -> Report:
    """Runs the benchmark.

    Args:
        cases: names of skills and tasks.
        episodes: of every case that count; 100 for a skill and 50 for a task when missing.
        seed0: the first seed; every case uses the seeds from here on.
        processes: how many episodes run at a time.
        driver: which simulator.
        on_episode: told of every episode as it ends.

    Raises:
        UnknownNameError: there is no such case or driver.
        ConfigurationError: a number is out of range.
    """
    for name in cases:
        if name not in TARGETS:
            raise UnknownNameError("case", name, TARGETS)
    if driver not in OPENERS:
        raise UnknownNameError("driver for this benchmark", driver, OPENERS)
    if processes < 1 or (episodes is not None and episodes < 1) or seed0 < 0:
        raise ConfigurationError("episodes and processes must be at least 1, seed0 at least 0")
    began, played = time.perf_counter(), []
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for name, case in CASES.items():
            wanted = _wanted(name, case, cases, played, episodes)
            for episode in _until_enough(pool, name, wanted, seed0, driver, processes) if wanted else ():
                played.append(episode)
                if on_episode is not None:
                    on_episode(episode)
    kept = [e for e in played if e.case in cases]
    lines = tuple(summarise(name, [e for e in kept if e.case == name]) for name in cases)
    return Report(lines, tuple(kept), seed0, driver, time.perf_counter() - began)


def _wanted(
    name: str, case: type[Case], cases: Sequence[str], played: Sequence[Episode], episodes: int | None
) -> dict[str, int]:
    """Returns how many episodes of what a way through the scenes has to bring; it measures ``move_to`` on the way."""
    number = episodes or (50 if name in TASKS else 100)
    done = Counter(e.case for e in played)
    return {m: number - done[m] for m in case.measures if m in cases and done[m] < number}


def summarise(name: str, episodes: Sequence[Episode]) -> Line:
    """Returns the line of one skill or task."""
    wins = [e for e in episodes if e.success]
    low, high = wilson(len(wins), len(episodes))
    return Line(
        case=name,
        episodes=len(episodes),
        successes=len(wins),
        rate=len(wins) / len(episodes) if episodes else 0.0,
        low=low,
        high=high,
        target=TARGETS[name],
        false_successes=sum(e.claimed and not e.success for e in episodes),
        mean_duration=sum(e.duration for e in wins) / len(wins) if wins else 0.0,
    )


def play_named(name: str, driver: str, last: str, seed: int) -> tuple[Episode, ...]:
    """Plays one scene; runs in a worker process. What the library raises counts as a failure of what was due."""
    try:
        return play(CASES[name](), seed, OPENERS[driver], last)
    except RobomatrixError as error:
        return (Episode(CASES[name].measures[0], seed, False, False, f"{type(error).__name__}: {error}", 0.0),)


def _until_enough(
    pool: ProcessPoolExecutor, name: str, wanted: Mapping[str, int], seed0: int, driver: str, processes: int
) -> Iterator[Episode]:
    """Yields episodes in the order of their seeds until there are enough of each, or the seeds run out."""
    last = next(m for m in reversed(CASES[name].measures) if m in wanted)
    one, seen = partial(play_named, name, driver, last), Counter[str]()
    number = max(wanted.values())
    seeds = iter(range(seed0, seed0 + SPARE * number))
    while any(seen[m] < count for m, count in wanted.items()):
        missing = max(count - seen[m] for m, count in wanted.items())
        batch = list(islice(seeds, min(missing, 4 * processes)))
        if not batch:
            return
        for episodes in pool.map(one, batch):
            seen.update(e.case for e in episodes)
            yield from episodes
