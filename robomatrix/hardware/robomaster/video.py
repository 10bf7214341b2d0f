"""The camera stream: H.264 over TCP, decoded on a thread of its own; only the newest image is kept."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import DriverError

if TYPE_CHECKING:
    from av import VideoCodecContext

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Picture:
    """One decoded image."""

    stamp: float
    """When its last byte came, on the monotonic clock [s]."""
    image: NDArray[np.uint8]
    """(height, width, 3) RGB."""


class VideoStream:
    """Receives and decodes the stream; falls behind by dropping, never by queueing.

    Args:
        host: Address of the robot.
        port: Its video port.
        size: (width, height) that the images are scaled to while converting to RGB.
        timeout: For connecting [s].
        handle: Called with each image that is newer than the last.
    """

    def __init__(
        self, host: str, port: int, size: tuple[int, int], timeout: float, handle: Callable[[Picture], None]
    ) -> None:
        import av  # the decoder is heavy and only needed with a camera

        self._av, self._size, self._handle = av, size, handle
        try:
            self._socket = socket.create_connection((host, port), timeout=timeout)
        except OSError as error:
            raise DriverError(f"the video channel {host}:{port} does not open: {error}") from None
        self._socket.settimeout(0.2)
        self._running = True
        self.broken = 0
        """Packets that could not be decoded."""
        self.ended = False
        self._thread = threading.Thread(target=self._run, name="ep-video", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the stream; idempotent."""
        self._running = False
        self._thread.join(timeout=2.0)
        self._socket.close()

    def _run(self) -> None:
        decoder = self._av.VideoCodecContext.create("h264", "r")
        decoder.thread_count = 1
        decoder.flags |= self._av.codec.context.Flags.low_delay
        while self._running:
            try:
                chunk = self._socket.recv(1 << 18)
            except TimeoutError:
                continue
            except OSError as error:
                logger.info("video channel failed: %s", error)
                break
            if not chunk:
                break
            self._decode(decoder, chunk, time.monotonic())
        self.ended = True

    def _decode(self, decoder: VideoCodecContext, chunk: bytes, stamp: float) -> None:
        newest = None
        for packet in decoder.parse(chunk):
            try:
                frames = decoder.decode(packet)
            except self._av.error.FFmpegError:
                self.broken += 1
                continue
            newest = frames[-1] if frames else newest
        if newest is not None:
            width, height = self._size
            # Averages over what it scales down, so that no edge moves.
            rgb = newest.reformat(width=width, height=height, format="rgb24", interpolation="AREA").to_ndarray()
            self._handle(Picture(stamp, rgb))
