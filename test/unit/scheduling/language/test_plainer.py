import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robomatrix.scheduling.language.plainer import plainer


def said(text: str) -> str:
    return " ".join(plainer(text, {}).split())


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("the person picks up the cup and puts it on the table", "picks up the cup and puts it on the table"),
        ("we need to clean up. put the cup in the sink", "put the cup in the sink"),
        ("cup -> sink", "cup to sink"),
        ("Put the following items in the sink: 1 cup, 1 plate", "put 1 cup, 1 plate in the sink"),
        ("store these things:\n- 1 cup\n- 1 plate", "store 1 cup , 1 plate"),
        ("- cup to the sink\n- plate to the shelf", ". cup to the sink , plate to the shelf"),
        (
            "bring 1 fork 1 wine glass 1 glass of water and 1 plate",
            "bring 1 fork , 1 wine glass , 1 glass of water and 1 plate",
        ),
        ("set the dining table with a fork and a plate", "put a fork and a plate on the dining table"),
        ("load the dishwasher with the cups, then close it", "put the cups in the dishwasher, then close it"),
        ("make sure no tools are left on the bench", "clear all the tools off the bench"),
        ("hang a left, then go", "turn left, then go"),
        ("pour it on the phone to see if it works", "pour it on the phone to see if it works"),
        ("the mug with the white color", "the mug that is white"),
        ("the box with the same color", "the box with the same color"),
        ("put it there, but the pillow can stay", "put it there . leave the pillow alone"),
        ("everything that isn't sharp", "everything except all sharp things"),
        ("put it in the box , wait , no , the bag", "put it in the box , , no wait , the bag"),
        ("move the cup you must not touch the plate", "move the cup . you must not touch the plate"),
        ("there is no the cup", "there is no the cup"),
        ("check if it is open and then if so close it", "if it is open , close it"),
        ("give it half a turn", "rotate it by 180 degrees"),
        ("don't drop it for the next 15 seconds", "hold it for 15 seconds"),
        ("stay where you are for five seconds", "stand still for five seconds"),
        ("stay where you are", "stay where you are"),
        ("the cup given to me", "the cup given to me"),
        ("given that the box is open", "if the box is open"),
        ("get the ball along with the can into the box", "get the ball and the can into the box"),
        ("put the ball together with the can", "put the ball together with the can"),
        ("leave the can with the child", "leave the can with the child"),
        ("put the can in the box, leave the ball", "put the can in the box . leave the ball alone ."),
        ("stand by the table", "go to the table"),
    ],
)
def test_turns_of_phrase_are_said_more_plainly(text: str, plain: str) -> None:
    assert said(text) == plain


def test_frequent_slips_are_mended() -> None:
    assert plainer("Put teh cup down", {"teh": "the"}) == "put the cup down"


@given(st.text(max_size=300))
def test_any_text_is_taken_and_stays_of_bounded_length(text: str) -> None:
    assert len(plainer(text, {})) <= 4 * len(text.lower()) + 60


@pytest.mark.parametrize(
    "text", [" " * 1990, "\n" * 1990, ", " * 990, "\t \n" * 660, "the mug " * 240, "while i am " * 180]
)
def test_long_runs_take_no_time(text):
    began = time.process_time()
    plainer(text, {})
    assert time.process_time() - began < 1.0
