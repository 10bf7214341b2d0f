"""The player's skills. Each runs the joint policy under its label and judges for itself whether it succeeded."""

from __future__ import annotations

from collections.abc import Generator
from typing import ClassVar

import numpy as np

from robomatrix.errors import PolicyError, PreconditionError
from robomatrix.robots.spec import RobotSpec
from robomatrix.skills.base import ErrorCode, Failed, Observation, Running, Skill, Steps, Succeeded
from robomatrix.skills.skillmimic import specs
from robomatrix.skills.skillmimic.observation import heading, into_heading
from robomatrix.skills.skillmimic.policy import Array, Ball, BallTracker, PlayerPolicy, Watch, configuration
from robomatrix.skills.spec import SkillSpec

BALL = "ball"
FALLEN = 0.5
"""A pelvis lower than this has fallen [m]; picking up bends to about 0.6."""
HELD = 0.55
"""A ball this near to the pelvis's axis can be in the hands [m]."""
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
SIGHTINGS, ROLLING = 0.1, 4.0
"""A ball is seen for the first time before its speed is known, and waited for at most the second [s]."""
LYING, NEAR = 0.1, 1.0
"""A ball slower than the first [m/s] lies still; one that is not farther than the second [m] may stay in reach."""
AIRBORNE, IN_RANGE, CLOSING = 0.4, 1.3, 0.5
"""A ball higher than this [m], nearer than this [m] and coming nearer faster than this [m/s] is to be caught.

The clip begins with the ball 1.2 m away; told to catch from 2.5 m on, the player holds it so badly that it cannot pass.
"""
LOW = 0.25
"""A ball lower than this lies or bounces on the floor [m]."""
STAND = "stand"
HOOP = "hoop"


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
        self.tracker, self.watch = BallTracker(), Watch(self.policy.periods)

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

    def _closing(self, observation: Observation, ball: Ball) -> float:
        """How fast the ball comes nearer over the floor [m/s]."""
        away = ball.position[:2] - configuration(observation.state, ball)[0][0, :2]
        return -float(ball.velocity[:2] @ away) / max(float(np.linalg.norm(away)), 1e-6)

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
        if held(place):
            moving = max(moving, float(np.linalg.norm(ball.velocity)))
        return moving < SETTLED and float(np.mean(np.abs(joints))) < JOINTS_SETTLED

    def _run_label(self, observation: Observation, label: str, phase: str, seconds: float) -> Running:
        ball, place = self._look(observation)
        hoop = observation.world.objects.get(HOOP)
        where = None if hoop is None else np.array(hoop.position)
        cue = self.watch.cue(label, observation.state.stamp, configuration(observation.state, ball), where)
        progress = min(1.0, self.elapsed / seconds)
        holding = BALL if held(place) else None
        return Running(self.policy.command(observation.state, ball, label, cue), phase, progress, holding)


def held(place: Array) -> bool:
    """Returns whether a ball at a place (3,) in the heading frame can be in the hands."""
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
            if place[2] < LOW and not self.waits:
                return Failed(ErrorCode.OBJECT_LOST, "the ball was dropped", holding=None)
            now, highest = observation.state.stamp, max(highest, float(place[2]))
            steady = held(place) and highest > self.lift and float(np.linalg.norm(ball.velocity)) < 1.5
            since = (now if since is None else since) if steady else None
            if since is not None and now - since >= STEADY:
                return Succeeded({"ball_height": float(place[2])}, holding=BALL)
            observation = yield self._run_label(observation, self.label, self.spec.name, 3.0)


class PickUpBall(_Hold):
    """Picks the ball up from the floor."""

    spec: ClassVar[SkillSpec] = specs.PICK_UP_BALL
    label = "pick_up"
    lift = LIFTED

    def run(self, observation: Observation) -> Steps:
        """Waits for a ball that moves near by to lie still, then picks it up if it lies in reach."""
        observation = yield from self._ball_still(observation)
        ahead, left, height = place = self._look(observation)[1]
        if held(place):
            return Succeeded({"ball_height": float(height)}, holding=BALL)
        if height > LOW or not AHEAD[0] <= ahead <= AHEAD[1] or not LEFT[0] <= left <= LEFT[1]:
            text = f"the ball is out of reach: {ahead:.2f} m ahead, {left:.2f} m to the left, {height:.2f} m high; "
            text += f"it must lie {AHEAD[0]} to {AHEAD[1]} m ahead and {LEFT[0]} to {LEFT[1]} m to the left"
            return Failed(ErrorCode.PRECONDITION, text)
        return (yield from super().run(observation))

    def _ball_still(self, observation: Observation) -> Generator[Running, Observation, Observation]:
        while self.elapsed < SIGHTINGS or (self.elapsed < ROLLING and self._ball_comes(observation)):
            observation = yield self._run_label(observation, STAND, "waiting for the ball to lie still", ROLLING)
        return observation

    def _ball_comes(self, observation: Observation) -> bool:
        """Whether a ball that is not held moves, and may come to lie within reach."""
        ball, place = self._look(observation)
        moving = float(np.linalg.norm(ball.velocity)) > LYING
        near = float(np.hypot(place[0], place[1])) < NEAR
        return moving and not held(place) and (near or self._closing(observation, ball) > LYING)


class Catch(_Hold):
    """Stands until a ball comes flying, and catches it."""

    spec: ClassVar[SkillSpec] = specs.CATCH
    label = "catch"
    waits = False

    def run(self, observation: Observation) -> Steps:
        """Waits for the throw, then catches; fails with TIMEOUT where none comes, OBJECT_LOST where it is dropped."""
        while not self._comes(observation):
            if self._fallen(observation):
                return Failed(ErrorCode.FELL, "the player fell while it waited for the ball")
            if self.elapsed > EXPECTING:
                return Failed(ErrorCode.TIMEOUT, f"nobody threw the ball within {EXPECTING:g} s")
            observation = yield self._run_label(observation, STAND, "waiting for the ball", EXPECTING)
        return (yield from super().run(observation))

    def _comes(self, observation: Observation) -> bool:
        ball, place = self._look(observation)
        distance = float(np.hypot(place[0], place[1]))
        return place[2] > AIRBORNE and distance < IN_RANGE and self._closing(observation, ball) > CLOSING

    def _check_ball(self, place: Array) -> None:
        if held(place):
            raise PreconditionError("the player already has the ball")
