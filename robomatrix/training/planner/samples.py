"""Samples: an invented room, an instruction in it, and the goal program; for training as a prompt with its answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
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
from robomatrix.training.planner.beyond import SHARE, with_more
from robomatrix.training.planner.frames import Split, load_frames
from robomatrix.training.planner.phrasing import Composer, Draft, misspelt
from robomatrix.training.planner.rooms import Named, Room, draw_room, nonce

_SLOT = re.compile(r"([{<])(\w+)[}>]")
_ROBOTS = {"ep": 0.76, "s1": 0.07, "g1": 0.08, "player": 0.05, "allegro": 0.04}
_SECTION = {"ep": "manipulation", "s1": "shooter", "g1": "humanoid", "player": "player", "allegro": "hand"}
_UNITS = {"d": ("degrees", "degree", "deg"), "m": ("meters", "metres", "m"), "s": ("seconds", "s", "secs")}
_AMOUNTS = ("two", "three", "four", "five", "1.5", "2", "2.5", "3", "4")
_ANGLES = (15, 30, 45, 60, 90, 120, 180, 270, 360)
_OTHERS = ("the rest", "everything else", "the others", "the other ones", "the other things")
_PER_ROOM = 40
_SHORTEST_CHOICE = 4
_ALIKE = 0.72
"""Likeness from which on a word is taken for another with a slip of the fingers in it."""
_DISAGREE = 0.08
_THING, _PLACE = r"([TUV]\w*)", r"([PQRO]\w*)"
_PAIRED = re.compile(rf"{_THING}@{_PLACE}")
_EXCEPTED = re.compile(rf"{_THING}-{_THING}")
_PUT = re.compile(rf"put {_THING} {_PLACE}")
_VARIABLES = re.compile(r"\b[A-Z]\w*_\d\w*")
_CLEARED = re.compile(rf"clear {_PLACE}")
_VISITED = re.compile(rf"go {_PLACE}; (?:put|give|take) {_THING}")
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


def draw(seed: int, split: Split) -> Iterator[Sample]:
    """Yields samples without end; the same for the same seed.

    Args:
        seed: of everything random. Training takes seeds below a million, the test above.
        split: whose sentence frames.
    """
    rng = Random(seed)
    while True:
        robot = rng.choices(list(_ROBOTS), list(_ROBOTS.values()))[0]
        room = draw_room(rng, robot)
        composer = Composer(load_frames(), rng, split)
        names = tuple(spec.name for spec in called_skills(skills_of(robot)))
        for _ in range(_PER_ROOM):
            if split == "train" and rng.random() < _BY_NAME:
                yield _by_name(room, robot, rng)
            else:
                draft = composer.draft(_SECTION[robot], names)
                if split == "train" and rng.random() < SHARE:
                    draft = with_more(draft, composer.frames, rng)
                yield _sample(draft, room, robot, names, rng)


def _by_name(room: Room, robot: str, rng: Random) -> Sample:
    """Returns a call of some skill, whether this robot has it or not, by words that call no other on the list."""
    phrases = load_lexicon().skills
    names = rng.sample(sorted(phrases), rng.randint(2, 6))
    others = {phrase for name in names[1:] for phrase in phrases[name]}
    own = [phrase for phrase in phrases[names[0]] if phrase not in others and len(phrase) > 1]
    words = rng.choice(own or [tuple(names[0].split("_"))])
    return Sample(" ".join(words), room, robot, f"call {names[0]}", (), {}, ("by name",), tuple(names))


def _sample(draft: Draft, room: Room, robot: str, names: tuple[str, ...], rng: Random) -> Sample:
    named = _consistent(draft, room, rng)
    order: list[str] = []
    words: list[str] = []
    for word in draft.words:
        match = _SLOT.fullmatch(word)
        if match is None:
            words.append(_agreeing(word, order, named, rng))
        elif match[1] == "{":
            named.setdefault(match[2], _phrase(match[2], room, rng))
            order.append(match[2])
            words += named[match[2]].text.split()
        else:
            referent = named.get(match[2])
            words.append("them" if referent is not None and referent.plural else "it")
    slipped = misspelt(words, rng) if rng.random() < 0.06 else words
    tags = (*draft.tags, *(["misspelt"] if slipped != words else []))
    used = {variable: named[variable] for variable in order}
    return Sample(" ".join(slipped), room, robot, draft.means, tuple(order), used, tags, names)


def _agreeing(word: str, order: Sequence[str], named: Mapping[str, Named], rng: Random) -> str:
    """Returns "is" or "are" for "is/are"; people do not always get it right."""
    if "/" not in word or len(word) < _SHORTEST_CHOICE:
        return word
    subject = order[-2:] if len(order) > 1 and order[-1][0] in "UV" else order[-1:]
    many = len(subject) > 1 or any(named[variable].plural for variable in subject)
    return word.split("/")[many != (rng.random() < _DISAGREE)]


def _consistent(draft: Draft, room: Room, rng: Random) -> dict[str, Named]:
    """Returns phrases for variables that belong together: mostly, things are where they are said to be."""
    named: dict[str, Named] = {}
    resting = {o.id: o.at for o in room.scene.objects}
    for thing, place in (*_PAIRED.findall(draft.means), *((t, p) for p, t in _VISITED.findall(draft.means))):
        named.setdefault(thing, _phrase(thing, room, rng))
        fitting = _referents(place[0], room)
        where = [at for id_ in named[thing].ids if (at := resting.get(id_)) in fitting]
        if where and place not in named and rng.random() < (0.55 if "there" in draft.means else 0.88):
            named[place] = room.describe(rng.choice(where), rng)
    for thing, other in _EXCEPTED.findall(draft.means):
        if thing not in named and rng.random() < 0.8 and room.scene.objects:
            named[thing] = room.all_like(rng.choice(room.scene.objects).id, rng)
            named.setdefault(other, room.describe(rng.choice(named[thing].ids), rng))
    for thing, place in _PUT.findall(draft.means):
        named.setdefault(thing, _phrase(thing, room, rng))
        taken = {resting.get(id_) for id_ in named[thing].ids}
        free = [id_ for id_ in _referents(place[0], room) if id_ not in taken]
        if place not in named and free and rng.random() < 0.8:
            named[place] = room.describe(rng.choice(free), rng)
    for place in _CLEARED.findall(draft.means):
        full = [at for at in resting.values() if at]
        if place not in named and full and rng.random() < 0.8:
            named[place] = room.describe(rng.choice(full), rng)
    return named


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
            text = f"{rng.choice(_AMOUNTS)} {rng.choice(_UNITS[unit])}"
    return Named(text, ())


# --- for the model -------------------------------------------------------------------------------------------------


def pairs(seed: int, split: Split = "train") -> Iterator[Pair]:
    """Yields prompts with their answers, letters and skills shuffled; what cannot be linked as meant is left out."""
    rng = Random(seed + 1)
    index: EntityIndex | None = None
    room: Room | None = None
    for sample in draw(seed, split):
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
    if set(_VARIABLES.findall(sample.means)) - set(letters):
        return None
    return _VARIABLES.sub(lambda m: letters[m[0]], sample.means)


def _is_phrase(text: str, slot: Slot, measure: bool) -> bool:
    """Returns whether a linked phrase is the one that was put in, slips of the fingers allowed."""
    if (slot.kind == "measure") != measure:
        return False
    last = text.split()[-1]
    return any(token.text == last or SequenceMatcher(None, token.text, last).ratio() > _ALIKE for token in slot.tokens)
