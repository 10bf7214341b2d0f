"""Which topics of a robot are recorded and shown, and how."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, Imu, JointState, Range
from std_msgs.msg import String
from visualization_msgs.msg import MarkerArray

from robomatrix.robots.spec import RobotSpec
from robomatrix_interfaces.action import ExecuteSkill, ExecuteTask
from robomatrix_interfaces.msg import SceneObjectArray
from robomatrix_nodes.state import RANGE_PREFIX

try:
    from tf2_msgs.msg import TFMessage
except ImportError:  # not among the ROS wheels
    TFMessage = None

DEPTH = 200
"""Deep, because whoever records must not miss what comes while it is busy."""
IMAGES = 4
"""Images are large, and some may be left out."""


@dataclass(frozen=True)
class Channel:
    """One topic."""

    topic: str
    """Relative to the robot's namespace, or absolute."""
    kind: type
    """Message class."""
    latched: bool = False
    """Whether a late joiner is told the newest message."""
    stamped: bool = False
    """Whether its messages begin with a header whose time is the robot's."""
    recorded_as: str = ""
    """Name in the recording where it differs."""

    @property
    def profile(self) -> QoSProfile:
        """Quality of service to subscribe with."""
        return QoSProfile(
            depth=IMAGES if self.image else DEPTH,
            reliability=ReliabilityPolicy.RELIABLE,
            history=HistoryPolicy.KEEP_LAST,
            durability=DurabilityPolicy.TRANSIENT_LOCAL if self.latched else DurabilityPolicy.VOLATILE,
        )

    @property
    def image(self) -> bool:
        """Whether its messages are compressed before they are recorded."""
        return self.kind is Image

    @property
    def recorded_kind(self) -> type:
        """Message class in the recording."""
        return CompressedImage if self.image else self.kind

    @property
    def name(self) -> str:
        """Name in the recording."""
        return self.recorded_as or self.topic


FEEDBACK = "execute_task/_action/feedback"
"""Plan and steps of the task that runs."""
SKILL_STATUS = "execute_skill/_action/status"
TASK_RECORD = "task_record"
"""The audit record of each task that ended, as JSON."""


def channels(robot: RobotSpec) -> Iterator[Channel]:
    """Everything that is recorded of a robot."""
    yield Channel("joint_states", JointState, stamped=True)
    yield Channel("joint_commands", JointState)
    if robot.base is not None:
        yield Channel("cmd_vel", Twist)
    if robot.imu:
        yield Channel("imu", Imu, stamped=True)
    if robot.odometry:
        yield Channel("odom", Odometry, stamped=True)
    for sensor in robot.ranges:
        yield Channel(RANGE_PREFIX + sensor.name, Range, stamped=True)
    for camera in robot.cameras:
        image = f"{camera.name}/image_raw"
        yield Channel(f"{camera.name}/camera_info", CameraInfo, stamped=True)
        yield Channel(image, Image, stamped=True, recorded_as=f"{image}/compressed")
    yield from _tasks()
    yield Channel("/diagnostics", DiagnosticArray)
    if TFMessage is not None:
        yield Channel("/tf", TFMessage)


def _tasks() -> Iterator[Channel]:
    yield Channel("scene/objects", SceneObjectArray, latched=True, stamped=True)
    yield Channel("scene/markers", MarkerArray, latched=True)
    yield Channel("holding", String, latched=True)
    yield Channel("emergency_stop_state", String, latched=True)
    yield Channel(FEEDBACK, ExecuteTask.Impl.FeedbackMessage)
    yield Channel("execute_skill/_action/feedback", ExecuteSkill.Impl.FeedbackMessage)
    yield Channel(SKILL_STATUS, ExecuteSkill.Impl.GoalStatusMessage, latched=True)
    yield Channel(TASK_RECORD, String)


def stamp_of(data: bytes) -> int:
    """Time of a serialised message that begins with a header [ns], without deserialising the rest."""
    order = "<" if data[1] else ">"  # second byte of the encapsulation: 1 for little-endian
    seconds, nanoseconds = struct.unpack_from(f"{order}iI", data, 4)
    return seconds * 1_000_000_000 + nanoseconds
