"""Normalising and tokenising instructions and names, both by the same rules."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_CONTRACTIONS = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\bwon't\b", "will not"),
        (r"\bcan't\b|\bcannot\b", "can not"),
        (r"\bshan't\b", "shall not"),
        (r"n't\b", " not"),
        (r"\b(do|does|is|are|should|could|would|must)nt\b", r"\1 not"),
        (r"\blet's\b", "let us"),
        (r"\b(two|three|four|five|both|all|\d) (\w+)'s\b", r"\1 \2s"),
        (r"'re\b", " are"),
        (r"'ll\b", " will"),
        (r"'ve\b", " have"),
        (r"'d\b", " would"),
        (r"\bi'm\b|\bim\b", "i am"),
        (r"'s (?=(supposed|going|on|in|at|not|to|still|currently|lying|sitting|empty|open|closed)\b)", " is "),
        (r"\b(it|that|what|there|who|here|he|she|which|everything|whatever|where)'s\b", r"\1 is"),
        (r"\bwhats\b", "what is"),
        (r"\bthats\b", "that is"),
        (r"\b(is|are) (supposed|meant|going|intended) to\b", "should"),
        (r"\bgonna\b", "going to"),
        (r"\bwanna\b", "want to"),
        (r"\bgotta\b", "got to"),
        (r"\bgimme\b", "give me"),
        (r"\blemme\b", "let me"),
        (r"(\d)\s*°", r"\1 degrees"),
        (r"\s[-\u2013\u2014]+\s|\u2014|\.\.+|\u2026", " , "),
        (r"&", " and "),
        (r"\bm/s\b", " mps "),
        (r"/", " or "),
        (r"'", ""),
    )
)
_CONTRACTED = re.compile(
    r"['\d\u00b0&/.\u2026\u2013\u2014-]|\b(cannot|\w+nt|im|whats|thats|gonna|wanna|gotta|gimme|lemme|is|are)\b"
)
_APOSTROPHES = re.compile("[\u2018\u2019\u02bc\u0060\u00b4]")
_NAMED_IT = re.compile(r"(?<=[a-z])-(?=its?\b)")
_TOKEN = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+|[.,;:!?()+-]|\n")
_NUMBER = re.compile(r"^\d+(?:\.\d+)?$")


def phrase_list(text: str) -> tuple[tuple[str, ...], ...]:
    """Returns phrases that are separated by bars, each as its words."""
    return tuple(tuple(phrase.split()) for phrase in text.split("|"))


def word_pairs(text: str) -> dict[str, str]:
    """Returns a mapping written as "key:value key:value"."""
    return dict(pair.split(":") for pair in text.split())


def word_set(text: str) -> frozenset[str]:
    """Returns the words of a text."""
    return frozenset(text.split())


_IRREGULAR = word_pairs(
    "knives:knife shelves:shelf loaves:loaf leaves:leaf halves:half scarves:scarf mice:mouse people:person "
    "kiwis:kiwi taxis:taxi men:man women:woman children:child feet:foot dice:die teeth:tooth shoes:shoe cookies:cookie "
    "veggies:veggie "
    "hoodies:hoodie beanies:beanie brownies:brownie movies:movie smoothies:smoothie ties:tie pies:pie "
    "plushies:plushie cds:cd tvs:tv toes:toe groceries:grocery buses:bus axes:axe vases:vase cases:case "
    "cheeses:cheese houses:house purses:purse bases:base roses:rose blouses:blouse suitcases:suitcase "
    "briefcases:briefcase bookcases:bookcase hoses:hose noses:nose lenses:lens wifes:wife thieves:thief "
    "sizes:size mazes:maze prizes:prize pencilcases:pencilcase pillowcases:pillowcase oranges:orange"
)
_NOT_PLURAL = word_set(
    "this is its us was has does his yes as plus minus bus gas lens always across towards afterwards besides "
    "perhaps alas less unless forwards backwards downwards upwards sideways whats thats lets degrees hers yours "
    "ours theirs clothes canvas atlas iris cactus virus octopus princess thermos christmas tennis rubiks jenga cheez"
)


@dataclass(frozen=True)
class Token:
    """A word, a number or a punctuation mark."""

    text: str
    lemma: str
    """Singular form of a word."""

    @property
    def plural(self) -> bool:
        """True for what looks like a plural."""
        return self.text != self.lemma

    @property
    def number(self) -> float | None:
        """The value of a number in digits."""
        return float(self.text) if _NUMBER.match(self.text) else None

    @property
    def is_word(self) -> bool:
        """True for words (and not for numbers and punctuation)."""
        return self.text[0].isalpha()

    def __str__(self) -> str:
        return self.text


@lru_cache(maxsize=8192)
def singular(word: str) -> str:
    """Returns the singular of a word by rule; what is no plural may change, but always in the same way."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 4 or not word.endswith("s") or word in _NOT_PLURAL or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("xes", "ches", "shes", "sses", "zes", "oes")):
        return word[:-2]
    return word[:-1]


def normalise(text: str) -> str:
    """Returns the text lower-cased, without accents' variants, contractions spelt out, dashes as commas."""
    text = unicodedata.normalize("NFKC", text).lower()
    text = _APOSTROPHES.sub("'", text)
    if _CONTRACTED.search(text) is None:
        return text
    for pattern, replacement in _CONTRACTIONS:
        text = pattern.sub(replacement, text)
    return text


def tokenise(text: str) -> tuple[Token, ...]:
    """Returns the tokens of a text; underscores and hyphens within words separate words, but for a "post-it"."""
    text = _NAMED_IT.sub("", normalise(text))
    text = re.sub(r"(?<=\w)[-_](?=\w)", " ", text)
    words = _TOKEN.findall(text)
    return tuple(Token(word, singular(word)) if word != "\n" else Token(".", ".") for word in words)


@lru_cache(maxsize=16384)
def lemmas(phrase: str) -> tuple[str, ...]:
    """Returns the words of a name or phrase in the singular, without punctuation."""
    return tuple(t.lemma for t in tokenise(phrase) if t.is_word or t.number is not None)
