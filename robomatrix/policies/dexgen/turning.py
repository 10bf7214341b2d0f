"""Turning about the palm's normal: how far an object has turned, and the rhythm of the fingers that turns it.

Angles are positive to the left (counter-clockwise) for someone who looks at the palm.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import PolicyError
from robomatrix.motions.rotations import conjugate, multiply
from robomatrix.policies.checkpoint import Checkpoint, load_checkpoint, policy_folder
from robomatrix.policies.network import Mlp, tensor
from robomatrix.policies.spec import Term
from robomatrix.robots.mirror import Reflection, trained_hand
from robomatrix.robots.spec import RobotSpec

Array = NDArray[np.float64]

PERIOD = 0.1
"""Between two targets [s]."""
RAMP = 1.0
"""Time in which the fingers go from the grip they had to the rhythm [s]."""
WAYS = ("left", "right")
ACTION_SCALE = 0.25
"""Joint offset per unit of the network's output [rad]."""
LARGEST_ACTION = 2.5
TERMS = (
    Term("joint_position", 16, "rad"),
    Term("joint_change", 16, "rad"),
    Term("control_error", 16, "rad"),
    Term("last_action", 16),
    Term("object_place", 3, "m"),
    Term("object_change", 3, "m"),
    Term("heading_changes", 2, "rad"),
    Term("direction", 1),
    Term("phase", 2),
    Term("ramp", 1),
    Term("object_size", 1, "m"),
)
"""What the policy sees; the object's place and heading come from a tracking system, no orientation beyond that."""


@dataclass(frozen=True, eq=False)
class FingerGait:
    """A periodic motion of all joints that turns an object one way."""

    centre: Array
    """(16,) servo targets in the middle of the motion [rad]."""
    cosine: Array
    """(16,) amplitude in phase [rad] ..."""
    sine: Array
    """... and a quarter period later."""
    frequency: float
    """[Hz]."""

    def targets(self, phase: Array) -> Array:
        """Returns servo targets (..., 16) [rad] at phases (...) in turns."""
        angle = 2.0 * np.pi * np.asarray(phase)[..., None]
        return self.centre + self.cosine * np.cos(angle) + self.sine * np.sin(angle)


def relative(pose: Array, reference: Array) -> Array:
    """Returns the rotation (..., 4) (w, x, y, z), w >= 0, from the orientation of one pose (..., 7) to another's."""
    turn = multiply(pose[..., 3:], conjugate(reference[..., 3:]))
    return np.where(turn[..., :1] < 0.0, -turn, turn)


def twist_and_tilt(pose: Array, reference: Array) -> tuple[Array, Array]:
    """Returns by how much an object has turned about the palm's normal, and about anything else (...) [rad].

    Swing-twist decomposition in the palm frame; the twist is in [-pi, pi).
    """
    w, x, y, z = np.moveaxis(relative(pose, reference), -1, 0)
    twist = 2.0 * np.arctan2(x, w)
    tilt = 2.0 * np.arctan2(np.hypot(y, z), np.hypot(w, x))
    return wrapped(twist), tilt


def wrapped(angle: Array) -> Array:
    """Returns angles in [-pi, pi)."""
    return (angle + np.pi) % (2.0 * np.pi) - np.pi


class Turner:
    """The rhythm and the policy's view of it, for one hand or many side by side: training and skill share it."""

    def __init__(self, left: FingerGait, right: FingerGait, lower: Array, upper: Array, count: int = 1) -> None:
        """Takes a gait for each way and joint limits (16,) [rad]; call :meth:`reset` before anything else."""
        self._gaits = (left, right)
        self._lower, self._upper = lower, upper
        self.targets = np.zeros((count, 16))
        self.action = np.zeros((count, 16))
        self._start = np.zeros((count, 16))
        self._before = np.zeros((count, 16))
        self._place = np.zeros((count, 3))
        self._headings = np.zeros((count, 2))
        self._phase, self._share = np.zeros(count), np.zeros(count)
        self._direction, self._right = np.zeros(count), np.zeros(count, dtype=bool)

    def reset(self, ids: NDArray[np.intp], targets: Array, positions: Array, place: Array, heading: Array) -> None:
        """Starts anew in some hands with the servo targets in force and what is measured there."""
        self.targets[ids] = self._start[ids] = targets
        self._before[ids], self._place[ids], self._headings[ids] = positions, place, heading[:, None]
        self.action[ids] = 0.0
        self._phase[ids] = self._share[ids] = 0.0

    def observe(self, positions: Array, place: Array, heading: Array, direction: Array, size: Array) -> Array:
        """Returns the policy's input (N, sum of :data:`TERMS`).

        Args:
            positions: (N, 16) of the joints [rad].
            place: (N, 3) of the object in the palm frame [m].
            heading: (N,) of the object, unwrapped [rad].
            direction: (N,) 1 to turn left, -1 right, 0 to keep still.
            size: (N,) edge or diameter [m].
        """
        self._direct(np.asarray(direction, dtype=np.float64))
        angle = 2.0 * np.pi * self._phase
        changes = np.stack([heading - self._headings[:, 0], self._headings[:, 0] - self._headings[:, 1]], axis=-1)
        view = [
            positions,
            positions - self._before,
            self.targets - positions,
            self.action,
            place,
            place - self._place,
            changes,
            self._direction[:, None],
            np.stack([np.cos(angle), np.sin(angle)], axis=-1),
            self._share[:, None],
            size[:, None],
        ]
        self._before, self._place = positions.copy(), place.copy()
        self._headings = np.stack([heading, self._headings[:, 0]], axis=-1)
        return np.concatenate(view, axis=-1)

    def _direct(self, direction: Array) -> None:
        """Takes in the direction; where it is the other than before, the other gait begins with a new ramp."""
        changed = (direction != 0.0) & ((direction < 0.0) != self._right)
        self._right[changed] = direction[changed] < 0.0
        self._start[changed] = self.targets[changed]
        self._phase[changed] = self._share[changed] = 0.0
        self._direction = direction

    def act(self, action: Array) -> Array:
        """Returns servo targets (N, 16) for the next period from the network's output (N, 16)."""
        self.action = np.clip(action, -LARGEST_ACTION, LARGEST_ACTION)
        left, right = self._gaits
        frequency = np.where(self._right, right.frequency, left.frequency)
        self._phase = (self._phase + np.abs(self._direction) * frequency * PERIOD) % 1.0
        self._share = np.minimum(1.0, self._share + PERIOD / RAMP)
        rhythm = np.where(self._right[:, None], right.targets(self._phase), left.targets(self._phase))
        wanted = rhythm + ACTION_SCALE * self.action
        mixed = self._start + self._share[:, None] * (wanted - self._start)
        self.targets = np.clip(mixed, self._lower, self._upper)
        return self.targets


class TurningPolicy:
    """The learnt corrections on the rhythm, for one hand: call :meth:`reset`, then :meth:`act` every 0.1 s."""

    def __init__(self, network: Mlp, turner: Turner, reflection: Reflection) -> None:
        self._network, self._turner, self._reflection = network, turner, reflection

    @classmethod
    def load(cls, robot: RobotSpec, folder: Path | None = None) -> TurningPolicy:
        """Reads the shipped policy of a hand, or another one.

        Raises:
            PolicyError: the checkpoint is damaged, or was made for another hand, joint order or observation.
        """
        hand = trained_hand(robot)
        checkpoint = load_checkpoint(folder or policy_folder("dexgen", hand.name, "rotate"))
        spec = checkpoint.spec
        spec.require(hand, TERMS)
        spec.require_joints(robot.joint_names)
        gaits = [_gait(checkpoint, way) for way in WAYS]
        network = Mlp(checkpoint.tensors, (spec.observation_size, *spec.hidden, 16), spec.activation)
        lower, upper = np.array([(joint.lower, joint.upper) for joint in robot.joints]).T
        return cls(network, Turner(*gaits, lower, upper), Reflection.of(robot))

    def reset(self, targets: Array, positions: Array, place: Array, heading: float) -> None:
        """Starts with the servo targets in force (16,) and what is measured: joints (16,), object place (3,)."""
        place, heading = self._reflection.sides * place, self._reflection.turn * heading
        self._turner.reset(np.arange(1), targets[None], positions[None], place[None], np.array([heading]))

    def act(self, positions: Array, place: Array, heading: float, direction: float, size: float) -> Array:
        """Returns servo targets (16,) [rad] for the next 0.1 s; arguments as for :meth:`Turner.observe`."""
        seen = self._reflection
        turns = np.array([seen.turn * heading]), np.array([seen.turn * direction])
        rows = positions[None], (seen.sides * place)[None], *turns, np.array([size])
        return self._turner.act(self._network(self._turner.observe(*rows)).astype(np.float64))[0]


def _gait(checkpoint: Checkpoint, way: str) -> FingerGait:
    try:
        frequency = float(checkpoint.spec.parameters["frequency"][way])
    except (KeyError, TypeError) as error:
        raise PolicyError(f"spec.yaml: parameters.frequency.{way} is missing") from error
    parts = (tensor(checkpoint.tensors, f"{way}_{name}", (16,)) for name in ("centre", "cosine", "sine"))
    return FingerGait(*(part.astype(np.float64) for part in parts), frequency)
