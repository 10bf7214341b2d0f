"""Samples: an invented room, an instruction in it, and the goal program; for training as a prompt with its answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from random import Random

from robomatrix.scheduling.compact.linking import LETTERS, Linked, Linker, Slot
from robomatrix.scheduling.compact.prompt import called_skills, compact_prompt
from robomatrix.scheduling.language.entities import EntityIndex
from robomatrix.scheduling.language.lexicon import load_lexicon
from robomatrix.scheduling.language.reading import read
from robomatrix.scheduling.safety import load_rules
from robomatrix.skills.registry import registry_for
from robomatrix.skills.spec import SkillSpec
from robomatrix.training.planner.frames import load_frames
from robomatrix.training.planner.phrasing import Composer, Draft, misspelt
from robomatrix.training.planner.rooms import Named, Room, draw_room, nonce

_SLOT = re.compile(r"([{<])(\w+)[}>]")
_ROBOTS = {"ep": 0.76, "s1": 0.07, "g1": 0.08, "player": 0.05, "allegro": 0.04}
_SECTION = {"ep": "manipulation", "s1": "shooter", "g1": "humanoid", "player": "player", "allegro": "hand"}
_UNITS = {"d": ("degrees", "degree", "deg"), "m": ("meters", "metres", "m"), "s": ("seconds", "s", "secs")}
_SPELT = ["two", "three", "four", "five", "six", "ten"]
_ANGLES = (15, 30, 45, 60, 90, 120, 180, 270, 360)
_OTHERS = ("the rest", "everything else", "the others", "the other ones", "the other things")
_PER_ROOM = 40
_BY_NAME = 0.03
_MISSING = 0.06
"""Share of prompts in which a skill is not offered: then it must not be called."""
_SELECTORS = [
    "left",
    "right",
    "leftmost",
    "rightmost",
    "nearest",
    "closest",
    "second",
    "first",
    "last",
    "other",
    "middle",
]


@dataclass(frozen=True)
class Sample:
    """An instruction and what is meant by it."""

    instruction: str
    room: Room
    robot: str
    means: str
    """The program over variables."""
    order: tuple[str, ...]
    """The variables in the order in which their phrases stand in the instruction."""
    named: Mapping[str, Named]
    tags: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    """Names of the skills that may be called."""


@dataclass(frozen=True)
class Pair:
    """What the model reads and what it should answer."""

    prompt: str
    answer: str


@cache
def skills_of(robot: str) -> tuple[SkillSpec, ...]:
    """Returns the specs of the skills that a robot offers."""
    return tuple(skill.spec for skill in registry_for(robot))


def draw(seed: int, *, held_out: bool) -> Iterator[Sample]:
    """Yields samples without end; the same for the same seed.

    Args:
        seed: of everything random. Training takes seeds below a million, the test above.
        held_out: True takes only the sentence frames that training never sees.
    """
    rng = Random(seed)
    while True:
        robot = rng.choices(list(_ROBOTS), list(_ROBOTS.values()))[0]
        room = draw_room(rng, robot)
        composer = Composer(load_frames(), rng, held_out)
        names = tuple(spec.name for spec in called_skills(skills_of(robot)))
        for _ in range(_PER_ROOM):
            if rng.random() < _BY_NAME and not held_out:
                yield _by_name(room, robot, rng)
            else:
                yield _sample(composer.draft(_SECTION[robot], names), room, robot, names, rng)


def _by_name(room: Room, robot: str, rng: Random) -> Sample:
    """Returns a call of some skill, whether this robot has it or not, by words that call no other on the list."""
    phrases = load_lexicon().skills
    names = rng.sample(sorted(phrases), rng.randint(2, 6))
    others = {phrase for name in names[1:] for phrase in phrases[name]}
    own = [phrase for phrase in phrases[names[0]] if phrase not in others and len(phrase) > 1]
    words = rng.choice(own or [tuple(names[0].split("_"))])
    return Sample(" ".join(words), room, robot, f"call {names[0]}", (), {}, ("by name",), tuple(names))


def _sample(draft: Draft, room: Room, robot: str, names: tuple[str, ...], rng: Random) -> Sample:
    named: dict[str, Named] = {}
    order: list[str] = []
    words: list[str] = []
    for word in draft.words:
        match = _SLOT.fullmatch(word)
        if match is None:
            words.append(word)
        elif match[1] == "{":
            named.setdefault(match[2], _phrase(match[2], room, rng))
            order.append(match[2])
            words += named[match[2]].text.split()
        else:
            referent = named.get(match[2])
            words.append("them" if referent is not None and referent.plural else "it")
    slipped = misspelt(words, rng) if rng.random() < 0.08 else words
    tags = (*draft.tags, *(["misspelt"] if slipped != words else []))
    return Sample(" ".join(slipped), room, robot, draft.means, tuple(order), named, tags, names)


def _phrase(variable: str, room: Room, rng: Random) -> Named:
    role = variable[0]
    if role == "N":
        return _measure(variable[1], rng)
    if role == "W":
        return Named(rng.choice(_OTHERS), ())
    if role in "UQ" and room.colours and rng.random() < 0.12:
        return Named(f"the {rng.choice(sorted({*room.colours.values(), 'other'}))} one", (), True)
    options = _referents(role, room)
    if not options or role == "Z" or (role in "TUVPQR" and rng.random() < 0.05):
        return Named(f"{rng.choice(['the', 'the', 'a', 'my'])} {nonce(rng)}", ())
    id_ = rng.choice(options)
    roll = rng.random()
    if role in "TUV" and roll < 0.2:
        return room.all_like(id_, rng)
    if role in "TUV" and roll < 0.22:
        return room.everything(rng)
    found = room.describe(id_, rng)
    if found.unclear and role in "TUVPQRXY" and roll > 0.75:
        noun = found.text.split()[-1]
        return Named(f"the {rng.choice(_SELECTORS)} {noun}", found.ids, True)
    return found


def _referents(role: str, room: Room) -> list[str]:
    if role in "TUV":
        return [o.id for o in room.scene.objects]
    if role in "OK":
        return room.doors()
    kinds = {"H": ("person",), "X": ("obstacle",), "Y": ("target",)}
    return room.places(kinds.get(role, ("surface", "container")))


def _measure(unit: str, rng: Random) -> Named:
    match unit:
        case "d":
            text = f"{rng.choice(_ANGLES)} {rng.choice(_UNITS['d'])}"
        case "h":
            text = rng.choice(["0.5 m", "60 cm", "0.6 meters", "0.7 m", "half a metre", "55 cm"])
        case "r":
            text = rng.choice(["10 cm", "20 cm", "0.1 m", "0.2 metres", "15 centimeters", "ten centimetres"])
        case _:
            text = f"{rng.choice([*_SPELT, '1.5', '2', '3', '8'])} {rng.choice(_UNITS[unit])}"
    return Named(text, ())


# --- for the model -------------------------------------------------------------------------------------------------


def pairs(seed: int, *, held_out: bool = False) -> Iterator[Pair]:
    """Yields prompts with their answers, letters and skills shuffled; what cannot be linked as meant is left out."""
    rng = Random(seed + 1)
    index: EntityIndex | None = None
    room: Room | None = None
    for sample in draw(seed, held_out=held_out):
        if sample.room is not room or index is None:
            room, index = sample.room, EntityIndex(sample.room.scene)
        pair = pair_of(sample, index, rng)
        if pair is not None:
            yield pair


def pair_of(sample: Sample, index: EntityIndex, rng: Random) -> Pair | None:
    """Returns a sample as prompt and answer; None where linking finds other phrases than were put in."""
    letters = "".join(rng.sample(LETTERS, len(LETTERS)))
    linked = link(sample.instruction, index, letters)
    if linked is None:
        return None
    answer = _lettered(sample, linked)
    if answer is None:
        return None
    names = list(sample.skills)
    if rng.random() < _MISSING and names:
        names.remove(rng.choice(names))
    rng.shuffle(names)
    called = re.findall(r"call (\w+)", answer)
    return Pair(compact_prompt(linked, names), "no" if set(called) - set(names) else answer)


def link(instruction: str, index: EntityIndex, letters: str = LETTERS) -> Linked | None:
    """Returns a linked instruction, None if it holds no words."""
    lexicon = load_lexicon()
    tokens = read(instruction, index, lexicon, load_rules())
    return Linker(tokens, index, lexicon, letters).run() if tokens else None


def _lettered(sample: Sample, linked: Linked) -> str | None:
    """Returns the program with letters for variables; None if a phrase of the sample was not linked."""
    letters: dict[str, str] = {}
    pending = list(sample.order)
    for slot in linked.slots:
        if pending and _is_phrase(sample.named[pending[0]].text, slot, pending[0][0] == "N"):
            letters.setdefault(pending.pop(0), slot.letter)
    if pending:
        return None
    return re.sub(r"\b[A-Z]\w*_\d\w*", lambda m: letters.get(m[0], m[0]), sample.means)


def _is_phrase(text: str, slot: Slot, measure: bool) -> bool:
    """Returns whether a linked phrase is the one that was put in, slips of the fingers allowed."""
    if (slot.kind == "measure") != measure:
        return False
    last = text.split()[-1]
    return any(token.text[:2] == last[:2] or token.text[-3:] == last[-3:] for token in slot.tokens)
