"""The same request in many words: courtesies, corrections, conditions, exceptions; what is not it."""

import pytest

from robomatrix.scheduling.plan import PlanRequest, PlanResult
from robomatrix.scheduling.planners import make_planner
from robomatrix.scheduling.scene import PlanningScene
from robomatrix.skills.mobile_manipulation.specs import SPECS

EP = tuple(spec for spec in SPECS if "ep" in spec.robots)
PLANNER = make_planner("rules")
STUDY = PlanningScene.parse(
    {
        "robot": {"name": "ep", "at": "start"},
        "locations": [
            {"id": "desk", "name": "desk", "class": "desk", "kind": "surface"},
            {"id": "shelf", "name": "shelf", "class": "shelf", "kind": "surface"},
            {"id": "box", "name": "blue box", "class": "box", "kind": "container", "colour": "blue"},
            {"id": "drawer", "name": "drawer", "class": "drawer", "kind": "container", "openable": True, "open": False},
            {"id": "fridge", "name": "fridge", "class": "fridge", "kind": "container", "openable": True, "open": True},
            {"id": "user", "name": "user", "class": "person", "kind": "person"},
            {"id": "ann", "name": "Ann", "class": "person", "kind": "person"},
        ],
        "objects": [
            {"id": "mug", "name": "red mug", "class": "mug", "colour": "red", "at": "desk"},
            {"id": "book", "name": "book", "class": "book", "at": "desk"},
            {"id": "cup", "name": "green cup", "class": "cup", "colour": "green", "at": "shelf"},
            {"id": "plate", "name": "plate", "class": "plate", "at": "shelf"},
            {"id": "jar", "name": "glass jar", "class": "jar", "material": "glass", "at": "fridge"},
            {"id": "knife", "name": "knife", "class": "knife", "at": "desk"},
        ],
    }
)
MUG = {"on(mug, box)"}
PUT = "put the red mug in the blue box"


def plan(text: str) -> PlanResult:
    return PLANNER.plan(PlanRequest(text, STUDY, EP))


def goals(text: str) -> set[str]:
    result = plan(text)
    assert result.status == "ok", result.message
    return {goal for goal in result.goal if not goal.startswith("at(")}


@pytest.mark.parametrize(
    "before",
    [
        "any chance you could",
        "i'd rather you",
        "it's up to you to",
        "be a star and",
        "do me a solid and",
        "whenever you have a minute ,",
        "if that's alright ,",
        "would it kill you to",
        "would you ever",
        "see to it that you",
        "my boss wants you to",
        "the next thing to do is to",
        "what you should do is",
        "can't you",
        "not only",
        "quick ,",
        "tell the robot to",
    ],
)
def test_courtesy_before_a_command_asks_for_nothing(before):
    assert goals(f"{before} {PUT}") == MUG


@pytest.mark.parametrize(
    "after",
    [
        "pronto",
        ", got it?",
        ", much obliged",
        "in a jiffy",
        "ever so gently",
        "all by yourself",
        ", you are a star",
        "like last time",
        "to get it out of the way",
        "before it's too late",
        "while i am busy",
    ],
)
def test_courtesy_after_a_command_asks_for_nothing(after):
    assert goals(f"{PUT} {after}") == MUG


@pytest.mark.parametrize(
    "wish",
    [
        "the red mug needs putting in the blue box",
        "the red mug lives in the blue box",
        "the red mug would be better off in the blue box",
        "the best spot for the red mug is in the blue box",
        "all i want is the red mug in the blue box",
        "it is time for the red mug to be put in the blue box",
        "i'd love it if the red mug on the desk ended up in the blue box",
        "could the red mug go in the blue box for now?",
        "there is a red mug on the desk that should be in the blue box",
        "use the blue box to store the red mug",
        "nestle the red mug in the blue box",
        "i'm packing: red mug into the blue box",
    ],
)
def test_wish_is_a_command(wish):
    assert goals(wish) == MUG


@pytest.mark.parametrize(
    "mark",
    ["my bad ,", "i misspoke ,", "on reflection ,", "cancel that ,", "whoops ,", "i changed my mind ,", "wait ,"],
)
def test_correction_takes_back(mark):
    assert goals(f"put the red mug on the shelf , {mark} in the blue box") == MUG


@pytest.mark.parametrize(
    "exception",
    [
        "but do not tamper with the book",
        "but don't lay a finger on the book",
        "but stay away from the book",
        "but leave out the book",
        "but skip the book",
        "save the book",
        "barring the book",
        "but for the book",
        "with the omission of the book",
        "but keep your hands off the book",
        "but under no circumstances touch the book",
    ],
)
def test_what_is_excepted_stays(exception):
    assert goals(f"put everything that is on the desk in the blue box {exception}") == {
        "on(mug, box)",
        "on(knife, box)",
    }


@pytest.mark.parametrize(
    ("condition", "done"),
    [
        ("so long as the drawer is open", False),
        ("providing the drawer is closed", True),
        ("if it is not the case that the drawer is closed", False),
        ("if and only if the drawer is closed", True),
        ("if the drawer is still closed , no rush", True),
        ("save if the drawer is open", True),
    ],
)
def test_conditions_in_other_words(condition, done):
    assert goals(f"{PUT} {condition}") == (MUG if done else set())


@pytest.mark.parametrize("other", ["failing that ,", "if this is not so ,", "in all other cases"])
def test_otherwise_in_other_words(other):
    assert goals(f"if the drawer is open open the fridge . {other} {PUT}") == MUG


@pytest.mark.parametrize(
    "link", ["following which", "having done that ,", "later on", "the next step is to", "what's more ,"]
)
def test_what_comes_next(link):
    assert goals(f"{PUT} . {link} close the fridge") == {*MUG, "not open(fridge)"}


def test_order_that_forbids_until_says_what_comes_first():
    steps = [str(step) for step in plan("do not bring me the book before you put the red mug in the blue box").steps]
    assert steps.index("release(object=mug)") < steps.index("grasp(object=book)")
    assert goals(f"bring me the book but before that {PUT}") == {"on(book, user)", *MUG}


@pytest.mark.parametrize(
    "text",
    [
        "bring me the large plate and the small plate",  # there is one
        "put the red mug that is on the shelf in the blue box",  # it is on the desk
        "put the two books in the blue box",
        "throw the knife to Ann",
        "toss the knife to Ann",
    ],
)
def test_what_is_not_so_is_asked_about(text):
    assert plan(text).status != "ok"


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("the plate over on the shelf should go on the desk", {"on(plate, desk)"}),
        ("put into the blue box everything on the shelf", {"on(cup, box)", "on(plate, box)"}),
        ("lift the plate. no, the red mug for me", {"on(mug, user)"}),
        ("Ann wants the book. also give her the plate", {"on(book, ann)", "on(plate, ann)"}),
        ("everything made of glass goes on the shelf", {"on(jar, shelf)"}),
        ("leave the book where it is but put the red one in the blue box", MUG),
        ("the fridge is open already. load the plate, then shut it", {"on(plate, fridge)", "not open(fridge)"}),
        ("swap the red mug on the desk with the plate", {"on(mug, shelf)", "on(plate, desk)"}),
    ],
)
def test_where_and_who(text, end):
    assert goals(text) == end
