"""Prepares the text of an instruction: spelling, fillers, words written together or apart."""

from __future__ import annotations

from robomatrix.scheduling.language.entities import EntityIndex
from robomatrix.scheduling.language.lexicon import Lexicon
from robomatrix.scheduling.language.plainer import plainer
from robomatrix.scheduling.language.spelling import Speller
from robomatrix.scheduling.language.text import Token, tokenise, word_set
from robomatrix.scheduling.safety import SafetyRules

Tokens = tuple[Token, ...]

ENGLISH = word_set(
    "the and that this these those with from into onto than then them they there where when what which while your "
    "have has had please could would should must will shall might want wants need needs like some every each both "
    "other another only just not dont after before until again back over under near next left right front behind "
    "between inside outside everything anything nothing something someone here down away together first second "
    "third last same different else otherwise unless because about also very much many more most less least good "
    "great nice sure make sure here thing things one ones its been being were was are colour color coloured colored "
    "matching instead plus alone untouched undisturbed unmoved bought itself around along through against "
    "without within ever stat closest nearest furthest farthest nearer closer farther further leftmost rightmost "
    "cold hot wet dirty dry broken full empty"
)
"""Common words that are no misspellings."""


def read(text: str, index: EntityIndex, lexicon: Lexicon, rules: SafetyRules) -> Tokens:
    """Returns the tokens of an instruction, misspelt words mended and fillers dropped; empty if it has no words."""
    tokens = tokenise(plainer(text, lexicon.misspellings))
    if not any(t.is_word for t in tokens):
        return ()
    tokens = tuple(_singular_here(token, index) for token in tokens)
    spelt = Speller(index.words, _known(index, lexicon, rules)).correct(tokens)
    return _regrouped(_without_fillers(spelt, lexicon), index)


def _singular_here(token: Token, index: EntityIndex) -> Token:
    """Returns "bries" as several of a brie, where there is one and no bry."""
    bare = token.text[:-1]
    plural = token.text.endswith("s") and token.lemma not in index.words and bare in index.words
    return Token(token.text, bare) if plural else token


def _known(index: EntityIndex, lexicon: Lexicon, rules: SafetyRules) -> frozenset[str]:
    ontology = index.ontology
    attributes = {word for table in (ontology.colours, ontology.sizes, ontology.materials) for word in table}
    harm = {word for phrase in rules.harm["verbs"] for word in phrase.split()}
    parts = {word for phrase in index.phrases for word in phrase}
    return frozenset(lexicon.words | lexicon.inflected | index.nouns | attributes | harm | parts | ENGLISH)


def _without_fillers(tokens: Tokens, lexicon: Lexicon) -> Tokens:
    """Drops "please", "one by one" and the like wherever they stand."""
    kept: list[Token] = []
    at = 0
    while at < len(tokens):
        match = lexicon.fillers.at(tokens, at)
        kept += [] if match else [tokens[at]]
        at += match.length if match else 1
    return tuple(kept)


def _regrouped(tokens: Tokens, index: EntityIndex) -> Tokens:
    """Writes words together or apart as the scene does: "dish washer" and "dishwasher"."""
    together = {w for w in index.words if len(w) > 5}
    apart = {"".join(phrase): phrase for phrase in index.phrases if len(phrase) == 2}
    found: list[Token] = []
    for token in tokens:
        joined = found[-1].text + token.lemma if found and token.is_word else ""
        if joined in together and (found[-1].text, token.lemma) not in index.phrases:
            found[-1] = Token(joined + ("s" if token.plural else ""), joined)
        elif token.lemma in apart and token.lemma not in index.words:
            first, second = apart[token.lemma]
            found += [Token(first, first), Token(second + ("s" if token.plural else ""), second)]
        else:
            found.append(token)
    return tuple(found)
