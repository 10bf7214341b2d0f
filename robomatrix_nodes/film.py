"""A video and a picture of a simulated run: an overview beside what the robot sees, with the step as a caption."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import ConfigurationError
from robomatrix.hardware.driver import Driver, SimulatedDriver

FRAME_RATE = 15
"""[Hz] of the robot's time; the video plays at the robot's pace."""
WIDTH, HEIGHT, BAR = 640, 480, 30
"""[px]"""


class Film:
    """Takes pictures of a run as it goes on, and writes what was asked for."""

    def __init__(self, driver: Driver, video: Path | None, picture: Path | None) -> None:
        """Opens the files; ConfigurationError when the driver cannot be looked into."""
        self._driver, self._video, self._picture = driver, video, picture
        self._next = float("-inf")
        self._last: NDArray[np.uint8] | None = None
        self._container = self._stream = None
        if (video or picture) and not isinstance(driver, SimulatedDriver):
            raise ConfigurationError("only a simulated driver can be filmed; leave --video and --picture out")
        if video is not None:
            self._open(video)

    def _open(self, path: Path) -> None:
        import av

        path.parent.mkdir(parents=True, exist_ok=True)
        self._container = av.open(str(path), "w")
        self._stream = self._container.add_stream(
            "libx264", rate=FRAME_RATE, options={"crf": "26", "preset": "veryfast"}
        )
        self._stream.width, self._stream.height, self._stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"

    def look(self, stamp: float, caption: str) -> None:
        """Takes a frame if one is due at this time of the robot [s]."""
        if self._container is None or stamp < self._next:
            return
        self._next = stamp + 1.0 / FRAME_RATE
        self._last = self._compose(caption)
        self._write(self._last)

    def _compose(self, caption: str) -> NDArray[np.uint8]:
        import cv2

        image = np.ascontiguousarray(self._driver.render("overview", WIDTH, HEIGHT))
        if self._driver.spec.cameras:
            camera = self._driver.spec.cameras[0]
            width = WIDTH // 3
            height = round(width * camera.height / camera.width)
            image[8 : 8 + height, WIDTH - 8 - width : WIDTH - 8] = self._driver.render(camera.name, width, height)
        image[HEIGHT - BAR :] //= 3  # a dark bar under the caption
        cv2.putText(image, caption, (12, HEIGHT - 10), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 1, cv2.LINE_AA)
        return image

    def _write(self, image: NDArray[np.uint8]) -> None:
        import av

        for packet in self._stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")):
            self._container.mux(packet)

    def finish(self, stamp: float) -> tuple[str, ...]:
        """Writes what is left and returns the names of the files."""
        written = []
        if self._picture is not None:
            import cv2

            self._picture.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(self._picture), self._compose("")[:, :, ::-1])
            written.append(str(self._picture))
        if self._video is not None:
            written.append(str(self._video))
        self.close()
        return tuple(written)

    def close(self) -> None:
        """Closes the video, so that what was filmed can be played; idempotent."""
        if self._container is not None:
            for packet in self._stream.encode():
                self._container.mux(packet)
            self._container.close()
            self._container = None
