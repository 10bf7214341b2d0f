"""Checks of what a driver reports: values that are no numbers, old stamps, jumps, cameras that show nothing new."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from robomatrix.hardware.driver import CameraFrame, RobotCommand, RobotState
from robomatrix.robots.spec import JointSpec, RobotSpec

Check = Literal[
    "clamped",
    "unknown_joint",
    "not_finite",
    "stale_command",
    "stale_state",
    "bad_state",
    "jump",
    "clock",
    "zone",
    "e_stop",
    "camera",
]


@dataclass(frozen=True)
class Report:
    """One thing the safety layer found, for logs and diagnostics."""

    check: Check
    subject: str
    """Joint, axis, zone, sensor or clock it is about."""
    text: str
    wanted: float = math.nan
    applied: float = math.nan


@dataclass(frozen=True)
class StateLimits:
    """When a state is no longer believed."""

    max_age: float = 0.25
    """Between the state's stamp and now [s]; in lockstep both are the same clock."""
    jump_factor: float = 4.0
    """Times the velocity limit that a position may change between two states."""
    joint_slack: float = 0.2
    """[rad] or [m] that a joint may jump on top of it (contacts, one late sample)."""
    base_slack: float = 0.3
    """[m] that the base may jump on top of it."""
    max_base_speed: float = 5.0
    """[m/s] for a floating base that has no limit of its own."""


def bad_numbers(state: RobotState) -> Iterator[Report]:
    """Yields a report for each part of the state that holds NaN or infinity (a range may be infinite)."""
    joints, odometry, imu = state.joints, state.odometry, state.imu
    parts = [("joint position", joints.position), ("joint velocity", joints.velocity), ("joint effort", joints.effort)]
    if odometry is not None:
        parts += [("odometry position", odometry.position), ("odometry orientation", odometry.orientation)]
        parts += [("odometry velocity", odometry.linear_velocity), ("odometry rate", odometry.angular_velocity)]
    if imu is not None:
        parts += [("imu orientation", imu.orientation), ("imu rate", imu.angular_velocity)]
        parts += [("imu acceleration", imu.linear_acceleration)]
    for name, values in parts:
        if not np.isfinite(values).all():
            yield Report("bad_state", name, f"{name} holds a value that is not finite")
    for name, value in state.ranges.items():
        if math.isnan(value) or value < 0.0:
            yield Report("bad_state", name, f"range sensor '{name}' reads {value}")


def bad_command(command: RobotCommand) -> Report | None:
    """Returns a report on the first value of the command that is not finite, else None."""
    wanted = {"position": command.positions, "velocity": command.velocities, "effort": command.efforts}
    for kind, values in wanted.items():
        for name, value in values.items():
            if not math.isfinite(value):
                return Report("not_finite", name, f"{kind} command of joint '{name}' is {value}", wanted=value)
    twist = command.twist
    if twist is not None and not all(map(math.isfinite, (twist.vx, twist.vy, twist.wz))):
        return Report("not_finite", "twist", f"base command holds a value that is not finite: {twist}")
    return None


def jumps(spec: RobotSpec, before: RobotState, after: RobotState, limits: StateLimits) -> Iterator[Report]:
    """Yields a report for each joint, and for the base, that moved further than it can between two states."""
    elapsed = after.stamp - before.stamp
    if elapsed <= 0.0 or before.joints.names != after.joints.names:
        return
    moved = np.abs(after.joints.position - before.joints.position)
    for name, distance in zip(after.joints.names, moved, strict=True):
        joint = _find(spec, name)
        if joint is None or joint.kind in ("counter", "continuous"):
            continue
        if distance > limits.joint_slack + limits.jump_factor * joint.velocity * elapsed:
            yield Report("jump", name, f"joint '{name}' jumped by {distance:.3f} in {elapsed * 1e3:.0f} ms")
    if before.odometry is not None and after.odometry is not None:
        speed = limits.max_base_speed if spec.base is None else max(spec.base.max_vx, spec.base.max_vy)
        distance = float(np.linalg.norm(after.odometry.position - before.odometry.position))
        if distance > limits.base_slack + limits.jump_factor * speed * elapsed:
            yield Report("jump", "odometry", f"the base jumped by {distance:.2f} m in {elapsed * 1e3:.0f} ms")


def _find(spec: RobotSpec, name: str) -> JointSpec | None:
    return next((joint for joint in spec.joints if joint.name == name), None)


@dataclass
class CameraWatch:
    """Finds cameras that are silent, black, or frozen while the robot moves."""

    max_age: float = 1.0
    """[s] without a new stamp."""
    frozen_travel: float = 0.15
    """[m] or [rad] that the base may travel while the pixels stay exactly the same."""
    black_level: float = 4.0
    """Brightest value (of 255, 99.9th percentile) that counts as black."""
    _last: dict[str, tuple[float, int, float]] = field(default_factory=dict)

    def check(self, frame: CameraFrame, now: float, travelled: float) -> Report | None:
        """Returns a report on one camera, or None.

        Args:
            frame: Newest image of the camera.
            now: [s], on the clock of the stamps.
            travelled: Path length of the base so far [m], turning counted as [rad].
        """
        if now - frame.stamp > self.max_age:
            return Report("camera", frame.camera, f"camera '{frame.camera}' is silent for {now - frame.stamp:.1f} s")
        sample = frame.image[::8, ::8]
        if float(np.percentile(sample, 99.9)) <= self.black_level:
            return Report("camera", frame.camera, f"camera '{frame.camera}' is black")
        return self._check_frozen(frame, hash(sample.tobytes()), travelled)

    def _check_frozen(self, frame: CameraFrame, digest: int, travelled: float) -> Report | None:
        stamp, last_digest, last_travelled = self._last.get(frame.camera, (-math.inf, 0, travelled))
        if digest != last_digest or frame.stamp < stamp:
            last_travelled = travelled
        self._last[frame.camera] = (frame.stamp, digest, last_travelled)
        if travelled - last_travelled > self.frozen_travel:
            return Report("camera", frame.camera, f"camera '{frame.camera}' is frozen while the robot moves")
        return None
