"""The public face of the humanoid skills, without their code: planners need nothing more."""

from __future__ import annotations

from robomatrix.skills.spec import Condition, Parameter, SkillSpec

WALKERS = ("g1", "h1", "h1_2")
"""Robots whose walking policy ships."""
REACHERS = ("g1", "h1")
SQUATTERS = ("g1", "h1", "h1_2")
STEPPERS = ("g1",)

_UPRIGHT = Condition("upright")
_RATE = 50.0

STAND = SkillSpec(
    name="stand",
    text="Stand still and keep the balance for a while.",
    robots=WALKERS,
    parameters=(Parameter("duration", "number", "how long", "s", 2.0, 0.1, 600.0),),
    preconditions=(_UPRIGHT,),
    effects=(_UPRIGHT,),
    rate=_RATE,
    timeout=610.0,
)
WALK = SkillSpec(
    name="walk",
    text="Walk with a velocity for a while, then stand.",
    robots=WALKERS,
    parameters=(
        Parameter("vx", "number", "forward velocity", "m/s", 0.4, -0.5, 1.0),
        Parameter("vy", "number", "velocity to the left", "m/s", 0.0, -0.5, 0.5),
        Parameter("wz", "number", "turning rate to the left", "rad/s", 0.0, -1.0, 1.0),
        Parameter("duration", "number", "how long", "s", 4.0, 0.5, 600.0),
    ),
    preconditions=(_UPRIGHT,),
    effects=(_UPRIGHT,),
    rate=_RATE,
    timeout=620.0,
)
WALK_TO = SkillSpec(
    name="walk_to",
    text="Walk to a point of the ground (x forwards, y to the left).",
    robots=WALKERS,
    parameters=(
        Parameter("x", "number", "forwards", "m", None, -20.0, 20.0),
        Parameter("y", "number", "to the left", "m", 0.0, -20.0, 20.0),
        Parameter(
            "frame",
            "choice",
            "from where: where the robot was switched on, or where it stands now",
            default="start",
            choices=("start", "robot"),
        ),
    ),
    preconditions=(_UPRIGHT,),
    effects=(_UPRIGHT,),
    rate=_RATE,
    timeout=120.0,
)
REACH = SkillSpec(
    name="reach",
    text="Bring one hand or both to a point near the body; the feet stay.",
    robots=REACHERS,
    parameters=(
        Parameter(
            "hand",
            "choice",
            "which hand; with both, the right one goes to the mirrored point",
            default="left",
            choices=("left", "right", "both"),
        ),
        Parameter("forward", "number", "from where the hand rests", "m", 0.0, -0.25, 0.25),
        Parameter("outward", "number", "from where the hand rests, away from the body", "m", 0.0, -0.25, 0.25),
        Parameter("up", "number", "from where the hand rests", "m", 0.0, -0.25, 0.25),
        Parameter("hold", "number", "how long to stay there", "s", 1.0, 0.0, 60.0),
    ),
    preconditions=(_UPRIGHT,),
    effects=(_UPRIGHT,),
    rate=_RATE,
    timeout=70.0,
)


def _squat(robot: str, lowest: float, standing: float) -> SkillSpec:
    """Returns squatting of a robot whose pelvis moves between two heights [m]."""
    text = f"of the pelvis over the ground; {standing} stands"
    return SkillSpec(
        name="squat",
        text="Lower the pelvis to a height over the ground, or rise again; the feet stay.",
        robots=(robot,) if robot in SQUATTERS else (),
        parameters=(
            Parameter("height", "number", text, "m", None, lowest, standing),
            Parameter("hold", "number", "how long to stay there", "s", 1.0, 0.0, 60.0),
        ),
        preconditions=(_UPRIGHT,),
        effects=(_UPRIGHT,),
        rate=_RATE,
        timeout=80.0,
    )


SQUAT = _squat("g1", 0.40, 0.78)
SQUAT_H1 = _squat("h1", 0.73, 1.03)
SQUAT_H1_2 = _squat("h1_2", 0.65, 1.02)
STEP = SkillSpec(
    name="step",
    text="Make one step with a foot, given from beside the other foot, which stays.",
    robots=STEPPERS,
    parameters=(
        Parameter("foot", "choice", "which foot moves", default="left", choices=("left", "right")),
        Parameter("forward", "number", "from beside the other foot", "m", 0.0, -0.25, 0.25),
        Parameter("outward", "number", "from beside the other foot, away from it", "m", 0.0, -0.12, 0.25),
    ),
    preconditions=(_UPRIGHT,),
    effects=(_UPRIGHT,),
    rate=_RATE,
    timeout=15.0,
)
