"""All nodes of a robot in one process and on one executor, for ``ros2 run`` and launch files; parameters as usual."""

from __future__ import annotations

from functools import partial

from rclpy.parameter import Parameter

from robomatrix_nodes.bridge import Bridge
from robomatrix_nodes.perception import Perception
from robomatrix_nodes.process import run
from robomatrix_nodes.scheduler import Scheduler
from robomatrix_nodes.skill_server import SkillServer


def main(args: list[str] | None = None) -> None:
    """Entry point of ``ros2 run robomatrix single_process``."""
    # The bridge makes the time of a simulation; it must not wait for it.
    bridge = partial(Bridge, parameter_overrides=[Parameter("use_sim_time", value=False)])
    # It comes last: by then there is somebody to see its first state.
    run(SkillServer, Perception, Scheduler, bridge, args=args)
