"""What the in-hand skills are to a planner."""

from __future__ import annotations

from robomatrix.skills.spec import Condition, Parameter, SkillSpec

TRAINED = ("allegro", "allegro_left")
"""Hands with trained policies."""
HANDS = (*TRAINED, "leap")
RATE = 10.0
"""Of the controller [Hz]."""

HOLD = SkillSpec(
    name="hold",
    text="Keeps a firm grip on what is in the hand for some time.",
    robots=HANDS,
    parameters=(Parameter("duration", "number", "how long", "s", default=5.0, minimum=0.1, maximum=600.0),),
    rate=RATE,
    timeout=660.0,
)

FOLLOW = SkillSpec(
    name="follow",
    text="Moves the fingers as an operator commands, assisted so that the object stays in the hand.",
    robots=HANDS,
    parameters=(
        Parameter("duration", "number", "how long", "s", default=60.0, minimum=0.1, maximum=3600.0),
        Parameter(
            "strength", "number", "how much the command weighs against safety", default=8.0, minimum=0.0, maximum=100.0
        ),
    ),
    rate=RATE,
    timeout=3660.0,
)

RELEASE = SkillSpec(
    name="release",
    text="Opens and lets go of what is in the hand.",
    robots=HANDS,
    effects=(Condition("hand_empty"),),
    rate=RATE,
    timeout=10.0,
)

REGRASP = SkillSpec(
    name="regrasp",
    text="Takes the object in the hand into a new, firm grip, palm up.",
    robots=TRAINED,
    rate=RATE,
    timeout=30.0,
)

_FAR = 0.015

TRANSLATE = SkillSpec(
    name="translate",
    text="Shifts the object in the hand by up to 15 mm without turning it on purpose.",
    robots=HANDS,
    parameters=(
        Parameter("forward", "number", "along the fingers", "m", default=0.0, minimum=-_FAR, maximum=_FAR),
        Parameter("left", "number", "seen from above the palm", "m", default=0.0, minimum=-_FAR, maximum=_FAR),
        Parameter("up", "number", "away from the palm", "m", default=0.0, minimum=-_FAR, maximum=_FAR),
    ),
    rate=RATE,
    timeout=20.0,
)

ROTATE = SkillSpec(
    name="rotate",
    text="Rotates the object in the hand about the palm's normal, palm up.",
    robots=TRAINED,
    parameters=(
        Parameter(
            "angle_deg", "number", "how far; left is positive", unit="deg", default=90.0, minimum=-360.0, maximum=360.0
        ),
    ),
    rate=RATE,
    timeout=90.0,
)
