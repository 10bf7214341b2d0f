"""All nodes of one robot in one process. Included by robomatrix.launch.py."""

from launch.substitutions import LaunchConfiguration, PythonExpression
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from launch import LaunchDescription

ARGUMENTS = {
    "robot": str,
    "driver": str,
    "driver_options": str,
    "scene": str,
    "seed": int,
    "speed": float,
    "planner": str,
    "model": str,
    "use_sim_time": bool,
}


def generate_launch_description() -> LaunchDescription:
    lockstep = PythonExpression(["float('", LaunchConfiguration("speed"), "') == 0.0"])
    arguments = {n: ParameterValue(LaunchConfiguration(n), value_type=kind) for n, kind in ARGUMENTS.items()}
    return LaunchDescription(
        [
            Node(
                package="robomatrix",
                executable="single_process",
                namespace=LaunchConfiguration("namespace"),
                output="screen",
                emulate_tty=True,
                parameters=[
                    LaunchConfiguration("params_file"),
                    {**arguments, "wait_for_perception": ParameterValue(lockstep, value_type=bool)},
                ],
            ),
        ]
    )
