"""Bouncing the ball with both hands: pushed down, let go, caught again between the palms where it comes to rest.

No clip shows it; like the set shot it is made from the posture that holds the ball. The flight is simulated, so that
the hands wait where the ball comes back to.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from robomatrix.scenes.court import RATE, SUBSTEPS
from robomatrix.skills.skillmimic.observation import heading
from robomatrix.training.skillmimic.hands import Grip, Palm, TwoHands, smooth
from robomatrix.training.skillmimic.reference import Reference, reference_along

Array = NDArray[np.float64]
WAITING, CLOSING, RESTING = 4, 5, 3
"""Frames before the ball moves, in which the hands close, and at rest."""
OPENING_TIME = 0.04
"""Time constant with which they open [s]."""
POSTURE = {
    "clavicle_roll": 0.1, "shoulder_pitch": -0.5, "shoulder_roll": 0.1, "shoulder_yaw": -0.5, "elbow": -1.2,
    "forearm_roll": 0.5, "wrist_flexion": 0.5, "wrist_deviation": -0.2,
}  # fmt: skip
"""Of the arms; inverse kinematics stays near it [rad]."""


@dataclass(frozen=True)
class BounceDesign:
    """Figures of the bounce; places are in the heading frame, the origin under the pelvis."""

    top: tuple[float, float] = (0.365, 1.22)
    """From where the ball is pushed: ahead and height [m]."""
    release: tuple[float, float] = (0.3455, 1.0)
    """Where it leaves the hands [m]."""
    speed: float = 3.3
    """With which it leaves downward [m/s]."""
    raising: int = 28
    """Frames in which it is raised."""
    rebound: float = 12.0
    """Acceleration down with which the raising ends [m/s^2]."""
    apart: float = 0.075
    """How far off the ball the open palms wait [m]."""
    pitch: float = 0.2
    """Of the fingers, up [rad]."""
    squeeze: float = 40.0
    """Of each palm [N]."""
    slowing: float = 0.05
    """Time constant with which the hands slow down after the release [s]."""
    late: int = 0
    """Frames after the ball's apex at which the palms touch it."""
    lowering: int = 22
    """Frames in which the caught ball is brought back."""


def make_bounce(model: mujoco.MjModel, holding: Array, label: int, design: BounceDesign) -> Reference:
    """Returns the reference of one bounce, from a player at rest with the ball (nq,) back to it."""
    return _Bounce(model, holding, design).reference(label)


class _Bounce:
    def __init__(self, model: mujoco.MjModel, holding: Array, design: BounceDesign) -> None:
        self.model, self.design, self.holding = model, design, holding
        self.hands = TwoHands(model, holding, heading(holding[None, 3:7])[0])
        self.grip = Grip(self.hands, holding)
        self.top = np.array([design.top[0], 0.0, design.top[1]])
        self.release = np.array([design.release[0], 0.0, design.release[1]])
        self.posture = self.hands.posture(holding, POSTURE)

    def _raised(self) -> Array:
        """(k, 3) the ball on its way to the top, where it already turns."""
        x = np.linspace(0.0, 1.0, self.design.raising + 1)[1:]
        turning = self.design.rebound * (self.design.raising / RATE) ** 2 * 0.5 * x**3 * (x - 1.0) ** 2
        return self.grip.ball + smooth(x)[:, None] * (self.top - self.grip.ball) - turning[:, None] * [0.0, 0.0, 1.0]

    def _pushed(self) -> Array:
        """(k, 3) the ball pushed down, evenly faster."""
        way = float(np.linalg.norm(self.release - self.top))
        duration = 2.0 * way / self.design.speed
        frames = int(np.ceil(duration * RATE))
        time = np.maximum(duration - np.arange(frames - 1, -1, -1) / RATE, 0.0)
        return self.top + (time / duration)[:, None] ** 2 * (self.release - self.top)

    def _flight(self) -> Array:
        """(k, 3) the free ball, from its release to just after its apex."""
        data = mujoco.MjData(self.model)
        data.qpos[:] = self.holding
        data.qpos[:2] += 50.0
        data.qpos[-7:-4] = self.hands.world(self.release)
        data.qvel[-4] = -self.design.speed
        path, rising = [], False
        while not rising or data.qvel[-4] > 0.0:
            mujoco.mj_step(self.model, data, SUBSTEPS)
            path.append(data.qpos[-7:-4].copy())
            rising = rising or data.qvel[-4] > 0.0
        for _ in range(self.design.late):
            path.append(path[-1])
        return self.hands.local(np.array(path))

    def _palms(self, ball: Array, share: float, apart: float = 0.0) -> list[Palm]:
        aside = np.array([0.0, 1.0, 0.0])
        return self.grip.palms(ball, share, (-aside, aside), self.design.pitch, apart)

    def _moves(self) -> tuple[list[list[Palm]], Array, int, int]:
        """Palms and ball (k, 3) by frame, and the frames of release and touch."""
        raised, pushed, flight = self._raised(), self._pushed(), self._flight()
        back = smooth(np.linspace(0.0, 1.0, self.design.lowering + 1)[1:])
        caught = flight[-1]
        palms = [self._palms(self.grip.ball, 0.0)] * WAITING
        palms += [
            self._palms(b, s) for b, s in zip(raised, smooth(np.linspace(0, 1, len(raised) + 1)[1:]), strict=True)
        ]
        palms += [self._palms(ball, 1.0) for ball in pushed]
        palms += [self._palms(*wait) for wait in self._waits(caught, len(flight))]
        palms += [self._palms(caught + s * (self.grip.ball - caught), 1.0 - s) for s in back]
        palms += [self._palms(self.grip.ball, 0.0)] * RESTING
        home = np.tile(self.grip.ball, (WAITING, 1))
        rest = np.tile(self.grip.ball, (RESTING, 1))
        ball = np.concatenate([home, raised, pushed, flight, caught + back[:, None] * (self.grip.ball - caught), rest])
        release = WAITING + len(raised) + len(pushed) - 1
        return palms, ball, release, release + len(flight)

    def _waits(self, caught: Array, frames: int) -> list[tuple[Array, float, float]]:
        """Centre of the palms, share of the push's grip and gap while the ball flies: run on, open, wait, close."""
        design, waits = self.design, []
        for frame in range(1, frames + 1):
            time = frame / RATE
            run = design.speed * design.slowing * (1.0 - np.exp(-time / design.slowing))
            low = self.release - [0.0, 0.0, run]
            up = smooth(np.clip((frame - 8) / max(frames - 14, 1), 0.0, 1.0))
            opened = 1.0 - np.exp(-time / OPENING_TIME) - smooth(np.clip((frame - frames) / CLOSING + 1.0, 0.0, 1.0))
            waits.append((low + up * (caught - low), 1.0, float(design.apart * opened)))
        return waits

    def reference(self, label: int) -> Reference:
        """Returns the bounce as a reference."""
        palms, ball, release, touch = self._moves()
        qpos = [self.holding]
        for wanted in palms[1:]:
            qpos.append(self.hands.solve(qpos[-1], wanted, self.posture))
        track = np.array(qpos)
        track[:, -7:-4] = self.hands.world(ball)
        track[:, -4:] = [1.0, 0.0, 0.0, 0.0]
        frames = np.arange(len(track))
        contact = np.repeat(((frames <= release) | (frames >= touch))[:, None], 2, axis=1)
        return reference_along(self.model, track, contact, label, self.design.squeeze, 0.6)
