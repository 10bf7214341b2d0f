"""The plaintext SDK's commands, written as the documentation writes them, and a strict reader for them.

Source: DJI RoboMaster SDK, ``text_sdk/protocol_api``. A message is ``object command parameters [seq n];``. Where the
documentation and the clients in the field disagree (``leve``), both forms are listed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

Value = float | str

_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)"
_INTEGER = r"[+-]?\d+"
_PLACE = re.compile(r"<(?P<name>\w+):(?P<kind>[a-z]+)(?P<arguments>[^>]*)>")
_SEQUENCE = re.compile(r"^(?P<body>.*?)(?: seq (?P<seq>\d{1,10}))?$", re.DOTALL)

_SPEED, _TURN = "float -3.5 3.5", "float -600 600"
_RPM, _SWITCH, _RATE = "int -1000 1000", "one on off", "one 1 5 10 20 30 50"
_LIGHTS = "one all top_all top_right top_left bottom_all bottom_front bottom_back bottom_left bottom_right"
_COLOUR = "one red yellow blue green pink cyan"

GRAMMAR: dict[str, tuple[str, ...]] = {
    "command": ("command",),
    "quit": ("quit",),
    "version": ("version", "version ?"),
    "set_mode": ("robot mode <mode:one chassis_lead gimbal_lead free>",),
    "get_mode": ("robot mode ?",),
    "get_battery": ("robot battery ?",),
    "chassis_speed": (f"chassis speed x <x:{_SPEED}> y <y:{_SPEED}> z <z:{_TURN}>",),
    "chassis_wheel": (f"chassis wheel w1 <w1:{_RPM}> w2 <w2:{_RPM}> w3 <w3:{_RPM}> w4 <w4:{_RPM}>",),
    "chassis_move": (
        "chassis move[ x <x:float -5 5>][ y <y:float -5 5>][ z <z:int -1800 1800>]"
        "[ vxy <vxy:float 0.001 3.5>][ vz <vz:float 0.001 600>]",
    ),
    "get_chassis_speed": ("chassis speed ?",),
    "get_chassis_position": ("chassis position ?",),
    "get_chassis_attitude": ("chassis attitude ?",),
    "get_chassis_status": ("chassis status ?",),
    "chassis_push": (
        f"chassis push[ position <position:{_SWITCH}>][ pfreq <pfreq:{_RATE}>][ attitude <attitude:{_SWITCH}>]"
        f"[ afreq <afreq:{_RATE}>][ status <status:{_SWITCH}>][ sfreq <sfreq:{_RATE}>][ freq <freq:{_RATE}>]",
    ),
    "gimbal_speed": ("gimbal speed p <p:float -450 450> y <y:float -450 450>",),
    "gimbal_move": (
        "gimbal move[ p <p:float -55 55>][ y <y:float -55 55>][ vp <vp:float 0 540>][ vy <vy:float 0 540>]",
    ),
    "gimbal_moveto": (
        "gimbal moveto[ p <p:float -25 30>][ y <y:float -250 250>][ vp <vp:float 0 540>][ vy <vy:float 0 540>]",
    ),
    "gimbal_suspend": ("gimbal suspend",),
    "gimbal_resume": ("gimbal resume",),
    "gimbal_recenter": ("gimbal recenter",),
    "get_gimbal_attitude": ("gimbal attitude ?",),
    "gimbal_push": (f"gimbal push attitude <attitude:{_SWITCH}>[ afreq <afreq:{_RATE}>]",),
    "set_bead": ("blaster bead <count:int 1 5>",),
    "get_bead": ("blaster bead ?",),
    "fire": ("blaster fire",),
    "set_armor": ("armor sensitivity <level:int 1 10>",),
    "get_armor": ("armor sensitivity ?",),
    "armor_event": (f"armor event hit <switch:{_SWITCH}>",),
    "sound_event": (f"sound event applause <switch:{_SWITCH}>",),
    "pwm": (
        "pwm value <mask:int 0 65535> <value:float 0 100>",
        "pwm freq <mask:int 0 65535> <value:int 0 65535>",
    ),
    "led": (
        f"led control comp <comp:{_LIGHTS}> r <r:int 0 255> g <g:int 0 255> b <b:int 0 255>"
        " effect <effect:one solid off pulse blink scrolling>",
    ),
    "get_adc": ("sensor_adapter adc id <id:int 1 6> port <port:int 1 2> ?",),
    "get_io": ("sensor_adapter io_level id <id:int 1 6> port <port:int 1 2> ?",),
    "sensor_event": (f"sensor_adapter event io_level <switch:{_SWITCH}>",),
    "measure": (f"ir_distance_sensor measure <switch:{_SWITCH}>",),
    "get_distance": ("ir_distance_sensor distance <id:int 1 4> ?",),
    "servo_angle": ("servo angle id <id:int 1 3> angle <angle:float -180 180>",),
    "servo_speed": ("servo speed id <id:int 1 3> speed <speed:float -1800 1800>",),
    "servo_stop": ("servo stop", "servo stop id <id:int 1 3>"),
    "get_servo_angle": ("servo angle id <id:int 1 3> ?",),
    "arm_move": ("robotic_arm move x <x:float -1000 1000> y <y:float -1000 1000>",),
    "arm_moveto": ("robotic_arm moveto x <x:float -1000 1000> y <y:float -1000 1000>",),
    "arm_recenter": ("robotic_arm recenter",),
    "arm_stop": ("robotic_arm stop",),
    "get_arm": ("robotic_arm position ?",),
    "gripper_open": ("robotic_gripper open[ leve <level:int 1 4>]", "robotic_gripper open level <level:int 1 4>"),
    "gripper_open_bare": ("robotic_gripper open <level:int 1 4>",),
    "gripper_close": ("robotic_gripper close[ leve <level:int 1 4>]", "robotic_gripper close level <level:int 1 4>"),
    "gripper_close_bare": ("robotic_gripper close <level:int 1 4>",),
    "get_gripper": ("robotic_gripper status ?",),
    "ai_attribute": (
        f"AI attribute[ line_color <line:{_COLOUR}>][ marker_color <marker:{_COLOUR}>]"
        "[ marker_dist <dist:float 0.5 3>]",
    ),
    "ai_push": (f"AI push <what:one person gesture line marker robot> <switch:{_SWITCH}>",),
    "exposure": ("camera exposure <level:one default small medium large>",),
    "stream": (f"stream <switch:{_SWITCH}>",),
    "audio": (f"audio <switch:{_SWITCH}>",),
    "game_msg": (f"game_msg <switch:{_SWITCH}>",),
}


class GrammarError(Exception):
    """A message that is not in the language; the text is what the robot answers."""


@dataclass(frozen=True)
class Message:
    """One command that was understood."""

    name: str
    """Key in :data:`GRAMMAR`."""
    values: dict[str, Value]
    seq: str | None


@dataclass(frozen=True)
class _Place:
    """A parameter's range or choices."""

    kind: str
    arguments: tuple[str, ...]

    def read(self, text: str) -> Value:
        if self.kind == "one":
            return text
        low, high = map(float, self.arguments)
        value = float(text)
        if not low <= value <= high:
            raise GrammarError("parameter out of range")
        return value


@dataclass(frozen=True)
class _Form:
    """One documented line, compiled."""

    name: str
    pattern: re.Pattern[str]
    places: dict[str, _Place] = field(default_factory=dict)

    @classmethod
    def compile(cls, name: str, line: str) -> _Form:
        places: dict[str, _Place] = {}
        parts, last = [], 0
        for match in _PLACE.finditer(line):
            parts.append(_literal(line[last : match.start()]))
            place = _Place(match["kind"], tuple(match["arguments"].split()))
            places[match["name"]] = place
            parts.append(f"(?P<{match['name']}>{_expression(place)})")
            last = match.end()
        parts.append(_literal(line[last:]))
        return cls(name, re.compile("".join(parts)), places)


def _literal(text: str) -> str:
    return re.escape(text).replace(r"\[", "(?:").replace(r"\]", ")?").replace(r"\ ", " ")


def _expression(place: _Place) -> str:
    if place.kind == "one":
        return "|".join(map(re.escape, place.arguments))
    return _INTEGER if place.kind == "int" else _NUMBER


_FORMS = tuple(_Form.compile(name, line) for name, lines in GRAMMAR.items() for line in lines)
_OBJECTS = frozenset(line.split("[")[0].split(" ")[0] for lines in GRAMMAR.values() for line in lines)


def parse(text: str) -> Message:
    """Reads one message without its semicolon; raises GrammarError with the answer to give."""
    body, seq = _split(text)
    for form in _FORMS:
        found = form.pattern.fullmatch(body)
        if found is not None:
            given = {key: value for key, value in found.groupdict().items() if value is not None}
            return Message(form.name, {key: form.places[key].read(value) for key, value in given.items()}, seq)
    raise GrammarError("command format error" if body.split(" ")[0] in _OBJECTS else "unknown command")


def sequence_of(text: str) -> str | None:
    """Returns the sequence number of a message that may be malformed otherwise."""
    return _split(text)[1]


def _split(text: str) -> tuple[str, str | None]:
    match = _SEQUENCE.fullmatch(text)
    return (match["body"], match["seq"]) if match is not None else (text, None)
