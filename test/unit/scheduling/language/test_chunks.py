import pytest

from robomatrix.scheduling.language.chunks import Chunker
from robomatrix.scheduling.language.entities import EntityIndex
from robomatrix.scheduling.language.lexicon import load_lexicon
from robomatrix.scheduling.language.text import tokenise


@pytest.fixture
def chunked(office):
    index, lexicon = EntityIndex(office), load_lexicon()
    return lambda text: Chunker(tokenise(text), index, lexicon).run()


@pytest.mark.parametrize(
    ("text", "quantity", "count", "words"),
    [
        ("the red can", "one", 1, ("red", "can")),
        ("a can", "any", 1, ("can",)),
        ("all of the cans", "all", 1, ("can",)),
        ("two cans", "count", 2, ("can",)),
        ("one of the red cans", "count", 1, ("red", "can")),
        ("each box", "each", 1, ("box",)),
        ("everything red", "all", 1, ("red", "thing")),
        ("the top of the table", "one", 1, ("table",)),
        ("something to drink", "any", 1, ("something", "to", "drink")),
        ("both cans", "all", 2, ("can",)),
    ],
)
def test_noun_phrases_have_quantities(chunked, text, quantity, count, words):
    (chunk,) = chunked(text)
    (thing,) = chunk.things
    assert (thing.quantity, thing.count, thing.words) == (quantity, count, words)


def test_relative_clauses_narrow_down_and_relations_do_not(chunked):
    chunks = chunked("the can that is on the table into the white box")
    assert [(c.relation, c.restrictive) for c in chunks if c.kind == "relation"] == [("on", True), ("in", False)]


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("90 degrees", 90.0, "deg"),
        ("half a metre", 0.5, "m"),
        ("a quarter turn", 0.25, "turn"),
        ("fifty cm", 50.0, "cm"),
        ("-2 m", -2.0, "m"),
    ],
)
def test_measures_are_read(chunked, text, value, unit):
    (chunk,) = chunked(text)
    assert (chunk.kind, chunk.value, chunk.unit) == ("measure", value, unit)


def test_exceptions_belong_to_what_they_narrow(chunked):
    (things, relation) = chunked("all the cans except the red one in the bin")
    assert things.things[0].without[0].words == ("red", "one")
    assert relation.things[0].words == ("bin",)
