"""One unbroken connection to the robot: handshake, subscriptions, video; made anew after a loss."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from robomatrix.errors import DriverError
from robomatrix.hardware.robomaster.link import ControlLink, DatagramReader, EventReader, PushReader, discover
from robomatrix.hardware.robomaster.protocol import Push
from robomatrix.hardware.robomaster.settings import ADDRESSES, RobomasterSettings
from robomatrix.hardware.robomaster.video import Picture, VideoStream
from robomatrix.robots.spec import RobotSpec

logger = logging.getLogger(__name__)


class _Closable(Protocol):
    def close(self) -> None: ...


Channel = TypeVar("Channel", bound=_Closable)


def address_of(settings: RobomasterSettings) -> str:
    """Returns the robot's address; waits for its broadcast in station mode."""
    if settings.connection == "station":
        return discover(settings.ports.broadcast, settings.connect_timeout)
    return settings.host if settings.connection == "address" else ADDRESSES[settings.connection]


class Session:
    """Opens all channels and puts the robot into SDK mode.

    Args:
        robot: Which sensors and cameras to ask for.
        settings: Where the robot is.
        on_push: Called with every push and its time on the monotonic clock [s].
        on_picture: Called with every image.
        on_event: Called with the words of every event.

    Raises:
        DriverError: a channel does not open or the robot refuses; says what to check.
    """

    def __init__(
        self,
        robot: RobotSpec,
        settings: RobomasterSettings,
        on_push: Callable[[Push, float], None],
        on_picture: Callable[[Picture], None],
        on_event: Callable[[tuple[str, ...]], None],
    ) -> None:
        self._robot, self._settings = robot, settings
        self._closers: list[Callable[[], None]] = []
        self.started = time.monotonic()
        self.host = host = address_of(settings)
        self.control = self._keep(ControlLink(host, settings.ports.control, settings.connect_timeout))
        try:
            self._handshake()
            self.pushes = PushReader(on_push)
            self._keep(DatagramReader(settings.listen, settings.ports.push, host, self.pushes))
            self._keep(EventReader(host, settings.ports.event, settings.connect_timeout, on_event))
            self._subscribe()
            self.video = self._open_video(host, on_picture)
        except DriverError:
            self.close()
            raise
        self.control.patience = settings.timeout

    @property
    def failure(self) -> str | None:
        """Why the connection is lost, None while it holds."""
        if self.control.failure is not None:
            return self.control.failure
        return "the video stream ended" if self.video is not None and self.video.ended else None

    def close(self) -> None:
        """Closes every channel; idempotent."""
        while self._closers:
            self._closers.pop()()

    def _keep(self, channel: Channel) -> Channel:
        self._closers.append(channel.close)
        return channel

    def _handshake(self) -> None:
        answer = self.control.ask("command")
        if not answer.accepted:
            raise DriverError(f"the robot refuses SDK mode: it answered '{answer.body}' to 'command'")
        version = self.control.ask("version", "?")
        self.version = version.body.removeprefix("version ").strip()
        self._must("robot", "mode", "free")

    def _subscribe(self) -> None:
        rate = self._settings.push_rate
        pushes = ("position", "on", "pfreq", rate, "attitude", "on", "afreq", rate, "status", "on", "sfreq", 10)
        self._must("chassis", "push", *pushes)
        if any(joint.name.startswith("gimbal") for joint in self._robot.joints):
            self._must("gimbal", "push", "attitude", "on", "afreq", rate)
        if self._robot.ranges:
            self._must("ir_distance_sensor", "measure", "on")

    def _open_video(self, host: str, on_picture: Callable[[Picture], None]) -> VideoStream | None:
        if not self._settings.camera or not self._robot.cameras:
            return None
        camera = self._robot.cameras[0]
        self._must("stream", "on")
        size = (camera.width, camera.height)
        return self._keep(
            VideoStream(host, self._settings.ports.video, size, self._settings.connect_timeout, on_picture)
        )

    def _must(self, *words: object) -> None:
        answer = self.control.ask(*words)
        if not answer.accepted:
            raise DriverError(f"the robot refuses '{' '.join(map(str, words))}': {answer.body}")
