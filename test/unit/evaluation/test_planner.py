import json

import pytest

from robomatrix.errors import ConfigurationError
from robomatrix.evaluation.planner import Item, Report, Scored, Verdict, external, handwritten, judge
from robomatrix.scheduling.plan import PlanResult, PlanStep
from robomatrix.scheduling.scene import PlanningScene
from robomatrix.skills.mobile_manipulation.specs import SPECS

SKILLS = {spec.name: spec for spec in SPECS}
SCENE = PlanningScene.parse(
    {
        "robot": {"name": "ep"},
        "locations": [
            {"id": "table", "name": "table", "class": "table", "kind": "surface"},
            {"id": "box", "name": "box", "class": "box", "kind": "container"},
        ],
        "objects": [
            {"id": "can", "name": "can", "class": "can", "at": "table"},
            {"id": "ball", "name": "ball", "class": "ball", "at": "table"},
        ],
    }
)


def carry(thing):
    steps = [("move_to", {"target": thing}), ("grasp", {"object": thing}), ("move_to", {"target": "box"})]
    steps += [("position_over", {"object": thing, "target": "box"}), ("release", {"object": thing})]
    return tuple(PlanStep(name, arguments) for name, arguments in steps)


GOAL = Item("put the can in the box", SCENE, (("on(can, box)",),))
DECLINE = Item("fly", SCENE, decline=True)
QUESTION = Item("where is the can?", SCENE, decline=True)


@pytest.mark.parametrize(
    ("item", "result", "verdict"),
    [
        (GOAL, PlanResult("ok", steps=carry("can")), Verdict.REACHED),
        (GOAL, PlanResult("ok", steps=carry("can")[:-1]), Verdict.WRONG),
        (GOAL, PlanResult("ok", steps=carry("can")[1:]), Verdict.WRONG),
        (GOAL, PlanResult("ok", steps=(*carry("can"), *carry("ball"))), Verdict.WRONG),
        (GOAL, PlanResult("clarify", "which?"), Verdict.ASKED),
        (GOAL, PlanResult("refuse", "no"), Verdict.REFUSED),
        (DECLINE, PlanResult("refuse", "no"), Verdict.RIGHTLY_DECLINED),
        (DECLINE, PlanResult("ok", steps=carry("can")), Verdict.WRONG),
        (DECLINE, PlanResult("ok", "Nothing to do."), Verdict.WRONG),
        (QUESTION, PlanResult("ok", "The can is on the table."), Verdict.RIGHTLY_DECLINED),
        (QUESTION, PlanResult("ok", steps=carry("can")), Verdict.WRONG),
    ],
)
def test_what_a_plan_reaches_is_what_counts(item, result, verdict):
    assert judge(item, result, SKILLS)[0] is verdict


def test_the_shipped_set_is_broad_and_sound():
    items = handwritten()
    assert len(items) >= 700
    assert sum(item.decline and not item.goals for item in items) >= 150
    assert {item.scene.robot.name for item in items} == {"ep", "s1", "player", "allegro", "g1"}


def test_a_report_counts_and_times():
    scored = [Scored(GOAL, PlanResult("ok"), Verdict.REACHED, 0.01 * n) for n in range(1, 20)]
    summary = Report([*scored, Scored(GOAL, PlanResult("ok"), Verdict.WRONG, 1.0)]).summary()
    assert (summary["instructions"], summary["reached"], summary["good"], summary["wrong"]) == (20, 19, 0.95, 0.05)
    assert summary["latency_p95_ms"] == 1000.0


def test_an_external_set_is_read_line_by_line(tmp_path):
    path = tmp_path / "set.jsonl"
    line = {"id": 1, "instruction": "put the can in the box", "scene": SCENE.to_json(), "goal": ["on(can, box)"]}
    path.write_text(json.dumps(line) + "\n\n")
    assert external(path)[0].goals == (("on(can, box)",),)
    path.write_text('{"id": 1}\n')
    with pytest.raises(ConfigurationError, match=r"set\.jsonl:1"):
        external(path)
