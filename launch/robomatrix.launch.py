"""Brings up one robot, from the driver to the scheduler."""

from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare

from launch import LaunchDescription

SHARE = FindPackageShare("robomatrix")


def include(name: str) -> IncludeLaunchDescription:
    return IncludeLaunchDescription(PathJoinSubstitution([SHARE, "launch", name]))


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription(
        [
            DeclareLaunchArgument("robot", default_value="ep", description="Robot: a file in config/robots."),
            DeclareLaunchArgument(
                "namespace", default_value=LaunchConfiguration("robot"), description="Namespace of the robot's nodes."
            ),
            DeclareLaunchArgument(
                "driver",
                default_value="mujoco",
                description="What is under the robot.",
                choices=["mujoco", "pybullet", "mock", "robomaster", "topics"],
            ),
            DeclareLaunchArgument("scene", default_value="", description="Simulated scene; empty: the robot's own."),
            DeclareLaunchArgument("seed", default_value="0", description="Seed of the simulated scene."),
            DeclareLaunchArgument(
                "planner", default_value="rules", description="Planner: see `robomatrix plan --help`."
            ),
            DeclareLaunchArgument(
                "model", default_value="", description="Model of the planner, by name or local folder."
            ),
            DeclareLaunchArgument(
                "speed", default_value="1.0", description="Simulation speed as a multiple of real time; 0.0: lockstep."
            ),
            DeclareLaunchArgument(
                "use_sim_time",
                default_value="true",
                choices=["true", "false"],
                description="Take the time from /clock; false on a real robot.",
            ),
            DeclareLaunchArgument(
                "params_file",
                default_value=PathJoinSubstitution([SHARE, "config", "robomatrix.yaml"]),
                description="Parameters of all nodes.",
            ),
            include("robot.launch.py"),
            include("scheduler.launch.py"),
        ]
    )
