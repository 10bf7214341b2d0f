"""The file under a recording: never makes a robot wait, and stays readable when the disk fills or the process dies."""

from __future__ import annotations

import os
import queue
import struct
import threading
from pathlib import Path

from robomatrix.errors import ConfigurationError

MAGIC = b"\x89MCAP0\r\n"
MOST_WAITING = 64 * 1024 * 1024
"""What may wait for a slow disk [bytes]; what comes on top of it is lost, and ends the recording."""
BLOCK = 256 * 1024
"""What is collected before the writing thread is woken [bytes], unless it is flushed: every waking costs the others."""
_DATA_END, _FOOTER = 0x0F, 0x02
_ENDING = struct.pack("<BQI", _DATA_END, 4, 0) + struct.pack("<BQQQI", _FOOTER, 20, 0, 0, 0) + MAGIC
"""What closes a file that has no index (MCAP specification, Data End, Footer)."""
_HEAD = struct.Struct("<BQ")


def whole_length(path: Path) -> int:
    """Length up to the last record that is whole [bytes]; 0 for a file that is no recording."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            return 0
        end = len(MAGIC)
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            opcode, length = _HEAD.unpack(head)
            following = end + _HEAD.size + length
            if following > size or opcode == _DATA_END:
                break
            end = following
            file.seek(end)
    return end


class RecordingFile:
    """Takes bytes at once and writes them on a thread of its own. After an error it takes no more and says why."""

    def __init__(self, path: Path) -> None:
        """Creates the file.

        Raises:
            ConfigurationError: it exists already or cannot be created; the message says what would help.
        """
        self.path = path
        self.error = ""
        """Why no more is written; empty while all is well."""
        if path.exists():
            raise ConfigurationError(f"'{path}' exists already; name another file, or move it away")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except OSError as error:
            raise ConfigurationError(f"cannot record to '{path}': {error.strerror}") from error
        self._position = 0
        self._collected = bytearray()
        self._waiting = 0
        self._lock = threading.Lock()
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="recording", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> int:
        """Takes what is to be written; never blocks, never raises."""
        with self._lock:
            self._position += len(data)
            self._waiting += len(data)
            self._collected += data
            if self._waiting > MOST_WAITING and not self.error:
                self.error = f"the disk is too slow: {MOST_WAITING >> 20} MiB wait for it"
            full = len(self._collected) >= BLOCK
        if full:
            self.flush()
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Answers where the file stands; recordings are only ever appended to."""
        return self._position

    def flush(self) -> None:
        """Hands what was collected to the writing thread."""
        with self._lock:
            data, self._collected = bytes(self._collected), bytearray()
            if data and not self.error:
                self._queue.put(data)

    def close(self) -> None:
        """Waits until everything is written; a recording that broke off is cut back to what is whole. Idempotent."""
        if self._file < 0:
            return
        self.flush()
        self._queue.put(None)
        self._thread.join()
        os.close(self._file)
        self._file = -1

    def _work(self) -> None:
        try:
            while (data := self._queue.get()) is not None:
                self._write(data)
                with self._lock:
                    self._waiting -= len(data)
        except OSError as error:
            self.error = error.strerror or str(error)
        if self.error:
            self._mend()

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._file, rest) :]

    def _mend(self) -> None:
        """Cuts a half-written record off, which makes room, and closes what is left as a valid file without index."""
        try:
            end = whole_length(self.path)
            os.ftruncate(self._file, end)
            if end:
                os.pwrite(self._file, _ENDING, end)
        except OSError as error:
            self.error += f"; the last second may be damaged: {error.strerror}"
