"""The player's skills that begin with the ball in the hands: bouncing it, passing it, shooting it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator
from typing import ClassVar

import numpy as np

from robomatrix.errors import PreconditionError
from robomatrix.skills.base import ErrorCode, Failed, Observation, Outcome, Running, Steps, Succeeded
from robomatrix.skills.skillmimic import specs
from robomatrix.skills.skillmimic.basketball import BALL, HOOP, LOW, STAND, STEADY, BallSkill, held
from robomatrix.skills.skillmimic.observation import heading, into_heading
from robomatrix.skills.skillmimic.policy import Array, Ball, configuration
from robomatrix.skills.spec import SkillSpec

GONE = 0.75
"""A ball this far from the pelvis's axis has left the hands, arms stretched out [m]."""
BACK = 1.05
"""A bounced ball higher than this is back in the hands [m]."""
LULL = 3.5
"""A ball that does not bounce for so long is lost [s]."""
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


class _WithBall(BallSkill):
    """Skills that begin with the ball in the hands."""

    def _check_ball(self, place: Array) -> None:
        if not held(place):
            raise PreconditionError(f"the player does not have the ball; it is {np.hypot(*place[:2]):.2f} m away")

    def _slipped(self, observation: Observation) -> Failed | None:
        """Returns the failure of a ball that was lost while the player came to rest."""
        if held(self._look(observation)[1]):
            return None
        return Failed(ErrorCode.OBJECT_LOST, "the ball slipped out of the hands before the throw", holding=None)


class _Poised(_WithBall):
    """Skills for which it matters how high the ball lies between the palms."""

    def settle(self, observation: Observation) -> Generator[Running, Observation, Observation]:
        """Stands until the player is at rest and the ball lies high enough between the palms to be pushed."""
        observation = yield from super().settle(observation)
        started = observation.state.stamp
        waited = 0.0
        while waited < SETTLING or (waited < CREEPING and LOWEST < self._look(observation)[1][2] < HIGH):
            observation = yield self._run_label(observation, STAND, "coming to rest", CREEPING)
            waited = observation.state.stamp - started
        return observation


class BounceBall(_Poised):
    """Bounces the ball on the floor with both hands, catching it each time."""

    spec: ClassVar[SkillSpec] = specs.BOUNCE_BALL
    label = "bounce"

    def run(self, observation: Observation) -> Steps:
        """Bounces as often as asked, then stands with the ball until it is steady."""
        times, bounces, low = int(self.arguments["times"]), 0, False
        since: float | None = None
        observation = yield from self.settle(observation)
        if slipped := self._slipped(observation):
            return slipped
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
        if slipped := self._slipped(observation):
            return slipped
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


class ShootBall(_Poised, _Release):
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
