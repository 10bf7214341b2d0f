"""Any server with OpenAI-compatible chat completions: vLLM, Ollama, llama.cpp, a cloud.

Answers are streamed and bounded in time and size on our side; a server may be slow, break off, or never end. Each is
listened to on a thread of its own, so that nobody waits for a server past the deadline. Whether the server enforces a
JSON Schema is found out with a question whose natural answer would break the schema; some servers accept the parameter
and ignore it. Either way every answer is read and validated here. The key comes from the environment only.
"""

from __future__ import annotations

import json
import os
import queue
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Thread
from typing import TYPE_CHECKING, Any

from robomatrix.errors import PlanningError
from robomatrix.scheduling.planners.model import Completion, ModelPlanner
from robomatrix.scheduling.planners.streaming import AnswerReader, PassingError, UnfitError
from robomatrix.scheduling.prompt import Message

if TYPE_CHECKING:
    from openai import OpenAI

KEY_VARIABLE = "OPENAI_API_KEY"
URL_VARIABLE = "OPENAI_BASE_URL"
_MAX_BYTES = 2_000_000
_MAX_TOKENS = 2048
_PROBE_SECONDS = 10.0
_PROBE_SCHEMA = {
    "type": "object",
    "properties": {"token": {"type": "string", "enum": ["zq7"]}},
    "required": ["token"],
    "additionalProperties": False,
}
_PROBE = [{"role": "user", "content": "Write one short sentence of plain prose about the sea."}]


@dataclass
class OpenAIBackend:
    """One model on one server."""

    model: str
    base_url: str | None = None
    """None takes the environment's, else the client's default."""
    connect_timeout: float = 5.0
    """[s]"""
    read_timeout: float = 20.0
    """Longest silence of the server [s]."""
    attempts: int = 3
    """Requests for one answer, when the server fails in a way that may pass."""
    pause: float = 0.5
    """Before the second request, doubled before each further one [s]."""
    progress: Callable[[str], None] | None = None
    """Told of each piece of the answer's text as it comes in."""
    _enforces: bool | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """For the audit log."""
        return f"openai:{self.model}"

    def load(self) -> None:
        """Imports the client, which takes a moment; sends nothing."""
        _ = self._client

    @cached_property
    def _client(self) -> OpenAI:
        import openai

        url = self.base_url or os.environ.get(URL_VARIABLE)
        key = os.environ.get(KEY_VARIABLE) or "none"  # local servers take any
        timeout = openai.Timeout(self.read_timeout, connect=self.connect_timeout)
        return openai.OpenAI(api_key=key, base_url=url, timeout=timeout, max_retries=0)

    def complete(self, told: Sequence[Message], schema: dict[str, Any], deadline: float) -> Completion:
        """Returns the server's answer. Raises PlanningError if there is none in time or the server refuses."""
        enforced = self.enforces_schema(deadline)
        asked = list(told) if enforced else [*told, _asked_for_json(schema)]
        return Completion(self._answer(asked, schema if enforced else None, deadline))

    def enforces_schema(self, deadline: float | None = None) -> bool:
        """Returns whether the server holds its answers to a schema; asks it until there was an answer, then no more."""
        if self._enforces is None:
            latest = time.monotonic() + _PROBE_SECONDS
            self._enforces = self._probe(min(latest, deadline) if deadline else latest)
        return bool(self._enforces)

    def _probe(self, deadline: float) -> bool | None:
        """Returns what the server does with a schema, None if it did not come to answering."""
        try:
            return json.loads("".join(self._pieces(_PROBE, _PROBE_SCHEMA, deadline))) == {"token": "zq7"}
        except (UnfitError, ValueError):
            return False
        except (PlanningError, PassingError):
            return None

    def _answer(self, told: Sequence[Message], schema: dict[str, Any] | None, deadline: float) -> str:
        pause = self.pause
        for attempt in range(self.attempts):
            try:
                return self._told_of(self._pieces(told, schema, deadline))
            except PassingError as error:
                last = attempt + 1 == self.attempts or time.monotonic() + pause >= deadline
                if last:
                    raise PlanningError(f"{self.model}: {error}") from None
                time.sleep(pause)
                pause *= 2.0
        raise PlanningError(f"{self.model}: no answer")

    def _told_of(self, pieces: Iterator[str]) -> str:
        text = []
        for piece in pieces:
            text.append(piece)
            if self.progress is not None:
                self.progress(piece)
        return "".join(text)

    def _pieces(self, told: Sequence[Message], schema: dict[str, Any] | None, deadline: float) -> Iterator[str]:
        """Yields the text of an answer as it comes in; PlanningError at the deadline, whatever the server does."""
        said: queue.SimpleQueue[str | Exception | None] = queue.SimpleQueue()
        Thread(target=self._listen, args=(told, schema, deadline, said), name="openai", daemon=True).start()
        while True:
            try:
                piece = said.get(timeout=max(deadline - time.monotonic(), 0.0))
            except queue.Empty:
                raise PlanningError(f"{self.model}: the answer did not end in time") from None
            if piece is None:
                return
            if isinstance(piece, Exception):
                raise piece
            yield piece

    def _listen(
        self,
        told: Sequence[Message],
        schema: dict[str, Any] | None,
        deadline: float,
        said: queue.SimpleQueue[str | Exception | None],
    ) -> None:
        """Puts the pieces of an answer into a queue, then None, or what went wrong; ends when the server is silent."""
        try:
            for piece in self._request(told, schema, deadline):
                said.put(piece)
        except Exception as error:  # noqa: BLE001  # raised again by the one who waits
            said.put(error)
        else:
            said.put(None)

    def _request(self, told: Sequence[Message], schema: dict[str, Any] | None, deadline: float) -> Iterator[str]:
        import openai

        options: dict[str, Any] = {}
        if schema is not None:
            form = {"name": "plan", "strict": True, "schema": schema}
            options["response_format"] = {"type": "json_schema", "json_schema": form}
        left = max(deadline - time.monotonic(), 0.1)
        timeout = openai.Timeout(min(self.read_timeout, left), connect=min(self.connect_timeout, left))
        try:
            with self._client.chat.completions.with_streaming_response.create(
                model=self.model,
                messages=list(told),  # type: ignore[arg-type]
                temperature=0.0,
                max_tokens=_MAX_TOKENS,
                stream=True,
                timeout=timeout,
                **options,
            ) as response:
                yield from self._collect(response.iter_bytes(), deadline)
        except openai.APIStatusError as error:
            raise _status_error(error.status_code) from None
        except openai.APITimeoutError:
            raise PassingError("the server did not answer in time") from None
        except openai.APIConnectionError:
            raise PassingError("the server cannot be reached or broke off") from None
        except openai.OpenAIError as error:
            raise PlanningError(f"{self.model}: {type(error).__name__}") from None

    def _collect(self, chunks: Iterator[bytes], deadline: float) -> Iterator[str]:
        """Yields the text of a streamed or plain answer, within the time and size allowed."""
        reader, size = AnswerReader(), 0
        try:
            for chunk in chunks:
                size += len(chunk)
                if time.monotonic() >= deadline:
                    raise PlanningError(f"{self.model}: the answer did not end in time")
                if size > _MAX_BYTES:
                    raise PlanningError(f"{self.model}: the answer does not end")
                if piece := reader.feed(chunk):
                    yield piece
                if reader.ended:
                    break
        except _transport_errors() as error:
            raise PassingError(f"the server broke off ({type(error).__name__})") from None
        if piece := reader.close():
            yield piece


def _transport_errors() -> tuple[type[Exception], ...]:
    """Returns what the client's transport raises while an answer is read; its package has had two names."""
    import openai

    errors: list[type[Exception]] = [openai.APIConnectionError, OSError]
    for name in ("httpx2", "httpx"):
        try:
            errors.append(__import__(name).TransportError)
        except ImportError:
            continue
    return tuple(errors)


def _status_error(status: int) -> Exception:
    reasons = {
        400: "the server does not take the request",
        401: f"the server wants another key; set {KEY_VARIABLE}",
        403: f"the server does not allow this; check {KEY_VARIABLE}",
        404: "the server has no such model or address",
    }
    if status in (408, 409, 429) or status >= 500:
        return PassingError(f"the server failed with status {status}")
    kind = UnfitError if status in (400, 422) else PlanningError
    return kind(reasons.get(status, f"the server answered with status {status}"))


def _asked_for_json(schema: dict[str, Any]) -> Message:
    text = json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
    return {"role": "user", "content": f"Answer only with a JSON object of this schema, no other text: {text}"}


def openai_planner(model: str, *, retries: int = 2, budget: float = 60.0, **options: Any) -> ModelPlanner:
    """Returns a planner over an OpenAI-compatible server.

    Args:
        model: as the server calls it.
        retries: further attempts after an answer that cannot be used.
        budget: for all attempts [s].
        **options: of :class:`OpenAIBackend`.
    """
    backend = OpenAIBackend(model, **options)
    backend.load()
    return ModelPlanner(backend, retries=retries, budget=budget)
