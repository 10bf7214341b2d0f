"""Reads the answer of a server with OpenAI-compatible chat completions, piece by piece, streamed as events or whole."""

from __future__ import annotations

import json
from typing import Any

from robomatrix.errors import PlanningError

_DATA = b"data:"


class PassingError(Exception):
    """A failure that may not happen again."""


class UnfitError(PlanningError):
    """The server did answer, but not with what it was asked for."""


class AnswerReader:
    """Turns bytes, cut anywhere, into the answer's text."""

    def __init__(self) -> None:
        self.ended = False
        """True when the server has said that nothing more will come."""
        self._line = b""
        self._other: list[bytes] = []
        self._streamed = self._finished = False

    def feed(self, chunk: bytes) -> str:
        """Returns the text that a chunk adds.

        Raises:
            PlanningError: this is not the protocol.
            UnfitError: the answer was cut off for its length.
        """
        *lines, self._line = (self._line + chunk).split(b"\n")
        return "".join(self._read(line) for line in lines)

    def close(self) -> str:
        """Returns the text that was still open when the last byte had come.

        Raises:
            PlanningError, UnfitError: as :meth:`feed`.
            PassingError: the answer broke off.
        """
        line, self._line = self._line, b""
        text = self._read(line)
        if not self._streamed:
            return _message(b"\n".join(self._other))
        if not self._finished:
            raise PassingError("the answer broke off")
        return text

    def _read(self, line: bytes) -> str:
        payload = line.removeprefix(_DATA).strip()
        if not line.startswith(_DATA):
            self._other.append(line)
            return ""
        self._streamed = True
        if payload == b"[DONE]":
            self.ended = self._finished = True
        if self.ended or not payload:
            return ""
        choice = _choice(payload)
        self._finished = _is_last(choice) or self._finished
        return _content(choice.get("delta")) or ""


def _message(body: bytes) -> str:
    choice = _choice(body)
    _is_last(choice)
    text = _content(choice.get("message"))
    if text is None:
        raise PlanningError("the server's answer holds no text")
    return text


def _content(message: Any) -> str | None:
    text = message.get("content") if isinstance(message, dict) else None
    return text if isinstance(text, str) else None


def _choice(payload: bytes) -> dict[str, Any]:
    try:
        data = json.loads(payload.decode("utf-8", "replace"))
        choices = data.get("choices") or [{}]
        return dict(choices[0])
    except (ValueError, AttributeError, TypeError, KeyError) as error:
        raise PlanningError(f"the server's answer is not of the protocol: {error}") from None


def _is_last(choice: dict[str, Any]) -> bool:
    reason = choice.get("finish_reason")
    if reason == "length":
        raise UnfitError("the server cut the answer off")
    return reason is not None
