"""What stands in a clause besides its verb: a list of chunks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from robomatrix.scheduling.language.entities import EntityIndex
from robomatrix.scheduling.language.lexicon import Lexicon
from robomatrix.scheduling.language.nouns import PARTICIPLES, PARTICLES, STOP, NounPhrases
from robomatrix.scheduling.language.phrases import Modifier, NounPhrase
from robomatrix.scheduling.language.text import Token

_BE = frozenset({"is", "are", "was", "were", "be", "been", "has", "have"})
_RELATIVE = frozenset({"that", "which", "who"})


@dataclass(frozen=True)
class Chunk:
    """A piece of a clause."""

    kind: Literal["things", "relation", "particle", "direction", "measure", "word"]
    text: str = ""
    things: tuple[NounPhrase, ...] = ()
    """Of ``things`` and of a ``relation``."""
    relation: str = ""
    phrase: str = ""
    """The relation as written."""
    restrictive: bool = False
    """True for a relation that can only narrow down what stands before it."""
    value: float = 0.0
    unit: str = ""


@dataclass
class Chunker:
    """Cuts the tokens of a clause into chunks."""

    tokens: Sequence[Token]
    index: EntityIndex
    lexicon: Lexicon
    chunks: list[Chunk] = field(default_factory=list)
    _at: int = 0
    _restrictive: bool = False

    def run(self) -> list[Chunk]:
        """Returns the chunks in order."""
        while self._at < len(self.tokens):
            self._step()
        return self.chunks

    def _text(self, offset: int = 0) -> str:
        position = self._at + offset
        return self.tokens[position].text if position < len(self.tokens) else ""

    def _step(self) -> None:
        negative = self._text() == "-" and self._at + 1 < len(self.tokens) and self.tokens[self._at + 1].number
        if self._text() in {",", "-", "(", ")", "+", "and", "or", "then"} and not negative:
            self._at += 1
        elif not (
            self._exception()
            or self._elsewhere()
            or self._holder()
            or self._clause_mark()
            or self._measure()
            or self._direction()
            or self._relation()
        ):
            self._things_or_word()

    # --- exceptions and relative clauses -------------------------------------------------------------------------

    def _exception(self) -> bool:
        match = self.lexicon.exceptions.at(self.tokens, self._at)
        length = match.length if match else int(self._text() == "not")
        if not length or not any(chunk.things for chunk in self.chunks):
            return False
        after = self._at + length
        found, end = self._list(after)
        if not found:
            return False
        self._at = end
        self._exclude(tuple(replace(thing, modifiers=self._trailing_modifiers(thing)) for thing in found))
        return True

    def _elsewhere(self) -> bool:
        """Takes "(in the box,) not on the shelf" as where nothing goes: named, of no use unless any box would do."""
        denied = self.lexicon.exceptions.at(self.tokens, self._at)
        length = denied.length if denied else int(self._text() == "not")
        match = self.lexicon.relations.at(self.tokens, self._at + length) if length else None
        found, end = self._list(self._at + length + match.length) if match is not None else ((), 0)
        if not found:
            return False
        self._at = end
        anywhere = [i for i, c in enumerate(self.chunks) if c.kind == "relation" and c.things[-1:]]
        anywhere = [i for i in anywhere if self.chunks[i].things[-1].quantity == "any"]
        if anywhere:
            self._leave_out(anywhere[-1], found)
        else:
            self.chunks.append(Chunk("word", "not", found))
        return True

    def _trailing_modifiers(self, excluded: NounPhrase) -> tuple[Modifier, ...]:
        """Takes "(in the box, except the can) on the table" as where the can is, unless it is elsewhere."""
        match = self.lexicon.relations.at(self.tokens, self._at)
        goal_is_known = any(c.kind == "relation" and c.relation != "from" for c in self.chunks)
        if match is None or match.value == "to" or not goal_is_known:
            return ()
        found, end = self._list(self._at + match.length)
        if not found or end < len(self.tokens) or not self._rests(excluded, found[0]):
            return ()
        self._at = end
        return (Modifier(match.value, found),)

    def _rests(self, thing: NounPhrase, place: NounPhrase) -> bool:
        """Returns whether something that a phrase may mean is at a place that another may mean."""
        places = {e.id for e in self.index.entities if self.index.fit(e, place.words)}
        at = {o.id for o in self.index.scene.objects if o.at in places}
        return thing.head in ("one", "") or any(self.index.fit(self.index.by_id[id_], thing.words) for id_ in at)

    def _exclude(self, found: tuple[NounPhrase, ...]) -> None:
        holders = [i for i, chunk in enumerate(self.chunks) if chunk.things]
        alike = [i for i in holders if self.chunks[i].things[-1].head == found[0].head]  # "any box but the white box"
        wide = [i for i in holders if any(t.quantity == "all" or t.plural for t in self.chunks[i].things)]
        things = [i for i in holders if self.chunks[i].kind == "things"]
        named = [i for i in things if not self.chunks[i].things[-1].pronoun]  # "(bring) me a can but not the red one"
        self._leave_out((alike or wide or named or things or holders)[0], found)

    def _leave_out(self, position: int, found: tuple[NounPhrase, ...]) -> None:
        chunk = self.chunks[position]
        things = (*chunk.things[:-1], replace(chunk.things[-1], without=(*chunk.things[-1].without, *found)))
        self.chunks[position] = replace(chunk, things=things)

    def _holder(self) -> bool:
        """Takes "(the bowl) that has the duck in it" and "(a bowl) with a duck in it" as what the bowl bears."""
        skip = int(self._text() in _RELATIVE)
        verb = self._text(skip)
        relative = verb in ("containing", "holding") or (skip and verb in ("has", "have", "contains", "holds"))
        if not (relative or verb == "with") or not self.chunks or not self.chunks[-1].things:
            return False
        found, end = self._list(self._at + skip + 1)
        look = self._look(found, end)
        if look:
            self._at = end
            self._describe(look)
            return True
        inside = self._inside_it(end)
        if not found or (verb == "with" and not inside):
            return False
        self._at = end + inside
        chunk = self.chunks[-1]
        thing = chunk.things[-1]
        if skip:
            thing = replace(thing, modifiers=(*thing.modifiers, Modifier("near", found)))
        else:
            thing = replace(thing, bears=(*thing.bears, *found))
        self.chunks[-1] = replace(chunk, things=(*chunk.things[:-1], thing))
        return True

    def _look(self, found: Sequence[NounPhrase], end: int) -> tuple[str, ...]:
        """Returns what "(the mug with) the blue handle" says of the mug's looks; nothing if it says something else."""
        part = self.tokens[end - 1].lemma
        if len(found) != 1 or part not in self.lexicon.features or part in self.index.names:
            return ()
        words = tuple(word for word in found[0].words if word != part)
        return words if all(map(self.index.is_attribute, words)) else ()

    def _inside_it(self, at: int) -> int:
        """Returns how many tokens "in it", "on top of it" or "inside" take at a position; 0 without any."""
        match = self.lexicon.relations.at(self.tokens, at)
        if match is None or match.value not in ("in", "on"):
            return 0
        if self._text_at(at + match.length) in ("it", "them"):
            return match.length + 1
        return match.length if self._text_at(at) == "inside" else 0

    def _text_at(self, position: int) -> str:
        return self.tokens[position].text if position < len(self.tokens) else ""

    def _clause_mark(self) -> bool:
        """Skips "that is", "which are", "sitting" and the like; what follows narrows down what stands before."""
        if not self.chunks or not self.chunks[-1].things:
            return False
        start = self._at
        skip = int(self._text() in _RELATIVE)
        if self._text(skip) in ("you", "we", "i"):
            seen = skip + 1 + (self._text(skip + 1) in ("can", "could", "may"))
            if self._text(seen) in ("find", "see", "have", "spot", "found", "want"):
                self._at += seen + 1
                match = self.lexicon.relations.at(self.tokens, self._at)
                self._restrictive = match is not None and match.value != "to" and self._text() not in ("into", "onto")
                return True
        if self._text() in _RELATIVE and self._text(1) in _BE | PARTICIPLES | {"you", "i", "we"}:
            self._at += 1
        while self._text() in _BE | PARTICIPLES and self._at < len(self.tokens):
            self._at += 1
        if self._at == start:
            return False
        self._restrictive = self.lexicon.relations.at(self.tokens, self._at) is not None
        self._predicate()
        return True

    def _predicate(self) -> None:
        """Takes "(that is) red" or "(that are) open" as attributes of the thing before."""
        words = []
        while self._at < len(self.tokens) and self.index.is_attribute(self._text()):
            words.append(self._text())
            self._at += 1
        if words:
            self._describe(words)
            self._restrictive = False

    def _describe(self, words: Sequence[str]) -> None:
        chunk = self.chunks[-1]
        thing = replace(chunk.things[-1], words=(*words, *chunk.things[-1].words))
        self.chunks[-1] = replace(chunk, things=(*chunk.things[:-1], thing))

    # --- measures, directions, relations -------------------------------------------------------------------------

    def measure_at(self, at: int) -> bool:
        """Returns whether a number with a unit stands at a position."""
        _, length = self._number(at)
        after = at + length
        if after < len(self.tokens) and self.tokens[after].text in ("a", "an"):
            after += 1
        return length > 0 and self.lexicon.units.at(self.tokens, after) is not None

    def _measure(self) -> bool:
        if self._text() in self.lexicon.times:
            self.chunks.append(Chunk("measure", value=self.lexicon.times[self._text()], unit="times"))
            self._at += 1
            return True
        value, length = self._number(self._at)
        if length == 0:
            return False
        position = self._at + length
        if position < len(self.tokens) and self.tokens[position].text in ("a", "an", "of"):
            position += 1
        unit = self.lexicon.units.at(self.tokens, position)
        if unit is None or not self._really_unit(position, unit.length):
            return self._bare_number(value, length)
        self._at = position + unit.length
        self.chunks.append(Chunk("measure", value=value, unit=unit.value))
        return True

    def _really_unit(self, position: int, length: int) -> bool:
        """A unit is no unit where it begins another word's phrase: "two s..." never; "in" before a place."""
        if self.tokens[position].text != "in":
            return True
        after = self.tokens[position + length].text if position + length < len(self.tokens) else ""
        return after in ("", ",", "and", "to", "forward", "backward", "left", "right")

    def _bare_number(self, value: float, length: int) -> bool:
        after = self.tokens[self._at + length] if self._at + length < len(self.tokens) else None
        beyond = self.tokens[self._at + length + 1 : self._at + length + 2]
        describes = bool(beyond) and after is not None and beyond[0].lemma in self.index.nouns  # "two round bottles"
        if after is not None and not describes and after.lemma in ("time", "shot", "round", "bead", "bullet", "step"):
            self._at += length + 1
            self.chunks.append(Chunk("measure", value=value, unit="times" if after.lemma != "step" else "steps"))
            return True
        if after is None or not after.is_word:
            self._at += length
            self.chunks.append(Chunk("measure", value=value))
            return True
        return False

    def _number(self, at: int) -> tuple[float, int]:
        """Returns a number in digits or words and how many tokens it takes; length 0 if there is none."""
        sign, start = 1.0, at
        if at < len(self.tokens) and self.tokens[at].text in ("-", "minus"):
            sign, at = -1.0, at + 1
        total, length = self._plain_number(at)
        if length == 0:
            return 0.0, 0
        return sign * total, at + length - start

    def _plain_number(self, at: int) -> tuple[float, int]:
        words = [t.text for t in self.tokens[at : at + 6]]
        if not words:
            return 0.0, 0
        digits = self.tokens[at].number
        if digits is not None:
            return digits, 1
        if words[0] in ("a", "an") and len(words) > 1:
            if words[1] in ("half", "quarter"):
                return self.lexicon.numbers[words[1]], 2
            if words[1] in ("full", "whole", "complete") and self.lexicon.units.at(self.tokens, at + 2):
                return 1.0, 2
            return (1.0, 1) if self.lexicon.units.at(self.tokens, at + 1) and words[1] not in ("in",) else (0.0, 0)
        if words[0] not in self.lexicon.numbers:
            return 0.0, 0
        return self._spelt_number(words)

    def _spelt_number(self, words: list[str]) -> tuple[float, int]:
        numbers = self.lexicon.numbers
        total, length = numbers[words[0]], 1
        while length < len(words):
            word = words[length]
            if word == "hundred":
                total, length = total * 100.0, length + 1
            elif word in numbers and total >= 20 and numbers[word] < 10:
                total, length = total + numbers[word], length + 1
            elif words[length : length + 3] == ["and", "a", "half"]:
                total, length = total + 0.5, length + 3
            elif word == "point" and length + 1 < len(words) and words[length + 1] in numbers:
                total, length = total + numbers[words[length + 1]] / 10.0, length + 2
            else:
                break
        return total, length

    def _direction(self) -> bool:
        start = self._at
        skip = 0
        if self._text() in ("to", "on", "towards") and self._text(1) in ("the", "your", "its"):
            skip = 2
        elif self._text() in ("the", "your"):
            skip = 1
        match = self.lexicon.directions.at(self.tokens, start + skip)
        if match is None:
            return False
        after = start + skip + match.length
        while after < len(self.tokens) and self.tokens[after].text in ("side", "hand") and skip:
            after += 1
        following = self.tokens[after].text if after < len(self.tokens) else ""
        if following == "of" or (match.value in ("up", "down", "backward", "around") and self._is_particle()):
            return False
        measured = Chunker(self.tokens, self.index, self.lexicon).measure_at(after)
        names = match.value in ("left", "right") or skip  # "the left box", "on the round table"
        if following and names and not measured and self._begins_noun(after):
            return False
        self._at = after
        if skip and self.chunks and self.chunks[-1].things and match.value in ("left", "right"):
            self._select(match.value)
        else:
            self.chunks.append(Chunk("direction", match.value))
        return True

    def _is_particle(self) -> bool:
        return bool(self.chunks) and self.chunks[-1].kind == "things"

    def _begins_noun(self, at: int) -> bool:
        token = self.tokens[at]
        return token.is_word and token.text not in STOP and self.lexicon.relations.at(self.tokens, at) is None

    def _select(self, selector: str) -> None:
        chunk = self.chunks[-1]
        thing = chunk.things[-1]
        thing = replace(thing, selectors=(*thing.selectors, selector))
        self.chunks[-1] = replace(chunk, things=(*chunk.things[:-1], thing))

    def _relation(self) -> bool:
        match = self.lexicon.relations.at(self.tokens, self._at)
        if match is None or self.measure_at(self._at + match.length):
            return False
        phrase = " ".join(t.text for t in self.tokens[self._at : self._at + match.length])
        found, end = self._list(self._at + match.length)
        if not found:
            return False
        self._at = end
        self.chunks.append(Chunk("relation", "", found, match.value, phrase, self._restrictive))
        self._restrictive = False
        return True

    def _things_or_word(self) -> None:
        token = self.tokens[self._at]
        if token.text in PARTICLES and not self._particle_is_place():
            self._at += 1
            self.chunks.append(Chunk("particle", token.text))
            return
        found, end = self._list(self._at)
        if found and found[0].pronoun == "them" and self.chunks and self.chunks[-1].kind == "things":
            self._at = end  # "the cans, all of them": an apposition
        elif found:
            self._at = end
            self.chunks.append(Chunk("things", things=found))
        else:
            self._at += 1
            self.chunks.append(Chunk("word", token.text))

    def _particle_is_place(self) -> bool:
        return self._text() in ("here", "there", "home")

    # --- noun phrases --------------------------------------------------------------------------------------------

    def _list(self, at: int) -> tuple[tuple[NounPhrase, ...], int]:
        return NounPhrases(self.tokens, self.index, self.lexicon).list_at(at)
