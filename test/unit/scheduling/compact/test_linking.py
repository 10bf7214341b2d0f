import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robomatrix.scheduling.compact.linking import LETTERS, Linked, Linker
from robomatrix.scheduling.language.entities import EntityIndex
from robomatrix.scheduling.language.lexicon import load_lexicon
from robomatrix.scheduling.language.reading import read
from robomatrix.scheduling.safety import load_rules
from robomatrix.scheduling.scene import PlanningScene


def linked(text: str, scene: PlanningScene, letters: str = LETTERS) -> Linked:
    index = EntityIndex(scene)
    return Linker(read(text, index, load_lexicon(), load_rules()), index, load_lexicon(), letters).run()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("put the red can in the white box", "put A in B"),
        ("Put all the cans on the brown table into the drawer.", "put A on B into C ."),
        ("could you take the florb to the bin", "could you take A to B"),
        ("if the drawer is closed open it", "if A is closed open it"),
        ("turn left ninety degrees then drive 2 metres forward", "turn left A then drive B forward"),
        ("put the green can next to the yellow ball , then close the drawer", "put A next to B , then close C"),
        ("open the drawer, after that shut it", "open A , after that shut it"),
        ("move everything except the knife to the blue box", "move A except B to C"),
    ],
)
def test_phrases_and_measures_become_letters(office: PlanningScene, text: str, expected: str) -> None:
    assert linked(text, office).text == expected


def test_slots_say_what_is_known_of_them(office: PlanningScene) -> None:
    slots = linked("put all the cans on the table and the florb in the drawer", office).slots
    assert [str(slot) for slot in slots] == ["A thing many at B", "B surface", "C nothing", "D door"]


def test_letters_are_given_in_the_order_that_is_asked_for(office: PlanningScene) -> None:
    assert linked("put the red can in the bin", office, "QZ").text == "put Q in Z"


def test_the_other_colour_is_linked_by_the_noun_before(office: PlanningScene) -> None:
    slots = linked("put the red can in the bin and the green one in the blue box", office).slots
    assert slots[2].candidates == {"green_can"}


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=120))
def test_links_anything_and_never_uses_a_letter_twice(text: str) -> None:
    scene = PlanningScene.parse({"robot": {"name": "ep"}})
    found = linked(text, scene)
    assert len({slot.letter for slot in found.slots}) == len(found.slots) <= len(LETTERS)


def test_an_echo_takes_no_longer_than_other_words(office: PlanningScene) -> None:
    index = EntityIndex(office)
    tokens = read("bin " * 500, index, load_lexicon(), load_rules())
    began = time.process_time()
    Linker(tokens, index, load_lexicon()).run()
    assert time.process_time() - began < 1.0
