"""``plan_task``, served on a thread of its own: a planner may think for long, and the scheduler must stay awake."""

from __future__ import annotations

import threading
from collections.abc import Callable

from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node

from robomatrix_interfaces.srv import PlanTask

Answer = Callable[[PlanTask.Request, PlanTask.Response], PlanTask.Response]


class PlanningService:
    """Serves ``plan_task`` beside ``parent``. The events executor sends what a callback returns and awaits nothing."""

    def __init__(self, parent: Node, answer: Answer) -> None:
        """Calls ``answer`` for every request, on its own thread."""
        self._node = Node(
            f"{parent.get_name()}_planning",
            namespace=parent.get_namespace(),
            context=parent.context,
            start_parameter_services=False,
            enable_rosout=False,
            use_global_arguments=False,  # or a launch file's __node would rename this one, too
        )
        self._node.create_service(PlanTask, "plan_task", answer)
        self._executor = SingleThreadedExecutor(context=parent.context)
        self._executor.add_node(self._node)
        self._thread = threading.Thread(target=self._spin, name="plan_task", daemon=True)
        self._thread.start()

    def _spin(self) -> None:
        try:
            self._executor.spin()
        except ExternalShutdownException:
            return

    def close(self) -> None:
        """Ends the thread; idempotent."""
        self._executor.shutdown(timeout_sec=1.0)
        self._thread.join(timeout=1.0)
        self._node.destroy_node()
