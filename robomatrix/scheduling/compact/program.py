"""Goal programs: what the small planner model answers, over the letters of linked phrases.

    put A B                      every thing that A means goes to B
    put A@C-D+E B                of A those at C but not D, and E
    if open O: take A            a condition; "if not open O: ..." is its contrary
    call turn turn left N        a skill of the robot by its name, with the words that say how
    ask                          the instruction does not say enough
    no                           nothing that a robot with these skills does

Statements are separated by "; ". The language is finite for a given instruction, so decoding can be held to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from robomatrix.errors import PlanningError
from robomatrix.scheduling.language.text import word_set
from robomatrix.scheduling.planners.automaton import END, Expression, Many, Text, either, then

ASK, REFUSE = "ask", "no"
CONSTANTS = ("me", "start", "held", "there")
"""The asker, where the robot began, what it holds, the place that was last spoken of."""
ACTIONS = {
    "put": (2, 2),
    "beside": (2, 2),
    "take": (1, 1),
    "give": (1, 2),
    "drop": (0, 1),
    "open": (1, 1),
    "close": (1, 1),
    "go": (1, 1),
    "shoot": (0, 1),
    "cross": (1, 1),
    "find": (1, 1),
    "swap": (1, 2),
    "sort": (1, 2),
    "group": (1, 1),
    "clear": (1, 2),
    "discard": (1, 1),
    "store": (1, 1),
    "back": (1, 1),
    "keep": (1, 1),
    "wait": (0, 0),
}
"""Action -> fewest and most arguments."""
PREDICATES = {"open": (1, 1), "held": (0, 1), "there": (1, 1), "empty": (1, 1)}
CALL_WORDS = tuple(
    sorted(
        word_set(
            "turn rotate spin pivot face walk go drive move step back reverse retreat advance stand rise get squat "
            "crouch reach raise lift hold lower stretch follow release pass throw shoot pick catch wait stay keep left "
            "right both forward backward up down around sideways outward hand arm to for at"
        )
    )
)
"""What may follow the name of a called skill."""
_MODIFIERS = "@-"


@dataclass(frozen=True)
class Term:
    """A letter or constant, narrowed down."""

    name: str
    at: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Condition:
    """A fact on which a statement depends."""

    predicate: str
    terms: tuple[Term, ...] = ()
    positive: bool = True


@dataclass(frozen=True)
class Statement:
    """One thing to do."""

    action: str
    arguments: tuple[tuple[Term, ...], ...] = ()
    """Each a list of terms."""
    condition: Condition | None = None
    words: tuple[str, ...] = ()
    """Of a call: the skill's name, then how."""


@dataclass(frozen=True)
class Program:
    """A whole answer."""

    statements: tuple[Statement, ...] = ()
    verdict: str = ""
    """"ask" or "no" instead of statements."""


def parse(text: str) -> Program:
    """Returns the program of a text. Raises PlanningError, saying where, if it is none."""
    text = text.strip()
    if text in (ASK, REFUSE):
        return Program(verdict=text)
    return Program(tuple(_statement(part.strip()) for part in text.split(";")))


def _statement(text: str) -> Statement:
    condition, rest = None, text
    if text.startswith("if "):
        head, separator, rest = text.removeprefix("if ").partition(":")
        if not separator:
            raise PlanningError(f"'{text}': a condition ends with ':'")
        condition = _condition(head.split())
    words = rest.split()
    if words[:1] == ["call"] and len(words) > 1:
        return Statement("call", (), condition, tuple(words[1:]))
    if not words or words[0] not in ACTIONS:
        raise PlanningError(f"'{text}': actions are {', '.join(ACTIONS)} and call")
    return Statement(words[0], _arguments(words, ACTIONS[words[0]]), condition)


def _condition(words: Sequence[str]) -> Condition:
    positive = words[:1] != ["not"]
    words = words if positive else words[1:]
    if not words or words[0] not in PREDICATES:
        raise PlanningError(f"conditions are {', '.join(PREDICATES)}, not '{' '.join(words)}'")
    terms = tuple(term for group in _arguments(words, PREDICATES[words[0]]) for term in group)
    return Condition(words[0], terms, positive)


def _arguments(words: Sequence[str], count: tuple[int, int]) -> tuple[tuple[Term, ...], ...]:
    found = tuple(tuple(_term(part) for part in word.split("+")) for word in words[1:])
    if not count[0] <= len(found) <= count[1]:
        raise PlanningError(f"'{' '.join(words)}' takes {count[0]} to {count[1]} arguments")
    return found


def _term(text: str) -> Term:
    name, at, without, mark = "", [], [], ""
    piece = ""
    for character in text + "\0":
        if character in _MODIFIERS or character == "\0":
            if not piece:
                raise PlanningError(f"'{text}' is no argument")
            if not mark:
                name = piece
            else:
                (at if mark == "@" else without).append(piece)
            mark, piece = character, ""
        else:
            piece += character
    return Term(name, tuple(at), tuple(without))


def grammar(letters: Iterable[str], skills: Iterable[str]) -> Expression:
    """Returns all programs over some letters and the names of skills that are called.

    Args:
        letters: of the linked phrases.
        skills: names of the skills that are not behind an action.
    """
    names = [Text(letter) for letter in letters]
    letter = either(names)
    term = either([*map(Text, CONSTANTS), *([then(letter, _modifiers(letter))] if names else [])])
    terms = then(term, Many(then(Text("+"), term)))
    argument = then(Text(" "), terms)
    actions = [_with_arguments(name, argument, count) for name, count in ACTIONS.items()]
    calls = list(skills)
    if calls:
        words = either([letter, *map(Text, CALL_WORDS)])
        actions.append(then(Text("call "), either(map(Text, calls)), Many(then(Text(" "), words))))
    predicates = either(_with_arguments(name, argument, count) for name, count in PREDICATES.items())
    condition = either([END, then(Text("if "), either([END, Text("not ")]), predicates, Text(": "))])
    statement = then(condition, either(actions))
    return either([Text(ASK), Text(REFUSE), then(statement, Many(then(Text("; "), statement)))])


def _modifiers(letter: Expression) -> Expression:
    return then(Many(then(Text("@"), letter)), Many(then(Text("-"), letter)))


def _with_arguments(name: str, argument: Expression, count: tuple[int, int]) -> Expression:
    optional = [either([END, argument])] * (count[1] - count[0])
    return then(Text(name), *[argument] * count[0], *optional)
