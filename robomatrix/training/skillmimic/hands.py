"""Both arms for two palms that carry a ball: damped least squares towards places, normals and finger directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from robomatrix.training.skillmimic.search import MIRRORED

Array = NDArray[np.float64]
SIDES = ("left", "right")
TURN, FINGERS = 0.15, 0.03
"""Lengths that weigh a palm's turn, and that of its fingers about its normal, against its place [m]."""
RELUCTANCE = 3e-4
"""Pull towards the posture [m^2/rad^2]; clavicles twenty times."""
DAMPING = 1e-4
LARGEST_STEP = 0.2
"""[rad]."""


@dataclass(frozen=True, eq=False)
class Palm:
    """One palm in a frame whose origin is under the pelvis, z up."""

    place: Array
    """(3,) [m]."""
    normal: Array
    """(3,) unit vector out of the palm, towards the ball."""
    fingers: Array
    """(3,) unit vector."""


class TwoHands:
    """Solves the arms of a player that otherwise stays as it is."""

    def __init__(self, model: mujoco.MjModel, stance: Array, ahead: Array) -> None:
        """Palms are told in the frame under the pelvis of ``stance`` (nq,) whose x axis points along ``ahead`` (2,)."""
        self.model, self.data = model, mujoco.MjData(model)
        self.names = [model.actuator(i).name for i in range(model.nu)]
        self.arms = np.array([i for i, n in enumerate(self.names) if n.split("_", 1)[1] in MIRRORED])
        self.limits = np.array([model.joint(self.names[i]).range for i in self.arms]).T
        c, s = ahead / np.linalg.norm(ahead)
        self.turn = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
        self.origin = np.append(stance[:2], 0.0)
        stiff = [20.0 if "clavicle" in self.names[i] else 1.0 for i in self.arms]
        self._pull = RELUCTANCE * np.array(stiff)

    def local(self, points: Array) -> Array:
        """Returns points (..., 3) of the world in the frame."""
        return (points - self.origin) @ self.turn

    def world(self, points: Array) -> Array:
        """Returns points (..., 3) of the frame in the world."""
        return points @ self.turn.T + self.origin

    def posture(self, stance: Array, angles: Mapping[str, float]) -> Array:
        """Returns ``stance`` (nq,) with joints of the left arm as given [rad], the right one mirrored."""
        posture = stance.copy()
        for part, angle in angles.items():
            for side, sign in zip(SIDES, (1.0, MIRRORED[part]), strict=True):
                posture[7 + self.names.index(f"{side}_{part}")] = sign * angle
        return posture

    def palms(self, qpos: Array) -> list[Palm]:
        """Returns left and right palm of a posture (nq,)."""
        self._see(qpos)
        return [Palm(self.local(place), normal @ self.turn, fingers @ self.turn) for place, normal, fingers in map(
            self._palm, SIDES)]  # fmt: skip

    def solve(self, start: Array, wanted: list[Palm], posture: Array, iterations: int = 15) -> Array:
        """Returns ``start`` (nq,) with the palms as ``wanted``, where free near ``posture`` (nq,)."""
        qpos, joints = start.copy(), 7 + self.arms
        for _ in range(iterations):
            self._see(qpos)
            rows, errors = zip(*(self._rows(side, palm) for side, palm in zip(SIDES, wanted, strict=True)), strict=True)
            jacobian, error = np.concatenate(rows), np.concatenate(errors)
            square = jacobian.T @ jacobian + np.diag(self._pull + DAMPING)
            step = np.linalg.solve(square, jacobian.T @ error + self._pull * (posture[joints] - qpos[joints]))
            qpos[joints] = np.clip(qpos[joints] + np.clip(step, -LARGEST_STEP, LARGEST_STEP), *self.limits)
        return qpos

    def _see(self, qpos: Array) -> None:
        self.data.qpos[:] = qpos
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_comPos(self.model, self.data)

    def _palm(self, side: str) -> tuple[Array, Array, Array]:
        """Place, normal and fingers in the world."""
        site = self.data.site(f"{side}_palm")
        normal = self.data.site(f"{side}_hold").xpos - site.xpos
        return site.xpos.copy(), normal / np.linalg.norm(normal), -site.xmat.reshape(3, 3)[:, 2]

    def _rows(self, side: str, palm: Palm) -> tuple[Array, Array]:
        """Jacobian (7, arms) and error (7,) of one palm; its turn about the normal counts for the fingers only."""
        move, rotate = np.zeros((2, 3, self.model.nv))
        mujoco.mj_jacSite(self.model, self.data, move, rotate, self.model.site(f"{side}_palm").id)
        move, rotate = move[:, 6 + self.arms], rotate[:, 6 + self.arms]
        place, normal, fingers = self._palm(side)
        aside = np.cross(normal, self.turn @ palm.normal)
        about = np.cross(fingers, self.turn @ palm.fingers) @ normal
        error = np.concatenate([self.world(palm.place) - place, TURN * aside, [FINGERS * about]])
        return np.vstack([move, TURN * rotate, FINGERS * (normal @ rotate)]), error


class Grip:
    """How both palms lie on a held ball, and how they go over to lying on it otherwise."""

    def __init__(self, hands: TwoHands, holding: Array) -> None:
        """Takes the grip of ``holding`` (nq,), the player with the ball in its hands."""
        self.ball = hands.local(holding[-7:-4])
        """(3,) where the ball then is [m]."""
        self._palms = hands.palms(holding)
        self._gaps = [float(np.linalg.norm(palm.place - self.ball)) for palm in self._palms]

    def palms(
        self, ball: Array, share: float, normals: Sequence[Array], pitch: float, apart: float = 0.0
    ) -> list[Palm]:
        """Returns the palms on a ball (3,): this grip for ``share`` 0, for 1 one with the ``normals`` and ``pitch``.

        ``pitch`` is that of the fingers, up [rad]; the palms are off the ball by ``apart`` [m].
        """
        wanted = []
        for palm, gap, goal in zip(self._palms, self._gaps, normals, strict=True):
            normal = _unit((1.0 - share) * palm.normal + share * goal)
            fingers = (1.0 - share) * palm.fingers + share * np.array([np.cos(pitch), 0.0, np.sin(pitch)])
            wanted.append(Palm(ball - normal * (gap + apart), normal, _unit(fingers - normal * (fingers @ normal))))
        return wanted


def smooth(x: Array) -> Array:
    """Returns the way from 0 to 1 with least jerk, for times ``x`` from 0 to 1."""
    return x**3 * (10.0 - 15.0 * x + 6.0 * x * x)


def _unit(vector: Array) -> Array:
    return vector / np.linalg.norm(vector)
