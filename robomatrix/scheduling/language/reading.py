"""Prepares the text of an instruction: spelling, fillers, words written together or apart."""

from __future__ import annotations

import re
from collections.abc import Mapping

from robomatrix.scheduling.language.entities import EntityIndex
from robomatrix.scheduling.language.lexicon import Lexicon
from robomatrix.scheduling.language.nouns import HELD
from robomatrix.scheduling.language.spelling import Speller
from robomatrix.scheduling.language.text import Token, tokenise, word_set
from robomatrix.scheduling.safety import SafetyRules

Tokens = tuple[Token, ...]

_CHECK = re.compile(r"\b((can|could|would|will) you (please )?)?(please )?(check|see|look) (if|whether)\b")
_HOPED = re.compile(
    r"\b(it would be (great|nice|good|better|lovely|helpful|best)|i would (be (happy|glad|grateful)|like it)) if\b"
)
_GIVEN = re.compile(
    r"\b((provided|assuming|supposing|given|in the event|on condition|on the condition)( that)?"
    r"|as long as|in case(?! of)|if and only if|only if|if (it turns out|you notice|you see|it is true) that)"
    r"\b(?! is\b)"
)
_EXCEPT_WHEN = re.compile(r"\b(except (when|if)|but not (when|if))\b")
_IF_SO = re.compile(
    r"\s*[.,;:]?\s*\b(and )?(then )?if (so|yes|(it is|it does|they are|that is the case)(?=\s*,))\b\s*,?"
)
_IF_NOT = re.compile(
    r"\s*[.,;:]?\s*\b(and |then )?(if (not|it is not|it does not|they are not|that is not the case)\s*,"
    r"|or else\b|(in any other|in the other) case\b\s*,?)"
)
_PLAINER = (
    (re.compile(r"\b(rather than|as opposed to)\b"), "instead of"),
    (
        re.compile(
            r"\b(that|which) (lies?|stands?|sits?|rests?|(i|we|you|someone|somebody) (left|put|placed))"
            r"(?= (on|in|at|inside|within|next|near|under|upon|atop|over|there|here|beside|behind|between)\b)"
        ),
        "that is",
    ),
    (re.compile(r"\bover (a distance of )?(?=(\d\S*|one|two|three|four|five|six|ten) ?(m|cm|met|cent))"), ""),
    (re.compile(r"\b(would )?(looks?|be|fits?) better (?=(on|in|at|under|inside|over)\b)"), "belongs "),
    (re.compile(r"\bwould be safer (?=(on|in|inside|over)\b)"), "belongs "),
    (re.compile(r"\bstill (?=(needs?|has|have) to\b)"), ""),
    (re.compile(r"\b(wide|completely|fully) (?=(open|closed|shut|empty)\b)"), ""),
)
_NAMED = r"([a-z0-9' ]{3,50}?)"
_PLACED = r"((over |back )?(in|on|inside|at|with|under|by|next to)\b)"
_TURNED = (
    (re.compile(rf"\bthe (right|best|proper) place for {_NAMED} is {_PLACED}"), r"\2 belongs \3"),
    (
        re.compile(rf"(?:^|(?<=[.,;:]))\s*{_NAMED} is where {_NAMED} (goes|go|belongs|belong|should (go|be))\b"),
        r" put \2 in \1",
    ),
    (re.compile(r"\bthe (one|thing) (i (need|want|would like)|you should bring me|to bring me) is\b"), "bring me"),
    (re.compile(r"\bwhat i (need|want|would like) is (?=(the|a|an|my|all|each|every|both|this|that)\b)"), "i want "),
    (re.compile(r"\b(no one|nobody) (may|should|must|is allowed to|can)\b"), "do not"),
    (re.compile(r"\bfollowed by( which)?\b"), "then"),
    (re.compile(r"\bprior to\b"), "before"),
    (re.compile(r"\bthats\b"), "that is"),
    (re.compile(r", so (?=(can|could|would|will|please|you|i want|i need|i would|make sure|ensure)\b)"), " . "),
    (
        re.compile(
            r",? (so|and|then) "
            r"(?=(if|unless|in case|provided|assuming|given that|as long as|before|once|after (?!that))\b)"
        ),
        " . ",
    ),
    (
        re.compile(
            r"\b(back up|back off|reverse|retreat)( by)? (?=(\d|one|two|three|four|five|six|ten|half|a )\S* ?\S)"
        ),
        "drive backward ",
    ),
)
"""Turned round, or said in words that are read elsewhere."""
_STATES = ((re.compile(r"\bhappens to be\b"), "is"), (re.compile(r"\b(is|are) no longer\b"), r"\1 not"))
_WONDERING = re.compile(
    r"\bi (was|am|'m|wonder|wondered) ?(just )?(wondering )?(if|whether) (you|u) (could|would|can|might)( please)?\b"
    r"|\b(i|we|it)( would|'d) [a-z ]{0,30}?if (you|u) (could|would|can)( please)?\b"
)
_MADE_OF = re.compile(r"\bmade (out )?(of|from)\b")
_NUMBERED = re.compile(r"\s*\(?1[.):]")
_MARK = re.compile(r"(^|\s)\(?[1-9][.):]\s+(?=[A-Za-z])")
_HOLDING = r"(holding|carrying|gripping|in your (hand|gripper|claw|grip|grasp))"
_HELD = re.compile(
    r"\b(what|whatever|the (thing|object|item)( that)?|everything( that)?)( you are| you're| youre| is)?( currently)? "
    rf"{_HOLDING}\b|\bthe (thing|object|item) in (your|the) (hand|gripper|claw|grip|grasp)\b|\bwhat you have\b(?! to\b)"
)
ENGLISH = word_set(
    "the and that this these those with from into onto than then them they there where when what which while your "
    "have has had please could would should must will shall might want wants need needs like some every each both "
    "other another only just not dont after before until again back over under near next left right front behind "
    "between inside outside everything anything nothing something someone here down away together first second "
    "third last same different else otherwise unless because about also very much many more most less least good "
    "great nice sure make sure here thing things one ones its been being were was are colour color coloured colored "
    "matching instead plus alone untouched undisturbed unmoved bought itself around along through against "
    "without within"
)
"""Common words that are no misspellings."""


def read(text: str, index: EntityIndex, lexicon: Lexicon, rules: SafetyRules) -> Tokens:
    """Returns the tokens of an instruction, misspelt words mended and fillers dropped; empty if it has no words."""
    tokens = tokenise(_mended(text, lexicon.misspellings))
    if not any(t.is_word for t in tokens):
        return ()
    spelt = Speller(index.words, _known(index, lexicon, rules)).correct(tokens)
    return _regrouped(_without_fillers(spelt, lexicon), index)


def _known(index: EntityIndex, lexicon: Lexicon, rules: SafetyRules) -> frozenset[str]:
    ontology = index.ontology
    attributes = {word for table in (ontology.colours, ontology.sizes, ontology.materials) for word in table}
    harm = {word for phrase in rules.harm["verbs"] for word in phrase.split()}
    parts = {word for phrase in index.phrases for word in phrase}
    return frozenset(lexicon.words | index.nouns | attributes | harm | parts | ENGLISH)


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


def _mended(text: str, misspellings: Mapping[str, str]) -> str:
    if _NUMBERED.match(text):
        text = _MARK.sub(" . ", text)
    text = _WONDERING.sub("", text.lower())
    for pattern, plain in (*_PLAINER, *_TURNED):
        text = pattern.sub(plain, text)
    text = _HOPED.sub("make sure that", text)
    text = _conditioned(_HELD.sub(HELD, _MADE_OF.sub("that is", text)))
    return re.sub(r"[a-z]+", lambda m: misspellings.get(m[0], m[0]), text) if misspellings else text


def _conditioned(text: str) -> str:
    """Writes the many ways to say a condition as "if", "unless" and "otherwise"."""
    for pattern, plain in _STATES:
        text = pattern.sub(plain, text)
    checked = _CHECK.search(text)
    if checked:
        text = _CHECK.sub("if", text)
        asked = _IF_SO.search(text)
        denied = _IF_NOT.search(text)
        if asked:
            text = _IF_SO.sub(" , ", text, count=1)
        elif denied:  # "check if it is open. If not, ..."
            text = text[: checked.start()] + "unless" + text[checked.start() + 2 :]
            text = _IF_NOT.sub(" , ", text, count=1)
    text = _EXCEPT_WHEN.sub("unless", _GIVEN.sub("if", text))
    return _IF_NOT.sub(" , otherwise ", text) if re.search(r"\b(if|unless)\b", text) else text
