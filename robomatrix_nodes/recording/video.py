"""A video of a recording: what the camera saw, and below it the plan and the step in hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import ConfigurationError
from robomatrix_nodes.recording.channels import FEEDBACK
from robomatrix_nodes.recording.reader import Recorded, Recording
from robomatrix_nodes.recording.story import Moment

FRAME_RATE = 15
"""[Hz] of the robot's time."""
LINE, LINES = 22, 9
"""Height of a line of text [px], and how many there is room for."""
WIDTH = 640
"""[px]"""
WHITE, GREY, GREEN, RED = (255, 255, 255), (140, 140, 140), (90, 220, 120), (240, 90, 80)
IMAGE = "/image_raw/compressed"
Image = NDArray[np.uint8]


def film(recording: Recording, path: Path) -> int:
    """Writes the video and returns how many frames it has.

    Raises:
        ConfigurationError: the recording holds no images, or the file cannot be written.
    """
    frames = _frames(recording)
    first = next(frames, None)
    if first is None:
        raise ConfigurationError(f"'{recording.path}' holds no camera images to make a video of")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _encode(path, chain([first], frames), first.shape[:2])
    except OSError as error:
        raise ConfigurationError(f"cannot write '{path}': {error.strerror}") from error


def _encode(path: Path, frames: Iterable[Image], size: tuple[int, int]) -> int:
    import av

    count = 0
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FRAME_RATE, options={"crf": "26", "preset": "veryfast"})
        stream.height, stream.width = size
        stream.pix_fmt = "yuv420p"
        for image in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            count += 1
        container.mux(stream.encode())
    return count


def _frames(recording: Recording) -> Iterator[Image]:
    """One picture each 1/15 s of the robot's time: the newest image and the state of the task."""
    picture: Image | None = None
    camera = ""
    moment, due = Moment(0), 0
    for recorded in recording.messages():
        if picture is not None and due == 0:
            due = recorded.time
        while picture is not None and due <= recorded.time:
            yield compose(picture, moment, due)
            due += 1_000_000_000 // FRAME_RATE
        if recorded.topic.endswith(FEEDBACK):
            moment = moment.after(recorded)
        elif recorded.topic.endswith(IMAGE) and camera in ("", recorded.topic):
            camera, picture = recorded.topic, _decode(recorded)


def _decode(recorded: Recorded) -> Image:
    import cv2

    image = cv2.imdecode(np.frombuffer(recorded.message.data, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
    height = round(image.shape[0] * WIDTH / image.shape[1] / 2) * 2
    return cv2.resize(np.ascontiguousarray(image), (WIDTH, height))


def compose(picture: Image, moment: Moment, time: int) -> Image:
    """Puts the plan below a picture (height, width, 3); ``time`` [ns] is written beside it."""
    image = np.vstack([picture, np.full((LINE * LINES, picture.shape[1], 3), 20, np.uint8)])
    top = picture.shape[0]
    _write(image, f"{time * 1e-9:.1f} s", (WIDTH - 80, top + LINE), GREY)
    for row, (text, colour) in enumerate(lines(moment)[:LINES]):
        _write(image, text, (10, top + LINE * (row + 1) - 6), colour)
    return image


def lines(moment: Moment) -> list[tuple[str, tuple[int, int, int]]]:
    """The text below the picture with its colours: the step in hand, then the plan around it."""
    if not moment.state:
        return [("no task", GREY)]
    colour = {"succeeded": GREEN, "failed": RED}.get(moment.state, WHITE)
    doing = moment.detail or moment.state
    found: list[tuple[str, Any]] = [(f"{moment.step or moment.state}: {doing} {moment.progress:4.0%}", colour)]
    first = max(0, min(moment.index - 2, len(moment.plan) - (LINES - 1)))
    for number, step in enumerate(moment.plan[first:], first):
        now = number == moment.index
        shade = GREEN if number < moment.index else WHITE if now else GREY
        found.append((f"{'>' if now else ' '} {number + 1}. {step}", shade))
    return found


def _write(image: Image, text: str, place: tuple[int, int], colour: tuple[int, int, int]) -> None:
    import cv2

    readable = text.encode("ascii", "replace").decode()
    cv2.putText(image, readable[:80], place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, 1, cv2.LINE_AA)
