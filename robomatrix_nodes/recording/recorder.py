"""The recorder: listens to everything a robot says and hands it, still serialised, to a file, a ring and viewers.

Times are the robot's, so that a run faster than real time plays back at the robot's pace. Nothing in here can hold the
robot up: what comes is only put in a queue; a worker's thread compresses images and hands everything on.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from action_msgs.msg import GoalStatus
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.serialization import deserialize_message, serialize_message
from rclpy.subscription import Subscription
from sensor_msgs.msg import CompressedImage, Image

from robomatrix.errors import RobomatrixError
from robomatrix.robots.loader import load_robot
from robomatrix_interfaces.action import ExecuteSkill
from robomatrix_nodes import conversions, diagnostics
from robomatrix_nodes.parameters import declare, parameter
from robomatrix_nodes.process import run
from robomatrix_nodes.recording import sinks
from robomatrix_nodes.recording.channels import SKILL_STATUS, Channel, channels, stamp_of

VERSION = "1"
"""Of the set of topics."""
WAITING_IMAGES = 3
"""Images that may wait to be compressed; where more come, the newest are not worth the robot's time."""
PERIOD = 0.02
"""Time between two looks into the queue [s]."""


@dataclass(frozen=True)
class RecorderParameters:
    """Parameters of the recorder node."""

    robot: str = parameter("ep", "Robot that is recorded; `robomatrix robots` lists them.")
    file: str = parameter("", "MCAP file to write; empty for none.")
    snapshots: str = parameter("", "Folder for snapshots of the time before a skill failed; empty for none.")
    snapshot_seconds: float = parameter(30.0, "How much a snapshot holds [s of the robot's time].", 1.0, 600.0)
    view: bool = parameter(False, "Serve viewers over the Foxglove WebSocket protocol.")
    view_host: str = parameter("127.0.0.1", "Address to serve viewers on.")
    view_port: int = parameter(8765, "Port to serve viewers on; 0 takes a free one.", 0, 65535)
    image_format: str = parameter(
        "jpeg", "Of recorded images; with png, perception sees the very same on replay.", choices=("jpeg", "png")
    )
    jpeg_quality: int = parameter(95, "Of recorded images.", 10, 100)
    scene: str = parameter("", "Scene of a simulation, for the recording's metadata.")
    driver: str = parameter("", "Driver, for the recording's metadata.")
    seed: int = parameter(0, "Seed of a simulation, for the recording's metadata.")


@dataclass(frozen=True)
class Tap:
    """What a node of this process publishes, taken where it is made."""

    channel: Channel
    publisher: Publisher
    publish: Callable[[Any], None]
    """Publishes a message and takes it, too."""

    def open(self) -> None:
        """Begins to take."""
        self.publisher.publish = self.publish

    def close(self) -> None:
        """Takes no more."""
        del self.publisher.publish  # what is left is the class's own


class Recorder(Node):
    """See the module's description."""

    def __init__(self, **options: Any) -> None:
        super().__init__("recorder", **options)
        self.settings = settings = declare(self, RecorderParameters)
        self.snapshots: list[str] = []
        """Snapshots that were written."""
        self._channels = list(channels(load_robot(settings.robot)))
        self._names = {c.topic: sinks.full_name(self.get_namespace(), c) for c in self._channels}
        self._outlet = sinks.Outlet(self._kinds())
        self._ring = self._make_ring() if settings.snapshots else None
        self._writer = self._server = None
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="recorder")
        self._taken: deque[tuple[Channel, str, bytes | Image]] = deque()
        self._room = threading.Semaphore(WAITING_IMAGES)
        self._recording: Future = self._worker.submit(self._record)
        self._closed = False
        self._now: int | None = None
        self._early: list[tuple[str, bytes]] = []
        self._count = self._told = self._lost_images = 0
        self._fault = ""
        self._failed_goals: set[bytes] = set()
        try:
            self._open()
        except RobomatrixError:
            self.destroy_node()
            raise
        self.taps: dict[str, Tap] = {}
        """By the topic's name in the recording."""
        self._listening = {self._names[c.topic]: self._listen(c) for c in self._channels}
        self._diagnostics = diagnostics.Diagnostics(self, settings.robot, self._status)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._flusher = self.create_timer(1.0, self._flush, clock=steady)
        self._looker = self.create_timer(PERIOD, self._look, clock=steady)

    def _listen(self, channel: Channel) -> Subscription:
        take = partial(self._take_image if channel.image else self._take, channel, self._names[channel.topic])
        return self.create_subscription(channel.kind, channel.topic, take, channel.profile, raw=True)

    def tap(self, *nodes: Node) -> None:
        """Takes what nodes of this process publish where it is made, instead of off the network.

        What is serialised once serves both; as a subscriber, the recorder would cost lockstep a tenth of its pace.
        """
        by_name = {self.resolve_topic_name(c.topic): c for c in self._channels}
        for publisher in (p for node in nodes for p in node.publishers):
            channel = by_name.get(publisher.topic_name)
            if channel is not None and self.count_publishers(channel.topic) == 1:
                name = self._names[channel.topic]
                take = self._tapped_image if channel.image else self._tapped
                self.taps[name] = Tap(channel, publisher, partial(take, channel, name, publisher.publish))
                self.taps[name].open()
                self.destroy_subscription(self._listening.pop(name))

    def _untap_shared(self) -> None:
        """Goes back to the network where somebody else has begun to publish, too."""
        for name, tap in list(self.taps.items()):
            if self.count_publishers(tap.channel.topic) > 1:
                tap.close()
                del self.taps[name]
                self._listening[name] = self._listen(tap.channel)

    def _tapped(self, channel: Channel, name: str, publish: Callable[[bytes], None], message: Any) -> None:
        data = serialize_message(message)
        publish(data)
        self._take(channel, name, data)

    def _tapped_image(self, channel: Channel, name: str, publish: Callable[[Image], None], message: Image) -> None:
        publish(message)
        self._take_image(channel, name, message)

    def _kinds(self) -> dict[str, type]:
        return {self._names[c.topic]: c.recorded_kind for c in self._channels}

    def _make_ring(self) -> sinks.Ring:
        latched = [self._names[c.topic] for c in self._channels if c.latched]
        return sinks.Ring(self.settings.snapshot_seconds, latched)

    def _open(self) -> None:
        settings = self.settings
        if settings.file:
            self._writer = sinks.Writer(self._outlet, Path(settings.file).expanduser(), self._metadata())
        if settings.view:
            self._server = sinks.view(self._outlet, settings.robot, settings.view_host, settings.view_port)

    def _metadata(self) -> dict[str, str]:
        settings = self.settings
        named = {"robot": settings.robot, "scene": settings.scene, "driver": settings.driver, "seed": settings.seed}
        began = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        return {"version": VERSION, "began": began, "namespace": self.get_namespace(), **_text(named)}

    @property
    def port(self) -> int:
        """Port on which viewers are served; 0 for none."""
        return self._server.port if self._server is not None else 0

    @property
    def error(self) -> str:
        """Why the recording is not whole; empty while all is well."""
        return self._ended or self._fault

    @property
    def _ended(self) -> str:
        """Why no more is written; empty while all is well."""
        return self._writer.error if self._writer is not None else ""

    def _look(self) -> None:
        """Has the worker record what was taken, unless it is at it."""
        if self._recording.done():
            self._recording = self._submit(self._record)

    def _submit(self, work: Callable[..., None], *arguments: Any) -> Future:
        job = self._worker.submit(work, *arguments)
        job.add_done_callback(self._look_at)
        return job

    def _look_at(self, done: Future) -> None:
        """Keeps what went wrong on the worker's thread, where nobody would see it."""
        error = done.exception()
        if error is not None:
            self._fault = f"{type(error).__name__}: {error}"
            trace = "".join(traceback.format_exception(error))
            self.get_logger().error(f"recording: {self._fault}\n{trace}", throttle_duration_sec=5.0)

    def _take(self, channel: Channel, name: str, data: bytes) -> None:
        self._taken.append((channel, name, data))

    def _take_image(self, channel: Channel, name: str, image: Image | bytes) -> None:
        if self._ring is None and not self._outlet.wanted(name):
            return
        if self._room.acquire(blocking=False):
            self._taken.append((channel, name, image))
        else:
            self._lost_images += 1

    def _record(self) -> None:
        """Records what was taken, in its order; runs on the worker's thread, as all that it calls."""
        while self._taken:
            channel, name, data = self._taken.popleft()
            if channel.image:
                self._record_image(name, data)
            else:
                self._record_message(channel, name, data)

    def _record_message(self, channel: Channel, name: str, data: bytes) -> None:
        if channel.stamped and not channel.latched:
            self._now = stamp_of(data)
        if self._now is None:
            self._early.append((name, data))
            return
        while self._early:
            self._hand_on(*self._early.pop(0), self._now)
        self._hand_on(name, data, self._now)
        if channel.topic == SKILL_STATUS and self._ring is not None:
            self._look_for_failures(data)

    def _record_image(self, name: str, image: Image | bytes) -> None:
        try:
            data = self._compressed(image)
        finally:
            self._room.release()
        self._hand_on(name, data, stamp_of(data))

    def _hand_on(self, name: str, data: bytes, stamp: int) -> None:
        self._count += 1
        self._outlet.log(name, data, stamp)
        if self._ring is not None:
            self._ring.log(name, data, stamp)

    def _compressed(self, image: Image | bytes) -> bytes:
        import cv2

        message: Image = deserialize_message(image, Image) if isinstance(image, bytes) else image
        pixels = np.ascontiguousarray(conversions.from_image(message)[:, :, ::-1])
        kind = self.settings.image_format
        _, encoded = cv2.imencode(f".{kind}", pixels, self._compression())
        return serialize_message(CompressedImage(header=message.header, format=kind, data=encoded.tobytes()))

    def _compression(self) -> list[int]:
        """Options for OpenCV. Colours are kept at full resolution: perception finds things by their colour."""
        import cv2

        if self.settings.image_format == "png":
            return [cv2.IMWRITE_PNG_COMPRESSION, 1]
        sampling = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
        return [cv2.IMWRITE_JPEG_QUALITY, self.settings.jpeg_quality, *sampling]

    def _look_for_failures(self, data: bytes) -> None:
        """Takes a snapshot when a skill has been aborted."""
        for status in deserialize_message(data, ExecuteSkill.Impl.GoalStatusMessage).status_list:
            goal = bytes(status.goal_info.goal_id.uuid)
            if status.status == GoalStatus.STATUS_ABORTED and goal not in self._failed_goals:
                self._failed_goals.add(goal)
                self._write_snapshot()

    def _write_snapshot(self) -> None:
        path = Path(self.settings.snapshots).expanduser() / f"{self.settings.robot}_{time.time_ns()}.mcap"
        outlet = sinks.Outlet(self._kinds())
        try:
            writer = sinks.Writer(outlet, path, self._metadata())
            for name, data, stamp in self._ring.copy():
                outlet.log(name, data, stamp)
            writer.close()
            self._tell_snapshot(path, writer.error)
        except RobomatrixError as error:
            self.get_logger().error(f"no snapshot: {error}")
        finally:
            outlet.close()

    def _tell_snapshot(self, path: Path, error: str) -> None:
        if error:
            self.get_logger().error(f"snapshot '{path}' is incomplete: {error}")
        else:
            self.snapshots.append(str(path))
            self.get_logger().info(f"a skill failed; wrote {path}")

    def _flush(self) -> None:
        self._untap_shared()
        if self._writer is not None and not self._ended:
            self._writer.flush()
        if self._server is not None:
            self._server.broadcast_time(self._now or 0)

    def _status(self) -> diagnostics.Status:
        count, self._told = self._count - self._told, self._count
        values = {"messages per second": count, "images left out": self._lost_images, "snapshots": len(self.snapshots)}
        if self._ended:
            return diagnostics.ERROR, f"recording ended: {self._ended}", values
        if self._fault:
            return diagnostics.ERROR, f"recording is not whole: {self._fault}", values
        return diagnostics.OK, "recording" if self._writer is not None else "listening", values

    def close(self) -> None:
        """Records what is left and closes the file; idempotent."""
        if not self._closed:
            self._closed = True
            self._submit(self._record)
        self._worker.shutdown(wait=True)
        if self._server is not None:
            self._server.stop()
            self._server = None
        if self._writer is not None:
            self._writer.close()

    def destroy_node(self) -> None:
        """Closes the recording before the node goes."""
        self.close()
        self._outlet.close()
        super().destroy_node()


def _text(values: dict[str, object]) -> dict[str, str]:
    return {key: str(value) for key, value in values.items()}


def main(args: list[str] | None = None) -> None:
    """Entry point of ``ros2 run robomatrix recorder``."""
    run(Recorder, args=args)
