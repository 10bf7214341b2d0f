"""The scheduling layer. Included by robomatrix.launch.py."""

from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from launch import LaunchDescription


def argument(name: str, kind: type) -> ParameterValue:
    return ParameterValue(LaunchConfiguration(name), value_type=kind)


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription(
        [
            Node(
                package="robomatrix",
                executable="scheduler",
                name="scheduler",
                namespace=LaunchConfiguration("namespace"),
                output="screen",
                emulate_tty=True,
                respawn=True,
                respawn_delay=1.0,
                parameters=[
                    LaunchConfiguration("params_file"),
                    {
                        "robot": argument("robot", str),
                        "planner": argument("planner", str),
                        "model": argument("model", str),
                        "use_sim_time": argument("use_sim_time", bool),
                    },
                ],
            ),
        ]
    )
