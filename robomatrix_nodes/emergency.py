"""The emergency stop's own way in: a node and a thread apart, so that no queue and no callback is in front of it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from std_srvs.srv import Trigger


class EmergencyListener:
    """Serves ``emergency_stop`` beside ``parent`` and calls ``trip(reason)`` on its own thread."""

    def __init__(self, parent: Node, trip: Callable[[str], None]) -> None:
        self._trip = trip
        self._node = Node(
            f"{parent.get_name()}_emergency_stop",
            namespace=parent.get_namespace(),
            context=parent.context,
            start_parameter_services=False,
            enable_rosout=False,
            use_global_arguments=False,  # or a launch file's __node would rename this one, too
        )
        self._node.create_service(Trigger, "emergency_stop", self._on_stop)
        self._executor = SingleThreadedExecutor(context=parent.context)
        self._executor.add_node(self._node)
        self._thread = threading.Thread(target=self._spin, name="emergency_stop", daemon=True)
        self._thread.start()

    def _spin(self) -> None:
        try:
            self._executor.spin()
        except ExternalShutdownException:
            return

    def _on_stop(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._trip("emergency_stop service")
        response.success, response.message = True, "stopped; latched until reset_emergency_stop"
        return response

    def close(self) -> None:
        """Ends the thread; idempotent."""
        self._executor.shutdown(timeout_sec=1.0)
        self._thread.join(timeout=1.0)
        self._node.destroy_node()
