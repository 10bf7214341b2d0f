"""The player's joint policy in a skill: measured state and ball in, servo targets out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import PolicyError, PreconditionError, UnknownNameError
from robomatrix.hardware.driver import RobotCommand, RobotState
from robomatrix.policies.checkpoint import load_checkpoint, policy_folder
from robomatrix.policies.network import Mlp
from robomatrix.robots.spec import RobotSpec
from robomatrix.skills.base import Observation
from robomatrix.skills.skillmimic.observation import (
    LABELS,
    LOOK,
    body_and_ball,
    expert_terms,
    posture,
    terms,
    with_cue,
    with_label,
)

Array = NDArray[np.float64]
NAME = "ball_skills"
"""Of the policy that ships."""


@dataclass(frozen=True)
class Ball:
    """Where the ball is and how it moves, in the odom frame."""

    position: Array
    """(3,) [m]."""
    velocity: Array
    """(3,) [m/s]."""


TOLERANCE = 1e-3
"""Of a time [s]: a quarter of a step of the physics."""
FASTEST = 25.0
"""What seems to fly faster is another ball, or one that was lost from sight meanwhile [m/s]."""
JUMP = 1.0
"""A larger change of velocity between two sightings is a contact [m/s]."""
FAR = 2.5
"""A ball that is farther off is shown to the networks at this distance and at rest, as none was trained with it [m]."""


@dataclass(frozen=True, eq=False)
class Cue:
    """What an expert is told besides the state."""

    elapsed: float
    """Time since the label was set, or since its clock last began again [s]."""
    remembered: Array
    """(n, 7 + J) the posture at :data:`LOOK`, before that the present one."""
    hoop: Array | None = None
    """(3,) centre of the hoop in the odom frame [m], where it is in sight."""


class Watch:
    """Keeps since when a label has been told and what the posture then was."""

    def __init__(self, periods: Mapping[str, float]) -> None:
        """``periods`` are those after which an expert's clock begins again, by label [s]."""
        self._periods = periods
        self._label, self._since, self._remembered = "", 0.0, np.zeros((0, 0))

    def cue(self, label: str, stamp: float, state: tuple[Array, Array], hoop: Array | None) -> Cue:
        """Returns the cue at a time [s] for states (n, nq), (n, nv); a new label or period starts the clock anew."""
        if label != self._label:
            self._label, self._since = label, stamp
        elapsed = (stamp - self._since + TOLERANCE) % self._periods.get(label, np.inf) - TOLERANCE
        if elapsed < LOOK + TOLERANCE:
            self._remembered = posture(body_and_ball(*state))
        return Cue(elapsed, self._remembered, hoop)


class BallTracker:
    """Position of the ball from the world's objects, velocity from three sightings.

    Two of them tell the velocity half a period ago; what it has become since is extrapolated, but for where it jumps.
    """

    def __init__(self) -> None:
        self._stamp = -1.0
        self._position = np.zeros(3)
        self._velocity = np.zeros(3)
        self._between: tuple[float, Array] | None = None

    def see(self, observation: Observation) -> Ball:
        """Returns the ball as last seen. Raises PreconditionError when there is none."""
        balls = observation.world.of_category("ball")
        if not balls:
            raise PreconditionError("no ball is in sight")
        position = np.array(balls[0].position)
        elapsed = balls[0].stamp - self._stamp
        if elapsed > 1e-6:
            if self._stamp >= 0.0:
                self._velocity = self._extrapolated(elapsed, (position - self._position) / elapsed)
            self._position, self._stamp = position, balls[0].stamp
        return Ball(self._position, self._velocity)

    def _extrapolated(self, elapsed: float, velocity: Array) -> Array:
        """Returns the present velocity from the mean one (3,) over the time since the last sighting [m/s]."""
        before, self._between = self._between, (elapsed, velocity)
        if float(np.linalg.norm(velocity)) >= FASTEST:
            self._between = None
            return np.zeros(3)
        if before is None or float(np.linalg.norm(velocity - before[1])) > JUMP:
            return velocity
        return velocity + (velocity - before[1]) * elapsed / (elapsed + before[0])


def configuration(state: RobotState, ball: Ball) -> tuple[Array, Array]:
    """Returns (1, 7 + J + 7) positions and (1, 6 + J + 6) velocities as the observation code takes them.

    Raises:
        PreconditionError: the robot gives no odometry or no IMU.
    """
    if state.odometry is None or state.imu is None:
        raise PreconditionError("the player's policy needs odometry and IMU; the driver gives none")
    x, y, z, w = state.imu.orientation
    quaternion = np.array([w, x, y, z])
    qpos = np.concatenate([state.odometry.position, quaternion, state.joints.position, ball.position, [1.0, 0, 0, 0]])
    linear = _turned(quaternion, state.odometry.linear_velocity)
    qvel = np.concatenate([linear, state.imu.angular_velocity, state.joints.velocity, ball.velocity, np.zeros(3)])
    if not (np.isfinite(qpos).all() and np.isfinite(qvel).all()):
        raise PreconditionError("the robot's state holds values that are not finite")
    return qpos[None], qvel[None]


def _in_sight(qpos: Array, qvel: Array) -> tuple[Array, Array]:
    """Returns the states with no ball farther than :data:`FAR` from the pelvis's axis."""
    away = qpos[:, -7:-5] - qpos[:, :2]
    distance = np.linalg.norm(away, axis=1, keepdims=True)
    far = distance > FAR
    nearer = np.where(far, qpos[:, :2] + away * FAR / np.maximum(distance, FAR), qpos[:, -7:-5])
    places = np.concatenate([qpos[:, :-7], nearer, qpos[:, -5:]], axis=1)
    return places, np.concatenate([qvel[:, :-6], np.where(far, 0.0, qvel[:, -6:])], axis=1)


def _turned(quaternion: Array, vector: Array) -> Array:
    axis = quaternion[1:]
    cross = 2.0 * np.cross(axis, vector)
    return vector + quaternion[0] * cross + np.cross(axis, cross)


class PlayerPolicy:
    """The skills' networks in one checkpoint; the label chooses.

    One network does most skills. A skill that is over too soon for its state to tell how far it has got may have one of
    its own, an expert, which also sees a :class:`Cue`; its tensors are named ``LABEL.w0`` and so on.
    """

    def __init__(self, robot: RobotSpec, folder: Path | None = None) -> None:
        """Loads the checkpoint and checks it against the robot.

        Raises:
            PolicyError: the checkpoint is damaged, or made for another robot, joint order or observation.
        """
        checkpoint = load_checkpoint(folder or policy_folder("skillmimic", robot.name, NAME))
        spec = checkpoint.spec
        self.labels: tuple[str, ...] = tuple(spec.parameters.get("labels", LABELS))
        if self.labels != LABELS:
            raise PolicyError(f"skillmimic/{spec.robot}/{spec.name}: labels {self.labels} in the policy, {LABELS} here")
        spec.require(robot, terms(len(robot.joints)))
        spec.require_joints(robot.joint_names)
        self.spec = spec
        self._tensors = checkpoint.tensors
        self._network = Mlp(
            checkpoint.tensors, (spec.observation_size, *spec.hidden, len(spec.joints)), spec.activation
        )
        ends = sum(term.size for term in expert_terms(len(robot.joints))), len(spec.joints)
        told = spec.parameters.get("experts", {})
        self._experts = {
            label: Mlp(checkpoint.tensors, (ends[0], *one["hidden"], ends[1]), spec.activation, f"{label}.")
            for label, one in told.items()
        }
        self.periods = {label: float(one["period"]) for label, one in told.items()}
        """After which an expert's clock begins again, by label [s]."""
        self._home = np.array(spec.home)
        self._joints = robot.joint_names
        self._limits = np.array([[j.lower, j.upper] for j in robot.joints]).T

    @property
    def trained(self) -> tuple[str, ...]:
        """Skills that the policy was trained on and measured to do."""
        return tuple(self.spec.parameters.get("trained", LABELS))

    def starts(self, label: str) -> tuple[Array, Array]:
        """Returns states (k, nq), (k, nv) of robot and ball from which a skill was trained to begin.

        Raises:
            UnknownNameError: the policy ships none for this label.
        """
        names = [n.removeprefix("start_qpos_") for n in self._tensors if n.startswith("start_qpos_")]
        if label not in names:
            raise UnknownNameError("skill label with start states", label, names)
        found = (self._tensors[f"start_{kind}_{label}"].astype(float) for kind in ("qpos", "qvel"))
        qpos, qvel = found
        qpos[:, 3:7] /= np.linalg.norm(qpos[:, 3:7], axis=1, keepdims=True)
        return qpos, qvel

    @property
    def experts(self) -> tuple[str, ...]:
        """Skills that have a network of their own and need a cue."""
        return tuple(self._experts)

    def targets(self, qpos: Array, qvel: Array, label: str, cue: Cue | None = None) -> Array:
        """Returns (n, J) servo targets [rad] for states (n, ...) under one skill label.

        Raises:
            UnknownNameError: there is no such label.
            PreconditionError: the label's network needs a cue and there is none.
        """
        if label not in self.labels and label not in self._experts:
            raise UnknownNameError("skill label", label, {*self.labels, *self._experts})
        own = body_and_ball(*_in_sight(qpos, qvel))
        if label not in self._experts:
            output = self._network(with_label(own, np.full(len(qpos), self.labels.index(label))))
        elif cue is None:
            raise PreconditionError(f"'{label}' needs to know for how long it has lasted")
        else:
            elapsed = np.full(len(qpos), cue.elapsed)
            output = self._experts[label](with_cue(own, qpos, cue.remembered, cue.hoop, elapsed))
        return np.clip(self._home + self.spec.action_scale * output, *self._limits)

    def command(self, state: RobotState, ball: Ball, label: str, cue: Cue | None = None) -> RobotCommand:
        """Returns the servo targets for a measured state."""
        targets = self.targets(*configuration(state, ball), label, cue)[0]
        return RobotCommand(positions=dict(zip(self._joints, targets.tolist(), strict=True)))
