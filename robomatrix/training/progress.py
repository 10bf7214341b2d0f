"""A progress bar with the expected end and the figures that tell whether learning goes well."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from robomatrix.training.ppo import Progress as Standing


class Bar:
    """Shows a training on standard error; a context manager."""

    def __init__(self, samples: int, quiet: bool = False) -> None:
        """Expects ``samples`` control steps in all; ``quiet`` shows nothing."""
        columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        note = TextColumn("{task.fields[note]}")
        self._progress = Progress(*columns, note, console=Console(stderr=True), disable=quiet)
        self._task = self._progress.add_task("training", total=samples, note="")

    def update(self, progress: Standing, log: dict[str, float]) -> None:
        """Moves the bar to where the training stands."""
        rate = progress.samples / max(progress.seconds, 1e-9)
        note = f"{rate:,.0f} samples/s, episode {log.get('episode', float('nan')):.0f} steps"
        self._progress.update(self._task, completed=progress.samples, note=note)

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
