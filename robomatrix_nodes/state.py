"""Joins the topics of one robot back into the states and commands of the library."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

from nav_msgs.msg import Odometry as OdometryMsg
from rclpy.node import Node
from sensor_msgs.msg import Imu as ImuMsg
from sensor_msgs.msg import JointState as JointStateMsg
from sensor_msgs.msg import Range

from robomatrix.hardware.driver import RobotState
from robomatrix.robots.spec import RobotSpec
from robomatrix_nodes import conversions, qos

RANGE_PREFIX = "range/"
REMEMBERED = 8
"""Stamps kept open: under load the topics of one stamp may arrive after some of the next."""


class StateSubscriber:
    """Calls back with a RobotState as soon as every topic of the robot has delivered the same stamp."""

    def __init__(
        self,
        node: Node,
        spec: RobotSpec,
        on_state: Callable[[RobotState], None],
        inertial: bool = True,
        ranges: bool = True,
    ) -> None:
        """Subscribes; ``inertial`` and ``ranges`` leave out what a node does not look at, which saves its messages."""
        self._on_state = on_state
        self._open: OrderedDict[tuple[int, int], dict[str, Any]] = OrderedDict()
        self._ranges = tuple(r.name for r in spec.ranges) if ranges else ()
        self._count = 1 + len(self._ranges)
        for name in self._ranges:
            node.create_subscription(Range, RANGE_PREFIX + name, partial(self._take, name), qos.STATE)
        if spec.imu and inertial:
            self._count += 1
            node.create_subscription(ImuMsg, "imu", partial(self._take, "imu"), qos.STATE)
        if spec.odometry:
            self._count += 1
            node.create_subscription(OdometryMsg, "odom", partial(self._take, "odometry"), qos.STATE)
        node.create_subscription(JointStateMsg, "joint_states", partial(self._take, "joints"), qos.STATE)

    def _take(self, part: str, message: Any) -> None:
        stamp = message.header.stamp
        key = (stamp.sec, stamp.nanosec)
        parts = self._open.setdefault(key, {})
        parts[part] = message
        if len(parts) == self._count:
            del self._open[key]
            self._on_state(self._join(conversions.from_time(stamp), parts))
        while len(self._open) > REMEMBERED:
            self._open.popitem(last=False)

    def _join(self, stamp: float, parts: dict[str, Any]) -> RobotState:
        return RobotState(
            stamp=stamp,
            joints=conversions.from_joint_state(parts["joints"]),
            imu=conversions.from_imu(parts["imu"]) if "imu" in parts else None,
            odometry=conversions.from_odometry(parts["odometry"]) if "odometry" in parts else None,
            ranges={name: float(parts[name].range) for name in self._ranges},
        )
