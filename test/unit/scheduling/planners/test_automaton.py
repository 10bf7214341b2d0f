import json
import random

import pytest

from robomatrix.scheduling.plan import PlanRequest
from robomatrix.scheduling.planners.automaton import (
    NOTHING,
    VocabularyTree,
    derivative,
    may_end,
    schema_grammar,
)
from robomatrix.scheduling.schema import plan_schema, read_answer
from robomatrix.skills.mobile_manipulation.specs import SPECS

EP = tuple(spec for spec in SPECS if "ep" in spec.robots)


def accepts(expression, text):
    for character in text:
        expression = derivative(expression, character)
    return may_end(expression)


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string", "enum": ["a", "ab"]}, ['"a"', '"ab"'], ['"b"', "a", '"a" ']),
        ({"type": "number"}, ["0", "-3.5", "120", "7.25"], ["", "-", "1.", "1234567", "a"]),
        (
            {"type": "array", "items": {"type": "boolean"}},
            ["[]", "[true]", "[true, false]"],
            ["[true,]", "[,true]", "["],
        ),
        (
            {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}},
            ['{"a": 1, "b": "x"}'],
            ['{"b": "x", "a": 1}', '{"a": 1}', "{}"],
        ),
    ],
)
def test_a_grammar_matches_the_texts_of_its_schema(schema, good, bad):
    grammar = schema_grammar(schema)
    assert [accepts(grammar, text) for text in good] == [True] * len(good)
    assert [accepts(grammar, text) for text in bad] == [False] * len(bad)


def test_whatever_a_model_chooses_the_answer_can_be_read(office):
    request = PlanRequest("x", office, EP)
    texts = [
        *(chr(c) for c in range(32, 127)),
        "red_can",
        '"skill"',
        ': "',
        '", "',
        "grasp",
        '"}',
        "move_to",
        "ok",
        '"]',
    ]
    tree = VocabularyTree(texts)
    chance = random.Random(3)
    for _ in range(6):
        rest, written = schema_grammar(plan_schema(request)), ""
        while not (may_end(rest) and rest == derivative(rest, "")) and len(written) < 4000:
            tokens = tree.allowed(rest)
            if not tokens:
                break
            closing = [t for t in tokens if texts[t] in '"]}']
            token = chance.choice(closing if closing and chance.random() < 0.5 else tokens)
            rest, written = tree.after(rest, token), written + texts[token]
            assert rest != NOTHING
        data = json.loads(written)
        assert set(data) == {"goal", "status", "message", "missing", "steps"}
        if data["status"] != "ok" or data["goal"] or data["steps"]:
            _readable(written, request)


def _readable(written, request):
    """Ids and skills are right by construction; only a number may be out of its range."""
    try:
        read_answer(written, request)
    except Exception as error:  # noqa: BLE001 - the assertion below names it
        assert "must be from" in str(error)
