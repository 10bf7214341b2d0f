"""Instructions to a humanoid through planner, skills, safety gate and driver, in lockstep.

A success is what the robot claims by its own checks, if it truly stands afterwards and a box that it was told to push
truly lies where it should.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from robomatrix.evaluation.statistics import wilson
from robomatrix.hardware.mujoco.humanoid_driver import MujocoHumanoidDriver
from robomatrix.robots.humanoid import humanoid
from robomatrix.robots.loader import load_robot
from robomatrix.robots.spec import RobotSpec
from robomatrix.scheduling.actions import RunStep
from robomatrix.scheduling.execution import TaskExecution
from robomatrix.scheduling.plan import PlanStep
from robomatrix.scheduling.planners import make_planner
from robomatrix.session import Session
from robomatrix.skills.registry import registry_for
from robomatrix.skills.skillblender.bench_skills import BoxPush
from robomatrix.skills.skillblender.views import view_of
from robomatrix.world import SceneObject, World

UPRIGHT = 0.8
"""Share of its home height above which a pelvis belongs to a robot on its feet."""
AFTER = 3.0
"""Time after an instruction until its robot must stand, risen out of a squat if need be [s]."""
BOX_TOLERANCE = view_of(BoxPush.spec.name).threshold
"""Of a pushed box's true place, mean over the coordinates (paper) [m]."""
Things = Sequence[SceneObject]


@dataclass(frozen=True)
class HumanoidEpisode:
    """One instruction in the world of one seed."""

    seed: int
    success: bool
    """Claimed by the robot, which stands some seconds later, with the boxes where they should be."""
    message: str
    seconds: float
    """Simulated."""
    steps: tuple[str, ...]
    moved: tuple[float, ...]
    """How far each tracked thing truly is from where it was [m]."""
    off: tuple[float, ...] = ()
    """True error of each box that was to be pushed, at the end [m]."""


def play(robot: str, scene: str, instruction: str, seed: int) -> HumanoidEpisode:
    """Carries out an instruction in a scene; the same seed gives the same episode."""
    spec = load_robot(robot)
    driver = MujocoHumanoidDriver(spec, scene)
    driver.reset(seed)
    with Session(driver, None, registry_for(robot)) as session:
        session.settle(0.5)
        before, steps = driver.objects(), []
        offered = tuple(skill.spec for skill in session.runner.registry)
        task = TaskExecution(make_planner("rules"), offered, instruction, clock=lambda: session.time)

        def note(action: RunStep) -> None:
            steps.append((action.step, driver.objects()))

        end = session.run_task(task, note)
        seconds = session.time
        session.settle(AFTER)
        stands, after = driver.base_height() > UPRIGHT * humanoid(robot).height, driver.objects()
        off = pushed_off(spec, steps, after)
        success = end.success and stands and all(error <= BOX_TOLERANCE for error in off)
        names, moved = tuple(str(step) for step, _ in steps), ways(before, after)
        return HumanoidEpisode(seed, success, end.message, seconds, names, moved, off)


def ways(before: Things, after: Things) -> tuple[float, ...]:
    """Returns how far each thing is from where it was [m]."""
    places = {thing.id: thing.position for thing in before}
    return tuple(math.dist(thing.position, places[thing.id]) for thing in after)


def pushed_off(robot: RobotSpec, steps: Sequence[tuple[PlanStep, Things]], after: Things) -> tuple[float, ...]:
    """Returns the errors of boxes against where their last push should have brought them [m].

    Args:
        robot: Who pushed.
        steps: Each with the true things when it began.
        after: The true things at the end.
    """
    pushes = {step.arguments["box"]: (step, things) for step, things in steps if step.skill == BoxPush.spec.name}
    places = {thing.id: thing.position for thing in after}
    errors = []
    for box, (step, things) in pushes.items():
        goal = BoxPush(robot, step.arguments).goal_in(World(objects={thing.id: thing for thing in things}))[0]
        errors.append(sum(abs(a - b) for a, b in zip(places[str(box)], goal, strict=True)) / 3.0)
    return tuple(errors)


@dataclass(frozen=True)
class SessionReport:
    """What became of an instruction."""

    robot: str
    scene: str
    instruction: str
    episodes: tuple[HumanoidEpisode, ...]

    @property
    def successes(self) -> int:
        """How many succeeded."""
        return sum(e.success for e in self.episodes)

    @property
    def reached(self) -> bool:
        """Whether nine of ten succeeded."""
        return self.successes >= 0.9 * len(self.episodes)

    def to_json(self) -> dict[str, Any]:
        """Returns plain data."""
        return {"suite": "humanoid-sessions", "successes": self.successes, **asdict(self)}

    def table(self) -> Any:
        """Returns a row for each episode."""
        from rich.table import Table

        low, high = wilson(self.successes, len(self.episodes))
        share = f"{self.successes} of {len(self.episodes)} ({100 * low:.0f} to {100 * high:.0f} %)"
        table = Table("seed", "success", "seconds", "steps", "message", title=f"{self.instruction}: {share}")
        for e in self.episodes:
            table.add_row(str(e.seed), "yes" if e.success else "no", f"{e.seconds:.1f}", "; ".join(e.steps), e.message)
        return table


def run(
    robot: str, scene: str, instruction: str, seeds: Sequence[int], each: Callable[[HumanoidEpisode], None]
) -> SessionReport:
    """Carries out an instruction in the worlds of some seeds."""
    episodes = []
    for seed in seeds:
        episodes.append(play(robot, scene, instruction, seed))
        each(episodes[-1])
    return SessionReport(robot, scene, instruction, tuple(episodes))
