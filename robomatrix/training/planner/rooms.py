"""Invented rooms with things in them, and phrases for these things; a third of all nouns are no words at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random

from robomatrix.scheduling.language.lexicon import load_lexicon
from robomatrix.scheduling.language.reading import ENGLISH
from robomatrix.scheduling.ontology import load_ontology
from robomatrix.scheduling.scene import Kind, Location, Object, PlanningScene, Robot

NONCE = 0.35
"""Share of nouns that are invented."""
_ONSETS = "b bl br d dr f fl g gl gr h j k kr l m n p pl pr qu r s sl sm sn st t tr v w z sh ch th"
_VOWELS = "a e i o u ee oo ai ou"
_CODAS = "b d f g k l m n p r t x nd nk mp rt ck sh"
_MOBILE = ("ep", "s1")
"""Robots that move things or drive to them; the others stand in empty rooms."""
_PEOPLE = ["anna", "tom", "maria", "john", "lisa", "omar", "kim", "peter"]
_COLOURS = ["red", "green", "blue", "yellow", "orange", "purple", "pink", "brown", "black", "white", "grey"]
_MATERIALS = ["metal", "wooden", "plastic"]
_SIZES = ["small", "large", "tall"]
_ODD = frozenset(["s", "x", "z", "f"])


@dataclass(frozen=True)
class Named:
    """A phrase of a room, and what it means there."""

    text: str
    ids: tuple[str, ...]
    """Empty where there is no such thing; more than one for "all the cans"."""
    unclear: bool = False
    """True where it may mean one of several."""

    @property
    def plural(self) -> bool:
        """True for what is referred to by "them"."""
        return len(self.ids) > 1


@dataclass
class Room:
    """A scene, and the nouns that its things and places go by."""

    scene: PlanningScene
    nouns: dict[str, str]
    """Id -> noun."""
    colours: dict[str, str] = field(default_factory=dict)
    """Id -> adjective."""

    def places(self, kinds: Sequence[str]) -> list[str]:
        """Returns the ids of the places of some kinds."""
        return [p.id for p in self.scene.locations if p.kind in kinds]

    def doors(self) -> list[str]:
        """Returns the ids of what opens."""
        return [p.id for p in self.scene.locations if p.openable]

    def describe(self, id_: str, rng: Random) -> Named:
        """Returns a phrase for one entity, with its adjective where that is needed or by chance."""
        noun, adjective = self.nouns[id_], self.colours.get(id_, "")
        if noun == id_ and noun != "user":
            return Named(noun, (id_,))  # a person's name
        alike = [other for other, name in self.nouns.items() if name == noun]
        same = [other for other in alike if self.colours.get(other, "") == adjective]
        words = [adjective, noun] if adjective and (len(alike) > 1 or rng.random() < 0.4) else [noun]
        fitting = same if len(words) > 1 else alike
        article = rng.choice(["the"] * 8 + ["that", "this", "my", "a"])
        if rng.random() < 0.06:
            article = ""
        if article == "a" and len(fitting) > 1:
            article = "the"
        return Named(" ".join(filter(None, [article, *words])), (id_,), len(fitting) > 1)

    def all_like(self, id_: str, rng: Random) -> Named:
        """Returns a phrase for every thing of a kind, or of a kind and colour."""
        noun, adjective = self.nouns[id_], self.colours.get(id_, "")
        coloured = bool(adjective) and rng.random() < 0.35
        ids = tuple(
            o.id
            for o in self.scene.objects
            if self.nouns[o.id] == noun and (not coloured or self.colours.get(o.id) == adjective)
        )
        many = plural_of(noun)
        lead = rng.choice(["all the", "the", "all", "every", "all of the", "each", "all my", "each of the"])
        if len(ids) == 2 and rng.random() < 0.3:
            lead = rng.choice(["both", "both the", "the two", "both of the"])
        name = noun if lead in ("every", "each") else many
        return Named(" ".join(filter(None, [lead, adjective if coloured else "", name])), ids)

    def everything(self, rng: Random) -> Named:
        """Returns a phrase for all things."""
        text = rng.choice(["everything", "all the things", "all objects"])
        return Named(text, tuple(o.id for o in self.scene.objects))


def plural_of(noun: str) -> str:
    """Returns the plural of a noun."""
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "z", "ch", "sh")) else "s")


def nonce(rng: Random, syllables: int | None = None) -> str:
    """Returns a word that does not exist, such as "blanksoot"."""
    count = syllables or rng.choice([1, 2, 2])
    word = "".join("".join(rng.choice(part.split()) for part in (_ONSETS, _VOWELS, _CODAS)) for _ in range(count))
    return nonce(rng, 2) if word in load_lexicon().words | ENGLISH else word


@cache
def _vocabulary() -> dict[str, tuple[str, ...]]:
    """Returns single-word nouns: things, and places by kind."""
    ontology = load_ontology()
    places = {kind: [] for kind in ("surface", "container", "region")}
    for name, kind in sorted(ontology.kinds.items()):
        if " " not in name and kind in places and name not in ontology.opens:
            places[kind].append(name)
    doors = [name for name in sorted(ontology.opens) if " " not in name]
    things = [name for name in sorted(ontology.is_a) if " " not in name and name not in ontology.kinds]
    usable = [t for t in things if t[-1] not in _ODD and len(t) > 2]
    return {"thing": tuple(usable), "door": tuple(doors), **{kind: tuple(found) for kind, found in places.items()}}


def _noun(role: str, rng: Random) -> str:
    return nonce(rng) if rng.random() < NONCE else rng.choice(_vocabulary()[role])


@dataclass
class _Builder:
    rng: Random
    nouns: dict[str, str] = field(default_factory=dict)
    colours: dict[str, str] = field(default_factory=dict)

    def _id(self, noun: str) -> str:
        return f"{noun}_{sum(n == noun for n in self.nouns.values()) + 1}"

    def _add(self, noun: str, adjective: str) -> tuple[str, str]:
        id_ = self._id(noun)
        self.nouns[id_] = noun
        if adjective:
            self.colours[id_] = adjective
        return id_, f"{adjective} {noun}".strip()

    def location(self, kind: Kind, noun: str, openable: bool = False) -> Location:
        adjective = self.rng.choice([*_COLOURS, *_MATERIALS]) if self.rng.random() < 0.35 else ""
        id_, name = self._add(noun, adjective)
        opened = self.rng.random() < 0.5 if openable else None
        facts = {"id": id_, "name": name, "class": noun, "kind": kind, "openable": openable, "open": opened}
        return Location.model_validate(facts)

    def object(self, noun: str, at: str) -> Object:
        adjective = self.rng.choice([*_COLOURS] * 3 + [*_SIZES, *_MATERIALS]) if self.rng.random() < 0.7 else ""
        id_, name = self._add(noun, adjective)
        colour = adjective if adjective in _COLOURS else None
        return Object.model_validate({"id": id_, "name": name, "class": noun, "colour": colour, "at": at})


def draw_room(rng: Random, robot: str) -> Room:
    """Returns a room: three to seven places, three to eight things, some of them of the same kind."""
    builder = _Builder(rng)
    if robot not in _MOBILE:
        return Room(PlanningScene(robot=Robot(name=robot)), {})
    locations = [builder.location("surface", _noun("surface", rng)) for _ in range(rng.randint(1, 3))]
    locations += [builder.location("container", _noun("container", rng)) for _ in range(rng.randint(1, 2))]
    locations += [builder.location("container", _noun("door", rng), openable=True) for _ in range(rng.randint(1, 2))]
    if rng.random() < 0.5:
        locations.append(builder.location("container", "bin"))
    holders = [place.id for place in locations]
    locations.append(_person(builder, rng))
    if robot == "s1":
        locations += [builder.location("target", "target") for _ in range(rng.randint(1, 2))]
        locations += [builder.location("obstacle", rng.choice(["bar", "obstacle", "beam"])) for _ in range(2)]
    kinds = [_noun("thing", rng) for _ in range(rng.randint(2, 4))]
    objects = [builder.object(rng.choice(kinds), rng.choice(holders)) for _ in range(rng.randint(3, 8))]
    scene = PlanningScene(robot=Robot(name=robot), locations=tuple(locations), objects=tuple(objects))
    return Room(scene, builder.nouns, builder.colours)


def _person(builder: _Builder, rng: Random) -> Location:
    name = rng.choice(["user", *_PEOPLE, nonce(rng, 2)])
    builder.nouns[name] = name
    return Location.model_validate({"id": name, "name": name, "class": "person", "kind": "person"})
