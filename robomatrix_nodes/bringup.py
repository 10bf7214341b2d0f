"""``robomatrix bench bringup``: ``robomatrix up`` and Ctrl-C, many times in a row."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.table import Table

PATIENCE = 60.0
"""How long a process may take to end before it counts as hung [s]."""
MARK = "ROBOMATRIX_RUN"
"""Environment variable by which what a run left behind is found."""


@dataclass
class BringUps:
    """What became of many bring-ups."""

    failures: list[str] = field(default_factory=list)
    left_behind: list[str] = field(default_factory=list)
    """Processes that outlived their run."""
    up: list[float] = field(default_factory=list)
    """From the start of the process until it says it is up [s]."""
    down: list[float] = field(default_factory=list)
    """From the interrupt to the end of the process [s]."""

    @property
    def reached(self) -> bool:
        """Whether none failed and nothing was left behind."""
        return not self.failures and not self.left_behind

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        data: dict[str, Any] = {"suite": "bringup", "reached": self.reached, "runs": len(self.up)}
        for name, seconds in (("up", self.up), ("down", self.down)):
            if seconds:
                data |= {f"{name}_median_s": statistics.median(seconds), f"{name}_worst_s": max(seconds)}
        return {**data, "failures": self.failures, "left_behind": self.left_behind}

    def table(self) -> Table:
        """For people."""
        table = Table("figure", "value")
        for name, value in self.to_json().items():
            table.add_row(name, f"{value:.2f}" if isinstance(value, float) else str(value))
        return table


def run(runs: int, robot: str = "ep", on_run: Callable[[int], None] | None = None) -> BringUps:
    """Brings a robot up and down ``runs`` times in a row; when it is itself interrupted, tells of those so far."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in the background; children would inherit it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    found = BringUps()
    for number in range(runs):
        try:
            _up_and_down(found, f"{os.getpid()}.{number}", robot)
        except KeyboardInterrupt:
            break
        if on_run is not None:
            on_run(number)
    return found


def _up_and_down(found: BringUps, mark: str, robot: str) -> None:
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-c", "from robomatrix.cli import main; main()", "up", "--robot", robot],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, MARK: mark, "PYTHONUNBUFFERED": "1"},
        start_new_session=True,  # Ctrl-C on the benchmark is for the benchmark
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        up, began = time.monotonic() - began, time.monotonic()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        errors = f"it did not end within {PATIENCE:g} s"
    finally:
        process.kill()
        process.wait()
    found.up.append(up)
    found.down.append(time.monotonic() - began)
    if "is up" not in line or process.returncode != 0:
        found.failures.append(f"run {len(found.up)}: exit code {process.returncode}: {errors[-500:]}")
    found.left_behind += _alive(mark)


def _alive(mark: str) -> list[str]:
    """Command lines of processes that carry the mark of a run in their environment."""
    processes = [folder for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    marked = [p for p in processes if f"{MARK}={mark}\0".encode() in _read(p / "environ")]
    return [_read(p / "cmdline").replace(b"\0", b" ").decode(errors="replace") for p in marked]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it ended, or is another user's
        return b""
