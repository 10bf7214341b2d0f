"""Many players, each following its own stretch of the reference: the teacher's environment.

The servos' target is the reference's joint angle, moved to where the ball really is, plus the torque the motion needs,
plus a residual that the policy adds. While the ball approaches, both palms move by as much as it will miss its place.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from tensordict import TensorDict

from robomatrix.motions.rotations import conjugate, multiply, to_rotation_vector
from robomatrix.robots.loader import load_robot
from robomatrix.scenes.court import POINTS, RATE, SUBSTEPS, build_model
from robomatrix.skills.skillmimic.observation import LABELS, body_and_ball, heading, into_heading, into_world
from robomatrix.training.simulation import BatchSimulation
from robomatrix.training.skillmimic.feedback import body_error, feedback_gains
from robomatrix.training.skillmimic.flight import flown
from robomatrix.training.skillmimic.noise import StartNoise
from robomatrix.training.skillmimic.reference import Reference
from robomatrix.training.skillmimic.reward import RewardWeights, contact_matters, imitation_reward

Array = NDArray[np.float64]
Ids = NDArray[np.intp]


@dataclass(frozen=True)
class EnvConfig:
    """Figures of the teacher's environment."""

    worlds: int = 256
    threads: int = 1
    seed: int = 1
    residual: float = 0.3
    """Joint offset for an action of one [rad]."""
    lead: float = 0.1
    """Part of the reference velocity added to the target [s]; cancels the servos' damping."""
    feedback_limit: float = 0.5
    """Largest correction by the feedback [rad]."""
    noise: StartNoise = StartNoise()
    noise_scale: tuple[float, float] = (0.0, 1.5)
    """Each start draws its factor on the noise uniformly from this range."""
    first_frame: float = 0.35
    """Share of episodes that start where a test starts, at the clip's frame 2."""
    mastery_rate: float = 0.02
    """Weight of one episode in a clip's running share of successes."""
    still: float = 0.0
    """Share of starts at frame 2 that begin from rest instead of in the clip's motion."""
    linger: float = 1.0
    """Steps for which an episode goes on standing after its clip has ended, on average."""
    chained: float = 0.0
    """Share of finished episodes that go on with another skill, the player as it stands."""
    pushes: float = 0.0
    """Half width of the velocity that the pelvis gets in a push [m/s]."""
    push_seconds: float = 3.0
    """Mean time between pushes of one world [s]."""
    reach: float = 0.25
    """Largest displacement of the palms [m]."""
    fade: float = 0.4
    """Time constant with which the displacement fades once the ball is held [s]."""
    alike: float = 0.15
    """Mean difference of the joints up to which a clip can follow on another [rad]."""
    grasp_frames: int = 15
    """For so long after a touch the hands wait where the ball was met until both hold it."""
    deeper: tuple[float, float, float] = (-0.06, 0.0, -0.03)
    """How much nearer and lower than in the clip the palms take a lying ball; it slips as it is lifted [m]."""
    sway: float = 0.5
    """Share of the body's sway that the arms make up for while the ball comes or is held."""
    ramp: tuple[float, float] = (0.6, 0.2)
    """Times before a touch at which the hands begin to follow the ball and at which they do so in full [s]."""
    weights: RewardWeights = field(default_factory=RewardWeights)
    body_limit: float = 0.3
    """Mean distance of the body points that ends an episode [m]."""
    ball_limit: float = 0.5
    """Distance of a held ball that ends an episode [m]."""


class TeacherEnv:
    """Implements :class:`robomatrix.training.ppo.VectorEnv` on a :class:`Reference`."""

    def __init__(self, reference: Reference, config: EnvConfig, gains: NDArray[np.float32] | None = None) -> None:
        """Builds the worlds; ``gains`` are those of :func:`feedback_gains`, computed when missing."""
        self.reference, self.config = reference, config
        self.model = build_model()
        self.sim = BatchSimulation([self.model], config.worlds, SUBSTEPS, threads=config.threads)
        self.rng = np.random.default_rng(config.seed)
        self.num_envs, self.num_actions = config.worlds, self.model.nu
        robot = load_robot("player")
        self.stiffness = np.array([j.stiffness for j in robot.joints])
        self.limits = np.array([[j.lower, j.upper] for j in robot.joints]).T
        self._point_slices = np.concatenate([np.arange(s.start, s.stop) for s in map(self._slice, POINTS)])
        self._ball_slice = self._slice("ball")
        self._hands = [self.sim.sensor_slice(f"{hand}_ball").start for hand in ("left_hand", "right_hand")]
        others = [self.model.sensor(i).name for i in range(self.model.nsensor)]
        self._others = [self.sim.sensor_slice(n).start for n in others if n.endswith("_touches_ball")]
        self._prepare(gains)
        self.mastery = np.zeros(len(reference.starts()))
        self.frame = np.zeros(config.worlds, int)
        self.shift = np.zeros((config.worlds, 3))
        self.hands = np.zeros((config.worlds, 2), bool)
        self.age = np.zeros(config.worlds, int)
        self.reset(np.arange(config.worlds))

    def _slice(self, site: str) -> slice:
        return self.sim.sensor_slice(f"{site}_position")

    def _prepare(self, gains: NDArray[np.float32] | None) -> None:
        """Tables over the reference's frames that every step looks up."""
        r = self.reference
        self.last, starts = r.last(), r.starts()
        self.first_of_clip = starts[r.clip]
        speed = np.linalg.norm(r.qvel[:, -6:-3], axis=1)
        self.flying = (speed > 0.5) | (r.ball[:, 2] > 0.3)
        self.held = r.contact.any(axis=1)
        self.approach = ~self.held & r.contact[r.touch].any(axis=1)
        self.released = ~self.held & ~self.approach & (r.ball[:, 2] > 0.14)
        self.matters = contact_matters(r.contact, r.clip)
        self.clip_start, self.clip_end = starts, self.last[starts]
        joints = slice(6, 6 + self.model.nu)
        leading = r.qpos[:, 7:-7] + self.config.lead * r.qvel[:, joints] + r.torque / self.stiffness
        before = np.maximum(np.arange(len(r)) - 1, self.first_of_clip)
        self.open_loop = 0.5 * (leading + leading[before])
        self.gains = feedback_gains(self.model, r, self.open_loop) if gains is None else gains

    def reset(self, ids: Ids) -> None:
        """Starts new episodes: skill, clip and frame by chance, then noise on everything."""
        frames = self._draw_frames(len(ids))
        r, noise = self.reference, self.config.noise
        scale = self.rng.uniform(*self.config.noise_scale, (len(ids), 1))
        qpos, qvel = r.qpos[frames].copy(), r.qvel[frames].copy()

        def spread(half: float, size: int) -> Array:
            return scale * self.rng.uniform(-half, half, (len(ids), size))

        joints = self.model.nu
        qpos[:, 7 : 7 + joints] += spread(noise.joints, joints)
        qvel[:, : 6 + joints] += spread(noise.velocities, 6 + joints)
        moved = scale * self._ball_moved(frames)
        qpos[:, -7:-4] += moved
        qpos[:, 7 : 7 + joints] += np.einsum("njk,nk->nj", r.shift_joints[frames], moved * self._carried(frames))
        qvel[:, -6:-3] += spread(noise.ball_velocity, 3)
        standing = ~self.flying[frames] & (self.rng.random(len(ids)) < self.config.still)
        qvel[standing & (frames == self.first_of_clip[frames] + 2)] *= 0.0
        self.place(ids, frames, qpos, qvel)

    def _ball_moved(self, frames: NDArray[np.int64]) -> Array:
        """(n, 3) displacement of a start's ball by the noise of its kind [m]."""
        noise, lying = self.config.noise, self._lying(frames)[:, None]
        return np.where(lying, noise.lying, noise.ball) * self.rng.uniform(-1.0, 1.0, (len(frames), 3))

    def _lying(self, frames: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(n,) whose ball rests on the floor and is still to be taken."""
        return ~self.flying[frames] & self.approach[frames]

    def _carried(self, frames: NDArray[np.int64]) -> Array:
        """(n, 1) how far the arms start moved with a displaced ball: in full while they hold it."""
        coming = self.approach[frames] & (frames != self.first_of_clip[frames] + 2)
        return np.where(self.held[frames] | coming, self._strength(frames), 0.0)[:, None]

    def place(self, ids: Ids, frames: NDArray[np.int64], qpos: Array, qvel: Array) -> None:
        """Puts worlds into given states at given frames of the reference."""
        radius = self.model.geom("ball").size[0]
        qpos[:, -5] = np.maximum(qpos[:, -5], radius)
        resting = self._lying(frames)
        qpos[resting, -5] = radius
        qvel[resting, -6:] = 0.0
        self.sim.reset(ids, qpos, qvel)
        self.frame[ids] = frames
        self.age[ids] = 0
        self.hands[ids] = self.reference.contact[frames]
        self.shift[ids] = self._clipped(qpos[:, -7:-4] - self.reference.ball[frames])

    def follow_on(self, ids: Ids) -> Ids:
        """Lets worlds that stand at a clip's end go on with one that starts alike; returns those that found one.

        The player stays as it is; who has no ball gets that of the new clip's start, displaced as in any start.
        """
        r, found = self.reference, []
        for world in ids:
            alike = self._starting_alike(int(world))
            if len(alike):
                self.frame[world] = self.clip_start[self.rng.choice(alike)] + 2
                found.append(world)
        going = np.array(found, np.intp)
        frames = self.frame[going]
        fresh = ~r.contact[frames].any(axis=1)
        scale = self.rng.uniform(*self.config.noise_scale, (int(fresh.sum()), 1))
        moved = scale * self._ball_moved(frames[fresh]) * [1.0, 1.0, 0.0]
        self.sim.qpos[going[fresh], -7:] = r.qpos[frames[fresh], -7:]
        self.sim.qpos[going[fresh], -7:-4] += moved
        self.sim.qvel[going[fresh], -6:] = r.qvel[frames[fresh], -6:]
        self.shift[going] = self._clipped(self.sim.qpos[going, -7:-4] - r.ball[frames])
        self.hands[going], self.age[going] = r.contact[frames], 0
        return going

    def _starting_alike(self, world: int) -> Ids:
        """Clips that start with or without the ball as a world's clip ends, in nearly the same posture."""
        r, starts = self.reference, self.clip_start
        same = r.contact[starts].any(axis=1) == r.contact[self.frame[world]].any()
        gap = np.abs(r.qpos[starts, 7:-7] - r.qpos[self.frame[world], 7:-7]).mean(axis=1)
        return np.flatnonzero(same & (gap < self.config.alike))

    def _draw_frames(self, count: int) -> NDArray[np.int64]:
        need = 1.05 - self.mastery
        clips = self.rng.choice(len(need), size=count, p=need / need.sum())
        start, end = self.clip_start[clips], self.clip_end[clips]
        anywhere = start + 2 + (self.rng.random(count) * (end - start - 12)).astype(int)
        return np.where(self.rng.random(count) < self.config.first_frame, start + 2, anywhere)

    def _clipped(self, shift: Array) -> Array:
        return np.clip(shift, -self.config.reach, self.config.reach)

    def _update_shift(self) -> None:
        """Where the palms have to go for the ball as it is: meet it; once both hands hold it, carry it back."""
        r, frame = self.reference, self.frame
        deeper = ~self.flying[frame, None] * into_world(heading(r.qpos[frame, 3:7]), np.array(self.config.deeper))
        meeting = self._clipped(self._at_touch() - r.ball[r.touch[frame]] + deeper)
        faded = self.shift * np.exp(-1.0 / (RATE * self.config.fade))
        secured = self.hands.all(axis=1) | (frame - r.touch[frame] > self.config.grasp_frames)
        held = np.where((self.held[frame] & ~secured)[:, None], self.shift, faded)
        self.shift = np.where(self.approach[frame][:, None], meeting, held)

    def _at_touch(self) -> Array:
        """(n, 3) where the ball will be at the next touch: in its flight, or where it lies or was stopped [m]."""
        frame, ball, velocity = self.frame, self.sim.qpos[:, -7:-4], self.sim.qvel[:, -6:-3]
        free = (self.flying[frame] & ~self.hands.any(axis=1))[:, None]
        left = (self.reference.touch[frame] - frame)[:, None] / RATE
        return np.where(free, flown(ball, velocity, left), ball + velocity * np.minimum(left, 0.05))

    def _strength(self, frame: NDArray[np.int64]) -> Array:
        """(n,) how far the hands follow the displacement: from 0 to 1 over the ramp before a touch."""
        left = (self.reference.touch[frame] - frame) / RATE
        first, full = self.config.ramp
        x = np.clip((first - left) / (first - full), 0.0, 1.0)
        return np.where(self.approach[frame], x * x * (3.0 - 2.0 * x), 1.0)

    def posture(self, frame: NDArray[np.int64]) -> Array:
        """(n, J) reference joint angles at given frames, moved to the ball and against the body's sway [rad]."""
        r = self.reference
        bend = self.shift * self._strength(frame)[:, None] - self._sway(frame)
        return r.qpos[frame, 7:-7] + np.einsum("njk,nk->nj", r.shift_joints[frame], bend)

    def _sway(self, frame: NDArray[np.int64]) -> Array:
        """(n, 3) how far the body carries the palms off their place, where the ball comes or is held [m]."""
        r, now, root = self.reference, self.frame, self.sim.qpos[:, :7]
        turn = to_rotation_vector(multiply(root[:, 3:7], conjugate(r.qpos[now, 3:7])))
        arm = r.points[now, -2:].mean(axis=1) - r.qpos[now, :3]
        sway = self._clipped(root[:, :3] - r.qpos[now, :3] + np.cross(turn, arm))
        since = (frame - r.touch[frame]) / RATE
        taken = self.held[frame] & (r.touch[frame] > self.first_of_clip[frame])
        fading = np.where(taken, np.exp(-np.maximum(since, 0.0) / self.config.fade), 0.0)
        return self.config.sway * np.where(self.approach[frame], self._strength(frame), fading)[:, None] * sway

    def targets(self, action: Array) -> Array:
        """(n, J) servo targets for an action: reference, feed-forward, feedback and residual [rad]."""
        frame = np.minimum(self.frame + 1, self.last[self.frame])
        moved = self.posture(frame) - self.reference.qpos[frame, 7:-7]
        target = self.open_loop[frame] + moved + self.feedback() + self.config.residual * action
        return np.clip(target, *self.limits)

    def feedback(self) -> Array:
        """(n, J) correction of the targets for the body's present error, bounded [rad]."""
        r, now, sim = self.reference, self.frame, self.sim
        error = body_error(r.qpos[now], r.qvel[now], self.posture(now), sim.qpos, sim.qvel).astype(np.float32)
        bound = self.config.feedback_limit
        return np.clip(-np.matmul(self.gains[now], error[:, :, None])[:, :, 0], -bound, bound)

    def advance(self, targets: Array) -> None:
        """One control step under servo targets; moves the reference on."""
        if self.config.pushes:
            pushed = self.rng.random(self.num_envs) < 1.0 / (RATE * self.config.push_seconds)
            self.sim.qvel[pushed, :2] += self.rng.uniform(-1, 1, (int(pushed.sum()), 2)) * self.config.pushes
        self.sim.step(targets)
        self.frame = np.minimum(self.frame + 1, self.last[self.frame])
        self.age += 1
        self.hands = self.sim._sensors[:, :, self._hands].max(axis=1) > 0
        self._update_shift()

    def step(self, action: torch.Tensor) -> tuple[TensorDict, torch.Tensor, torch.Tensor, dict]:
        """Advances all worlds; see :class:`robomatrix.training.ppo.VectorEnv`."""
        before = self.frame
        self.advance(self.targets(action.double().numpy()))
        errors = self.errors()
        reward = imitation_reward(errors, self.config.weights)
        fallen = self.failed(errors)
        ended = self.ended(before) & ~fallen
        done = fallen | ended
        log = {
            "reward": float(reward.mean()),
            "episode": float(self.age[done].mean()) if done.any() else float("nan"),
            "failed": float(fallen.sum() / max(done.sum(), 1)) if done.any() else float("nan"),
            "body": float(np.sqrt(errors["body"].mean())),
            "hands": float(errors["hands"].mean()),
        }
        for label in np.unique(self.reference.label):
            over = done & (self.reference.label[self.frame] == label)
            log[f"ok_{LABELS[label]}"] = float(ended[over].mean()) if over.any() else float("nan")
        self.restart(before, fallen, ended)
        extras = {"time_outs": torch.from_numpy(ended), "log": log}
        return self.observations(), torch.from_numpy(reward).float(), torch.from_numpy(done), extras

    def ended(self, frames: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Returns (n,) who has come to the end of the clip and stood there for long enough."""
        return (frames >= self.last[frames] - 2) & (self.rng.random(len(frames)) < 1.0 / self.config.linger)

    def restart(self, frames: NDArray[np.int64], fallen: NDArray[np.bool_], ended: NDArray[np.bool_]) -> Ids:
        """Starts the worlds (n,) anew that fell, and those that ended; some of these go on with another skill.

        ``frames`` (n,) are those of the reference before the last step. Returns which started anew.
        """
        self._note(frames[fallen | ended], ended[fallen | ended])
        chosen = ended & (self.rng.random(self.num_envs) < self.config.chained)
        going = self.follow_on(np.flatnonzero(chosen)) if chosen.any() else []
        anew = fallen | ended
        anew[going] = False
        started = np.flatnonzero(anew)
        if len(started):
            self.reset(started)
        return started

    def _note(self, frames: NDArray[np.int64], reached_end: NDArray[np.bool_]) -> None:
        """Keeps a running share of episodes by clip that came to their end; starts favour clips where it is low."""
        clips = self.reference.clip[frames]
        np.add.at(self.mastery, clips, self.config.mastery_rate * (reached_end - self.mastery[clips]))

    def errors(self) -> dict[str, Array]:
        """Mean squared errors (n,) against the moved reference, and contact mismatches.

        Site positions come from the last physics step's start, a quarter of a control step ago; the reference is taken
        at the same time.
        """
        r, n = self.reference, self.num_envs
        now, old = self.frame, np.maximum(self.frame - 1, self.first_of_clip[self.frame])
        bend = (self.shift * self._strength(now)[:, None])[:, None, None, :]
        points = 0.75 * r.points[now] + 0.25 * r.points[old] + np.sum(r.shift_points[now] * bend, axis=-1)
        ball = 0.75 * r.ball[now] + 0.25 * r.ball[old] + np.where(self.held[now][:, None], self.shift, 0.0)
        actual = self.sim.sensors[:, self._point_slices].reshape(n, len(POINTS), 3)
        actual_ball = self.sim.sensors[:, self._ball_slice]
        relative = (points - ball[:, None]) - (actual - actual_ball[:, None])
        minded = (self.held | self.released)[now]
        gap = points - actual
        return {
            "body": np.mean(gap**2, axis=(1, 2)),
            "distance": np.linalg.norm(gap, axis=-1).mean(axis=1),
            "joints": np.mean((self.posture(now) - self.sim.qpos[:, 7:-7]) ** 2, axis=1),
            "ball": np.where(minded, np.mean((ball - actual_ball) ** 2, axis=1), 0.0),
            "relative": np.where(self.held[now], np.mean(relative[:, -2:] ** 2, axis=(1, 2)), 0.0),
            "ball_distance": np.where(self.held[now], np.linalg.norm(ball - actual_ball, axis=1), 0.0),
            "hands": np.sum((self.hands != r.contact[now]) & self.matters[now], axis=1).astype(float),
            "others": (self.sim.sensors[:, self._others] > 0).any(axis=1).astype(float),
        }

    def failed(self, errors: dict[str, Array]) -> NDArray[np.bool_]:
        """(n,) episodes that lost the body, the ball or their footing."""
        low = self.sim.qpos[:, 2] < 0.5 * self.reference.qpos[self.frame, 2]
        astray = (errors["distance"] > self.config.body_limit) | (errors["ball_distance"] > self.config.ball_limit)
        return low | astray | ~np.isfinite(self.sim.qpos).all(axis=1)

    def observations(self) -> TensorDict:
        """Returns what teacher and critic see."""
        seen = torch.from_numpy(self.observation()).float()
        return TensorDict({"actor": seen, "critic": seen}, [self.num_envs])

    def observation(self) -> Array:
        """(n, d) the player's own state and ball, then the reference ahead."""
        r, sim = self.reference, self.sim
        following = np.minimum(self.frame + 1, self.last[self.frame])
        frame = heading(sim.qpos[:, 3:7])
        turn = to_rotation_vector(multiply(conjugate(sim.qpos[:, 3:7]), r.qpos[following, 3:7]))
        own = body_and_ball(sim.qpos, sim.qvel)
        left = np.clip((r.touch[self.frame] - self.frame) / RATE, 0.0, 1.0)
        return np.concatenate(
            [
                own,
                self.hands,
                self.posture(following) - sim.qpos[:, 7:-7],
                0.1 * r.qvel[following, 6:-6],
                into_heading(frame, r.qpos[following, :3] - sim.qpos[:, :3]),
                turn,
                into_heading(frame, r.ball[following] - sim.qpos[:, -7:-4]),
                into_heading(frame, self.shift),
                left[:, None],
                ((self.frame - self.first_of_clip[self.frame]) / 200.0)[:, None],
                r.contact[following],
                np.eye(len(LABELS))[r.label[self.frame]],
            ],
            axis=1,
        )
