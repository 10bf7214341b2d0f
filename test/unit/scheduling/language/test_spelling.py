import pytest

from robomatrix.scheduling.language.spelling import Speller
from robomatrix.scheduling.language.text import tokenise

SPELLER = Speller(
    {"drawer", "bottle", "white", "can"}, frozenset({"please", "place", "put", "break", "bread", "moved", "the"})
)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("drawr", "drawer"),
        ("botle", "bottle"),
        ("bottel", "bottle"),
        ("wite", "white"),
        ("cann", "can"),
        ("plase", "please"),
        ("placed", "placed"),
        ("break", "break"),
        ("xyzzy", "xyzzy"),
        ("cat", "cat"),
    ],
)
def test_one_slip_is_mended_and_words_stay(written, meant):
    assert SPELLER.correct(tokenise(written))[0].text == meant
