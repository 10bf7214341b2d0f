import pytest

from robomatrix.scheduling.language.entities import EntityIndex
from robomatrix.scheduling.language.lexicon import load_lexicon
from robomatrix.scheduling.language.reading import read
from robomatrix.scheduling.safety import load_rules


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Open the drawer, provided that the box is empty", "open the drawer , if the box is empty"),
        ("as long as the box is empty open it", "if the box is empty open it"),
        ("Check whether the drawer is open. If so, close it.", "if the drawer is open , close it ."),
        ("look if the drawer is open . if not , open it", "unless the drawer is open , open it"),
        (
            "check if it is open . if so , close it . in any other case , open it",
            "if it is open , close it , otherwise open it",
        ),
        ("close it, but not if the box is empty", "close it , unless the box is empty"),
        ("It would be nice if the can were in the box", "make sure that the can were in the box"),
        ("the can would look better on the table", "the can belongs on the table"),
        ("the can rather than the ball", "the can instead of the ball"),
        ("put what you have to do in the box", "put what you have to do in the box"),
    ],
)
def test_other_ways_to_say_the_same_are_read_alike(office, said, meant) -> None:
    tokens = read(said, EntityIndex(office), load_lexicon(), load_rules())
    assert " ".join(token.text for token in tokens) == meant
