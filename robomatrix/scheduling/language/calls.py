"""Commands that name one of the robot's own skills: "turn left 90 degrees", "squat to half a metre", "dribble forward".

Nothing here knows a particular robot: phrases come from the skill's name and from ``config/commands.yaml``, values from
the measures, directions, choices and things that are said, types, units and ranges from the skill's spec.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from robomatrix.errors import ArgumentsError
from robomatrix.scheduling.language.chunks import Chunk, Chunker
from robomatrix.scheduling.language.lexicon import Lexicon, verb_base
from robomatrix.scheduling.language.nouns import NounPhrase
from robomatrix.scheduling.language.reference import Discourse, Resolver, Role, Unresolved
from robomatrix.scheduling.language.text import Token, lemmas, word_set
from robomatrix.scheduling.ontology import Ontology
from robomatrix.scheduling.plan import PlanStep
from robomatrix.skills.spec import Parameter, SkillSpec, Value

CORE = frozenset({"move_to", "grasp", "position_over", "release", "open", "close", "shoot", "cross", "stop"})
"""Skills that goals are reached with; they are not called by name."""
_TO_SI = {"m": 1.0, "cm": 0.01, "mm": 0.001, "ft": 0.3048, "in": 0.0254, "s": 1.0, "min": 60.0, "m/s": 1.0, "": 1.0}
_TO_DEGREES = {"deg": 1.0, "rad": 180.0 / math.pi, "turn": 360.0}
_ALONG = {"forward": 1.0, "backward": -1.0}
_ACROSS = {"left": 1.0, "right": -1.0}
_UPWARD = {"up": 1.0, "down": -1.0}
_AXES = (
    (frozenset({"x", "forward", "vx", "dx", "distance"}), _ALONG),
    (frozenset({"y", "left", "vy", "dy", "lateral"}), _ACROSS),
    (frozenset({"z", "dz", "up"}), _UPWARD),
)
_BODY = word_set("hand arm foot leg knee body finger gripper wrist palm head eye side posture pose step")
_QUARTER = 90.0
_HALF = 180.0
_IGNORED_WORDS = word_set(
    "to by for at with your the a an of in for about around on until while it own robot itself yourself from again "
    "some more then body hand hands foot feet arm arms position posture pose down up height level high low"
)


@dataclass(frozen=True)
class Call:
    """A skill that a clause may call, and how many words of it name the skill."""

    spec: SkillSpec
    length: int


@dataclass
class _Filling:
    """Arguments found so far, and the chunks that gave them."""

    values: dict[str, Value] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class SkillCalls:
    """The skills of a robot that are called by name."""

    skills: Sequence[SkillSpec]
    lexicon: Lexicon

    def phrases(self) -> frozenset[tuple[str, ...]]:
        """Returns the phrases with which a call may begin, in the forms of commands."""
        return frozenset(phrase for spec in self._callable() for phrase in self._phrases(spec))

    def calls(self, tokens: Sequence[Token]) -> list[Call]:
        """Returns the skills that a clause may call, the longest phrase first."""
        texts = tuple(t.text for t in tokens)
        found = [Call(spec, max(lengths)) for spec in self._callable() if (lengths := self._matches(spec, texts))]
        return sorted(found, key=lambda call: -call.length)

    def _matches(self, spec: SkillSpec, texts: tuple[str, ...]) -> list[int]:
        starts = {(base, *texts[1:]) for base in verb_base(texts[0])} if texts else set()
        return [len(p) for p in self._phrases(spec) if any(start[: len(p)] == p for start in starts)]

    def _callable(self) -> Iterable[SkillSpec]:
        return (spec for spec in self.skills if not self._is_core(spec))

    @staticmethod
    def _is_core(spec: SkillSpec) -> bool:
        return spec.name in CORE and (spec.name in ("stop",) or bool(spec.parameters))

    def _phrases(self, spec: SkillSpec) -> set[tuple[str, ...]]:
        own = tuple(spec.name.split("_"))
        phrases = {
            own,
            *self.lexicon.skills.get(spec.name, ()),
        }
        return {phrase for phrase in phrases if phrase}

    def _goes_without_saying(self, chunk: Chunk, spec: SkillSpec, discourse: Discourse) -> bool:
        """True for things that the skill is about anyway: its ball, its hoop, a hand, what is in the hand."""
        if not chunk.things or any(thing.modifiers or thing.without for thing in chunk.things):
            return False
        return all(self._is_implied(thing, spec, discourse) for thing in chunk.things)

    @staticmethod
    def _is_implied(thing: NounPhrase, spec: SkillSpec, discourse: Discourse) -> bool:
        if thing.pronoun in ("it", "them", "this", "that") or thing.head in _BODY:
            return True
        ontology = discourse.index.ontology
        told = {word for text in (spec.text, spec.name) for word in lemmas(text)}
        if any(_cluster(ontology, thing.head) & _cluster(ontology, word) for word in told):
            return True
        bare = not discourse.index.scene.objects and not discourse.index.scene.locations
        return bare and (ontology.kind(thing.head) in (None, "person") or thing.head in ("floor", "ground"))

    def step(self, call: Call, tokens: Sequence[Token], discourse: Discourse) -> PlanStep | None:
        """Returns the step that a clause calls for; None if the clause says something that the skill has no use for.

        Raises:
            Unresolved: a value is missing, out of range, or names nothing in the scene.
        """
        chunks = Chunker(tuple(tokens[call.length :]), discourse.index, self.lexicon).run()
        filling = _Filling()
        _Filler(call.spec, chunks, tokens, Resolver(discourse), filling).fill()
        unused = [c for i, c in enumerate(chunks) if i not in filling.used and not _is_filler(c)]
        left = [c for c in unused if not self._goes_without_saying(c, call.spec, discourse)]
        if left or (not filling.values and call.spec.name == "go_to"):
            return None
        try:
            bound = call.spec.bind(filling.values)
        except ArgumentsError as error:
            raise Unresolved(f"{str(error)[0].upper()}{str(error)[1:]}.") from None
        return PlanStep(call.spec.name, {p.name: bound[p.name] for p in call.spec.parameters})


def _cluster(ontology: Ontology, word: str) -> frozenset[str]:
    return frozenset({word}) | ontology.classes.get(word, frozenset())


def _is_filler(chunk: Chunk) -> bool:
    if chunk.kind in ("word", "particle"):
        return chunk.text in _IGNORED_WORDS
    return False


@dataclass(frozen=True)
class _Filler:
    spec: SkillSpec
    chunks: Sequence[Chunk]
    tokens: Sequence[Token]
    resolver: Resolver
    filling: _Filling

    def fill(self) -> None:
        for parameter in self.spec.parameters:
            match parameter.type:
                case "choice":
                    self._choice(parameter)
                case "number" | "integer":
                    self._number(parameter)
                case "location" | "object":
                    self._entity(parameter)
                case _:
                    pass
        self._remaining_directions()

    def _set(self, parameter: Parameter, value: Value, *used: int) -> None:
        self.filling.values[parameter.name] = value
        self.filling.used.update(used)

    # --- choices -------------------------------------------------------------------------------------------------

    def _choice(self, parameter: Parameter) -> None:
        words = [t.lemma for t in self.tokens]
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
        if parameter.unit in ("deg", "rad"):
            self._angle(parameter)
            return
        axis = next((signs for names, signs in _AXES if parameter.name.lower() in names), None)
        direction = self._direction_for(axis) if axis else None
        for i, chunk in enumerate(self.chunks):
            if i in self.filling.used or chunk.kind != "measure" or not _fits_unit(chunk.unit, parameter):
                continue
            undirected = axis is not None and direction is None and self._axes() > 1
            if undirected and (axis is not _ALONG or not self._no_direction_at_all()):
                continue
            if axis is not None and self._axes() > 1 and not self._is_nearest_measure(i, direction):
                continue
            value = chunk.value * _TO_SI.get(chunk.unit, 1.0) * self._sign(axis, direction)
            used = [i] if direction is None else [i, direction]
            self._set(parameter, int(value) if parameter.type == "integer" else round(value, 6), *used)
            return

    def _axes(self) -> int:
        return sum(any(p.name.lower() in names for names, _ in _AXES) for p in self.spec.parameters)

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
        return next((i for i, c in enumerate(self.chunks) if _way(c) in axis), None)

    def _sign(self, axis: Mapping[str, float] | None, direction: int | None) -> float:
        if axis is None or direction is None:
            return -1.0 if axis is _ALONG and self._reversing() else 1.0
        return axis[_way(self.chunks[direction])]

    def _reversing(self) -> bool:
        return self.tokens[0].text in ("reverse", "back", "retreat")

    def _angle(self, parameter: Parameter) -> None:
        scale = 1.0 if parameter.unit == "deg" else math.pi / 180.0
        ways = {_way(c): i for i, c in enumerate(self.chunks) if c.kind in ("direction", "particle")}
        words = {t.text for t in self.tokens}
        sign = -1.0 if "right" in ways else 1.0
        used = [i for way, i in ways.items() if way in ("left", "right", "around")]
        for i, chunk in enumerate(self.chunks):
            if chunk.kind == "measure" and (chunk.unit in _TO_DEGREES or chunk.unit == ""):
                value = sign * chunk.value * _TO_DEGREES.get(chunk.unit, 1.0) * scale
                self._set(parameter, round(value, 6), i, *used)
                return
        if "around" in ways or words & {"around", "round"}:
            self._set(parameter, sign * _HALF * scale, *used)
        elif used:
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
