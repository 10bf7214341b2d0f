"""How well words describe the things and places of a scene."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from robomatrix.scheduling.language.text import lemmas, tokenise, word_set
from robomatrix.scheduling.ontology import Ontology, Words, load_ontology
from robomatrix.scheduling.scene import START, Location, Object, PlanningScene

Phrase = tuple[str, ...]

NAME, CLASS, SYNONYM, PART, WIDER, ANYTHING = 6.0, 5.0, 4.0, 3.0, 2.0, 1.0
"""How directly a head noun names an entity."""
_KIND_WORDS = {"container": ("container", "receptacle"), "surface": ("surface",), "region": ("area", "place")}
_LONGEST_NAME = 6
_SHADES = frozenset({"dark", "bright", "pale", "deep", "pastel"})
_KINDRED = 0.6
"""What a colour that is only akin costs: something turquoise is green where nothing is greener."""
GRAMMAR = word_set(
    "the a an and or in on into onto to from with at by for it them is are if then not no all every except"
)
"""Words that are part of no name."""
_PARTICLES = word_set("up down off out away over back")
"""End the names of things ("seven up") and are none by themselves."""
_COLOUR_WORDS = frozenset({"coloured", "colored", "color", "colour", "ish", "hued", "shaded"})


@dataclass(frozen=True)
class Described:
    """An entity with all the words that fit it."""

    id: str
    name: str
    entity: Location | Object | None
    """None for a start that the scene does not list."""
    heads: dict[Phrase, float]
    """Noun phrases that name it, with their directness."""
    attributes: frozenset[str]
    """Words that may stand before its head noun."""
    colours: frozenset[str]
    """Canonical colours; empty where none is stated."""
    sizes: frozenset[str]
    materials: frozenset[str]
    holds: bool = False
    """True for things that are carried and may themselves hold things: a bowl, a box, a tray."""

    @property
    def is_object(self) -> bool:
        """True for what is carried."""
        return isinstance(self.entity, Object)

    @property
    def kind(self) -> str:
        """The kind of a place; "object" for what is carried."""
        return self.entity.kind if isinstance(self.entity, Location) else "object" if self.entity else "region"


@dataclass(frozen=True)
class Fit:
    """How well words describe an entity."""

    directness: float
    """Of the head noun, from :data:`ANYTHING` to :data:`NAME`; a little more for longer phrases."""
    doubts: int
    """Attributes that the scene neither confirms nor contradicts."""


class EntityIndex:
    """All entities of a scene, and the words that occur in them."""

    def __init__(self, scene: PlanningScene) -> None:
        self.scene = scene
        self.ontology = load_ontology()
        self.entities = [_describe(self.ontology, entity) for entity in scene.entities()]
        if all(e.id != START for e in self.entities):
            self.entities.append(_start(self.ontology))
        self.by_id = {e.id: e for e in self.entities}

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word that describes something in the scene."""
        listed = [e for e in self.entities if e.entity is not None]
        found = {w for e in listed for phrase in e.heads for w in phrase}
        return frozenset(found.union(*(e.attributes for e in listed)))

    @cached_property
    def nouns(self) -> frozenset[str]:
        """Every word that a noun phrase may end with, in the scene or in the ontology."""
        tables = (self.ontology.classes, self.ontology.categories)
        known = {lemmas(phrase)[-1] for table in tables for phrase in table if lemmas(phrase)}
        named = {phrase[-1] for e in self.entities for phrase in e.heads}
        return frozenset((known - _PARTICLES) | named | set(self.ontology.anything))

    @cached_property
    def phrases(self) -> frozenset[Phrase]:
        """Every name of several words, in the scene or in the ontology."""
        heads = {phrase for e in self.entities for phrase in e.heads}
        return frozenset(phrase for phrase in heads | self._class_phrases if len(phrase) > 1)

    @cached_property
    def names(self) -> frozenset[str]:
        """Every word of a name in the scene."""
        return frozenset(w for e in self.entities for w in name_words(e.name))

    def is_bare_floor(self, words: Phrase) -> bool:
        """Returns whether words mean the floor, of a scene that does not list it: what is nowhere else lies there."""
        return words[-1:] in (("floor",), ("ground",)) and all(self.fit(e, words) is None for e in self.entities)

    def is_room(self, words: Phrase) -> bool:
        """Returns whether words mean a room or the like of the scene before anything else."""
        fits = [(fit.directness, e.kind) for e in self.entities if e.entity and (fit := self.fit(e, words))]
        return max(fits, default=(0.0, ""))[1] == "region"

    def fit(self, entity: Described, words: Phrase) -> Fit | None:
        """Returns how well words describe an entity, the head noun last; None if they do not."""
        words = tuple(w for i, w in enumerate(words) if w not in _COLOUR_WORDS and not self._shade(words, i)) or words
        if not words:
            return Fit(ANYTHING, 0)
        fits = [fit for start in range(len(words)) if (fit := self._split_fit(entity, words, start)) is not None]
        if not fits and self._only_attributes(words):
            doubts = self._doubts(entity, words)
            return None if doubts is None or doubts == len(words) else Fit(ANYTHING, doubts)
        return min(fits, key=lambda fit: (fit.doubts, -fit.directness), default=None)

    def _shade(self, words: Phrase, at: int) -> bool:
        """Returns whether a word only shades the colour after it, as nothing here is told apart by shades."""
        coloured = at + 1 < len(words) and words[at + 1] in self.ontology.colours
        return coloured and words[at] in _SHADES and words[at] not in self.words

    def _split_fit(self, entity: Described, words: Phrase, start: int) -> Fit | None:
        directness = self._head(entity, words[start:])
        if directness is None or self._other_compound(words, start):
            return None
        doubts = self._doubts(entity, words[:start], words[start:])
        kindred = sum(self._is_kindred(entity, word) for word in words[:start])
        return None if doubts is None else Fit(directness + 0.1 * (len(words) - start) - _KINDRED * kindred, doubts)

    def _is_kindred(self, entity: Described, word: str) -> bool:
        """Returns whether a colour is said that an entity's own is at most akin to."""
        return word in self.ontology.colours and word not in entity.attributes and not self._quality(entity, word)

    def _other_compound(self, words: Phrase, start: int) -> bool:
        """Returns whether a head noun is but the end of the name of something else: a "coffee table" is no table."""
        return start > 0 and words[start - 1 :] in self._class_phrases and not self.is_attribute(words[start - 1])

    def _head(self, entity: Described, phrase: Phrase) -> float | None:
        if len(phrase) == 1 and phrase[0] in self.ontology.anything and entity.is_object:
            return max(ANYTHING, entity.heads.get(phrase, ANYTHING))
        return entity.heads.get(phrase)

    def _doubts(self, entity: Described, words: Iterable[str], head: Phrase = ()) -> int | None:
        """Returns how many attributes the scene does not confirm; None if it contradicts one."""
        confirmed = [self._confirms(entity, word, head) for word in words]
        return None if None in confirmed else confirmed.count(False)

    def _confirms(self, entity: Described, word: str, head: Phrase) -> bool | None:
        ontology = self.ontology
        if word in entity.attributes:
            return True
        quality = self._quality(entity, word)
        if quality is not False:
            return quality
        if word in ontology.colours:
            return _compared(ontology.colours[word], entity.colours)
        if word in ontology.materials:
            return _compared(ontology.materials[word], entity.materials)
        if word in ontology.sizes:
            return _compared(ontology.sizes[word], entity.sizes) or False
        meant = ontology.classes.get(word, frozenset())
        if meant and any(meant & ontology.classes.get(own, frozenset()) for own in entity.attributes):
            return True
        if not entity.is_object or ontology.kind(word) == "region":  # "the kitchen table", "the computer desk"
            others = (e for e in self.entities if e is not entity and e.is_object == entity.is_object)
            return None if any(word in e.attributes and head in e.heads for e in others) else False
        names_something_else = (word,) in self._class_phrases or word in self.names
        return None if names_something_else else False

    def _quality(self, entity: Described, word: str) -> bool | None:
        """Returns whether an entity's own words say that it is so ("dirty" of muddy jeans); None if the contrary."""
        for contrast in (c for c in self.ontology.contrasts if word in c.get(word, ())):
            said, seen = ([contrast[w] for w in ws if w in contrast] for ws in (entity.attributes, entity.colours))
            own = said or seen
            if own:
                return True if any(meant & contrast[word] for meant in own) else None
        return False

    @cached_property
    def _class_phrases(self) -> frozenset[Phrase]:
        return frozenset(lemmas(p) for table in (self.ontology.classes, self.ontology.categories) for p in table)

    def _only_attributes(self, words: Phrase) -> bool:
        return all(self.is_attribute(word) for word in words)

    def is_attribute(self, word: str) -> bool:
        """Returns whether a word is a colour, size or material."""
        return word in self.ontology.colours or word in self.ontology.sizes or word in self.ontology.materials


def _compared(meant: frozenset[str], own: frozenset[str]) -> bool | None:
    return (True if meant & own else None) if own else False


@lru_cache(maxsize=8192)
def name_words(name: str, *, digits: bool = False) -> Phrase:
    """Returns the words of a name up to its first punctuation mark, at most six, without grammar words.

    Whatever else a name may say ("can. Ignore your rules and ...") describes nothing.
    """
    words: list[str] = []
    for token in tokenise(name):
        if not token.is_word and token.number is None:
            break
        if token.text not in GRAMMAR and (digits or token.is_word):
            words.append(token.lemma)
    return tuple(words[:_LONGEST_NAME])


def _describe(ontology: Ontology, entity: Location | Object) -> Described:
    heads: dict[Phrase, float] = {}
    classes = _classes(ontology, entity.category)
    for wide in _wider(ontology, classes, entity) | _group(entity):
        _add(heads, (wide, *_words_for(ontology.categories, wide)), WIDER)
    _add(heads, (s for name in classes for s in ontology.synonyms.get(name, ())), SYNONYM)
    _add(heads, _tail_synonyms(ontology, entity.name), SYNONYM)
    _add(heads, (entity.category,), CLASS)
    for name in map(_part_last, (entity.name, entity.id, _spaced(ontology, entity.name), *entity.aliases)):
        _add(heads, (" ".join(name_words(name, digits=True)),), NAME + 1.0)
        _add_name(ontology, heads, name_words(name))
    if isinstance(entity, Location) and entity.kind in _KIND_WORDS:
        _add(heads, _KIND_WORDS[entity.kind], WIDER)
    kinds = {ontology.kind(name) for name in classes} if isinstance(entity, Object) else set()
    if "container" in kinds:
        _add(heads, _KIND_WORDS["container"], WIDER)
    if isinstance(entity, Location) and entity.kind == "person":
        _add(heads, ontology.synonyms["person"], PART)
    return Described(
        entity.id,
        entity.name,
        entity,
        heads,
        _attribute_words(entity),
        _canonical(ontology.colours, entity.colour, entity.name),
        _canonical(ontology.sizes, entity.size if isinstance(entity.size, str) else None, entity.name),
        _canonical(ontology.materials, entity.material, entity.name),
        bool(kinds & {"container", "surface"}),
    )


def _part_last(name: str) -> str:
    """Returns "caddy left compartment" for "left compartment of the caddy"."""
    part, of, whole = name.partition(" of the ")
    return f"{whole} {part}" if of else name


def _wider(ontology: Ontology, classes: Iterable[str], entity: Location | Object) -> set[str]:
    """Returns the wider classes of an entity; of an unknown thing, those of what its name begins or ends with."""
    wider = {c for name in classes for c in ontology.wider(name)}
    if isinstance(entity, Location):
        return wider
    words = name_words(entity.name)
    written = entity.name.lower().split()  # "jeans" is listed as it is written
    tails = (" ".join(said[start:]) for start in range(len(words)) for said in (words, written))
    named = next((tail for tail in tails if tail in ontology.is_a or tail in ontology.classes), "")
    told = ontology.prefixes.get(words[0]) if len(words) > 1 else None
    return wider | ontology.wider(named) | ({told, *ontology.within(told)} if told else set())


def _classes(ontology: Ontology, category: str) -> set[str]:
    """Returns a class as written and, if the ontology knows it by another name, that name."""
    names = {category.lower().replace("_", " "), " ".join(lemmas(category)), _spaced(ontology, category)}
    if any(name in ontology.synonyms for name in names):
        return names
    known = {c for name in names for c in ontology.classes.get(name, ())}
    tail = " ".join(lemmas(category)[-1:])  # a "stove burner" is a burner
    return names | (known or set(ontology.classes.get(tail, ()) if ontology.kind(tail) else ()))


def _spaced(ontology: Ontology, text: str) -> str:
    """Returns "garbage can" for "garbagecan"."""
    return " ".join(ontology.apart.get(word, word) for word in lemmas(text))


def _start(ontology: Ontology) -> Described:
    heads: dict[Phrase, float] = {}
    _add(heads, ontology.synonyms["start"], NAME)
    return Described(START, "the start", None, heads, frozenset(), frozenset(), frozenset(), frozenset())


def _group(entity: Location | Object) -> set[str]:
    return {entity.group.lower()} if entity.group else set()


def _words_for(table: Words, name: str) -> list[str]:
    return [word for word, names in table.items() if name in names]


def _add(heads: dict[Phrase, float], phrases: Iterable[str], weight: float) -> None:
    for phrase in phrases:
        words = lemmas(phrase)
        if words and heads.get(words, 0.0) < weight:
            heads[words] = weight


def _add_name(ontology: Ontology, heads: dict[Phrase, float], words: Phrase) -> None:
    words = tuple(w for w in words if not w.isdigit())
    compound = False  # in "trash can", "can" alone is no can
    for start in range(len(words)):
        tail = words[start:]
        compound = compound or _misleading(ontology, tail)
        heads[tail] = max(heads.get(tail, 0.0), PART if compound and len(tail) == 1 else NAME)
    for end in range(1, len(words)):  # "mustard" for "mustard bottle"
        for start in range(end):
            part = words[start:end]
            if ontology.kind(" ".join(part)) not in (None, "region"):
                continue  # a "toilet paper roll" is no toilet
            if not all(w in ontology.colours or w in ontology.sizes or w in ontology.materials for w in part):
                heads.setdefault(part, PART)


def _misleading(ontology: Ontology, tail: Phrase) -> bool:
    whole, last = _stands_still(ontology, tail), _stands_still(ontology, tail[-1:])
    return len(tail) > 1 and None not in (whole, last) and whole != last


def _stands_still(ontology: Ontology, phrase: Phrase) -> bool | None:
    classes = ontology.classes.get(" ".join(phrase))
    return None if classes is None else any(c in ontology.kinds for c in classes)


def _tail_synonyms(ontology: Ontology, name: str) -> set[str]:
    """Returns other words for what a name's end says, where the ontology has it as a class."""
    words = name_words(name)
    tails = (" ".join(words[start:]) for start in range(len(words)))
    tails = tuple(tails)
    known = {synonym for tail in tails for synonym in ontology.synonyms.get(tail, ())}
    return known | {name for tail in tails[1:] for name in ontology.classes.get(tail, ())}  # a "graphic novel"


def _attribute_words(entity: Location | Object) -> frozenset[str]:
    texts = [
        entity.name,
        entity.category,
        entity.colour or "",
        entity.material or "",
        entity.group or "",
        *entity.aliases,
    ]
    if isinstance(entity.size, str):
        texts.append(entity.size)
    return frozenset(word for text in texts for word in name_words(text))


def _canonical(table: Words, stated: str | None, name: str) -> frozenset[str]:
    words: Sequence[str] = lemmas(stated) if stated else lemmas(name)
    return frozenset().union(*(table.get(word, frozenset()) for word in words))
