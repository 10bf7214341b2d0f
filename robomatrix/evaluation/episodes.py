"""What a benchmark episode is: a prepared scene, something that is measured, and a judge who knows the truth."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from robomatrix.errors import RobomatrixError
from robomatrix.hardware.driver import SimulatedDriver
from robomatrix.hardware.registry import make_driver
from robomatrix.perception.pipeline import Perception
from robomatrix.robots.loader import load_robot
from robomatrix.session import Session
from robomatrix.skills.base import Failed, Succeeded
from robomatrix.skills.mobile_manipulation import skills
from robomatrix.skills.registry import SkillRegistry
from robomatrix.world import SceneObject

Opener = Callable[[str, int, Mapping[str, Any]], Session]
"""Makes a session of a robot in the world of a seed, with overrides of the scene."""
SAME = 0.5
"""A perceived thing and a true one of the same class further apart than this are not the same [m]."""


@dataclass(frozen=True)
class Episode:
    """One trial of one skill or task, as it goes into the report."""

    case: str
    seed: int
    success: bool
    """Claimed by the robot and confirmed by the truth."""
    claimed: bool
    """What the robot itself said."""
    message: str
    """Why it failed; empty for a success."""
    duration: float
    """Of the measured part, in simulated time [s]."""
    trace: tuple[str, ...] = ()
    """Every skill that ran up to here, with its outcome."""


class Unprepared(RobomatrixError):
    """The rest of the episode cannot be measured: the scene lacks something, or an earlier skill failed."""


Judge = Callable[["Stage"], str | None]
"""Returns None where the truth shows success, else what is wrong."""


@dataclass
class Stage:
    """The session of an episode, with the truth for the judge and a trace of what was done."""

    session: Session
    rng: np.random.Generator
    seed: int = 0
    last: str = ""
    """The episode ends when this skill was measured; empty to measure all."""
    trace: list[str] = field(default_factory=list)
    episodes: list[Episode] = field(default_factory=list)

    @property
    def driver(self) -> SimulatedDriver:
        """The simulator."""
        return self.session.driver

    def perform(self, skill: str, **arguments: str | float) -> Succeeded | Failed:
        """Runs a skill and notes its outcome."""
        outcome = self.session.run_skill(skill, arguments)
        said = "ok" if isinstance(outcome, Succeeded) else f"{outcome.code.name}: {outcome.message}"
        text = ", ".join(f"{v:g}" if isinstance(v, float) else str(v) for v in arguments.values())
        self.trace.append(f"{self.session.time:.1f} s {skill}({text}) {said}")
        return outcome

    def measure(self, skill: str, judge: Judge, **arguments: str | float) -> None:
        """Runs a skill, judges it and notes the episode; raises Unprepared where that is the end."""
        began = self.session.time
        outcome = self.perform(skill, **arguments)
        self.note(skill, isinstance(outcome, Succeeded), getattr(outcome, "message", ""), judge, began)
        if not self.episodes[-1].success:
            raise Unprepared(f"{skill} failed")
        if skill == self.last:
            raise Unprepared("all was measured")

    def note(self, case: str, claimed: bool, message: str, judge: Judge, began: float) -> None:
        """Judges what has just ended and adds the episode."""
        duration = self.session.time - began
        self.session.settle(0.3)
        wrong = judge(self)
        fault = message if not claimed else wrong or ""
        good = claimed and wrong is None
        self.episodes.append(Episode(case, self.seed, good, claimed, fault, duration, tuple(self.trace)))

    def look(self) -> None:
        """Lets the robot see the room."""
        self.session.settle(0.3)
        outcome = self.perform("look_around")
        if isinstance(outcome, Failed):
            raise Unprepared(outcome.message)

    def pick(self, *categories: str) -> SceneObject:
        """Returns a perceived thing of some categories, drawn at random, that truly exists."""
        found = [o for o in self.session.world.of_category(*categories) if self.truth(o) is not None]
        if not found:
            raise Unprepared(f"no {' or '.join(categories)} was perceived")
        return found[self.rng.integers(len(found))]

    def truth(self, seen: SceneObject) -> SceneObject | None:
        """Returns the true thing that a perceived one stands for."""
        alike = [o for o in self.driver.objects() if o.category == seen.category]
        nearest = min(alike, key=lambda o: math.dist(o.position[:2], seen.position[:2]), default=None)
        if nearest is None or math.dist(nearest.position[:2], seen.position[:2]) > SAME:
            return None
        return nearest

    def true(self, object_id: str) -> SceneObject:
        """Returns a true thing by its id in the simulator."""
        return next(o for o in self.driver.objects() if o.id == object_id)


class Case(ABC):
    """A way through a scene on which one or more skills, or one task, are measured."""

    measures: ClassVar[tuple[str, ...]]
    """Names of what is measured, in this order."""
    robot: ClassVar[str] = "ep"
    overrides: Mapping[str, Any] = MappingProxyType({})
    """Of the scene."""

    @abstractmethod
    def play(self, stage: Stage) -> None:
        """Performs and measures; raises Unprepared where the rest cannot be measured."""


def open_mujoco(robot: str, seed: int, overrides: Mapping[str, Any]) -> Session:
    """Opens a session in MuJoCo, with everything perceived through the camera."""
    return _open("mujoco", robot, seed, overrides)


def open_pybullet(robot: str, seed: int, overrides: Mapping[str, Any]) -> Session:
    """Opens the same session in PyBullet."""
    return _open("pybullet", robot, seed, overrides)


def _open(driver_name: str, robot: str, seed: int, overrides: Mapping[str, Any]) -> Session:
    spec = load_robot(robot)
    driver = make_driver(driver_name, spec, overrides=dict(overrides) or None)
    driver.reset(seed)
    return Session(driver, Perception(spec), SkillRegistry(s for s in skills() if robot in s.spec.robots))


def play(case: Case, seed: int, opener: Opener = open_mujoco, last: str = "") -> tuple[Episode, ...]:
    """Plays one scene and returns what was measured; the same case and seed always give the same.

    Args:
        case: what is played.
        seed: of the scene, the sensors' errors and every draw.
        opener: makes the session.
        last: the skill after which to end; empty for all.
    """
    with opener(case.robot, seed, case.overrides) as session:
        stage = Stage(session, np.random.default_rng([seed, 7]), seed, last)
        with suppress(Unprepared):
            case.play(stage)
        return tuple(stage.episodes)
