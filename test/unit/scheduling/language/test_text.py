import pytest
from hypothesis import given
from hypothesis import strategies as st

from robomatrix.scheduling.language.text import lemmas, normalise, singular, tokenise


@pytest.mark.parametrize(
    ("word", "one"),
    [
        ("boxes", "box"),
        ("cans", "can"),
        ("knives", "knife"),
        ("shelves", "shelf"),
        ("berries", "berry"),
        ("cookies", "cookie"),
        ("dishes", "dish"),
        ("potatoes", "potato"),
        ("glass", "glass"),
        ("bus", "bus"),
        ("this", "this"),
        ("people", "person"),
    ],
)
def test_plurals_become_singular(word, one):
    assert singular(word) == one


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Don't", "do not"),
        ("I\u2019d like", "i would like"),
        ("the drill's supposed to go", "the drill should go"),
        ("45\u00b0", "45 degrees"),
        ("the can \u2013 no, the ball", "the can , no, the ball"),
        ("cans & balls", "cans  and  balls"),
    ],
)
def test_writing_is_levelled(text, plain):
    assert normalise(text).split() == plain.split()


def test_words_numbers_and_marks_are_told_apart():
    tokens = tokenise("Put the Coca-Cola in the t-shirt_drawer, then drive 0.5m.")
    assert [t.text for t in tokens][:8] == ["put", "the", "coca", "cola", "in", "the", "t", "shirt"]
    assert [t.number for t in tokens if t.number is not None] == [0.5]


@given(st.text(max_size=80))
def test_any_text_has_tokens_without_spaces(text):
    assert all(t.text and not t.text.isspace() for t in tokenise(text))
    assert lemmas(text) == lemmas(text)
