"""Finds the arguments of a called skill in what was said: measures, directions, choices, things.

Nothing here knows a particular robot: types, units, names of axes and ranges come from the skill's spec.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from robomatrix.scheduling.language.chunks import Chunk
from robomatrix.scheduling.language.discourse import Role
from robomatrix.scheduling.language.phrases import NounPhrase
from robomatrix.scheduling.language.reference import Resolver
from robomatrix.scheduling.language.text import Token, lemmas
from robomatrix.skills.spec import Parameter, SkillSpec, Value

_TO_SI = {"m": 1.0, "cm": 0.01, "mm": 0.001, "ft": 0.3048, "in": 0.0254, "s": 1.0, "min": 60.0, "m/s": 1.0, "": 1.0}
_TO_DEGREES = {"deg": 1.0, "rad": 180.0 / math.pi, "turn": 360.0}
_ALONG = {"forward": 1.0, "backward": -1.0}
_ACROSS = {"left": 1.0, "right": -1.0}
_OUTWARD = {"outward": 1.0, "sideways": 1.0}
_SIDES = ("hand", "foot")
"""Parameters that choose a side of the body; outward is away from the other side."""
_BODY_PARTS = frozenset({"hand", "arm", "foot", "leg"})
_UPWARD = {"up": 1.0, "down": -1.0}
_AXES = (
    (frozenset({"x", "forward", "vx", "dx", "distance"}), _ALONG),
    (frozenset({"y", "left", "vy", "dy", "lateral"}), _ACROSS),
    (frozenset({"z", "dz", "up"}), _UPWARD),
    (frozenset({"outward"}), _OUTWARD),
)
_QUARTER = 90.0
_PACE, _SWING = 0.4, 0.5
"""Velocities where none is said [m/s, rad/s]."""
_SMALL, _SHARE = 1.0, 0.8
_RISING = frozenset({"raise", "lift", "hold"})
_STANDING = frozenset({"stand", "rise", "get"})
_TURNING = frozenset({"turn", "rotate", "spin", "pivot", "face"})
_HALF = 180.0


@dataclass
class Filling:
    """Arguments found so far, and the chunks that gave them."""

    values: dict[str, Value] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class Filler:
    """Fills the parameters of one skill from the chunks of one clause."""

    spec: SkillSpec
    chunks: Sequence[Chunk]
    tokens: Sequence[Token]
    resolver: Resolver
    filling: Filling

    def fill(self) -> None:
        """Finds what can be found; what is required and was not said stays open."""
        if self._is_velocity():
            self._velocity()
        for parameter in self.spec.parameters:
            if parameter.name in self.filling.values:
                continue
            match parameter.type:
                case "choice":
                    self._choice(parameter)
                case "number" | "integer":
                    self._number(parameter)
                case "location" | "object":
                    self._entity(parameter)
                case _:
                    pass
        self._frame()
        self._remaining_directions()

    def _frame(self) -> None:
        """A place that is said by a way and a distance is meant from where the robot stands then."""
        frame = next((p for p in self.spec.parameters if p.name == "frame" and "robot" in p.choices), None)
        if frame and {"x", "y"} & set(self.filling.values) and not {"x", "y"} & {t.text for t in self.tokens}:
            self._set(frame, "robot")

    def _set(self, parameter: Parameter, value: Value, *used: int) -> None:
        self.filling.values[parameter.name] = value
        self.filling.used.update(used)

    # --- choices -------------------------------------------------------------------------------------------------

    def _choice(self, parameter: Parameter) -> None:
        words = [t.lemma for t in self.tokens]
        side, said = self._of_body()
        if side in parameter.choices:  # "to the left with your right foot"
            self._set(parameter, side, *said)
            return
        for i, chunk in enumerate(self.chunks):
            if chunk.kind == "direction" and (choice := _direction_choice(chunk.text, parameter.choices)):
                self._set(parameter, choice, i)
                return
        for choice in parameter.choices:
            if set(lemmas(choice)) <= set(words):
                used = [i for i, c in enumerate(self.chunks) if set(lemmas(choice)) & _chunk_words(c)]
                self._set(parameter, choice, *used)
                return

    # --- numbers -------------------------------------------------------------------------------------------------

    def _number(self, parameter: Parameter) -> None:
        if self._named(parameter):
            return
        if parameter.unit in ("deg", "rad"):
            self._angle(parameter)
            return
        axis = next((signs for names, signs in _AXES if parameter.name.lower() in names), None)
        direction = self._direction_for(axis) if axis else None
        for i, chunk in enumerate(self.chunks):
            if i in self.filling.used or chunk.kind != "measure" or not _fits_unit(chunk.unit, parameter):
                continue
            undirected = axis is not None and direction is None and self._axes() > 1
            if undirected and axis is not self._natural_axis():
                continue
            if axis is not None and self._axes() > 1 and not self._is_nearest_measure(i, direction):
                continue
            value = chunk.value * _TO_SI.get(chunk.unit, 1.0) * self._sign(axis, direction)
            used = [i] if direction is None else [i, direction]
            self._set(parameter, int(value) if parameter.type == "integer" else round(value, 6), *used)
            return
        self._without_measure(parameter, axis, direction)

    def _without_measure(self, parameter: Parameter, axis: Mapping[str, float] | None, direction: int | None) -> None:
        """Takes most of a small range where only a direction is said, and a deep squat for "squat"."""
        low, high = parameter.minimum, parameter.maximum
        if low is None or high is None:
            return
        if parameter.default is None and parameter.name == "height":
            self._set(parameter, high if self.tokens[0].text in _STANDING else round(low + (high - low) / 4.0, 3))
            return
        rising = self.tokens[0].text in _RISING
        if axis is not None and high <= _SMALL and (direction is not None or (axis is _UPWARD and rising)):
            sign = self._sign(axis, direction) if direction is not None else 1.0
            used = [] if direction is None else [direction]
            self._set(parameter, round(_SHARE * (high if sign > 0 else low), 3), *used)

    # --- velocities ----------------------------------------------------------------------------------------------

    def _is_velocity(self) -> bool:
        names = {p.name for p in self.spec.parameters}
        return "duration" in names and bool(names & {"vx", "vy", "wz"})

    def _velocity(self) -> None:
        """A way and a distance or an angle become a velocity and how long to keep it."""
        parameters = {p.name: p for p in self.spec.parameters}
        ways = {_way(c): i for i, c in enumerate(self.chunks) if _way(c)}
        name, sign = self._heading(set(ways))
        if name not in parameters:
            return
        speed = self._measured(("m/s",))
        slow = {"vx": _PACE, "vy": _PACE, "wz": _SWING}[name]
        amount = speed[0] if speed else slow
        for other in {"vx", "vy", "wz"} & set(parameters):
            self._set(parameters[other], round(sign * amount, 4) if other == name else 0.0)
        self.filling.used.update(i for way, i in ways.items() if way not in ("up", "down"))
        self.filling.used.update([speed[1]] if speed else [])
        around = any(t.text in ("around", "round") for t in self.tokens)
        self._lasting(parameters["duration"], name, amount, around)

    def _heading(self, ways: set[str]) -> tuple[str, float]:
        turning = self.tokens[0].text in _TURNING
        for way in ("left", "right"):
            if way in ways:
                return ("wz" if turning else "vy"), _ACROSS[way]
        if turning or "around" in ways:
            return "wz", 1.0
        return "vx", -1.0 if "backward" in ways else 1.0

    def _lasting(self, duration: Parameter, name: str, amount: float, around: bool) -> None:
        if name == "wz":
            said = self._measured(tuple(_TO_DEGREES))
            angle = said[0] * _TO_DEGREES[self.chunks[said[1]].unit] if said else _HALF if around else _QUARTER
            used, seconds = [said[1]] if said else [], math.radians(angle) / amount
        else:
            said = self._measured(("m", "cm", "mm", "ft", "in"))
            if said is None:
                return
            used, seconds = [said[1]], said[0] * _TO_SI[self.chunks[said[1]].unit] / max(amount, 1e-3)
        if self._measured(("s", "min")) is None:
            self._set(duration, round(seconds, 2), *used)

    def _measured(self, units: tuple[str, ...]) -> tuple[float, int] | None:
        found = ((c.value, i) for i, c in enumerate(self.chunks) if c.kind == "measure" and c.unit in units)
        return next(found, None)

    def _named(self, parameter: Parameter) -> bool:
        """Reads "x 2 y 1": the parameter's own name before a number."""
        texts = [t.text for t in self.tokens]
        if len(parameter.name) > 1:
            return False
        for i in range(len(texts) - 1):
            negative = texts[i + 1] in ("-", "minus")
            value = self.tokens[i + 1 + negative].number if i + 1 + negative < len(texts) else None
            if texts[i] == parameter.name and value is not None:
                used = [
                    j for j, c in enumerate(self.chunks) if parameter.name in _chunk_words(c) or c.kind == "measure"
                ]
                self._set(parameter, -value if negative else value, *used)
                return True
        return False

    def _axes(self) -> int:
        return sum(any(p.name.lower() in names for names, _ in _AXES) for p in self.spec.parameters)

    def _natural_axis(self) -> Mapping[str, float] | None:
        """The way that a verb means without saying so: "drive two metres", "raise your hand 10 cm"."""
        if self.tokens[0].text in _RISING:
            return _UPWARD
        return _ALONG if self._no_direction_at_all() else None

    def _no_direction_at_all(self) -> bool:
        return not any(c.kind == "direction" for c in self.chunks) and self.tokens[0].text in (
            "advance",
            "walk",
            "drive",
            "go",
            "move",
            "step",
        )

    def _is_nearest_measure(self, at: int, direction: int | None) -> bool:
        measures = [i for i, c in enumerate(self.chunks) if c.kind == "measure"]
        return direction is None or min(measures, key=lambda i: abs(i - direction)) == at

    def _direction_for(self, axis: Mapping[str, float]) -> int | None:
        if axis is _OUTWARD and self._side():
            ways = {**_OUTWARD, **_ACROSS}
            said = self._of_body()[1]
            return next((i for i, c in enumerate(self.chunks) if _way(c) in ways and i not in said), None)
        return next((i for i, c in enumerate(self.chunks) if _way(c) in axis), None)

    def _sign(self, axis: Mapping[str, float] | None, direction: int | None) -> float:
        if axis is None or direction is None:
            return -1.0 if axis is _ALONG and self._reversing() else 1.0
        way = _way(self.chunks[direction])
        if axis is _OUTWARD and way in _ACROSS:
            return 1.0 if way == self._side() else -1.0
        return axis[way]

    def _of_body(self) -> tuple[str, list[int]]:
        """Returns the side in "your right hand", and the chunks that say nothing else."""
        words = [t.lemma for t in self.tokens]
        pairs = zip(words, words[1:], strict=False)
        side = next((word for word, after in pairs if word in _ACROSS and after in _BODY_PARTS), "")
        alone = words.count(side) == 1
        said = [i for i, c in enumerate(self.chunks) if _BODY_PARTS & _chunk_words(c)]
        return side, said + [i for i, c in enumerate(self.chunks) if alone and c.kind == "direction" and c.text == side]

    def _side(self) -> str:
        """The side of the body that moves; empty where it is not one."""
        chosen = next((str(v) for name, v in self.filling.values.items() if name in _SIDES), "")
        return chosen if chosen in _ACROSS else ""

    def _reversing(self) -> bool:
        return self.tokens[0].text in ("reverse", "back", "retreat")

    def _angle(self, parameter: Parameter) -> None:
        scale = 1.0 if parameter.unit == "deg" else math.pi / 180.0
        ways = {_way(c): i for i, c in enumerate(self.chunks) if c.kind in ("direction", "particle")}
        words = {t.text for t in self.tokens}
        sided = {s for chunk in self.chunks for thing in chunk.things for s in thing.selectors} & {"left", "right"}
        sign = -1.0 if "right" in ways or "right" in sided else 1.0  # "turn the ball to the right"
        used = [i for way, i in ways.items() if way in ("left", "right", "around")]
        for i, chunk in enumerate(self.chunks):
            if chunk.kind == "measure" and (chunk.unit in _TO_DEGREES or chunk.unit == ""):
                value = sign * chunk.value * _TO_DEGREES.get(chunk.unit, 1.0) * scale
                self._set(parameter, round(value, 6), i, *used)
                return
        if "around" in ways or words & {"around", "round"}:
            self._set(parameter, sign * _HALF * scale, *used)
        elif used or sided:
            self._set(parameter, sign * _QUARTER * scale, *used)
        elif parameter.default is None and words & {"spin"}:
            self._set(parameter, 4 * _QUARTER * scale)

    # --- things --------------------------------------------------------------------------------------------------

    def _entity(self, parameter: Parameter) -> None:
        role: Role = "object" if parameter.type == "object" else _role(parameter)
        for i, chunk in enumerate(self.chunks):
            if i not in self.filling.used and chunk.kind in ("things", "relation") and chunk.things:
                self._set(parameter, self._resolved(chunk.things[0], role), i)
                return

    def _resolved(self, phrase: NounPhrase, role: Role) -> str:
        found = self.resolver.one(phrase, role)
        self.resolver.discourse.note_place(found)
        return found

    def _remaining_directions(self) -> None:
        """A direction that only repeats what the skill does anyway ("get up", "squat down") is no loss."""
        for i, chunk in enumerate(self.chunks):
            if chunk.kind in ("direction", "particle") and chunk.text in ("up", "down") and i not in self.filling.used:
                self.filling.used.add(i)


def _role(parameter: Parameter) -> Role:
    kinds = parameter.kinds
    return kinds[0] if len(kinds) == 1 and kinds[0] in ("target", "obstacle", "person") else "any"  # type: ignore[return-value]


def _way(chunk: Chunk) -> str:
    if chunk.kind == "particle" and chunk.text == "back":
        return "backward"
    return chunk.text if chunk.kind in ("direction", "particle") else ""


def _chunk_words(chunk: Chunk) -> set[str]:
    said = (word for thing in chunk.things for word in (*thing.words, *thing.selectors))
    return {*lemmas(chunk.text), *lemmas(chunk.phrase), *said}


def _direction_choice(direction: str, choices: Sequence[str]) -> str | None:
    names = {direction, {"backward": "back", "forward": "ahead"}.get(direction, direction)}
    return next((choice for choice in choices if set(choice.split("_")) & names), None)


def _fits_unit(unit: str, parameter: Parameter) -> bool:
    families = {"m": ("m", "cm", "mm", "ft", "in"), "s": ("s", "min"), "m/s": ("m/s",)}
    if parameter.unit in families:
        return unit in families[parameter.unit]
    return unit in ("", "times", "steps")
