"""The whole stack in one process and in lockstep, without ROS: driver, safety gate, perception, skills and supervision.

Everything runs on the simulated clock, as fast as the machine allows, and repeats exactly with a seed. Benchmarks and
tests use it; the nodes run the same parts over DDS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Protocol, Self

import numpy as np

from robomatrix.errors import DriverError
from robomatrix.hardware.driver import CameraFrame, RobotState, SimulatedDriver, TrackingDriver
from robomatrix.hardware.safety import SafetyGate
from robomatrix.scheduling.actions import Action, Approve, Ask, Finished, RunStep, StepOutcome
from robomatrix.scheduling.execution import TaskExecution
from robomatrix.scheduling.perceived import NOTHING_BELIEVED, Believed, planning_scene, seen_since
from robomatrix.scheduling.scene import PlanningScene
from robomatrix.skills.base import ErrorCode, Failed, Observation, Outcome, Succeeded
from robomatrix.skills.registry import SkillRegistry
from robomatrix.skills.runner import SkillRunner
from robomatrix.skills.spec import Arguments
from robomatrix.world import World

CAMERA_RATE = 5.0
"""Images a second that perception gets [Hz]; a robot's camera may be slower."""


class Perceiver(Protocol):
    """What turns images into a belief about the surroundings."""

    def update(self, frame: CameraFrame, state: RobotState, holding: str | None = None) -> World:
        """Takes in one image and returns the newest belief."""


Watcher = Callable[["Session"], None]
"""Called after every control period."""


class Session:
    """One robot in one simulated world. A context manager: leaving it stops and closes the driver."""

    def __init__(
        self,
        driver: SimulatedDriver,
        perception: Perceiver | None,
        registry: SkillRegistry,
        gate: SafetyGate | None = None,
        camera_rate: float = CAMERA_RATE,
    ) -> None:
        """Takes a driver that was reset; nothing moves yet. A robot without cameras needs no perception."""
        self.driver = driver
        self.perception = perception
        self.gate = gate or SafetyGate(driver.spec)
        self.runner = SkillRunner(driver.spec, registry)
        self.watchers: list[Watcher] = []
        self.world = World()
        self.state = driver.read()
        self.frames: dict[str, CameraFrame] = {}
        self._camera_period = 1.0 / camera_rate
        self._next_frame = -np.inf

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.driver.stop()
        self.driver.close()

    @property
    def time(self) -> float:
        """Simulated time [s]."""
        return self.state.stamp

    def step(self) -> None:
        """One control period: look, think, check, act, and let the world go on."""
        self._look()
        seen = Observation(self.state, self._known(), self.frames)
        command = self.runner.rest(seen) or self.runner.tick(seen)
        applied, _ = self.gate.filter(command, self.state, self.state.stamp)
        self.driver.write(applied)
        self.state = self.driver.step()
        for watcher in self.watchers:
            watcher(self)

    def settle(self, duration: float = 0.5) -> None:
        """Lets things come to rest and looks at them, with no skill running [s]."""
        end = self.time + duration
        while self.time < end:
            self.step()

    def run_skill(self, name: str, arguments: Arguments | None = None, timeout: float | None = None) -> Outcome:
        """Runs one skill to its end and lets the robot come to rest."""
        refused = self.runner.start(name, arguments or {}, timeout)
        if refused is not None:
            return refused
        try:
            while self.runner.busy:
                self.step()
        except DriverError as error:
            self.runner.fail(ErrorCode.DRIVER, str(error))
        outcome = self.runner.outcome
        return outcome or Failed(ErrorCode.INTERNAL, f"{name} ended without an outcome")

    def planning_scene(self, believed: Believed = NOTHING_BELIEVED) -> PlanningScene:
        """Returns what is perceived now, as planners see it; ``believed`` as in :func:`planning_scene`."""
        odometry = self.state.odometry
        at = (float(odometry.position[0]), float(odometry.position[1])) if odometry is not None else (0.0, 0.0)
        return planning_scene(self._known().with_holding(self.runner.holding), self.driver.spec.name, at, believed)

    def run_task(self, task: TaskExecution, on_step: Callable[[RunStep], None] | None = None) -> Finished:
        """Executes an instruction to its end; a question ends it, as there is nobody to answer."""
        action: Action = task.begin(self.planning_scene())
        while not isinstance(action, Finished):
            if isinstance(action, RunStep):
                if on_step is not None:
                    on_step(action)
                action = self._run_step(task, action)
            elif isinstance(action, Approve):
                action = task.approve(True)
            elif isinstance(action, Ask):
                action = task.cancel(f"nobody answers: {action.question}")
        return action

    def _run_step(self, task: TaskExecution, action: RunStep) -> Action:
        began = self.time
        outcome = self.run_skill(action.step.skill, action.step.arguments)
        seen = seen_since(self._known(), began, action.step)
        return task.on_result(step_outcome(outcome), self.planning_scene(task.believed), seen)

    def _known(self) -> World:
        """What the robot sees, and what a tracking system of its place adds."""
        if not isinstance(self.driver, TrackingDriver):
            return self.world
        return replace(self.world, objects={**self.world.objects, **{o.id: o for o in self.driver.tracked()}})

    def _look(self) -> None:
        if self.state.stamp < self._next_frame - 1e-9:
            return
        self._next_frame = self.state.stamp + self._camera_period
        for camera in self.driver.spec.cameras:
            frame = self.driver.frame(camera.name)
            if frame is not None and self.perception is not None:
                self.frames = {**self.frames, camera.name: frame}
                self.world = self.perception.update(frame, self.state, self.runner.holding)


def step_outcome(outcome: Outcome) -> StepOutcome:
    """Returns a skill's outcome as the supervisor takes it."""
    if isinstance(outcome, Succeeded):
        return StepOutcome(True)
    return StepOutcome(False, outcome.message, int(outcome.code))
