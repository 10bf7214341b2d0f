"""``robomatrix bench recovery`` kills one process of four while the robot moves: what stops, is told, comes back."""

from __future__ import annotations

import math
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import rclpy
from nav_msgs.msg import Odometry
from rclpy.action import ActionClient
from rclpy.context import Context
from rclpy.experimental import EventsExecutor
from rclpy.node import Node
from rich.table import Table

from robomatrix.errors import DriverError
from robomatrix_interfaces.action import ExecuteTask
from robomatrix_nodes import conversions, qos

NODES = ("bridge", "perception", "skill_server", "scheduler")
TASK = "turn left 400 degrees"
FIRST_DOMAIN = 120
"""Each run takes a domain of its own, so that nobody hears the dead of the run before."""
PATIENCE = 40.0
"""How long anything may take before it counts as hung [s]."""
STILL, MOVING = 0.02, 0.3
"""Base speed below which the robot stands, and from which it moves [m/s, rad/s]."""
MOST_TO_STANDSTILL = {"skill_server": 0.5, "scheduler": 3.0}
"""[s]; the watchdog waits 0.1 s, the skill server 2 s for the scheduler's heart, then the base brakes."""


@dataclass(frozen=True)
class Outcome:
    """What one killed process led to."""

    victim: str
    standstill: float
    """From the kill to when it was seen [s]; NaN where the simulated robot died with it."""
    standstill_clock: float
    """The same on the robot's clock, which says what the robot did, however late it was heard [s]."""
    told: float
    """From the kill to the end of the task that ran [s]; NaN where nobody was left to tell."""
    message: str
    back: float
    """From the restart of the process to the end of the next task, which takes some 5 s [s]; infinite if it failed."""

    @property
    def reached(self) -> bool:
        """Whether the robot stood in time and the next task succeeded."""
        still = self.victim not in MOST_TO_STANDSTILL or self.standstill_clock <= MOST_TO_STANDSTILL[self.victim]
        return still and math.isfinite(self.back)


@dataclass
class _Processes:
    """The nodes of a robot, each in a process of its own."""

    domain: int
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        code = f"from robomatrix_nodes.{name} import main; main()"
        arguments = ["--ros-args", "-r", "__ns:=/ep", "-p", "robot:=ep"]
        environment = {**os.environ, "ROS_DOMAIN_ID": str(self.domain), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
        self.running[name] = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self, name: str) -> None:
        self.running[name].kill()
        self.running.pop(name).wait()

    def end(self) -> None:
        for process in self.running.values():
            process.send_signal(signal.SIGINT)
        for process in self.running.values():
            try:
                process.wait(timeout=10.0)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class _Operator(Node):
    """Asks for tasks and sees the robot move."""

    def __init__(self, context: Context) -> None:
        super().__init__("operator", namespace="/ep", context=context, use_global_arguments=False)
        self.executor_ = EventsExecutor(context=context)
        self.executor_.add_node(self)
        self.speed, self.stamp = 0.0, 0.0
        self.tasks = ActionClient(self, ExecuteTask, "execute_task")
        self.create_subscription(Odometry, "odom", self._on_odometry, qos.STATE)

    def _on_odometry(self, message: Odometry) -> None:
        twist = message.twist.twist
        self.speed = abs(twist.linear.x) + abs(twist.linear.y) + abs(twist.angular.z)
        self.stamp = conversions.from_time(message.header.stamp)

    def until(self, done: Callable[[], bool], patience: float = PATIENCE) -> bool:
        limit = time.monotonic() + patience
        while not done() and time.monotonic() < limit:
            self.executor_.spin_once(timeout_sec=0.01)
        return done()

    def send(self) -> Any:
        """Asks for the task; returns the future of its result, None if nobody takes it."""
        goal = self.tasks.send_goal_async(ExecuteTask.Goal(instruction=TASK))
        if not self.until(goal.done, 1.5) or not goal.result().accepted:
            return None
        return goal.result().get_result_async()

    def succeed(self) -> bool:
        """Asks for the task until it succeeds; False if it never does."""
        limit = time.monotonic() + PATIENCE
        while time.monotonic() < limit:
            result = self.send() if self.tasks.server_is_ready() else None
            if result is not None and self.until(result.done, 15.0) and result.result().result.success:
                return True
            self.until(lambda: False, 0.2)
        return False

    def close(self) -> None:
        self.executor_.remove_node(self)
        self.destroy_node()
        self.executor_.shutdown()


@contextmanager
def _robot(domain: int) -> Iterator[tuple[_Processes, _Operator]]:
    processes, context = _Processes(domain), Context()
    rclpy.init(args=[], context=context, domain_id=domain)
    operator = _Operator(context)
    try:
        for name in NODES:
            processes.start(name)
        if not operator.succeed():
            raise DriverError(f"the nodes did not come up within {PATIENCE:g} s")
        yield processes, operator
    finally:
        processes.end()
        operator.close()
        context.try_shutdown()


def kill_one(victim: str, domain: int) -> Outcome:
    """Kills one process while the robot turns, looks what happens, restarts it and asks for another task."""
    with _robot(domain) as (processes, operator):
        result = operator.send()
        if result is None or not operator.until(lambda: operator.speed > MOVING, 10.0):
            raise DriverError("the robot does not move")
        began, stamp = time.monotonic(), operator.stamp
        processes.kill(victim)
        standstill = clock = math.nan
        if victim != "bridge" and operator.until(lambda: operator.speed < STILL, 10.0):
            standstill, clock = time.monotonic() - began, operator.stamp - stamp
        told = operator.until(result.done, 10.0) if victim != "scheduler" else False
        seconds = time.monotonic() - began if told else math.nan
        answer = result.result().result if told else None
        message = ("succeeded" if answer.success else answer.error_msg) if answer is not None else ""
        began = time.monotonic()
        processes.start(victim)
        back = time.monotonic() - began if operator.succeed() else math.inf
    return Outcome(victim, standstill, clock, seconds, message, back)


@dataclass(frozen=True)
class Report:
    """What became of every victim."""

    outcomes: tuple[Outcome, ...]

    @property
    def reached(self) -> bool:
        """Whether the robot always stood in time and everything came back."""
        return all(outcome.reached for outcome in self.outcomes)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"suite": "recovery", "reached": self.reached, "outcomes": [asdict(o) for o in self.outcomes]}

    def table(self) -> Table:
        """For people: medians over the repeats."""
        table = Table(
            "killed", "standstill [s]", "robot's clock", "task ends [s]", "with", "restarted: next task done [s]"
        )
        for victim in dict.fromkeys(o.victim for o in self.outcomes):
            mine = [o for o in self.outcomes if o.victim == victim]
            names = ("standstill", "standstill_clock", "told", "back")
            still, clock, told, back = (_median(getattr(o, name) for o in mine) for name in names)
            table.add_row(victim, still, clock, told, mine[0].message or "nobody is left to tell", back)
        return table


def _median(values: Iterator[float]) -> str:
    found = [v for v in values if not math.isnan(v)]
    return f"{statistics.median(found):.2f}" if found else "-"


def run(victims: tuple[str, ...] = NODES, repeats: int = 3, on_run: Callable[[Outcome], None] | None = None) -> Report:
    """Kills each victim ``repeats`` times."""
    found = []
    for number in range(repeats):
        for index, victim in enumerate(victims):
            found.append(kill_one(victim, FIRST_DOMAIN + number * len(victims) + index))
            if on_run is not None:
                on_run(found[-1])
    return Report(tuple(found))
