"""Brings up one robot, from the driver to the scheduler."""

from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction, SetLaunchConfiguration
from launch.conditions import IfCondition, UnlessCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare

from launch import LaunchContext, LaunchDescription
from robomatrix.hardware.registry import simulates
from robomatrix.robots.loader import load_robot

SHARE = FindPackageShare("robomatrix")
COMPOSED = LaunchConfiguration("use_composition")

ARGUMENTS = (
    DeclareLaunchArgument("robot", default_value="ep", description="Robot: a file in config/robots."),
    DeclareLaunchArgument(
        "namespace", default_value=LaunchConfiguration("robot"), description="Namespace of the robot's nodes."
    ),
    DeclareLaunchArgument(
        "driver",
        default_value="",
        description="What is under the robot, see `robomatrix drivers`; empty: the first that its description names.",
    ),
    DeclareLaunchArgument("driver_options", default_value="", description="Options of the driver as a YAML mapping."),
    DeclareLaunchArgument("scene", default_value="", description="Simulated scene; empty: the robot's own."),
    DeclareLaunchArgument("seed", default_value="0", description="Seed of the simulated scene."),
    DeclareLaunchArgument(
        "planner",
        default_value="compact",
        description="compact, rules, transformers, openai or the name of an installed planner.",
    ),
    DeclareLaunchArgument("model", default_value="", description="Model of the planner, by name or local folder."),
    DeclareLaunchArgument(
        "speed", default_value="1.0", description="Simulation speed as a multiple of real time; 0.0: lockstep."
    ),
    DeclareLaunchArgument(
        "use_sim_time",
        default_value="auto",
        choices=["auto", "true", "false"],
        description="Take the time from /clock; auto: where the driver is a simulation.",
    ),
    DeclareLaunchArgument(
        "params_file",
        default_value=PathJoinSubstitution([SHARE, "config", "robomatrix.yaml"]),
        description="Parameters of all nodes.",
    ),
    DeclareLaunchArgument(
        "use_composition",
        default_value="true",
        choices=["true", "false"],
        description="All nodes in one process, which starts and runs faster; false: a process each.",
    ),
)


def time_source(context: LaunchContext) -> list[SetLaunchConfiguration]:
    """Answers whose time it is from the driver; a wrong robot or driver ends the launch with those that exist."""
    robot = load_robot(LaunchConfiguration("robot").perform(context))
    simulated = simulates(LaunchConfiguration("driver").perform(context) or robot.drivers[0])
    if LaunchConfiguration("use_sim_time").perform(context) != "auto":
        return []
    return [SetLaunchConfiguration("use_sim_time", str(simulated).lower())]


def include(name: str, condition: IfCondition | UnlessCondition) -> IncludeLaunchDescription:
    return IncludeLaunchDescription(PathJoinSubstitution([SHARE, "launch", name]), condition=condition)


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription(
        [
            *ARGUMENTS,
            OpaqueFunction(function=time_source),
            include("composed.launch.py", IfCondition(COMPOSED)),
            include("robot.launch.py", UnlessCondition(COMPOSED)),
            include("scheduler.launch.py", UnlessCondition(COMPOSED)),
        ]
    )
