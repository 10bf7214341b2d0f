"""Lets the body live in real or scaled time on a thread of its own."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from robomatrix.emulators.ep.body import Body, Image
from robomatrix.emulators.ep.conventions import Faults
from robomatrix.emulators.ep.firmware import Firmware
from robomatrix.errors import RobomatrixError

if TYPE_CHECKING:
    from robomatrix.emulators.ep.server import Settings


Result = TypeVar("Result")


class BodyRunner:
    """Steps the firmware and its body, and keeps the newest image."""

    most_lag = 0.25
    """What cannot be caught up is given up beyond this [s]; the body then runs slower than asked."""

    def __init__(self, build: Callable[[], Body], settings: Settings, faults: Faults) -> None:
        self._build, self._settings, self._faults = build, settings, faults
        self._ready, self._stopping = threading.Event(), threading.Event()
        self._image: Image | None = None
        self._number = 0
        self._fresh = threading.Condition()
        self._failure: Exception | None = None
        self._calls: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="ep-body", daemon=True)
        self.factor = 0.0
        """Simulated per elapsed seconds, over the last second."""

    def start(self) -> None:
        """Builds the body and lets it run; raises what the building raised."""
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Ends the thread; idempotent."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def call(self, action: Callable[[], Result]) -> Result:
        """Runs something between two steps on the body's own thread and returns its result."""
        future: Future[Result] = Future()
        self._calls.put((action, future))
        return future.result(timeout=5.0)

    def next_image(self, after: int, timeout: float) -> tuple[int, Image | None]:
        """Waits for an image newer than number ``after``; returns its number and it, None when none came in time."""
        with self._fresh:
            if not self._fresh.wait_for(lambda: self._number > after, timeout):
                return after, None
            return self._number, self._image

    def _run(self) -> None:
        try:
            self.firmware = Firmware(self._build(), self._settings.conventions, self._faults)
        except Exception as error:  # noqa: BLE001 - handed to the thread that asked for it
            self._failure = error
            return
        finally:
            self._ready.set()
        try:
            self._live()
        finally:
            self.firmware.body.close()

    def _live(self) -> None:
        step, start = self._settings.timestep, time.monotonic()
        due, image_due, mark, ticks = start, start, start, 0
        while not self._stopping.is_set():
            self._serve_calls()
            self.firmware.advance(step)
            ticks += 1
            due += step / self._settings.speed
            now = time.monotonic()
            if now >= image_due:
                self._take_image()
                image_due = max(image_due + 1.0 / self._settings.rate, now)
            if now - mark >= 1.0:
                self.factor, mark, ticks = ticks * step / (now - mark), now, 0
            due = max(due, time.monotonic() - self.most_lag)
            self._stopping.wait(max(0.0, due - time.monotonic()))

    def _serve_calls(self) -> None:
        while not self._calls.empty():
            action, future = self._calls.get()
            try:
                future.set_result(action())
            except RobomatrixError as error:
                future.set_exception(error)

    def _take_image(self) -> None:
        image = self.firmware.body.image()
        if image is None:
            return
        with self._fresh:
            self._image, self._number = image, self._number + 1
            self._fresh.notify_all()
