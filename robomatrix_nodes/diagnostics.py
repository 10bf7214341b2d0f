"""One diagnostic status a node, once a second on ``/diagnostics`` (REP-107)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from robomatrix_nodes import qos

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
Status = tuple[bytes, str, Mapping[str, object]]


class Diagnostics:
    """Publishes what ``status`` returns (level, message, values) at 1 Hz of wall time."""

    def __init__(self, node: Node, hardware_id: str, status: Callable[[], Status]) -> None:
        self._node, self._hardware_id, self._status = node, hardware_id, status
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", qos.EVENT)
        # Wall time: a stopped simulation must still be seen to be stopped.
        self._timer = node.create_timer(1.0, self._publish, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _publish(self) -> None:
        level, message, values = self._status()
        status = DiagnosticStatus(
            level=level,
            name=self._node.get_fully_qualified_name().lstrip("/"),
            message=message,
            hardware_id=self._hardware_id,
            values=[KeyValue(key=str(k), value=str(v)) for k, v in values.items()],
        )
        array = DiagnosticArray(status=[status])
        array.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(array)
