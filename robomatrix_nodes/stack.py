"""All nodes of one robot in one process on one executor: what ``robomatrix run`` and ``robomatrix up`` bring up."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

import rclpy
from rclpy.context import Context
from rclpy.experimental import EventsExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter

from robomatrix.errors import DriverError
from robomatrix.robots.loader import load_robot
from robomatrix.scheduling.planners import DEFAULT
from robomatrix_nodes.bridge import Bridge
from robomatrix_nodes.interrupts import Interrupts
from robomatrix_nodes.perception import Perception
from robomatrix_nodes.scheduler import Scheduler
from robomatrix_nodes.skill_server import SkillServer

if TYPE_CHECKING:
    from robomatrix_nodes.recording.recorder import Recorder


@dataclass(frozen=True)
class StackSettings:
    """What to bring up."""

    robot: str = "ep"
    driver: str = ""
    """Default: the first that the robot's description names."""
    driver_options: str = ""
    """YAML mapping."""
    scene: str = ""
    planner: str = DEFAULT
    model: str = ""
    seed: int = 0
    speed: float = 1.0
    """0 runs in lockstep, as fast as the machine allows."""
    lockstep_timeout: float = 0.1
    """Wall time of a step that no command answers [s]. The longer, the less depends on the machine's pace."""
    camera: bool = True
    camera_rate: float = 5.0
    """[Hz]."""
    ground_truth: bool = False
    audit_log: str = ""
    answer_timeout: float = 0.0
    """How long an answer to a question is waited for [s]; 0 ends the task with the question."""
    namespace: str | None = None
    """Default: the robot's name."""
    domain_id: int | None = None
    """Default: what the environment says."""
    open_network: bool = False
    """Let other machines see the nodes; by default discovery stays on this one."""
    record: str = ""
    """MCAP file to write."""
    snapshots: str = ""
    """Folder for recordings of the time before a skill failed."""
    view: bool = False
    """Serve viewers over the Foxglove WebSocket protocol."""
    view_port: int = 8765
    view_host: str = "127.0.0.1"

    @property
    def recorded(self) -> bool:
        """Whether anybody listens to everything."""
        return bool(self.record or self.snapshots or self.view)


class Stack:
    """Bridge, perception, skill server and scheduler; a context manager."""

    def __init__(self, settings: StackSettings) -> None:
        self.settings = settings
        load_robot(settings.robot)  # a wrong name is told before anything is started
        if not settings.open_network:
            os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        self.context = Context()
        self.recorder: Recorder | None = None
        self.nodes: list[Node] = []
        self.executor: Any = None
        self._interrupts = Interrupts()

    def __enter__(self) -> Stack:
        self._interrupts.__enter__()
        try:
            rclpy.init(args=[], context=self.context, domain_id=self.settings.domain_id)
            self.executor = EventsExecutor(context=self.context)
            self._bring_up()
        except BaseException:
            self._take_down()
            raise
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._take_down()

    def _bring_up(self) -> None:
        settings = self.settings
        seeing = settings.camera and bool(load_robot(settings.robot).cameras)
        self.bridge = self.add(
            Bridge,
            driver=settings.driver,
            driver_options=settings.driver_options,
            scene=settings.scene,
            seed=settings.seed,
            speed=settings.speed,
            lockstep_timeout=settings.lockstep_timeout,
            camera=settings.camera,
            camera_rate=settings.camera_rate,
            ground_truth=settings.ground_truth,
            autostart=False,
        )
        self.bridge.open()  # here, so that its errors reach the caller and not only the log
        if settings.recorded:
            self.recorder = self._add_recorder()
        lockstep = self.bridge.simulated and settings.speed == 0.0
        self.skill_server = self.add(
            SkillServer, wait_for_perception=lockstep and seeing, **({} if seeing else {"settle": 0.0})
        )
        if seeing:
            self.perception = self.add(Perception)
        self.scheduler = self.add(
            Scheduler,
            planner=settings.planner,
            model=settings.model,
            audit_log=settings.audit_log,
            answer_timeout=settings.answer_timeout,
        )
        self.bridge.trigger_configure()
        if self.recorder is not None:
            self.recorder.tap(self.bridge, self.skill_server)
        self.bridge.trigger_activate()

    def _add_recorder(self) -> Recorder:
        from robomatrix_nodes.recording.recorder import Recorder  # what it needs is no ROS package

        settings = self.settings
        return self.add(
            Recorder,
            file=settings.record,
            snapshots=settings.snapshots,
            view=settings.view,
            view_host=settings.view_host,
            view_port=settings.view_port,
            scene=settings.scene,
            driver=settings.driver or self.bridge.driver.spec.drivers[0],
            seed=settings.seed,
        )

    def add(self, kind: Callable[..., Node], **parameters: Any) -> Any:
        """Makes a node in this stack's context and namespace and spins it with the others."""
        overrides = [
            Parameter(name, value=value) for name, value in {"robot": self.settings.robot, **parameters}.items()
        ]
        node = kind(
            context=self.context,
            namespace=self.settings.namespace if self.settings.namespace is not None else self.settings.robot,
            parameter_overrides=overrides,
            use_global_arguments=False,
            enable_rosout=False,
        )
        self.nodes.append(node)
        self.executor.add_node(node)
        return node

    def spin_until(self, done: Callable[[], bool]) -> None:
        """Spins until ``done``.

        Raises:
            KeyboardInterrupt: Ctrl-C or SIGTERM came, now or since the stack was entered.
            DriverError: the context was shut down.
        """
        while not done():
            self._interrupts.check()
            if not self.context.ok():
                raise DriverError("the ROS context was shut down")
            self.executor.spin_once(timeout_sec=0.1)

    def _take_down(self) -> None:
        for node in reversed(self.nodes):
            self.executor.remove_node(node)
            node.destroy_node()
        self.nodes.clear()
        if self.executor is not None:
            self.executor.shutdown()
            self.executor = None
            self.context.try_shutdown()
            self.context.destroy()
        self._interrupts.__exit__(None, None, None)
