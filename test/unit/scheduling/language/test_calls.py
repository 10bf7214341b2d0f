import pytest

from robomatrix.scheduling.plan import PlanRequest
from robomatrix.scheduling.planners import make_planner
from robomatrix.scheduling.scene import PlanningScene
from robomatrix.skills.mobile_manipulation.specs import SPECS
from robomatrix.skills.spec import Condition, Parameter, SkillSpec

PLANNER = make_planner("rules")
WALK = SkillSpec(
    "walk",
    "Walk for a while.",
    ("g1",),
    (
        Parameter("vx", "number", "forward", "m/s", 0.4, -0.5, 1.0),
        Parameter("wz", "number", "turning", "rad/s", 0.0, -1.0, 1.0),
        Parameter("duration", "number", "how long", "s", 4.0, 0.5, 600.0),
    ),
)
REACH = SkillSpec(
    "reach",
    "Bring a hand to a point.",
    ("g1",),
    (
        Parameter("hand", "choice", "which", default="left", choices=("left", "right", "both")),
        Parameter("forward", "number", "from rest", "m", 0.0, -0.25, 0.25),
        Parameter("up", "number", "from rest", "m", 0.0, -0.25, 0.25),
    ),
)
SQUAT = SkillSpec(
    "squat", "Lower the pelvis.", ("g1",), (Parameter("height", "number", "height", "m", None, 0.4, 0.78),)
)
KICK = SkillSpec("kick", "Kick the ball.", ("g1",), preconditions=(Condition("upright"),))
WALK_TO = SkillSpec(
    "walk_to",
    "Walk to a point.",
    ("g1",),
    (
        Parameter("x", "number", "forward", "m", None, -20.0, 20.0),
        Parameter("y", "number", "left", "m", 0.0, -20.0, 20.0),
        Parameter("frame", "choice", "from where", default="start", choices=("start", "robot")),
    ),
)
HUMANOID = (WALK, WALK_TO, REACH, SQUAT, KICK)
MOBILE = tuple(s for s in SPECS if "ep" in s.robots)
LAB = PlanningScene.parse(
    {
        "robot": {"name": "g1"},
        "locations": [{"id": "table", "name": "table", "class": "table", "kind": "surface", "position": [2.0, 0.0]}],
    }
)


def steps(text, skills):
    result = PLANNER.plan(PlanRequest(text, LAB, skills))
    assert result.status == "ok", result.message
    return [str(step) for step in result.steps]


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("turn left", "turn(angle_deg=90.0)"),
        ("turn right by 45 degrees", "turn(angle_deg=-45.0)"),
        ("turn around", "turn(angle_deg=180.0)"),
        ("rotate a quarter turn clockwise", "turn(angle_deg=-90.0)"),
        ("drive forward one metre", "go_to(x=1.0, y=0.0, frame=robot)"),
        ("go back 30 cm", "go_to(x=-0.3, y=0.0, frame=robot)"),
        ("move half a metre to the left", "go_to(x=0.0, y=0.5, frame=robot)"),
        ("look around", "look_around()"),
    ],
)
def test_a_wheeled_robot_is_steered_in_words(text, step):
    assert steps(text, MOBILE) == [step]


@pytest.mark.parametrize(("standing", "squat"), [(0.78, 0.495), (1.04, 0.56)])
def test_squatting_without_a_height_is_deep_for_a_tall_robot_too(standing, squat):
    height = Parameter("height", "number", "", "m", None, 0.4, standing)
    skill = SkillSpec("squat", "Lower the pelvis.", ("g1",), (height,))
    assert steps("squat", (skill,)) == [f"squat(height={squat})"]
    assert steps("turn left and squat", (WALK, skill))[1] == f"squat(height={squat})"


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("walk forward two metres", "walk(vx=0.4, wz=0.0, duration=5.0)"),
        ("turn around", "walk(vx=0.0, wz=0.5, duration=6.28)"),
        ("walk backwards at 0.3 m/s for 2 seconds", "walk(vx=-0.3, wz=0.0, duration=2.0)"),
        ("walk to the table", "walk_to(x=1.4, y=0.0, frame=start)"),
        ("walk to x 2 y -1", "walk_to(x=2.0, y=-1.0, frame=start)"),
        ("walk to 1 metre ahead", "walk_to(x=1.0, y=0.0, frame=robot)"),
        ("raise your right hand", "reach(hand=right, forward=0.0, up=0.2)"),
        ("reach forward 10 cm with both hands", "reach(hand=both, forward=0.1, up=0.0)"),
        ("squat to half a metre", "squat(height=0.5)"),
        ("kick it", "kick()"),
    ],
)
def test_a_humanoid_is_asked_for_its_own_skills(text, step):
    assert steps(text, HUMANOID) == [step]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("squat to two metres", "from 0.4 to 0.78 m"),
        ("walk to the moon", "no moon"),
        ("kick the red table", ""),
        ("fly", "no skill to fly"),
    ],
)
def test_what_a_skill_cannot_take_is_asked_about(text, part):
    result = PLANNER.plan(PlanRequest(text, LAB, HUMANOID))
    assert result.status != "ok"
    assert part in result.message


ROTATE = SkillSpec(
    "rotate",
    "Rotates the object in the hand.",
    ("allegro",),
    (Parameter("angle_deg", "number", "how far; left is positive", "deg", 90.0, -360.0, 360.0),),
)
HOLD = SkillSpec(
    "hold", "Keeps a grip.", ("allegro",), (Parameter("duration", "number", "how long", "s", 5.0, 0.1, 600.0),)
)


@pytest.mark.parametrize(
    ("text", "plan"),
    [
        ("rotate the cube in your hand a quarter turn, then hold it", ["rotate(angle_deg=90.0)", "hold(duration=5.0)"]),
        ("turn the ball to the left", ["rotate(angle_deg=90.0)"]),
        ("turn the ball to the right", ["rotate(angle_deg=-90.0)"]),
        ("turn the ball a quarter turn to the right", ["rotate(angle_deg=-90.0)"]),
        ("turn the cube in the hand to the left", ["rotate(angle_deg=90.0)"]),
        ("rotate the object by 45 degrees clockwise", ["rotate(angle_deg=-45.0)"]),
        ("rotate it half a turn and hold it for 3 seconds", ["rotate(angle_deg=180.0)", "hold(duration=3.0)"]),
        ("spin the cylinder a full turn", ["rotate(angle_deg=360.0)"]),
    ],
)
@pytest.mark.parametrize("tracked", [(), ("cube", "ball", "cylinder")])
def test_what_is_in_the_hand_is_turned(text, plan, tracked):
    objects = [{"id": f"{name}_1", "name": name, "class": name} for name in tracked]
    scene = PlanningScene.parse({"robot": {"name": "allegro"}, "objects": objects})
    result = PLANNER.plan(PlanRequest(text, scene, (ROTATE, HOLD)))
    assert result.status == "ok", result.message
    assert [str(step) for step in result.steps] == plan


STEP = SkillSpec(
    "step",
    "Make one step with a foot.",
    ("lab",),
    (
        Parameter("foot", "choice", "which", default="left", choices=("left", "right")),
        Parameter("forward", "number", "from beside the other foot", "m", 0.0, -0.25, 0.25),
        Parameter("outward", "number", "away from the other foot", "m", 0.0, -0.12, 0.25),
    ),
)


@pytest.mark.parametrize(
    ("text", "plan"),
    [
        ("take a step to the right", "step(foot=right, forward=0.0, outward=0.2)"),
        ("step 15 cm to the left", "step(foot=left, forward=0.0, outward=0.15)"),
        ("step to the left with your right foot", "step(foot=right, forward=0.0, outward=-0.096)"),
        ("step 10 cm back with your right foot", "step(foot=right, forward=-0.1, outward=0.0)"),
    ],
)
def test_a_step_aside_goes_aside(text, plan):
    result = PLANNER.plan(PlanRequest(text, LAB, (STEP, *HUMANOID)))
    assert [str(step) for step in result.steps] == [plan]


@pytest.mark.parametrize("text", ["turn it upside down", "roll it towards the fingers", "turn the cube towards me"])
def test_a_turn_that_the_hand_cannot_make_is_asked_about(text):
    scene = PlanningScene.parse({"robot": {"name": "allegro"}})
    result = PLANNER.plan(PlanRequest(text, scene, (ROTATE, HOLD)))
    assert (result.status, result.steps) == ("clarify", ())
