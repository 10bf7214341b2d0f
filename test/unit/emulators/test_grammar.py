"""The emulator's strict reader of the plaintext SDK."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robomatrix.emulators.ep.grammar import GrammarError, parse


@pytest.mark.parametrize(
    ("text", "name", "values"),
    [
        ("command", "command", {}),
        ("version ?", "version", {}),
        ("robot mode gimbal_lead", "set_mode", {"mode": "gimbal_lead"}),
        ("chassis speed x 0.1 y -3.5 z 600", "chassis_speed", {"x": 0.1, "y": -3.5, "z": 600.0}),
        ("chassis wheel w1 10 w2 -20 w3 30 w4 1000", "chassis_wheel", {"w1": 10, "w2": -20, "w3": 30, "w4": 1000}),
        ("chassis move y 0.5 vxy 1", "chassis_move", {"y": 0.5, "vxy": 1.0}),
        ("chassis push position on pfreq 30 status off", "chassis_push",
         {"position": "on", "pfreq": "30", "status": "off"}),
        ("chassis push attitude on freq 50", "chassis_push", {"attitude": "on", "freq": "50"}),
        ("gimbal moveto p 10 y -30 vp 20", "gimbal_moveto", {"p": 10.0, "y": -30.0, "vp": 20.0}),
        ("blaster bead 5", "set_bead", {"count": 5}),
        (
            "led control comp bottom_left r 255 g 0 b 7 effect blink", "led",
            {"comp": "bottom_left", "r": 255, "g": 0, "b": 7, "effect": "blink"},
        ),
        ("ir_distance_sensor distance 4 ?", "get_distance", {"id": 4}),
        ("sensor_adapter adc id 6 port 2 ?", "get_adc", {"id": 6, "port": 2}),
        ("robotic_arm moveto x 10.5 y -3", "arm_moveto", {"x": 10.5, "y": -3.0}),
        ("robotic_gripper open", "gripper_open", {}),
        ("robotic_gripper open 1", "gripper_open_bare", {"level": 1}),
        ("robotic_gripper close leve 4", "gripper_close", {"level": 4}),
        ("robotic_gripper close level 3", "gripper_close", {"level": 3}),
        ("stream on", "stream", {"switch": "on"}),
    ],
)  # fmt: skip
def test_documented_commands_are_read(text: str, name: str, values: dict) -> None:
    message = parse(text + " seq 12")
    assert (message.name, message.values, message.seq) == (name, values, "12")
    assert parse(text).seq is None


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", "unknown command"),
        ("fly up", "unknown command"),
        ("chassis speed x 1 y 1", "command format error"),
        ("chassis  speed x 1 y 1 z 1", "command format error"),
        ("chassis speed x 1 y 1 z 1 ", "command format error"),
        ("chassis speed y 1 x 1 z 1", "command format error"),
        ("chassis speed x 1e3 y 0 z 0", "command format error"),
        ("chassis speed x nan y 0 z 0", "command format error"),
        ("chassis wheel w1 1.5 w2 0 w3 0 w4 0", "command format error"),
        ("chassis speed x 3.6 y 0 z 0", "parameter out of range"),
        ("blaster bead 6", "parameter out of range"),
        ("chassis push position on pfreq 7", "command format error"),
        ("robot mode fast", "command format error"),
        ("stream maybe", "command format error"),
        ("Command", "unknown command"),
    ],
)
def test_everything_else_is_refused(text: str, answer: str) -> None:
    with pytest.raises(GrammarError, match=f"^{answer}$"):
        parse(text)


@given(st.text(max_size=80))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        parse(text)
    except GrammarError as error:
        assert str(error) in ("unknown command", "command format error", "parameter out of range")


@given(st.floats(-3.5, 3.5), st.floats(-3.5, 3.5), st.floats(-600, 600), st.integers(0, 9999))
def test_speeds_survive_the_wire(x: float, y: float, z: float, seq: int) -> None:
    message = parse(f"chassis speed x {x:.3f} y {y:.3f} z {z:.3f} seq {seq}")
    assert message.values == pytest.approx({"x": x, "y": y, "z": z}, abs=6e-4)
