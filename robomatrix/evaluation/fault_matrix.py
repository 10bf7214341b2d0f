"""``robomatrix bench faults``: what every fault does to every driver it fits, and how soon the robot is safe."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from rich.table import Table

from robomatrix.emulators.ep.server import EpEmulator
from robomatrix.errors import RobomatrixError, UnknownNameError
from robomatrix.evaluation.emulated import EmulatedDriver
from robomatrix.evaluation.foreign import ForeignDriver
from robomatrix.hardware.checks import CameraWatch
from robomatrix.hardware.driver import RobotCommand, RobotState, SimulatedDriver, Twist
from robomatrix.hardware.safety import SafetyGate, SafetyLimits
from robomatrix.hardware.zones import Polygon, Zones
from robomatrix.robots.loader import load_robot
from robomatrix.robots.spec import RobotSpec

SPEED = Twist(0.4, 0.0, 0.0)
WARM_UP, WATCHED = 1.0, 2.0
"""How long the robot drives before a fault, and how long it is watched after it [s]."""
LOOK_EVERY = 25
"""Control periods between two looks at the cameras, which some simulators draw slowly."""
AT_REST = 0.02
"""[m/s]."""
EMPTY: Mapping[str, Any] = {"fixtures": [], "objects": [], "start": {"x": 0.0, "y": 0.0, "yaw": 0.0}}


@dataclass(frozen=True)
class Row:
    """One fault on one driver."""

    fault: str
    driver: str
    happened: str
    """What the safety layer or the driver said; for a limit what was applied."""
    stop_ms: float | None
    """From the fault to the command to stand still; None where the robot need not stop."""
    rest_ms: float | None
    """From the fault to standstill, as the simulator knows it."""
    resumed: str
    """What it took to move again."""
    safe: bool


@dataclass
class Tick:
    """What reaches the gate in one control period; a fault changes it."""

    command: RobotCommand | None
    state: RobotState
    now: float
    stamp: float | None = None


@dataclass(frozen=True)
class Injection:
    """A fault of the line between skills and driver."""

    name: str
    spoil: Callable[[Rig, Tick], Tick]
    begin: Callable[[Rig], None] = lambda rig: None
    end: Callable[[Rig], None] = lambda rig: None
    stops: bool = True
    """Whether the robot has to stand still; otherwise it must stay within its limits."""
    drivers: tuple[str, ...] = ("mujoco", "pybullet", "mock", "robomaster", "topics")


@dataclass
class Rig:
    """A robot that drives straight ahead under the safety gate, with a fault somewhere."""

    name: str
    driver: SimulatedDriver
    gate: SafetyGate
    watch: CameraWatch = field(default_factory=CameraWatch)
    stopped: float | None = None
    """When the gate or the driver stood still [s]."""
    rested: float | None = None
    said: list[str] = field(default_factory=list)
    applied: RobotCommand = RobotCommand()
    fastest: float = 0.0
    travelled: float = 0.0

    @property
    def clock(self) -> float:
        """Now on the clock of the states [s]: simulated, or the wall clock of a real robot."""
        if self.name == "robomaster":
            return time.time()
        return self.driver.now if isinstance(self.driver, ForeignDriver) else self.driver.read().stamp

    def run(self, seconds: float, injection: Injection | None = None) -> None:
        """Drives for a while; with an injection until it is at rest or the time is over."""
        begun = self.clock
        for number in range(round(seconds * self.driver.spec.rate)):
            self._tick(injection, begun, look=number % LOOK_EVERY == 0)

    def _tick(self, injection: Injection | None, begun: float, look: bool) -> None:
        tick = Tick(RobotCommand(twist=SPEED), self.driver.read(), self.clock)
        if injection is not None:
            tick = injection.spoil(self, tick)
        applied, reports = self.gate.filter(tick.command, tick.state, tick.now, tick.stamp)
        self.said += [r.text for r in reports if r.text not in self.said]
        if look:
            self._look(tick)
        try:
            self.applied = self.driver.write(applied)
        except RobomatrixError as error:
            self.said.append(str(error))
        self.driver.step()
        if injection is not None:
            self._measure(applied, begun)

    def _look(self, tick: Tick) -> None:
        for camera in self.driver.spec.cameras:
            frame = self.driver.frame(camera.name)
            found = None if frame is None else self.watch.check(frame, tick.now, self.travelled)
            if found is not None and found.text not in self.said:
                self.said.append(found.text)

    def _measure(self, applied: RobotCommand, begun: float) -> None:
        speed = self._true_speed()
        self.fastest = max(self.fastest, speed)
        standing = applied.twist == Twist() or self._robot_gave_up()
        if standing and self.stopped is None:
            self.stopped = self.clock - begun
        if speed < AT_REST and self.rested is None and self.stopped is not None:
            self.rested = self.clock - begun

    def _robot_gave_up(self) -> bool:
        return isinstance(self.driver, EmulatedDriver) and self.driver.inside(_gave_up)

    def _true_speed(self) -> float:
        if isinstance(self.driver, EmulatedDriver):
            return self.driver.inside(_speed)
        return float(np.linalg.norm(self.driver.read().odometry.linear_velocity[:2]))


def _gave_up(emulator: EpEmulator) -> bool:
    return not emulator.firmware.in_sdk_mode


def _speed(emulator: EpEmulator) -> float:
    return math.hypot(emulator.firmware.sense.vx, emulator.firmware.sense.vy)


def _impair(emulator: EpEmulator, changes: Mapping[str, object]) -> None:
    for key, value in changes.items():
        setattr(emulator.network, key, value)


def _report_nan(emulator: EpEmulator, on: bool) -> None:
    emulator.faults.not_a_number = on


def _network(**changes: object) -> tuple[Callable[[Rig], None], Callable[[Rig], None]]:
    """Returns what switches an impairment of the emulated network on and off."""

    def begin(rig: Rig) -> None:
        rig.driver.inside(_impair, changes)

    def end(rig: Rig) -> None:
        rig.driver.inside(_impair, {key: type(value)() for key, value in changes.items()})

    return begin, end


def _keep(rig: Rig, tick: Tick) -> Tick:
    return tick


def _joints(state: RobotState, **changes: Any) -> RobotState:
    return replace(state, joints=replace(state.joints, **changes))


class _Frozen:
    """Repeats the first state it sees."""

    def __init__(self) -> None:
        self._state: RobotState | None = None

    def __call__(self, rig: Rig, tick: Tick) -> Tick:
        self._state = self._state or tick.state
        return replace(tick, state=self._state)


def _jump(rig: Rig, tick: Tick) -> Tick:
    moved = replace(tick.state.odometry, position=tick.state.odometry.position + (5.0, 0.0, 0.0))
    return replace(tick, state=replace(tick.state, odometry=moved))


def _nan_state(rig: Rig, tick: Tick) -> Tick:
    return replace(tick, state=_joints(tick.state, position=np.full_like(tick.state.joints.position, np.nan)))


def _nan_odometry(rig: Rig, tick: Tick) -> Tick:
    broken = replace(tick.state.odometry, position=np.full(3, np.nan))
    return replace(tick, state=replace(tick.state, odometry=broken))


def _close_zone(rig: Rig) -> None:
    x = float(rig.driver.read().odometry.position[0])
    wall = Polygon.parse("wall", [[x + 0.5, -5.0], [x + 0.6, -5.0], [x + 0.6, 5.0], [x + 0.5, 5.0]])
    rig.gate.limits = replace(rig.gate.limits, zones=Zones(keep_out=(wall,)))


def _open_zone(rig: Rig) -> None:
    rig.gate.limits = replace(rig.gate.limits, zones=Zones())


def _faulty_pushes(rig: Rig, on: bool) -> None:
    rig.driver.inside(_report_nan, on)


def _silence(rig: Rig, on: bool) -> None:
    rig.driver.robot.silent = on


def _break(rig: Rig, on: bool) -> None:
    rig.driver.robot.broken = on


_ROBOMASTER, _TOPICS = ("robomaster",), ("topics",)
INJECTIONS: tuple[Injection, ...] = (
    Injection("commands cease (skill server killed)", lambda rig, t: replace(t, command=None)),
    Injection("commands arrive 0.3 s old", lambda rig, t: replace(t, stamp=t.now - 0.3)),
    Injection("NaN in the base command", lambda rig, t: replace(t, command=RobotCommand(twist=Twist(math.nan)))),
    Injection("infinite base command", lambda rig, t: replace(t, command=RobotCommand(twist=Twist(math.inf)))),
    Injection("base command of 9 m/s", lambda rig, t: replace(t, command=RobotCommand(twist=Twist(9.0))), stops=False),
    Injection("command for a joint that does not exist",
              lambda rig, t: replace(t, command=RobotCommand({"tail": 1.0}, twist=SPEED)), stops=False),
    Injection("joint command beyond its limit",
              lambda rig, t: replace(t, command=RobotCommand({"arm_left": 9.0}, twist=SPEED)), stops=False),
    Injection("NaN in the measured joints", _nan_state),
    Injection("NaN in the odometry", _nan_odometry),
    Injection("states cease (driver process killed)", _Frozen()),
    Injection("the base jumps by 5 m", _jump, stops=False),
    Injection("the clock goes back by 10 s", lambda rig, t: replace(t, now=t.now - 10.0)),
    Injection("the clock goes ahead by 10 s", lambda rig, t: replace(t, now=t.now + 10.0)),
    Injection("the clock is NaN", lambda rig, t: replace(t, now=math.nan)),
    Injection("emergency stop", _keep, lambda rig: rig.gate.trip("emergency stop"), lambda rig: rig.gate.reset()),
    Injection("keep-out zone 0.5 m ahead", _keep, _close_zone, _open_zone),
    Injection("network cut", _keep, *_network(cut=True), drivers=_ROBOMASTER),
    Injection("half-open connection", _keep, *_network(half_open=True), drivers=_ROBOMASTER),
    Injection("all datagrams lost", _keep, *_network(loss=1.0), drivers=_ROBOMASTER),
    Injection("5 % of the datagrams lost", _keep, *_network(loss=0.05), stops=False, drivers=_ROBOMASTER),
    Injection("100 ms jitter", _keep, *_network(jitter=0.1), stops=False, drivers=_ROBOMASTER),
    Injection("20 % garbage on every channel", _keep, *_network(garbage=0.2), stops=False, drivers=_ROBOMASTER),
    Injection("the robot reports NaN", _keep, lambda rig: _faulty_pushes(rig, True),
              lambda rig: _faulty_pushes(rig, False), drivers=_ROBOMASTER),
    Injection("the robot's own driver falls silent", _keep, lambda rig: _silence(rig, True),
              lambda rig: _silence(rig, False), drivers=_TOPICS),
    Injection("the robot's own driver sends NaN", _keep, lambda rig: _break(rig, True),
              lambda rig: _break(rig, False), drivers=_TOPICS),
)  # fmt: skip
"""Every fault of the line. Faults of the world and of single actuators and sensors are in the sabotage benchmark."""


def open_rig(name: str, robot: RobotSpec) -> Rig:
    """Returns a robot in an empty room under the gate, connected."""
    driver = _driver(name, robot)
    driver.reset(0)
    return Rig(name, driver, SafetyGate(robot, SafetyLimits()))


def _driver(name: str, robot: RobotSpec) -> SimulatedDriver:
    if name == "robomaster":
        return EmulatedDriver(robot, overrides=EMPTY)
    from robomatrix.hardware.registry import make_driver

    if name == "topics":
        return ForeignDriver(make_driver("mujoco", robot, overrides=EMPTY))
    return make_driver(name, robot, **({} if name == "mock" else {"overrides": EMPTY}))


def examine(name: str, injection: Injection) -> Row:
    """Drives, breaks something, watches, mends it and sees what it takes to move again."""
    rig = open_rig(name, load_robot("ep"))
    try:
        rig.run(WARM_UP)
        rig.said.clear()
        injection.begin(rig)
        rig.run(WATCHED, injection)
        happened = "; ".join(rig.said[:2]) or "nothing was noticed"
        safe = _is_safe(rig, injection)
        stop_ms, rest_ms = _milliseconds(rig.stopped), _milliseconds(rig.rested)
        resumed = _resume(rig, injection)
        return Row(injection.name, name, happened, stop_ms, rest_ms, resumed, safe)
    finally:
        rig.driver.close()


def _is_safe(rig: Rig, injection: Injection) -> bool:
    top = rig.driver.spec.base.max_vx
    return rig.rested is not None if injection.stops else rig.fastest <= 1.1 * top


def _resume(rig: Rig, injection: Injection) -> str:
    """Tells whether the robot drives again by itself once the fault is gone."""
    latched = rig.gate.tripped is not None
    if latched:
        rig.run(0.5)
        moved = rig._true_speed() > AT_REST
        injection.end(rig)
        rig.run(WATCHED)
        back = "a reset" if rig._true_speed() > 0.2 else "nothing helped"
        return "moved in spite of the latch" if moved else back
    injection.end(rig)
    rig.run(WATCHED + (1.0 if rig.name == "robomaster" else 0.0))
    return "new commands" if rig._true_speed() > 0.2 else "nothing helped"


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(1e3 * seconds, 1)


@dataclass(frozen=True)
class Report:
    """The whole matrix."""

    rows: tuple[Row, ...]

    @property
    def reached(self) -> bool:
        """True if every fault left the robot safe and able to go on."""
        return all(row.safe and row.resumed in ("new commands", "a reset") for row in self.rows)

    def to_json(self) -> dict[str, Any]:
        """Returns plain data."""
        return {"suite": "faults", "reached": self.reached, "rows": [asdict(row) for row in self.rows]}

    def table(self) -> Table:
        """Returns the matrix for people."""
        table = Table("fault", "driver", "what was said", "stop [ms]", "rest [ms]", "moves again after", "safe")
        for row in self.rows:
            table.add_row(*_cells(row))
        return table

    def markdown(self) -> str:
        """Returns the matrix for ``docs/reliability.md``: a line for each fault, stop / rest [ms] for each driver."""
        drivers = list(dict.fromkeys(row.driver for row in self.rows))
        columns = ["fault", "what is said", *drivers, "moves again after"]
        lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
        for fault in dict.fromkeys(row.fault for row in self.rows):
            found = {row.driver: row for row in self.rows if row.fault == fault}
            first = next(iter(found.values()))
            times = [_times(found.get(driver)) for driver in drivers]
            resumed = ", ".join(sorted({row.resumed for row in found.values()}))
            lines.append("| " + " | ".join([fault, first.happened.replace("|", "/"), *times, resumed]) + " |")
        return "\n".join(lines)


def _times(row: Row | None) -> str:
    if row is None:
        return ""
    if not row.safe:
        return "**not safe**"
    return "goes on" if row.stop_ms is None else f"{row.stop_ms:.0f} / " + _cell(row.rest_ms)


def _cell(milliseconds: float | None) -> str:
    return "-" if milliseconds is None else f"{milliseconds:.0f}"


def _cells(row: Row) -> tuple[str, ...]:
    times = _cell(row.stop_ms), _cell(row.rest_ms)
    return row.fault, row.driver, row.happened, *times, row.resumed, "yes" if row.safe else "no"


def run(
    drivers: Sequence[str] = INJECTIONS[0].drivers, on_row: Callable[[Row], None] | None = None
) -> Report:
    """Examines every fault on every driver that it fits.

    Raises:
        UnknownNameError: there is no such driver here.
    """
    known = INJECTIONS[0].drivers
    for name in drivers:
        if name not in known:
            raise UnknownNameError("driver for the fault matrix", name, known)
    rows = []
    for row in _rows(drivers):
        rows.append(row)
        if on_row is not None:
            on_row(row)
    return Report(tuple(rows))


def _rows(drivers: Sequence[str]) -> Iterator[Row]:
    for injection in INJECTIONS:
        for name in drivers:
            if name in injection.drivers:
                yield examine(name, injection)
