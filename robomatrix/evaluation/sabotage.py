"""``robomatrix bench sabotage``: skills and tasks with something broken; a success that is claimed must be one."""

from __future__ import annotations

import copy
import copyreg
import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from robomatrix.errors import ConfigurationError, RobomatrixError, UnknownNameError
from robomatrix.evaluation import faults, mobile_skills, mobile_tasks
from robomatrix.evaluation.episodes import Case, Judge, Stage, Unprepared, play
from robomatrix.evaluation.faults import Fault, FaultyDriver
from robomatrix.evaluation.sabotaged import Report, Run, read_journal, write_journal
from robomatrix.robots.loader import load_robot
from robomatrix.session import Session
from robomatrix.skills.base import Failed, Outcome, Succeeded
from robomatrix.skills.spec import Arguments

CASES: Mapping[str, type[Case]] = {
    **{measured: case for case in mobile_skills.CASES.values() for measured in case.measures},
    **mobile_tasks.CASES,
}
"""The way through a scene on which a skill or a task is measured."""
PATHS: Mapping[str, Callable[[], Case]] = {
    **{case.__name__: case for case in dict.fromkeys(mobile_skills.CASES.values())},
    **{name: mobile_tasks.CASES[name] for name in ("fetch", "cross_and_shoot")},
}
"""Ways through the skills, and tasks."""
MOST_STEPS = 15_000
"""Control periods after a fault began in which a run has to end: five minutes."""
DELAYS: Mapping[str, int] = {"release": 40}
"""Control periods from the start of a skill within which a fault of the world begins; 150 where it is not said."""
ARM = ("arm_right", "arm_left")


# Read-only mappings deep inside of the stack have to be copied with it.
copyreg.pickle(MappingProxyType, lambda proxy: (MappingProxyType, (dict(proxy),)))


class Hung(RobomatrixError):
    """A run did not end."""


Maker = Callable[["Victim"], Fault]


@dataclass(frozen=True)
class Victim:
    """What is going on when the fault begins."""

    session: Session
    skill: str
    true_id: str
    """Of the thing that the skill acts on; empty where there is none."""
    delay: int
    """Control periods from the skill's start to the fault, for faults of the world."""


FAULTS: Mapping[str, Maker] = {
    "inert robot": lambda v: faults.InertRobot(),
    "dead base": lambda v: faults.DeadActuators(("twist",)),
    "dead arm": lambda v: faults.DeadActuators(ARM),
    "dead gripper": lambda v: faults.DeadActuators(("gripper",)),
    "dead blaster": lambda v: faults.DeadActuators(("blaster",)),
    "dead gimbal": lambda v: faults.DeadActuators(("gimbal_yaw", "gimbal_pitch")),
    "noise instead of commands": lambda v: faults.NoisyCommands(),
    "half of the commands lost": lambda v: faults.LostCommands(0.5),
    "commands 0.3 s late": lambda v: faults.DelayedCommands(15),
    "frozen camera": lambda v: faults.FrozenCamera(),
    "black camera": lambda v: faults.BlackCamera(),
    "silent camera": lambda v: faults.SilentCamera(),
    "frozen joint sensors": lambda v: faults.FrozenJoints(),
    "frozen odometry": lambda v: faults.FrozenOdometry(),
    "NaN in the joints": lambda v: faults.NanState(),
    "distance sensors say 0.1 m": lambda v: faults.LyingRanges(0.1),
    "distance sensors say 5 m": lambda v: faults.LyingRanges(5.0),
    "gripper says it holds 6 cm": lambda v: faults.LyingJoint("gripper", 0.06),
    "gripper says it is open": lambda v: faults.LyingJoint("gripper", 0.1),
    "object taken away": lambda v: faults.ObjectTaken(v.true_id, v.delay, carried=v.skill == "release"),
    "object moved": lambda v: faults.ObjectMoved(v.true_id, after=v.delay),
    "blocked drawer": lambda v: faults.HeldDrawer(v.true_id),
}

_EVERY = (
    "inert robot", "noise instead of commands", "half of the commands lost", "commands 0.3 s late", "frozen odometry",
    "NaN in the joints",
)  # fmt: skip
_SEEING = ("frozen camera", "black camera", "silent camera", "dead base")
_HAND = (
    "dead arm", "dead gripper", "frozen joint sensors", "distance sensors say 0.1 m", "distance sensors say 5 m",
    "gripper says it holds 6 cm", "gripper says it is open",
)  # fmt: skip
_THING = ("object taken away", "object moved")
_PLAN: Mapping[str, tuple[str, ...]] = {
    "turn": (*_EVERY, "dead base"),
    "go_to": (*_EVERY, *_SEEING),
    "move_to": (*_EVERY, *_SEEING),
    "cross": (*_EVERY, *_SEEING),
    "grasp": (*_EVERY, *_SEEING, *_HAND, *_THING),
    "position_over": (*_EVERY, *_SEEING, *_HAND, "object taken away"),
    "release": (*_EVERY, *_SEEING, *_HAND, "object taken away"),
    "open": (*_EVERY, *_SEEING, *_HAND, "blocked drawer"),
    "close": (*_EVERY, *_SEEING, *_HAND, "blocked drawer"),
    "shoot": (*_EVERY, *_SEEING, "dead blaster", "dead gimbal"),
    "fetch": (*_EVERY, *_SEEING, *_HAND, *_THING),
    "cross_and_shoot": (*_EVERY, *_SEEING, "dead blaster", "dead gimbal"),
}
"""Which faults fit which case."""


class SabotagedSession(Session):
    """Arms a fault when a skill begins, and mends everything before the judge looks."""

    def __init__(self, driver: FaultyDriver, at: Callable[[str, int], bool], rng: np.random.Generator) -> None:
        """Wraps the whole stack round a driver.

        Args:
            driver: The driver to break.
            at: Whether the fault begins with this skill, the how-many-eth of the session.
            rng: Draws the delay of a fault of the world.
        """
        from robomatrix.perception.pipeline import Perception
        from robomatrix.skills.mobile_manipulation import skills
        from robomatrix.skills.registry import SkillRegistry

        robot = driver.spec
        registry = SkillRegistry(s for s in skills() if robot.name in s.spec.robots)
        super().__init__(driver, Perception(robot), registry, camera_rate=5.0)
        self.make: Maker = lambda victim: Fault()
        """Makes the fault."""
        self.begins, self._rng = at, rng
        self._skills = 0
        self.armed = False
        self._left = MOST_STEPS
        self.watchers.append(self._count)

    def run_skill(self, name: str, arguments: Arguments | None = None, timeout: float | None = None) -> Outcome:
        """Runs a skill, with the fault if it begins here."""
        self._skills += 1
        if not self.armed and self.begins(name, self._skills):
            self.armed = True
            delay = int(self._rng.integers(0, DELAYS.get(name, 150)))
            victim = Victim(self, name, self._true_id(arguments or {}), delay)
            self.driver.arm(self.make(victim))
        return super().run_skill(name, arguments, timeout)

    def settle(self, duration: float = 0.5) -> None:
        """Lets things come to rest with everything in order."""
        self.driver.disarm()
        super().settle(duration)

    def _count(self, session: Session) -> None:
        self._left -= self.armed
        if self._left <= 0:
            raise Hung(f"no end within {MOST_STEPS * self.driver.timestep:.0f} s")

    def _true_id(self, arguments: Arguments) -> str:
        """Returns the true thing nearest to the perceived one that a skill is about."""
        name = str(arguments.get("object") or arguments.get("target") or "")
        seen = self.world.objects.get(name)
        if seen is None:
            return ""
        alike = [o for o in self.driver.objects() if o.category == seen.category]
        return min(alike, key=lambda o: math.dist(o.position[:2], seen.position[:2])).id if alike else ""


def sabotage(path: str, seed: int, cases: Sequence[str] = ()) -> list[Run]:
    """Plays one path through the skills, or one task, with every fault that fits.

    Args:
        path: A name of :data:`PATHS`.
        seed: Of the scene.
        cases: Skills and tasks to sabotage; all when missing.
    """
    if path in mobile_tasks.CASES:
        return [_sabotage_task(path, fault, seed) for fault in _PLAN[path]]
    return _sabotage_path(path, seed, cases or tuple(_PLAN))


def _open(robot: str, seed: int, overrides: Mapping[str, Any], at: Callable[[str, int], bool]) -> SabotagedSession:
    from robomatrix.hardware.mujoco import MujocoDriver

    inner = MujocoDriver(load_robot(robot), overrides=overrides or None)
    inner.reset(seed)
    return SabotagedSession(FaultyDriver(inner, seed), at, np.random.default_rng([seed, 29]))


def _sabotage_path(path: str, seed: int, cases: Sequence[str]) -> list[Run]:
    """Plays the path in good order; before each skill every fault happens to a copy of the robot and its world."""
    case = PATHS[path]()
    with _open(case.robot, seed, case.overrides, _never) as session:
        stage = _Saboteur(session, np.random.default_rng([seed, 7]), seed, cases=cases)
        with suppress(Unprepared):
            case.play(stage)
        return stage.runs


def _never(skill: str, number: int) -> bool:
    return False


def _always(skill: str, number: int) -> bool:
    return True


@dataclass(frozen=True)
class _Deed:
    """A prepared skill and how it is judged."""

    case: str
    seed: int
    skill: str
    arguments: Arguments
    judge: Judge


@dataclass
class _Saboteur(Stage):
    """Breaks copies of the session before each skill that is measured."""

    cases: Sequence[str] = ()
    runs: list[Run] = field(default_factory=list)

    def measure(self, skill: str, judge: Judge, **arguments: str | float) -> None:
        """Runs the skill with every fault, then without any."""
        if skill in self.cases:
            deed = _Deed(skill, self.seed, skill, arguments, judge)
            self.runs += [_break(self.session, deed, fault) for fault in _PLAN[skill]]
        super().measure(skill, judge, **arguments)


def _break(prepared: SabotagedSession, deed: _Deed, fault: str) -> Run:
    """Breaks a copy of what was prepared, and asks the truth what came of it."""
    began = time.perf_counter()
    session = _copy(prepared, fault)
    model = session.driver.inner._run.engine.model
    colours = model.geom_rgba.copy()
    try:
        outcome = session.run_skill(deed.skill, deed.arguments)
        session.settle(0.3)
        wrong = deed.judge(Stage(session, np.random.default_rng(0)))
    except Hung as error:
        return Run(deed.case, fault, deed.seed, "hung", str(error), time.perf_counter() - began)
    except StopIteration:
        return Run(deed.case, fault, deed.seed, "unprepared", "what the fault is about does not exist", 0.0)
    finally:
        model.geom_rgba[:] = colours  # targets that were hit change theirs
    claimed = isinstance(outcome, Succeeded)
    verdict = _verdict("success" if claimed and wrong is None else "failure", claimed, True)
    message = outcome.message if isinstance(outcome, Failed) else wrong or ""
    return Run(deed.case, fault, deed.seed, verdict, message, time.perf_counter() - began)


def _copy(prepared: SabotagedSession, fault: str) -> SabotagedSession:
    """Returns an independent copy that breaks with its next skill; the compiled model and its renderer are shared."""
    engine = prepared.driver.inner._run.engine
    shared = (engine.model, engine._painter, prepared.runner.registry, prepared.driver.spec)
    session = copy.deepcopy(prepared, {id(part): part for part in shared})
    session.make, session.begins = FAULTS[fault], _always
    return session


def _sabotage_task(case_name: str, fault: str, seed: int) -> Run:
    """Plays a whole task; the fault begins with its second, third or fourth skill."""
    began = time.perf_counter()
    first = int(np.random.default_rng([seed, 31]).integers(2, 5))
    sessions: list[SabotagedSession] = []

    def opener(robot: str, seed: int, overrides: Mapping[str, Any]) -> Session:
        sessions.append(_open(robot, seed, overrides, lambda skill, number: number >= first and skill != "look_around"))
        sessions[-1].make = FAULTS[fault]
        return sessions[-1]

    verdict, message = "hung", ""
    try:
        episodes = play(CASES[case_name](), seed, opener)
    except Hung as error:
        message = str(error)
    except StopIteration:
        verdict, message = "unprepared", "what the fault is about does not exist"
    else:
        for episode in episodes:
            message = episode.message
            verdict = _verdict("success" if episode.success else "failure", episode.claimed, sessions[-1].armed)
        verdict = verdict if episodes else "unprepared"
    return Run(case_name, fault, seed, verdict, message, time.perf_counter() - began)


def _verdict(status: str, claimed: bool, armed: bool) -> str:
    if status == "unprepared" or not armed:
        return "unprepared"
    if not claimed:
        return "failure"
    return "true success" if status == "success" else "false success"


def run(
    cases: Sequence[str] = tuple(_PLAN),
    runs: int = 10,
    seed0: int = 50_000,
    processes: int = 2,
    on_run: Callable[[Run], None] | None = None,
    journal: Path | None = None,
) -> Report:
    """Sabotages every case with every fault that fits it, ``runs`` times each.

    Args:
        cases: Skills and tasks.
        runs: Of every pair of case and fault.
        seed0: First seed.
        processes: How many at a time.
        on_run: Called with every run as its path ends.
        journal: File of JSON lines to which every path is added as it ends, and from which an interrupted run goes on.

    Raises:
        UnknownNameError: there is no such case.
        ConfigurationError: a number is out of range, or the journal is damaged.
    """
    for name in cases:
        if name not in _PLAN:
            raise UnknownNameError("case", name, _PLAN)
    if runs < 1 or processes < 1 or seed0 < 0:
        raise ConfigurationError("runs and processes must be at least 1, seed0 at least 0")
    began = time.perf_counter()
    paths = [name for name, case in PATHS.items() if {*getattr(case, "measures", ()), name} & set(cases)]
    finished = read_journal(journal)
    wanted = [(path, seed0 + n) for n in range(runs) for path in paths]
    jobs = [job for job in wanted if job not in finished]
    done = [run for job in wanted for run in finished.get(job, ())]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        pending = {pool.submit(sabotage, *job, tuple(cases)): job for job in jobs}
        for future in as_completed(pending):
            results = future.result()
            write_journal(journal, pending[future], results)
            done += results
            for result in results if on_run is not None else ():
                on_run(result)
    return Report(tuple(done), time.perf_counter() - began)
