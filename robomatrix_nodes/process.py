"""Starting and ending a process that holds nodes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.experimental import EventsExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from robomatrix.errors import RobomatrixError
from robomatrix_nodes.interrupts import Interrupts


def run(*make: Callable[[], Node], args: Sequence[str] | None = None) -> None:
    """Spins nodes on one single-threaded executor until they are interrupted; a bad parameter ends with exit code 1."""
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    try:
        with Interrupts() as interrupts:
            _spin(make, interrupts)
    except RobomatrixError as error:
        sys.exit(f"{error}")
    finally:
        rclpy.try_shutdown()


def _spin(make: Sequence[Callable[[], Node]], interrupts: Interrupts) -> None:
    executor = EventsExecutor()
    nodes: list[Node] = []
    try:
        for maker in make:
            nodes.append(maker())
            executor.add_node(nodes[-1])
        # Not spin(): with action servers its loop in these wheels takes a whole core and starves the callbacks.
        while rclpy.ok():
            interrupts.check()
            executor.spin_once(timeout_sec=0.1)
    except (KeyboardInterrupt, ExternalShutdownException):
        return
    finally:
        for node in reversed(nodes):
            executor.remove_node(node)
            node.destroy_node()
        executor.shutdown()
