"""All nodes in one process: whose time each goes by."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import rclpy
from rclpy.node import Node

from robomatrix_nodes import single_process


def test_all_but_the_bridge_go_by_the_time_that_it_makes(domain_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    makers: list[Callable[[], Node]] = []
    monkeypatch.setattr(single_process, "run", lambda *make, args: makers.extend(make))
    single_process.main()
    rclpy.init(args=["--ros-args", "-p", "use_sim_time:=true", "-p", "autostart:=false"], domain_id=domain_id)
    try:
        nodes = [make() for make in makers]
        times = {node.get_name(): node.get_parameter("use_sim_time").value for node in nodes}
        for node in nodes:
            node.destroy_node()
    finally:
        rclpy.shutdown()
    assert times == {"skill_server": True, "perception": True, "scheduler": True, "bridge": False}
