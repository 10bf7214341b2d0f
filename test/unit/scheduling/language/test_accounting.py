"""Nothing that was said may be passed over in silence."""

from __future__ import annotations

import pytest

from robomatrix.evaluation.planner_suite import items_of, score, skills_for
from robomatrix.scheduling.plan import PlanRequest
from robomatrix.scheduling.planners import make_planner
from robomatrix.scheduling.planners.rules import RulePlanner
from robomatrix.scheduling.scene import PlanningScene

SCENE = PlanningScene.parse(
    {
        "robot": {"name": "ep", "at": "start"},
        "locations": [
            {"id": "desk", "name": "desk", "class": "desk", "kind": "surface"},
            {"id": "box", "name": "box", "class": "box", "kind": "container"},
        ],
        "objects": [{"id": "cup", "name": "cup", "class": "cup", "at": "desk"}],
    },
    "test",
)


@pytest.mark.parametrize(
    ("more", "status"),
    [
        (" and then quack", "clarify"),
        (". Yodel.", "clarify"),
        (" and frobnicate", "clarify"),
        (" with a ribbon", "clarify"),
        (" and bow", "clarify"),
        (", and the kettle", "clarify"),
        (" with great care", "ok"),
        (", not on the desk", "ok"),
        (" as quickly as you can", "ok"),
        (", that would be lovely", "ok"),
        (", nice and slow", "ok"),
    ],
)
def test_what_is_said_besides_a_plan_counts(more: str, status: str) -> None:
    request = PlanRequest(f"put the cup in the box{more}", SCENE, tuple(skills_for("ep")))
    result = RulePlanner().plan(request)
    assert result.status == status
    assert not result.steps or result.goal == ("on(cup, box)",)


def test_of_what_is_partly_impossible_next_to_nothing_is_done() -> None:
    report = score(make_planner("compact"), items_of("partly-dev", 0, None)).summary()
    assert report["good"] > 0.95
    assert report["wrong"] == 0.0
