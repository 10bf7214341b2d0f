"""The camera's H.264 stream, encoded for low latency."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from av.video.frame import PictureType
from numpy.typing import NDArray

DELIMITER = b"\x00\x00\x00\x01\x09\xf0"
"""Access unit delimiter for any slice type (H.264, 7.3.2.4)."""


SIZE = (1280, 720)
"""Of the robot's stream. A smaller one would smear colours: they are coded at half of its resolution."""


class H264Encoder:
    """Turns RGB images of any size into Annex B access units of :data:`SIZE`; a client can join at every key frame."""

    def __init__(self, rate: int = 30, bitrate: int = 4_000_000) -> None:
        self.rate = rate
        self._context = av.CodecContext.create("libx264", "w")
        self._context.width, self._context.height = SIZE
        self._context.pix_fmt = "yuv420p"
        self._context.time_base = Fraction(1, rate)
        self._context.framerate = Fraction(rate, 1)
        self._context.bit_rate = bitrate
        self._context.gop_size = rate
        self._context.thread_count = 1
        self._context.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "x264-params": "repeat-headers=1:annexb=1",
        }
        self._count = 0

    def encode(self, image: NDArray[np.uint8], key: bool = False) -> bytes:
        """Returns the access unit of one image (height, width, 3); ``key`` asks for a key frame."""
        drawn = av.VideoFrame.from_ndarray(image, format="rgb24")
        frame = drawn.reformat(*SIZE, format="yuv420p", interpolation="POINT")  # blurs nothing
        frame.pts = self._count
        self._count += 1
        if key:
            frame.pict_type = PictureType.I
        # The delimiter of the next unit is sent ahead, so that a client's parser knows at once that this one is whole.
        return b"".join(bytes(packet) for packet in self._context.encode(frame)) + DELIMITER


class OpusTone:
    """The microphone's Opus stream (48 kHz, mono, 20 ms a packet): a tone, so that a client hears something."""

    samples = 960

    def __init__(self, frequency: float = 440.0) -> None:
        self._context = av.CodecContext.create("libopus", "w")
        self._context.sample_rate = 48_000
        self._context.layout = "mono"
        self._context.format = "s16"
        self._frequency, self._count = frequency, 0

    def packet(self) -> bytes:
        """Returns the next 20 ms."""
        time = (self._count + np.arange(self.samples)) / 48_000
        wave = (8000 * np.sin(2 * np.pi * self._frequency * time)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(wave[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48_000, self._count
        self._count += self.samples
        return b"".join(bytes(packet) for packet in self._context.encode(frame))
