"""Finds noun phrases in the tokens of a clause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from robomatrix.scheduling.language.entities import CLASS, EntityIndex
from robomatrix.scheduling.language.lexicon import Lexicon
from robomatrix.scheduling.language.noun_words import AMOUNTS, ARTICLES, COLLECTIVES, POSSESSIVES, SELECTORS, VESSELS
from robomatrix.scheduling.language.phrases import Modifier, NounPhrase, settled, with_article
from robomatrix.scheduling.language.text import Token, word_set

HELD = "heldthing"
"""Stands for "what you are holding"."""
IT = frozenset({"it", "itself", "one"})
THEM = frozenset({"them", "they", "themselves"})
DEMONSTRATIVES = frozenset({"this", "that", "these", "those"})
PERSONS = frozenset({"me", "us", "myself", "him", "her", "them", "i", "everyone"})
HERE = frozenset({"here"})
THERE = frozenset({"there"})
EVERYTHING = frozenset({"everything", "all", "whatever", "what", "anything", "stuff", "everythings"})
SOMETHING = frozenset({"something", "anything"})
STOP = word_set(
    "and or then to of that which who whose whom is are was were be been being it them they me us him her you i he "
    "she we there here up down away back over off out together along apart so if when while until till after before "
    "because since but not no except without as than too also please now again both is has have had do does did "
    "will would should could must may might shall can't where why how what whatever the a an into onto from with by "
    "at in on for everything anything all each every something nothing itself themselves myself yourself else "
    "otherwise unless instead put plus excluding belongs belong containing holding"
)
_STATES = frozenset({"open", "closed", "shut", "empty", "full", "clear"})
PARTICIPLES = word_set(
    "sitting lying located placed standing resting currently kept stored left found laying positioned seen visible "
    "present available already presently situated hidden shown"
)
PARTICLES = word_set("up down away back over off out together along apart around here there in on aside home go")
_LINKS = frozenset({"and", "or", "plus", ","})


@dataclass(frozen=True)
class NounPhrases:
    """Finds noun phrases in tokens."""

    tokens: Sequence[Token]
    index: EntityIndex
    lexicon: Lexicon

    def list_at(self, at: int) -> tuple[tuple[NounPhrase, ...], int]:
        """Returns the noun phrases joined by commas and conjunctions from a position, and where they end."""
        first, end = self.one_at(at)
        if first is None:
            return (), at
        found = [first]
        while True:
            after, alternative = self._link(end)
            following, following_end = self.one_at(after) if after > end else (None, end)
            if following is None:
                return tuple(found), end
            if len(found) == 1 and self.tokens[at].text == "both" and not self.tokens[end - 1].plural:
                found[0] = replace(first, quantity="one", count=1, plural=False)  # "both the can and the box"
            bare = not following.definite and following.quantity == "one" and len(following.words) == 1
            shared = found[0].words[:-1] if bare else ()
            found.append(replace(following, alternative=alternative, shared=shared))
            end = following_end

    def _link(self, at: int) -> tuple[int, bool]:
        start, alternative = at, False
        while at < len(self.tokens) and self.tokens[at].text in _LINKS and at - start < 3:
            alternative = alternative or self.tokens[at].text == "or"
            at += 1
        texts = tuple(t.text for t in self.tokens[start : start + 3])
        if texts == ("as", "well", "as"):
            return start + 3, False
        return at, alternative

    def one_at(self, at: int) -> tuple[NounPhrase | None, int]:
        """Returns the noun phrase that begins at a position, None if there is none, and where it ends."""
        if at >= len(self.tokens):
            return None, at
        pronoun = self._pronoun(at)
        if pronoun is not None:
            return pronoun
        phrase, end = self._determined(at)
        words, selectors, plural, end = self._words(end, bool(end > at))
        if not words and not selectors:
            return self._quantity_alone(phrase, at, end)
        text = " ".join(t.text for t in self.tokens[at:end])
        phrase = replace(phrase, words=words, selectors=selectors, plural=plural or phrase.plural, text=text)
        if end < len(self.tokens) and self.tokens[end].text == "of":
            return self._of(phrase, at, end)
        while phrase.head in self.lexicon.tails and len(phrase.words) > 1 and phrase.head not in self.index.names:
            phrase = replace(phrase, words=phrase.words[:-1], plural=False)
        if phrase.head in self.lexicon.mass and phrase.quantity == "one":
            phrase = replace(phrase, quantity="all")
        pointed = text.split()[0] in ("both", "these", "those") and len(phrase.words) == 1
        if pointed and phrase.head in self.index.ontology.anything:
            return NounPhrase(pronoun="them", text=text, plural=True), end  # "both items"
        if phrase.words[:1] in (("something",), ("anything",)):
            phrase = replace(phrase, quantity="any")
        return settled(phrase), end

    def _pronoun(self, at: int) -> tuple[NounPhrase, int] | None:
        text = self.tokens[at].text
        following = self.tokens[at + 1].text if at + 1 < len(self.tokens) else ""
        if text in ("what", "whatever") and following not in ("is", "are", "you", "i"):
            return self._all_of_kind(at)
        if text in EVERYTHING - {"stuff"} and text != "all":
            return self._everything(at)
        if text in SOMETHING and self.index_phrase(at) == 0:
            attributes, end = self._attributes(at + 1)
            return NounPhrase((*attributes, "thing"), "any", text=text), end
        if text in DEMONSTRATIVES and self._begins_phrase(at + 1):
            return None
        if text == "her" and self._begins_phrase(at + 1):
            return None
        if text in THEM | DEMONSTRATIVES | {"it"} and following in ("all", "both"):
            return NounPhrase(pronoun="them", text=text, plural=True), at + 2
        if text == HELD:
            return NounPhrase(pronoun="held", text="what I hold"), at + 1
        if text in (IT - {"one"}) | THEM | DEMONSTRATIVES | PERSONS | HERE | THERE:
            return NounPhrase(pronoun=text, text=text, plural=text in THEM | {"these", "those"}), at + 1
        if text == "home" or (text == "both" and not self._begins_phrase(at + 1) and following not in ("of", "the")):
            return NounPhrase(pronoun="them" if text == "both" else "home", text=text, plural=text == "both"), at + 1
        return None

    def _all_of_kind(self, at: int) -> tuple[NounPhrase, int] | None:
        """Reads "whatever food (you can find)"."""
        words, selectors, _, end = self._words(at + 1, True)
        if not words:
            return None
        return NounPhrase(words, "all", selectors=selectors, plural=True, text=" ".join(words)), end

    def _everything(self, at: int) -> tuple[NounPhrase, int] | None:
        text = self.tokens[at].text
        if text == "anything" and self.index_phrase(at):
            return None
        end = at + 1
        if end < len(self.tokens) and self.tokens[end].text == "else":
            return NounPhrase(("thing",), "all", selectors=("rest",), plural=True, text=text), end + 1
        if (
            text in ("what", "whatever")
            and self._text(end) in ("you", "i")
            and self._text(end + 1) in ("find", "see", "have", "found", "spot")
        ):
            end += 2
        if self._text(end) in ("that", "which") and self._text(end + 1) in ("is", "are"):
            words, selectors, _, after = self._words(end + 2, True)
            if words and not selectors and words[0] not in _STATES:  # "everything that is clothing"
                made = words[-1] in self.index.ontology.materials and words[-1] in self.index.nouns  # "of glass"
                words = (*words, "thing") if made else words
                return NounPhrase(words, "all", plural=True, text=text), after
        attributes, end = self._attributes(end)
        return NounPhrase((*attributes, "thing"), "all", plural=True, text=text), end

    def _attributes(self, at: int) -> tuple[list[str], int]:
        """Reads attributes after a word: "everything red"."""
        found: list[str] = []
        while self.index.is_attribute(self._text(at)):
            found.append(self._text(at))
            at += 1
        return found, at

    def _text(self, at: int) -> str:
        return self.tokens[at].text if at < len(self.tokens) else ""

    def _begins_phrase(self, at: int) -> bool:
        if at >= len(self.tokens):
            return False
        token = self.tokens[at]
        if token.number is not None:
            return True
        known = token.lemma in self.index.words or token.lemma in self.index.nouns
        plain = token.is_word and token.text not in STOP and self.lexicon.relations.at(self.tokens, at) is None
        return plain and (known or token.text not in PARTICIPLES | PARTICLES)

    def _determined(self, at: int) -> tuple[NounPhrase, int]:
        """Reads articles, quantifiers and numbers."""
        phrase = NounPhrase()
        start = at
        while at < len(self.tokens):
            token = self.tokens[at]
            counted = self._count(at)
            if token.text in ARTICLES and not self.index_phrase(at) and not self._is_head(at):
                if token.text == "of" and at == start:
                    break
                phrase = with_article(phrase, token.text)
            elif counted is not None:
                phrase = replace(phrase, quantity="count", count=counted, plural=counted > 1)
            elif token.text in ("couple", "pair") and self._follows_of(at):
                phrase = replace(phrase, quantity="count", count=2, plural=True)
            else:
                break
            at += 1
        return phrase, at

    def _is_head(self, at: int) -> bool:
        """True for "one" at the end of "the red one" and before a relation."""
        return self.tokens[at].text == "one" and not self._begins_phrase(at + 1) and not self._follows_of(at)

    def _follows_of(self, at: int) -> bool:
        return at + 1 < len(self.tokens) and self.tokens[at + 1].text == "of"

    def _count(self, at: int) -> int | None:
        token = self.tokens[at]
        value = token.number if token.number is not None else self.lexicon.numbers.get(token.text)
        if (
            value is None
            or value != int(value)
            or not 1 <= value <= 50
            or token.text in ("couple", "pair", "one", "once")
        ):
            return None
        return int(value) if self._begins_phrase(at + 1) or self._follows_of(at) else None

    def index_phrase(self, at: int) -> int:
        """Returns the length of the longest known name of several words at a position; 0 if there is none."""
        for length in range(min(5, len(self.tokens) - at), 1, -1):
            if tuple(t.lemma for t in self.tokens[at : at + length]) in self.index.phrases:
                return length
        return 0

    def _words(self, at: int, determined: bool) -> tuple[tuple[str, ...], tuple[str, ...], bool, int]:
        words: list[str] = []
        selectors: list[str] = []
        plural = False
        while at < len(self.tokens):
            token = self.tokens[at]
            length = self.index_phrase(at)
            if words and (token.text in SOMETHING or self.lexicon.exceptions.at(self.tokens, at)):
                break
            if length:
                words += [t.lemma for t in self.tokens[at : at + length]]
                plural = self.tokens[at + length - 1].plural
                at += length
            elif self._is_selector(at, bool(words)):
                selectors.append(token.text)
                at += 1
            elif self._is_noun_word(at, bool(words), determined):
                words.append(token.lemma)
                plural = token.plural
                at += 1
            else:
                break
        return tuple(words), tuple(selectors), plural, at

    def _is_selector(self, at: int, started: bool) -> bool:
        token = self.tokens[at]
        if token.text == "other" and self._text(at + 1) == "than":
            return False
        relation = self.lexicon.relations.at(self.tokens, at)
        if relation is not None and (started or relation.length > 1):  # "next to" is no next one
            return False
        return (
            token.text in SELECTORS and token.lemma not in self.index.names and not (started and token.text == "left")
        )

    def _is_noun_word(self, at: int, started: bool, determined: bool) -> bool:
        token = self.tokens[at]
        if token.number is not None:
            unit = self.lexicon.units.at(self.tokens, at + 1)
            named = unit is None and token.number == int(token.number)
            return started and named and not self._names(at + 1)  # "box 2", but "on the table 1 cup"
        if not started and self._is_part(at):
            return True
        if token.text == "back" and determined and not started and self._names(at + 1):  # "the back door"
            return True
        if not token.is_word or token.text in STOP and not (token.text == "can" and (determined or started)):
            return False
        if token.text == "one":
            return not (started and self._names(at + 1))
        if started and token.text in POSSESSIVES or token.text == "other":
            return False
        excepted = self.lexicon.exceptions.at(self.tokens, at) if started else None
        if excepted is not None and excepted.length > 1:  # "save for"
            return False
        if self.lexicon.relations.at(self.tokens, at) is not None and token.lemma not in self.index.nouns:
            return False
        return not (token.text in PARTICLES | PARTICIPLES and (started or not determined))

    def _names(self, at: int) -> bool:
        """True where a word stands that names things."""
        if self._text(at) in STOP or self.lexicon.relations.at(self.tokens, at) is not None:
            return False
        lemma = self.tokens[at].lemma if at < len(self.tokens) else ""
        return lemma in self.index.nouns or lemma in self.index.words

    def _is_part(self, at: int) -> bool:
        """True for "back" in "the back of the sofa" and "the back end of the sofa"."""
        if self.tokens[at].text not in self.lexicon.parts:
            return False
        return self._follows_of(at) or (at + 1 < len(self.tokens) and self._is_part(at + 1))

    def _quantity_alone(self, phrase: NounPhrase, at: int, end: int) -> tuple[NounPhrase | None, int]:
        """Handles "all", "all of them", "one of the cans", "both of these"."""
        if end == at:
            return None, at
        if end > at and self.tokens[end - 1].text == "of":
            pronoun = self._pronoun(end) if end < len(self.tokens) else None
            if pronoun is not None:
                thing, after = pronoun
                return replace(thing, quantity=phrase.quantity, count=phrase.count), after
        text = " ".join(t.text for t in self.tokens[at:end])
        if end > at + 1 and self.tokens[end - 1].text in DEMONSTRATIVES:  # "all of these"
            return NounPhrase(pronoun="them", text=text, plural=True), end
        if phrase.quantity in ("all", "each"):
            return replace(phrase, words=("thing",), plural=True, text=text), end
        if text == "one":
            return NounPhrase(pronoun="one", text=text), end
        return None, at

    def _of(self, phrase: NounPhrase, at: int, end: int) -> tuple[NounPhrase, int]:
        inner, after = self.one_at(end + 1)
        if inner is None:
            return settled(phrase), end
        text = " ".join(t.text for t in self.tokens[at:after])
        if "rest" in phrase.selectors or phrase.head in ("remainder",):
            return replace(inner, quantity="all", plural=True, selectors=(*inner.selectors, "rest"), text=text), after
        if phrase.quantity == "count" and phrase.head in self.lexicon.parts | COLLECTIVES:  # "two rolls of paper"
            inner = replace(inner, quantity="count", count=phrase.count, plural=phrase.plural)
        if phrase.quantity == "any" and inner.quantity == "one" and not inner.definite and not inner.plural:
            inner = replace(inner, quantity="any")
        if phrase.head in ("content", "contents"):
            inside = Modifier("in", (inner,))
            return NounPhrase(("thing",), "all", plural=True, modifiers=(inside,), text=text), after
        if not phrase.words or phrase.head in self.lexicon.parts and phrase.head not in self.index.names:
            return replace(inner, text=text), after
        if phrase.head == "one" and len(phrase.words) > 1:
            return replace(phrase, words=(*phrase.words[:-1], *inner.words[-1:]), text=text), after
        if phrase.head in COLLECTIVES | AMOUNTS:
            return replace(inner, text=text), after
        if self.index.is_room(inner.words) and not self.index.is_room(phrase.words):  # "the sofa of the living room"
            within = Modifier("in", (inner,))
            return replace(settled(phrase), modifiers=(*phrase.modifiers, within), text=text), after
        there = any(e.heads.get(inner.words, 0.0) >= CLASS for e in self.index.entities if e.is_object)
        if phrase.head in VESSELS and there:  # "a glass of wine" where there is wine
            return replace(settled(phrase), words=inner.words, fallback=(*inner.words, phrase.head), text=text), after
        whole = replace(settled(phrase), words=(*inner.words, *phrase.words), text=text)
        attributes = tuple(w for w in phrase.words[:-1] if self.index.is_attribute(w))
        return replace(whole, fallback=(*attributes, *inner.words)), after
