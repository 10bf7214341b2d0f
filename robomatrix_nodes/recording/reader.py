"""Reads recordings, also those that were cut in half: as far as they go, with a note of what is wrong."""

from __future__ import annotations

import heapq
import struct
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mcap.exceptions import EndOfFile, InvalidMagic, McapError
from mcap.records import Channel, McapRecord, Message, Metadata, Schema
from mcap.stream_reader import CRCValidationError, StreamReader
from rclpy.serialization import deserialize_message

from robomatrix.errors import ConfigurationError
from robomatrix_nodes.recording.definitions import message_class

LATEST = 2_000_000_000
"""How much later than its time a message may stand in the file [ns]; images are compressed first."""
DAMAGE = (McapError, CRCValidationError, RuntimeError, ValueError, struct.error)
"""What reading raises where a file is damaged: the reader's own errors and those of the decompressor."""


@dataclass(frozen=True)
class Recorded:
    """One message."""

    topic: str
    type: str
    """Such as ``sensor_msgs/msg/JointState``."""
    time: int
    """On the robot's clock [ns]."""
    data: bytes
    """Serialised."""

    @cached_property
    def message(self) -> Any:
        """The message itself; LookupError where its package is not installed."""
        return deserialize_message(self.data, message_class(self.type))


class Recording:
    """A file of messages."""

    def __init__(self, path: Path) -> None:
        """Looks into the file.

        Raises:
            ConfigurationError: it does not exist or is no recording.
        """
        self.path = path
        self.note = ""
        """What is wrong with the file, once it was read; empty for nothing."""
        self.metadata: dict[str, str] = {}
        """What the recorder said of the robot, once the first message was read."""
        try:
            with path.open("rb") as file:
                next(StreamReader(file).records, None)
        except OSError as error:
            raise ConfigurationError(f"cannot read '{path}': {error.strerror}") from error
        except InvalidMagic as error:
            raise ConfigurationError(f"'{path}' is no MCAP recording") from error
        except DAMAGE as error:
            raise ConfigurationError(f"'{path}' breaks off before its first record") from error

    def messages(self, topics: Container[str] | None = None) -> Iterator[Recorded]:
        """All messages in the order of their time, or those of some topics, as far as the file goes."""
        waiting: list[tuple[int, int, Recorded]] = []
        newest = 0
        for number, message in enumerate(self._raw(topics)):
            if message.time < newest - LATEST:  # the clock went back: another scene
                yield from _drain(waiting)
                newest = message.time
            newest = max(newest, message.time)
            heapq.heappush(waiting, (message.time, number, message))
            while waiting[0][0] < newest - LATEST:
                yield heapq.heappop(waiting)[2]
        yield from _drain(waiting)

    def _raw(self, topics: Container[str] | None) -> Iterator[Recorded]:
        schemas: dict[int, str] = {}
        channels: dict[int, Channel] = {}
        for record in self._records():
            if isinstance(record, Schema):
                schemas[record.id] = record.name
            elif isinstance(record, Channel):
                channels[record.id] = record
            elif isinstance(record, Metadata) and record.name == "robomatrix":
                self.metadata = record.metadata
            elif isinstance(record, Message):
                channel = channels[record.channel_id]
                if topics is None or channel.topic in topics:
                    yield Recorded(channel.topic, schemas[channel.schema_id], record.log_time, record.data)

    def _records(self) -> Iterator[McapRecord]:
        with self.path.open("rb") as file:
            records, latest = StreamReader(file, validate_crcs=True).records, 0
            while True:
                try:
                    record = next(records, None)
                except DAMAGE as error:
                    reason = "is cut off" if isinstance(error, EndOfFile | struct.error) else f"is damaged ({error})"
                    self.note = f"'{self.path}' {reason}; read as far as {latest * 1e-9:.1f} s"
                    return
                if record is None:
                    return
                latest = record.log_time if isinstance(record, Message) else latest
                yield record


def _drain(waiting: list[tuple[int, int, Recorded]]) -> Iterator[Recorded]:
    while waiting:
        yield heapq.heappop(waiting)[2]
