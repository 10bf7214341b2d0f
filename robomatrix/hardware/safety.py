"""The last thing between any command and a robot: limits, zones, watchdog and a latched emergency stop.

Pure and without a clock of its own: the caller passes the time, so that it behaves alike in lockstep, faster than real
time and on a real robot. A software stop is not safety-rated; see ``docs/reliability.md`` for what it is and is not.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from robomatrix.hardware.checks import Report, StateLimits, bad_command, bad_numbers, jumps
from robomatrix.hardware.driver import RobotCommand, RobotState, Twist
from robomatrix.hardware.zones import Zones
from robomatrix.robots.spec import BaseSpec, JointSpec, RobotSpec


@dataclass(frozen=True)
class SafetyLimits:
    """Parameters of the gate on top of the limits in the robot's specification."""

    max_command_age: float = 0.1
    """A command older than this stops the robot [s]."""
    zones: Zones = Zones()
    state: StateLimits = StateLimits()
    speed_scale: float = 1.0
    """Fraction of the base's top speed that is allowed, 0 to 1."""
    target_speed: float = math.inf
    """How fast a position target may move, in units of the joint's velocity limit; infinite leaves targets alone,
    which torque-like policies (a humanoid's) need."""
    max_shots: int = 1
    """Steps a ``counter`` joint may take in one command."""
    moving: float = 0.05
    """A joint faster than this [rad/s, m/s] is held where it is on a stop; a slower one keeps its target, so that a
    gripper keeps its grip."""


@dataclass
class SafetyGate:
    """Filters every command on its way to a driver; see :meth:`filter`."""

    spec: RobotSpec
    limits: SafetyLimits = SafetyLimits()
    counts: Counter[str] = field(default_factory=Counter)
    """How often each check spoke since the start, by ``check`` and by ``check/subject``."""
    _joints: dict[str, JointSpec] = field(init=False)
    _reason: str | None = field(default=None, init=False)
    _command: RobotCommand | None = field(default=None, init=False)
    _stamp: float = field(default=-math.inf, init=False)
    _not_before: float = field(default=-math.inf, init=False)
    _now: float = field(default=-math.inf, init=False)
    _state: RobotState | None = field(default=None, init=False)
    _targets: dict[str, float] = field(default_factory=dict, init=False)
    _driven: dict[str, float] = field(default_factory=dict, init=False)
    _pushed: dict[str, float] = field(default_factory=dict, init=False)
    _twisted: float = field(default=math.inf, init=False)
    _held: RobotCommand | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._joints = {joint.name: joint for joint in self.spec.joints}

    @property
    def tripped(self) -> str | None:
        """Why the emergency stop is latched, None while it is not."""
        return self._reason

    @property
    def standing(self) -> bool:
        """True while the gate itself holds the robot still."""
        return self._held is not None

    def trip(self, reason: str) -> None:
        """Latches the emergency stop; safe to call from any thread and more than once (the first reason stays)."""
        self._reason = self._reason or reason or "emergency stop"

    def reset(self) -> None:
        """Releases the emergency stop. Nothing moves until a command comes that was made after this call."""
        self._reason = None
        self._command = None
        self._not_before = self._now

    def filter(
        self, command: RobotCommand | None, state: RobotState, now: float, stamp: float | None = None
    ) -> tuple[RobotCommand, tuple[Report, ...]]:
        """Returns what may go to the driver in this tick, and what was found on the way.

        Args:
            command: A new command, None when none came since the last tick; the last one then stays in force until it
                is older than ``max_command_age``.
            state: Newest state of the robot.
            now: Present time on the clock of the state's stamp [s].
            stamp: When the command was made [s]; ``now`` when not given.
        """
        reports = list(self._watch_clock(now))
        reports += self._take(command, now, now if stamp is None else stamp)
        reports += self._watch_state(state, now)
        stop = bool(reports)
        reports += self._find_reason_to_stand(now)
        command = None if stop or self._idle(now) else self._command
        applied = self._hold() if command is None else self._limit(command, state, now, reports)
        self._now = now
        self.counts.update(r.check for r in reports)
        self.counts.update(f"{r.check}/{r.subject}" for r in reports)
        return applied, tuple(reports)

    def refuse(self) -> None:
        """Takes note of a command that could not be read: the last one is not what is wanted any more."""
        self._command = None

    def standstill(self) -> RobotCommand:
        """Returns the command that stops the robot now, for a caller that must not wait for the next tick."""
        return self._hold()

    def _watch_clock(self, now: float) -> Iterator[Report]:
        if not math.isfinite(now):
            yield Report("clock", "now", f"the time is {now}")
        elif now < self._now:
            self._forget()
            yield Report("clock", "now", f"time went back by {self._now - now:.3f} s; waiting for a new command")

    def _forget(self) -> None:
        """Another time has begun, perhaps another scene: nothing that was wanted before counts."""
        self._command, self._state, self._held = None, None, None
        self._not_before, self._twisted = -math.inf, math.inf
        for wanted in (self._targets, self._driven, self._pushed):
            wanted.clear()

    def _take(self, command: RobotCommand | None, now: float, stamp: float) -> Iterator[Report]:
        if command is None or self._reason is not None:
            return
        refused = bad_command(command) or self._bad_stamp(now, stamp)
        if refused is not None:
            self._command = None
            yield refused
        elif min(stamp, now) > self._not_before:
            self._command, self._stamp = command, min(stamp, now)

    def _bad_stamp(self, now: float, stamp: float) -> Report | None:
        """A command from the future would never grow old, and so never be missed."""
        ahead = stamp - now
        if ahead <= self.limits.max_command_age:
            return None
        text = f"the command is stamped {ahead:.3f} s ahead of the robot's clock; stamp it with the state it answers"
        return Report("future_command", "stamp", text, wanted=ahead)

    def _watch_state(self, state: RobotState, now: float) -> Iterator[Report]:
        age = now - state.stamp
        if not abs(age) <= self.limits.state.max_age:
            bound = self.limits.state.max_age * 1e3
            said = "of unknown age"
            if not math.isnan(age):
                said = f"older than {bound:.0f} ms" if age > 0.0 else f"more than {bound:.0f} ms in the future"
            yield Report("stale_state", "stamp", f"the state is {said}", wanted=age)
            return
        found = list(bad_numbers(state))
        if found:
            yield from found
            return
        if self._state is not None:
            yield from jumps(self.spec, self._state, state, self.limits.state)
        self._state = state

    def _find_reason_to_stand(self, now: float) -> Iterator[Report]:
        if self._reason is not None:
            yield Report("e_stop", "latch", self._reason)
        elif self._command is not None and self._is_old(now):
            text = f"the last command is older than {self.limits.max_command_age * 1e3:.0f} ms"
            yield Report("stale_command", "age", text, wanted=now - self._stamp)

    def _idle(self, now: float) -> bool:
        if self._reason is not None or self._command is None:
            return True
        return self._is_old(now)

    def _is_old(self, now: float) -> bool:
        """A quarter of a period is given away, or rounding decides whether a tick waits for the next one."""
        return now - self._stamp > self.limits.max_command_age - 0.25 / self.spec.rate

    def _hold(self) -> RobotCommand:
        """The stop command, computed once per stop so that a sagging joint is not followed down."""
        if self._held is None:
            self._targets.update(self._positions_to_hold())
            self._held = RobotCommand(
                positions={name: value for name, value in self._targets.items() if not self._counts(name)},
                velocities=dict.fromkeys(self._driven, 0.0),
                efforts=dict.fromkeys(self._pushed, 0.0),
                twist=Twist() if self.spec.base is not None else None,
            )
        return self._held

    def _counts(self, name: str) -> bool:
        """Tells whether a joint counts what it does, as a blaster its shots: there is nothing to hold in it."""
        joint = self._joints.get(name)
        return joint is not None and joint.kind == "counter"

    def _positions_to_hold(self) -> Iterator[tuple[str, float]]:
        if self._state is None:
            return
        measured = self._state.joints
        for name, position, velocity in zip(measured.names, measured.position, measured.velocity, strict=True):
            joint = self._joints.get(name)
            if joint is None or name not in self._targets or self._counts(name):
                continue
            if abs(velocity) > self.limits.moving:
                yield name, _bounded(joint, float(position))

    def _limit(self, command: RobotCommand, state: RobotState, now: float, reports: list[Report]) -> RobotCommand:
        self._held = None
        positions = self._limit_positions(command.positions, state, now, reports)
        velocities = self._limit_velocities(command.velocities, state, reports)
        efforts = self._limit_efforts(command.efforts, reports)
        twist = self._limit_twist(command.twist, state, reports)
        self._targets.update(positions)
        return RobotCommand(
            positions,
            self._expire(self._driven, velocities, now),
            self._expire(self._pushed, efforts, now),
            self._expire_twist(twist, now),
        )

    def _expire(self, named: dict[str, float], applied: dict[str, float], now: float) -> dict[str, float]:
        """Adds a zero for every joint that was set in motion and is no longer named by the commands that come."""
        named.update(dict.fromkeys(applied, self._stamp))
        old = [name for name, stamp in named.items() if now - stamp > self.limits.max_command_age]
        return {**dict.fromkeys(old, 0.0), **applied}

    def _expire_twist(self, twist: Twist | None, now: float) -> Twist | None:
        """Stops a base that the commands that come say nothing about any more."""
        if twist is not None:
            self._twisted = self._stamp
        return Twist() if twist is None and now - self._twisted > self.limits.max_command_age else twist

    def _known(self, values: Mapping[str, float], reports: list[Report]) -> Iterator[tuple[JointSpec, float]]:
        for name, value in values.items():
            joint = self._joints.get(name)
            if joint is None or not joint.commanded:
                reports.append(Report("unknown_joint", name, f"{self.spec.name} takes no command for joint '{name}'"))
            else:
                yield joint, float(value)

    def _limit_positions(
        self, wanted: Mapping[str, float], state: RobotState, now: float, reports: list[Report]
    ) -> dict[str, float]:
        applied = {}
        elapsed = max(0.0, min(now - self._now, self.limits.max_command_age))
        for joint, value in self._known(wanted, reports):
            allowed = self._count(joint, value) if joint.kind == "counter" else _bounded(joint, value)
            if joint.kind != "counter" and math.isfinite(self.limits.target_speed):
                allowed = self._paced(joint, allowed, state, elapsed)
            applied[joint.name] = _note(reports, joint.name, "position", value, allowed)
        return applied

    def _count(self, joint: JointSpec, value: float) -> float:
        last = self._targets.get(joint.name, 0.0)
        return float(min(max(math.floor(value), last), last + self.limits.max_shots))

    def _paced(self, joint: JointSpec, value: float, state: RobotState, elapsed: float) -> float:
        start = self._targets.get(joint.name)
        if start is None:
            start = state.joints[joint.name] if joint.name in state.joints.names else value
        step = self.limits.target_speed * joint.velocity * elapsed
        return min(max(value, start - step), start + step)

    def _limit_velocities(
        self, wanted: Mapping[str, float], state: RobotState, reports: list[Report]
    ) -> dict[str, float]:
        applied = {}
        for joint, value in self._known(wanted, reports):
            allowed = min(max(value, -joint.velocity), joint.velocity)
            if joint.kind in ("revolute", "prismatic") and joint.name in state.joints.names:
                position = state.joints[joint.name]
                allowed = min(allowed, 0.0) if position >= joint.upper else allowed
                allowed = max(allowed, 0.0) if position <= joint.lower else allowed
            applied[joint.name] = _note(reports, joint.name, "velocity", value, allowed)
        return applied

    def _limit_efforts(self, wanted: Mapping[str, float], reports: list[Report]) -> dict[str, float]:
        return {
            joint.name: _note(reports, joint.name, "effort", value, min(max(value, -joint.effort), joint.effort))
            for joint, value in self._known(wanted, reports)
        }

    def _limit_twist(self, twist: Twist | None, state: RobotState, reports: list[Report]) -> Twist | None:
        base = self.spec.base
        if twist is None:
            return None
        if base is None:
            reports.append(Report("unknown_joint", "twist", f"{self.spec.name} has no base to drive"))
            return None
        top = [self.limits.speed_scale * v for v in (base.max_vx, base.max_vy, base.max_wz)]
        wanted = (twist.vx, twist.vy if base.max_vy > 0.0 else 0.0, twist.wz)
        # One factor for all axes: the base keeps its path and only takes it slower.
        scale = min([1.0, *(t / abs(w) for t, w in zip(top, wanted, strict=True) if abs(w) > t)])
        applied = Twist(*(scale * w for w in wanted))
        for axis in ("vx", "vy", "wz"):
            _note(reports, axis, "base", getattr(twist, axis), getattr(applied, axis))
        return self._keep_to_zones(base, applied, state, reports)

    def _keep_to_zones(self, base: BaseSpec, twist: Twist, state: RobotState, reports: list[Report]) -> Twist:
        if state.odometry is None or (twist.vx == 0.0 and twist.vy == 0.0):
            return twist
        zone = self.limits.zones.crossed(state.odometry, twist, base.radius)
        if zone is None:
            return twist
        reports.append(Report("zone", zone, f"driving on would violate zone '{zone}': only turning is allowed"))
        return Twist(wz=twist.wz)


def _bounded(joint: JointSpec, value: float) -> float:
    return value if joint.kind == "continuous" else min(max(value, joint.lower), joint.upper)


def _note(reports: list[Report], subject: str, kind: str, wanted: float, applied: float) -> float:
    """Returns ``applied``, with a report when it differs from what was wanted."""
    if abs(wanted - applied) > 1e-9:
        text = f"{kind} of '{subject}' limited from {wanted:.4g} to {applied:.4g}"
        reports.append(Report("clamped", subject, text, wanted, applied))
    return applied
