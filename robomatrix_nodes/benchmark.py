"""``robomatrix bench stack``: how fast the nodes are over real DDS in one process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from tempfile import TemporaryDirectory
from typing import Any

from geometry_msgs.msg import Twist
from rclpy.action import ActionClient, ActionServer
from rclpy.node import Node
from rich.table import Table

from robomatrix_interfaces.action import ExecuteSkill
from robomatrix_nodes import conversions, qos
from robomatrix_nodes.bridge import Bridge
from robomatrix_nodes.stack import Stack, StackSettings

DOMAIN = 93
PATIENCE = 30.0
"""[s]"""
MILLISECONDS = 1e3
FAST = 2.0
"""Speed of the simulation at which the EP, 50 control periods a second, makes 100."""
BLOCK = 50
"""Control periods; five images at 5 Hz."""


@dataclass(frozen=True)
class Line:
    """One figure."""

    name: str
    value: float
    unit: str
    target: float | None = None
    """None for a figure that others are compared with."""
    at_least: bool = True

    @property
    def reached(self) -> bool:
        """Whether the target is met."""
        if self.target is None:
            return True
        return self.value >= self.target if self.at_least else self.value <= self.target


@dataclass(frozen=True)
class Report:
    """All figures."""

    lines: tuple[Line, ...]

    @property
    def reached(self) -> bool:
        """Whether every target is met."""
        return all(line.reached for line in self.lines)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"suite": "stack", "reached": self.reached, "lines": [asdict(line) for line in self.lines]}

    def table(self) -> Table:
        """For people."""
        table = Table("figure", "value", "target")
        for line in self.lines:
            sign, colour = (">=" if line.at_least else "<="), ("green" if line.reached else "red")
            target = "" if line.target is None else f"{sign} {line.target:.2f} {line.unit}"
            table.add_row(line.name, f"[{colour}]{line.value:.2f}[/] {line.unit}", target)
        return table


def run(repeats: int = 5, goals: int = 40) -> Report:
    """Measures real-time factors (``repeats`` turns on the spot) and the latency of ``goals`` goals."""
    ours, bare = first_command(goals), bare_action(goals)
    return Report(
        (
            Line("real-time factor without camera", real_time_factor(False, repeats), "x", 10.0),
            Line("real-time factor with camera at 5 Hz", real_time_factor(True, repeats), "x", 2.0),
            *bridge_lines(bridge_overhead(repeats)),
            Line("recording costs, without camera", recording_cost(False, repeats), "%", 10.0, False),
            Line("recording costs, with camera at 5 Hz", recording_cost(True, repeats), "%", 10.0, False),
            Line("goal sent to first command, median", ours, "ms", bare + 5.0, False),
            Line("bare rclpy action, goal sent to execution, median", bare, "ms"),
        )
    )


class _Client(Node):
    """Sends skill goals and waits for them."""

    def __init__(self, stack: Stack) -> None:
        super().__init__("benchmark", context=stack.context, namespace=stack.settings.robot, use_global_arguments=False)
        self._stack = stack
        stack.nodes.append(self)
        stack.executor.add_node(self)
        self.skills = ActionClient(self, ExecuteSkill, "execute_skill")
        self.until(self.skills.server_is_ready)
        self.first: float | None = None
        self.create_subscription(Twist, "cmd_vel", self._on_command, qos.COMMAND)

    def _on_command(self, message: Twist) -> None:
        self.first = self.first or time.perf_counter()

    def until(self, done: Callable[[], bool]) -> None:
        limit = time.monotonic() + PATIENCE
        self._stack.spin_until(lambda: done() or time.monotonic() > limit)
        if not done():
            raise TimeoutError(f"nothing came within {PATIENCE:g} s")

    def start(self, skill: str, **arguments: Any) -> Any:
        self.first = None
        goal = self.skills.send_goal_async(
            ExecuteSkill.Goal(skill=skill, arguments=conversions.to_parameters(arguments))
        )
        self.until(goal.done)
        return goal.result().get_result_async()

    def perform(self, skill: str, **arguments: Any) -> None:
        result = self.start(skill, **arguments)
        self.until(result.done)


def real_time_factor(camera: bool, repeats: int) -> float:
    """Simulated seconds a second while a skill is in flight; the camera renders and perception looks at 5 Hz."""
    with Stack(StackSettings(speed=0.0, camera=camera, domain_id=DOMAIN)) as stack:
        client = _Client(stack)
        client.perform("turn", angle_deg=20.0)
        began, stamp = time.perf_counter(), stack.bridge.stamp
        for _ in range(repeats):
            client.perform("look_around")
        return (stack.bridge.stamp - stamp) / (time.perf_counter() - began)


def bridge_overhead(repeats: int) -> list[float]:
    """What the bridge adds to each control period over the bare simulator, 100 a second, a skill in flight [ms]."""
    with Stack(StackSettings(speed=FAST, camera=False, domain_id=DOMAIN)) as stack:
        client = _Client(stack)
        client.perform("turn", angle_deg=20.0)
        overhead = _Overhead(stack.bridge)
        for _ in range(repeats):
            client.perform("look_around")
        return [MILLISECONDS * added for added in overhead.added]


def bridge_lines(added: list[float]) -> tuple[Line, Line]:
    """Median and 99th percentile of what the bridge adds to a control period [ms]."""
    name = "bridge adds to a control period, 100 a second"
    return (
        Line(f"{name}, median", statistics.median(added), "ms", 1.0, False),
        Line(f"{name}, 99th percentile", statistics.quantiles(added, n=100)[-1], "ms", 3.0, False),
    )


class _Overhead:
    """Times control periods from the safety gate to the last topic, less what the driver takes."""

    def __init__(self, bridge: Bridge) -> None:
        self.added: list[float] = []
        self._began = self._driver = 0.0
        bridge.gate = _Watched(bridge.gate, {"filter": self._beginning})
        bridge.driver = _Watched(bridge.driver, {"write": self._timed, "step": self._timed})
        bridge.on_step = self._end

    def _beginning(self, call: Callable[..., Any]) -> Callable[..., Any]:
        self._began, self._driver = time.perf_counter(), 0.0
        return call

    def _timed(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any) -> Any:
            began = time.perf_counter()
            try:
                return call(*arguments)
            finally:
                self._driver += time.perf_counter() - began

        return timed

    def _end(self) -> None:
        self.added.append(time.perf_counter() - self._began - self._driver)


class _Watched:
    """Stands before an object; some of its methods are handed out through a function."""

    def __init__(self, inner: Any, through: Mapping[str, Callable[[Callable[..., Any]], Callable[..., Any]]]) -> None:
        self._inner, self._through = inner, through

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._inner, name)
        return self._through[name](member) if name in self._through else member


def recording_cost(camera: bool, repeats: int) -> float:
    """Loss of real-time factor to a recording [%]; blocks of control periods with and without one take turns."""
    with TemporaryDirectory() as folder:
        settings = StackSettings(speed=0.0, camera=camera, domain_id=DOMAIN, record=f"{folder}/cost.mcap")
        with Stack(settings) as stack:
            client = _Client(stack)
            client.perform("turn", angle_deg=20.0)
            turns = _Turns(stack)
            for _ in range(repeats):
                client.perform("look_around")
            return turns.cost()


class _Turns:
    """Opens and closes a recorder's taps in turn, and times the blocks of control periods in between."""

    def __init__(self, stack: Stack) -> None:
        self._taps = tuple(stack.recorder.taps.values())
        self._times: dict[bool, list[float]] = {True: [], False: []}
        self._open, self._steps, self._began = True, 0, time.perf_counter()
        stack.bridge.on_step = self._count

    def _count(self) -> None:
        self._steps += 1
        if self._steps % BLOCK:
            return
        self._times[self._open].append(time.perf_counter() - self._began)
        self._open = not self._open
        for tap in self._taps:
            (tap.open if self._open else tap.close)()
        self._began = time.perf_counter()

    def cost(self) -> float:
        """Loss of pace [%], from the median block of either kind."""
        plain, recorded = (statistics.median(self._times[is_open]) for is_open in (False, True))
        return 100.0 * (1.0 - plain / recorded)


def first_command(goals: int) -> float:
    """Median time from sending a goal to the first command on ``cmd_vel`` [ms]."""
    times = []
    with Stack(StackSettings(speed=0.0, camera=False, domain_id=DOMAIN)) as stack:
        client = _Client(stack)
        for index in range(goals + 3):
            began = time.perf_counter()
            result = client.start("turn", angle_deg=5.0 if index % 2 else -5.0)
            client.until(lambda: client.first is not None)
            times.append(client.first - began)
            client.until(result.done)
    return statistics.median(times[3:]) * MILLISECONDS


class _Bare(Node):
    """The smallest action server there is."""

    def __init__(self, **options: Any) -> None:
        options.pop("parameter_overrides")
        super().__init__("bare", **options)
        self.executed: float | None = None
        self._server = ActionServer(self, ExecuteSkill, "bare_action", execute_callback=self._execute)

    async def _execute(self, goal: Any) -> ExecuteSkill.Result:
        self.executed = time.perf_counter()
        goal.succeed()
        return ExecuteSkill.Result(success=True)


def bare_action(goals: int) -> float:
    """Median time from sending a goal to the first line of a bare action's execution [ms]."""
    times = []
    with Stack(StackSettings(speed=0.0, camera=False, domain_id=DOMAIN)) as stack:
        server, client = stack.add(_Bare), _Client(stack)
        bare = ActionClient(client, ExecuteSkill, "bare_action")
        client.until(bare.server_is_ready)
        for _ in range(goals + 3):
            server.executed, began = None, time.perf_counter()
            goal = bare.send_goal_async(ExecuteSkill.Goal())
            client.until(lambda: server.executed is not None)
            times.append(server.executed - began)
            client.until(goal.done)
            result = goal.result().get_result_async()
            client.until(result.done)
    return statistics.median(times[3:]) * MILLISECONDS
