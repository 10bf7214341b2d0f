"""Heartbeats between nodes: who depends on another node hears within two seconds that it is gone.

The graph says so only when a lease has run out, which with killed processes takes 20 s. Wall time, since a stopped
simulation must be noticed, too.
"""

from __future__ import annotations

from collections.abc import Callable

from rclpy.node import Node
from std_msgs.msg import String

from robomatrix.errors import RobomatrixError
from robomatrix_nodes import qos
from robomatrix_nodes.waiting import steady

PERIOD = 0.2
"""Between two beats [s]."""


class PeerGone(RobomatrixError):
    """Another node fell silent while something was asked of it."""


class Heart:
    """Says five times a second that a node is there, and what it works on."""

    def __init__(self, node: Node, work: Callable[[], str] = str) -> None:
        """Beats on ``heartbeat/<node's name>``; ``work`` tells what the node works on, such as a goal's id."""
        self._work = work
        self._publisher = node.create_publisher(String, f"heartbeat/{node.get_name()}", qos.STATE)
        self._timer = node.create_timer(PERIOD, self.beat, clock=steady())

    def beat(self) -> None:
        """Beats out of turn, when the work has changed."""
        self._publisher.publish(String(data=self._work()))


class Silence:
    """How long something was not heard. Counted in ticks of the listener, which may have been held up itself."""

    def __init__(self, node: Node) -> None:
        self.seconds = 0.0
        """[s] of wall time, rounded to the period."""
        node.create_timer(PERIOD, self._tick, clock=steady())

    def _tick(self) -> None:
        self.seconds += PERIOD

    def end(self) -> None:
        """It was heard."""
        self.seconds = 0.0


class Watch:
    """Listens to the heart of another node."""

    def __init__(self, node: Node, name: str, timeout: float) -> None:
        """Listens to the node ``name`` of the same namespace, which counts as gone after ``timeout`` [s]."""
        self._timeout = timeout
        self._silence: Silence | None = None
        self._node = node
        self.work = ""
        """What the node said last that it works on."""
        node.create_subscription(String, f"heartbeat/{name}", self._on_beat, qos.STATE)

    def _on_beat(self, message: String) -> None:
        if self._silence is None:
            self._silence = Silence(self._node)
        self._silence.end()
        self.work = message.data

    @property
    def gone(self) -> bool:
        """True if the node was there and has fallen silent; False for one that was never heard of."""
        return self._silence is not None and self._silence.seconds > self._timeout
