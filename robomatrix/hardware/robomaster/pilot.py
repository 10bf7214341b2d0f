"""Keeps the robot doing what was last asked for: sends commands, polls sensors, reconnects; on a thread of its own."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from robomatrix.errors import DriverError
from robomatrix.hardware.driver import Twist
from robomatrix.hardware.robomaster.protocol import Answer
from robomatrix.hardware.robomaster.session import Session
from robomatrix.hardware.robomaster.settings import RobomasterSettings
from robomatrix.hardware.robomaster.telemetry import Telemetry

logger = logging.getLogger(__name__)

Words = tuple[object, ...]
Query = tuple[Words, float, Callable[[Answer], None]]
"""A query to repeat: its words, its period [s], and what takes the answer."""


@dataclass
class Wanted:
    """What the robot shall do; set by the driver, read by the pilot."""

    twist: Twist = Twist()
    stamp: float = 0.0
    """When the last command came, on the monotonic clock [s]."""
    arm: tuple[float, float] | None = None
    """Tip of the arm in the robot's unit."""
    grip: str | None = None
    """``open`` or ``close``."""
    gimbal: tuple[float, float] | None = None
    """Pitch up and yaw right [deg]."""
    shots: int = 0
    """Beads in all."""


@dataclass
class _Poll:
    """A query that is repeated."""

    words: Words
    period: float
    take: Callable[[Answer], None]
    due: float = 0.0
    pending: Future[Answer] | None = None


@dataclass
class Pilot:
    """Drives one robot through one session after the other."""

    open_session: Callable[[], Session]
    settings: RobomasterSettings
    telemetry: Telemetry
    polls: list[Query]
    counts: Counter[str] = field(default_factory=Counter)
    """Reconnections, refused commands and malformed answers since the start."""
    wanted: Wanted = field(default_factory=Wanted)
    session: Session | None = None
    lost: str | None = None
    """Why there is no connection at the moment."""
    fired: int = 0
    """Beads asked for over all sessions."""

    def __post_init__(self) -> None:
        self._polls = [_Poll(words, period, take) for words, period, take in self.polls]
        self._wake, self._stopping, self._lock = threading.Event(), threading.Event(), threading.Lock()
        self._forget()

    def _forget(self) -> None:
        """After a reconnection nothing that was sent before counts as known to the robot."""
        self._sent_twist: Twist | None = None
        self._stop_taken = threading.Event()
        self._sent_at = 0.0
        self._sent: dict[str, object] = {}
        self._sent_arm: tuple[float, float] | None = None
        self._arm_at = 0.0
        for poll in self._polls:
            poll.pending, poll.due = None, 0.0

    def start(self) -> None:
        """Opens the first session and begins to drive; raises DriverError."""
        self.session = self.open_session()
        self._drive(self.session, Twist(), time.monotonic())
        self._thread = threading.Thread(target=self._run, name="ep-pilot", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Sends what is wanted now instead of at the next tick."""
        self._wake.set()

    def halt(self) -> None:
        """Stops base and arm at once, from any thread; what is wanted is forgotten."""
        self.wanted.twist, self.wanted.arm = Twist(), None
        session = self.session
        if session is not None and session.failure is None:
            with self._lock:
                self._send_twist(session, Twist(), time.monotonic())
                if self._sent_arm is not None:
                    self._sent_arm = None
                    self._send(session, "robotic_arm", "stop")

    def close(self) -> None:
        """Stops, leaves SDK mode and lets the connection go; idempotent."""
        self.halt()
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        session, self.session = self.session, None
        if session is not None:
            self._say_goodbye(session)
            session.close()

    def _say_goodbye(self, session: Session) -> None:
        if session.failure is None:
            try:
                session.control.ask("quit")
            except DriverError as error:
                logger.info("leaving without an answer: %s", error)

    def _run(self) -> None:
        period = 1.0 / self.settings.rate
        while not self._stopping.is_set():
            self._wake.wait(period)
            self._wake.clear()
            session = self.session
            if session is None or session.failure is not None:
                self._reconnect(session)
                continue
            with self._lock:
                self._tick(session, time.monotonic())

    def _reconnect(self, broken: Session | None) -> None:
        self.lost = broken.failure if broken is not None else "not connected"
        logger.warning("connection to the robot lost: %s", self.lost)
        if broken is not None:
            broken.close()
        self.session, wait = None, self.settings.first_retry
        self.wanted.twist = Twist()
        while not self._stopping.wait(wait):
            try:
                session = self.open_session()
            except DriverError as error:
                logger.info("reconnecting: %s", error)
                wait = min(2.0 * wait, self.settings.last_retry)
                continue
            self._forget()
            self.counts["reconnected"] += 1
            self.session, self.lost = session, None
            return

    def _tick(self, session: Session, now: float) -> None:
        fresh = now - self.wanted.stamp <= self.settings.deadman
        self._drive(session, self.wanted.twist if fresh else Twist(), now)
        self._move_arm(session, now)
        self._once(session, "grip", self.wanted.grip, self._grip_words)
        self._once(session, "gimbal", self.wanted.gimbal, self._gimbal_words)
        self._shoot(session)
        for poll in self._polls:
            self._poll(session, poll, now)
        self.counts["unanswered"] += session.control.expire()

    def _drive(self, session: Session, twist: Twist, now: float) -> None:
        """Sends the velocity when it changed, and ten times a second while it moves or the stop is not acknowledged."""
        matters = twist != Twist() or not self._stop_taken.is_set()
        if twist != self._sent_twist or (matters and now - self._sent_at > 0.1):
            self._send_twist(session, twist, now)

    def _send_twist(self, session: Session, twist: Twist, now: float) -> None:
        # The SDK's y points right and its yaw turns clockwise.
        x, y, z = float(twist.vx), float(-twist.vy), -math.degrees(twist.wz)
        self._stop_taken.clear()
        taken = self._send(session, "chassis", "speed", "x", x, "y", y, "z", z)
        if twist == Twist():
            taken.add_done_callback(self._note_stop)
        self._sent_twist, self._sent_at = twist, now

    def _note_stop(self, future: Future[Answer]) -> None:
        if future.exception() is None and future.result().accepted:
            self._stop_taken.set()

    def _move_arm(self, session: Session, now: float) -> None:
        target, sent = self.wanted.arm, self._sent_arm
        step = 0.0005 / self.settings.arm_unit
        moved = sent is None or target is None or max(abs(a - b) for a, b in zip(target, sent, strict=True)) > step
        if target is not None and moved and now - self._arm_at >= 0.05:
            self._send(session, "robotic_arm", "moveto", "x", float(target[0]), "y", float(target[1]))
            self._sent_arm, self._arm_at = target, now

    def _once(self, session: Session, key: str, value: object, words: Callable[[], Words]) -> None:
        if value is not None and value != self._sent.get(key):
            self._send(session, *words())
            self._sent[key] = value

    def _grip_words(self) -> Words:
        # A bare number: what clients in the field send and firmware takes, unlike the documented `leve`.
        return ("robotic_gripper", self.wanted.grip, self.settings.gripper_level)

    def _gimbal_words(self) -> Words:
        pitch, yaw = self.wanted.gimbal or (0.0, 0.0)
        return ("gimbal", "moveto", "p", float(pitch), "y", float(yaw), "vp", 180, "vy", 180)

    def _shoot(self, session: Session) -> None:
        count = min(self.wanted.shots - self.fired, 5)
        if count > 0:
            self._send(session, "blaster", "bead", count)
            self._send(session, "blaster", "fire")
            self.fired += count

    def _poll(self, session: Session, poll: _Poll, now: float) -> None:
        if now < poll.due or (poll.pending is not None and not poll.pending.done()):
            return
        poll.due = now + poll.period
        poll.pending = session.control.send(*poll.words)
        poll.pending.add_done_callback(lambda future: self._take(poll, future))

    def _take(self, poll: _Poll, future: Future[Answer]) -> None:
        if future.exception() is not None:
            return
        try:
            poll.take(future.result())
        except DriverError as error:
            self.counts["malformed"] += 1
            poll.due = time.monotonic() + max(10.0 * poll.period, 1.0)
            logger.debug("'%s': %s", " ".join(map(str, poll.words)), error)

    def _send(self, session: Session, *words: object) -> Future[Answer]:
        future = session.control.send(*words)
        future.add_done_callback(lambda done: self._check(words, done))
        return future

    def _check(self, words: Words, future: Future[Answer]) -> None:
        if future.exception() is None and not future.result().accepted:
            self.counts["refused"] += 1
            logger.warning("the robot refuses '%s': %s", " ".join(map(str, words)), future.result().body)
