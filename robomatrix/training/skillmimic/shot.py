"""A set shot of flat hands: both palms carry the ball along a line, faster and faster, and open.

The clips' own shots are finished by the fingers of one hand; flat palms lose the ball there. Here the ball is lowered,
then pushed up and forward with the palms on either side of it, a little behind; at the end both let go at once, while
they still move as it does. Arms follow by inverse kinematics, the rest of the player stays as it is; torques are those
of inverse dynamics, as for a clip. The figures were found by the cross-entropy method over start errors.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from robomatrix.motions.edit import GRAVITY
from robomatrix.scenes.court import RATE, court
from robomatrix.skills.skillmimic.observation import heading, into_world
from robomatrix.training.skillmimic.hands import Grip, Palm, TwoHands, smooth
from robomatrix.training.skillmimic.reference import Reference, reference_along

Array = NDArray[np.float64]
WAITING, FOLLOWING, RETURNING, RESTING = 10, 12, 48, 40
"""Frames before the ball moves, of the hands' run after it has left, of their way back, and at rest."""
SMOOTHING = 0.6
"""Frames over which accelerations are averaged: the push lasts ten."""
OPENING_TIME = 0.08
"""Time constant with which opening palms slow down [s]."""
_COMMON = {"clavicle_roll": 0.1, "shoulder_roll": 0.1, "shoulder_yaw": -0.5, "forearm_roll": 0.5, "wrist_flexion": 0.5}
READY = {**_COMMON, "shoulder_pitch": -0.2, "elbow": -1.0, "wrist_deviation": -0.3}
RELEASED = {**_COMMON, "shoulder_pitch": -1.0, "elbow": -1.35, "wrist_deviation": 0.0}
"""Postures of the arms that inverse kinematics stays near [rad]."""


@dataclass(frozen=True)
class ShotDesign:
    """Figures of the shot; places are in the frame under the pelvis whose x axis points to the hoop."""

    ready: tuple[float, float, float] = (0.338, -0.022, 0.945)
    """Where the push begins [m]."""
    release: tuple[float, float, float] = (0.467, 0.011, 1.426)
    """Where it ends [m]."""
    apex: float = 4.477
    """To which the push would send the ball; it lags, and rises less high [m]."""
    aim: tuple[float, float] = (0.31, 0.22)
    """How far beyond the hoop's centre and to its left the push aims, to hit [m]."""
    bend: float = 0.508
    """Part of the way that the path's end tangent reaches back."""
    lowering: int = 43
    """Frames in which the ball is lowered."""
    rebound: float = 12.7
    """Acceleration with which the lowering ends [m/s^2]: the ball is at no time at rest before the push."""
    pace: float = 2.034
    """Power of time with which the way grows in the push."""
    coast: float = 0.0
    """Frames for which it ends at constant speed."""
    behind: float = 0.103
    """By how much the palms lie behind the ball [rad]."""
    pitch: tuple[float, float] = (0.073, 0.529)
    """Of the fingers, up, as the push begins and ends [rad]."""
    squeeze: float = 53.8
    """Of each palm [N]."""
    opening: float = 2.23
    """Speed at which the palms open [m/s]."""
    slowing: float = 0.041
    """Time constant with which the hands slow down after the release [s]."""


def make_shot(model: mujoco.MjModel, holding: Array, empty: Array, label: int, design: ShotDesign) -> Reference:
    """Returns the reference of the shot.

    Args:
        model: robot and ball.
        holding: (nq,) the player at rest with the ball, as the shot begins.
        empty: (nq,) the player at rest with empty hands, as it ends; the hoop is where the court has it from there.
        label: index of the skill.
        design: the figures.
    """
    return _Shot(model, holding, empty, design).reference(label)


class _Shot:
    def __init__(self, model: mujoco.MjModel, holding: Array, empty: Array, design: ShotDesign) -> None:
        self.model, self.design, self.holding, self.empty = model, design, holding, empty
        hoop = np.array(court()["hoop"]["position"])
        place = empty[:2] + into_world(heading(empty[None, 3:7]), hoop)[0, :2]
        self.hands = TwoHands(model, holding, place - holding[:2])
        self.hoop = self.hands.local(np.append(place, hoop[2]))
        self.grip = Grip(self.hands, holding)
        self.ready, self.release = np.array(design.ready), np.array(design.release)
        self.velocity = self._aimed()
        self.speed = float(np.linalg.norm(self.velocity))

    def _aimed(self) -> Array:
        """(3,) velocity at the release that leads over the apex to the point aimed at [m/s]."""
        d, hoop = self.design, self.hoop
        rise = np.sqrt(2.0 * GRAVITY * (d.apex - d.release[2]))
        time = (rise + np.sqrt(rise**2 - 2.0 * GRAVITY * (hoop[2] - d.release[2]))) / GRAVITY
        return np.append((hoop[:2] + d.aim - d.release[:2]) / time, rise)

    def _curve(self) -> tuple[Array, Array]:
        """The push as points (400, 3) and the way to each (400,) [m]."""
        back = self.design.bend * np.linalg.norm(self.release - self.ready) * self.velocity / self.speed
        s = np.linspace(0.0, 1.0, 400)[:, None]
        points = (1 - s) ** 2 * self.ready + 2 * s * (1 - s) * (self.release - back) + s**2 * self.release
        return points, np.append(0.0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1)))

    def _push(self) -> tuple[Array, Array]:
        """(k, 3) the ball in the push, and the share (k,) of the way done; it ends with the speed aimed at."""
        points, way = self._curve()
        pace, coast = self.design.pace, self.design.coast / RATE
        quickened = max(way[-1] - self.speed * coast, 0.05)
        duration = pace * quickened / self.speed
        frames = int(np.ceil((duration + coast) * RATE))
        time = np.maximum(duration + coast - np.arange(frames - 1, -1, -1) / RATE, 0.0)
        gained = quickened * (np.minimum(time, duration) / duration) ** pace
        along = gained + self.speed * np.maximum(time - duration, 0.0)
        ball = np.stack([np.interp(along, way, points[:, axis]) for axis in range(3)], axis=1)
        return ball, along / way[-1]

    def _lowering(self) -> tuple[Array, Array]:
        """(k, 3) the ball as it is lowered, and the share (k,) done."""
        frames = self.design.lowering
        x = np.linspace(0.0, 1.0, frames + 1)[1:]
        share = smooth(x)
        points, _ = self._curve()
        upward = (points[1] - points[0]) / np.linalg.norm(points[1] - points[0])
        turned = self.design.rebound * (frames / RATE) ** 2 * (0.5 * x**3 * (x - 1.0) ** 2)[:, None] * upward
        return self.grip.ball + (self.ready - self.grip.ball) * share[:, None] + turned, share

    def _palms(self, ball: Array, held: float, pitch: float, apart: float = 0.0) -> list[Palm]:
        """Palms for a ball (3,): the start's grip for ``held`` 0, that of the push for 1, opened by ``apart`` [m]."""
        ahead = self.velocity * [1.0, 0.0, 1.0]
        ahead /= np.linalg.norm(ahead)
        along, aside = np.sin(self.design.behind) * ahead, np.array([0.0, np.cos(self.design.behind), 0.0])
        return self.grip.palms(ball, held, (along - aside, along + aside), pitch, apart)

    def _carry(self) -> tuple[Array, Array]:
        """Postures (k, nq) up to the release, and the ball (k, 3)."""
        lowered, share = self._lowering()
        pushed, done = self._push()
        ready, released = (self.hands.posture(self.holding, angles) for angles in (READY, RELEASED))
        first, last = self.design.pitch
        qpos = [self.holding] * WAITING
        for ball, held in zip(lowered, share, strict=True):
            posture = self.holding + held * (ready - self.holding)
            qpos.append(self.hands.solve(qpos[-1], self._palms(ball, held, first * held), posture))
        for ball, part in zip(pushed, done, strict=True):
            posture = ready + part * (released - ready)
            qpos.append(self.hands.solve(qpos[-1], self._palms(ball, 1.0, first + part * (last - first)), posture))
        return np.array(qpos), np.concatenate([np.tile(self.grip.ball, (WAITING, 1)), lowered, pushed])

    def _let_go(self, start: Array) -> Array:
        """(k, nq) postures after the release: hands run on and open, sink to the empty stance and rest."""
        design, released, qpos = self.design, self.hands.posture(self.holding, RELEASED), [start]
        for time in np.arange(1, FOLLOWING + 1) / RATE:
            run = self.velocity * design.slowing * (1.0 - np.exp(-time / design.slowing))
            apart = design.opening * OPENING_TIME * (1.0 - np.exp(-time / OPENING_TIME))
            wanted = self._palms(self.release + run, 1.0, design.pitch[1], apart)
            qpos.append(self.hands.solve(qpos[-1], wanted, released))
        share = smooth(np.arange(1, RETURNING + 1) / RETURNING)[:, None]
        back = qpos[-1] + share * (self.empty - qpos[-1])
        back[:, 3:7] /= np.linalg.norm(back[:, 3:7], axis=1, keepdims=True)
        return np.concatenate([qpos[1:], back, np.repeat(back[-1:], RESTING, axis=0)])

    def reference(self, label: int) -> Reference:
        """Returns the shot as a reference."""
        carried, ball = self._carry()
        qpos = np.concatenate([carried, self._let_go(carried[-1])])
        time = np.arange(1, len(qpos) - len(ball) + 1)[:, None] / RATE
        flight = self.release + self.velocity * time - 0.5 * GRAVITY * time**2 * [0.0, 0.0, 1.0]
        qpos[:, -7:-4] = self.hands.world(np.concatenate([ball, flight]))
        qpos[:, -5] = np.maximum(qpos[:, -5], float(self.model.geom("ball").size[0]))
        qpos[:, -4:] = [1.0, 0.0, 0.0, 0.0]
        contact = np.repeat((np.arange(len(qpos)) < len(ball))[:, None], 2, axis=1)
        return reference_along(self.model, qpos, contact, label, self.design.squeeze, SMOOTHING)
