import pytest

from robomatrix.scheduling.plan import PlanRequest
from robomatrix.scheduling.planners import make_planner
from robomatrix.scheduling.scene import PlanningScene
from robomatrix.skills.mobile_manipulation.specs import SPECS

S1 = tuple(spec for spec in SPECS if "s1" in spec.robots)
PLANNER = make_planner("rules")


def range_of(*sides):
    targets = [
        {"id": f"target_{i}", "name": "cyan target", "class": "target", "kind": "target"}
        | ({} if y is None else {"position": [2.0 + 0.1 * i, y]})
        for i, y in enumerate(sides)
    ]
    return PlanningScene.parse({"robot": {"name": "s1"}, "locations": targets, "objects": []})


def said(text, *sides):
    return PLANNER.plan(PlanRequest(text, range_of(*sides), S1))


@pytest.mark.parametrize(
    ("sides", "asked"),
    [
        ((0.8, -0.7), "the left cyan target (target_0) or the right cyan target (target_1)"),
        ((0.0, -0.7, 0.8), "the middle cyan target (target_0) or the right cyan target (target_1) or the left cyan"),
        ((0.8, None), "the cyan target (target_0) or the cyan target (target_1)"),
    ],
)
def test_things_of_one_name_are_told_apart_by_where_they_are(sides, asked):
    result = said("shoot the target", *sides)
    assert result.status == "clarify" and asked in result.message


@pytest.mark.parametrize(
    ("reply", "target"),
    [
        ("shoot the left one", "target_0"),
        ("shoot the one on the right", "target_1"),
        ("shoot the nearer target", "target_0"),
        ("shoot the farther one", "target_1"),
        ("shoot at the closer target", "target_0"),
    ],
)
def test_what_was_asked_can_be_replied(reply, target):
    result = said(reply, 0.8, -0.7)
    assert result.status == "ok" and str(result.steps[-1]) == f"shoot(target={target})"
