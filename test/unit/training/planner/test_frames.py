from random import Random

import pytest

from robomatrix.errors import ConfigurationError
from robomatrix.scheduling.compact.program import parse
from robomatrix.training.planner.frames import Frame, load_frames

FRAMES = load_frames()


def test_every_frame_means_a_program() -> None:
    for section, frames in FRAMES.sections.items():
        for frame in frames:
            said = FRAMES.expand(frame, Random(0))
            parse(f"{said.means}: wait" if section == "conditions" else said.means)


def test_every_variable_of_a_program_is_said() -> None:
    for frames in FRAMES.sections.values():
        for frame in frames:
            meant = {word for part in frame.means.replace(";", " ").replace(":", " ").split() for word in _terms(part)}
            assert all(f"{{{word}}}" in frame.say for word in meant), frame


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


def test_the_test_has_frames_of_its_own_in_every_section() -> None:
    for section in ("manipulation", "conditions", "decline", "idle", "shooter", "mobile", "humanoid", "player", "hand"):
        held_out = {f.say for f in FRAMES.sections[section] if f.held_out}
        assert held_out and not held_out & {f.say for f in FRAMES.sections[section] if not f.held_out}
