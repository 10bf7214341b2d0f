"""Where messages go: a file, a ring of the last seconds, viewers."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

import foxglove
from foxglove.mcap import MCAPCompression, MCAPWriteOptions

from robomatrix.errors import ConfigurationError
from robomatrix_nodes.recording.channels import Channel
from robomatrix_nodes.recording.definitions import definition, type_name
from robomatrix_nodes.recording.file import RecordingFile

CHUNK = 64 * 1024
"""Bytes collected before they are written; what a killed process loses is at most this or a second."""
_OPTIONS = MCAPWriteOptions(
    profile="ros2",
    chunk_size=CHUNK,
    compression=MCAPCompression.Lz4,
    disable_seeking=True,
    compression_threads=0,
)


class Outlet:
    """Channels that hand serialised messages to everything that is attached to their context."""

    def __init__(self, kinds: Mapping[str, type]) -> None:
        """Opens one channel for each full topic name and message class."""
        self.context = foxglove.Context()
        self._channels = {topic: self._open(topic, kind) for topic, kind in kinds.items()}

    def _open(self, topic: str, kind: type) -> foxglove.Channel:
        schema = foxglove.Schema(name=type_name(kind), encoding="ros2msg", data=definition(kind).encode())
        return foxglove.Channel(topic, schema=schema, message_encoding="cdr", context=self.context)

    def log(self, topic: str, data: bytes, time: int) -> None:
        """Hands one message on; ``time`` on the robot's clock [ns]."""
        self._channels[topic].log(data, log_time=time)

    def wanted(self, topic: str) -> bool:
        """Whether anybody takes this topic."""
        return self._channels[topic].has_sinks()

    def close(self) -> None:
        """Closes the channels."""
        for channel in self._channels.values():
            channel.close()


class Writer:
    """A recording that is being written."""

    def __init__(self, outlet: Outlet, path: Path, metadata: Mapping[str, str]) -> None:
        """Creates the file and says in it what it is of; ConfigurationError if it cannot be created."""
        self._file = RecordingFile(path)
        self._writer = foxglove.open_mcap(self._file, context=outlet.context, writer_options=_OPTIONS)
        self._writer.write_metadata("robomatrix", dict(metadata))
        self.path = path

    @property
    def error(self) -> str:
        """Why no more is written; empty while all is well."""
        return self._file.error

    def flush(self) -> None:
        """Hands over what was collected, so that it outlives this process."""
        self._writer.flush()

    def close(self) -> None:
        """Writes the index and closes the file; idempotent."""
        if self._writer is not None:
            self._writer.close()
            self._file.close()
            self._writer = None


class Ring:
    """The last seconds, in memory; used from one thread."""

    def __init__(self, seconds: float, latched: Sequence[str]) -> None:
        """Keeps ``seconds`` of everything, and of the ``latched`` topics also the newest message before."""
        self._span = round(seconds * 1e9)
        self._kept: deque[tuple[str, bytes, int]] = deque()
        self._before: dict[str, tuple[str, bytes, int]] = {}
        self._latched = frozenset(latched)

    def log(self, topic: str, data: bytes, time: int) -> None:
        """Adds one message and forgets what is too old."""
        if self._kept and time < self._kept[0][2] - self._span:  # the clock went back: another scene
            self._kept.clear()
        self._kept.append((topic, data, time))
        while self._kept[0][2] < time - self._span:
            old = self._kept.popleft()
            if old[0] in self._latched:
                self._before[old[0]] = old

    def copy(self) -> list[tuple[str, bytes, int]]:
        """What is kept: topic, serialised message, time [ns]."""
        kept = list(self._kept)
        first = kept[0][2] if kept else 0
        return [(topic, data, first) for topic, data, _ in self._before.values()] + kept


def view(outlet: Outlet, name: str, host: str, port: int) -> foxglove.websocket.WebSocketServer:
    """Opens a server for viewers that speak the Foxglove WebSocket protocol.

    Raises:
        ConfigurationError: the address cannot be listened on.
    """
    try:
        return foxglove.start_server(
            name=name,
            host=host,
            port=port,
            context=outlet.context,
            capabilities=[foxglove.websocket.Capability.Time],
            message_backlog_size=256,
        )
    except (RuntimeError, OSError) as error:
        raise ConfigurationError(f"cannot serve viewers on {host}:{port}: {error}; name another port") from error


def full_name(namespace: str, channel: Channel) -> str:
    """The absolute name of a channel in a recording."""
    name = channel.name
    return name if name.startswith("/") else f"{namespace.rstrip('/')}/{name}"
