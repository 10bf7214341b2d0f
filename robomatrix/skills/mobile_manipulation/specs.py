"""The public face of the mobile manipulators' skills, without their code: planners need nothing more.

Meta-skills of RoboMatrix (arXiv 2412.00171): move, grasp, position, release, open, close, shoot, cross; ``turn``,
``go_to``, ``look_around`` and ``stop`` are ours.
"""

from __future__ import annotations

from robomatrix.skills.spec import Condition, Parameter, SkillSpec

ARM = ("ep",)
BLASTER = ("s1",)
MOBILE = ("ep", "s1")

_HAND_EMPTY = Condition("hand_empty")


def _is(predicate: str, *arguments: str) -> Condition:
    return Condition(predicate, arguments)


def _not(predicate: str, *arguments: str) -> Condition:
    return Condition(predicate, arguments, negated=True)


MOVE_TO = SkillSpec(
    name="move_to",
    text="Drive to an object or a place and stop in front of it, within reach; 'start' is where the robot began.",
    robots=MOBILE,
    parameters=(Parameter("target", "location", "object or place to stand in front of"),),
    effects=(_is("at", "target"),),
    timeout=60.0,
)
GRASP = SkillSpec(
    name="grasp",
    text="Close the gripper on an object within reach and lift it.",
    robots=ARM,
    parameters=(Parameter("object", "object", "what to take"),),
    preconditions=(_HAND_EMPTY, _is("at", "object")),
    effects=(_is("holding", "object"), _not("hand_empty")),
    timeout=30.0,
)
POSITION_OVER = SkillSpec(
    name="position_over",
    text="Hold the grasped object above a place or another object within reach.",
    robots=ARM,
    parameters=(
        Parameter("object", "object", "what is in the gripper"),
        Parameter(
            "target",
            "location",
            "what to hold it above",
            kinds=("surface", "container", "person", "region", "object"),
        ),
    ),
    preconditions=(_is("holding", "object"), _is("at", "target")),
    effects=(_is("over", "object", "target"),),
    timeout=30.0,
)
RELEASE = SkillSpec(
    name="release",
    text="Open the gripper and let the held object go.",
    robots=ARM,
    parameters=(Parameter("object", "object", "what is in the gripper"),),
    preconditions=(_is("holding", "object"),),
    effects=(_not("holding", "object"), _HAND_EMPTY),
    timeout=15.0,
)
OPEN = SkillSpec(
    name="open",
    text="Pull a drawer or door open.",
    robots=ARM,
    parameters=(Parameter("target", "location", "what to open", kinds=("container",)),),
    preconditions=(_HAND_EMPTY, _is("at", "target")),
    effects=(_is("open", "target"),),
    timeout=45.0,
)
CLOSE = SkillSpec(
    name="close",
    text="Push a drawer or door shut.",
    robots=ARM,
    parameters=(Parameter("target", "location", "what to close", kinds=("container",)),),
    preconditions=(_HAND_EMPTY, _is("at", "target")),
    effects=(_not("open", "target"),),
    timeout=45.0,
)
SHOOT = SkillSpec(
    name="shoot",
    text="Aim the blaster at a target in range and fire until a bead hits it.",
    robots=BLASTER,
    parameters=(Parameter("target", "location", "what to hit; never a person", kinds=("target",)),),
    preconditions=(_is("at", "target"),),
    effects=(_is("shot", "target"),),
    timeout=45.0,
)
CROSS = SkillSpec(
    name="cross",
    text="Drive over a low bar or other obstacle on the floor.",
    robots=MOBILE,
    parameters=(Parameter("obstacle", "location", "what to drive over", kinds=("obstacle",)),),
    preconditions=(_is("at", "obstacle"),),
    effects=(_is("crossed", "obstacle"), _not("at", "obstacle")),
    timeout=45.0,
)
TURN = SkillSpec(
    name="turn",
    text="Turn on the spot.",
    robots=MOBILE,
    parameters=(
        Parameter("angle_deg", "number", "how far; left is positive", unit="deg", minimum=-720.0, maximum=720.0),
    ),
    timeout=40.0,
)
GO_TO = SkillSpec(
    name="go_to",
    text="Drive to a point given in metres: x forward, y left.",
    robots=MOBILE,
    parameters=(
        Parameter("x", "number", "forward", unit="m", default=0.0, minimum=-20.0, maximum=20.0),
        Parameter("y", "number", "to the left", unit="m", default=0.0, minimum=-20.0, maximum=20.0),
        Parameter(
            "frame",
            "choice",
            "'robot' measures from where the robot stands now, 'start' from where it was switched on",
            default="robot",
            choices=("robot", "start"),
        ),
    ),
    timeout=60.0,
)
LOOK_AROUND = SkillSpec(
    name="look_around",
    text="Turn once round to see what there is.",
    robots=MOBILE,
    timeout=40.0,
)
STOP = SkillSpec(name="stop", text="Stand still at once.", robots=MOBILE, timeout=5.0)

SPECS: tuple[SkillSpec, ...] = (
    MOVE_TO,
    GRASP,
    POSITION_OVER,
    RELEASE,
    OPEN,
    CLOSE,
    SHOOT,
    CROSS,
    TURN,
    GO_TO,
    LOOK_AROUND,
    STOP,
)
"""Every skill of the family."""
