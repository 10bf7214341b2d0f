"""Brings up several robots, each in its own namespace, and the dispatcher before their schedulers."""

from launch.actions import DeclareLaunchArgument, GroupAction, IncludeLaunchDescription, OpaqueFunction
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node, SetRemap
from launch_ros.substitutions import FindPackageShare

from launch import LaunchContext, LaunchDescription

ARGUMENTS = (
    DeclareLaunchArgument(
        "robots", default_value="ep,s1", description="Robots, comma-separated, the preferred first; also namespaces."
    ),
)


def robot(name: str) -> GroupAction:
    """One robot with a clock of its own: two simulations do not share a time."""
    path = PathJoinSubstitution([FindPackageShare("robomatrix"), "launch", "robomatrix.launch.py"])
    arguments = {"robot": name, "namespace": name}
    included = IncludeLaunchDescription(path, launch_arguments=arguments.items())
    return GroupAction([SetRemap("/clock", f"/{name}/clock"), included])


def fleet(context: LaunchContext) -> list[GroupAction | Node]:
    robots = [name.strip() for name in LaunchConfiguration("robots").perform(context).split(",") if name.strip()]
    dispatcher = Node(
        package="robomatrix",
        executable="dispatcher",
        output="screen",
        emulate_tty=True,
        parameters=[{"robots": robots}],
    )
    return [*map(robot, robots), dispatcher]


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=fleet)])
