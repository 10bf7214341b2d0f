"""The shipped launch files, where ROS's launch is installed; the wheels do not have it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("launch_ros", reason="launch is not among the ROS wheels; source a ROS 2 installation to run these")

from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription  # noqa: E402
from launch.utilities import perform_substitutions  # noqa: E402
from launch_ros.actions import Node, SetRemap  # noqa: E402

from launch import LaunchContext, LaunchDescription  # noqa: E402

LAUNCH = Path(__file__).parents[2] / "launch"


def launch_file(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name.removesuffix(".launch.py"), LAUNCH / name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def description(name: str) -> LaunchDescription:
    return launch_file(name).generate_launch_description()


def test_every_argument_is_described() -> None:
    arguments = [e for e in description("robomatrix.launch.py").entities if isinstance(e, DeclareLaunchArgument)]
    assert {a.name for a in arguments} >= {"robot", "driver", "scene", "planner", "speed", "use_sim_time", "seed"}
    assert all(len(a.description) > 10 for a in arguments)


def test_the_top_file_is_made_of_includes_that_exist() -> None:
    includes = [e for e in description("robomatrix.launch.py").entities if isinstance(e, IncludeLaunchDescription)]
    assert len(includes) == 3
    assert {p.name for p in LAUNCH.glob("*.launch.py")} == {
        "composed.launch.py",
        "fleet.launch.py",
        "robomatrix.launch.py",
        "robot.launch.py",
        "scheduler.launch.py",
    }


@pytest.mark.parametrize(
    ("name", "executables"),
    [
        ("composed.launch.py", {"single_process"}),
        ("robot.launch.py", {"bridge", "perception", "skill_server"}),
        ("scheduler.launch.py", {"scheduler"}),
    ],
)
def test_nodes_are_the_package_s_executables(name: str, executables: set[str]) -> None:
    nodes = [e for e in description(name).entities if isinstance(e, Node)]
    assert {n.node_executable for n in nodes} == executables


def test_a_fleet_is_one_dispatcher_before_each_robot_with_its_own_clock() -> None:
    context = LaunchContext()
    context.launch_configurations["robots"] = "ep, s1"
    *robots, dispatcher = launch_file("fleet.launch.py").fleet(context)
    assert dispatcher.node_executable == "dispatcher"
    clocks = [action.dst for group in robots for action in group.get_sub_entities() if isinstance(action, SetRemap)]
    assert [perform_substitutions(context, to) for to in clocks] == ["/ep/clock", "/s1/clock"]
