"""Services whose callbacks are coroutines, on any executor."""

from __future__ import annotations

import inspect
from collections.abc import Coroutine
from typing import Any

from rclpy.node import Node
from rclpy.service import Service


def awaiting(node: Node, service: Service) -> Service:
    """Lets a service's callback be a coroutine.

    rclpy's own executors await such a callback; the events executor hands the coroutine itself to ``send_response``,
    which raises TypeError and ends the process.
    """
    send = service.send_response

    async def finish(answer: Coroutine[Any, Any, Any], header: Any) -> None:
        send(await answer, header)

    def send_response(response: Any, header: Any) -> None:
        if inspect.iscoroutine(response):
            node.executor.create_task(finish(response, header))
        else:
            send(response, header)

    service.send_response = send_response  # type: ignore[method-assign]
    return service
