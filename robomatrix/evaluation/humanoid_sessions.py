"""Instructions to a humanoid through planner, skills, safety gate and driver, in lockstep; the truth judges the end."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from robomatrix.evaluation.statistics import wilson
from robomatrix.hardware.mujoco.humanoid_driver import MujocoHumanoidDriver
from robomatrix.robots.humanoid import humanoid
from robomatrix.robots.loader import load_robot
from robomatrix.scheduling.execution import RunStep, TaskExecution
from robomatrix.scheduling.planners import make_planner
from robomatrix.session import Session
from robomatrix.skills.registry import registry_for

UPRIGHT = 0.8
"""Share of its home height above which a pelvis belongs to a robot on its feet."""


@dataclass(frozen=True)
class HumanoidEpisode:
    """One instruction in the world of one seed."""

    seed: int
    success: bool
    """Claimed by the robot, which still stands 1 s later."""
    message: str
    seconds: float
    """Simulated."""
    steps: tuple[str, ...]
    moved: tuple[float, ...]
    """How far each tracked thing truly is from where it was [m]."""


def play(robot: str, scene: str, instruction: str, seed: int) -> HumanoidEpisode:
    """Carries out an instruction in a scene; the same seed gives the same episode."""
    spec = load_robot(robot)
    driver = MujocoHumanoidDriver(spec, scene)
    driver.reset(seed)
    with Session(driver, None, registry_for(robot)) as session:
        session.settle(0.5)
        before, steps = {o.id: o.position for o in driver.objects()}, []
        offered = tuple(skill.spec for skill in session.runner.registry)
        task = TaskExecution(make_planner("rules"), offered, instruction, clock=lambda: session.time)

        def note(action: RunStep) -> None:
            steps.append(str(action.step))

        end = session.run_task(task, note)
        seconds = session.time
        session.settle(1.0)
        stands = driver.base_height() > UPRIGHT * humanoid(robot).height
        moved = [math.dist(o.position, before[o.id]) for o in driver.objects()]
        return HumanoidEpisode(seed, end.success and stands, end.message, seconds, tuple(steps), tuple(moved))


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
