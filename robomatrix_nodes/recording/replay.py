"""Plays a recording into perception and scheduler, and compares what they make of it with what was recorded.

The nodes are the ones that run on the robot, in a namespace of their own and without a bridge: nothing can move.
Commands in the recording are not played.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from rclpy.context import Context
from rclpy.experimental import EventsExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.publisher import Publisher
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import CompressedImage

from robomatrix.errors import ConfigurationError, DriverError
from robomatrix.hardware.driver import CameraFrame
from robomatrix.robots.loader import load_robot
from robomatrix.world import World
from robomatrix_interfaces.msg import SceneObjectArray
from robomatrix_interfaces.srv import PlanTask
from robomatrix_nodes import conversions, qos
from robomatrix_nodes.perception import Perception
from robomatrix_nodes.recording.channels import FEEDBACK, TASK_RECORD, Channel, channels, stamp_of
from robomatrix_nodes.recording.reader import Recorded, Recording
from robomatrix_nodes.recording.story import Moment
from robomatrix_nodes.scheduler import Scheduler
from robomatrix_nodes.skill_server import SkillServer
from robomatrix_nodes.state import RANGE_PREFIX

NAMESPACE = "/replay"
PLAYED = ("joint_states", "imu", "odom", "holding")
CAMERAS = ("/image_raw", "/camera_info")
"""Topics that are played, and how they end; distances are played, too."""
SCENE = "scene/objects"
PATIENCE = 10.0
"""How long the nodes may take for one image or plan [s]."""
EVENTS = 4
"""What one message sets off in the nodes at most; more of them unread would push older ones out."""
NEAR = 0.05
"""A recomputed thing this near to the recorded one is the same [m]."""


@dataclass
class Report:
    """What was found."""

    path: str
    seconds: float = 0.0
    """Of the recording, on the robot's clock."""
    messages: int = 0
    images: int = 0
    unanswered: int = 0
    """Images of which no scene came."""
    recorded_things: int = 0
    """Things in all recorded scenes that were recomputed, and how many of them were found again."""
    found_again: int = 0
    distances: list[float] = field(default_factory=list)
    """Between recorded and recomputed places [m]."""
    plans: list[dict[str, Any]] = field(default_factory=list)
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain data for ``--json``."""
        far = np.array(self.distances or [0.0])
        scene = {"images": self.images, "unanswered": self.unanswered, "things": self.recorded_things}
        scene |= {"found_again": self.found_again, "median_m": float(np.median(far)), "worst_m": float(far.max())}
        seconds = round(self.seconds, 3)
        return {
            "file": self.path, "seconds": seconds, "messages": self.messages,
            "perception": scene, "plans": self.plans, "note": self.note,
        }  # fmt: skip

    def lines(self) -> list[str]:
        """Text for people."""
        found = [f"{self.path}: {self.seconds:.1f} s, {self.messages} messages", self._seen()]
        for plan in self.plans:
            same = "the same plan" if plan["same"] else f"another plan: {', '.join(plan['now'])}"
            found.append(f"'{plan['instruction']}': {same}")
        return [*found, self.note] if self.note else found

    def _seen(self) -> str:
        if not self.images:
            return "perception: no images"
        data = self.to_json()["perception"]
        share = self.found_again / self.recorded_things if self.recorded_things else 1.0
        return (
            f"perception: {self.images} images, {share:.1%} of the {self.recorded_things} recorded things found again, "
            f"{data['median_m'] * 1e3:.1f} mm away in the median, {data['worst_m'] * 1e3:.0f} mm at worst"
        )


@dataclass(frozen=True)
class _Task:
    """A task as it was recorded."""

    instruction: str
    time: int
    """When its plan was made [ns]."""
    plan: tuple[str, ...]


def replay(path: Path, speed: float = 0.0, domain_id: int | None = None) -> Report:
    """Plays a recording.

    Args:
        path: the file.
        speed: as a multiple of the robot's time; 0 for as fast as the nodes answer.
        domain_id: where to play; what the environment says when missing.

    Raises:
        ConfigurationError: the file is no recording of ours.
    """
    recording = Recording(path)
    tasks = _tasks(recording)
    if "robot" not in recording.metadata:
        raise ConfigurationError(f"'{path}' does not say which robot it is of; was it made by `robomatrix`?")
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    context = Context()
    rclpy.init(args=[], context=context, domain_id=domain_id)
    try:
        with _Stage(context, recording) as stage:
            return stage.play(tasks, speed)
    finally:
        context.try_shutdown()


def _tasks(recording: Recording) -> list[_Task]:
    """Every task whose end was recorded, with its first plan."""
    plans: dict[bytes, tuple[int, tuple[str, ...]]] = {}
    found, moment = [], Moment(0)
    for recorded in recording.messages():
        if recorded.topic.endswith(FEEDBACK):
            moment = moment.after(recorded)
            if moment.plan:
                plans.setdefault(moment.task, (recorded.time, moment.plan))
        elif recorded.topic.endswith(TASK_RECORD) and moment.task in plans:
            instruction = json.loads(recorded.message.data)["instruction"]
            found.append(_Task(instruction, *plans.pop(moment.task)))
    return found


def _is_played(channel: Channel) -> bool:
    return channel.topic in PLAYED or channel.topic.endswith(CAMERAS) or channel.topic.startswith(RANGE_PREFIX)


class _Stage:
    """Nodes that are played to."""

    def __init__(self, context: Context, recording: Recording) -> None:
        self._context, self._recording = context, recording
        self._executor = EventsExecutor(context=context)
        self._robot = load_robot(recording.metadata["robot"])
        self._origin = recording.metadata.get("namespace", "").rstrip("/")
        self._nodes: list[Node] = []
        self.report = Report(str(recording.path))
        self._scene: World | None = None
        self._awaited: int | None = None
        """Stamp of an image that no scene has come of yet [ns]."""
        self._recorded: dict[float, World] = {}

    def __enter__(self) -> _Stage:
        for kind in (*((Perception,) if self._robot.cameras else ()), SkillServer, Scheduler):
            self._add(kind, parameter_overrides=[Parameter("robot", value=self._robot.name)], enable_rosout=False)
        player = self._player = self._add(lambda **options: Node("player", **options))
        played = [c for c in channels(self._robot) if _is_played(c)]
        self._channels = {f"{self._origin}/{c.name}": c for c in played}
        self._publishers = {name: self._publisher(channel) for name, channel in self._channels.items()}
        player.create_subscription(SceneObjectArray, SCENE, self._on_scene, qos.LATCHED)
        self._planner = player.create_client(PlanTask, "plan_task")
        if not self._until(self._planner.service_is_ready):
            raise DriverError("the scheduler did not come up; run `robomatrix doctor`")
        return self

    def _ask(self, instruction: str) -> PlanTask.Response | None:
        future = self._planner.call_async(PlanTask.Request(instruction=instruction))
        return future.result() if self._until(future.done) else None

    def __exit__(self, *exception: object) -> None:
        for node in reversed(self._nodes):
            self._executor.remove_node(node)
            node.destroy_node()
        self._executor.shutdown()

    def _add(self, kind: Callable[..., Node], **options: Any) -> Node:
        node = kind(context=self._context, namespace=NAMESPACE, use_global_arguments=False, **options)
        self._nodes.append(node)
        self._executor.add_node(node)
        return node

    def _publisher(self, channel: Channel) -> Publisher:
        return self._player.create_publisher(channel.kind, channel.topic, channel.profile)

    def _on_scene(self, message: SceneObjectArray) -> None:
        self._scene = conversions.from_scene(message)

    def _until(self, done: Callable[[], bool]) -> bool:
        limit = time.monotonic() + PATIENCE
        while not done() and time.monotonic() < limit:
            self._executor.spin_once(timeout_sec=0.05)
        return done()

    def play(self, tasks: list[_Task], speed: float) -> Report:
        """Plays everything and returns what was found."""
        first, last, began = None, 0, time.monotonic()
        for recorded in self._recording.messages():
            first, last = recorded.time if first is None else first, recorded.time
            self._pace((last - first) * 1e-9 / speed + began if speed > 0.0 else 0.0)
            while tasks and tasks[0].time <= recorded.time:
                self._compare_plans(tasks.pop(0))
            self._play_one(recorded)
            self.report.messages += 1
        self.report.seconds = (last - (first or 0)) * 1e-9
        self.report.note = self._recording.note
        return self.report

    def _pace(self, due: float) -> None:
        while (rest := due - time.monotonic()) > 0.0:
            self._executor.spin_once(timeout_sec=rest)

    def _play_one(self, recorded: Recorded) -> None:
        if self._awaited is not None and recorded.time > self._awaited:
            self._wait_for_scene()
        if recorded.topic == f"{self._origin}/{SCENE}":
            world = conversions.from_scene(recorded.message)
            self._recorded = {world.stamp: world}
            self._compare_scenes()
            return
        channel = self._channels.get(recorded.topic)
        if channel is None:
            return
        publisher = self._publishers[recorded.topic]
        if channel.image:
            self._show(recorded, publisher)
        else:
            publisher.publish(recorded.data)
            for _ in range(EVENTS):
                self._executor.spin_once(timeout_sec=0.0)

    def _show(self, recorded: Recorded, publisher: Publisher) -> None:
        """Plays an image."""
        import cv2

        message = deserialize_message(recorded.data, CompressedImage)
        pixels = cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
        frame = CameraFrame(recorded.time * 1e-9, "", pixels, np.eye(3), np.zeros(3), np.eye(3))
        image = conversions.to_image(frame, message.header.frame_id)
        image.header = message.header
        publisher.publish(image)
        self._awaited = stamp_of(recorded.data)
        self.report.images += 1

    def _wait_for_scene(self) -> None:
        """Waits for what perception makes of the last image, once the states of its moment were played."""
        stamp, self._awaited = self._awaited * 1e-9, None
        answered = self._until(lambda: self._scene is not None and self._scene.stamp >= stamp - 1e-6)
        self.report.unanswered += not answered
        self._compare_scenes()

    def _compare_scenes(self) -> None:
        """Compares the recorded and the recomputed scene once both are there."""
        if self._scene is None:
            return
        for stamp, world in list(self._recorded.items()):
            if abs(stamp - self._scene.stamp) < 1e-6:
                del self._recorded[stamp]
                self._count(world, self._scene)

    def _count(self, recorded: World, recomputed: World) -> None:
        for thing in recorded.objects.values():
            alike = [o for o in recomputed.objects.values() if o.category == thing.category]
            distance = min((math.dist(o.position, thing.position) for o in alike), default=math.inf)
            self.report.recorded_things += 1
            self.report.found_again += distance <= NEAR
            if distance < math.inf:
                self.report.distances.append(distance)

    def _compare_plans(self, task: _Task) -> None:
        answer = self._ask(task.instruction)
        now = tuple(map(str, conversions.from_plan(answer.plan).steps)) if answer is not None else ()
        self.report.plans.append(
            {"instruction": task.instruction, "then": list(task.plan), "now": list(now), "same": now == task.plan}
        )
