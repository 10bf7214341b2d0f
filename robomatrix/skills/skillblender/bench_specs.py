"""The public face of SkillBench's tasks as skills, without their code: planners need nothing more."""

from __future__ import annotations

from robomatrix.skills.spec import Condition, Parameter, SkillSpec

_UPRIGHT = Condition("upright")
_RATE = 50.0


_EVERY = ("g1", "h1", "h1_2")
"""Robots for which a task's policy ships, where it is not the G1's alone."""


def _spec(
    name: str, text: str, *parameters: Parameter, timeout: float = 40.0, robots: tuple[str, ...] = ("g1",)
) -> SkillSpec:
    conditions = {"preconditions": (_UPRIGHT,), "effects": (_UPRIGHT,)}
    return SkillSpec(
        name=name, text=text, robots=robots, parameters=parameters, rate=_RATE, timeout=timeout, **conditions
    )


def _far_reach(robots: tuple[str, ...], far: float, up: float) -> SkillSpec:
    """Returns far reaching of robots whose goals lie up to that far ahead, aside and up [m]."""
    return _spec(
        "far_reach",
        "Walk as far as needed and bring both hands to places given from where they rest now.",
        Parameter("forward", "number", "of the hands' resting places", "m", 0.8, 0.0, far),
        Parameter("left", "number", "of the hands' resting places", "m", 0.0, 0.0, far),
        Parameter("up", "number", "of the hands' resting places", "m", 0.0, 0.0, up),
        robots=robots,
    )


FAR_REACH = _far_reach(("g1",), 1.25, 0.25)
FAR_REACH_TALL = _far_reach(("h1", "h1_2"), 2.0, 0.5)
BUTTON_PRESS = _spec(
    "button_press",
    "Walk to a button on a wall and press it with the left hand.",
    Parameter("button", "location", "which one", kinds=("target",)),
    robots=_EVERY,
)
CABINET_CLOSE = _spec(
    "cabinet_close",
    "Walk to a cabinet and push both its doors shut.",
    Parameter("cabinet", "location", "which one"),
    robots=_EVERY,
)
FOOTBALL_SHOOT = _spec(
    "football_shoot",
    "Kick the ball towards the goal.",
    Parameter("ball", "object", "which one"),
    Parameter("left", "number", "of the goal's middle, where the ball shall go", "m", 0.0, -2.0, 2.0),
    robots=_EVERY,
)
BOX_PUSH = _spec(
    "box_push",
    "Push the box sideways over its table with a hand, by a distance or to the table's edge.",
    Parameter("box", "location", "which one"),
    Parameter("side", "choice", "to which side, seen from the robot", default="left", choices=("left", "right")),
    Parameter("distance", "number", "how far; 0 for the table's edge", "m", 0.0, 0.0, 1.0),
    timeout=60.0,
)
PACKAGE_LIFT = _spec(
    "package_lift",
    "Grip the package that stands on the floor with both hands and lift it.",
    Parameter("package", "location", "which one"),
    Parameter("height", "number", "by how much", "m", 0.3, 0.2, 0.4),
)
