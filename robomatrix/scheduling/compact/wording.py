"""Says in words that a model was trained on what an instruction says in others.

A small model trained on made sentences cannot know what "deposit" means if it never read it. The lexicon of the rules
may: then a plainer word of the same meaning is read in its place. Words that the model knows are left as they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from robomatrix.errors import ConfigurationError
from robomatrix.scheduling.compact.linking import Linked
from robomatrix.scheduling.language.lexicon import Lexicon, Match, verb_base
from robomatrix.scheduling.language.text import Token, singular

WORDS_FILE = "words.json"
_VERBS = {
    "place": ("put", "putting", "put"),
    "take": ("take", "taking", "taken"),
    "bring": ("bring", "bringing", "brought"),
    "give": ("give", "giving", "given"),
    "release": ("drop", "dropping", "dropped"),
    "open": ("open", "opening", "opened"),
    "close": ("close", "closing", "closed"),
    "go": ("go", "going", "gone"),
    "shoot": ("shoot", "shooting", "shot"),
    "cross": ("cross", "crossing", "crossed"),
    "look": ("find", "finding", "found"),
    "swap": ("swap", "swapping", "swapped"),
    "sort": ("sort", "sorting", "sorted"),
    "clear": ("clear", "clearing", "cleared"),
    "discard": ("throw away", "throwing away", "thrown away"),
    "store": ("put away", "putting away", "put away"),
}
"""What is asked for -> a plain verb, its gerund and its participle."""
_UNABLE = ("cook", "cooking", "cooked")
_RELATIONS = {"in": "in", "on": "on", "to": "to", "near": "next to", "under": "under", "from": "from"}


def known_words(folder: Path) -> frozenset[str]:
    """Returns the words that a model was trained on; none if its folder does not say.

    Raises:
        ConfigurationError: the list cannot be read.
    """
    path = folder / WORDS_FILE
    if not path.is_file():
        return frozenset()
    try:
        return frozenset(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ConfigurationError(f"{path}: no list of words: {error}") from None


def in_known_words(linked: Linked, known: Collection[str], lexicon: Lexicon) -> Linked:
    """Returns an instruction with unknown verbs, relations and corrections said in plainer words, where there are any.

    Args:
        linked: with letters for what it names.
        known: words to be left alone; empty leaves everything alone.
        lexicon: tells what other words mean.
    """
    if not known:
        return linked
    tokens = [Token(word, singular(word)) for word in linked.words]
    words: list[str] = []
    at = 0
    while at < len(tokens):
        plain, length = _plainer(tokens, at, known, lexicon)
        words += plain
        at += length
    return Linked(tuple(words), linked.slots)


def _plainer(tokens: Sequence[Token], at: int, known: Collection[str], lexicon: Lexicon) -> tuple[list[str], int]:
    for match, plain in _readings(tokens, at, lexicon):
        said = [token.text for token in tokens[at : at + match.length]]
        if all(word in known or word.isupper() for word in said):
            break
        words = plain(said)
        if words:
            return words, match.length
    return [tokens[at].text], 1


def _readings(
    tokens: Sequence[Token], at: int, lexicon: Lexicon
) -> list[tuple[Match, Callable[[list[str]], list[str]]]]:
    """Returns what the phrases that begin here mean, the longest first, each with its way to be said more plainly."""
    verb, unable = lexicon.verbs.verb_at(tokens, at), lexicon.unable.verb_at(tokens, at)
    relation, correction = lexicon.relations.at(tokens, at), lexicon.corrections.at(tokens, at)
    found: list[tuple[Match, Callable[[list[str]], list[str]]]] = []
    if verb is not None:
        intent = next((i for i in verb.value.intents if i in _VERBS), "")
        found.append((verb, lambda said: _formed(said, _VERBS[intent]) if intent else []))
    if unable is not None and (verb is None or unable.length > verb.length):
        found.append((unable, lambda said: _formed(said, _UNABLE)))
    if relation is not None:
        found.append((relation, lambda _: _RELATIONS.get(relation.value, "").split()))
    if correction is not None:
        found.append((correction, lambda _: ["no"]))
    return sorted(found, key=lambda entry: -entry[0].length)


def _formed(said: Sequence[str], forms: tuple[str, str, str]) -> list[str]:
    """Returns a verb in the form of what was said."""
    first = said[0]
    if first.endswith("ing"):
        return forms[1].split()
    inflected = first.endswith("ed") and verb_base(first) != (first,)
    return forms[2 if inflected else 0].split()
