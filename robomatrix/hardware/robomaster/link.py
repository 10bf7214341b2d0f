"""Connections to the robot: the control channel with its answers, push datagrams, events, discovery."""

from __future__ import annotations

import logging
import socket
import struct
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass

from robomatrix.errors import DriverError
from robomatrix.hardware.robomaster.protocol import (
    Answer,
    AnswerReader,
    Push,
    command,
    parse_broadcast,
    parse_event,
    parse_push,
)

logger = logging.getLogger(__name__)

_MAX_SEQ = 999_999_999


@dataclass(frozen=True)
class _Request:
    text: str
    sent: float
    future: Future[Answer]


class ControlLink:
    """The control channel. Requests may overlap: a stop never waits for the answer to a query.

    Args:
        host: Address of the robot.
        port: Its control port.
        timeout: For connecting and for :meth:`ask` [s].
    """

    def __init__(self, host: str, port: int, timeout: float) -> None:
        self._timeout = timeout
        self.patience = timeout
        """The longest that an answer may take before the link counts as lost [s]."""
        self._sending = threading.Lock()
        self._heard = time.monotonic()
        self._waiting: OrderedDict[int, _Request] = OrderedDict()
        self._lock = threading.Lock()
        self._seq = 0
        self._failure: str | None = None
        try:
            self._socket = socket.create_connection((host, port), timeout=timeout)
        except OSError as error:
            raise DriverError(
                f"no RoboMaster answers at {host}:{port} ({error}); check that it is on, that the connection switch "
                "and this machine's network fit (access point 192.168.2.1, USB 192.168.42.2), that no app is connected"
            ) from None
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # What is unsent when the link is given up must not reach the robot later: reset instead of an orderly end.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._reader = threading.Thread(target=self._read, name="ep-control", daemon=True)
        self._reader.start()

    @property
    def failure(self) -> str | None:
        """Why the link is lost; None while it is alive."""
        silence = self.silence()
        if self._failure is None and silence > self.patience:
            self._failure = f"no answer for {silence:.2f} s"
        return self._failure

    def silence(self) -> float:
        """Returns for how long nothing came although something is waited for [s]."""
        with self._lock:
            oldest = next(iter(self._waiting.values()), None)
        return 0.0 if oldest is None else time.monotonic() - max(oldest.sent, self._heard)

    def expire(self) -> int:
        """Gives up on requests that stay unanswered while others are answered; returns how many."""
        limit = time.monotonic() - 2.0 * self.patience
        with self._lock:
            old = [seq for seq, request in self._waiting.items() if request.sent < limit]
            requests = [self._waiting.pop(seq) for seq in old]
        for request in requests:
            request.future.set_exception(TimeoutError(f"no answer to '{request.text}'"))
        return len(requests)

    def send(self, *words: object) -> Future[Answer]:
        """Sends one command and returns the promise of its answer; a lost link cancels it."""
        future: Future[Answer] = Future()
        with self._lock:
            self._seq = self._seq % _MAX_SEQ + 1
            payload = command(*words, seq=self._seq)
            self._waiting[self._seq] = _Request(payload.decode(), time.monotonic(), future)
        try:
            with self._sending:
                self._socket.sendall(payload)
        except OSError as error:
            self._fail(f"sending failed: {error}")
        return future

    def ask(self, *words: object) -> Answer:
        """Sends one command and waits for its answer; raises DriverError when none comes."""
        future = self.send(*words)
        try:
            return future.result(self._timeout)
        except (FutureTimeout, TimeoutError, ConnectionError):
            text = " ".join(map(str, words))
            raise DriverError(f"the robot did not answer '{text}' within {self._timeout:g} s") from None

    def close(self) -> None:
        """Ends the connection at once; idempotent."""
        self._fail("closed")
        self._reader.join(timeout=1.0)

    def _read(self) -> None:
        reader = AnswerReader()
        self._socket.settimeout(None)
        while self._failure is None:
            try:
                chunk = self._socket.recv(4096)
            except OSError as error:
                self._fail(f"reading failed: {error}")
                return
            if not chunk:
                self._fail("the robot closed the connection")
                return
            self._heard = time.monotonic()
            for answer in reader.feed(chunk):
                self._deliver(answer)

    def _deliver(self, answer: Answer) -> None:
        """Gives an answer to its request; without a sequence number it belongs to the oldest one."""
        with self._lock:
            seq = answer.seq
            if seq is None and self._waiting and _plausible(answer):
                seq = next(iter(self._waiting))
            request = self._waiting.pop(seq, None) if seq is not None else None
        if request is None:
            logger.debug("answer that nobody waits for: %s", answer)
        elif not request.future.done():
            request.future.set_result(answer)

    def _fail(self, reason: str) -> None:
        with self._lock:
            self._failure = self._failure or reason
            waiting, self._waiting = list(self._waiting.values()), OrderedDict()
        for closing in (lambda: self._socket.shutdown(socket.SHUT_RDWR), self._socket.close):
            try:
                closing()
            except OSError:
                logger.debug("socket was closed already")
        for request in waiting:
            if not request.future.done():
                request.future.set_exception(ConnectionError(reason))


def _plausible(answer: Answer) -> bool:
    """Noise on the line is not taken for an answer: words, numbers, points and signs only."""
    return all(c.isalnum() or c in " .-+_" for c in answer.body)


class DatagramReader:
    """Receives datagrams on a bound port and hands on what one robot sent."""

    def __init__(self, host: str, port: int, source: str | None, handle: Callable[[bytes], None]) -> None:
        self._handle, self._source = handle, source
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.settimeout(0.1)
        try:
            self._socket.bind((host, port))
        except OSError as error:
            self._socket.close()
            raise DriverError(
                f"cannot listen on UDP port {port}: {error}; is another RoboMaster client running?"
            ) from None
        self._running = True
        self._thread = threading.Thread(target=self._run, name=f"ep-udp-{port}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops listening; idempotent."""
        self._running = False
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        while self._running:
            try:
                datagram, (address, _) = self._socket.recvfrom(2048)
            except TimeoutError:
                continue
            except OSError as error:
                logger.warning("push channel failed: %s", error)
                return
            if self._source is None or address == self._source:
                self._handle(datagram)


class PushReader:
    """Keeps the newest pushes; malformed datagrams are counted and dropped."""

    def __init__(self, handle: Callable[[Push, float], None]) -> None:
        self._report = handle
        self.malformed = 0

    def __call__(self, datagram: bytes) -> None:
        """Takes one datagram."""
        push = parse_push(datagram)
        if push is None:
            self.malformed += 1
        else:
            self._report(push, time.monotonic())


class EventReader:
    """Reads the event channel on a thread of its own and hands the events on."""

    def __init__(self, host: str, port: int, timeout: float, handle: Callable[[tuple[str, ...]], None]) -> None:
        try:
            self._socket = socket.create_connection((host, port), timeout=timeout)
        except OSError as error:
            raise DriverError(f"the event channel {host}:{port} does not open: {error}") from None
        self._socket.settimeout(None)
        self._handle = handle
        self._thread = threading.Thread(target=self._run, name="ep-event", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops listening; idempotent."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            logger.debug("event channel was closed already")
        self._thread.join(timeout=1.0)
        self._socket.close()

    def _run(self) -> None:
        pending = b""
        while True:
            try:
                chunk = self._socket.recv(1024)
            except OSError:
                return
            if not chunk:
                return
            *whole, pending = (pending + chunk)[-4096:].split(b";")
            for event in filter(None, map(parse_event, whole)):
                self._handle(event)


def discover(port: int, timeout: float) -> str:
    """Waits for the robot to tell its address in station mode; raises DriverError when it stays silent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("", port))
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0.0:
            listener.settimeout(left)
            try:
                datagram, _ = listener.recvfrom(256)
            except TimeoutError:
                break
            address = parse_broadcast(datagram)
            if address is not None:
                return address
    raise DriverError(
        f"no RoboMaster announced itself on UDP port {port} within {timeout:g} s; check that it is in station mode on "
        "this network and that no firewall drops the port, or give its address"
    )
