"""ROS domains for the tests of one session."""

from __future__ import annotations

import random
from collections import deque
from contextlib import ExitStack

import domain_coordinator


class Domains:
    """ROS domains, each used once a session: nodes that Python has not collected yet still answer discovery.

    Only the last ones stay reserved, so that several sessions find free domains on one machine.
    """

    LINGERING = 15

    def __init__(self) -> None:
        self._next = random.randrange(100)
        self._taken: deque[ExitStack] = deque()

    def take(self) -> int:
        while len(self._taken) >= self.LINGERING:
            self._taken.popleft().close()
        self._taken.append(ExitStack())
        return int(self._taken[-1].enter_context(domain_coordinator.domain_id(self._select)))

    def close(self) -> None:
        for taken in self._taken:
            taken.close()

    def _select(self) -> int:
        self._next += 1
        return self._next % 100 + 1
