"""Retargets a clip to a robot by inverse kinematics (mink) from body positions.

A :class:`Mapping` names, for one robot, which frame of its model follows which body of the clip and how firmly. The
clip's joint angles are not used: they were solved apart from its positions.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import ConfigurationError, UnknownNameError
from robomatrix.motions.clip import Clip
from robomatrix.motions.edit import HAND_BODIES
from robomatrix.motions.grips import Grips, running_mean, unit
from robomatrix.motions.rotations import from_matrix

if TYPE_CHECKING:
    import mink
    import mujoco

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Follow:
    """One frame of the robot that follows a point of the clip."""

    frame: str
    kind: str
    """``site`` or ``body``."""
    body: str
    """Body of the clip."""
    position: float
    """Weight of the position error [1/m]."""
    orientation: float = 0.0
    """Weight of the orientation error [1/rad]; needs a rule in :func:`_orientations`."""


@dataclass(frozen=True)
class Mapping:
    """How a robot follows the bodies of BallPlay clips."""

    robot: str
    model: Path
    """MJCF or URDF, relative to the repository."""
    leg_length: float
    """Hip to ankle when straight [m]; sets the scale."""
    ankle_height: float
    """Of a standing foot [m]."""
    follows: tuple[Follow, ...]
    hold: tuple[str, ...]
    """Sites that lie at the ball's centre when a hand holds it, left then right."""
    palms: tuple[str, ...]
    """Sites on the palms that touch the ball, left then right."""
    grip_radius: float
    """Distance of the palms from the ball's centre while two hands hold it [m].

    Less than its radius makes a squeeze.
    """
    hold_weight: float = 40.0
    palm_weight: float = 15.0
    hand_weight_in_contact: float = 0.4
    """Factor on the wrists' weights while the hand holds the ball."""
    posture: float = 5e-2


def _both(rows: tuple[tuple[str, str, str, float, float], ...]) -> tuple[Follow, ...]:
    sides = (("left", "L"), ("right", "R"))
    return tuple(Follow(f"{s}_{f}", kind, f"{c}_{body}", p, o) for f, kind, body, p, o in rows for s, c in sides)


PLAYER = Mapping(
    robot="player",
    model=Path("urdf/player.xml"),
    leg_length=0.827,
    ankle_height=0.114,
    follows=(
        Follow("pelvis", "body", "Pelvis", 2.0, 1.0),
        Follow("head", "site", "Head", 0.15),
        *_both(
            (
                ("knee", "site", "Knee", 1.0, 0.0),
                ("foot", "body", "Ankle", 3.0, 1.5),
                ("upper_arm", "body", "Shoulder", 1.5, 0.0),
                ("elbow", "site", "Elbow", 1.0, 0.0),
                ("hand", "body", "Wrist", 1.5, 0.35),
            )
        ),
    ),
    hold=("left_hold", "right_hold"),
    palms=("left_palm", "right_palm"),
    grip_radius=0.1185,
)
MAPPINGS = {"player": PLAYER}


def mapping_for(robot: str) -> Mapping:
    """Returns the mapping of a robot. Raises UnknownNameError listing those there are."""
    if robot not in MAPPINGS:
        raise UnknownNameError("robot with a motion mapping", robot, MAPPINGS)
    return MAPPINGS[robot]


@dataclass(frozen=True, eq=False)
class RobotMotion:
    """A clip as a robot would do it."""

    name: str
    label: str
    robot: str
    rate: float
    """[Hz]."""
    joints: tuple[str, ...]
    qpos: Array
    """(T, 7 + J): base position, base orientation (w, x, y, z), joints [m, rad]."""
    ball_position: Array
    """(T, 3) [m]."""
    ball_orientation: Array
    """(T, 4)."""
    contact: NDArray[np.bool_]
    """(T, hands) which hand holds the ball, left then right."""
    body_error: float
    """Mean distance of the followed frames from their points [m]."""
    hold_error: float
    """Mean distance of the hold sites from the ball while in contact [m]; 0 without contact."""

    def __len__(self) -> int:
        return len(self.qpos)


def save_motion(motion: RobotMotion, path: Path) -> None:
    """Writes a motion as ``.npz`` under its fields' names; the file appears only once it is complete."""
    part = path.with_suffix(".part.npz")
    np.savez_compressed(part, **{f.name: np.asarray(getattr(motion, f.name)) for f in fields(RobotMotion)})
    part.replace(path)


def hands_in_contact(clip: Clip, reach: float = 0.23) -> NDArray[np.bool_]:
    """Returns (T, 2) which hand touches the ball: those in reach during the clip's contact, the nearer one at least."""
    points = np.stack([[clip.body(f"{side}_{name}") for name in HAND_BODIES] for side in "LR"])
    distance = np.linalg.norm(points - clip.ball_position, axis=-1).min(axis=1).T
    near = (distance < reach) | (distance <= distance.min(axis=1, keepdims=True))
    return near & clip.contact[:, None]


def retarget(clip: Clip, mapping: Mapping, root: Path = Path("."), iterations: int = 12) -> RobotMotion:
    """Returns the clip on the robot.

    Args:
        clip: a validated clip with honest contact labels (see :func:`robomatrix.motions.edit.relabel_contact`).
        mapping: how the robot follows the clip.
        root: folder that the mapping's model path starts from.
        iterations: inverse-kinematics steps a frame; the first frame takes ten times as many.

    Raises:
        ConfigurationError: the clip lacks a body that the mapping follows.
    """
    missing = [f.body for f in mapping.follows if f.body not in clip.bodies]
    if missing:
        raise ConfigurationError(
            f"{clip.name}: cannot map to {mapping.robot}, the clip has no body {', '.join(missing)}; "
            f"bodies: {', '.join(clip.bodies)}"
        )
    import mujoco

    model = mujoco.MjModel.from_xml_path(str(root / mapping.model))
    return _Retargeting(clip, mapping, model).motion(iterations)


class _Retargeting:
    """The tasks of one clip on one model, and the loop over its frames."""

    def __init__(self, clip: Clip, mapping: Mapping, model: mujoco.MjModel) -> None:
        import mink

        self.clip, self.mapping, self.model = clip, mapping, model
        self.scale = mapping.leg_length / _leg_length(clip)
        self.hands = hands_in_contact(clip)
        self.turns = _orientations(clip)
        self.points = {f.body: clip.body(f.body) * self.scale for f in mapping.follows}
        for side in "LR":
            self._put_on_floor(side)
        self.configuration = mink.Configuration(model)
        self.follows = [mink.FrameTask(f.frame, f.kind, f.position, f.orientation) for f in mapping.follows]
        self.holds = [mink.FrameTask(site, "site", mapping.hold_weight, 0.0) for site in mapping.hold]
        self.palms = [mink.FrameTask(site, "site", mapping.palm_weight, 0.0) for site in mapping.palms]
        self.grips = Grips.of(clip, self.hands, mapping)
        self.posture = mink.PostureTask(model, cost=mapping.posture)
        self.limits = [mink.ConfigurationLimit(model)]

    def _put_on_floor(self, side: str) -> None:
        """Gives a standing foot's ankle the robot's own height."""
        track = self.points.get(f"{side}_Ankle")
        if track is not None:
            weight = stance(self.clip, side)
            track[:, 2] += weight * (self.mapping.ankle_height - track[:, 2])

    def motion(self, iterations: int) -> RobotMotion:
        clip, model = self.clip, self.model
        start = self.configuration.q.copy()
        start[:3] = clip.body("Pelvis")[0] * self.scale
        start[3:7] = clip.pelvis_orientation[0]
        self.configuration.update(start)
        self.posture.set_target(start)
        qpos, errors, grips = [], [], []
        for frame in range(len(clip)):
            tasks = self._aim(frame)
            for _ in range(iterations * (10 if frame == 0 else 1)):
                self._improve(tasks)
            self.posture.set_target(self.configuration.q)
            qpos.append(self.configuration.q.copy())
            errors.append(self._body_error(frame))
            grips.extend(self._grip_errors(frame))
        track = _smooth(np.array(qpos))
        return RobotMotion(
            name=clip.name,
            label=clip.label,
            robot=self.mapping.robot,
            rate=clip.rate,
            joints=tuple(model.joint(i).name for i in range(1, model.njnt)),
            qpos=track,
            ball_position=clip.ball_position * self.scale,
            ball_orientation=clip.ball_orientation,
            contact=self.hands,
            body_error=float(np.mean(errors)),
            hold_error=float(np.mean(grips)) if grips else 0.0,
        )

    def _aim(self, frame: int) -> list[mink.FrameTask]:
        import mink

        held = dict(zip(("L_Wrist", "R_Wrist"), self.hands[frame], strict=True))
        for follow, task in zip(self.mapping.follows, self.follows, strict=True):
            point = self.points[follow.body][frame]
            turn = self.turns.get(follow.body)
            wxyz = turn[frame] if turn is not None else np.array([1.0, 0.0, 0.0, 0.0])
            task.set_target(mink.SE3(wxyz_xyz=np.concatenate([wxyz, point])))
            factor = self.mapping.hand_weight_in_contact if held.get(follow.body) else 1.0
            task.set_position_cost(follow.position * factor)
        ball = self.clip.ball_position[frame] * self.scale
        active = [task for task, on in zip(self.holds, self.hands[frame] & self.grips.closed[frame], strict=True) if on]
        for task in active:
            task.set_target(mink.SE3.from_translation(ball))
        weight = self.grips.weight[frame]
        if weight > 0.0:
            active += self.palms
            for task, point in zip(self.palms, self.grips.palms[frame] * self.scale, strict=True):
                task.set_position_cost(weight)
                task.set_target(mink.SE3.from_translation(point))
        return [*self.follows, *active]

    def _improve(self, tasks: list[mink.FrameTask]) -> None:
        import mink

        velocity = mink.solve_ik(
            self.configuration, [*tasks, self.posture], 1.0, solver="daqp", damping=3e-3, limits=self.limits
        )
        self.configuration.integrate_inplace(velocity, 1.0)

    def _body_error(self, frame: int) -> float:
        gaps = [
            np.linalg.norm(self._where(f.frame, f.kind) - self.clip.body(f.body)[frame] * self.scale)
            for f in self.mapping.follows
        ]
        return float(np.mean(gaps))

    def _grip_errors(self, frame: int) -> list[float]:
        ball = self.clip.ball_position[frame] * self.scale
        sites = [site for site, on in zip(self.mapping.hold, self.hands[frame], strict=True) if on]
        return [float(np.linalg.norm(self._where(site, "site") - ball)) for site in sites]

    def _where(self, frame: str, kind: str) -> Array:
        return self.configuration.get_transform_frame_to_world(frame, kind).translation()


def _leg_length(clip: Clip) -> float:
    hip, knee, ankle = (clip.body(f"L_{joint}") for joint in ("Hip", "Knee", "Ankle"))
    return float(np.mean(np.linalg.norm(hip - knee, axis=1) + np.linalg.norm(knee - ankle, axis=1)))


def _orientations(clip: Clip) -> dict[str, Array]:
    """Orientation targets (T, 4) by clip body: pelvis as recorded, feet level from side to side.

    Palms by the knuckles.
    """
    turns = {"Pelvis": clip.pelvis_orientation}
    for side in "LR":
        turns[f"{side}_Ankle"] = _foot_orientation(clip, side)
        turns[f"{side}_Wrist"] = _hand_orientation(clip, side)
    return turns


def _foot_orientation(clip: Clip, side: str) -> Array:
    """Sole level sideways, yaw and pitch from ankle to toe; at rest the toe lies 0.14 m ahead and 0.095 m.

    Below the ankle.
    """
    reach = clip.body(f"{side}_Toe") - clip.body(f"{side}_Ankle")
    level = np.linalg.norm(reach[:, :2], axis=1)
    yaw = np.arctan2(reach[:, 1], reach[:, 0])
    pitch = np.arctan2(-reach[:, 2], level) - np.arctan2(0.095, 0.14)
    pitch *= 1.0 - stance(clip, side)
    forward = np.stack([np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), -np.sin(pitch)], axis=1)
    left = np.stack([-np.sin(yaw), np.cos(yaw), np.zeros_like(yaw)], axis=1)
    return from_matrix(np.stack([forward, left, np.cross(forward, left)], axis=-1))


def stance(clip: Clip, side: str) -> Array:
    """Returns (T,) how much a foot stands, 0 to 1: slow and low."""
    ankle = clip.body(f"{side}_Ankle")
    speed = np.linalg.norm(np.gradient(ankle, 1.0 / clip.rate, axis=0), axis=1)
    height = ankle[:, 2] - np.percentile(ankle[:, 2], 10)
    standing = np.clip((0.5 - speed) / 0.35, 0.0, 1.0) * np.clip((0.08 - height) / 0.05, 0.0, 1.0)
    return running_mean(standing[:, None], 7)[:, 0]


def _hand_orientation(clip: Clip, side: str) -> Array:
    """Hand frame: -z towards the fingers, palm normal -y on the left hand and +y on the right."""
    wrist, index, pinky = (clip.body(f"{side}_{name}") for name in ("Wrist", "Index1", "Pinky1"))
    up = unit(wrist - clip.body(f"{side}_Middle1"))
    across = index - pinky
    forward = unit(across - np.sum(across * up, axis=1, keepdims=True) * up)
    return from_matrix(np.stack([forward, np.cross(up, forward), up], axis=-1))


def _smooth(qpos: Array, window: int = 7) -> Array:
    """Savitzky-Golay over the frames; quaternions are renormalised."""
    from scipy.signal import savgol_filter

    if len(qpos) < window:
        return qpos
    signs = np.where(np.sum(qpos[1:, 3:7] * qpos[:-1, 3:7], axis=1) < 0.0, -1.0, 1.0)
    track = qpos.copy()
    track[1:, 3:7] *= np.cumprod(signs)[:, None]
    track = savgol_filter(track, window, 2, axis=0)
    track[:, 3:7] /= np.linalg.norm(track[:, 3:7], axis=1, keepdims=True)
    return track
