"""The shipped launch files, where ROS's launch is installed; the wheels do not have it."""

from __future__ import annotations

import importlib.util
import shlex
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("launch_ros", reason="launch is not among the ROS wheels; source a ROS 2 installation to run these")

import domain_coordinator  # noqa: E402
import rclpy  # noqa: E402
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction  # noqa: E402
from launch.utilities import perform_substitutions  # noqa: E402
from launch_ros.actions import Node, SetRemap  # noqa: E402

from launch import LaunchContext, LaunchDescription  # noqa: E402
from robomatrix.errors import UnknownNameError  # noqa: E402

LAUNCH = Path(__file__).parents[2] / "launch"
DRIVERS = LAUNCH.parent / "docs" / "drivers.md"
NODES = ("bridge", "perception", "skill_server", "scheduler")


@pytest.fixture(autouse=True)
def no_files_are_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


@pytest.fixture
def domain_id() -> Iterator[int]:
    with domain_coordinator.domain_id() as number:
        yield int(number)


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


def brought_up(context: LaunchContext, composed: bool, domain_id: int) -> dict[str, dict[str, object]]:
    """Returns by node what its parameters really become."""
    names = ["composed.launch.py"] if composed else ["robot.launch.py", "scheduler.launch.py"]
    found = {}
    for process in (e for name in names for e in description(name).entities if isinstance(e, Node)):
        process._perform_substitutions(context)
        files = [path for path, _ in process._Node__expanded_parameter_arguments]
        for node in NODES if composed else [process.node_executable]:
            found[node] = parameters(context, node, files, domain_id)
    return found


def parameters(context: LaunchContext, name: str, files: list[str], domain_id: int) -> dict[str, object]:
    namespace = f"__ns:=/{context.launch_configurations['namespace']}"
    arguments = [word for file in files for word in ("--params-file", file)]
    rclpy.init(args=["--ros-args", "-r", namespace, *arguments], domain_id=domain_id)
    try:
        node = rclpy.create_node(name, automatically_declare_parameters_from_overrides=True)
        values = {key: parameter.value for key, parameter in node.get_parameters_by_prefix("").items()}
        node.destroy_node()
        return values
    finally:
        rclpy.shutdown()


@pytest.mark.parametrize("composed", [True, False])
@pytest.mark.parametrize(
    ("arguments", "simulated"),
    [
        ({}, True),
        ({"driver": "pybullet"}, True),
        ({"robot": "allegro", "driver": "topics"}, False),
        ({"driver": "robomaster", "use_sim_time": "true"}, True),
        ({"use_sim_time": "false"}, False),
    ],
)
def test_only_a_simulation_has_a_time_of_its_own(
    arguments: dict[str, str], simulated: bool, composed: bool, domain_id: int
) -> None:
    nodes = brought_up(launched(**arguments), composed, domain_id)
    assert {name: parameters["use_sim_time"] for name, parameters in nodes.items()} == {
        "bridge": False,  # makes the time
        "perception": simulated,
        "skill_server": simulated,
        "scheduler": simulated,
    }


@pytest.mark.parametrize("composed", [True, False])
def test_the_command_of_the_documents_drives_the_real_robot(composed: bool, domain_id: int) -> None:
    command = next(line for line in DRIVERS.read_text().splitlines() if line.startswith("ros2 launch"))
    arguments = dict(word.split(":=", 1) for word in shlex.split(command) if ":=" in word)
    nodes = brought_up(launched(**arguments), composed, domain_id)
    bridge = nodes["bridge"]
    assert (bridge["robot"], bridge["driver"], bridge["driver_options"]) == ("ep", "robomaster", "{connection: usb}")
    assert not any(parameters["use_sim_time"] for parameters in nodes.values())


@pytest.mark.parametrize("composed", [True, False])
def test_arguments_win_over_the_file_each_for_its_node(composed: bool, domain_id: int) -> None:
    arguments = {"scene": "kitchen", "seed": "7", "speed": "0.0", "planner": "compact", "model": "mine"}
    nodes = brought_up(launched(**arguments), composed, domain_id)
    bridge = nodes["bridge"]
    assert (bridge["scene"], bridge["seed"], bridge["speed"], bridge["camera_rate"]) == ("kitchen", 7, 0.0, 5.0)
    assert (nodes["scheduler"]["planner"], nodes["scheduler"]["model"]) == ("compact", "mine")
    assert nodes["perception"]["model"] == "", "it is the planner's"
    assert nodes["skill_server"]["wait_for_perception"] is True


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
