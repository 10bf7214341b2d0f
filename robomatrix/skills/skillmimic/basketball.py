"""The player's skills. Each runs the joint policy under its label and judges for itself whether it succeeded."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator, Iterator
from typing import ClassVar

import numpy as np

from robomatrix.errors import PolicyError, PreconditionError
from robomatrix.robots.spec import RobotSpec
from robomatrix.skills.base import ErrorCode, Failed, Observation, Outcome, Running, Skill, Steps, Succeeded
from robomatrix.skills.skillmimic import specs
from robomatrix.skills.skillmimic.observation import heading, into_heading
from robomatrix.skills.skillmimic.policy import Array, Ball, BallTracker, PlayerPolicy, Watch, configuration
from robomatrix.skills.spec import SkillSpec

BALL = "ball"
FALLEN = 0.5
"""A pelvis lower than this has fallen [m]; picking up bends to about 0.6."""
HELD = 0.55
"""A ball this near to the pelvis's axis can be in the hands [m]."""
GONE = 0.75
"""A ball this far from the pelvis's axis has left the hands, arms stretched out [m]."""
LIFTED = 1.0
"""Height that a ball has reached when it was picked up [m] (success rule of SkillMimic)."""
STEADY = 0.5
"""How long a held ball must stay held [s]."""
AHEAD, LEFT = (-0.12, 0.06), (-0.085, 0.075)
"""Where from under the pelvis a lying ball was picked up in trials, along the heading and to its left [m]."""
SETTLED, JOINTS_SETTLED = 0.15, 0.3
"""Pelvis and held ball slower than this [m/s], joints than this on average [rad/s]: the player is at rest."""
PATIENCE = 1.5
"""For so long a skill waits for the player to come to rest before it begins [s]."""
EXPECTING = 9.0
"""For so long a throw is waited for [s]."""
AIRBORNE, IN_RANGE, CLOSING = 0.4, 2.5, 0.5
"""A ball higher than this [m], nearer than this [m] and coming nearer faster than this [m/s] is to be caught."""
LOW, BACK = 0.25, 1.05
"""A ball lower than the first bounces on the floor, one higher than the second is back in the hands [m]."""
LULL = 3.5
"""A ball that does not bounce for so long is lost [s]."""
STAND = "stand"
HOOP = "hoop"
APEX = 2.3
"""Least height of a set shot [m]."""
DISTANCE, LEFTWARD = (2.2, 2.6), (0.0, 0.65)
"""Where from the player the hoop must be: how far ahead and to the left [m]; picking up turns it by eight degrees."""
LOWEST, HIGH = 1.055, 1.1
"""A ball between these heights lies low between the palms and creeps up as the player stands; a lower one sinks [m]."""
SETTLING, CREEPING = 0.5, 4.0
"""For so long the hands come to rest before that is judged, and so long it is waited for at most [s]."""
IN_HOOP = 0.23
"""A ball whose centre comes down this near to the hoop's is in [m]: the rim's radius."""


class BallSkill(Skill):
    """What the skills share: policy, tracker, geometry, a fall."""

    label: ClassVar[str]

    @classmethod
    def offered(cls, robot: RobotSpec) -> bool:
        """Returns whether the policy was trained for the skill; where none can be read, the skill itself says why."""
        try:
            return cls.label in PlayerPolicy(robot).trained
        except PolicyError:
            return True

    def _begin_tracking(self) -> None:
        try:
            self.policy = PlayerPolicy(self.robot)
        except PolicyError as error:
            raise PreconditionError(
                f"no usable policy ({error}); make one with `robomatrix train skillmimic`"
            ) from error
        self.tracker, self.watch = BallTracker(), Watch()

    def _look(self, observation: Observation) -> tuple[Ball, Array]:
        """The ball, and its place in the heading frame (x ahead, y left, z height)."""
        ball = self.tracker.see(observation)
        qpos, _ = configuration(observation.state, ball)
        offset = (qpos[0, -7:-4] - qpos[0, :3] * [1.0, 1.0, 0.0])[None]
        return ball, into_heading(heading(qpos[:, 3:7]), offset)[0]

    def check(self, observation: Observation) -> None:
        """Raises PreconditionError unless the player stands and the policy knows the skill."""
        self._begin_tracking()
        if self.label not in self.policy.trained:
            known = ", ".join(self.policy.trained)
            raise PreconditionError(f"the shipped policy does not do '{self.label}' well enough; it does: {known}")
        _, place = self._look(observation)
        if self._fallen(observation):
            raise PreconditionError("the player lies on the floor")
        self._check_ball(place)

    def _check_ball(self, place: Array) -> None:
        """Raises PreconditionError when the ball, at ``place`` in the heading frame, is not where it must be."""

    def _fallen(self, observation: Observation) -> bool:
        odometry = observation.state.odometry
        return odometry is not None and float(odometry.position[2]) < FALLEN

    def settle(self, observation: Observation) -> Generator[Running, Observation, Observation]:
        """Stands until the player is at rest, for a while at most; returns the newest observation."""
        started = observation.state.stamp
        patience = PATIENCE if STAND in self.policy.trained else 0.0
        while observation.state.stamp - started < patience and not self._at_rest(observation):
            observation = yield self._run_label(observation, STAND, "coming to rest", PATIENCE)
        return observation

    def _at_rest(self, observation: Observation) -> bool:
        ball, place = self._look(observation)
        odometry, joints = observation.state.odometry, observation.state.joints.velocity
        moving = 0.0 if odometry is None else float(np.linalg.norm(odometry.linear_velocity))
        if _held(place):
            moving = max(moving, float(np.linalg.norm(ball.velocity)))
        return moving < SETTLED and float(np.mean(np.abs(joints))) < JOINTS_SETTLED

    def _run_label(self, observation: Observation, label: str, phase: str, seconds: float) -> Running:
        ball = self.tracker.see(observation)
        hoop = observation.world.objects.get(HOOP)
        place = None if hoop is None else np.array(hoop.position)
        cue = self.watch.cue(label, observation.state.stamp, configuration(observation.state, ball), place)
        progress = min(1.0, self.elapsed / seconds)
        return Running(self.policy.command(observation.state, ball, label, cue), phase, progress)


def _held(place: Array) -> bool:
    return float(np.hypot(place[0], place[1])) < HELD and place[2] > 0.7


class Stand(BallSkill):
    """Stands; also what the player does while no skill is asked for."""

    spec: ClassVar[SkillSpec] = specs.STAND
    label = STAND
    idle = True

    def run(self, observation: Observation) -> Steps:
        """Stands for the duration."""
        duration = float(self.arguments["duration"])
        while self.elapsed < duration:
            if self._fallen(observation):
                return Failed(ErrorCode.FELL, "the player fell while standing")
            observation = yield self._run_label(observation, STAND, "standing", duration)
        return Succeeded()


class _Hold(BallSkill):
    """Skills that end with the ball steadily in the hands."""

    lift: ClassVar[float] = 0.7
    waits: ClassVar[bool] = True
    """Whether the skill can wait for the player to come to rest; a flying ball does not."""

    def run(self, observation: Observation) -> Steps:
        """Runs the policy until the ball has been held steadily, or it or the footing is lost."""
        since: float | None = None
        highest = 0.0
        if self.waits:
            observation = yield from self.settle(observation)
        while True:
            ball, place = self._look(observation)
            if self._fallen(observation):
                return Failed(ErrorCode.FELL, f"the player fell during {self.spec.name}")
            now, highest = observation.state.stamp, max(highest, float(place[2]))
            steady = _held(place) and highest > self.lift and float(np.linalg.norm(ball.velocity)) < 1.5
            since = (now if since is None else since) if steady else None
            if since is not None and now - since >= STEADY:
                return Succeeded({"ball_height": float(place[2])}, holding=BALL)
            yield from self._step(observation, place)
            observation = self._latest

    def _step(self, observation: Observation, place: Array) -> Iterator[Running]:
        self._latest = yield self._run_label(observation, self._label_now(place), self.spec.name, 3.0)

    def _label_now(self, place: Array) -> str:
        return self.label


class PickUpBall(_Hold):
    """Picks the ball up from the floor."""

    spec: ClassVar[SkillSpec] = specs.PICK_UP_BALL
    label = "pick_up"
    lift = LIFTED

    def _check_ball(self, place: Array) -> None:
        ahead, left, height = place
        if height > 0.3 or not AHEAD[0] <= ahead <= AHEAD[1] or not LEFT[0] <= left <= LEFT[1]:
            raise PreconditionError(
                f"the ball is out of reach: {ahead:.2f} m ahead, {left:.2f} m to the left, {height:.2f} m high; "
                f"it must lie {AHEAD[0]} to {AHEAD[1]} m ahead and {LEFT[0]} to {LEFT[1]} m to the left"
            )


class Catch(_Hold):
    """Stands until a ball comes flying, and catches it."""

    spec: ClassVar[SkillSpec] = specs.CATCH
    label = "catch"
    waits = False

    def run(self, observation: Observation) -> Steps:
        """Waits for the throw, then catches; fails with NOT_FOUND where none comes."""
        while not self._comes(observation):
            if self._fallen(observation):
                return Failed(ErrorCode.FELL, "the player fell while it waited for the ball")
            if self.elapsed > EXPECTING:
                return Failed(ErrorCode.NOT_FOUND, f"nobody threw the ball within {EXPECTING:g} s")
            observation = yield self._run_label(observation, STAND, "waiting for the ball", EXPECTING)
        return (yield from super().run(observation))

    def _comes(self, observation: Observation) -> bool:
        ball, place = self._look(observation)
        distance = float(np.hypot(place[0], place[1]))
        away = (
            ball.position[:2] - observation.state.odometry.position[:2] if observation.state.odometry else np.zeros(2)
        )
        closing = -float(ball.velocity[:2] @ away) / max(distance, 1e-6)
        return place[2] > AIRBORNE and distance < IN_RANGE and closing > CLOSING

    def _check_ball(self, place: Array) -> None:
        if _held(place):
            raise PreconditionError("the player already has the ball")


class _WithBall(BallSkill):
    """Skills that begin with the ball in the hands."""

    def _check_ball(self, place: Array) -> None:
        if not _held(place):
            raise PreconditionError(f"the player does not have the ball; it is {np.hypot(*place[:2]):.2f} m away")


class BounceBall(_WithBall):
    """Bounces the ball on the floor with both hands, catching it each time."""

    spec: ClassVar[SkillSpec] = specs.BOUNCE_BALL
    label = "bounce"

    def run(self, observation: Observation) -> Steps:
        """Bounces as often as asked, then stands with the ball until it is steady."""
        times, bounces, low = int(self.arguments["times"]), 0, False
        since: float | None = None
        observation = yield from self.settle(observation)
        last = observation.state.stamp
        while True:
            ball, place = self._look(observation)
            now = observation.state.stamp
            if self._fallen(observation):
                return Failed(ErrorCode.FELL, "the player fell as it bounced the ball", {"bounces": float(bounces)})
            if place[2] < LOW and not low:
                bounces, last = bounces + 1, now
            low = bool(place[2] < LOW)
            if float(np.hypot(place[0], place[1])) > GONE or now - last > LULL:
                text = f"the ball got away after {bounces} of {times} bounces"
                return Failed(ErrorCode.TARGET_MISSED, text, {"bounces": float(bounces)}, holding=None)
            done = bounces >= times and place[2] > BACK and float(np.linalg.norm(ball.velocity)) < 0.5
            if done and since is None:
                since = now
            if since is not None and now - since >= STEADY:
                return Succeeded({"bounces": float(bounces)}, holding=BALL)
            label = self.label if since is None else STAND
            observation = yield self._run_label(observation, label, self.spec.name, 2.0 * times)


class _Release(_WithBall):
    """Skills that end with the ball gone on its way and the player standing."""

    watched: ClassVar[float] = STEADY
    """How long the ball is watched after it has left [s]."""

    def run(self, observation: Observation) -> Steps:
        """Runs the policy until the ball flies, then stands for half a second."""
        left: float | None = None
        metrics: dict[str, float] = {}
        observation = yield from self.settle(observation)
        while True:
            ball, place = self._look(observation)
            if self._fallen(observation):
                return Failed(ErrorCode.FELL, f"the player fell during {self.spec.name}", metrics, holding=None)
            now = observation.state.stamp
            if left is None and (float(np.hypot(place[0], place[1])) > GONE or place[2] < 0.7):
                left, metrics = now, self._released(observation, ball)
            if left is not None:
                self._watch(observation, ball, metrics)
            if left is not None and now - left > self.watched:
                return self._judge(metrics)
            observation = yield self._run_label(observation, self.label, self.spec.name, 2.0)

    def _released(self, observation: Observation, ball: Ball) -> dict[str, float]:
        yaw = observation.state.odometry.yaw if observation.state.odometry else 0.0
        course = float(np.arctan2(ball.velocity[1], ball.velocity[0]))
        speed, rise = float(np.linalg.norm(ball.velocity[:2])), float(ball.velocity[2])
        apex = float(ball.position[2]) + max(rise, 0.0) ** 2 / (2.0 * 9.81)
        return {
            "speed": speed,
            "rise": rise,
            "apex": apex,
            "off_course": abs(float(np.angle(np.exp(1j * (course - yaw))))),
        }

    def _watch(self, observation: Observation, ball: Ball, metrics: dict[str, float]) -> None:
        """Adds to the metrics what is seen of the ball's flight."""

    @abstractmethod
    def _judge(self, metrics: dict[str, float]) -> Outcome:
        """Says from how the ball left whether the throw was good."""


class PassTo(_Release):
    """Passes the ball straight ahead."""

    spec: ClassVar[SkillSpec] = specs.PASS_TO
    label = "pass"

    def _judge(self, metrics: dict[str, float]) -> Outcome:
        if metrics["speed"] < 2.0 or metrics["off_course"] > 0.45:
            text = f"the pass went {np.degrees(metrics['off_course']):.0f} degrees off at {metrics['speed']:.1f} m/s"
            return Failed(ErrorCode.TARGET_MISSED, text, metrics, holding=None)
        return Succeeded(metrics, holding=None)


class ShootBall(_Release):
    """Set shot at the hoop straight ahead."""

    spec: ClassVar[SkillSpec] = specs.SHOOT_BALL
    label = "set_shot"
    watched = 1.5
    _above = False

    def check(self, observation: Observation) -> None:
        """Raises PreconditionError also where the hoop is not in sight or not straight ahead."""
        super().check(observation)
        hoop = observation.world.objects.get(HOOP)
        if hoop is None:
            raise PreconditionError("no hoop is in sight")
        qpos, _ = configuration(observation.state, self.tracker.see(observation))
        ahead, left, _ = into_heading(heading(qpos[:, 3:7]), np.array(hoop.position) - qpos[:, :3])[0]
        if not DISTANCE[0] <= ahead <= DISTANCE[1] or not LEFTWARD[0] <= left <= LEFTWARD[1]:
            raise PreconditionError(
                f"the hoop is {ahead:.2f} m ahead and {left:.2f} m to the left; it must be "
                f"{DISTANCE[0]} to {DISTANCE[1]} m ahead and {LEFTWARD[0]} to {LEFTWARD[1]} m to the left"
            )

    def settle(self, observation: Observation) -> Generator[Running, Observation, Observation]:
        """Stands until the player is at rest and the ball lies high enough between the palms to be pushed."""
        observation = yield from super().settle(observation)
        started = observation.state.stamp
        waited = 0.0
        while waited < SETTLING or (waited < CREEPING and LOWEST < self._look(observation)[1][2] < HIGH):
            observation = yield self._run_label(observation, STAND, "coming to rest", CREEPING)
            waited = observation.state.stamp - started
        return observation

    def _watch(self, observation: Observation, ball: Ball, metrics: dict[str, float]) -> None:
        """Notes how far from the hoop's centre the ball first comes down through its height."""
        hoop = observation.world.objects.get(HOOP)
        if hoop is None or "miss" in metrics:
            return
        above = float(ball.position[2]) > hoop.position[2]
        if self._above and not above:
            metrics["miss"] = float(np.hypot(*(ball.position[:2] - np.array(hoop.position[:2]))))
        self._above = above

    def _judge(self, metrics: dict[str, float]) -> Outcome:
        if metrics["apex"] < APEX:
            text = f"the shot rose to {metrics['apex']:.1f} m only"
        elif "miss" not in metrics:
            text = f"the shot rose to {metrics['apex']:.1f} m and never came down through the hoop's height"
        elif metrics["miss"] > IN_HOOP:
            text = f"the shot missed the hoop's centre by {metrics['miss']:.2f} m"
        else:
            return Succeeded(metrics, holding=None)
        return Failed(ErrorCode.TARGET_MISSED, text, metrics, holding=None)
