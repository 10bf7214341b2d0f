"""Answers cut into pieces anywhere, also within a letter."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robomatrix.errors import PlanningError
from robomatrix.scheduling.planners.streaming import AnswerReader, PassingError, UnfitError

CUTS = st.lists(st.integers(0, 10_000), max_size=8)


def event(content: str | None, reason: str | None = None, end: str = "\n\n") -> bytes:
    choice = {"delta": {"content": content}, "finish_reason": reason}
    return f"data: {json.dumps({'choices': [choice]}, ensure_ascii=False)}{end}".encode()


def read(body: bytes, cuts: list[int]) -> str:
    reader, text = AnswerReader(), ""
    edges = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    for start, end in zip(edges, edges[1:], strict=False):
        text += reader.feed(body[start:end])
    return text + reader.close()


@given(st.lists(st.text(), max_size=5), CUTS, st.sampled_from(["\n\n", "\r\n\r\n"]), st.sampled_from([0, 1]))
def test_a_stream_is_read_however_it_is_cut(texts: list[str], cuts: list[int], end: str, done: int) -> None:
    body = b": a comment\n\n" + b"".join(event(text, end=end) for text in texts) + event(None, "stop", end)
    assert read(body + b"data: [DONE]\n\n" * done, cuts) == "".join(texts)


@given(st.text(), CUTS, st.sampled_from([None, 2]))
def test_a_whole_answer_is_read_however_it_is_cut(text: str, cuts: list[int], indent: int | None) -> None:
    answer = {"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}
    assert read(json.dumps(answer, ensure_ascii=False, indent=indent).encode(), cuts) == text


@given(st.binary())
def test_whatever_comes_is_text_or_an_error_of_ours(body: bytes) -> None:
    try:
        assert isinstance(read(body, [3]), str)
    except (PlanningError, PassingError):
        return


def test_text_comes_as_soon_as_its_line_is_whole() -> None:
    reader, line = AnswerReader(), event("can")
    assert reader.feed(line[:-2]) == ""
    assert reader.feed(line[-2:]) == "can"
    assert not reader.ended
    reader.feed(b"data: [DONE]\n")
    assert reader.ended


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        (event("half"), PassingError, "broke off"),
        (event("half", "length"), UnfitError, "cut the answer off"),
        (b'{"choices": [{"message": {"content": "half"}, "finish_reason": "length"}]}', UnfitError, "cut"),
        (b'{"choices": [{"message": {"content": null}}]}', PlanningError, "no text"),
        (b"data: nothing\n\n", PlanningError, "not of the protocol"),
        (b"", PlanningError, "not of the protocol"),
    ],
)
def test_what_is_no_answer_says_why(body: bytes, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        read(body, [])
