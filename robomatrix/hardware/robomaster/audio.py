"""The microphone: Opus packets over TCP, decoded to samples."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import DriverError

logger = logging.getLogger(__name__)

SAMPLE_RATE = 48_000
LONGEST_PACKET = 1275
"""An Opus frame is no longer than this [bytes] (RFC 6716, section 3.4)."""

Samples = NDArray[np.int16]


class AudioStream:
    """Receives and decodes the sound; send ``audio on`` first, see :meth:`RobomasterDriver.listen`.

    The SDK does not frame the packets: one arrives every 20 ms and each read is taken for one. Packets that merged on
    the way are lost.

    Args:
        host: Address of the robot.
        port: Its audio port.
        timeout: For connecting [s].
        handle: Called with each packet's samples, mono at 48 kHz.
    """

    def __init__(self, host: str, port: int, timeout: float, handle: Callable[[Samples], None]) -> None:
        import av  # the decoder is heavy and only needed by those who listen

        self._av, self._handle = av, handle
        try:
            self._socket = socket.create_connection((host, port), timeout=timeout)
        except OSError as error:
            raise DriverError(f"the audio channel {host}:{port} does not open: {error}") from None
        self._socket.settimeout(0.2)
        self._running = True
        self.broken = 0
        """Packets that could not be decoded."""
        self._thread = threading.Thread(target=self._run, name="ep-audio", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the stream; idempotent."""
        self._running = False
        self._thread.join(timeout=2.0)
        self._socket.close()

    def _run(self) -> None:
        decoder = self._av.CodecContext.create("libopus", "r")
        decoder.sample_rate, decoder.layout = SAMPLE_RATE, "mono"
        while self._running:
            try:
                chunk = self._socket.recv(4096)
            except TimeoutError:
                continue
            except OSError as error:
                logger.info("audio channel failed: %s", error)
                return
            if not chunk:
                return
            try:
                frames = decoder.decode(self._av.Packet(chunk)) if len(chunk) <= LONGEST_PACKET else []
            except self._av.error.FFmpegError:
                frames = []
            self.broken += not frames
            for frame in frames:
                self._handle(_samples(frame.to_ndarray()))


def _samples(values: NDArray[Any]) -> Samples:
    """Returns one channel as 16-bit samples."""
    channel = values.reshape(-1)
    if np.issubdtype(channel.dtype, np.floating):
        return np.clip(channel * 32767.0, -32768, 32767).astype(np.int16)
    return channel.astype(np.int16)
