"""Every ROS test runs in a domain of its own, on this machine only."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"

pytest.importorskip("domain_coordinator")

from support.domains import Domains  # noqa: E402

from robomatrix_nodes.stack import Stack, StackSettings  # noqa: E402

TWO_PARTICIPANTS = ("test_topics.py", "test_dispatcher.py", "test_heartbeat.py")
"""Modules in which participants have to find each other.

A stack that ran a goal leaves its participant to the process (the events executor holds tasks that Python cannot see),
and on one machine Fast DDS looks for the first 32 participants of a process only: these modules come first.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.parent.name == "nodes" and item.path.name not in TWO_PARTICIPANTS)


@pytest.fixture(scope="session")
def domains() -> Iterator[Domains]:
    with closing(Domains()) as taken:
        yield taken


@pytest.fixture
def domain_id(domains: Domains) -> int:
    return domains.take()


@pytest.fixture
def bring_up(domain_id: int) -> Iterator[Callable[..., Stack]]:
    """Brings a stack up and takes it down after the test."""
    stacks: list[Stack] = []

    def make(**settings: object) -> Stack:
        stack = Stack(StackSettings(domain_id=domain_id, **{"speed": 0.0, "camera": False, **settings}))
        stacks.append(stack.__enter__())
        return stack

    yield make
    for stack in stacks:
        stack.__exit__(None, None, None)
