"""The shipped launch files, where ROS's launch is installed; the wheels do not have it."""

from __future__ import annotations

import importlib.util
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("launch_ros", reason="launch is not among the ROS wheels; source a ROS 2 installation to run these")

from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction  # noqa: E402
from launch.utilities import perform_substitutions  # noqa: E402
from launch_ros.actions import Node, SetRemap  # noqa: E402
from launch_ros.utilities import evaluate_parameters  # noqa: E402

from launch import LaunchContext, LaunchDescription  # noqa: E402
from robomatrix.errors import UnknownNameError  # noqa: E402

LAUNCH = Path(__file__).parents[2] / "launch"


def launch_file(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name.removesuffix(".launch.py"), LAUNCH / name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def description(name: str) -> LaunchDescription:
    return launch_file(name).generate_launch_description()


def launched(**arguments: str) -> LaunchContext:
    """Returns the context after the top file's own actions, before anything is included."""
    context = LaunchContext()
    context.launch_configurations.update(arguments, params_file=str(LAUNCH.parent / "config" / "robomatrix.yaml"))
    for action in description("robomatrix.launch.py").entities:
        if isinstance(action, DeclareLaunchArgument):
            action.execute(context)
        elif isinstance(action, OpaqueFunction):
            for following in action.execute(context):
                following.execute(context)
    return context


def given(context: LaunchContext, name: str) -> dict[str, dict[str, object]]:
    """Returns by executable what its node is told."""
    nodes = [e for e in description(name).entities if isinstance(e, Node)]
    told = {}
    for node in nodes:
        parameters = evaluate_parameters(context, node._Node__parameters)
        told[node.node_executable] = {k: v for found in parameters if isinstance(found, dict) for k, v in found.items()}
    return told


@pytest.mark.parametrize(
    ("arguments", "simulated"),
    [
        ({}, True),
        ({"driver": "pybullet"}, True),
        ({"robot": "ep", "driver": "robomaster", "driver_options": "{connection: usb}"}, False),
        ({"robot": "allegro", "driver": "topics"}, False),
        ({"driver": "robomaster", "use_sim_time": "true"}, True),
        ({"use_sim_time": "false"}, False),
    ],
)
def test_only_a_simulation_has_a_time_of_its_own(arguments: dict[str, str], simulated: bool) -> None:
    context = launched(**arguments)
    assert given(context, "composed.launch.py")["single_process"]["use_sim_time"] is simulated
    apart = {**given(context, "robot.launch.py"), **given(context, "scheduler.launch.py")}
    assert {name: told["use_sim_time"] for name, told in apart.items()} == {
        "bridge": False,  # makes the time
        "perception": simulated,
        "skill_server": simulated,
        "scheduler": simulated,
    }


def test_the_driver_and_its_options_reach_the_bridge_as_they_were_written() -> None:
    options = "{connection: usb}"
    context = launched(robot="ep", driver="robomaster", driver_options=options)
    for name, executable in (("composed.launch.py", "single_process"), ("robot.launch.py", "bridge")):
        told = given(context, name)[executable]
        assert (told["driver"], told["driver_options"]) == ("robomaster", options)


def test_a_driver_of_another_package_is_taken_and_an_unknown_one_told(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("theirs", "robomatrix.hardware.mock:MockDriver", "robomatrix.drivers")
    monkeypatch.setattr("robomatrix.hardware.registry.entry_points", lambda group: [entry])
    assert launched(driver="theirs").launch_configurations["use_sim_time"] == "true"
    with pytest.raises(UnknownNameError, match="unknown driver 'mujoco'.*Known: theirs"):
        launched(driver="mujoco")


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
