"""Replaces noun phrases and measures of an instruction by letters, so that a small model reads only how it is said.

"Please put the red can on the table in box 2" becomes "put A on B in C", with what is known of A, B and C beside it:
A is a thing that lies at B, B a surface, C a container. Nouns that mean nothing here are linked too, as "nothing": the
model needs no lexicon of things, and a noun that it never saw is no harder than one that it did.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from robomatrix.scheduling.language.chunks import Chunker
from robomatrix.scheduling.language.entities import EntityIndex
from robomatrix.scheduling.language.lexicon import Lexicon
from robomatrix.scheduling.language.nouns import DEMONSTRATIVES, HERE, PARTICLES, PERSONS, THEM, THERE, NounPhrases
from robomatrix.scheduling.language.phrases import NounPhrase
from robomatrix.scheduling.language.text import Token, word_set

LETTERS = "ABCDEFGHIJKLMNOP"
"""Names of linked phrases, in the order of an instruction."""
_DETERMINERS = word_set(
    "the a an my your his our their these those this that some any another every each all both either several few "
    "many same other"
)
_WHOLE = word_set("everything whatever something anything")
_TEMPORAL = word_set("after before once following")
_SET_PHRASES = {("in", "case"), ("have", "time"), ("at", "once"), ("way", "too")}
_CLAUSE_MARKS = word_set(
    ". , ; : ! ? and then or but to please you if unless when while before after also now not never do kindly just us "
    "next robot gently"
)
_MODALS = word_set(
    "belong belongs can could gets go goes has have may must need needs ought shall should want wants will would is are"
)
_STATES = word_set("open opened close closed shut clear empty clean light dry cool warm left set")
_AFTER_STATES = word_set("the a an my it them this that up , . ; and then or if in on at to with") | {""}
_DOINGS = word_set("open opened close closed shut")
"""Begin a noun phrase only after an article: "slide open drawer two" is no open drawer."""
_BEFORE_START = word_set("to at from the your my back")
_ENDS = word_set(", . ; ! ? and then or") | {""}
_BODY = word_set("hand arm knee foot leg finger gripper head eye body")
_SIDES = word_set("left right")
_LONGEST_MEASURE = 5
_LONGEST_PHRASE = 16
"""[tokens]. What goes on longer is no description but an attack on the time."""


@dataclass(frozen=True)
class Slot:
    """A noun phrase or a measure that a letter stands for."""

    letter: str
    kind: str
    """thing, surface, container, door, person, region, obstacle, target, one, nothing or measure."""
    phrase: NounPhrase = NounPhrase()
    tokens: tuple[Token, ...] = ()
    candidates: frozenset[str] = frozenset()
    """Ids that its words fit."""
    within: str = ""
    """Letter of a slot at which some of its candidates are."""

    @property
    def many(self) -> bool:
        """True for "all cans", "the cans", "two cans"."""
        return self.phrase.plural or self.phrase.quantity in ("all", "each")

    def __str__(self) -> str:
        return f"{self.letter} {self.kind}{' many' if self.many else ''}{f' at {self.within}' if self.within else ''}"


@dataclass(frozen=True)
class Linked:
    """An instruction with letters for what it names."""

    words: tuple[str, ...]
    slots: tuple[Slot, ...]

    def slot(self, letter: str) -> Slot:
        """Returns what a letter stands for. Raises KeyError for an unknown letter."""
        found = {slot.letter: slot for slot in self.slots}
        return found[letter]

    @property
    def text(self) -> str:
        """The words, with letters."""
        return " ".join(self.words)


@dataclass
class Linker:
    """Links one instruction."""

    tokens: Sequence[Token]
    index: EntityIndex
    lexicon: Lexicon
    letters: str = LETTERS
    words: list[str] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)

    def run(self) -> Linked:
        """Returns the instruction with at most as many letters as there are; what is beyond stays as words."""
        at = 0
        while at < len(self.tokens):
            at = self._measure(at) or self._phrase(at) or self._word(at)
        return Linked(tuple(self.words), tuple(self._related()))

    def _text(self, at: int) -> str:
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ""

    def _word(self, at: int) -> int:
        self.words.append(self.tokens[at].text)
        return at + 1

    def _add(self, kind: str, tokens: Sequence[Token], phrase: NounPhrase, candidates: frozenset[str]) -> None:
        letter = self.letters[len(self.slots)]
        self.slots.append(Slot(letter, kind, phrase, tuple(tokens), candidates))
        self.words.append(letter)

    # --- measures ------------------------------------------------------------------------------------------------

    def _measure(self, at: int) -> int:
        """Links "two metres" or "90 degrees"; returns where it ends, 0 if there is none."""
        token = self.tokens[at]
        times = token.text in self.lexicon.times and self._text(at - 1) != "at" and self._text(at + 1) in _ENDS
        number = token.number is not None or token.text in self.lexicon.numbers or times
        number = number and self._text(at - 1) != "step"
        if not number or len(self.slots) >= len(self.letters) or token.text == "one":
            return 0
        for end in range(min(at + _LONGEST_MEASURE, len(self.tokens)), at, -1):
            chunks = Chunker(tuple(self.tokens[at:end]), self.index, self.lexicon).run()
            bare = len(chunks) == 1 and end < len(self.tokens) and not chunks[0].unit and self.tokens[end].is_word
            trailing = self._text(end - 1) in (",", ".", ";", "and", "or", "then", "(", ")", "+", "-")
            if len(chunks) == 1 and chunks[0].kind == "measure" and not bare and not trailing:
                self._add("measure", self.tokens[at:end], NounPhrase(), frozenset())
                return end
        return 0

    # --- noun phrases --------------------------------------------------------------------------------------------

    def _phrase(self, at: int) -> int:
        """Links a noun phrase; returns where it ends, 0 if there is none."""
        if len(self.slots) >= len(self.letters) or not self._may_begin(at):
            return 0
        found = self._best(at)
        if found is None or (found[0].head in _BODY and not found[2]):
            return 0
        phrase, end, candidates = found
        if self.tokens[at].text == "both" and not self.tokens[end - 1].plural:
            return 0  # "both the can and the box"
        phrase, end = self._with_side(phrase, end)
        phrase, end = self._with_predicate(phrase, end)
        if phrase.words != found[0].words:
            candidates = self._candidates(phrase)
        self._add(self._kind(phrase, candidates), self.tokens[at:end], phrase, candidates)
        return end

    def _may_begin(self, at: int) -> bool:
        token, following = self.tokens[at], self._text(at + 1)
        if token.text in _WHOLE:
            return True
        if token.text in PERSONS | THEM | HERE | THERE | {"it", "itself"}:
            return False
        if token.text in DEMONSTRATIVES and (self._text(at - 1) in _TEMPORAL or not self._noun_follows(at + 1)):
            return False
        if token.text in ("the", "your") and self._directs(at + 1):
            return False
        if (token.text == "that" and following in _MODALS) or (token.text, following) == ("other", "than"):
            return False
        if token.text in _DETERMINERS:
            return self._noun_follows(at + 1)
        if token.number is not None or token.text in self.lexicon.numbers:
            return self._noun_follows(at + 1)
        speakers = ("you", "we", "i", "u")
        if token.text == "can" and (following in speakers or self._text(at - 1) in speakers):
            return False
        if (self._text(at - 1), token.text) in _SET_PHRASES or token.text in _DOINGS:
            return False
        return self._is_noun(at) and not self._is_verb(at) and not self._directs(at)

    def _noun_follows(self, at: int) -> bool:
        token = self._text(at)
        if not token or token in (",", ".", ";", "you", "i", "we"):
            return False
        if token in ("of", "one", "ones", "can"):
            return True
        if token in _DETERMINERS or token in self.lexicon.numbers or self.tokens[at].number is not None:
            return True
        return self.lexicon.relations.at(self.tokens, at) is None or self._is_noun(at)

    def _is_noun(self, at: int) -> bool:
        token = self.tokens[at]
        if not token.is_word or token.text in PARTICLES and token.lemma not in self.index.names:
            return False
        if token.text in _STATES and self._text(at + 1) in _AFTER_STATES:
            return False
        if token.text == "start" and self._text(at - 1) not in _BEFORE_START:
            return False
        known = token.lemma in self.index.words or token.lemma in self.index.nouns
        return known or self.index.is_attribute(token.text)

    def _is_verb(self, at: int) -> bool:
        """True for "place", "box" or "open" where a command begins."""
        if self.lexicon.verbs.verb_at(self.tokens, at) is None and self.lexicon.unable.verb_at(self.tokens, at) is None:
            return False
        begins = at == 0 or self._text(at - 1) in _CLAUSE_MARKS
        following = self._text(at + 1)
        if following in _MODALS or (self._text(at - 1) == "to" and following in _ENDS):
            return False
        return begins or (self.tokens[at].text in _STATES and not self._is_noun(at + 1))

    def _directs(self, at: int) -> bool:
        noun = at + 1 < len(self.tokens) and (self._is_noun(at + 1) or self._text(at + 1) in ("one", "ones"))
        return self._text(at) in _SIDES and not noun

    def _best(self, at: int) -> tuple[NounPhrase, int, frozenset[str]] | None:
        """Returns the longest noun phrase that fits something, else the longest that ends in a known noun."""
        options = list(self._options(at))
        if not options:
            return None
        fitting = [(p, e, c) for p, e, c in options if c]
        if fitting:
            return max(fitting, key=lambda option: option[1])
        named = [(p, e, c) for p, e, c in options if p.head in self.index.nouns]
        if named:
            return max(named, key=lambda option: option[1])
        return None if self.index.is_attribute(self._text(at)) else options[-1]

    def _options(self, at: int) -> Iterator[tuple[NounPhrase, int, frozenset[str]]]:
        seen: set[int] = set()
        limit = min(len(self.tokens), at + _LONGEST_PHRASE)
        while limit > at:
            phrase, end = NounPhrases(self.tokens[:limit], self.index, self.lexicon).one_at(at)
            if phrase is None or phrase.pronoun:
                return
            if end not in seen and (phrase.words or phrase.selectors):
                seen.add(end)
                candidates = self._candidates(phrase)
                said = phrase.words or (self._text(end),)
                if candidates or not self.lexicon.talk.intersection(said):
                    yield phrase, end, candidates
            limit = min(end, limit) - 1

    def _candidates(self, phrase: NounPhrase) -> frozenset[str]:
        if phrase.head == "one":
            return self._inheriting(phrase.words[:-1])
        return self._fitting(phrase.words) or self._fitting(phrase.fallback)

    def _inheriting(self, attributes: tuple[str, ...]) -> frozenset[str]:
        """Returns what "the red one" may be: red, and of a kind that was spoken of, the last that has any first."""
        heads = [s.phrase.head for s in reversed(self.slots) if s.phrase.head not in ("", "one", "thing")]
        found = (self._fitting((*attributes, head)) for head in heads)
        sure = [fitting for fitting in found if fitting]
        confirmed = (fitting for fitting in sure if all(self._confirmed(id_, attributes) for id_ in fitting))
        return next(confirmed, sure[0] if sure else self._fitting(attributes))

    def _confirmed(self, id_: str, attributes: tuple[str, ...]) -> bool:
        fit = self.index.fit(self.index.by_id[id_], attributes)
        return fit is not None and fit.doubts == 0

    def _fitting(self, words: tuple[str, ...]) -> frozenset[str]:
        """Returns what the words fit best, as references are resolved."""
        plain = tuple(w for w in words[:-1] if w not in _STATES) + words[-1:]
        fits = [(e.id, fit) for e in self.index.entities if plain and (fit := self.index.fit(e, plain))]
        if not fits:
            return frozenset()
        fewest = min(fit.doubts for _, fit in fits)
        most = max(fit.directness for _, fit in fits if fit.doubts == fewest)
        return frozenset(id_ for id_, fit in fits if fit.doubts == fewest and fit.directness >= most - 0.5)

    def _with_side(self, phrase: NounPhrase, end: int) -> tuple[NounPhrase, int]:
        """Takes "on the left" as a selector of what stands before it."""
        texts = [self._text(end + i) for i in range(4)]
        plain = texts[3] not in ("of", "side") and not (texts[3] and self._is_noun(end + 3))
        if texts[:2] == ["on", "the"] and texts[2] in _SIDES and plain:
            return replace(phrase, selectors=(*phrase.selectors, texts[2])), end + 3
        return phrase, end

    def _with_predicate(self, phrase: NounPhrase, end: int) -> tuple[NounPhrase, int]:
        """Takes "that is red" as an attribute of what stands before it."""
        after = end + 2
        if self._text(end) not in ("that", "which") or self._text(end + 1) not in ("is", "are"):
            return phrase, end
        while self._text(after) and self.index.is_attribute(self._text(after)) and not self._is_name(after + 1):
            after += 1
        words = tuple(token.text for token in self.tokens[end + 2 : after])
        return (replace(phrase, words=(*words, *phrase.words)), after) if words else (phrase, end)

    def _is_name(self, at: int) -> bool:
        return 0 <= at < len(self.tokens) and self.tokens[at].lemma in self.index.nouns

    def _kind(self, phrase: NounPhrase, candidates: frozenset[str]) -> str:
        if not candidates:
            return "one" if phrase.head == "one" else "nothing"
        entities = [self.index.by_id[id_] for id_ in sorted(candidates)]
        several = phrase.plural and any(e.is_object and self.index.fit(e, phrase.words) for e in self.index.entities)
        if several or any(e.is_object for e in entities):
            return "thing"
        location = entities[0].entity
        if location is not None and getattr(location, "openable", False):
            return "door"
        return entities[0].kind

    def _related(self) -> Iterator[Slot]:
        """Yields the slots, each with the first other one at which it is."""
        resting = {o.id: o.at for o in self.index.scene.objects}
        for slot in self.slots:
            places = {resting.get(id_) for id_ in slot.candidates} - {None}
            near = [s.letter for s in self.slots if s is not slot and places & s.candidates]
            yield replace(slot, within=near[0]) if near and slot.kind == "thing" else slot
