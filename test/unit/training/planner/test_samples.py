from collections import Counter
from itertools import islice
from random import Random

from robomatrix.scheduling.compact.program import grammar, parse
from robomatrix.scheduling.planners.automaton import NOTHING, derivative, may_end
from robomatrix.scheduling.scene import PlanningScene, Robot
from robomatrix.training.planner.gold import outcome_of
from robomatrix.training.planner.recipe import relettered
from robomatrix.training.planner.rooms import Named, Room, draw_room
from robomatrix.training.planner.samples import Pair, Sample, draw, pairs


def test_the_same_seed_gives_the_same_pairs() -> None:
    first, second = (list(islice(pairs(7), 30)) for _ in range(2))
    assert first == second
    assert first != list(islice(pairs(8), 30))


def test_answers_are_programs_over_the_letters_and_skills_of_the_prompt() -> None:
    for pair in islice(pairs(11), 40):
        skills, slots, _, _ = pair.prompt.split("\n")
        rest = grammar([slot[0] for slot in slots.split(", ") if slot], skills.split())
        for character in pair.answer:
            rest = derivative(rest, character)
            assert rest != NOTHING, pair
        assert may_end(rest)


def test_nearly_all_samples_can_be_linked() -> None:
    drawn = list(islice(draw(5, "train"), 120))
    kept = len(list(islice(pairs(5), 110)))
    assert kept == 110 and len(drawn) == 120


def test_a_fifth_is_to_be_declined() -> None:
    answers = Counter(pair.answer in ("ask", "no") for pair in islice(pairs(3), 400))
    assert 0.1 < answers[True] / 400 < 0.3


def test_letters_are_exchanged_everywhere() -> None:
    pair = Pair("turn\nA thing at B, B surface\nput A on B\n", "put A B")
    other = relettered(pair, Random(1))
    first, second = other.answer.split()[1:]
    assert other.prompt == f"turn\n{first} thing at {second}, {second} surface\nput {first} on {second}\n"


def test_rooms_hold_together() -> None:
    for seed in range(20):
        room = draw_room(Random(seed), "ep")
        assert set(room.nouns) == {e.id for e in room.scene.entities()}
        assert len(room.doors()) >= 1


def _sample(means: str, **named: Named) -> Sample:
    scene = PlanningScene.parse(
        {
            "robot": {"name": "ep"},
            "locations": [
                {"id": "table", "name": "table", "class": "table", "kind": "surface"},
                {"id": "box", "name": "box", "class": "box", "kind": "container"},
                {"id": "user", "name": "user", "class": "person", "kind": "person"},
            ],
            "objects": [
                {"id": "can_1", "name": "red can", "class": "can", "at": "table"},
                {"id": "can_2", "name": "blue can", "class": "can", "at": "box"},
            ],
        }
    )
    assert scene.robot == Robot(name="ep")
    nouns = {"table": "table", "box": "box", "user": "user", "can_1": "can", "can_2": "can"}
    room = Room(scene, nouns, {"can_1": "red", "can_2": "blue"})
    return Sample("", room, "ep", means, tuple(named), named)


CAN, BOX, TABLE = Named("the red can", ("can_1",)), Named("the box", ("box",)), Named("the table", ("table",))
CANS = Named("the cans", ("can_1", "can_2"))


def test_outcomes_follow_from_ids_alone() -> None:
    def goals(means: str, **named: Named) -> set[str]:
        outcome = outcome_of(_sample(means, **named))
        assert outcome is not None and not outcome.only_decline
        return set(outcome.goals)

    assert goals("put T_0 P_0", T_0=CAN, P_0=BOX) == {"on(can_1, box)"}
    assert goals("put T_0@Q_0 P_0", T_0=CANS, Q_0=TABLE, P_0=BOX) == {"on(can_1, box)"}
    assert goals("put T_0-U_0 P_0", T_0=CANS, U_0=CAN, P_0=TABLE) == {"on(can_2, table)"}
    assert goals("give T_0 me; go P_0", T_0=CAN, P_0=BOX) == {"on(can_1, user)", "at(box)"}
    assert goals("if there T_0@Q_0: go P_0", T_0=CAN, Q_0=BOX, P_0=BOX) == set()


def test_what_is_missing_or_ambiguous_is_to_be_declined() -> None:
    for named in (Named("the florb", ()), Named("the can", ("can_1",), unclear=True)):
        outcome = outcome_of(_sample("take T_0", T_0=named))
        assert outcome is not None and outcome.only_decline


def test_parse_reads_programs_over_variables() -> None:
    assert parse("put T_0@Q_0x-U_1 P_0").statements[0].arguments[0][0].at == ("Q_0x",)
