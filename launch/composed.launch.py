"""All nodes of one robot in one process. Included by robomatrix.launch.py."""

import tempfile
from typing import Any

import yaml
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from launch import LaunchContext, LaunchDescription, Substitution


class Arguments(Substitution):
    """A file with the launch arguments, each for its node; given to all at once, the sections of params_file win."""

    def perform(self, context: LaunchContext) -> str:
        def given(*names: str) -> dict[str, str]:
            return {name: LaunchConfiguration(name).perform(context) for name in names}

        (speed,), (seed,), (simulated,) = (given(name).values() for name in ("speed", "seed", "use_sim_time"))
        common = {**given("robot"), "use_sim_time": simulated == "true"}
        simulation = {**given("driver", "driver_options", "scene"), "seed": int(seed), "speed": float(speed)}
        return written(
            {
                # The bridge makes the time of a simulation; it must not wait for it.
                "bridge": {**common, **simulation, "use_sim_time": False},
                "perception": common,
                "skill_server": {**common, "wait_for_perception": float(speed) == 0.0},
                "scheduler": {**common, **given("planner", "model")},
            }
        )


def written(parameters: dict[str, dict[str, Any]]) -> str:
    sections = {f"/**/{node}": {"ros__parameters": values} for node, values in parameters.items()}
    with tempfile.NamedTemporaryFile("w", prefix="robomatrix_", suffix=".yaml", delete=False) as file:
        yaml.safe_dump(sections, file)
    return file.name


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription(
        [
            Node(
                package="robomatrix",
                executable="single_process",
                namespace=LaunchConfiguration("namespace"),
                output="screen",
                emulate_tty=True,
                parameters=[LaunchConfiguration("params_file"), Arguments()],
            ),
        ]
    )
