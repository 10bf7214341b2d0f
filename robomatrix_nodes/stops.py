"""``robomatrix bench stops``: how soon a robot is told to stand, with every queue full of commands to drive on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any

import numpy as np
import rclpy
from geometry_msgs.msg import Twist
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rich.table import Table
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

from robomatrix.hardware import driver
from robomatrix.hardware.driver import RobotCommand
from robomatrix_nodes import qos
from robomatrix_nodes.stack import Stack, StackSettings

DOMAIN = 105
SPEED = 0.3
"""Of the commands [m/s]."""
BURST = 20
"""Commands on each topic, then a breath that lets the other processes be."""
LATCHED = 0.3
"""How long nothing may move after an emergency stop, in spite of the commands [s]."""
PATIENCE = 20.0
"""[s]."""
EMERGENCY, LOSS = 50.0, 120.0
"""Wanted of the 99th percentile [ms]."""


@dataclass(frozen=True)
class Report:
    """Times to the standstill command in the driver."""

    emergency: tuple[float, ...]
    """From calling the service, with commands flooding in [ms]."""
    loss: tuple[float, ...]
    """From the last command that was sent [ms]."""
    moved_again: int
    """Emergency stops after which the robot was driven on before the reset."""
    flood: float
    """Commands sent a second."""

    @property
    def reached(self) -> bool:
        """Whether both are soon enough and every emergency stop latched."""
        return _p99(self.emergency) <= EMERGENCY and _p99(self.loss) <= LOSS and self.moved_again == 0

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"suite": "stops", "reached": self.reached, **asdict(self)}

    def table(self) -> Table:
        """For people."""
        table = Table("from", "count", "median [ms]", "99 % [ms]", "worst [ms]", "wanted of 99 % [ms]")
        rows = (("emergency_stop called", self.emergency, EMERGENCY), ("last command sent", self.loss, LOSS))
        for name, times, wanted in rows:
            figures = (float(np.median(times)), _p99(times), max(times), wanted)
            table.add_row(name, str(len(times)), *(f"{figure:.1f}" for figure in figures))
        table.add_row("moved again before the reset", str(self.moved_again), "", "", "", "")
        table.add_row(f"commands a second: {self.flood:.0f}", "", "", "", "", "")
        return table


def _p99(times: Sequence[float]) -> float:
    return float(np.percentile(times, 99.0))


def run(stops: int = 100, losses: int = 50) -> Report:
    """Measures emergency stops under a flood of commands, then ends of the commands."""
    settings = StackSettings(camera=False, domain_id=DOMAIN)
    with Stack(settings) as stack, _Process(_flood) as flood, _Process(_call) as caller:
        bench = _Bench(stack, _Watch(stack), flood, caller)
        emergency = [bench.stop() for _ in range(stops)]
        loss = [bench.lose() for _ in range(losses)]
        return Report(tuple(emergency), tuple(loss), bench.moved_again, flood.ask("rate"))


class _Watch:
    """Notes when the driver is told to move, and when to stand."""

    def __init__(self, stack: Stack) -> None:
        self.moving = False
        self.changed = time.monotonic()
        self._write = stack.bridge.driver.write
        stack.bridge.driver.write = self._note

    def _note(self, command: RobotCommand) -> RobotCommand:
        applied = self._write(command)
        moving = command.twist not in (None, driver.Twist())
        if moving != self.moving:
            self.changed, self.moving = time.monotonic(), moving
        return applied


class _Process:
    """A process with a node of its own that answers words over a pipe."""

    def __init__(self, work: Callable[[Connection], None]) -> None:
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(theirs,), daemon=True)

    def __enter__(self) -> _Process:
        self._process.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.pipe.send("end")
        self._process.join(PATIENCE)

    def ask(self, word: str) -> float:
        self.pipe.send(word)
        return self.pipe.recv()


@dataclass
class _Bench:
    stack: Stack
    watch: _Watch
    flood: _Process
    caller: _Process
    moved_again: int = 0

    def stop(self) -> float:
        """Returns the time from calling ``emergency_stop`` to the standstill command [ms]."""
        self._drive()
        called = self._ask(self.caller, "emergency_stop")
        self._until(lambda: not self.watch.moving)
        stood = self.watch.changed
        end = time.monotonic() + LATCHED
        self._until(lambda: time.monotonic() > end)
        self.moved_again += self.watch.changed != stood
        self._ask(self.caller, "reset_emergency_stop")
        return 1e3 * (stood - called)

    def lose(self) -> float:
        """Returns the time from the last command to the standstill command [ms]."""
        self._drive()
        last = self._ask(self.flood, "pause")
        self._until(lambda: not self.watch.moving)
        return 1e3 * (self.watch.changed - last)

    def _drive(self) -> None:
        self._ask(self.flood, "go")
        self._until(lambda: self.watch.moving)

    def _ask(self, process: _Process, word: str) -> float:
        process.pipe.send(word)
        self._until(process.pipe.poll)
        return process.pipe.recv()

    def _until(self, done: Callable[[], bool]) -> None:
        limit = time.monotonic() + PATIENCE
        self.stack.spin_until(lambda: done() or time.monotonic() > limit)
        if not done():
            raise TimeoutError(f"nothing came within {PATIENCE:g} s")


def _node(name: str) -> Node:
    context = Context()
    rclpy.init(args=[], context=context, domain_id=DOMAIN)
    return Node(name, context=context, namespace=StackSettings().robot)


def _flood(pipe: Connection) -> None:
    """Sends commands to drive as fast as the machine allows, from "go" to "pause"; answers with the last one's time."""
    node = _node("flood")
    twists = node.create_publisher(Twist, "cmd_vel", qos.COMMAND)
    joints = node.create_publisher(JointState, "joint_commands", qos.COMMAND)
    twist, still = Twist(), JointState()
    twist.linear.x = SPEED
    sent, spent, going, last = 0, 1e-9, False, time.monotonic()
    while True:
        if not going or pipe.poll():
            word = pipe.recv()
            if word == "end":
                return
            going = word == "go"
            pipe.send(sent / spent if word == "rate" else last)
        began = time.monotonic()
        for _ in range(BURST if going else 0):
            joints.publish(still)
            twists.publish(twist)
            sent, last = sent + 2, time.monotonic()
        time.sleep(0.001)
        spent += (time.monotonic() - began) if going else 0.0


def _call(pipe: Connection) -> None:
    """Calls the bridge's service of a name; answers with the time of the call."""
    node = _node("caller")
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(node)
    names = ("emergency_stop", "reset_emergency_stop")
    clients = {name: node.create_client(Trigger, name) for name in names}
    while (word := pipe.recv()) != "end":
        clients[word].wait_for_service(PATIENCE)
        called = time.monotonic()
        executor.spin_until_future_complete(clients[word].call_async(Trigger.Request()), PATIENCE)
        pipe.send(called)
