"""What the nodes do when another one falls silent: nobody turns its executor any more, as if it had been killed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from rclpy.experimental import EventsExecutor
from rclpy.node import Node
from support.ros import Client, wait

from robomatrix_interfaces.action import ExecuteSkill, ExecuteTask
from robomatrix_nodes.bridge import Bridge
from robomatrix_nodes.scheduler import Scheduler
from robomatrix_nodes.skill_server import SkillServer
from robomatrix_nodes.stack import Stack, StackSettings

LIMIT = 6.0
"""Three times the heartbeat's timeout, as machines are busy [s]."""


class Split(Stack):
    """A stack of which one node has an executor of its own."""

    def __init__(self, settings: StackSettings, victim: type[Node]) -> None:
        super().__init__(settings)
        self.kind, self.alive = victim, True

    def add(self, kind: Callable[..., Node], **parameters: object) -> Node:
        if kind is not self.kind:
            return super().add(kind, **parameters)
        shared, self.executor = self.executor, EventsExecutor(context=self.context)
        self.victim = super().add(kind, **parameters)
        self.other, self.executor = self.executor, shared
        return self.victim

    def spin_until(self, done: Callable[[], bool]) -> None:
        while not done():
            for executor in (self.executor, self.other) if self.alive else (self.executor,):
                executor.spin_once(timeout_sec=0.001)
                for _ in range(20):
                    executor.spin_once(timeout_sec=0.0)

    def _take_down(self) -> None:
        if self.victim in self.nodes:
            self.nodes.remove(self.victim)
            self.other.remove_node(self.victim)
            self.victim.destroy_node()
            self.other.shutdown()
        super()._take_down()


@pytest.fixture
def split(domain_id: int) -> Iterator[Callable[[type[Node]], Split]]:
    stacks: list[Split] = []

    def make(victim: type[Node], speed: float = 1.0) -> Split:
        stacks.append(Split(StackSettings(domain_id=domain_id, camera=False, speed=speed), victim))
        return stacks[-1].__enter__()

    yield make
    for stack in stacks:
        stack.__exit__(None, None, None)


def moves(stack: Stack) -> bool:
    return abs(stack.bridge.driver.read().odometry.angular_velocity[2]) > 0.3


def silence(stack: Split) -> float:
    """Silences the victim once the robot moves; returns when that was [s]."""
    wait(stack, lambda: moves(stack), "motion")
    stack.alive = False
    return time.monotonic()


def test_a_task_ends_when_the_skill_server_is_gone_and_the_robot_stands(split: Callable[..., Split]) -> None:
    stack = split(SkillServer)
    client = Client(stack)
    task = client.send_task("turn left 700 degrees")
    began = silence(stack)
    wait(stack, lambda: not moves(stack), "standstill")
    assert time.monotonic() - began < 1.5
    result = client.result(task)
    assert result.error_code == ExecuteTask.Result.ERROR_NO_SKILL_SERVER
    assert "silent" in result.error_msg
    assert time.monotonic() - began < LIMIT


def test_a_skill_ends_when_the_scheduler_that_asked_for_it_is_gone(split: Callable[..., Split]) -> None:
    stack = split(Scheduler)
    client = Client(stack)
    client.send_task("turn left 700 degrees")
    began = silence(stack)
    wait(stack, lambda: not moves(stack), "standstill")
    assert 1.0 < time.monotonic() - began < LIMIT
    assert client.run_skill("turn", angle_deg=10.0).success, "the skill server takes no more goals"


def test_a_skill_that_somebody_else_asked_for_goes_on_without_a_scheduler(split: Callable[..., Split]) -> None:
    stack = split(Scheduler)
    client = Client(stack)
    turning = client.send_skill("turn", angle_deg=400.0)
    silence(stack)
    assert client.result(turning).success


def test_a_task_ends_when_the_bridge_is_gone_and_goes_again_when_it_is_back(split: Callable[..., Split]) -> None:
    stack = split(Bridge, speed=0.0)
    client = Client(stack)
    task = client.send_task("turn left 700 degrees")
    began = silence(stack)
    result = client.result(task)
    assert result.error_code == ExecuteTask.Result.ERROR_STEP_FAILED
    assert "is the bridge alive?" in result.error_msg
    assert time.monotonic() - began < LIMIT
    assert client.run_skill("turn", angle_deg=10.0).error_code == ExecuteSkill.Result.ERROR_DRIVER
    stack.alive = True
    stamp = stack.bridge.stamp
    wait(stack, lambda: stack.bridge.stamp > stamp + 0.1, "life")
    assert client.run_skill("turn", angle_deg=10.0).success
