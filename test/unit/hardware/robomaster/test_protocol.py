"""What the driver sends, and how it reads what a robot (or noise) sends back."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robomatrix.errors import DriverError
from robomatrix.hardware.robomaster.protocol import (
    Answer,
    AnswerReader,
    command,
    parse_answer,
    parse_broadcast,
    parse_event,
    parse_push,
)


def test_commands_are_written_as_documented() -> None:
    words = ("chassis", "speed", "x", 0.5, "y", -0.1, "z", 30.0)
    assert command(*words, seq=7) == b"chassis speed x 0.500 y -0.100 z 30.000 seq 7;"
    assert command("command") == b"command;"


@pytest.mark.parametrize(
    ("raw", "answer"),
    [
        (b"ok", Answer("ok")),
        (b"ok seq 12", Answer("ok", 12)),
        (b" ok  seq 12 ", Answer("ok", 12)),
        (b"Already in SDK mode seq 1", Answer("Already in SDK mode", 1)),
        (b"0.1 -0.2 30 0 0 0 0 seq 3", Answer("0.1 -0.2 30 0 0 0 0", 3)),
        (b"version 00.00.00.60", Answer("version 00.00.00.60")),
    ],
)
def test_answers_are_read_with_and_without_a_sequence_number(raw: bytes, answer: Answer) -> None:
    assert parse_answer(raw) == answer


def test_only_ok_and_already_in_sdk_mode_are_acceptance() -> None:
    assert Answer("ok").accepted
    assert Answer("Already in SDK mode").accepted
    assert not Answer("error").accepted
    assert not Answer("okay").accepted


def test_numbers_must_be_enough_and_finite() -> None:
    assert Answer("1 2 3").numbers(2) == (1.0, 2.0)
    for body in ("1", "", "nan 2", "1 x", "inf 1"):
        with pytest.raises(DriverError, match="expected 2 numbers"):
            Answer(body).numbers(2)


@given(st.lists(st.sampled_from([b"ok seq 1;", b"error;", b"1.0 2.0 seq 33;"]), max_size=8), st.data())
def test_answers_do_not_depend_on_how_the_stream_is_cut(messages: list[bytes], data: st.DataObject) -> None:
    stream, reader, found = b"".join(messages), AnswerReader(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += reader.feed(stream[:size])
        stream = stream[size:]
    assert found == [parse_answer(m[:-1]) for m in messages]


def test_a_flood_without_semicolons_is_thrown_away() -> None:
    reader = AnswerReader()
    assert list(reader.feed(b"x" * 5000)) == []
    assert list(reader.feed(b";ok seq 1;")) == [Answer("ok", 1)]


def test_pushes_may_share_a_datagram_and_leave_the_prefix_out() -> None:
    push = parse_push(b"chassis push position 1.0 -2.0 30 ;attitude 1 2 3 ;status 1 0 0 0 0 0 0 0 0 0 0 ;")
    assert push.values == {
        "position": (1.0, -2.0, 30.0), "attitude": (1.0, 2.0, 3.0), "status": (1.0, *[0.0] * 10),
    }  # fmt: skip
    assert parse_push(b"chassis push attitude 1 2 3; chassis push position 4 5 6;").values.keys() == {
        "attitude",
        "position",
    }
    assert parse_push(b"gimbal push attitude 10.5 -20;").values == {"gimbal": (10.5, -20.0)}


@pytest.mark.parametrize(
    "datagram",
    [
        b"", b";", b"chassis push", b"chassis push position 1 2;", b"chassis push position 1 2 nan;", b"\xff\xfe\x00;",
        b"chassis push position 1 2 3 4;", b"chassis push mood 1;", b"gimbal push attitude 1;", b"robot ip 1.2.3.4;",
        b"chassis push position 1 2 3;\xff", b"chassis push position 1 2 3;status 1;",
    ],
)  # fmt: skip
def test_a_malformed_push_is_dropped_whole(datagram: bytes) -> None:
    assert parse_push(datagram) is None


def test_events_and_broadcasts() -> None:
    assert parse_event(b"armor event hit 1 0 ") == ("armor", "hit", "1", "0")
    assert parse_event(b"armor hit 1 0") is None
    assert parse_broadcast(b"robot ip 192.168.1.20 ;") == "192.168.1.20"
    assert parse_broadcast(b"robot ip 192.168.1.20") == "192.168.1.20"
    for bad in (b"robot ip 300.1.1.1;", b"robot ip 1.2.3;", b"robot up 1.2.3.4;", b"robot ip 1.2.3.4; rm", b"\xff"):
        assert parse_broadcast(bad) is None


@given(st.binary(max_size=120))
def test_no_bytes_break_the_readers(raw: bytes) -> None:
    list(AnswerReader().feed(raw + b";"))
    parse_event(raw)
    parse_broadcast(raw)
    push = parse_push(raw)
    assert push is None or all(math.isfinite(v) for values in push.values.values() for v in values)


@given(st.binary(max_size=40), st.integers(0, 60))
def test_a_spoilt_push_is_never_half_believed(noise: bytes, at: int) -> None:
    whole = b"chassis push position 1.000 2.000 3.000 ;attitude 1.0 2.0 3.0 ;"
    push = parse_push(whole[:at] + noise + whole[at:])
    if push is not None:
        assert all(len(v) == 3 for key, v in push.values.items() if key != "status")
