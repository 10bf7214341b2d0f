import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robomatrix.errors import ConfigurationError
from robomatrix.scheduling.compact.linking import Linked
from robomatrix.scheduling.compact.wording import WORDS_FILE, in_known_words, known_words
from robomatrix.scheduling.language.lexicon import load_lexicon
from robomatrix.scheduling.language.text import word_set

KNOWN = word_set("put take cook in on into from by should be and the please putting no find")


def plain(text: str, known: frozenset[str] = KNOWN) -> str:
    return in_known_words(Linked(tuple(text.split()), ()), known, load_lexicon()).text


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("deposit A in B", "put A in B"),
        ("obtain A from B", "take A from B"),
        ("by depositing A in B", "by putting A in B"),
        ("A should be parked in B", "A should be put in B"),
        ("put A within B", "put A in B"),
        ("iron A", "cook A"),
        ("put A in B oops C", "put A in B no C"),
        ("put A in B", "put A in B"),
        ("florbling A in B", "florbling A in B"),
    ],
)
def test_unknown_words_are_said_in_plainer_ones(said, read) -> None:
    assert plain(said) == read


def test_without_a_list_of_words_nothing_changes() -> None:
    assert plain("deposit A atop B", frozenset()) == "deposit A atop B"


@given(st.lists(st.sampled_from([*"ABC", "deposit", "iron", "oops", "within", "the", "put", ",", "zzz"]), max_size=12))
def test_letters_are_neither_lost_nor_made_up(words) -> None:
    said = Linked(tuple(words), ())
    read = in_known_words(said, KNOWN, load_lexicon())
    assert [w for w in read.words if w.isupper()] == [w for w in words if w.isupper()]


def test_a_folder_may_say_which_words_its_model_knows(tmp_path) -> None:
    assert known_words(tmp_path) == frozenset()
    (tmp_path / WORDS_FILE).write_text(json.dumps(["put", "in"]))
    assert known_words(tmp_path) == {"put", "in"}
    (tmp_path / WORDS_FILE).write_text("{")
    with pytest.raises(ConfigurationError, match="words"):
        known_words(tmp_path)
