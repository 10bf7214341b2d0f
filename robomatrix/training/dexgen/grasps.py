"""Grasps found by closing the hand in the simulator and kept if they hold against gravity from six sides.

The paper (arXiv 2502.04307, Appendix A) samples contacts with a net-force test and solves inverse kinematics. Closing
the simulated hand on an object too heavy to be pushed away kept more grasps a try and a minute (docs/dexgen.md). A
grasp is stored with its servo targets: the difference between target and position is the force of the grip.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import ConfigurationError, UnknownNameError
from robomatrix.hardware.mujoco.hand import ObjectSpec
from robomatrix.robots.spec import RobotSpec
from robomatrix.training.dexgen.simulation import HAND_CENTRE, PALM_UP, HandBatch

Array = NDArray[np.float64]

SIX_SIDES = np.concatenate([np.eye(3), -np.eye(3)])
"""Directions of gravity in the palm frame; palm down, the hardest, comes first."""

_IMMOVABLE_MASS = 300.0
_RAMP_TICKS, _SETTLE_TICKS, _HOLD_TICKS = 6, 2, 10
_MAXIMUM_SHIFT = 0.03
_MAXIMUM_SPEED = 0.05
_FIRM_SUBSTEPS, _FIRM, _CALM = 600, 1.0, 0.005
"""Of grasps to start from: settling time [steps], least effort of all servos [N m], greatest speed [m/s]."""


@dataclass(frozen=True)
class ClosingStyle:
    """Between which finger angles a hand closes: (low, high) of a finger's four joints from the palm outwards [rad]."""

    open_fingers: tuple[tuple[float, ...], tuple[float, ...]] = ((-0.25, -0.1, 0.0, 0.0), (0.25, 0.4, 0.4, 0.3))
    closed_fingers: tuple[tuple[float, ...], tuple[float, ...]] = ((-0.25, 0.7, 0.7, 0.4), (0.25, 1.5, 1.5, 1.2))
    open_thumb: tuple[tuple[float, ...], tuple[float, ...]] = ((0.9, 0.0, -0.1, 0.0), (1.39, 0.4, 0.3, 0.3))
    closed_thumb: tuple[tuple[float, ...], tuple[float, ...]] = ((0.9, 0.0, 0.5, 0.4), (1.39, 0.8, 1.3, 1.3))


STYLES: Mapping[str, ClosingStyle] = MappingProxyType(
    {
        "allegro": ClosingStyle(),
        "leap": ClosingStyle(
            open_fingers=((-0.1, -0.25, 0.0, 0.0), (0.4, 0.25, 0.4, 0.3)),
            closed_fingers=((0.7, -0.25, 0.7, 0.4), (1.5, 0.25, 1.5, 1.2)),
            open_thumb=((0.4, -0.2, -0.3, -0.3), (1.2, 0.5, 0.3, 0.3)),
            closed_thumb=((0.9, -0.2, 0.3, 0.4), (2.0, 0.6, 1.5, 1.5)),
        ),
    }
)
"""By hand; LEAP bends a finger first and spreads it then, the Allegro hand the other way round."""


@dataclass(frozen=True, eq=False)
class Grasps:
    """Grasps of one object; rows belong together."""

    held: ObjectSpec
    positions: Array
    """(G, 16) [rad]."""
    targets: Array
    """(G, 16) servo targets [rad]."""
    poses: Array
    """(G, 7) object poses in the palm frame."""
    tries: int
    """How many closings were tried."""

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def keep_rate(self) -> float:
        """Share of the closings that held."""
        return len(self) / max(self.tries, 1)

    def save(self, path: Path) -> None:
        """Writes an ``.npz`` without pickled objects."""
        held = np.array([self.held.size, self.held.mass, self.held.friction])
        np.savez_compressed(
            path,
            positions=self.positions.astype(np.float32),
            targets=self.targets.astype(np.float32),
            poses=self.poses.astype(np.float32),
            tries=self.tries,
            shape=self.held.shape,
            held=held,
        )

    @classmethod
    def load(cls, path: Path) -> Grasps:
        """Reads what :meth:`save` wrote; ConfigurationError if it is something else."""
        try:
            with np.load(path, allow_pickle=False) as file:
                size, mass, friction = (float(v) for v in file["held"])
                held = ObjectSpec(str(file["shape"]), size, mass, friction)  # type: ignore[arg-type]
                rows = (file[name].astype(np.float64) for name in ("positions", "targets", "poses"))
                return cls(held, *rows, tries=int(file["tries"]))
        except (OSError, KeyError, ValueError) as error:
            raise ConfigurationError(f"{path} is not a grasp set: {error}") from error


def firm_grasps(robot: RobotSpec, grasps: Grasps, count: int) -> Grasps:
    """Returns up to ``count`` grasps as they are after 3 s, palm up: at rest, firm, by thumb and two fingers."""
    hand, rows = HandBatch(robot, [grasps.held]), []
    hand.turn(0, PALM_UP)
    for positions, targets, pose in zip(grasps.positions, grasps.targets, grasps.poses, strict=True):
        hand.place(0, positions, targets, pose)
        hand.step(targets[None], substeps=_FIRM_SUBSTEPS)
        touching = hand.touching(0) - {"palm"}
        calm = not hand.dropped[0] and hand.object_speeds[0] < _CALM
        if calm and hand.grips[0] > _FIRM and "thumb" in touching and len(touching) > 2:
            rows.append((hand.positions[0], targets, hand.poses[0]))
        if len(rows) == count:
            break
    columns = [np.array([row[k] for row in rows]).reshape(-1, n) for k, n in enumerate((16, 16, 7))]
    return Grasps(grasps.held, *columns, tries=len(grasps))


class GraspFinder:
    """Draws and tests grasps of one object."""

    def __init__(self, robot: RobotSpec, held: ObjectSpec, rng: np.random.Generator) -> None:
        """Raises UnknownNameError for a hand of which it is not known how it closes."""
        if robot.name not in STYLES:
            raise UnknownNameError("hand to close", robot.name, STYLES)
        self.held = held
        self.style = STYLES[robot.name]
        self._rng = rng
        self._closing = HandBatch(robot, [replace(held, mass=_IMMOVABLE_MASS)])
        self._holding = HandBatch(robot, [held])
        self._lower = self._closing.kinematics.lower
        self._upper = self._closing.kinematics.upper

    def find(self, count: int, maximum_tries: int) -> Grasps:
        """Returns up to ``count`` grasps that hold; fewer if the tries run out."""
        kept: list[tuple[Array, Array, Array]] = []
        tries = 0
        while len(kept) < count and tries < maximum_tries:
            tries += 1
            grasp = self.close()
            if grasp is not None and self.holds(*grasp):
                kept.append(grasp)
        columns = [np.array([g[k] for g in kept]).reshape(-1, n) for k, n in enumerate((16, 16, 7))]
        return Grasps(self.held, *columns, tries=tries)

    def close(self) -> tuple[Array, Array, Array] | None:
        """Closes the hand once; returns positions, targets and object pose, None if fewer than two fingers touch."""
        opened, closed = self._draw_posture("open"), self._draw_posture("closed")
        hand = self._closing
        hand.place(0, opened, opened, self._draw_pose())
        for tick in range(_RAMP_TICKS + _SETTLE_TICKS):
            share = min(1.0, (tick + 1) / _RAMP_TICKS)
            hand.step((opened + share * (closed - opened))[None])
        if len(hand.touching(0) - {"palm"}) < 2:
            return None
        positions = hand.positions[0]
        grip = self._rng.uniform(0.1, 0.5)
        targets = np.clip(positions + np.clip(closed - positions, -grip, grip), self._lower, self._upper)
        return positions, targets, hand.poses[0]

    def holds(self, positions: Array, targets: Array, pose: Array) -> bool:
        """Returns whether the object stays for a second under gravity from each of six sides."""
        hand = self._holding
        for direction in SIX_SIDES:
            hand.place(0, positions, targets, pose)
            hand.turn(0, direction)
            hand.step(targets[None], substeps=20 * _HOLD_TICKS)
            shift = np.linalg.norm(hand.poses[0, :3] - pose[:3])
            if shift > _MAXIMUM_SHIFT or hand.object_speeds[0] > _MAXIMUM_SPEED:
                return False
        return True

    def _draw_posture(self, kind: str) -> Array:
        fingers = getattr(self.style, f"{kind}_fingers")
        thumb = getattr(self.style, f"{kind}_thumb")
        drawn = [self._rng.uniform(*fingers) for _ in range(3)] + [self._rng.uniform(*thumb)]
        return np.clip(np.concatenate(drawn), self._lower, self._upper)

    def _draw_pose(self) -> Array:
        reach = 0.011 + self.held.size / 2.0
        position = [
            self._rng.uniform(reach, reach + 0.045),
            self._rng.uniform(-0.02, 0.025),
            HAND_CENTRE[2] + self._rng.uniform(-0.035, 0.04),
        ]
        turn = self._rng.normal(size=4)
        return np.concatenate([position, turn / np.linalg.norm(turn)])
