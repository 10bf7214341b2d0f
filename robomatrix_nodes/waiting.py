"""Waiting without blocking: for coroutines on rclpy's executors, which have no sleep and no time limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.task import Future

STEADY = Clock(clock_type=ClockType.STEADY_TIME)
"""For timers that end soon."""
POLL = 0.05
"""Between two looks at what has no future [s]."""


def steady() -> Clock:
    """A clock of one's own, for timers that stay: a clock gets slow with the number of its timers."""
    return Clock(clock_type=ClockType.STEADY_TIME)


def resolve(future: Future, value: Any) -> None:
    """Gives a future its value unless it has one."""
    if not future.done():
        future.set_result(value)


async def within(node: Node, future: Future, seconds: float) -> Any:
    """Awaits a future, which stays its owner's; None when it does not come within this wall time."""
    either = Future(executor=node.executor)
    future.add_done_callback(lambda done: resolve(either, done.result()))
    timer = node.create_timer(max(seconds, 1e-3), lambda: resolve(either, None), clock=STEADY)
    value = await either
    node.destroy_timer(timer)
    return value


async def until(node: Node, ready: Callable[[], bool], seconds: float) -> bool:
    """Polls a condition, such as one of the graph, for which rclpy has no future."""
    for _ in range(max(1, round(seconds / POLL))):
        if ready():
            return True
        await within(node, Future(executor=node.executor), POLL)
    return ready()


async def unless(node: Node, future: Future, lost: Callable[[], bool], period: float) -> bool:
    """Awaits a future; False if ``lost``, which is asked every ``period`` [s] of wall time, comes first."""
    done = Future(executor=node.executor)
    future.add_done_callback(lambda _: resolve(done, True))
    timer = node.create_timer(period, lambda: resolve(done, False) if lost() else None, clock=STEADY)
    answered = await done
    node.destroy_timer(timer)
    return answered
