"""Ctrl-C and SIGTERM as a flag. As exceptions they would strike inside the executor, which turns them into crashes."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class Interrupts:
    """Catches both signals while it is entered; outside of the main thread it does nothing."""

    def __init__(self) -> None:
        self._asked = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) is not signal.SIG_IGN:  # as with nohup and in the background
                    self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        while self._before:
            signal.signal(*self._before.popitem())

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._asked = True

    def check(self) -> None:
        """Raises KeyboardInterrupt if one of the signals has come since the last check."""
        if self._asked:
            self._asked = False
            raise KeyboardInterrupt
