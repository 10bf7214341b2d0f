"""The planning scene of a simulated room at its start, for planning without a simulator."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from robomatrix.robots.spec import RobotSpec
from robomatrix.scenes import skillbench
from robomatrix.scenes.description import load_scene
from robomatrix.scenes.layout import scene_object
from robomatrix.scenes.sampling import sample_layout
from robomatrix.scheduling.perceived import planning_scene
from robomatrix.scheduling.plan import PlanRequest
from robomatrix.scheduling.planners import make_planner
from robomatrix.scheduling.safety import load_rules
from robomatrix.scheduling.scene import PlanningScene
from robomatrix.scheduling.validator import planned
from robomatrix.skills.spec import SkillSpec
from robomatrix.world import SceneObject, World


def planning_scene_of(scene: str, robot: str, seed: int) -> PlanningScene:
    """Returns what stands in the room that ``seed`` draws, with the robot at its start.

    Raises:
        UnknownNameError: there is no such scene.
        SceneError: the scene's description is malformed or too full.
    """
    layout = sample_layout(load_scene(scene), seed)
    items = [
        scene_object(item, layout.start, item.position, item.yaw, **_opening(item.category)) for item in layout.items
    ]
    items += _bench_things(skillbench.bench_scene(scene), robot, seed)
    return planning_scene(World(0.0, {item.id: item for item in items}), robot, (0.0, 0.0))


def fitting_scene(instruction: str, robot: RobotSpec, skills: Iterable[SkillSpec], seed: int) -> str:
    """Returns the first of a robot's simulated scenes in which an instruction can be planned; the first if none is.

    Only for choosing a room when nobody has named one: what the robot then plans with is what it perceives.
    """
    planner, offered, rules = make_planner("rules"), tuple(skills), load_rules()
    for scene in robot.scenes:
        request = PlanRequest(instruction, planning_scene_of(scene, robot.name, seed), offered)
        if planned(planner, request, rules).status == "ok":
            return scene
    return robot.scenes[0]


def _bench_things(scene: str, robot: str, seed: int) -> tuple[SceneObject, ...]:
    """Returns SkillBench's things; none for a robot that it has no sizes for."""
    if scene == "empty" or robot not in skillbench.BENCHES:
        return ()
    place = skillbench.place(scene, skillbench.bench_for(robot), np.random.default_rng(seed), 1)[0]
    return skillbench.things(scene, robot, place, (skillbench.DOOR_START / skillbench.DOOR_RANGE[1],) * 2)


def _opening(category: str) -> dict[str, float]:
    """Drawers start closed; nothing else opens."""
    return {"openness": 0.0} if category == "drawer" else {}
