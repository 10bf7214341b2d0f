from collections import Counter
from itertools import islice
from random import Random

import pytest

from robomatrix.errors import ConfigurationError
from robomatrix.scheduling.compact.program import parse
from robomatrix.training.planner.frames import Frame, load_frames, split_of
from robomatrix.training.planner.samples import Sample, draw

FRAMES = load_frames()


def _programs() -> list[Frame]:
    """Returns all frames that mean a program of their own; moods and chains mean what is put into them."""
    return [f for name, frames in FRAMES.sections.items() if name != "facts" for f in frames if f.means]


def test_every_frame_means_a_program() -> None:
    for frame in _programs():
        said = FRAMES.expand(frame, Random(0))
        parse(f"{said.means}: wait" if said.means.startswith("if ") else said.means)
    for fact in FRAMES.sections["facts"]:
        parse(f"if {fact.means}: wait")


def test_every_variable_of_a_program_is_said() -> None:
    for frame in (*_programs(), *FRAMES.sections["facts"]):
        meant = {word for part in frame.means.replace(";", " ").replace(":", " ").split() for word in _terms(part)}
        assert all(f"{{{word}}}" in frame.say for word in meant), frame
        assert not frame.contrary or all(f"{{{word}}}" in frame.contrary for word in meant), frame


def _terms(word: str) -> list[str]:
    pieces = word.replace("@", "+").replace("-", "+").split("+")
    return [piece for piece in pieces if piece[:1].isupper()]


def test_alternatives_are_drawn_and_noted_in_order() -> None:
    frame = Frame("(turn|spin) (left|right) [by] {Nd}", "call turn turn $1 Nd")
    said = {FRAMES.expand(frame, Random(seed)) for seed in range(40)}
    assert len(said) == 8
    assert all(("left" in s.words) == ("left" in s.means) for s in said)


def test_a_bracket_that_stays_open_is_an_error() -> None:
    with pytest.raises(ConfigurationError):
        FRAMES.expand(Frame("(put|place {T}", ""), Random(0))


def test_old_test_frames_stand_in_every_section_and_training_never_says_them() -> None:
    for section in ("orders", "sentences", "conditions", "decline", "idle", "shooter", "humanoid", "player", "hand"):
        assert any(f.held_out for f in FRAMES.sections[section])
    assert FRAMES.is_reserved(["please", "clear", "off", "{P_0}", "into", "{Q_0}"])
    assert not FRAMES.is_reserved(["please", "close", "{O_0}"])
    for sample in islice(draw(21, "train"), 150):
        assert not FRAMES.is_reserved(_slotted(sample)), sample.instruction


def _slotted(sample: Sample) -> list[str]:
    """Returns an instruction with variables for its phrases."""
    text = f" {sample.instruction} "
    for variable in sorted(sample.named, key=lambda v: -len(sample.named[v].text)):
        text = text.replace(f" {sample.named[variable].text} ", f" {{{variable}}} ")
    return text.split()


def test_verbs_take_the_form_that_is_asked_for() -> None:
    frame = Frame("%open {O} , then (pick|lift)/(picking|lifting)/(picked|lifted) {T} up", "open O; take T")
    gerund = FRAMES.expand(frame, Random(3), form="gerund").words
    assert gerund[0].endswith("ing") or gerund[1].endswith("ing")
    assert gerund[gerund.index("then") + 1] in ("picking", "lifting")


def test_kept_words_never_occur_in_training_and_do_in_the_test() -> None:
    rare = {v.split("/")[0] for v in FRAMES.verbs["put"] if FRAMES.unseen(v.split("/")[0])}
    assert rare and "put" not in rare
    say = Frame("%put {T} $rel {P}", "put T P")
    train = {FRAMES.expand(say, Random(seed)).words[0] for seed in range(500)}
    test = {FRAMES.expand(say, Random(seed), "test").words[0] for seed in range(500)}
    single = {verb for verb in rare if " " not in verb}
    assert not single & train and single <= test


def test_combinations_of_mood_and_action_are_held_out_by_their_text() -> None:
    splits = Counter(
        split_of(f"{mood.say}|{action.say}")
        for mood in FRAMES.sections["moods.base"]
        for action in FRAMES.sections["actions.active"]
    )
    assert 0.07 < splits["test"] / sum(splits.values()) < 0.13
    assert splits["train"] > 5000
