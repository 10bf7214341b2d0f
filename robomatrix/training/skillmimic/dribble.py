"""Teaches a dribble on the spot: a controller, without memory, for the right palm over a bouncing ball.

No clip shows a plain one-hand dribble on the spot, and flat palms cannot follow those that run. So the teacher is a
law: the palm waits over the height to which the ball will rise, strikes down when it gets there, carries and tilts
towards the spot where the ball shall bounce, and lets go; legs and waist hold a crouch by linear-quadratic feedback.
Its figures were found by the cross-entropy method in the simulator.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import mujoco
import numpy as np
from numpy.typing import NDArray

from robomatrix.motions.edit import GRAVITY
from robomatrix.robots.loader import load_robot
from robomatrix.scenes.court import RATE, SUBSTEPS, build_model
from robomatrix.skills.skillmimic.observation import LABELS, body_and_ball, heading, into_heading, with_label
from robomatrix.training.simulation import BatchSimulation
from robomatrix.training.skillmimic.arm import ArmMap
from robomatrix.training.skillmimic.balance import Legs
from robomatrix.training.skillmimic.env import Ids
from robomatrix.training.skillmimic.feedback import body_error
from robomatrix.training.skillmimic.letting_go import still_held
from robomatrix.training.skillmimic.noise import StartNoise

Array = NDArray[np.float64]
DRIBBLE = LABELS.index("dribble")
USUAL = 0.86
"""Height of the ball at which a strike begins when all goes well [m]."""
LEG = 0.83
"""From hip to ankle [m]."""
LONGEST = 75
"""Frames without a touch after which the ball is lost; one let go from both hands bounces once before it is struck."""


@dataclass(frozen=True)
class DribbleLaw:
    """Figures of the law."""

    spot: tuple[float, float] = (0.45, -0.12)
    """Where the ball shall bounce: ahead of the pelvis and to its left [m]."""
    highest: float = 1.105
    """Where the palm waits at most [m]."""
    margin: float = 0.155
    """How far over the ball's coming apex it waits [m]."""
    rising: float = 0.7
    """The strike begins when the ball rises slower than this [m/s]."""
    lowest: float = 0.53
    """Height of the ball at which the strike ends [m]."""
    strike: float = 3.2
    """Speed of the palm's target downward [m/s]."""
    lead: float = 0.095
    """Time by which targets lead in a strike [s]."""
    follow: float = 0.06
    """Time by which the palm runs ahead of the ball's course [s]."""
    contact: tuple[float, float] = (-0.082, -0.008)
    """How far ahead of the ball and to its left the palm's site lies [m].

    The fingers meet the ball. Under the palm, forearm and fingers leave it a band of 1.3 cm, beside which it is thrown
    astray; the palm is tilted by as much as the fingers are bent.
    """
    harder: float = 16.0
    """Speed added for each metre that the ball is struck below :data:`USUAL` [1/s]."""
    tilt: tuple[float, float] = (0.285, 0.115)
    """Of the palm at rest, forward and to the left [rad]."""
    steer: tuple[float, float] = (0.8, 0.5)
    """Tilt by distance from the spot, forward and to the left [rad/m]."""
    damp: tuple[float, float] = (0.65, 0.42)
    """Tilt against the ball's velocity, forward and to the left [rad s/m]."""
    carry: tuple[float, float] = (0.02, 0.34)
    """Velocity in a strike, forward and to the left, that makes up for the arm's own swerve [m/s]."""


@dataclass(frozen=True, eq=False)
class DribbleStance:
    """The crouch that is held, and how."""

    qpos: Array
    """(nq,)."""
    targets: Array
    """(J,) servo targets that hold it [rad]."""
    gains: NDArray[np.float32]
    """(J, 2 V) feedback."""
    arm: ArmMap
    holding: Array
    """(nq,) at rest with the ball in both hands."""
    parting: Array
    """(J,) servo targets that let it drop [rad]."""


@dataclass(frozen=True)
class DribbleConfig:
    """Figures of the worlds."""

    worlds: int = 64
    threads: int = 1
    seed: int = 1
    noise: StartNoise = field(default_factory=StartNoise)
    noise_scale: tuple[float, float] = (0.0, 1.35)
    seconds: float = 12.0
    """Mean length of an episode."""
    pushes: float = 0.2
    """Half width of the velocity that the pelvis gets in a push [m/s]."""
    push_seconds: float = 4.0
    feedback_limit: float = 0.5
    """[rad]."""
    holding: float = 0.3
    """Share of the episodes that start with the ball in both hands."""
    apex: tuple[float, float] = (0.86, 0.94)
    """Heights to which the ball rises at the start [m]."""


class DribbleLesson:
    """Many players on their spots; implements :class:`robomatrix.training.skillmimic.distill.Lesson`."""

    plain = len(LABELS)

    def __init__(self, stance: DribbleStance, config: DribbleConfig, law: DribbleLaw | None = None) -> None:
        self.stance, self.config, self.law = stance, config, law or DribbleLaw()
        self.model = build_model()
        self.sim = BatchSimulation([self.model], config.worlds, SUBSTEPS, threads=config.threads)
        self.rng = np.random.default_rng(config.seed)
        self.limits = np.array([[j.lower, j.upper] for j in load_robot("player").joints]).T
        self.radius = float(self.model.geom("ball").size[0])
        self._palms = [self.sim.sensor_slice(f"{side}_palm_position") for side in ("left", "right")]
        self._touch = self.sim.sensor_slice("right_hand_ball").start
        self.palms = np.zeros((config.worlds, 2, 3))
        self.untouched = np.zeros(config.worlds, int)
        self.reset(np.arange(config.worlds))

    def draw(self) -> None:
        """Nothing is drawn anew for a round."""

    def seen(self) -> Array:
        """Returns (n, d) what the student sees."""
        return with_label(body_and_ball(self.sim.qpos, self.sim.qvel), np.full(self.sim.worlds, DRIBBLE))

    def emphasis(self) -> Array:
        """Returns (n,) one: all states count alike."""
        return np.ones(self.sim.worlds)

    def start(self, count: int, scale: Array) -> tuple[Array, Array]:
        """Returns states (count, nq), (count, nv) with the ball in the air and noise by ``scale`` (count, 1)."""
        law, noise, joints = self.law, self.config.noise, self.model.nu
        qpos = np.repeat(self.stance.qpos[None], count, axis=0)
        qvel = np.zeros((count, self.model.nv))

        def spread(half: float, size: int) -> Array:
            return scale * self.rng.uniform(-half, half, (count, size))

        above = np.add(law.spot, law.contact)
        qpos[:, 7 + self.stance.arm.joints] = self.stance.arm(np.array([[*above, law.highest, *law.tilt]]))
        qpos[:, 7:-7] += spread(noise.joints, joints)
        qvel[:, :-6] += spread(noise.velocities, 6 + joints)
        apex = self.rng.uniform(*self.config.apex, count)
        height = np.minimum(0.25 + 0.5 * self.rng.random(count), apex)
        c, s = heading(self.stance.qpos[None, 3:7])[0]
        qpos[:, -7:-5] = self.stance.qpos[:2] + np.array(
            [c * law.spot[0] - s * law.spot[1], s * law.spot[0] + c * law.spot[1]]
        )
        qpos[:, -5] = height
        qpos[:, -4:] = [1.0, 0.0, 0.0, 0.0]
        qvel[:, -4] = np.sqrt(2.0 * GRAVITY * (apex - height))
        qpos[:, -7:-4] += spread(noise.ball, 3)
        qvel[:, -6:-3] += spread(noise.ball_velocity, 3)
        return qpos, qvel

    def reset(self, ids: Ids) -> None:
        """Starts worlds anew."""
        scale = self.rng.uniform(*self.config.noise_scale, (len(ids), 1))
        holding = self.rng.random(len(ids)) < self.config.holding
        self.place(ids[~holding], *self.start(int(np.sum(~holding)), scale[~holding]))
        self._hold(ids[holding], scale[holding])

    def _hold(self, ids: Ids, scale: Array) -> None:
        """Starts worlds with the ball in both hands; it is not displaced, the joints by a third of the noise."""
        qpos = np.repeat(self.stance.holding[None], len(ids), axis=0)
        qvel = np.zeros((len(ids), self.model.nv))
        noise, joints = self.config.noise, self.model.nu
        qpos[:, 7:-7] += 0.3 * scale * self.rng.uniform(-noise.joints, noise.joints, (len(ids), joints))
        qvel[:, : 6 + joints] += scale * self.rng.uniform(-noise.velocities, noise.velocities, (len(ids), 6 + joints))
        self.place(ids, qpos, qvel)
        self.palms[ids] = qpos[:, None, -7:-4]

    def place(self, ids: Ids, qpos: Array, qvel: Array) -> None:
        """Puts worlds into given states, the palm taken to be over the spot."""
        self.sim.reset(ids, qpos, qvel)
        c, s = heading(qpos[:, 3:7]).T
        x, y = self.law.spot
        spot = np.stack([c * x - s * y, s * x + c * y], axis=1)
        self.palms[ids, 1] = np.concatenate([qpos[:, :2] + spot, np.full((len(ids), 1), self.law.highest)], axis=1)
        self.palms[ids, 0] = qpos[:, :3]
        self.untouched[ids] = 0

    def wanted(self) -> Array:
        """Returns (n, J) the servo targets of the law [rad]."""
        targets = np.repeat(self.stance.targets[None], self.sim.worlds, axis=0)
        targets[:, self.stance.arm.joints] = self._arm()
        bound = self.config.feedback_limit
        targets += np.clip(-self._error() @ self.stance.gains.T, -bound, bound)
        held = still_held(self.sim.qpos[:, -7:-4], self.palms)
        return np.clip(np.where(held[:, None], self.stance.parting, targets), *self.limits)

    def _error(self) -> Array:
        """(n, 2 V) the body's error, the striking arm left out."""
        qpos, qvel = self.sim.qpos, self.sim.qvel
        posture = np.repeat(self.stance.qpos[None, 7:-7], len(qpos), axis=0)
        still = np.repeat(self.stance.qpos[None], len(qpos), axis=0)
        error = body_error(still, np.zeros_like(qvel), posture, qpos, qvel)
        arm, robot = 6 + self.stance.arm.joints, self.model.nv - 6
        error[:, arm] = 0.0
        error[:, robot + arm] = 0.0
        return error

    def _arm(self) -> Array:
        """(n, 8) targets of the right arm [rad]."""
        law, qpos, qvel = self.law, self.sim.qpos, self.sim.qvel
        frame, foot = heading(qpos[:, 3:7]), qpos[:, :3] * [1.0, 1.0, 0.0]
        ball, velocity = into_heading(frame, qpos[:, -7:-4] - foot), into_heading(frame, qvel[:, -6:-3])
        palm = into_heading(frame, self.palms[:, 1] - foot)
        off = np.array(law.spot) - ball[:, :2]
        rest = self.radius - 0.005
        apex = ball[:, 2] + np.maximum(velocity[:, 2], 0.0) ** 2 / (2.0 * GRAVITY)
        coming = np.clip(apex + rest + law.margin, 0.7, law.highest)
        wait = np.where(velocity[:, 2] > 0.0, coming, law.highest)
        near = palm[:, 2] - rest - ball[:, 2] < law.margin + 0.05
        strikes = near & (ball[:, 2] > law.lowest) & (velocity[:, 2] < law.rising)
        ahead = np.array(law.contact) + law.follow * velocity[:, :2]
        tilt = np.array(law.tilt) + np.array(law.steer) * off - np.array(law.damp) * velocity[:, :2]
        height = np.where(strikes, palm[:, 2], wait)
        palms = np.concatenate([ball[:, :2] + ahead, height[:, None], tilt], axis=1)
        down = law.strike + law.harder * np.clip(USUAL - ball[:, 2], -0.2, 0.2)
        arm = self.stance.arm
        carry = np.broadcast_to(law.carry, off.shape)
        moves = np.concatenate([carry, -down[:, None]], axis=1) * (law.lead * strikes)[:, None]
        return arm(palms) + sum(arm.slope(palms, axis) * moves[:, axis : axis + 1] for axis in range(3))

    def advance(self, targets: Array) -> int:
        """One control step; restarts who lost the ball or fell, and a few others; returns how many failed."""
        self.move(targets)
        failed = self.failed()
        over = failed | (self.rng.random(len(failed)) < 1.0 / (RATE * self.config.seconds))
        if over.any():
            self.reset(np.flatnonzero(over))
        return int(failed.sum())

    def move(self, targets: Array) -> None:
        """One control step."""
        pushed = self.rng.random(self.sim.worlds) < 1.0 / (RATE * self.config.push_seconds)
        self.sim.qvel[pushed, :2] += self.rng.uniform(-1, 1, (int(pushed.sum()), 2)) * self.config.pushes
        self.sim.step(targets)
        self.palms = np.stack([self.sim.sensors[:, place] for place in self._palms], axis=1)
        touched = self.sim._sensors[:, :, self._touch].max(axis=1) > 0
        self.untouched = np.where(touched, 0, self.untouched + 1)

    def failed(self) -> NDArray[np.bool_]:
        """(n,) who fell, lost the ball or no longer reaches it."""
        away = np.linalg.norm(self.sim.qpos[:, -7:-5] - self.sim.qpos[:, :2], axis=1)
        low = self.sim.qpos[:, 2] < 0.65
        return low | (away > 0.8) | (away < 0.15) | (self.untouched > LONGEST) | ~np.isfinite(self.sim.qpos).all(axis=1)


def crouch(model: mujoco.MjModel, stance: Array, drop: float = 0.2, lean: float = 0.35) -> Array:
    """Returns (nq,) the stance with the pelvis lower by ``drop`` [m], the trunk leant forward by ``lean`` [rad].

    Feet and the centre of mass over them stay where they are.
    """
    legs = Legs(model, axes=(0, 1))
    legs.see(stance)
    feet, centre = legs.stand(), legs.centre()
    qpos, angle = stance.copy(), np.arccos(1.0 - drop / LEG)
    qpos[2] -= drop
    qpos[7 + legs.names.index("waist_pitch")] += lean
    for part, share in (("knee", 2.0), ("hip_pitch", -1.0), ("ankle_pitch", -1.0)):
        for side in ("left", "right"):
            qpos[7 + legs.names.index(f"{side}_{part}")] += share * angle
    return legs.solve(qpos, feet, centre, 200)
