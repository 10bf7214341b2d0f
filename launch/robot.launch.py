"""The hardware and skill layers of one robot: bridge, perception, skill server. Included by robomatrix.launch.py."""

from launch.substitutions import LaunchConfiguration, PythonExpression
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from launch import LaunchDescription


def argument(name: str, kind: type) -> ParameterValue:
    return ParameterValue(LaunchConfiguration(name), value_type=kind)


# Not the bridge: it would come back without the emergency stop that somebody may have latched.
AGAIN = {"respawn": True, "respawn_delay": 1.0}


def generate_launch_description() -> LaunchDescription:
    common = {
        "package": "robomatrix",
        "namespace": LaunchConfiguration("namespace"),
        "output": "screen",
        "emulate_tty": True,
    }
    shared = [
        LaunchConfiguration("params_file"),
        {"robot": argument("robot", str), "use_sim_time": argument("use_sim_time", bool)},
    ]
    lockstep = PythonExpression(["float('", LaunchConfiguration("speed"), "') == 0.0"])
    return LaunchDescription(
        [
            Node(
                executable="bridge",
                name="bridge",
                **common,
                parameters=[
                    *shared,
                    {
                        "driver": argument("driver", str),
                        "driver_options": argument("driver_options", str),
                        "scene": argument("scene", str),
                        "seed": argument("seed", int),
                        "speed": argument("speed", float),
                        # The bridge makes the time of a simulation; it must not wait for it.
                        "use_sim_time": False,
                    },
                ],
            ),
            Node(executable="perception", name="perception", **common, **AGAIN, parameters=shared),
            Node(
                executable="skill_server",
                name="skill_server",
                **common,
                **AGAIN,
                parameters=[
                    *shared,
                    {
                        "wait_for_perception": ParameterValue(lockstep, value_type=bool),
                    },
                ],
            ),
        ]
    )
