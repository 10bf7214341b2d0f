"""``robomatrix bench soak``: the whole stack with camera and recorder at work for long; what grows, what fails."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from rclpy.action import ActionClient
from rclpy.node import Node
from rich.table import Table

from robomatrix_interfaces.action import ExecuteTask
from robomatrix_nodes.stack import Stack, StackSettings

DOMAIN = 92
TASKS = (
    "turn left 90 degrees",
    "turn right 90 degrees",
    "look around",
    "turn left 30 degrees",
    "turn right 30 degrees",
)
"""They leave the robot where it was, so that the last hour is like the first."""
WARM_UP = 0.3
"""Share of the time before growth is measured: caches fill, libraries load."""
MOST_GROWTH = 20.0
"""[MiB] of memory, over the time that is measured."""
MIB = 1024 * 1024


@dataclass(frozen=True)
class Sample:
    """The process after a task."""

    wall: float
    """Since the start [s]."""
    memory: float
    """Resident [MiB]."""
    files: int
    threads: int
    factor: float
    """Simulated seconds a second during the task."""


@dataclass(frozen=True)
class Report:
    """What became of the soak."""

    minutes: float
    tasks: int
    failures: tuple[str, ...]
    samples: tuple[Sample, ...]

    @property
    def settled(self) -> tuple[Sample, ...]:
        """The samples after warming up."""
        return tuple(s for s in self.samples if s.wall >= WARM_UP * 60.0 * self.minutes) or self.samples

    @property
    def growth(self) -> float:
        """Memory gained from the first to the last sample that count, on a straight line through them [MiB]."""
        wall = np.array([s.wall for s in self.settled])
        if len(wall) < 3:
            return 0.0
        slope = np.polyfit(wall, [s.memory for s in self.settled], 1)[0]
        return float(slope * (wall[-1] - wall[0]))

    @property
    def reached(self) -> bool:
        """Whether nothing failed and nothing grows."""
        first, last = self.settled[0], self.settled[-1]
        return (
            not self.failures
            and self.growth <= MOST_GROWTH
            and last.files <= first.files + 2
            and last.threads <= first.threads + 1
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        first, last = self.settled[0], self.settled[-1]
        factors = np.percentile([s.factor for s in self.settled], [5, 50])
        return {
            "suite": "soak", "reached": self.reached, "minutes": self.minutes, "tasks": self.tasks,
            "failures": self.failures, "memory_growth_mib": round(self.growth, 2), "memory_mib": round(last.memory, 1),
            "files": (first.files, last.files), "threads": (first.threads, last.threads),
            "factor_median": round(float(factors[1]), 2), "factor_5_percent": round(float(factors[0]), 2),
            "samples": [asdict(s) for s in self.samples[:: max(1, len(self.samples) // 60)]],
        }  # fmt: skip

    def table(self) -> Table:
        """For people."""
        table = Table("figure", "value")
        for name, value in self.to_json().items():
            if name != "samples":
                table.add_row(name, str(value))
        return table


def run(minutes: float, on_task: Callable[[Sample], None] | None = None) -> Report:
    """Carries tasks out one after the other, recorded, for so long; ends early when it is interrupted."""
    samples: list[Sample] = []
    failures: list[str] = []
    began = time.monotonic()
    with TemporaryDirectory() as folder:
        settings = StackSettings(speed=0.0, lockstep_timeout=0.2, domain_id=DOMAIN, record=f"{folder}/soak.mcap")
        with Stack(settings) as stack:
            ask = _Asker(stack)
            try:
                while time.monotonic() - began < 60.0 * minutes:
                    wrong, factor = ask(TASKS[len(samples) % len(TASKS)])
                    failures += [wrong] if wrong else []
                    samples.append(_sample(time.monotonic() - began, factor))
                    if on_task is not None:
                        on_task(samples[-1])
            except KeyboardInterrupt:
                minutes = (time.monotonic() - began) / 60.0
    return Report(minutes, len(samples), tuple(failures), tuple(samples))


def _sample(wall: float, factor: float) -> Sample:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    memory = pages * os.sysconf("SC_PAGE_SIZE") / MIB
    files = sum(1 for _ in Path("/proc/self/fd").iterdir())
    return Sample(round(wall, 1), round(memory, 2), files, threading.active_count(), round(factor, 3))


class _Asker:
    """Asks for one task and waits for its end."""

    def __init__(self, stack: Stack) -> None:
        node = Node("soak", context=stack.context, namespace=stack.settings.robot, use_global_arguments=False)
        stack.nodes.append(node)
        stack.executor.add_node(node)
        self._stack, self._tasks = stack, ActionClient(node, ExecuteTask, "execute_task")
        stack.spin_until(self._tasks.server_is_ready)

    def __call__(self, task: str) -> tuple[str, float]:
        began, stamp = time.monotonic(), self._stack.bridge.stamp
        goal = self._tasks.send_goal_async(ExecuteTask.Goal(instruction=task))
        self._stack.spin_until(goal.done)
        result = goal.result().get_result_async()
        self._stack.spin_until(result.done)
        factor = (self._stack.bridge.stamp - stamp) / (time.monotonic() - began)
        answer = result.result().result
        return ("" if answer.success else f"{task}: {answer.error_msg}"), factor
