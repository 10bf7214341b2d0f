"""The public faces of the player's skills: what planners read."""

from __future__ import annotations

from robomatrix.skills.spec import Condition, Parameter, SkillSpec

ROBOTS = ("player",)
RATE = 60.0
UPRIGHT = Condition("upright")
HAS_BALL = Condition("has_ball")
NO_BALL = Condition("has_ball", negated=True)

PICK_UP_BALL = SkillSpec(
    name="pick_up_ball",
    text="bend down and pick up the ball that lies between the feet, with both hands, and hold it before the chest",
    robots=ROBOTS,
    preconditions=(UPRIGHT,),
    effects=(HAS_BALL, UPRIGHT),
    rate=RATE,
    timeout=10.0,
)
CATCH = SkillSpec(
    name="catch",
    text="wait for the ball that is thrown to the player, catch it with both hands and hold it",
    robots=ROBOTS,
    preconditions=(UPRIGHT,),
    effects=(HAS_BALL, UPRIGHT),
    rate=RATE,
    timeout=10.0,
)
PASS_TO = SkillSpec(
    name="pass_to",
    text="pass the held ball straight ahead from the chest, to somebody in front",
    robots=ROBOTS,
    parameters=(Parameter("distance", "number", "how far ahead the receiver stands", "m", 3.0, 1.5, 6.0),),
    preconditions=(UPRIGHT, HAS_BALL),
    effects=(NO_BALL, UPRIGHT),
    rate=RATE,
    timeout=4.0,
)
SHOOT_BALL = SkillSpec(
    name="shoot_ball",
    text="shoot the held ball at the hoop 2.4 m straight ahead, standing (a set shot)",
    robots=ROBOTS,
    preconditions=(UPRIGHT, HAS_BALL),
    effects=(NO_BALL, UPRIGHT),
    rate=RATE,
    timeout=9.0,
)
BOUNCE_BALL = SkillSpec(
    name="bounce_ball",
    text="bounce the held ball on the floor with both hands and catch it again, several times; not a one-hand dribble",
    robots=ROBOTS,
    parameters=(Parameter("times", "integer", "how many bounces", "", 3, 1, 30),),
    preconditions=(UPRIGHT, HAS_BALL),
    effects=(HAS_BALL, UPRIGHT),
    rate=RATE,
    timeout=80.0,
)
STAND = SkillSpec(
    name="stand",
    text="stand still, with or without the ball",
    robots=ROBOTS,
    parameters=(Parameter("duration", "number", "how long", "s", 2.0, 0.1, 600.0),),
    preconditions=(UPRIGHT,),
    effects=(UPRIGHT,),
    rate=RATE,
    timeout=610.0,
)
SPECS = (STAND, PICK_UP_BALL, CATCH, PASS_TO, SHOOT_BALL, BOUNCE_BALL)
