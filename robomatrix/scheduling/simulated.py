"""The planning scene of a simulated room at its start, for planning without a simulator."""

from __future__ import annotations

from robomatrix.scenes.description import load_scene
from robomatrix.scenes.layout import scene_object
from robomatrix.scenes.sampling import sample_layout
from robomatrix.scheduling.perceived import planning_scene
from robomatrix.scheduling.scene import PlanningScene
from robomatrix.world import World


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
    return planning_scene(World(0.0, {item.id: item for item in items}), robot, (0.0, 0.0))


def _opening(category: str) -> dict[str, float]:
    """Drawers start closed; nothing else opens."""
    return {"openness": 0.0} if category == "drawer" else {}
