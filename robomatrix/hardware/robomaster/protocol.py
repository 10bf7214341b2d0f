"""Messages of the RoboMaster plaintext SDK: what the driver sends and how it reads what comes back.

Source: DJI RoboMaster SDK, ``text_sdk/{connection,protocol_api}``. Firmware is known to add stray spaces and to leave a
sequence number or a semicolon out; the reading is lenient about these and about nothing else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from robomatrix.errors import DriverError

ACCEPTED = ("ok", "Already in SDK mode")
"""Answers that mean the command was taken."""

PUSH_RATES = (1, 5, 10, 20, 30, 50)
"""Rates that the robot can report at [Hz]."""

_ANSWER = re.compile(r"^(?P<body>.*?)(?:\s*\bseq\s+(?P<seq>\d{1,9}))?\s*$", re.DOTALL)
_LENGTHS = {"position": 3, "attitude": 3, "status": 11}


@dataclass(frozen=True)
class Ports:
    """Channels of the robot; the two datagram ones are bound on this side."""

    video: int = 40921
    audio: int = 40922
    control: int = 40923
    push: int = 40924
    event: int = 40925
    broadcast: int = 40926


@dataclass(frozen=True)
class Answer:
    """One answer on the control channel."""

    body: str
    seq: int | None = None

    @property
    def accepted(self) -> bool:
        """True for the answers that mean ok."""
        return self.body in ACCEPTED

    def numbers(self, count: int) -> tuple[float, ...]:
        """Returns the first ``count`` values; raises DriverError when there are fewer or one is not finite."""
        values = _finite(self.body.split())
        if values is None or len(values) < count:
            raise DriverError(f"expected {count} numbers from the robot, got '{self.body}'")
        return values[:count]


@dataclass(frozen=True)
class Push:
    """What one datagram reported: values by subject (``position``, ``attitude``, ``status``, ``gimbal``)."""

    values: dict[str, tuple[float, ...]] = field(default_factory=dict)


def command(*words: object, seq: int | None = None) -> bytes:
    """Returns one message; floats are written with three decimals, as the documentation does."""
    text = " ".join(f"{w:.3f}" if isinstance(w, float) else str(w) for w in words)
    return f"{text} seq {seq};".encode() if seq is not None else f"{text};".encode()


class AnswerReader:
    """Cuts the control channel's stream into answers."""

    longest = 512
    """Bytes without a semicolon that are thrown away as noise."""

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, chunk: bytes) -> Iterator[Answer]:
        """Yields the answers that are complete; what is not text is dropped."""
        *whole, self._pending = (self._pending + chunk).split(b";")
        if len(self._pending) > self.longest:
            self._pending = b""
        for raw in whole:
            answer = parse_answer(raw)
            if answer is not None:
                yield answer


def parse_answer(raw: bytes) -> Answer | None:
    """Reads one answer without its semicolon, None when it is empty or not printable text."""
    try:
        text = raw.decode("ascii").strip()
    except UnicodeDecodeError:
        return None
    if not text or not text.isprintable():
        return None
    match = _ANSWER.match(text)
    if match is None:
        return None
    return Answer(match["body"].strip(), None if match["seq"] is None else int(match["seq"]))


def parse_push(datagram: bytes) -> Push | None:
    """Reads one datagram of the push channel, None when any of it is not as documented.

    Several reports may share a datagram, where the later ones leave the object and ``push`` out.
    """
    text = _text(datagram) or ""
    words = text.split()
    if len(words) < 3 or words[0] not in ("chassis", "gimbal") or words[1] != "push":
        return None
    subject = words[0]
    values: dict[str, tuple[float, ...]] = {}
    for part in text.split(";"):
        words = part.split()
        if words[:2] == [subject, "push"]:
            words = words[2:]
        if not words:
            continue
        report = _parse_report(subject, words)
        if report is None:
            return None
        values.update(report)
    return Push(values) if values else None


def _parse_report(subject: str, words: list[str]) -> dict[str, tuple[float, ...]] | None:
    if subject == "gimbal":
        key, length = ("gimbal", 2) if words[0] == "attitude" else ("", 0)
    else:
        key, length = words[0], _LENGTHS.get(words[0], 0)
    values = _finite(words[1:])
    return {key: values} if values is not None and length and len(values) == length else None


def parse_event(raw: bytes) -> tuple[str, ...] | None:
    """Reads one event without its semicolon: the words after ``event`` with the object first, None when malformed."""
    words = (_text(raw) or "").split()
    if len(words) < 3 or words[1] != "event":
        return None
    return (words[0], *words[2:])


def parse_broadcast(datagram: bytes) -> str | None:
    """Returns the address in a ``robot ip`` datagram, None when it is something else."""
    match = re.fullmatch(r"robot ip (\d{1,3}(?:\.\d{1,3}){3})\s*;?\s*", _text(datagram) or "")
    if match is None or any(int(part) > 255 for part in match[1].split(".")):
        return None
    return match[1]


def _text(raw: bytes) -> str | None:
    try:
        return raw.decode("ascii").strip()
    except UnicodeDecodeError:
        return None


def _finite(words: list[str]) -> tuple[float, ...] | None:
    try:
        values = tuple(map(float, words))
    except ValueError:
        return None
    return values if all(map(math.isfinite, values)) else None
